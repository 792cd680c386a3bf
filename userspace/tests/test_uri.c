// SPDX-License-Identifier: MIT
/* Relays in one line: one form for each, and why everything else is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "directory/uri.h"

/* docs/protocol.md, section 20: seed of 32 bytes 1, X25519 secret of 32 bytes 2. OpenSSL makes the same public keys of them. */
#define VECTOR	"cellrelay://iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w.zo060cy2M-x7cMF4FKXHbs0CloUFDTRHRboFhw5YfVk@192.0.2.1:4000/1"

static struct cr_uri sample(const char *address)
{
	uint8_t seed[32], secret[64];
	struct cr_uri u;

	memset(seed, 1, sizeof(seed));
	crypto_sign_seed_keypair(u.identity, secret, seed);
	memset(seed, 2, sizeof(seed));
	crypto_scalarmult_base(u.key, seed);
	assert_true(cr_address_parse(&u.address, address));
	return u;
}

/* Judges a copy that ends where its memory does. */
static const char *judge(struct cr_uri *u, const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len + !len);
	const char *wrong;

	assert_non_null(copy);
	memcpy(copy, text, len);
	wrong = cr_uri_parse(u, copy, len);
	free(copy);
	return wrong;
}

static void vector(void **state)
{
	struct cr_uri u = sample("192.0.2.1:4000"), got;
	char text[CR_URI_TEXT];

	(void)state;
	assert_string_equal(cr_uri_text(text, &u), VECTOR);
	assert_null(judge(&got, VECTOR));
	assert_memory_equal(got.identity, u.identity, 32);
	assert_memory_equal(got.key, u.key, 32);
	assert_int_equal(cr_address_compare(&got.address, &u.address), 0);
}

static void round_trips(void **state)
{
	static const char *const addresses[] = {
		"1.2.3.4:1", "10.0.0.1:65535", "127.0.0.1:4000", "[2001:db8::1]:4000", "[fe80::1]:9", "[fd00:1:2:3:4:5:6:7]:65535",
		"[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
	};
	char text[CR_URI_TEXT], again[CR_URI_TEXT];
	struct cr_uri u, got;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		u = sample(addresses[i]);
		cr_uri_text(text, &u);
		assert_null(judge(&got, text));
		assert_string_equal(cr_uri_text(again, &got), text);
	}
}

/* VECTOR with the text @from replaced by @to. */
static void spoilt(const char *from, const char *to, const char *says)
{
	const char *at = strstr(VECTOR, from), *wrong;
	char text[512];
	struct cr_uri u;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - VECTOR), VECTOR, to, at + strlen(from));
	wrong = judge(&u, text);
	if (!wrong || !strstr(wrong, says)) {
		print_error("%s: %s\n", text, wrong ? wrong : "it is taken");
		assert_true(false);
	}
}

static void refused(void **state)
{
	char text[CR_URI_TEXT + 300], zeros[64];
	struct cr_uri u;

	(void)state;
	spoilt("cellrelay://", "http://", "does not begin");
	spoilt("cellrelay://", "Cellrelay://", "does not begin");
	spoilt(".zo0", "zo0", "two keys");
	spoilt("iojj", "ioj", "two keys");
	spoilt("iojj", "iojjj", "two keys");
	spoilt("iojj", "ioj+", "not base64url");
	spoilt("iojj", "ioj=", "not base64url");
	/* two bits behind the last byte */
	spoilt("b1w.", "b1x.", "not base64url");
	spoilt("@", "", "two keys");
	spoilt("/1", "/2", "later version");
	spoilt("/1", "", "later version");
	spoilt("/1", "/1 ", "later version");
	spoilt("/1", "/1/1", "address and port");
	spoilt("192.0.2.1", "192.0.2.256", "address and port");
	spoilt("192.0.2.1", "relay.example", "address and port");
	spoilt("192.0.2.1", "2001:db8::1", "address and port");
	spoilt("192.0.2.1:4000", "192.0.2.1", "address and port");
	spoilt("4000", "0", "address and port");
	spoilt("4000", "04000", "address and port");
	spoilt("4000", "65536", "address and port");
	spoilt("192.0.2.1", "[2001:DB8::1]", "shortest form");
	spoilt("192.0.2.1", "[2001:db8:0::1]", "shortest form");
	spoilt("192.0.2.1", "224.0.0.1", "no host can");
	spoilt("192.0.2.1", "0.0.0.0", "no host can");
	spoilt("192.0.2.1", "255.255.255.255", "no host can");
	spoilt("192.0.2.1", "[::ffff:1.2.3.4]", "no host can");
	spoilt("192.0.2.1", "[2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999]", "too long");
	/* keys of small order */
	memset(zeros, 'A', 43);
	zeros[43] = '\0';
	spoilt("iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w", zeros, "not an Ed25519 key");
	spoilt("zo060cy2M-x7cMF4FKXHbs0CloUFDTRHRboFhw5YfVk", zeros, "not a usable X25519 key");
	assert_string_equal(judge(&u, ""), "it does not begin with cellrelay://");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_string_equal(judge(&u, text), "it is too long");
	/* a 0 within */
	memcpy(text, VECTOR, sizeof(VECTOR));
	text[strlen(VECTOR) - 4] = '\0';
	assert_non_null(cr_uri_parse(&u, text, strlen(VECTOR)));
}

/* Every character changed, and every length: whatever is taken has this form. */
static void each_byte(void **state)
{
	char text[CR_URI_TEXT], again[CR_URI_TEXT];
	struct cr_uri u;
	unsigned int taken = 0;

	(void)state;
	for (size_t i = 0; i < strlen(VECTOR); i++) {
		assert_non_null(cr_uri_parse(&u, VECTOR, i));
		for (int c = 1; c < 256; c++) {
			strcpy(text, VECTOR);
			text[i] = (char)c;
			if (cr_uri_parse(&u, text, strlen(VECTOR)))
				continue;
			taken++;
			assert_string_equal(cr_uri_text(again, &u), text);
		}
	}
	/* other keys, addresses and ports are URIs, too */
	assert_in_range(taken, 1000, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vector), cmocka_unit_test(round_trips), cmocka_unit_test(refused), cmocka_unit_test(each_byte),
	};

	return sodium_init() < 0 || cmocka_run_group_tests_name("relay URIs", tests, NULL, NULL);
}
