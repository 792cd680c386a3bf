// SPDX-License-Identifier: MIT
/* What people write about relays and networks, in JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "dirtext.h"

#define INPUT_MAX	(16U << 20)

/* Where messages say that an error is. */
static const char *input_file;

static bool bad(const char *name, const char *want)
{
	err("%s: \"%s\" must be %s", input_file, name, want);
	return false;
}

static json_t *load(const char *file)
{
	uint8_t *text;
	json_error_t e;
	json_t *root;
	size_t len;

	input_file = file;
	text = dir_read(file, INPUT_MAX, &len);
	if (!text)
		return NULL;
	root = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, &e);
	free(text);
	if (!root) {
		err("%s:%d:%d: %s", file, e.line, e.column, e.text);
	} else if (!json_is_object(root)) {
		err("%s: must be one JSON object", file);
		json_decref(root);
		root = NULL;
	}
	return root;
}

/* @known ends with NULL. */
static bool only(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i]) {
			err("%s: there is no member \"%s\" here", input_file, key);
			return false;
		}
	}
	return true;
}

static bool get_hex(const json_t *object, const char *name, uint8_t *out)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t len;

	return (text && strlen(text) == 64 && sodium_hex2bin(out, 32, text, 64, NULL, &len, NULL) == 0 &&
		len == 32) || bad(name, "64 hexadecimal digits");
}

/* A number that may be missing: then *@value stays. */
static bool get_number(const json_t *object, const char *name, uint64_t *value, uint64_t max)
{
	json_t *v = json_object_get(object, name);
	char want[64];

	if (!v)
		return true;
	snprintf(want, sizeof(want), "a whole number from 0 to %" PRIu64, max);
	if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max)
		return bad(name, want);
	*value = (uint64_t)json_integer_value(v);
	return true;
}

static bool need_number(const json_t *object, const char *name, uint64_t *value, uint64_t max)
{
	return json_object_get(object, name) ? get_number(object, name, value, max) :
	       bad(name, "there, a whole number");
}

#define NUMBER(object, name, field) ({ \
	uint64_t n_ = (field), m_ = (__typeof__(field))~0ULL; \
	bool ok_ = get_number(object, name, &n_, m_ < INT64_MAX ? m_ : INT64_MAX); \
	(field) = (__typeof__(field))n_; \
	ok_; })

/* A list of words that are bits. */
static bool get_bits(const json_t *object, const char *name, const char *const *words,
		     const uint32_t *bits, uint32_t *out)
{
	json_t *list = json_object_get(object, name), *v;
	size_t i;

	if (!list)
		return true;
	if (!json_is_array(list))
		return bad(name, "a list of words");
	*out = 0;
	json_array_foreach(list, i, v) {
		const char *word = json_string_value(v);
		size_t w = 0;

		while (words[w] && (!word || strcmp(words[w], word) != 0))
			w++;
		if (!words[w]) {
			err("%s: \"%s\" does not know \"%s\"", input_file, name, word ? word : "(no word)");
			return false;
		}
		*out |= bits[w];
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	return cr_address_compare(a, b);
}

static bool get_addresses(const json_t *object, const char *name, struct cr_address *out,
			  uint8_t *count, size_t max)
{
	json_t *list = json_object_get(object, name), *v;
	size_t i;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) > max)
		return bad(name, "a list of addresses, not too many");
	json_array_foreach(list, i, v) {
		if (!json_is_string(v) || !cr_address_parse(&out[i], json_string_value(v)))
			return bad(name, "a list of addresses such as \"192.0.2.1:9001\", \"[2001:db8::1]:9001\"");
	}
	*count = (uint8_t)i;
	qsort(out, i, sizeof(*out), by_address);
	return true;
}

static bool get_policy(const json_t *object, struct cr_descriptor *d)
{
	json_t *list = json_object_get(object, "policy"), *v;
	size_t i;

	if (json_is_string(list) && strcmp(json_string_value(list), "default") == 0) {
		d->rule_count = (uint8_t)cr_policy_default(d->rule);
		return true;
	}
	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) > CR_RULES_MAX)
		return bad("policy", "\"default\" or a list of at most 32 rules");
	json_array_foreach(list, i, v) {
		if (!json_is_string(v) || !cr_rule_parse(&d->rule[i], json_string_value(v)))
			return bad("policy", "a list of rules such as \"reject tcp any 25\", \"accept any 0.0.0.0/0 any\"");
	}
	d->rule_count = (uint8_t)i;
	return true;
}

