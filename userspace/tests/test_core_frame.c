// SPDX-License-Identifier: MIT
/* Frames: lists built and read back, every kind of malformed list, MTUs. */
#include "test_core.h"
#include "frame.h"

#define OK_END	0
#define BAD	(-EBADMSG)

static const u32 cells[] = { CR_CELL_SMALL, CR_CELL_LARGE_V6MIN, CR_CELL_LARGE };

/* Lists of heads only; the bytes of frames do not matter. */
static const struct {
	const char *what;
	size_t len;		/* of the plaintext */
	struct { u16 at, head; } put[4];
	int results[4];		/* of successive calls, up to the first that is not 1 */
	u16 flags[3];
} table[] = {
	{ "empty plaintext", 0, { { 0 } }, { OK_END }, { 0 } },
	{ "one byte", 1, { { 0 } }, { OK_END }, { 0 } },
	{ "two zero bytes", 2, { { 0 } }, { OK_END }, { 0 } },
	{ "zero head, then rubbish", 40, { { 2, 0xffff }, { 4, 0x3fff } }, { OK_END }, { 0 } },
	{ "fills exactly", 22, { { 0, 20 } }, { 1, OK_END }, { 0 } },
	{ "one byte left", 23, { { 0, 20 } }, { 1, OK_END }, { 0 } },
	{ "one byte too long", 21, { { 0, 20 } }, { BAD }, { 0 } },
	{ "head without bytes", 2, { { 0, 1 } }, { BAD }, { 0 } },
	{ "largest length, too short", 2048, { { 0, 2047 } }, { BAD }, { 0 } },
	{ "largest length", 2049, { { 0, 2047 } }, { 1, OK_END }, { 0 } },
	{ "two", 60, { { 0, 20 }, { 22, 20 } }, { 1, 1, OK_END }, { 0, 0 } },
	{ "second too long", 60, { { 0, 20 }, { 22, 37 } }, { 1, BAD }, { 0 } },
	{ "bit 11", 60, { { 0, 0x0800 | 20 } }, { BAD }, { 0 } },
	{ "bit 12", 60, { { 0, 0x1000 | 20 } }, { BAD }, { 0 } },
	{ "bit 13", 60, { { 0, 0x2000 | 20 } }, { BAD }, { 0 } },
	{ "bits 11-13 without length", 60, { { 0, 0x3800 } }, { BAD }, { 0 } },
	{ "first, no length", 60, { { 0, CR_FRAME_FIRST } }, { BAD }, { 0 } },
	{ "last, no length", 60, { { 0, CR_FRAME_LAST } }, { BAD }, { 0 } },
	{ "first and last", 60, { { 0, CR_FRAME_FIRST | CR_FRAME_LAST | 20 } }, { BAD }, { 0 } },
	{ "first half alone", 60, { { 0, CR_FRAME_FIRST | 20 } }, { 1, OK_END },
	  { CR_FRAME_FIRST } },
	{ "first half fills exactly", 22, { { 0, CR_FRAME_FIRST | 20 } }, { 1, OK_END },
	  { CR_FRAME_FIRST } },
	{ "first half after a frame", 60, { { 0, 20 }, { 22, CR_FRAME_FIRST | 20 } },
	  { 1, 1, OK_END }, { 0, CR_FRAME_FIRST } },
	{ "frame after first half", 60, { { 0, CR_FRAME_FIRST | 20 }, { 22, 20 } }, { BAD }, { 0 } },
	{ "last half alone", 60, { { 0, CR_FRAME_LAST | 20 } }, { 1, OK_END }, { CR_FRAME_LAST } },
	{ "last half, frame, first half", 90,
	  { { 0, CR_FRAME_LAST | 20 }, { 22, 20 }, { 44, CR_FRAME_FIRST | 20 } },
	  { 1, 1, 1, OK_END }, { CR_FRAME_LAST, 0, CR_FRAME_FIRST } },
	{ "last half not in front", 60, { { 0, 20 }, { 22, CR_FRAME_LAST | 20 } }, { 1, BAD }, { 0 } },
};

static void test_table(void **state)
{
	static u8 plain[2049];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct cr_frame f;
		size_t off = 0, before;
		int ret;

		memset(plain, 0, sizeof(plain));
		for (k = 0; k < 4; k++)
			if (table[i].put[k].head)
				put_unaligned_le16(table[i].put[k].head,
						   plain + table[i].put[k].at);
		for (k = 0; ; k++) {
			before = off;
			ret = cr_frame_next(plain, table[i].len, &off, &f);
			if (ret != table[i].results[k])
				fail_msg("%s: call %zu gave %d", table[i].what, k, ret);
			if (ret != 1)
				break;
			if (f.flags != table[i].flags[k])
				fail_msg("%s: call %zu, flags %#x", table[i].what, k, f.flags);
			assert_int_equal(f.data - plain, before + CR_FRAME_HDR);
			assert_int_equal(off, before + CR_FRAME_HDR + f.len);
		}
		assert_int_equal(off, before);
	}
}

/* Every head, against the rules written down once more. */
static void test_every_head(void **state)
{
	static u8 plain[3000];
	u32 head;
	size_t len;

	(void)state;
	for (head = 1; head < 0x10000; head++) {
		u16 n = head & 0x7ff;
		bool good = n && !(head & 0x3800) && (head & 0xc000) != 0xc000;

		memset(plain, 0, sizeof(plain));
		put_unaligned_le16((u16)head, plain);
		for (len = n + 1; len <= n + 4U; len++) {
			struct cr_frame f;
			size_t off = 0;
			int expect = len < 2 ? 0 : good && len >= n + 2U ? 1 : BAD;

			assert_int_equal(cr_frame_next(plain, len, &off, &f), expect);
		}
	}
}

