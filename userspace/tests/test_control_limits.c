// SPDX-License-Identifier: MIT
/* Every limit of the control plane is what the design asks, and what the messages allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/dgram.h"
#include "control/limits.h"
#include "control/message.h"
#include "directory/descriptor.h"

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(CR_HOPS_MAX, 8);
	assert_int_equal(CR_EXTENDS_MAX, 8);
	assert_int_equal(CR_LINK_REKEY_MS, 10 * 60 * 1000);
	assert_true(CR_LINK_REKEY_CELLS == 1ull << 31);
	assert_int_equal(CR_LINK_CONFIRM_MS, 5000);
	assert_int_equal(CR_ROAM_PING_BYTES, 16);
	assert_int_equal(CR_FORGET_MS, 10000);
	assert_int_equal(CR_CIRCUIT_OLD_MS, 10 * 60 * 1000);
	assert_true(CR_CIRCUIT_OLD_BYTES == 64ull << 30);
	assert_true(CR_FREE_BYTES == 256u << 10);
	assert_int_equal(CR_STATIC_LIFE_MS, 7 * 24 * 3600 * 1000);
	assert_int_equal(CR_STATIC_EARLY_MS, 2 * 24 * 3600 * 1000);
	assert_int_equal(CR_STATIC_OVERLAP_MS, 24 * 3600 * 1000);
	assert_int_equal(CR_STATIC_KEYS, CR_ONION_KEYS_MAX);
	assert_int_equal(CR_SNAPSHOT_PERIODS, 3);
	assert_int_equal(CR_SNAPSHOT_PERIOD_MS, 10 * 60 * 1000);
	assert_int_equal(CR_FETCH_RETRY_MIN_MS, 10 * 1000);
	assert_int_equal(CR_FETCH_RETRY_MAX_MS, 5 * 60 * 1000);
	assert_int_equal(CR_FETCH_TIME_MS, 5 * 60 * 1000);
}

/* Limits that only make sense together. */
static void test_relations(void **state)
{
	(void)state;
	/* keys live until a renewal that began in time can end */
	assert_true(CR_LINK_KEY_LIFE_MS > CR_LINK_REKEY_MS + 2 * CR_HELLO_TRIES * CR_HELLO_TRY_MS + CR_LINK_OLD_KEY_MS);
	/* a circuit is not forgotten while its next hop is still being asked */
	assert_true(CR_FORGET_MS > CR_CREATE_TRY_MS * CR_CREATE_TRIES);
	assert_int_equal(CR_PING_LEN, CR_ROAM_PING_BYTES);
	/* a client that lives is heard even if some of its questions are lost */
	assert_true(CR_CIRCUIT_IDLE_MS >= 4 * CR_CIRCUIT_ALIVE_MS);
	/* a key is known before it is used, and never are there more than two: the last but one is gone before the next is made */
	assert_true(CR_STATIC_EARLY_MS > CR_STATIC_OVERLAP_MS + CR_SNAPSHOT_PERIODS * CR_SNAPSHOT_PERIOD_MS);
	assert_true(CR_STATIC_LIFE_MS > CR_STATIC_EARLY_MS + CR_STATIC_OVERLAP_MS);
	/* what a descriptor allows */
	assert_true((CR_STATIC_LIFE_MS + CR_STATIC_OVERLAP_MS) / 1000 <= CR_ONION_KEY_LIFE_MAX);
	/* in the third period of a snapshot, the one for trying again, there are two tries, of which one may take all its time */
	assert_true(CR_FETCH_RETRY_MAX_MS / 4 * 5 + CR_FETCH_TIME_MS / 2 < CR_SNAPSHOT_PERIOD_MS);
	assert_true(CR_FETCH_RETRY_MIN_MS < CR_FETCH_RETRY_MAX_MS);
}

/* What is said fits where it is said. */
static void test_room(void **state)
{
	const size_t link = CR_CELL_SMALL - CR_HDR_LEN - CR_CTL_OVERHEAD - CR_CTL_HDR_LEN;

	(void)state;
	assert_int_equal(link, 213);
	assert_true(CR_CREATE_LEN <= link);
	assert_true(CR_CREATED_LEN <= link);
	assert_true(1 + CR_LINK_MSG1_LEN <= link);
	assert_true(1 + CR_LINK_MSG2_LEN <= link);
	assert_true(CR_DGRAM_HDR + CR_CTL_HDR_LEN + CR_LINK_MSG1_LEN <= CR_CELL_SMALL);
	/* EXTEND by the last relay but one, in the smaller of the large cells */
	assert_true(CR_CTL_HDR_LEN + CR_EXTEND_LEN <=
		    cr_payload_len(CR_CELL_LARGE_V6MIN - CR_HDR_LEN, CR_HOPS_MAX - 1));
	/* and for three relays in a small cell */
	assert_true(CR_CTL_HDR_LEN + CR_EXTEND_LEN <= cr_payload_len(CR_CELL_SMALL - CR_HDR_LEN, 2));
	assert_true(CR_CTL_HDR_LEN + CR_ATTACHED_LEN <= cr_payload_len(CR_CELL_SMALL - CR_HDR_LEN, CR_HOPS_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_relations), cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests_name("control limits", tests, NULL, NULL);
}