static bool get_onion(const json_t *object, struct cr_descriptor *d)
{
	static const char *const known[] = { "public_key", "valid_from", "valid_until", NULL };
	json_t *list = json_object_get(object, "onion_keys"), *v;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > CR_ONION_KEYS_MAX)
		return bad("onion_keys", "a list of one or two X25519 keys");
	json_array_foreach(list, i, v) {
		if (!only(v, known) || !get_hex(v, "public_key", d->onion[i].public_key) ||
		    !need_number(v, "valid_from", &d->onion[i].from, CR_TIME_MAX) ||
		    !need_number(v, "valid_until", &d->onion[i].until, CR_TIME_MAX))
			return false;
	}
	d->onion_count = (uint8_t)i;
	return true;
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, CR_PUBLIC_BYTES);
}

static bool get_family(const json_t *object, struct cr_descriptor *d)
{
	json_t *list = json_object_get(object, "family"), *v;
	size_t i, len;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) > CR_FAMILY_MAX)
		return bad("family", "a list of at most 8 operator keys");
	json_array_foreach(list, i, v) {
		const char *text = json_string_value(v);

		if (!text || strlen(text) != 64 ||
		    sodium_hex2bin(d->family[i], 32, text, 64, NULL, &len, NULL) || len != 32)
			return bad("family", "a list of operator keys of 64 hexadecimal digits");
	}
	d->family_count = (uint8_t)i;
	qsort(d->family, i, CR_PUBLIC_BYTES, by_key);
	return true;
}

static bool take_descriptor(struct cr_descriptor *d, const json_t *root)
{
	static const char *const known[] = {
		"ledger", "roles", "suites", "onion_keys", "addresses", "policy", "capacity", "tariff",
		"family", "software", NULL,
	};
	static const char *const roles[] = { "entry", "exit", "nat", NULL };
	static const uint32_t role_bits[] = { CR_ROLE_ENTRY, CR_ROLE_EXIT, CR_ROLE_NAT };
	static const char *const suites[] = { "chacha", "aesgcm", NULL };
	static const uint32_t suite_bits[] = { CR_SUITE_CHACHA, CR_SUITE_AESGCM };
	const char *software = json_string_value(json_object_get(root, "software"));
	/* middle only, unless somebody wrote otherwise: nobody becomes an exit by accident */
	uint32_t role = 0, suite = CR_SUITE_CHACHA;

	memset(d, 0, sizeof(*d));
	if (!only(root, known) || !get_hex(root, "ledger", d->ledger) ||
	    !get_bits(root, "roles", roles, role_bits, &role) ||
	    !get_bits(root, "suites", suites, suite_bits, &suite) || !get_onion(root, d) ||
	    !get_addresses(root, "addresses", d->address, &d->address_count, CR_ADDRESSES_MAX) ||
	    !get_policy(root, d) || !need_number(root, "capacity", &d->capacity, CR_CAPACITY_MAX) ||
	    !need_number(root, "tariff", &d->tariff, CR_MONEY_MAX) || !get_family(root, d))
		return false;
	d->roles = (uint8_t)role;
	d->suites = (uint8_t)suite;
	if (!software)
		software = "cellrelay " CELLRELAY_VERSION;
	if (strlen(software) > CR_SOFTWARE_MAX)
		return bad("software", "a name of at most 32 characters");
	strcpy(d->software, software);
	return true;
}

enum rc dir_input_descriptor(struct cr_descriptor *d, const char *file)
{
	json_t *root = load(file);
	bool ok = root && take_descriptor(d, root);

	json_decref(root);
	return ok ? RC_OK : RC_USAGE;
}

static bool take_params(struct cr_params *p, const json_t *object)
{
	static const char *const known[] = {
		"differ", "allow_private", "prefix4", "prefix6", "hops", "hops_max", "guard_min", "guard_max",
		"base_weight", "stake_rate", "fee", "epoch_seconds", "claim_epochs", "free_kib", "free_rate",
		NULL,
	};
	static const char *const differ[] = { "operator", "family", "prefix", "as", "country", NULL };
	static const uint32_t bits[] = {
		CR_DIFFER_OPERATOR, CR_DIFFER_FAMILY, CR_DIFFER_PREFIX, CR_DIFFER_AS, CR_DIFFER_COUNTRY,
	};

	*p = (struct cr_params){
		.constraints = CR_DIFFER, .prefix4 = 16, .prefix6 = 32, .hops = 3, .hops_max = 8,
		.guard_min = 60 * 86400, .guard_max = 120 * 86400, .base_weight = 131072, .stake_rate = 1000,
		.fee = 20000, .epoch_seconds = 86400, .claim_epochs = 7, .free_kib = 256, .free_rate = 10000,
	};
	if (!object)
		return true;
	if (!json_is_object(object))
		return bad("params", "an object");
	if (!only(object, known) || !get_bits(object, "differ", differ, bits, &p->constraints))
		return false;
	if (json_is_true(json_object_get(object, "allow_private")))
		p->constraints |= CR_ALLOW_PRIVATE;
	return NUMBER(object, "prefix4", p->prefix4) && NUMBER(object, "prefix6", p->prefix6) &&
	       NUMBER(object, "hops", p->hops) && NUMBER(object, "hops_max", p->hops_max) &&
	       NUMBER(object, "guard_min", p->guard_min) && NUMBER(object, "guard_max", p->guard_max) &&
	       NUMBER(object, "base_weight", p->base_weight) &&
	       NUMBER(object, "stake_rate", p->stake_rate) && NUMBER(object, "fee", p->fee) &&
	       NUMBER(object, "epoch_seconds", p->epoch_seconds) &&
	       NUMBER(object, "claim_epochs", p->claim_epochs) &&
	       NUMBER(object, "free_kib", p->free_kib) && NUMBER(object, "free_rate", p->free_rate);
}

