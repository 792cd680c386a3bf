/* SPDX-License-Identifier: MIT */
/*
 * The file of authorities: whose snapshots a user takes. Text, a word and its
 * value on each line, # starts a comment:
 *
 *	ledger 64-HEX-DIGITS
 *	threshold 2
 *	authority 64-HEX-DIGITS
 *	authority 64-HEX-DIGITS
 *	authority 64-HEX-DIGITS
 */
#ifndef CR_DIRECTORY_TRUST_H
#define CR_DIRECTORY_TRUST_H

#include "directory/snapshot.h"

#define CR_TRUST_FILE_MAX	8192
#define CR_TRUST_ERROR_TEXT	96

/**
 * cr_trust_parse() - read such a text
 * @trust: result, keys sorted
 * @text: @len bytes
 * @len: their number
 * @line: where the error is
 * @error: what it is, one clause, when the result is false
 */
bool cr_trust_parse(struct cr_trust *trust, const char *text, size_t len, unsigned int *line,
		    char error[CR_TRUST_ERROR_TEXT]);

#endif /* CR_DIRECTORY_TRUST_H */
