// SPDX-License-Identifier: MIT
/*
 * The vectors of docs/claims.md: vectors/claims.json holds them all, the
 * document shows the short ones. What is deterministic is computed again and
 * compared byte by byte; the claim, whose proofs are random, is taken apart
 * and verified. With the argument "generate" this prints a new claims.json.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "payments.h"
#include "proof/claim_format.h"
#include "proof/codec.h"
#include "proof/pedersen.h"
#include "proof/voucher.h"
#include "vectors.h"

#define FILE_NAME	"claims.json"
#define DOCUMENT	"docs/claims.md"
#define SESSIONS	2

static const uint32_t amounts[SESSIONS] = { 1234, DEPOSIT };

/* All inputs are bytes repeated, so that they can be typed. */
static void fill(uint8_t *out, size_t len, uint8_t byte)
{
	memset(out, byte, len);
}

static void typed_key(struct key *key, uint8_t byte)
{
	uint8_t seed[CR_SEED_BYTES];

	fill(seed, sizeof(seed), byte);
	cr_key_from_seed(key->public_key, key->secret, seed);
}

/* 64 equal bytes modulo the group order */
static void typed_scalar(struct cr_scalar *s, uint8_t byte)
{
	uint8_t wide[CR_UNIFORM_BYTES];

	fill(wide, sizeof(wide), byte);
	cr_scalar_reduce(s, wide);
}

static void typed_world(struct world *w)
{
	make_world(w);
	typed_key(&w->market, 0x01);
	typed_key(&w->relay, 0x02);
	memcpy(w->terms.market, w->market.public_key, CR_PUBLIC_BYTES);
	memcpy(w->terms.scope.relay, w->relay.public_key, CR_RELAY_BYTES);
}

static void typed_item(const struct world *w, struct cr_claim_item *item, int i)
{
	uint8_t bytes[CR_RECEIPT_BYTES];
	struct key session;

	memset(item, 0, sizeof(*item));
	typed_key(&session, (uint8_t)(0x10 + i));
	item->certificate.scope = w->terms.scope;
	memcpy(item->certificate.session, session.public_key, CR_SESSION_BYTES);
	item->certificate.tariff = w->terms.tariff;
	item->certificate.deposit = DEPOSIT;
	cr_certificate_sign(&item->certificate, w->market.secret);
	item->opening.v = amounts[i];
	typed_scalar(&item->opening.r, (uint8_t)(0x20 + i));
	item->receipt.scope = w->terms.scope;
	memcpy(item->receipt.session, session.public_key, CR_SESSION_BYTES);
	cr_pedersen_commit_u64(item->receipt.commitment, amounts[i], &item->opening.r);
	cr_receipt_encode(bytes, &item->receipt);
	cr_sign(item->receipt.signature, bytes, CR_RECEIPT_SIGNED, session.secret);
	expect_reason(cr_receipt_accept(&item->receipt, &item->opening,
					&item->certificate, 0), CR_ACCEPTED);
}

static void put(json_t *object, const char *key, const void *bytes, size_t len)
{
	char *hex = malloc(2 * len + 1);

	assert_non_null(hex);
	sodium_bin2hex(hex, 2 * len + 1, bytes, len);
	json_object_set_new(object, key, json_string(hex));
	free(hex);
}

static void put_number(json_t *object, const char *key, uint64_t n)
{
	json_object_set_new(object, key, json_sprintf("%" PRIu64, n));
}

static json_t *voucher_vectors(const struct world *w)
{
	uint8_t seed[32], bytes[CR_VOUCHER_KEY_BYTES], spend_bytes[CR_SPEND_BYTES];
	uint8_t evaluated[CR_POINT_BYTES], voucher_bytes[CR_VOUCHER_BYTES];
	struct cr_voucher_key key = { .value = VALUE };
	struct cr_voucher voucher;
	struct cr_request request = { .tariff = TARIFF };
	struct cr_voprf_key secret;
	struct cr_scalar blind;
	struct cr_point p;
	struct key session;
	json_t *out = json_object();

	fill(seed, sizeof(seed), 0x05);
	assert_int_equal(cr_voprf_key_derive(&secret, seed, NULL, 0), 0);
	memcpy(key.ledger, w->terms.scope.ledger, CR_LEDGER_BYTES);
	key.issue_from = w->terms.scope.epoch - 10;
	key.issue_until = w->terms.scope.epoch + 19;
	key.spend_until = w->terms.scope.epoch + 49;
	memcpy(key.public_key, secret.public_key, CR_POINT_BYTES);
	cr_voucher_key_encode(bytes, &key);
	cr_voucher_key_id(voucher.key, &key);
	put(out, "voprf_secret", secret.k.b, CR_SCALAR_BYTES);
	put(out, "voucher_key", bytes, sizeof(bytes));
	put(out, "voucher_key_id", voucher.key, sizeof(voucher.key));

	fill(voucher.input, sizeof(voucher.input), 0x06);
	typed_scalar(&blind, 0x07);
	assert_int_equal(cr_voprf_blind_with(bytes, &blind, voucher.input, 32), 0);
	assert_true(cr_point_decode(&p, bytes));
	cr_point_mul(&p, &secret.k, &p);
	cr_point_encode(evaluated, &p);
	assert_int_equal(cr_voprf_output(voucher.output, &secret, voucher.input, 32), 0);
	cr_voucher_encode(voucher_bytes, &voucher);
	put(out, "blind", blind.b, CR_SCALAR_BYTES);
	put(out, "blinded", bytes, CR_POINT_BYTES);
	put(out, "evaluated", evaluated, CR_POINT_BYTES);
	put(out, "voucher", voucher_bytes, sizeof(voucher_bytes));

	request.scope = w->terms.scope;
	typed_key(&session, 0x10);
	memcpy(request.session, session.public_key, CR_SESSION_BYTES);
	expect_reason(cr_voucher_spend(spend_bytes, &voucher, &request, &key, 1),
		      CR_ACCEPTED);
	put(out, "spend", spend_bytes, sizeof(spend_bytes));
	return out;
}

