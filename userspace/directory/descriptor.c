// SPDX-License-Identifier: MIT
#include <string.h>

#include "directory/descriptor.h"

/* Where LE16 of the whole length stands. */
#define LENGTH_AT	CR_KIND_BYTES

/* Curve and twist: the canonical u whose points have an order that divides 8. */
static const uint8_t small_order_u[][CR_ONION_KEY_BYTES] = {
	{ 0 },
	{ 1 },
	{
		0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
	}, {
		0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
		0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
	}, {	/* p - 1 */
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	},
};

/* A table, not a multiplication: a snapshot holds 200 000 of these keys. */
bool cr_onion_key_usable(const uint8_t key[CR_ONION_KEY_BYTES])
{
	size_t i;

	/* p = 2^255 - 19 and above are second encodings */
	if (key[31] & 0x80)
		return false;
	for (i = 31; i && key[i] == (i == 31 ? 0x7f : 0xff); i--)
		;
	if (!i && key[0] >= 0xed)
		return false;
	for (i = 0; i < sizeof(small_order_u) / sizeof(small_order_u[0]); i++) {
		if (memcmp(key, small_order_u[i], CR_ONION_KEY_BYTES) == 0)
			return false;
	}
	return true;
}

static enum cr_verdict check_onion(const struct cr_descriptor *d)
{
	const struct cr_onion_key *k = d->onion;

	if (d->onion_count < 1 || d->onion_count > CR_ONION_KEYS_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->onion_count; i++) {
		if (k[i].until > CR_TIME_MAX || k[i].from >= k[i].until ||
		    k[i].until - k[i].from > CR_ONION_KEY_LIFE_MAX)
			return CR_DIR_TIME;
		if (!cr_onion_key_usable(k[i].public_key))
			return CR_DIR_ONION_KEY;
	}
	if (d->onion_count == 2) {
		if (k[0].from >= k[1].from || k[0].until >= k[1].until)
			return CR_DIR_ORDER;
		if (k[1].from > k[0].until ||
		    memcmp(k[0].public_key, k[1].public_key, CR_ONION_KEY_BYTES) == 0)
			return CR_DIR_ONION_KEY;
	}
	if (k[0].from > d->from || k[d->onion_count - 1].until < d->until)
		return CR_DIR_ONION_KEY;
	return CR_DIR_OK;
}

static enum cr_verdict check_addresses(const struct cr_descriptor *d)
{
	if (d->address_count < 1 || d->address_count > CR_ADDRESSES_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->address_count; i++) {
		uint8_t bytes[CR_ADDRESS_BYTES];
		struct cr_reader r = { bytes, sizeof(bytes), false };
		struct cr_address again;

		cr_address_put(bytes, &d->address[i]);
		if (cr_address_read(&again, &r) != CR_DIR_OK)
			return CR_DIR_ADDRESS;
		if (i && cr_address_compare(&d->address[i - 1], &d->address[i]) >= 0)
			return CR_DIR_ORDER;
	}
	return CR_DIR_OK;
}

static enum cr_verdict check_policy(const struct cr_descriptor *d)
{
	if (d->rule_count > CR_RULES_MAX)
		return CR_DIR_LIMIT;
	if (!(d->roles & CR_ROLE_EXIT) && d->rule_count)
		return CR_DIR_POLICY;
	for (unsigned int i = 0; i < d->rule_count; i++) {
		uint8_t bytes[CR_RULE_BYTES];
		struct cr_reader r = { bytes, sizeof(bytes), false };
		struct cr_rule again;

		cr_rule_put(bytes, &d->rule[i]);
		if (cr_rule_read(&again, &r) != CR_DIR_OK)
			return CR_DIR_POLICY;
	}
	return CR_DIR_OK;
}

static enum cr_verdict check_family(const struct cr_descriptor *d)
{
	if (d->family_count > CR_FAMILY_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->family_count; i++) {
		if (!cr_key_usable(d->family[i]) ||
		    memcmp(d->family[i], d->operator_key, CR_PUBLIC_BYTES) == 0)
			return CR_DIR_KEY;
		if (i && memcmp(d->family[i - 1], d->family[i], CR_PUBLIC_BYTES) >= 0)
			return CR_DIR_ORDER;
	}
	return CR_DIR_OK;
}

static enum cr_verdict check_software(const struct cr_descriptor *d)
{
	size_t len = strnlen(d->software, sizeof(d->software));

