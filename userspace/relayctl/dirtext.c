// SPDX-License-Identifier: MIT
#include "dirtext.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "directory/durable.h"
#include "fmt.h"
#include "json.h"

const char *dir_time(char buf[DIR_TIME_TEXT], uint64_t seconds)
{
	time_t t = (time_t)(seconds < CR_TIME_MAX ? seconds : CR_TIME_MAX);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year > 8099 ||
	    !strftime(buf, DIR_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, DIR_TIME_TEXT, "%" PRIu64, seconds);
	return buf;
}

const char *dir_path(char buf[PATH_MAX], const char *name)
{
	if (opt.dirfd == AT_FDCWD || name[0] == '/')
		snprintf(buf, PATH_MAX, "%s", name);
	else
		snprintf(buf, PATH_MAX, "/proc/self/fd/%d/%s", opt.dirfd, name);
	return buf;
}

uint8_t *dir_read(const char *name, size_t max, size_t *len)
{
	char path[PATH_MAX];
	uint8_t *bytes = cr_file_read(dir_path(path, name), max, len);

	if (!bytes)
		err("%s: cannot read it: %s", name,
		    errno == EFBIG ? "it is longer than any such file" :
		    errno == EINVAL ? "it is not a regular file" : strerror(errno));
	return bytes;
}

enum rc dir_write(const char *name, const void *bytes, size_t len)
{
	char path[PATH_MAX];

	if (!cr_durable_write(dir_path(path, name), bytes, len, 0644))
		return fail(RC_REFUSED, "%s: cannot write it: %s", name, strerror(errno));
	return RC_OK;
}

void dir_json_hex(const char *name, const uint8_t *bytes, size_t len)
{
	char hex[2 * 64 + 1];

	json_str(name, sodium_bin2hex(hex, sizeof(hex), bytes, len));
}

static void text_hex(const char *name, const uint8_t *bytes)
{
	char hex[65];

	fprintf(opt.out, "  %-12s %s\n", name, sodium_bin2hex(hex, sizeof(hex), bytes, 32));
}

static void text_time(const char *name, uint64_t from, uint64_t until)
{
	char a[DIR_TIME_TEXT], b[DIR_TIME_TEXT];

	fprintf(opt.out, "  %-12s %s to %s\n", name, dir_time(a, from), dir_time(b, until));
}

static const char *role_names(char buf[FMT_LEN], unsigned int roles)
{
	snprintf(buf, FMT_LEN, "middle%s%s%s", roles & CR_ROLE_ENTRY ? " entry" : "",
		 roles & CR_ROLE_EXIT ? " exit" : "", roles & CR_ROLE_NAT ? " nat" : "");
	return buf;
}

static void json_descriptor(const struct cr_descriptor *d)
{
	char text[CR_RULE_TEXT];

	dir_json_hex("ledger", d->ledger, sizeof(d->ledger));
	dir_json_hex("identity", d->identity, sizeof(d->identity));
	json_u64("serial", d->serial);
	json_u64("valid_from", d->from);
	json_u64("valid_until", d->until);
	json_open("roles", '[');
	if (d->roles & CR_ROLE_ENTRY)
		json_str(NULL, "entry");
	if (d->roles & CR_ROLE_EXIT)
		json_str(NULL, "exit");
	if (d->roles & CR_ROLE_NAT)
		json_str(NULL, "nat");
	json_close();
	json_open("suites", '[');
	json_str(NULL, "chacha");
	if (d->suites & CR_SUITE_AESGCM)
		json_str(NULL, "aesgcm");
	json_close();
	json_open("onion_keys", '[');
	for (unsigned int i = 0; i < d->onion_count; i++) {
		json_open(NULL, '{');
		dir_json_hex("public_key", d->onion[i].public_key, CR_ONION_KEY_BYTES);
		json_u64("valid_from", d->onion[i].from);
		json_u64("valid_until", d->onion[i].until);
		json_close();
	}
	json_close();
	json_open("addresses", '[');
	for (unsigned int i = 0; i < d->address_count; i++)
		json_str(NULL, cr_address_text(text, &d->address[i]));
	json_close();
	json_open("policy", '[');
	for (unsigned int i = 0; i < d->rule_count; i++)
		json_str(NULL, cr_rule_text(text, &d->rule[i]));
	json_close();
	json_u64("capacity", d->capacity);
	json_u64("tariff", d->tariff);
	dir_json_hex("operator", d->operator_key, sizeof(d->operator_key));
	json_open("family", '[');
	for (unsigned int i = 0; i < d->family_count; i++)
		dir_json_hex(NULL, d->family[i], CR_PUBLIC_BYTES);
	json_close();
	json_str("software", d->software);
}

