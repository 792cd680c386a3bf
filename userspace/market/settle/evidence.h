/* SPDX-License-Identifier: MIT */
/*
 * Evidence that costs stake: one key, one serial number, two contents. Nothing
 * but the two signed objects is needed to see it, so anybody can check it,
 * and no crash, restored backup or wrong clock of an honest signer makes it,
 * because numbers are durable before they are used (directory/serial.h).
 */
#ifndef MARKET_SETTLE_EVIDENCE_H
#define MARKET_SETTLE_EVIDENCE_H

#include "directory/descriptor.h"
#include "directory/snapshot.h"
#include "market/books/market.h"

/** enum mkt_evidence_kind - the rule that was broken; numbers are in the database */
enum mkt_evidence_kind {
	/* Two descriptors of a relay. Burns the stake of the operators that they name. */
	MKT_TWO_DESCRIPTORS = 1,
	/* Two snapshots of a number, each as MKT_SNAPSHOT_WORD. Burns the stake of the authority. */
	MKT_TWO_SNAPSHOTS = 2,
};

/* Authority's key, what it signed (cr_snapshot_message()), its signature. */
#define MKT_SNAPSHOT_WORD	(CR_PUBLIC_BYTES + CR_SNAPSHOT_MESSAGE + CR_SIGNATURE_BYTES)
#define MKT_SERIAL_BYTES	8

/**
 * struct mkt_finding - what two objects show
 * @kind: which rule
 * @signer: who broke it
 * @serial: under which number, little-endian
 * @punished: whose stake burns
 * @n: how many: 1, or 2 where the descriptors name different operators
 */
struct mkt_finding {
	enum mkt_evidence_kind kind;
	uint8_t signer[CR_PUBLIC_BYTES];
	uint8_t serial[MKT_SERIAL_BYTES];
	uint8_t punished[2][CR_PUBLIC_BYTES];
	size_t n;
};

/** mkt_evidence_check() - does it show anything? Needs nothing but the ledger's id. MKT_OK, MKT_FORMAT, MKT_EVIDENCE */
enum mkt_verdict mkt_evidence_check(struct mkt_finding *finding, enum mkt_evidence_kind kind,
				    const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
				    const uint8_t ledger[CR_LEDGER_BYTES]);

/**
 * mkt_slash() - burn all stake of those whom the evidence shows, what is unbonding included
 * @burned: result: how much; 0 too when this evidence, or other evidence of the same number, was used before
 *
 * Return: MKT_OK, what mkt_evidence_check() says, and what the books say.
 */
enum mkt_verdict mkt_slash(struct market *m, enum mkt_evidence_kind kind, const uint8_t *a, size_t a_len,
			   const uint8_t *b, size_t b_len, int64_t *burned);

/** mkt_evidence_ref() - what the journal says of it */
void mkt_evidence_ref(uint8_t ref[CR_HASH_BYTES], const struct mkt_finding *finding,
		      const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

#endif /* MARKET_SETTLE_EVIDENCE_H */