	if (!len || len > CR_SOFTWARE_MAX)
		return CR_DIR_SOFTWARE;
	/* printable, and nothing that a terminal, a shell or JSON takes for its own */
	if (strspn(d->software, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .+-_~/") != len)
		return CR_DIR_SOFTWARE;
	return CR_DIR_OK;
}

enum cr_verdict cr_descriptor_check(const struct cr_descriptor *d)
{
	enum cr_verdict v;

	if (!cr_key_usable(d->identity) || !cr_key_usable(d->operator_key))
		return CR_DIR_KEY;
	if (!d->serial || d->capacity > CR_CAPACITY_MAX || d->tariff > CR_MONEY_MAX)
		return CR_DIR_NUMBER;
	if (d->until > CR_TIME_MAX || d->from >= d->until || d->until - d->from > CR_DESCRIPTOR_LIFE_MAX)
		return CR_DIR_TIME;
	if ((d->roles & ~CR_ROLES) || (d->suites & ~CR_SUITES) || !(d->suites & CR_SUITE_CHACHA))
		return CR_DIR_ROLE;
	/* clients cannot reach what is behind NAT */
	if ((d->roles & CR_ROLE_NAT) && (d->roles & CR_ROLE_ENTRY))
		return CR_DIR_ROLE;
	v = check_onion(d);
	v = v ? v : check_addresses(d);
	v = v ? v : check_policy(d);
	v = v ? v : check_family(d);
	return v ? v : check_software(d);
}

/* Everything but the relay's own signature; checked before. */
static uint8_t *put_signed(uint8_t *out, const struct cr_descriptor *d)
{
	size_t ns = strlen(d->software);
	uint8_t *p = cr_put_kind(out, CR_KIND_DESCRIPTOR);

	p = cr_put_le16(p, 0);
	p = cr_put(p, d->ledger, CR_LEDGER_BYTES);
	p = cr_put(p, d->identity, CR_PUBLIC_BYTES);
	p = cr_put_le64(p, d->serial);
	p = cr_put_le64(p, d->from);
	p = cr_put_le64(p, d->until);
	p = cr_put_u8(p, d->roles);
	p = cr_put_u8(p, d->suites);
	p = cr_put_u8(p, d->onion_count);
	for (unsigned int i = 0; i < d->onion_count; i++) {
		p = cr_put(p, d->onion[i].public_key, CR_ONION_KEY_BYTES);
		p = cr_put_le64(p, d->onion[i].from);
		p = cr_put_le64(p, d->onion[i].until);
	}
	p = cr_put_u8(p, d->address_count);
	for (unsigned int i = 0; i < d->address_count; i++)
		p = cr_address_put(p, &d->address[i]);
	p = cr_put_u8(p, d->rule_count);
	for (unsigned int i = 0; i < d->rule_count; i++)
		p = cr_rule_put(p, &d->rule[i]);
	p = cr_put_le64(p, d->capacity);
	p = cr_put_le64(p, d->tariff);
	p = cr_put(p, d->operator_key, CR_PUBLIC_BYTES);
	p = cr_put_u8(p, d->family_count);
	for (unsigned int i = 0; i < d->family_count; i++)
		p = cr_put(p, d->family[i], CR_PUBLIC_BYTES);
	p = cr_put_u8(p, (uint8_t)ns);
	p = cr_put(p, d->software, ns);
	p = cr_put(p, d->operator_signature, CR_SIGNATURE_BYTES);
	cr_put_le16(out + LENGTH_AT, (uint16_t)(p + CR_SIGNATURE_BYTES - out));
	return p;
}

enum cr_verdict cr_descriptor_encode(uint8_t *out, size_t *len, const struct cr_descriptor *d)
{
	enum cr_verdict v = cr_descriptor_check(d);

	if (v == CR_DIR_OK)
		*len = (size_t)(cr_put(put_signed(out, d), d->signature, CR_SIGNATURE_BYTES) - out);
	return v;
}

/* The lists, whose counts are compared with their limits before anything is read. */
static enum cr_verdict read_lists(struct cr_descriptor *d, struct cr_reader *r)
{
	enum cr_verdict v = CR_DIR_OK;
	uint8_t ns;

	d->onion_count = cr_read_u8(r);
	if (d->onion_count > CR_ONION_KEYS_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->onion_count; i++) {
		cr_read(r, d->onion[i].public_key, CR_ONION_KEY_BYTES);
		d->onion[i].from = cr_read_le64(r);
		d->onion[i].until = cr_read_le64(r);
	}
	d->address_count = cr_read_u8(r);
	if (d->address_count > CR_ADDRESSES_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->address_count && !v; i++)
		v = cr_address_read(&d->address[i], r);
	d->rule_count = v ? 0 : cr_read_u8(r);
	if (d->rule_count > CR_RULES_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->rule_count && !v; i++)
		v = cr_rule_read(&d->rule[i], r);
	if (v)
		return v;
	d->capacity = cr_read_le64(r);
	d->tariff = cr_read_le64(r);
	cr_read(r, d->operator_key, CR_PUBLIC_BYTES);
	d->family_count = cr_read_u8(r);
	if (d->family_count > CR_FAMILY_MAX)
		return CR_DIR_LIMIT;
	for (unsigned int i = 0; i < d->family_count; i++)
		cr_read(r, d->family[i], CR_PUBLIC_BYTES);
	ns = cr_read_u8(r);
	if (ns > CR_SOFTWARE_MAX)
		return CR_DIR_LIMIT;
	cr_read(r, d->software, ns);
	/* a zero inside would end the string early and make two encodings of one name */
	return !r->over && strnlen(d->software, ns) != ns ? CR_DIR_SOFTWARE : CR_DIR_OK;
}

enum cr_verdict cr_descriptor_read(struct cr_descriptor *d, struct cr_reader *r)
{
	const uint8_t *start = r->at;
	const uint8_t *kind = cr_skip(r, CR_KIND_BYTES);
	enum cr_verdict v;
	uint16_t length;

	memset(d, 0, sizeof(*d));
	if (!kind)
		return CR_DIR_TRUNCATED;
	if (!cr_kind_is(kind, CR_KIND_DESCRIPTOR))
		return CR_DIR_FORMAT;
	length = cr_read_le16(r);
	cr_read(r, d->ledger, CR_LEDGER_BYTES);
	cr_read(r, d->identity, CR_PUBLIC_BYTES);
	d->serial = cr_read_le64(r);
	d->from = cr_read_le64(r);
	d->until = cr_read_le64(r);
	d->roles = cr_read_u8(r);
	d->suites = cr_read_u8(r);
	v = read_lists(d, r);
	if (r->over)
		return CR_DIR_TRUNCATED;
	if (v)
		return v;
	cr_read(r, d->operator_signature, CR_SIGNATURE_BYTES);
	cr_read(r, d->signature, CR_SIGNATURE_BYTES);
	if (r->over)
		return CR_DIR_TRUNCATED;
	if (length != r->at - start)
		return CR_DIR_TRAILING;
	return cr_descriptor_check(d);
}

enum cr_verdict cr_descriptor_decode(struct cr_descriptor *d, const uint8_t *in, size_t len)
{
	struct cr_reader r = { in, len, false };
	enum cr_verdict v = cr_descriptor_read(d, &r);

	return v == CR_DIR_OK && r.left ? CR_DIR_TRAILING : v;
}

static void operator_message(uint8_t message[CR_OPERATOR_MESSAGE], const struct cr_descriptor *d)
{
	uint8_t *p = cr_put_kind(message, CR_KIND_OPERATOR);

	p = cr_put(p, d->ledger, CR_LEDGER_BYTES);
	cr_put(p, d->identity, CR_PUBLIC_BYTES);
}

void cr_operator_sign(struct cr_descriptor *d, const uint8_t secret[CR_SECRET_BYTES])
{
	uint8_t message[CR_OPERATOR_MESSAGE];

	operator_message(message, d);
	cr_sign(d->operator_signature, message, sizeof(message), secret);
}

enum cr_verdict cr_descriptor_sign(struct cr_descriptor *d, const uint8_t secret[CR_SECRET_BYTES])
{
	enum cr_verdict v = cr_descriptor_check(d);
	uint8_t bytes[CR_DESCRIPTOR_MAX];

	if (v == CR_DIR_OK)
		cr_sign(d->signature, bytes, (size_t)(put_signed(bytes, d) - bytes), secret);
	return v;
}

enum cr_verdict cr_descriptor_verify(const struct cr_descriptor *d)
{
	uint8_t bytes[CR_DESCRIPTOR_MAX], message[CR_OPERATOR_MESSAGE];
	enum cr_verdict v = cr_descriptor_check(d);

	if (v)
		return v;
	if (cr_verify(d->signature, bytes, (size_t)(put_signed(bytes, d) - bytes), d->identity))
		return CR_DIR_SIGNATURE;
	operator_message(message, d);
	if (cr_verify(d->operator_signature, message, sizeof(message), d->operator_key))
		return CR_DIR_OPERATOR;
	return CR_DIR_OK;
}

enum cr_verdict cr_descriptor_public(const struct cr_descriptor *d)
{
	for (unsigned int i = 0; i < d->address_count; i++) {
		if (cr_bogon_of(d->address[i].family, d->address[i].ip) != CR_BOGON_NONE)
			return CR_DIR_PRIVATE;
	}
	return CR_DIR_OK;
}

const struct cr_onion_key *cr_descriptor_onion(const struct cr_descriptor *d, uint64_t now)
{
	for (unsigned int i = d->onion_count; i; i--) {
		const struct cr_onion_key *k = &d->onion[i - 1];

		if (k->from <= now && now < k->until)
			return k;
	}
	return NULL;
}

bool cr_descriptor_conflict(const struct cr_descriptor *a, const struct cr_descriptor *b)
{
	uint8_t x[CR_DESCRIPTOR_MAX], y[CR_DESCRIPTOR_MAX];
	size_t nx, ny;

	if (memcmp(a->identity, b->identity, CR_PUBLIC_BYTES) != 0 ||
	    memcmp(a->ledger, b->ledger, CR_LEDGER_BYTES) != 0 || a->serial != b->serial)
		return false;
	if (cr_descriptor_verify(a) || cr_descriptor_verify(b))
		return false;
	/* what the relay signed; signatures may differ without anybody's fault */
	nx = (size_t)(put_signed(x, a) - x);
	ny = (size_t)(put_signed(y, b) - y);
	return nx != ny || memcmp(x, y, nx) != 0;
}
