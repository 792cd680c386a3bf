// SPDX-License-Identifier: MIT
/* Messages between daemons: what is written is read, and nothing shorter is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "control/bytes.h"
#include "control/derive.h"
#include "control/limits.h"
#include "control/message.h"

static void test_frame(void **state)
{
	uint8_t buf[64], msg[61];
	const uint8_t *got;
	uint8_t type;
	size_t len;

	(void)state;
	memset(msg, 7, sizeof(msg));
	for (size_t n = 0; n <= sizeof(msg); n++) {
		memset(buf, 0xa5, sizeof(buf));
		assert_true(cr_frame_put(buf, sizeof(buf), 9, msg, n));
		assert_true(cr_frame_get(buf, sizeof(buf), &type, &got, &len));
		assert_int_equal(type, 9);
		assert_int_equal(len, n);
		assert_memory_equal(got, msg, n);
		/* every byte behind the message counts */
		for (size_t i = CR_CTL_HDR_LEN + n; i < sizeof(buf); i++) {
			buf[i] = 1;
			assert_false(cr_frame_get(buf, sizeof(buf), &type, &got, &len));
			buf[i] = 0;
		}
	}
	assert_false(cr_frame_put(buf, sizeof(buf), 9, msg, sizeof(msg) + 1));
	assert_false(cr_frame_put(buf, 2, 9, msg, 0));
	put16(buf + 1, 62);	/* one more than there is */
	assert_false(cr_frame_get(buf, sizeof(buf), &type, &got, &len));
	assert_false(cr_frame_get(buf, 2, &type, &got, &len));
}

static void test_hellos(void **state)
{
	struct cr_link_hello l = { .suite = 1, .status = 3, .large = 1232, .index = 0x01020304 }, l2;
	struct cr_circ_hello c = { .suite = 1, .pos = 8, .large = 1408 }, c2;
	uint8_t buf[CR_LINK_HELLO_LEN + 8];

	(void)state;
	randombytes_buf(l.idx_key, sizeof(l.idx_key));
	l.snapshot.number = 0x1122334455667788;
	randombytes_buf(l.snapshot.hash, sizeof(l.snapshot.hash));
	c.snapshot = l.snapshot;
	memset(buf, 0, sizeof(buf));
	cr_link_hello_put(buf, &l);
	memset(&l2, 0, sizeof(l2));
	assert_true(cr_link_hello_get(&l2, buf, CR_LINK_HELLO_LEN));
	assert_memory_equal(&l, &l2, sizeof(l));
	assert_true(cr_link_hello_get(&l2, buf, sizeof(buf)));	/* longer: room for what comes later */
	assert_false(cr_link_hello_get(&l2, buf, CR_LINK_HELLO_LEN - 1));
	buf[2]++;
	assert_false(cr_link_hello_get(&l2, buf, CR_LINK_HELLO_LEN));	/* no such size */

	memset(buf, 0, sizeof(buf));
	cr_circ_hello_put(buf, &c);
	memset(&c2, 0, sizeof(c2));
	assert_true(cr_circ_hello_get(&c2, buf, CR_CIRC_HELLO_LEN));
	assert_memory_equal(&c, &c2, sizeof(c));
	assert_false(cr_circ_hello_get(&c2, buf, CR_CIRC_HELLO_LEN - 1));
}

static void test_messages(void **state)
{
	uint8_t buf[256] = { 0 };
	struct cr_create create;
	struct cr_created created;
	struct cr_extend extend;
	struct cr_attached attached;

	(void)state;
	assert_false(cr_create_get(&create, buf, CR_CREATE_LEN));	/* id 0 is the link itself */
	assert_false(cr_created_get(&created, buf, CR_CREATED_LEN));
	put32(buf, 5);
	put32(buf + 4, 6);
	assert_true(cr_create_get(&create, buf, CR_CREATE_LEN));
	assert_int_equal(create.circ, 5);
	assert_ptr_equal(create.noise, buf + 4);
	assert_int_equal(create.noise_len, CR_CIRC_MSG1_LEN);
	assert_false(cr_create_get(&create, buf, CR_CREATE_LEN - 1));
	assert_true(cr_created_get(&created, buf, CR_CREATED_LEN));
	assert_int_equal(created.circ, 5);
	assert_int_equal(created.mine, 6);
	assert_int_equal(created.noise_len, CR_CIRC_MSG2_LEN);
	assert_false(cr_created_get(&created, buf, CR_CREATED_LEN - 1));
	assert_true(cr_extend_get(&extend, buf, CR_EXTEND_LEN));
	assert_ptr_equal(extend.noise, buf + 32);
	assert_false(cr_extend_get(&extend, buf, CR_EXTEND_LEN - 1));
	assert_true(cr_attached_get(&attached, buf, CR_ATTACHED_LEN));
	assert_false(cr_attached_get(&attached, buf, CR_ATTACHED_LEN - 1));
}

