/* SPDX-License-Identifier: MIT */
/*
 * JSON in and out of relayproof, and what its commands share.
 *
 * Readers return false after they have said on stderr what is wrong with
 * which member. Everything jansson allocates is wiped when freed, because
 * input may hold secrets.
 */
#ifndef RELAYPROOF_IO_H
#define RELAYPROOF_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "proof/claim.h"
#include "proof/group.h"
#include "proof/reason.h"

/* Exit statuses, relayproof(1). */
enum {
	STATUS_OK = 0,		/* done, or valid */
	STATUS_INVALID = 1,	/* well-formed, but does not hold */
	STATUS_MALFORMED = 2,	/* input or usage that cannot be understood */
	STATUS_FAILED = 3,	/* memory, output, or a fault of this machine */
};

/* Standard input beyond this is refused: a claim of some 140 000 sessions. */
#define INPUT_MAX	(64u << 20)

/**
 * struct options - what the command line may say
 * @label: transcript label, or NULL
 * @bits: bit size, 0 if not given
 * @sessions: for bench, 0 if not given
 */
struct options {
	const char *label;
	unsigned int bits;
	size_t sessions;
};

/** complain() - one line on stderr, with the program's name; returns @status */
int complain(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** io_init() - before the first use of jansson */
void io_init(void);

/** io_read() - all of standard input as JSON; NULL after a message, with *@status set */
json_t *io_read(int *status);

/** io_write() - one line of JSON, frees @out; returns @status or STATUS_FAILED */
int io_write(json_t *out, int status);

/* Members of objects; @object may be anything, it is checked. */
bool io_hex(const json_t *object, const char *key, uint8_t *out, size_t len);
bool io_u64(const json_t *object, const char *key, uint64_t *out);
bool io_scalar(const json_t *object, const char *key, struct cr_scalar *out);
/** io_array() - member that is an array of at least @min and at most @max; NULL after a message */
json_t *io_array(const json_t *object, const char *key, size_t min, size_t max);
/** io_object() - member that is an object; NULL after a message */
json_t *io_object(const json_t *object, const char *key);
/** io_bytes() - hex of any length up to @max; free() the result; NULL after a message */
uint8_t *io_bytes(const json_t *object, const char *key, size_t max, size_t *len);

/* The same for elements of arrays; @what and @i name them in messages. */
bool io_item_hex(const json_t *item, const char *what, size_t i, uint8_t *out, size_t len);
bool io_item_u64(const json_t *item, const char *what, size_t i, uint64_t *out);

/** io_put_hex() - set a member to hex */
void io_put_hex(json_t *object, const char *key, const void *bytes, size_t len);
/** io_put_u64() - set a member to a decimal string */
void io_put_u64(json_t *object, const char *key, uint64_t value);
/** io_new_hex() - a JSON string of hex */
json_t *io_new_hex(const void *bytes, size_t len);

/** io_scope() - members ledger, epoch, relay */
bool io_scope(const json_t *object, struct cr_scope *scope);
void io_put_scope(json_t *object, const struct cr_scope *scope);

/** io_terms() - member "terms": ledger, epoch, relay, tariff, payout, market */
bool io_terms(const json_t *object, struct cr_claim_terms *terms);

/** io_certificate() - member "certificate", parsed */
bool io_certificate(const json_t *object, struct cr_certificate *cert);

/** io_secret_key() - member @key, a 32-byte seed, expanded; @secret is secret memory */
bool io_secret_key(const json_t *object, const char *key,
		   uint8_t public_key[CR_PUBLIC_BYTES],
		   uint8_t secret[CR_SECRET_BYTES]);

/** io_verdict() - {"valid":…,"reason":…}, and the status that goes with it */
json_t *io_verdict(enum cr_reason reason, int *status);

/** secret_new() - zeroed, aligned sodium_malloc() memory, or NULL after a message */
void *secret_new(size_t size);

/** refuse() - message for a reason, and the exit status */
int refuse(enum cr_reason reason, const char *what);

/** progress_terminal() - reporter that draws on stderr if that is a terminal, else NULL */
const struct cr_progress *progress_terminal(const char *what);
/** progress_done() - wipe the line */
void progress_done(void);

/* The commands, on parsed input; NULL for those that take none. Each returns its exit status. */
typedef int command_fn(const struct options *opt, const json_t *in);
command_fn cmd_prove, cmd_verify, cmd_commit, cmd_key;
command_fn cmd_voucher_key, cmd_voucher_ask, cmd_voucher_issue;
command_fn cmd_voucher_receive, cmd_voucher_spend, cmd_voucher_certify;
command_fn cmd_certificate_check;
command_fn cmd_receipt_sign, cmd_receipt_check, cmd_receipt_show;
command_fn cmd_claim_build, cmd_claim_verify, cmd_claim_show;
command_fn cmd_bench, cmd_selftest;

#endif /* RELAYPROOF_IO_H */
