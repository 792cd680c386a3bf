// SPDX-License-Identifier: MIT
/*
 * The vectors that docs/directory.md gives other implementations. To accept a
 * change of the format: CELLRELAY_GOLDEN_UPDATE=1.
 */
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

#include <sodium.h>

#include "directory_fixture.h"

#define SNAPSHOT	"userspace/tests/golden/relayctl/directory.snapshot"
#define DESCRIPTOR	"userspace/tests/golden/relayctl/relay.descriptor"
#define NETWORK		"userspace/tests/golden/relayctl/network.snapshot"
#define VECTORS		"userspace/tests/vectors/directory.json"

static json_t *hex(const void *bytes, size_t len)
{
	char *text = malloc(2 * len + 1);
	json_t *v;

	assert_non_null(text);
	v = json_string(sodium_bin2hex(text, 2 * len + 1, bytes, len));
	free(text);
	return v;
}

static json_t *seed(const char *name, uint32_t number)
{
	struct fix_key key;

	fix_key(&key, name, number);
	return hex(key.secret, CR_SEED_BYTES);
}

static void same_file(const char *path, const void *bytes, size_t len)
{
	uint8_t have[16384];
	FILE *f;

	if (getenv("CELLRELAY_GOLDEN_UPDATE")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(bytes, 1, len, f), len);
		fclose(f);
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("no file %s", path);
	assert_int_equal(fread(have, 1, sizeof(have), f), len);
	fclose(f);
	assert_memory_equal(have, bytes, len);
}

static void test_vectors(void **state)
{
	uint8_t encoded[CR_DESCRIPTOR_MAX], message[CR_SNAPSHOT_MESSAGE], *bytes;
	struct cr_snapshot_head head;
	struct cr_entry e[2];
	struct cr_snapshot s;
	json_t *now, *then;
	size_t len;

	(void)state;
	memset(e, 0, sizeof(e));
	fix_descriptor(&e[0].d, 1, 1);
	fix_descriptor(&e[1].d, 2, 2);
	e[1].d.roles = 0;
	e[1].d.rule_count = 0;
	e[1].d.address_count = 1;
	assert_int_equal(fix_resign(&e[1].d, 2, 2), CR_DIR_OK);
	e[0].stake = 5000;
	e[0].measured = 10000000;
	e[1].stake = 1;
	fix_head(&head, 7);
	assert_int_equal(cr_descriptor_encode(encoded, &len, &e[0].d), CR_DIR_OK);
	same_file(DESCRIPTOR, encoded, len);
	now = json_pack("{s:s, s:o, s:o, s:o}", "what", "a relay's descriptor; seeds are Ed25519 secret keys (RFC 8032)",
			"relay_seed", seed("relay", 1), "operator_seed", seed("operator", 1),
			"descriptor", hex(encoded, len));
	bytes = fix_snapshot(&head, e, 2, &len);
	fix_sign(bytes, &len, 0);
	fix_sign(bytes, &len, 1);
	assert_int_equal(cr_snapshot_parse(&s, bytes, len), CR_DIR_OK);
	cr_snapshot_message(message, &s);
	same_file(SNAPSHOT, bytes, len);
	now = json_pack("{s:o, s:{s:s, s:[o,o], s:o, s:o, s:o, s:I}}", "descriptor", now, "snapshot", "what",
			"two relays, signed by two authorities", "authority_seeds", seed("authority", 0),
			seed("authority", 1), "snapshot", hex(bytes, len), "hash", hex(s.hash, sizeof(s.hash)),
			"signed_message", hex(message, sizeof(message)), "body_bytes", (json_int_t)s.body_len);
	assert_non_null(now);
	if (getenv("CELLRELAY_GOLDEN_UPDATE"))
		assert_int_equal(json_dump_file(now, VECTORS, JSON_INDENT(1) | JSON_SORT_KEYS), 0);
	then = vectors_load("directory.json");
	assert_true(json_equal(now, then));
	json_decref(now);
	json_decref(then);
	free(bytes);
}

/* Ten relays of ten operators in ten networks: what the goldens of path and offers choose from. */
static void test_network(void **state)
{
	struct cr_snapshot_head head;
	struct cr_entry e[10];
	uint8_t *bytes;
	size_t len;

	(void)state;
	memset(e, 0, sizeof(e));
	for (uint32_t i = 0; i < 10; i++) {
		struct cr_descriptor *d = &e[i].d;

		fix_descriptor(d, i, i);
		d->address[0].ip[1] = (uint8_t)(10 + i);
		d->address[1].ip[3] = (uint8_t)(10 + i);
		d->roles = i < 4 ? CR_ROLE_EXIT : i < 7 ? CR_ROLE_ENTRY : i == 7 ? CR_ROLE_NAT : 0;
		d->rule_count = 0;
		if (d->roles & CR_ROLE_EXIT) {
			d->rule_count = 1;
			assert_true(cr_rule_parse(&d->rule[0], i ? "accept any any any" : "accept tcp any 443"));
		}
		d->tariff = 100 * (i % 4 + 1);
		e[i].stake = 4000 + 100 * i;
		assert_int_equal(fix_resign(d, i, i), CR_DIR_OK);
	}
	fix_head(&head, 8);
	head.params.constraints = CR_DIFFER_OPERATOR | CR_DIFFER_PREFIX;
	bytes = fix_snapshot(&head, e, 10, &len);
	fix_sign(bytes, &len, 0);
	fix_sign(bytes, &len, 1);
	same_file(NETWORK, bytes, len);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_network),
	};

	return sodium_init() < 0 || cmocka_run_group_tests_name("directory vectors", tests, NULL, NULL);
}
