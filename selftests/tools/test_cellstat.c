// SPDX-License-Identifier: MIT
/* cellstat finds what it is there to find, and nothing in noise. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define CELLS 4000

static char dir[] = "/tmp/cellstat.XXXXXX";

struct spec {
	size_t size;		/* payload size */
	int biased_pos;		/* this byte has its top bit clear in half of the cells; -1: none */
	uint8_t ttl;
	const uint8_t *needle;	/* 16 bytes put into one datagram */
	const char *copy_from;	/* reuse byte 5 of each payload of this file */
};

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void make(const char *name, const struct spec *s)
{
	static const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };
	uint8_t pkt[14 + 28 + 1408];
	char path[64];
	FILE *f, *g = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	if (s->copy_from) {
		snprintf(path, sizeof(path), "%s/%s", dir, s->copy_from);
		g = fopen(path, "rb");
		assert_non_null(g);
		assert_int_equal(fseek(g, 24, SEEK_SET), 0);
	}
	assert_int_equal(fwrite(head, sizeof(head), 1, f), 1);
	for (int i = 0; i < CELLS; i++) {
		uint8_t *ip = pkt + 14, *udp = ip + 20, *pay = udp + 8;
		uint32_t n = (uint32_t)(42 + s->size), rec[4] = { 0, 0, n, n }, sum = 0;

		memset(pkt, 0, 42);
		for (size_t off = 0; off < s->size; off += 256)
			assert_true(getrandom(pay + off, s->size - off < 256 ? s->size - off : 256, 0) > 0);
		if (s->biased_pos >= 0 && i % 2)
			pay[s->biased_pos] &= 0x7f;
		if (s->needle && i == CELLS / 2)
			memcpy(pay + 33, s->needle, 16);
		if (g) {
			uint8_t old[16 + 42 + 1408];

			assert_int_equal(fread(old, 16 + n, 1, g), 1);
			if (i % 20 == 0)
				pay[5] = old[16 + 42 + 5];
		}
		put16(pkt + 12, 0x0800);
		ip[0] = 0x45;
		put16(ip + 2, (unsigned int)(28 + s->size));
		put16(ip + 6, 0x4000);
		ip[8] = s->ttl;
		ip[9] = 17;
		memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
		put16(udp, 4000);
		put16(udp + 2, 4001);
		put16(udp + 4, (unsigned int)(8 + s->size));
		for (size_t k = 12; k < 28 + s->size; k += 2)
			sum += (uint32_t)(ip[k] << 8 | ip[k + 1]);
		sum += 17 + 8 + (uint32_t)s->size;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		put16(udp + 6, (~sum & 0xffff) ? (~sum & 0xffff) : 0xffff);
		assert_int_equal(fwrite(rec, sizeof(rec), 1, f), 1);
		assert_int_equal(fwrite(pkt, n, 1, f), 1);
	}
	if (g)
		fclose(g);
	assert_int_equal(fclose(f), 0);
}

static int run(const char *args)
{
	char cmd[512];
	int r;

	snprintf(cmd, sizeof(cmd), "exe=$PWD/%s && cd %s && $exe %s >out 2>err", CELLSTAT, dir, args);
	r = system(cmd);
	assert_true(WIFEXITED(r));
	return WEXITSTATUS(r);
}

static void test_uniform_passes(void **state)
{
	(void)state;
	make("a", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 64 });
	make("b", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 64 });
	assert_int_equal(run("check --outer --min 4000 a"), 0);
	assert_int_equal(run("pair --min 4000 a b"), 0);
	assert_int_equal(run("check --min 4001 a"), 1);
	assert_int_equal(run("check --sizes 1408 a"), 1);
}

static void test_bias_is_found(void **state)
{
	(void)state;
	make("a", &(struct spec){ .size = 256, .biased_pos = 3, .ttl = 64 });
	assert_int_equal(run("check --min 1 a"), 1);
	make("a", &(struct spec){ .size = 1408, .biased_pos = 1407, .ttl = 64 });
	assert_int_equal(run("check --min 1 a"), 1);
}

static void test_outer_is_checked(void **state)
{
	(void)state;
	make("a", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 63 });
	assert_int_equal(run("check a"), 0);
	assert_int_equal(run("check --outer a"), 1);
}

static void test_agreement_is_found(void **state)
{
	(void)state;
	make("a", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 64 });
	make("b", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 64, .copy_from = "a" });
	assert_int_equal(run("pair a b"), 1);
	assert_int_equal(run("pair a a"), 1);
}

static void test_needle_is_found(void **state)
{
	uint8_t text[4096];
	char path[64];
	FILE *f;

	(void)state;
	assert_int_equal(getrandom(text, sizeof(text), 0), sizeof(text));
	snprintf(path, sizeof(path), "%s/text", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(text, sizeof(text), 1, f), 1);
	fclose(f);
	make("a", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 64 });
	make("b", &(struct spec){ .size = 256, .biased_pos = -1, .ttl = 64, .needle = text + 1600 });
	assert_int_equal(run("absent text a"), 0);
	assert_int_equal(run("absent text b"), 1);
}

static void test_bad_input(void **state)
{
	(void)state;
	assert_int_equal(run(""), 2);
	assert_int_equal(run("check"), 2);
	assert_int_equal(run("check nosuchfile"), 2);
	assert_int_equal(run("check text"), 2);
	assert_int_equal(run("check --sizes 9999 a"), 2);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uniform_passes),
		cmocka_unit_test(test_bias_is_found),
		cmocka_unit_test(test_outer_is_checked),
		cmocka_unit_test(test_agreement_is_found),
		cmocka_unit_test(test_needle_is_found),
		cmocka_unit_test(test_bad_input),
	};

	return cmocka_run_group_tests_name("cellstat", tests, setup, teardown);
}
