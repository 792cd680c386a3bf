/* SPDX-License-Identifier: MIT */
/* What the parts of the audit share. */
#ifndef MARKET_AUDIT_WORK_H
#define MARKET_AUDIT_WORK_H

#include "market/audit/audit.h"
#include "market/audit/pots.h"

/**
 * struct audit_work - an audit under way
 * @work: of the body
 * @out: the caller's
 * @pots: balances by the journal
 * @moves: lines of each kind
 * @matched: records that have their line, by the line's kind
 * @seen: epochs that the market saw, the last ones, newest first
 * @n_seen: how many of them
 * @certificate: the market's certificate key
 * @has_certificate: it was found
 */
struct audit_work {
	struct mkt_work work;
	struct mkt_audit *out;
	struct pots pots;
	uint64_t moves[MKT_MOVES], matched[MKT_MOVES];
	uint64_t seen[64];
	size_t n_seen;
	uint8_t certificate[CR_PUBLIC_BYTES];
	bool has_certificate;
};

/** audit_found() - report a difference */
void audit_found(struct audit_work *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** audit_hex() - first bytes of a key or hash, for messages; one of eight static texts */
const char *audit_hex(const uint8_t *bytes);

/** audit_add() - *sum += amount, reporting what does not fit */
void audit_add(struct audit_work *a, int64_t *sum, int64_t amount);

/** audit_chains() - all lines: hashes, rules, time; sums up the pots */
enum db_result audit_chains(struct db *db, struct audit_work *a);

/** audit_balances() - table balance against the pots */
enum db_result audit_balances(struct db *db, struct audit_work *a);

/**
 * audit_line() - the one line with this ref and one of two movements
 * @chain: where to look
 * @ref: hash of a record
 * @move: what it must be
 * @what: name of the record, for messages
 * @e: result
 * @there: result: there is exactly one; else it was reported
 */
enum db_result audit_line(struct db *db, struct audit_work *a, enum mkt_chain chain,
			  const uint8_t ref[CR_HASH_BYTES], enum mkt_move move, const char *what,
			  struct mkt_entry *e, bool *there);

/* Tables, each record against its line. */
enum db_result audit_keys(struct db *db, struct audit_work *a);
enum db_result audit_terms(struct db *db, struct audit_work *a);
enum db_result audit_orders(struct db *db, struct audit_work *a);
enum db_result audit_certificates(struct db *db, struct audit_work *a);
enum db_result audit_claims(struct db *db, struct audit_work *a);
enum db_result audit_refused(struct db *db, struct audit_work *a);
enum db_result audit_evidence(struct db *db, struct audit_work *a);

#endif /* MARKET_AUDIT_WORK_H */