static bool take_vouchers(struct dir_network *net, const json_t *list)
{
	static const char *const known[] = {
		"id", "value", "issue_from", "issue_until", "spend_until", "public_key", NULL,
	};
	json_t *v;
	size_t i;

	if (!list)
		return true;
	if (!json_is_array(list) || json_array_size(list) > CR_VOUCHER_KEYS_MAX)
		return bad("voucher_keys", "a list of at most 256 keys");
	json_array_foreach(list, i, v) {
		struct cr_voucher_key *key = &net->keys[i];

		memcpy(key->ledger, net->head.ledger, sizeof(key->ledger));
		if (!only(v, known) || !need_number(v, "value", &key->value, CR_MONEY_MAX) ||
		    !need_number(v, "issue_from", &key->issue_from, INT64_MAX) ||
		    !need_number(v, "issue_until", &key->issue_until, INT64_MAX) ||
		    !need_number(v, "spend_until", &key->spend_until, INT64_MAX) ||
		    !get_hex(v, "public_key", key->public_key))
			return false;
	}
	net->head.voucher_count = (uint16_t)i;
	return true;
}

static bool take_network(struct dir_network *net, const json_t *root)
{
	static const char *const known[] = {
		"ledger", "period", "epoch", "params", "certificate_key", "journal", "market",
		"voucher_keys", "relays", NULL,
	};
	static const char *const in_journal[] = { "length", "head", NULL };
	const json_t *journal = json_object_get(root, "journal");
	struct cr_snapshot_head *head = &net->head;

	head->period = 600;
	if (!only(root, known) || !get_hex(root, "ledger", head->ledger) ||
	    !NUMBER(root, "period", head->period) || !NUMBER(root, "epoch", head->epoch) ||
	    !take_params(&head->params, json_object_get(root, "params")) ||
	    !get_hex(root, "certificate_key", head->certificate_key) ||
	    !get_addresses(root, "market", head->market, &head->market_count, CR_MARKET_ADDRESSES_MAX) ||
	    !take_vouchers(net, json_object_get(root, "voucher_keys")))
		return false;
	if (journal && (!only(journal, in_journal) || !NUMBER(journal, "length", head->journal_length) ||
			!get_hex(journal, "head", head->journal_head)))
		return false;
	net->ranks = json_object_get(root, "relays");
	return !net->ranks || json_is_object((json_t *)net->ranks) ||
	       bad("relays", "an object of identities");
}

enum rc dir_input_network(struct dir_network *net, const char *file)
{
	json_t *root = load(file);

	memset(net, 0, sizeof(*net));
	net->root = root;
	if (root && take_network(net, root))
		return RC_OK;
	dir_network_free(net);
	return RC_USAGE;
}

enum rc dir_network_rank(const struct dir_network *net, const uint8_t identity[CR_PUBLIC_BYTES],
			 uint64_t *measured, uint64_t *stake)
{
	static const char *const known[] = { "measured", "stake", NULL };
	char hex[2 * CR_PUBLIC_BYTES + 1];
	json_t *v;

	*measured = *stake = 0;
	sodium_bin2hex(hex, sizeof(hex), identity, CR_PUBLIC_BYTES);
	v = net->ranks ? json_object_get(net->ranks, hex) : NULL;
	if (v && (!only(v, known) || !get_number(v, "measured", measured, CR_CAPACITY_MAX) ||
		  !get_number(v, "stake", stake, CR_MONEY_MAX)))
		return RC_USAGE;
	return RC_OK;
}

void dir_network_free(struct dir_network *net)
{
	json_decref(net->root);
	net->root = net->ranks = NULL;
}
