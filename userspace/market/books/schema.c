// SPDX-License-Identifier: MIT
/*
 * What is in the books (docs/market.md). The journal is the truth; every
 * column of every other table follows from it or is held by a hash in it, and
 * relaymarket audit compares them all.
 */
#include "market/books/schema.h"

#define JOURNAL(name) \
	"CREATE TABLE " name " (" \
	" seq {int} NOT NULL PRIMARY KEY," \
	" epoch {int} NOT NULL," \
	" move {int} NOT NULL," \
	" from_kind {int} NOT NULL," \
	" from_owner {bytes} NOT NULL," \
	" from_epoch {int} NOT NULL," \
	" to_kind {int} NOT NULL," \
	" to_owner {bytes} NOT NULL," \
	" to_epoch {int} NOT NULL," \
	" amount {int} NOT NULL CHECK (amount >= 0)," \
	" ref {bytes} NOT NULL," \
	" hash {bytes} NOT NULL" \
	"){strict};" \
	"CREATE INDEX " name "_ref ON " name " (ref);"

const struct db_migration mkt_schema[] = {
	{ "journal and balances",
	  "CREATE TABLE network (id {int} NOT NULL PRIMARY KEY CHECK (id = 1), ledger {bytes} NOT NULL,"
	  " params {bytes} NOT NULL){strict};"
	  JOURNAL("journal_account")
	  JOURNAL("journal_purchase")
	  JOURNAL("journal_certificate")
	  "CREATE INDEX journal_account_move ON journal_account (move, seq);"
	  "CREATE INDEX journal_account_from ON journal_account (from_kind, from_owner);"
	  "CREATE TABLE balance (kind {int} NOT NULL, owner {bytes} NOT NULL, epoch {int} NOT NULL,"
	  " amount {int} NOT NULL CHECK (amount >= 0), PRIMARY KEY (kind, owner, epoch)){strict};"
	  "CREATE INDEX balance_due ON balance (kind, epoch) WHERE amount > 0;"
	  "CREATE TABLE account_order (account {bytes} NOT NULL, number {int} NOT NULL, body {bytes} NOT NULL,"
	  " PRIMARY KEY (account, number)){strict};" },
	{ "keys, terms, certificates",
	  "CREATE TABLE market_key (id {bytes} NOT NULL PRIMARY KEY, body {bytes} NOT NULL){strict};"
	  "CREATE TABLE relay_terms (line {int} NOT NULL PRIMARY KEY, relay {bytes} NOT NULL,"
	  " first_epoch {int} NOT NULL, tariff {int} NOT NULL, payout {bytes} NOT NULL){strict};"
	  "CREATE INDEX relay_terms_relay ON relay_terms (relay, first_epoch, line);"
	  "CREATE TABLE certificate (voucher_key {bytes} NOT NULL REFERENCES market_key (id), input {bytes} NOT NULL,"
	  " body {bytes} NOT NULL, PRIMARY KEY (voucher_key, input)){strict};" },
	{ "claims and evidence",
	  "CREATE TABLE claim (relay {bytes} NOT NULL, epoch {int} NOT NULL, body {bytes} NOT NULL,"
	  " ack {bytes} NOT NULL, PRIMARY KEY (relay, epoch)){strict};"
	  "CREATE TABLE claim_refused (relay {bytes} NOT NULL, epoch {int} NOT NULL, hash {bytes} NOT NULL,"
	  " reason {int} NOT NULL, PRIMARY KEY (relay, epoch, hash)){strict};"
	  "CREATE TABLE evidence (kind {int} NOT NULL, signer {bytes} NOT NULL, serial {bytes} NOT NULL,"
	  " first {bytes} NOT NULL, second {bytes} NOT NULL, PRIMARY KEY (kind, signer, serial)){strict};" },
};

const unsigned int mkt_schema_count = sizeof(mkt_schema) / sizeof(*mkt_schema);
