/* SPDX-License-Identifier: MIT */
/* Balances in memory, as the journal gives them; for the audit. */
#ifndef MARKET_AUDIT_POTS_H
#define MARKET_AUDIT_POTS_H

#include "market/books/journal.h"

/** struct pot_sum - a pot, and what went through it; @seen: a row of table balance was compared with it */
struct pot_sum {
	struct mkt_pot pot;
	__int128 sum;
	bool seen;
};

/** struct pots - hash table with open addressing */
struct pots {
	struct pot_sum *slot;
	size_t size, used;
};

/** pots_at() - the sum of a pot; made with 0 if @make. NULL: not there, or no memory */
struct pot_sum *pots_at(struct pots *p, const struct mkt_pot *pot, bool make);
void pots_free(struct pots *p);

#endif /* MARKET_AUDIT_POTS_H */