static void test_attach(void **state)
{
	uint8_t buf[CR_ATTACH_SESSION_LEN] = { CR_ATTACH_V4 }, a[CR_ATTACH_SIGNED_LEN], b[CR_ATTACH_SIGNED_LEN], hash[NOISE_HASH_LEN] = { 1 };
	struct cr_attach attach;

	(void)state;
	assert_false(cr_attach_get(&attach, buf, 0));
	assert_true(cr_attach_get(&attach, buf, CR_ATTACH_LEN));
	assert_null(attach.session);
	buf[0] |= CR_ATTACH_SESSION;
	assert_false(cr_attach_get(&attach, buf, CR_ATTACH_SESSION_LEN - 1));
	assert_true(cr_attach_get(&attach, buf, CR_ATTACH_SESSION_LEN));
	assert_ptr_equal(attach.session, buf + 1);
	assert_ptr_equal(attach.signature, buf + 33);
	/* what is signed names its kind, and every bit of the handshake */
	cr_attach_signed(a, hash);
	assert_memory_equal(a, "cr/attach/1\0\0\0\0", 16);
	hash[NOISE_HASH_LEN - 1] ^= 0x80;
	cr_attach_signed(b, hash);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void test_snapshots(void **state)
{
	struct cr_snapshot_id a = { .number = 7 }, b = { .number = 7 };

	(void)state;
	assert_true(cr_snapshot_agrees(&a, &b));
	b.hash[31] = 1;
	assert_false(cr_snapshot_agrees(&a, &b));
	b.number = 8;		/* one of us is behind: no contradiction */
	assert_true(cr_snapshot_agrees(&a, &b));
	a.number = b.number = 0;	/* neither has any */
	assert_true(cr_snapshot_agrees(&a, &b));
}

static void test_prologue(void **state)
{
	uint8_t a[CR_PROLOGUE_LEN], b[CR_PROLOGUE_LEN], ledger[32] = { 1 }, id[32] = { 2 };

	(void)state;
	cr_prologue(a, CR_FOR_LINK, ledger, id);
	assert_memory_equal(a, "cellrelay 1\1\1", 13);
	cr_prologue(b, CR_FOR_CIRCUIT, ledger, id);
	assert_memory_not_equal(a, b, sizeof(a));
	ledger[31] = 1;
	cr_prologue(b, CR_FOR_LINK, ledger, id);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* All keys differ, in every bit of their inputs' names. */
static void test_derive(void **state)
{
	uint8_t split[32], all[9][16];
	struct cr_way_keys w1, w2;
	struct cr_dgram_keys d;
	uint8_t layer[32];

	(void)state;
	randombytes_buf(split, sizeof(split));
	cr_derive_way(&w1, split, 1);
	cr_derive_way(&w2, split, 2);
	cr_derive_layer(layer, split, 1);
	cr_derive_first(&d, split);
	memcpy(all[0], w1.tag, 16);
	memcpy(all[1], w1.mask, 16);
	memcpy(all[2], w1.ctl, 16);
	memcpy(all[3], w2.tag, 16);
	memcpy(all[4], w2.mask, 16);
	memcpy(all[5], w2.ctl, 16);
	memcpy(all[6], layer, 16);
	memcpy(all[7], d.mac, 16);
	memcpy(all[8], d.stream, 16);
	for (size_t i = 0; i < 9; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(all[i], all[j], 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame), cmocka_unit_test(test_hellos), cmocka_unit_test(test_messages), cmocka_unit_test(test_attach),
		cmocka_unit_test(test_snapshots), cmocka_unit_test(test_prologue), cmocka_unit_test(test_derive),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("control messages", tests, NULL, NULL);
}
