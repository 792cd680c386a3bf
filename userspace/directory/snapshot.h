/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: the directory of one moment, signed by k of n authorities
 * (docs/directory.md). A view of bytes in memory; nothing is copied or allocated.
 */
#ifndef CR_DIRECTORY_SNAPSHOT_H
#define CR_DIRECTORY_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "directory/descriptor.h"
#include "proof/voucher.h"

#define CR_SNAPSHOT_BYTES_MAX	(256U << 20)
#define CR_SNAPSHOT_RELAYS_MAX	(1U << 17)
#define CR_AUTHORITIES_MAX	32
#define CR_MARKET_ADDRESSES_MAX	16
#define CR_PERIOD_MAX		86400
/* A snapshot is valid for this many of its periods (control/limits.h says the same). */
#define CR_SNAPSHOT_PERIODS	3u
/* How far a clock may be behind that of the authorities, seconds. */
#define CR_CLOCK_SKEW		600
/* As in kmod/core/wire.h: a file that includes both does not compile when they differ. */
#define CR_HOPS_MAX		8u

/* What relays of one path must differ in (params.constraints). */
#define CR_DIFFER_OPERATOR	(1U << 0)
#define CR_DIFFER_FAMILY	(1U << 1)
#define CR_DIFFER_PREFIX	(1U << 2)
#define CR_DIFFER_AS		(1U << 3)
#define CR_DIFFER_COUNTRY	(1U << 4)
#define CR_DIFFER		((1U << 5) - 1)
/* For test and community networks: relays may have private addresses. */
#define CR_ALLOW_PRIVATE	(1U << 16)

/**
 * struct cr_params - network parameters
 * @constraints: CR_DIFFER_*, CR_ALLOW_PRIVATE
 * @prefix4: length of the prefix in which IPv4 addresses must differ, 8 to 32 (16)
 * @prefix6: the same for IPv6, 16 to 64 (32)
 * @hops: relays of a path unless the user says otherwise, 1 to @hops_max (3)
 * @hops_max: at most CR_HOPS_MAX
 * @guard_min: seconds that a guard is kept at least
 * @guard_max: and at most
 * @base_weight: weight that every operator and prefix has for nothing, bytes/s
 * @stake_rate: bytes/s that a unit of stake stands for
 * @fee: burned part of each settlement, millionths, 1 to 1000000
 * @epoch_seconds: length of an epoch
 * @claim_epochs: epochs after its own in which a claim is taken
 * @free_kib: KiB that a free circuit may move
 * @free_rate: part of a relay's rate that free circuits may take, millionths
 */
struct cr_params {
	uint32_t constraints;
	uint8_t prefix4, prefix6, hops, hops_max;
	uint32_t guard_min, guard_max;
	uint64_t base_weight, stake_rate;
	uint32_t fee, epoch_seconds, claim_epochs, free_kib, free_rate;
};

/**
 * struct cr_snapshot_head - what stands before the relays
 * @ledger: id of the network and its ledger
 * @number: 1 or more; authorities sign one content of a number
 * @from: second from which it is valid; CR_SNAPSHOT_PERIODS * @period later it ends
 * @period: seconds between snapshots
 * @epoch: number of the epoch that @from lies in
 * @previous: hash of the snapshot before, zeros for none
 * @params: network parameters
 * @certificate_key: Ed25519 key that signs session certificates
 * @journal_length: entries in the market's journal
 * @journal_head: hash of the last
 * @market_count: how many
 * @market: addresses of market and directory, which free circuits may reach; strictly ascending
 * @voucher_count: how many
 * @relay_count: how many
 */
struct cr_snapshot_head {
	uint8_t ledger[CR_LEDGER_BYTES];
	uint64_t number, from;
	uint32_t period;
	uint64_t epoch;
	uint8_t previous[CR_HASH_BYTES];
	struct cr_params params;
	uint8_t certificate_key[CR_PUBLIC_BYTES];
	uint64_t journal_length;
	uint8_t journal_head[CR_HASH_BYTES];
	uint8_t market_count;
	struct cr_address market[CR_MARKET_ADDRESSES_MAX];
	uint16_t voucher_count;
	uint32_t relay_count;
};