void dir_print_descriptor(const struct cr_descriptor *d)
{
	enum cr_verdict v = cr_descriptor_verify(d);
	char text[CR_RULE_TEXT], rate[FMT_LEN];

	if (opt.json) {
		json_open("descriptor", '{');
		json_descriptor(d);
		json_str("verdict", cr_verdict_name(v));
		json_close();
		return;
	}
	fprintf(opt.out, "%srelay descriptor%s, serial %" PRIu64 ": %s\n", fmt_bold(), fmt_plain(),
		d->serial, cr_verdict_text(v));
	text_hex("identity", d->identity);
	text_hex("operator", d->operator_key);
	text_hex("ledger", d->ledger);
	text_time("valid", d->from, d->until);
	fprintf(opt.out, "  %-12s %s\n", "roles", role_names(text, d->roles));
	fprintf(opt.out, "  %-12s %s, declared\n", "capacity", fmt_rate(rate, d->capacity));
	fprintf(opt.out, "  %-12s %" PRIu64 " per GiB\n", "tariff", d->tariff);
	fprintf(opt.out, "  %-12s %s\n", "software", d->software);
	for (unsigned int i = 0; i < d->address_count; i++)
		fprintf(opt.out, "  %-12s %s\n", "address", cr_address_text(text, &d->address[i]));
	for (unsigned int i = 0; i < d->onion_count; i++) {
		text_hex("onion key", d->onion[i].public_key);
		text_time("", d->onion[i].from, d->onion[i].until);
	}
	for (unsigned int i = 0; i < d->family_count; i++)
		text_hex("family", d->family[i]);
	for (unsigned int i = 0; i < d->rule_count; i++)
		fprintf(opt.out, "  %-12s %s\n", "policy", cr_rule_text(text, &d->rule[i]));
}

static const struct {
	const char *name;
	uint32_t bit;
} constraints[] = {
	{ "operator", CR_DIFFER_OPERATOR }, { "family", CR_DIFFER_FAMILY },
	{ "prefix", CR_DIFFER_PREFIX }, { "as", CR_DIFFER_AS }, { "country", CR_DIFFER_COUNTRY },
};

static void json_params(const struct cr_params *p)
{
	json_open("params", '{');
	json_open("differ", '[');
	for (size_t i = 0; i < sizeof(constraints) / sizeof(constraints[0]); i++) {
		if (p->constraints & constraints[i].bit)
			json_str(NULL, constraints[i].name);
	}
	json_close();
	json_bool("allow_private", p->constraints & CR_ALLOW_PRIVATE);
	json_u64("prefix4", p->prefix4);
	json_u64("prefix6", p->prefix6);
	json_u64("hops", p->hops);
	json_u64("hops_max", p->hops_max);
	json_u64("guard_min", p->guard_min);
	json_u64("guard_max", p->guard_max);
	json_u64("base_weight", p->base_weight);
	json_u64("stake_rate", p->stake_rate);
	json_u64("fee", p->fee);
	json_u64("epoch_seconds", p->epoch_seconds);
	json_u64("claim_epochs", p->claim_epochs);
	json_u64("free_kib", p->free_kib);
	json_u64("free_rate", p->free_rate);
	json_close();
}