static void test_build_and_read(void **state)
{
	u64 seed = 30;
	unsigned int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		u8 plain[CR_CELL_LARGE], data[2048];
		size_t cap = prng(&seed) % (sizeof(plain) + 1), off = 0, at = 0, i;
		size_t sizes[600];
		u8 first[600];
		u16 flags[600];
		unsigned int n = 0, k;
		struct cr_frame f;

		memset(plain, 0xee, sizeof(plain));
		for (;;) {
			size_t want = 1 + prng(&seed) % (round & 1 ? 30 : 700);
			size_t before = off;
			u16 fl = n == 0 && prng(&seed) % 4 == 0 ? CR_FRAME_LAST :
				 prng(&seed) % 16 == 0 ? CR_FRAME_FIRST : 0;
			u8 *p;

			prng_fill(&seed, data, want);
			p = cr_frame_put(plain, cap, &off, want & 1 ? data : NULL, want, fl);
			if (before + 2 + want > cap) {
				assert_null(p);
				assert_int_equal(off, before);
				break;
			}
			assert_ptr_equal(p, plain + before + 2);
			memcpy(p, data, want);
			sizes[n] = want;
			first[n] = data[0];
			flags[n++] = fl;
			if (fl == CR_FRAME_FIRST)
				break;
		}
		cr_frame_end(plain, cap, off);
		for (i = off; i < cap; i++)
			assert_int_equal(plain[i], 0);
		for (; i < sizeof(plain); i++)
			assert_int_equal(plain[i], 0xee);
		for (k = 0; k < n; k++) {
			assert_int_equal(cr_frame_next(plain, cap, &at, &f), 1);
			assert_int_equal(f.len, sizes[k]);
			assert_int_equal(f.flags, flags[k]);
			assert_int_equal(f.data[0], first[k]);
		}
		assert_int_equal(cr_frame_next(plain, cap, &at, &f), 0);
	}
}

static void test_put_refuses(void **state)
{
	u8 plain[4096];
	size_t off = 0;

	(void)state;
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 0, 0));
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 2048, 0));
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, (size_t)-2, 0));
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, (size_t)-1, 0));
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 1, 0x0800));
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 1,
				 CR_FRAME_FIRST | CR_FRAME_LAST));
	assert_int_equal(off, 0);
	assert_non_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 2047, 0));
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 1, CR_FRAME_LAST));
	off = 5000;
	assert_null(cr_frame_put(plain, sizeof(plain), &off, NULL, 1, 0));
	assert_int_equal(off, 5000);
}

/* MTU by hop count, worked out by hand from the sizes of docs/protocol.md:
 * cell - 24 (header) - 23 * hops - 2 (head), at least 1280.
 */
static void test_mtu(void **state)
{
	static const u32 mtu_1408[CR_HOPS_MAX] = { 1359, 1336, 1313, 1290, 1280, 1280, 1280, 1280 };
	static const u32 cap_1408[CR_HOPS_MAX] = { 1359, 1336, 1313, 1290, 1267, 1244, 1221, 1198 };
	static const u32 cap_1232[CR_HOPS_MAX] = { 1183, 1160, 1137, 1114, 1091, 1068, 1045, 1022 };
	static const u32 cap_256[CR_HOPS_MAX] = { 207, 184, 161, 138, 115, 92, 69, 46 };
	unsigned int h, c;

	(void)state;
	for (h = 1; h <= CR_HOPS_MAX; h++) {
		assert_int_equal(cr_mtu(CR_CELL_LARGE, h), mtu_1408[h - 1]);
		assert_int_equal(cr_mtu(CR_CELL_LARGE_V6MIN, h), 1280);
		assert_int_equal(cr_frame_capacity(CR_CELL_LARGE, h), cap_1408[h - 1]);
		assert_int_equal(cr_frame_capacity(CR_CELL_LARGE_V6MIN, h), cap_1232[h - 1]);
		assert_int_equal(cr_frame_capacity(CR_CELL_SMALL, h), cap_256[h - 1]);
		/* two cells are always enough */
		for (c = 1; c < 3; c++)
			assert_true(2 * cr_frame_capacity(cells[c], h) >= cr_mtu(cells[c], h));
	}
}

/* A packet as large as the capacity fits one cell of every size and hop count; one more does not. */
static void test_capacity_fits(void **state)
{
	u8 plain[CR_CELL_LARGE];
	unsigned int h, c;

	(void)state;
	for (c = 0; c < 3; c++)
		for (h = 1; h <= CR_HOPS_MAX; h++) {
			size_t len = cr_payload_len(cells[c] - CR_HDR_LEN, h), off = 0;
			u32 cap = cr_frame_capacity(cells[c], h);

			assert_null(cr_frame_put(plain, len, &off, NULL, cap + 1, 0));
			assert_non_null(cr_frame_put(plain, len, &off, NULL, cap, 0));
			assert_int_equal(off, len);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_head),
		cmocka_unit_test(test_build_and_read),
		cmocka_unit_test(test_put_refuses),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_capacity_fits),
	};

	return RUN_TESTS("core frame", tests);
}