/**
 * struct cr_entry - a relay in a snapshot
 * @measured: bytes/s that referees measured; 0: not measured, the declared capacity counts
 * @stake: units of money
 * @weight: what path choice goes by (weights.h)
 * @d: the descriptor
 */
struct cr_entry {
	uint64_t measured, stake, weight;
	struct cr_descriptor d;
};

#define CR_PARAMS_BYTES		(4 + 4 + 2 * 4 + 2 * 8 + 5 * 4)
#define CR_SNAPSHOT_HEAD_MAX	(CR_KIND_BYTES + 4 + CR_LEDGER_BYTES + 2 * 8 + 4 + 8 + CR_HASH_BYTES + \
				 CR_PARAMS_BYTES + CR_PUBLIC_BYTES + 8 + CR_HASH_BYTES + \
				 1 + CR_MARKET_ADDRESSES_MAX * CR_ADDRESS_BYTES + \
				 2 + CR_VOUCHER_KEYS_MAX * CR_VOUCHER_KEY_BYTES + 4)
#define CR_ENTRY_MAX		(3 * 8 + CR_DESCRIPTOR_MAX)
#define CR_AUTHORITY_SIG_BYTES	(CR_PUBLIC_BYTES + CR_SIGNATURE_BYTES)
#define CR_SIGNATURES_MAX	(1 + CR_AUTHORITIES_MAX * CR_AUTHORITY_SIG_BYTES)
#define CR_SNAPSHOT_MESSAGE	(CR_KIND_BYTES + CR_LEDGER_BYTES + 8 + CR_HASH_BYTES)

/**
 * struct cr_snapshot - a parsed snapshot; points into the caller's bytes
 * @head: all before the relays but the voucher keys
 * @body: what is signed
 * @body_len: its length
 * @hash: of @body; with the number it names this snapshot
 * @vouchers: voucher keys as they stand (cr_snapshot_voucher())
 * @relays: entries as they stand (cr_snapshot_next())
 * @relays_len: their length
 * @sig_count: signatures
 * @sigs: key and signature each
 * @len: of all
 */
struct cr_snapshot {
	struct cr_snapshot_head head;
	const uint8_t *body;
	size_t body_len;
	uint8_t hash[CR_HASH_BYTES];
	const uint8_t *vouchers;
	const uint8_t *relays;
	size_t relays_len;
	unsigned int sig_count;
	const uint8_t *sigs;
	size_t len;
};

/**
 * struct cr_trust - whose snapshots a user takes
 * @ledger: of which network
 * @k: how many authorities must have signed
 * @n: how many there are
 * @key: theirs, strictly ascending
 */
struct cr_trust {
	uint8_t ledger[CR_LEDGER_BYTES];
	unsigned int k, n;
	uint8_t key[CR_AUTHORITIES_MAX][CR_PUBLIC_BYTES];
};

/**
 * cr_snapshot_parse() - every byte is looked at, every rule of form checked
 * @s: result; valid as long as @in
 * @in: snapshot
 * @len: its length
 *
 * Signatures, time and weights are not.
 */
enum cr_verdict cr_snapshot_parse(struct cr_snapshot *s, const uint8_t *in, size_t len);

/** cr_snapshot_relays() - reader for cr_snapshot_next(), at the first relay */
struct cr_reader cr_snapshot_relays(const struct cr_snapshot *s);
/** cr_snapshot_next() - next relay; false behind the last. Identities ascend. */
bool cr_snapshot_next(struct cr_entry *entry, struct cr_reader *r);
/** cr_snapshot_voucher() - voucher key @i of s->head.voucher_count */
void cr_snapshot_voucher(struct cr_voucher_key *key, const struct cr_snapshot *s, unsigned int i);