static void json_vouchers(const struct cr_snapshot *s)
{
	struct cr_voucher_key key;
	uint8_t id[CR_VOUCHER_ID_BYTES];

	json_open("voucher_keys", '[');
	for (unsigned int i = 0; i < s->head.voucher_count; i++) {
		cr_snapshot_voucher(&key, s, i);
		cr_voucher_key_id(id, &key);
		json_open(NULL, '{');
		dir_json_hex("id", id, sizeof(id));
		json_u64("value", key.value);
		json_u64("issue_from", key.issue_from);
		json_u64("issue_until", key.issue_until);
		json_u64("spend_until", key.spend_until);
		dir_json_hex("public_key", key.public_key, sizeof(key.public_key));
		json_close();
	}
	json_close();
}

static void json_snapshot(const struct cr_snapshot *s, bool relays)
{
	const struct cr_snapshot_head *head = &s->head;
	struct cr_reader r = cr_snapshot_relays(s);
	char text[CR_ADDRESS_TEXT];
	struct cr_entry e;

	json_open("snapshot", '{');
	dir_json_hex("ledger", head->ledger, sizeof(head->ledger));
	json_u64("number", head->number);
	dir_json_hex("hash", s->hash, sizeof(s->hash));
	json_u64("valid_from", head->from);
	json_u64("valid_until", cr_snapshot_until(head));
	json_u64("period", head->period);
	json_u64("epoch", head->epoch);
	dir_json_hex("previous", head->previous, sizeof(head->previous));
	json_params(&head->params);
	dir_json_hex("certificate_key", head->certificate_key, sizeof(head->certificate_key));
	json_open("journal", '{');
	json_u64("length", head->journal_length);
	dir_json_hex("head", head->journal_head, sizeof(head->journal_head));
	json_close();
	json_open("market", '[');
	for (unsigned int i = 0; i < head->market_count; i++)
		json_str(NULL, cr_address_text(text, &head->market[i]));
	json_close();
	json_vouchers(s);
	json_open("signed_by", '[');
	for (unsigned int i = 0; i < s->sig_count; i++)
		dir_json_hex(NULL, s->sigs + i * CR_AUTHORITY_SIG_BYTES, CR_PUBLIC_BYTES);
	json_close();
	json_u64("bytes", s->len);
	json_u64("relay_count", head->relay_count);
	if (relays) {
		json_open("relays", '[');
		while (cr_snapshot_next(&e, &r)) {
			json_open(NULL, '{');
			json_descriptor(&e.d);
			json_u64_or_null("measured", e.measured, 0);
			json_u64("stake", e.stake);
			json_u64("weight", e.weight);
			json_close();
		}
		json_close();
	}
	json_close();
}

void dir_print_snapshot(const struct cr_snapshot *s, bool relays)
{
	struct cr_reader r = cr_snapshot_relays(s);
	char text[FMT_LEN], address[CR_ADDRESS_TEXT], rate[FMT_LEN], hex[17];
	struct cr_entry e;

	if (opt.json) {
		json_snapshot(s, relays);
		return;
	}
	fprintf(opt.out, "%ssnapshot %" PRIu64 "%s: %u relays, %u signatures, %zu bytes\n", fmt_bold(),
		s->head.number, fmt_plain(), s->head.relay_count, s->sig_count, s->len);
	text_hex("hash", s->hash);
	text_hex("ledger", s->head.ledger);
	text_time("valid", s->head.from, cr_snapshot_until(&s->head));
	fprintf(opt.out, "  %-12s %" PRIu64 "\n", "epoch", s->head.epoch);
	for (unsigned int i = 0; i < s->sig_count; i++)
		text_hex("signed by", s->sigs + i * CR_AUTHORITY_SIG_BYTES);
	for (unsigned int i = 0; i < s->head.market_count; i++)
		fprintf(opt.out, "  %-12s %s\n", "market", cr_address_text(text, &s->head.market[i]));
	while (relays && cr_snapshot_next(&e, &r))
		fprintf(opt.out, "  %s  %-17s weight %-12s tariff %-8" PRIu64 " %s\n",
			sodium_bin2hex(hex, sizeof(hex), e.d.identity, 8), role_names(text, e.d.roles),
			fmt_rate(rate, e.weight), e.d.tariff,
			cr_address_text(address, &e.d.address[0]));
}