static json_t *session_vectors(const struct cr_claim_item *item)
{
	uint8_t certificate[CR_CERTIFICATE_BYTES], receipt[CR_RECEIPT_BYTES];
	uint8_t wire[CR_RECEIPT_WIRE];
	json_t *out = json_object();

	cr_certificate_encode(certificate, &item->certificate);
	cr_receipt_encode(receipt, &item->receipt);
	cr_receipt_pack(wire, &item->receipt, &item->opening);
	put(out, "certificate", certificate, sizeof(certificate));
	put_number(out, "amount", item->opening.v);
	put(out, "blinding", item->opening.r.b, CR_SCALAR_BYTES);
	put(out, "commitment", item->receipt.commitment, CR_POINT_BYTES);
	put(out, "receipt", receipt, sizeof(receipt));
	put(out, "wire", wire, sizeof(wire));
	return out;
}

/* What a claim's bytes and terms determine, proofs and signature apart. */
static json_t *claim_vectors(const struct cr_claim *claim)
{
	struct cr_transcript base, t;
	json_t *out = json_object();
	uint8_t challenge[32], message[CR_CLAIM_MESSAGE_BYTES];

	put(out, "before_proofs", claim->bytes, (size_t)(claim->proofs - claim->bytes));
	put_number(out, "total", claim->total);
	put(out, "opening", claim->opening.b, CR_SCALAR_BYTES);
	claim_transcript(&base, claim);
	claim_proof_transcript(&t, &base, 0);
	cr_transcript_challenge(&t, "test vector", challenge, sizeof(challenge));
	put(out, "challenge_after_binding", challenge, sizeof(challenge));
	claim_body_message(message, claim->bytes, claim->len - CR_SIGNATURE_BYTES);
	put(out, "signed_message", message, sizeof(message));
	return out;
}

/* @bytes: of the claim to describe */
static json_t *all_vectors(const struct world *w, const uint8_t *bytes, size_t len)
{
	json_t *out = json_object(), *sessions = json_array(), *part;
	struct cr_claim_item item;
	struct cr_claim claim;

	json_object_set_new(out, "source",
			    json_string("generated: build/tests/test_claim_vectors generate"));
	json_object_set_new(out, "licence", json_string("MIT"));
	put(out, "market", w->market.public_key, CR_PUBLIC_BYTES);
	put(out, "relay", w->relay.public_key, CR_RELAY_BYTES);
	json_object_set_new(out, "voucher", voucher_vectors(w));
	for (int i = 0; i < SESSIONS; i++) {
		typed_item(w, &item, i);
		json_array_append_new(sessions, session_vectors(&item));
	}
	json_object_set_new(out, "sessions", sessions);
	expect_reason(cr_claim_decode(&claim, bytes, len, SESSIONS), CR_ACCEPTED);
	part = claim_vectors(&claim);
	put(part, "claim", bytes, len);
	json_object_set_new(out, "claim", part);
	return out;
}

static uint8_t *typed_claim(const struct world *w, size_t *len)
{
	struct cr_claim_item items[SESSIONS];
	uint8_t *bytes;

	for (int i = 0; i < SESSIONS; i++)
		typed_item(w, &items[i], i);
	expect_reason(cr_claim_build(&bytes, len, items, SESSIONS, &w->terms,
				     w->relay.secret, NULL), CR_ACCEPTED);
	return bytes;
}

static void test_json_is_what_we_compute(void **state)
{
	json_t *have = vectors_load(FILE_NAME), *want;
	char *have_text, *want_text;
	struct world w;
	uint8_t *bytes;
	size_t len;

	(void)state;
	typed_world(&w);
	bytes = vectors_bytes(vectors_str(vectors_get(have, "claim"), "claim"), &len);
	want = all_vectors(&w, bytes, len);
	have_text = json_dumps(have, JSON_SORT_KEYS | JSON_INDENT(1));
	want_text = json_dumps(want, JSON_SORT_KEYS | JSON_INDENT(1));
	assert_string_equal(have_text, want_text);
	free(have_text);
	free(want_text);
	free(bytes);
	json_decref(want);
	json_decref(have);
}

