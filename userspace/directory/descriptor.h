/* SPDX-License-Identifier: MIT */
/*
 * Relay descriptors: what a relay says of itself, signed by its identity and
 * vouched for by its operator (docs/directory.md). Nothing in it is believed
 * that can be measured or looked up: capacity is only declared, and country and
 * network are not in it at all.
 */
#ifndef CR_DIRECTORY_DESCRIPTOR_H
#define CR_DIRECTORY_DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>

#include "directory/address.h"
#include "directory/policy.h"
#include "directory/verdict.h"
#include "proof/certificate.h"
#include "proof/sign.h"

#define CR_ONION_KEY_BYTES	32
#define CR_ONION_KEYS_MAX	2
#define CR_ADDRESSES_MAX	4
#define CR_FAMILY_MAX		8
#define CR_SOFTWARE_MAX		32

/* A relay with no role is a middle relay, which all relays are. */
#define CR_ROLE_ENTRY		(1U << 0)	/* takes clients: may be chosen as guard */
#define CR_ROLE_EXIT		(1U << 1)	/* carries traffic out, by its policy */
#define CR_ROLE_NAT		(1U << 2)	/* reached only over links that it keeps open */
#define CR_ROLES		(CR_ROLE_ENTRY | CR_ROLE_EXIT | CR_ROLE_NAT)

#define CR_SUITE_CHACHA		(1U << 0)	/* cipher suite 1; every relay has it */
#define CR_SUITE_AESGCM		(1U << 1)	/* cipher suite 2 */
#define CR_SUITES		(CR_SUITE_CHACHA | CR_SUITE_AESGCM)

/* Bytes per second (8.8 Tbit/s); sums over all relays of a snapshot stay below 2^63. */
#define CR_CAPACITY_MAX		(1ULL << 40)

/* Seconds. */
#define CR_DESCRIPTOR_LIFE_MAX	(14 * 86400)
#define CR_ONION_KEY_LIFE_MAX	(28 * 86400)

#define CR_ONION_ENTRY_BYTES	(CR_ONION_KEY_BYTES + 8 + 8)
#define CR_OPERATOR_MESSAGE	(CR_KIND_BYTES + CR_LEDGER_BYTES + CR_PUBLIC_BYTES)
/* Everything with a fixed size, the counts included, and both signatures. */
#define CR_DESCRIPTOR_FIXED	(CR_KIND_BYTES + 2 + CR_LEDGER_BYTES + CR_PUBLIC_BYTES + 3 * 8 + 2 + \
				 3 + 2 * 8 + CR_PUBLIC_BYTES + 2 + 2 * CR_SIGNATURE_BYTES)
#define CR_DESCRIPTOR_MIN	(CR_DESCRIPTOR_FIXED + CR_ONION_ENTRY_BYTES + CR_ADDRESS_BYTES + 1)
#define CR_DESCRIPTOR_MAX	(CR_DESCRIPTOR_FIXED + CR_ONION_KEYS_MAX * CR_ONION_ENTRY_BYTES + \
				 CR_ADDRESSES_MAX * CR_ADDRESS_BYTES + CR_RULES_MAX * CR_RULE_BYTES + \
				 CR_FAMILY_MAX * CR_PUBLIC_BYTES + CR_SOFTWARE_MAX)

/**
 * struct cr_onion_key - an X25519 key and when handshakes may use it
 * @public_key: canonical, not of small order
 * @from: first second
 * @until: first second when it is no longer used
 */
struct cr_onion_key {
	uint8_t public_key[CR_ONION_KEY_BYTES];
	uint64_t from, until;
};

