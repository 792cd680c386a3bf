// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "market/directory/clerk.h"

bool clerk_make(struct db *db, const char *shelf, struct clerk_order *order, uint64_t now, struct clerk_result *result)
{
	struct cr_snapshot_head *head = &order->head;
	struct shelf_head before;
	struct cr_entry *e = NULL;
	uint8_t *bytes = NULL;

	memset(result, 0, sizeof(*result));
	if (!head->period) {
		result->verdict = CR_DIR_TIME;
		return false;
	}
	result->verdict = shelf_newest(shelf, &before);
	if (result->verdict)
		return false;
	result->storage = roll_prune(db, now);
	if (!result->storage)
		result->storage = roll_call(db, now, order->stake, order->context, &e, &result->relays);
	if (!result->storage)
		result->storage = roll_number(db, now / head->period > before.number ? now / head->period : before.number + 1, &head->number);
	if (!result->storage) {
		head->from = now;
		memcpy(head->previous, before.hash, sizeof(head->previous));
		result->number = head->number;
		result->verdict = cr_snapshot_assemble(head, order->keys, e, result->relays, &bytes, &result->bytes);
		if (!result->verdict)
			result->verdict = shelf_put(shelf, bytes, result->bytes);
	}
	free(bytes);
	free(e);
	return !result->storage && !result->verdict;
}