static void test_claim_verifies(void **state)
{
	json_t *have = vectors_load(FILE_NAME);
	uint8_t *bytes, *again;
	struct cr_claim claim;
	size_t len, len_again, head;
	struct world w;

	(void)state;
	typed_world(&w);
	bytes = vectors_bytes(vectors_str(vectors_get(have, "claim"), "claim"), &len);
	expect_reason(cr_claim_verify(bytes, len, &w.terms, NULL), CR_ACCEPTED);
	/* a new claim of the same receipts differs in proofs and signature only */
	again = typed_claim(&w, &len_again);
	assert_int_equal(len, len_again);
	expect_reason(cr_claim_decode(&claim, bytes, len, SESSIONS), CR_ACCEPTED);
	head = (size_t)(claim.proofs - bytes);
	assert_memory_equal(bytes, again, head);
	assert_memory_not_equal(bytes + head, again + head, 32);
	free(again);
	free(bytes);
	json_decref(have);
}

static char *document(void)
{
	FILE *f = fopen(DOCUMENT, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	if (!f)
		fail_msg("%s is not there: run from the top of the source tree", DOCUMENT);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

/* The document wraps long hex after 64 digits; take all white space out of it. */
static void squeeze(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != ' ' && *text != '\n')
			*to++ = *text;
	}
	*to = 0;
}

static void test_document_shows_them(void **state)
{
	static const struct {
		const char *part, *name;
	} shown[] = {
		{ "voucher", "voprf_secret" }, { "voucher", "voucher_key" },
		{ "voucher", "voucher_key_id" }, { "voucher", "blind" },
		{ "voucher", "blinded" }, { "voucher", "evaluated" },
		{ "voucher", "voucher" }, { "voucher", "spend" },
		{ "session", "certificate" }, { "session", "blinding" },
		{ "session", "commitment" }, { "session", "receipt" },
		{ "session", "wire" }, { "claim", "opening" },
		{ "claim", "challenge_after_binding" }, { "claim", "signed_message" },
	};
	json_t *root = vectors_load(FILE_NAME);
	json_t *session = json_array_get(vectors_get(root, "sessions"), 0);
	char *text = document();

	(void)state;
	squeeze(text);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		json_t *part = strcmp(shown[i].part, "session") == 0 ? session :
			       vectors_get(root, shown[i].part);

		if (!strstr(text, vectors_str(part, shown[i].name)))
			fail_msg("%s does not show %s.%s", DOCUMENT, shown[i].part,
				 shown[i].name);
	}
	free(text);
	json_decref(root);
}

/* Numbers and kinds that the document states. */
static void test_document_states_sizes(void **state)
{
	const struct {
		const char *what;
		size_t size;
	} sizes[] = {
		{ "voucher key", CR_VOUCHER_KEY_BYTES }, { "pending", CR_PENDING_BYTES },
		{ "voucher", CR_VOUCHER_BYTES }, { "request", CR_REQUEST_BYTES },
		{ "spend", CR_SPEND_BYTES }, { "certificate", CR_CERTIFICATE_BYTES },
		{ "compact certificate", CR_CERTIFICATE_COMPACT },
		{ "receipt", CR_RECEIPT_BYTES }, { "receipt on the wire", CR_RECEIPT_WIRE },
		{ "claim head", CR_CLAIM_HEAD_BYTES }, { "claim entry", CR_CLAIM_ENTRY_BYTES },
	};
	char *text = document(), line[100];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		snprintf(line, sizeof(line), "| %s | %zu |", sizes[i].what, sizes[i].size);
		if (!strstr(text, line))
			fail_msg("%s has no row \"%s\"", DOCUMENT, line);
	}
	for (int r = 0; r < CR_REASONS; r++) {
		snprintf(line, sizeof(line), "| %d | `%s` |", r, cr_reason_name(r));
		if (!strstr(text, line))
			fail_msg("%s has no row \"%s\"", DOCUMENT, line);
	}
	free(text);
}

static int generate(void)
{
	struct world w;
	uint8_t *bytes;
	json_t *out;
	size_t len;
	int err;

	typed_world(&w);
	bytes = typed_claim(&w, &len);
	out = all_vectors(&w, bytes, len);
	err = json_dumpf(out, stdout, JSON_INDENT(1));
	puts("");
	json_decref(out);
	free(bytes);
	return err;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_is_what_we_compute),
		cmocka_unit_test(test_claim_verifies),
		cmocka_unit_test(test_document_shows_them),
		cmocka_unit_test(test_document_states_sizes),
	};

	if (cr_proof_init())
		return 1;
	if (argc > 1 && strcmp(argv[1], "generate") == 0)
		return generate();
	return cmocka_run_group_tests_name("claim_vectors", tests, NULL, NULL);
}