/**
 * struct cr_descriptor - what a relay says of itself
 * @ledger: the network it belongs to
 * @identity: Ed25519 key
 * @serial: 1 or more, larger than in every earlier one of this relay
 * @from: valid from this second
 * @until: to before this one, at most CR_DESCRIPTOR_LIFE_MAX later
 * @roles: CR_ROLE_*
 * @suites: CR_SUITE_*
 * @onion_count: 1, or 2 while keys rotate
 * @onion: by time; without a gap from @from to @until
 * @address_count: 1 to CR_ADDRESSES_MAX
 * @address: strictly ascending; the first of a family is where to send
 * @rule_count: 0 unless CR_ROLE_EXIT
 * @rule: exit policy
 * @capacity: declared, bytes per second
 * @tariff: units of money per GiB; 0: carries free circuits only
 * @operator_key: Ed25519 key of the operator: family, stake and payout
 * @family_count: how many
 * @family: other operators' keys that this one is tied to, strictly ascending;
 *	counts only where they name each other
 * @software: name and version
 * @operator_signature: @operator_key over ledger and identity
 * @signature: @identity over everything before it
 */
struct cr_descriptor {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint8_t identity[CR_PUBLIC_BYTES];
	uint64_t serial, from, until;
	uint8_t roles, suites;
	uint8_t onion_count, address_count, rule_count, family_count;
	struct cr_onion_key onion[CR_ONION_KEYS_MAX];
	struct cr_address address[CR_ADDRESSES_MAX];
	struct cr_rule rule[CR_RULES_MAX];
	uint64_t capacity, tariff;
	uint8_t operator_key[CR_PUBLIC_BYTES];
	uint8_t family[CR_FAMILY_MAX][CR_PUBLIC_BYTES];
	char software[CR_SOFTWARE_MAX + 1];
	uint8_t operator_signature[CR_SIGNATURE_BYTES];
	uint8_t signature[CR_SIGNATURE_BYTES];
};

/**
 * cr_descriptor_check() - is every field one that can be encoded?
 *
 * Signatures and the present time are not looked at.
 */
enum cr_verdict cr_descriptor_check(const struct cr_descriptor *d);

/**
 * cr_descriptor_encode() - the one encoding of @d
 * @out: room for CR_DESCRIPTOR_MAX bytes
 * @len: result
 *
 * Return: CR_DIR_OK or what cr_descriptor_check() says.
 */
enum cr_verdict cr_descriptor_encode(uint8_t *out, size_t *len, const struct cr_descriptor *d);

/**
 * cr_descriptor_read() - the descriptor at the reader's place, which moves behind it
 *
 * Takes exactly what cr_descriptor_encode() gives. Signatures are not verified.
 */
enum cr_verdict cr_descriptor_read(struct cr_descriptor *d, struct cr_reader *r);

/** cr_descriptor_decode() - the same for @len bytes that must be one descriptor and no more */
enum cr_verdict cr_descriptor_decode(struct cr_descriptor *d, const uint8_t *in, size_t len);

/** cr_operator_sign() - the operator takes a relay in: fills in @d->operator_signature */
void cr_operator_sign(struct cr_descriptor *d, const uint8_t secret[CR_SECRET_BYTES]);

/** cr_descriptor_sign() - the relay signs: everything else is filled in. Return: cr_descriptor_check() */
enum cr_verdict cr_descriptor_sign(struct cr_descriptor *d, const uint8_t secret[CR_SECRET_BYTES]);

/**
 * cr_descriptor_verify() - both signatures
 *
 * Return: CR_DIR_OK, CR_DIR_KEY, CR_DIR_SIGNATURE or CR_DIR_OPERATOR.
 */
enum cr_verdict cr_descriptor_verify(const struct cr_descriptor *d);

/** cr_descriptor_public() - CR_DIR_OK, or CR_DIR_PRIVATE when an address is not a public host's */
enum cr_verdict cr_descriptor_public(const struct cr_descriptor *d);

/** cr_descriptor_onion() - key for handshakes at @now: the newest that is valid; NULL when none is */
const struct cr_onion_key *cr_descriptor_onion(const struct cr_descriptor *d, uint64_t now);

/**
 * cr_descriptor_conflict() - evidence: one identity, one serial number, two contents
 *
 * Both are verified here; whoever sees true can show the two to anybody.
 */
bool cr_descriptor_conflict(const struct cr_descriptor *a, const struct cr_descriptor *b);

/** cr_onion_key_usable() - canonical and not of small order */
bool cr_onion_key_usable(const uint8_t key[CR_ONION_KEY_BYTES]);

#endif /* CR_DIRECTORY_DESCRIPTOR_H */
