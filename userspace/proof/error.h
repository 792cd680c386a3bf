/* SPDX-License-Identifier: MIT */
/*
 * Why a proof, a parse or a computation of the proof library failed.
 *
 * Functions that can fail for more than one reason return 0 or one of these
 * (all positive, so `if (err)` reads naturally). Codes are part of no wire
 * format and may be renumbered.
 */
#ifndef CR_PROOF_ERROR_H
#define CR_PROOF_ERROR_H

enum cr_err {
	CR_OK = 0,
	CR_ERR_NOMEM,		/* allocation failed */
	CR_ERR_INIT,		/* libsodium or a self-check refused to start */
	CR_ERR_LENGTH,		/* a length no valid object has */
	CR_ERR_LIMIT,		/* a count beyond the declared limit */
	CR_ERR_BITS,		/* bit size is not 8, 16, 32 or 64 */
	CR_ERR_COUNT,		/* number of values is not a power of two in range */
	CR_ERR_RANGE,		/* value does not fit the bit size */
	CR_ERR_SCALAR,		/* scalar not below the group order */
	CR_ERR_POINT,		/* bytes are no canonical ristretto255 encoding */
	CR_ERR_IDENTITY,	/* identity where it is not allowed */
	CR_ERR_CHALLENGE,	/* a transcript challenge came out zero */
	CR_ERR_REJECTED,	/* well-formed, but does not verify */
	CR_ERR_FAULT,		/* own proof failed its check: do not send it */
	CR_ERR_MAX
};

/**
 * cr_err_text() - one lower-case clause for a message to a person
 * @err: code of enum cr_err
 *
 * Return: static text, never NULL, also for unknown codes.
 */
const char *cr_err_text(int err);

#endif /* CR_PROOF_ERROR_H */