/**
 * cr_snapshot_verify() - may it be used now?
 * @s: parsed
 * @trust: whose signatures count
 * @now: seconds since 1970
 * @signers: how many of the authorities signed; or NULL
 *
 * Signatures by others are passed over; one that an authority did not make is
 * a forgery. Descriptors are vouched for by the authorities, who verified them.
 * Return: CR_DIR_OK, _LEDGER, _SIGNATURE, _TOO_FEW, _EARLY or _STALE, in this order.
 */
enum cr_verdict cr_snapshot_verify(const struct cr_snapshot *s, const struct cr_trust *trust,
				   uint64_t now, unsigned int *signers);

/**
 * cr_snapshot_audit() - what authorities check before they sign, and anybody may repeat
 * @s: parsed
 * @relay: index of the relay that is wrong; untouched when none is
 *
 * Both signatures of each descriptor, its network, that it is valid at
 * head.from, that its addresses are allowed, and its weight.
 */
enum cr_verdict cr_snapshot_audit(const struct cr_snapshot *s, uint32_t *relay);

/** cr_snapshot_until() - first second when it is stale */
uint64_t cr_snapshot_until(const struct cr_snapshot_head *head);

/* Making one: head, voucher keys, relays with ascending identities, cr_snapshot_seal(). */

/** cr_head_check() - is every number of the head in its range? */
enum cr_verdict cr_head_check(const struct cr_snapshot_head *head);

/**
 * cr_snapshot_begin() - writes all before the relays
 * @out: room for CR_SNAPSHOT_HEAD_MAX bytes
 * @len: result
 * @head: voucher_count and relay_count included
 * @keys: head->voucher_count of them, in any order
 */
enum cr_verdict cr_snapshot_begin(uint8_t *out, size_t *len, const struct cr_snapshot_head *head,
				  const struct cr_voucher_key *keys);
/** cr_entry_encode() - one relay, to be appended; @out has room for CR_ENTRY_MAX bytes */
enum cr_verdict cr_entry_encode(uint8_t *out, size_t *len, const struct cr_entry *entry);
/** cr_snapshot_end() - all relays are there: fills in the length of the body of @len bytes
 * and appends an empty list of signatures (1 byte more)
 */
void cr_snapshot_end(uint8_t *body, size_t len);

/**
 * cr_snapshot_assemble() - all of that: sorted, weighed, encoded
 * @head: relay_count is filled in
 * @keys: head->voucher_count of them
 * @e: @n relays, each identity once; sorted, and weights filled in
 * @n: how many
 * @out: result, to be freed; with room for CR_SIGNATURES_MAX bytes behind the body
 * @len: its length, the empty list of signatures included
 *
 * Return: CR_DIR_OK; CR_DIR_MEMORY; CR_DIR_LIMIT; what is wrong with head, keys or a relay.
 */
enum cr_verdict cr_snapshot_assemble(struct cr_snapshot_head *head, const struct cr_voucher_key *keys,
				     struct cr_entry *e, size_t n, uint8_t **out, size_t *len);

/** cr_snapshot_message() - what authorities sign */
void cr_snapshot_message(uint8_t message[CR_SNAPSHOT_MESSAGE], const struct cr_snapshot *s);

/**
 * cr_snapshot_sign() - a copy of the signatures with one more
 * @sigs: result, what follows the body: room for CR_SIGNATURES_MAX bytes
 * @len: its length
 * @s: parsed
 * @secret: an authority's; one signature per key, a second replaces the first
 *
 * The caller has made sure that no other content of this number was signed
 * (serial.h). Return: CR_DIR_OK or CR_DIR_LIMIT.
 */
enum cr_verdict cr_snapshot_sign(uint8_t *sigs, size_t *len, const struct cr_snapshot *s,
				 const uint8_t secret[CR_SECRET_BYTES]);

#endif /* CR_DIRECTORY_SNAPSHOT_H */
