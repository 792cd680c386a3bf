// SPDX-License-Identifier: MIT
/* Inner packets: whole or not; MSS clamp with the checksum computed afresh. */
#include "test_core.h"
#include "inner.h"

struct pkt {
	u8 b[2100];
	size_t len;
	size_t tcp;	/* offset of the TCP header */
	int ver;
};

static void put16(u8 *p, unsigned int v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static unsigned int get16(const u8 *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Sum over pseudo header and segment; 0 when the checksum is right. */
static u16 tcp_sum(const struct pkt *p)
{
	size_t seg = p->len - p->tcp, i;
	u64 sum = 6 + seg;

	if (p->ver == 4)
		for (i = 12; i < 20; i += 2)
			sum += get16(p->b + i);
	else
		for (i = 8; i < 40; i += 2)
			sum += get16(p->b + i);
	for (i = 0; i < seg; i++)
		sum += i & 1 ? p->b[p->tcp + i] : (u64)p->b[p->tcp + i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static void fix_sum(struct pkt *p)
{
	put16(p->b + p->tcp + 16, 0);
	put16(p->b + p->tcp + 16, tcp_sum(p));
}

/* IPv4 with @optlen bytes of IP options. */
static void ip4(struct pkt *p, u64 *seed, size_t optlen)
{
	prng_fill(seed, p->b, sizeof(p->b));
	p->ver = 4;
	p->b[0] = (u8)(0x45 + optlen / 4);
	put16(p->b + 6, 0x4000);
	p->b[9] = 6;
	p->tcp = 20 + optlen;
}

static void ip6(struct pkt *p, u64 *seed, const u8 *ext, unsigned int n)
{
	unsigned int i;

	prng_fill(seed, p->b, sizeof(p->b));
	p->ver = 6;
	p->b[0] = 0x60;
	p->b[6] = n ? ext[0] : 6;
	p->tcp = 40;
	for (i = 0; i < n; i++) {
		u8 *h = p->b + p->tcp;

		h[0] = i + 1 < n ? ext[i + 1] : 6;
		if (ext[i] == 44) {
			put16(h + 2, 1);	/* first fragment, more to come */
			p->tcp += 8;
		} else {
			h[1] = (u8)(i % 3);
			p->tcp += 8 + 8 * h[1];
		}
	}
}

static void tcp(struct pkt *p, u8 flags, const u8 *opt, size_t optlen, size_t payload)
{
	u8 *t = p->b + p->tcp;

	t[12] = (u8)((20 + optlen) / 4 << 4);
	t[13] = flags;
	if (optlen)
		memcpy(t + 20, opt, optlen);
	p->len = p->tcp + 20 + optlen + payload;
	if (p->ver == 4)
		put16(p->b + 2, (unsigned int)p->len);
	else
		put16(p->b + 4, (unsigned int)p->len - 40);
	fix_sum(p);
	assert_int_equal(cr_inner_check(p->b, p->len), p->ver);
}

/* Clamp; whatever happens to bytes, the checksum stays right and only the MSS
 * and the checksum may differ.
 */
static void clamp(struct pkt *p, u32 mtu, bool expect, size_t mss_at, unsigned int expect_mss)
{
	struct pkt before = *p;

	assert_int_equal(cr_inner_clamp_mss(p->b, p->len, mtu), expect);
	assert_int_equal(tcp_sum(p), 0);
	if (!expect) {
		assert_memory_equal(p->b, before.b, sizeof(p->b));
		return;
	}
	assert_int_equal(get16(p->b + p->tcp + mss_at), expect_mss);
	memcpy(before.b + p->tcp + mss_at, p->b + p->tcp + mss_at, 2);
	fix_sum(&before);
	assert_memory_equal(p->b, before.b, sizeof(p->b));
}

static void test_clamp_v4(void **state)
{
	struct pkt p;
	u64 seed = 40;
	unsigned int mss, mtu, optlen;

	(void)state;
	for (optlen = 0; optlen <= 40; optlen += 4)
		for (mss = 0; mss < 65536; mss += 97)
			for (mtu = 1280; mtu < 1400; mtu += 33) {
				u8 opt[4] = { 2, 4, (u8)(mss >> 8), (u8)mss };

				ip4(&p, &seed, optlen);
				tcp(&p, 0x02, opt, 4, prng(&seed) % 9);
				clamp(&p, mtu, mss > mtu - 40, 22, mtu - 40);
			}
}

static void test_clamp_v6(void **state)
{
	static const u8 chains[][8] = {
		{ 0 }, { 0, 60, 43, 60 }, { 43 }, { 60, 60 }, { 44 }, { 0, 43, 44, 60 },
	};
	static const unsigned int lens[] = { 0, 4, 1, 2, 1, 4 };
	struct pkt p;
	u64 seed = 41;
	unsigned int mss, c;

	(void)state;
	for (c = 0; c < 6; c++)
		for (mss = 0; mss < 65536; mss += 97) {
			u8 opt[4] = { 2, 4, (u8)(mss >> 8), (u8)mss };

			ip6(&p, &seed, chains[c], lens[c]);
			tcp(&p, 0x12, opt, 4, prng(&seed) % 9);
			clamp(&p, 1290, mss > 1230, 22, 1230);
		}
}

/* The option at every offset, odd ones too, behind others. */
static void test_clamp_any_offset(void **state)
{
	struct pkt p;
	u64 seed = 42;
	unsigned int at, i, mss;

	(void)state;
	for (at = 0; at <= 36; at++)
		for (i = 0; i < 200; i++) {
			u8 opt[40];

			memset(opt, 1, sizeof(opt));
			if (at >= 10) {
				opt[0] = 8;	/* time stamps */
				opt[1] = 10;
				prng_fill(&seed, opt + 2, 8);
			}
			mss = 1241 + prng(&seed) % 60000;
			opt[at] = 2;
			opt[at + 1] = 4;
			put16(opt + at + 2, mss);
			ip4(&p, &seed, 0);
			tcp(&p, 0xc2, opt, 40, i % 3);
			clamp(&p, 1280, true, 20 + at + 2, 1240);
		}
}

static void test_left_alone(void **state)
{
	static const u8 mss[4] = { 2, 4, 0x23, 0x00 };
	static const u8 after_end[8] = { 0, 0, 0, 0, 2, 4, 0x23, 0x00 };
	static const u8 short_opt[8] = { 2, 3, 0x23, 1, 2, 5, 0x23, 0 };
	static const u8 zero_len[8] = { 5, 0, 2, 4, 0x23, 0, 0, 0 };
	static const u8 overlong[8] = { 3, 200, 2, 4, 0x23, 0, 0, 0 };
	static const u8 cut[4] = { 1, 1, 1, 2 };
	static const u8 cut_mss[4] = { 1, 1, 2, 4 };
	static const u8 too_many[9] = { 60, 60, 60, 60, 60, 60, 60, 60, 60 };
	static const u8 unknown[2] = { 0, 51 };
	struct pkt p;
	u64 seed = 43;
	unsigned int flags;

	(void)state;
	for (flags = 0; flags < 256; flags++) {
		ip4(&p, &seed, 0);
		tcp(&p, (u8)flags, mss, 4, 0);
		clamp(&p, 1300, flags & 2, 22, 1260);
	}
	/* no option, or one that is none */
	ip4(&p, &seed, 0);
	tcp(&p, 2, NULL, 0, 4);
	clamp(&p, 1300, false, 0, 0);
	tcp(&p, 2, after_end, 8, 0);
	clamp(&p, 1300, false, 0, 0);
	tcp(&p, 2, short_opt, 8, 0);
	clamp(&p, 1300, false, 0, 0);
	tcp(&p, 2, zero_len, 8, 0);
	clamp(&p, 1300, false, 0, 0);
	tcp(&p, 2, overlong, 8, 0);
	clamp(&p, 1300, false, 0, 0);
	tcp(&p, 2, cut, 4, 0);
	clamp(&p, 1300, false, 0, 0);
	/* its value would be the payload */
	ip4(&p, &seed, 0);
	p.b[p.tcp + 24] = 0xff;
	tcp(&p, 2, cut_mss, 4, 6);
	clamp(&p, 1300, false, 0, 0);
	/* other protocols, later fragments */
	tcp(&p, 2, mss, 4, 0);
	p.b[9] = 17;
	clamp(&p, 1300, false, 0, 0);
	p.b[9] = 6;
	put16(p.b + 6, 0x2001);
	clamp(&p, 1300, false, 0, 0);
	put16(p.b + 6, 0x2000);
	clamp(&p, 1300, true, 22, 1260);
	/* header longer than the packet, header too short */
	tcp(&p, 2, mss, 4, 0);
	p.b[p.tcp + 12] = 0x70;
	fix_sum(&p);
	clamp(&p, 1300, false, 0, 0);
	p.b[p.tcp + 12] = 0x40;
	fix_sum(&p);
	clamp(&p, 1300, false, 0, 0);
	/* an MTU without room for an MSS */
	tcp(&p, 2, mss, 4, 0);
	clamp(&p, 0, false, 0, 0);
	clamp(&p, 40, false, 0, 0);
	clamp(&p, 41, true, 22, 1);
	/* IPv6: unknown or endless chains, later fragments */
	ip6(&p, &seed, unknown, 2);
	tcp(&p, 2, mss, 4, 0);
	clamp(&p, 1300, false, 0, 0);
	ip6(&p, &seed, too_many, 9);
	tcp(&p, 2, mss, 4, 0);
	clamp(&p, 1300, false, 0, 0);
	ip6(&p, &seed, too_many, 8);
	tcp(&p, 2, mss, 4, 0);
	clamp(&p, 1300, true, 22, 1240);
	ip6(&p, &seed, (const u8 []){ 44 }, 1);
	tcp(&p, 2, mss, 4, 0);
	put16(p.b + 42, 0x0008);
	clamp(&p, 1300, false, 0, 0);
	ip6(&p, &seed, NULL, 0);
	tcp(&p, 2, mss, 4, 0);
	clamp(&p, 60, false, 0, 0);
	clamp(&p, 1300, true, 22, 1240);
}

/* Whatever is cut off, and wherever, nothing outside the packet is touched. */
static void test_cut_short(void **state)
{
	static const u8 mss[4] = { 2, 4, 0x23, 0x00 };
	static const u8 chain[4] = { 0, 60, 43, 44 };
	struct pkt p, q;
	u64 seed = 44;
	size_t len;
	int v;

	(void)state;
	for (v = 0; v < 2; v++) {
		if (v)
			ip6(&p, &seed, chain, 4);
		else
			ip4(&p, &seed, 12);
		tcp(&p, 2, mss, 4, 5);
		for (len = 0; len < p.len; len++) {
			u8 *exact = malloc(len ? len : 1);

			assert_non_null(exact);
			q = p;
			if (v && len >= 40)
				put16(q.b + 4, (unsigned int)len - 40);
			if (!v && len >= 20)
				put16(q.b + 2, (unsigned int)len);
			memcpy(exact, q.b, len);
			cr_inner_clamp_mss(exact, len, 1300);
			free(exact);
			/* with the length field untouched it is no whole packet */
			assert_int_equal(cr_inner_check(p.b, len), 0);
		}
		assert_int_equal(cr_inner_check(p.b, p.len + 1), 0);
	}
}

static void test_check(void **state)
{
	u8 p[80];
	unsigned int ver, ihl, len;

	(void)state;
	for (ver = 0; ver < 16; ver++)
		for (ihl = 0; ihl < 16; ihl++)
			for (len = 0; len <= sizeof(p); len++) {
				int expect = 0;

				memset(p, 0, sizeof(p));
				p[0] = (u8)(ver << 4 | ihl);
				if (ver == 4) {
					put16(p + 2, len);
					if (len >= 20 && ihl >= 5 && 4 * ihl <= len)
						expect = 4;
				} else if (len >= 40) {
					put16(p + 4, len - 40);
					expect = ver == 6 ? 6 : 0;
				}
				assert_int_equal(cr_inner_check(p, len), expect);
				p[2] ^= 1;
				p[4] ^= 1;
				assert_int_equal(cr_inner_check(p, len), 0);
			}
}

static void test_garbage(void **state)
{
	u64 seed = 45;
	unsigned int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		u8 b[128];
		size_t len = prng(&seed) % sizeof(b);
		int v;

		prng_fill(&seed, b, len);
		if (len >= 40) {
			b[0] = i & 1 ? 0x45 + (i >> 8) % 4 : 0x60;
			if (i & 1) {
				put16(b + 2, (unsigned int)len);
				b[9] = 6;
				put16(b + 6, 0);
			} else {
				static const u8 next[] = { 0, 6, 43, 44, 60 };

				put16(b + 4, (unsigned int)len - 40);
				b[6] = next[(i >> 1) % 5];
			}
		}
		v = cr_inner_check(b, len);
		if (len >= 40)
			assert_int_equal(v, i & 1 ? 4 : 6);
		cr_inner_clamp_mss(b, len, (u32)(prng(&seed) % 1500));
		assert_int_equal(cr_inner_check(b, len), v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clamp_v4),
		cmocka_unit_test(test_clamp_v6),
		cmocka_unit_test(test_clamp_any_offset),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_garbage),
	};

	return RUN_TESTS("core inner", tests);
}
