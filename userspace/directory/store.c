// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory/durable.h"
#include "directory/store.h"

static bool path_of(char path[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

void cr_store_free(struct cr_stored *stored)
{
	free(stored->bytes);
	memset(stored, 0, sizeof(*stored));
}

enum cr_verdict cr_store_load(const char *folder, struct cr_stored *stored)
{
	char path[PATH_MAX];
	enum cr_verdict v;
	size_t len;

	memset(stored, 0, sizeof(*stored));
	if (!path_of(path, folder, "snapshot"))
		return CR_DIR_STORAGE;
	stored->bytes = cr_file_read(path, CR_SNAPSHOT_BYTES_MAX, &len);
	if (!stored->bytes)
		return errno == ENOENT ? CR_DIR_OK : CR_DIR_STORAGE;
	v = cr_snapshot_parse(&stored->s, stored->bytes, len);
	if (v)
		cr_store_free(stored);
	return v;
}

static enum cr_verdict keep(const char *folder, const char *name, const struct cr_snapshot *s)
{
	char path[PATH_MAX];

	if (!path_of(path, folder, name) || !cr_durable_write(path, s->body, s->len, 0644))
		return CR_DIR_STORAGE;
	return CR_DIR_OK;
}

/* The next number, but not the next snapshot: of the two before it, one was shown to us only. */
static bool breaks_chain(const struct cr_snapshot *s, const struct cr_stored *stored)
{
	static const uint8_t none[CR_HASH_BYTES];

	return stored->bytes && s->head.number == stored->s.head.number + 1 &&
	       memcmp(s->head.previous, none, sizeof(none)) != 0 &&
	       memcmp(s->head.previous, stored->s.hash, sizeof(none)) != 0;
}

enum cr_verdict cr_store_offer(const char *folder, const struct cr_snapshot *s,
			       const struct cr_trust *trust, uint64_t now, uint64_t *have, bool *kept)
{
	struct cr_stored stored;
	enum cr_verdict v, judged;
	char fork[40];

	*have = 0;
	*kept = false;
	v = cr_store_load(folder, &stored);
	if (v)
		return v;
	judged = cr_snapshot_verify(s, trust, now, NULL);
	/* that of another network is not compared: changing networks takes another folder */
	if (stored.bytes && memcmp(stored.s.head.ledger, trust->ledger, CR_LEDGER_BYTES) != 0)
		v = CR_DIR_LEDGER;
	else if (judged != CR_DIR_OK && judged != CR_DIR_STALE)
		v = judged;
	*have = stored.bytes ? stored.s.head.number : 0;
	if (!v && s->head.number < *have) {
		v = CR_DIR_ROLLBACK;
	} else if (!v && ((s->head.number == *have && memcmp(s->hash, stored.s.hash, CR_HASH_BYTES) != 0) ||
			  breaks_chain(s, &stored))) {
		snprintf(fork, sizeof(fork), "fork-%" PRIu64, s->head.number);
		v = keep(folder, fork, s);
		v = v ? v : s->head.number == *have ? CR_DIR_FORK : CR_DIR_CHAIN;
	} else if (!v) {
		v = judged;
		if (!v && s->head.number > *have) {
			v = keep(folder, "snapshot", s);
			*kept = !v;
		}
	}
	cr_store_free(&stored);
	return v;
}
