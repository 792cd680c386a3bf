/* SPDX-License-Identifier: MIT */
/*
 * The vector generators G_j[i], H_j[i] of the `bulletproofs` crate: chains of
 * SHAKE256("GeneratorsChain" | 'G' or 'H' | LE32(j)), 64 bytes per point.
 *
 * Made on first use (1.2 ms per party), kept for the life of the process,
 * 32 KiB per party. Safe to call from several threads.
 */
#ifndef CR_PROOF_GENERATORS_H
#define CR_PROOF_GENERATORS_H

#include "proof/group.h"

#define CR_GENERATORS_PER_PARTY	64
#define CR_GENERATORS_PARTIES	64

/**
 * cr_generators() - copy generators out, party after party
 * @g: @parties * @per_party points
 * @h: the same number
 * @parties: at most CR_GENERATORS_PARTIES
 * @per_party: at most CR_GENERATORS_PER_PARTY, the first of each chain
 *
 * Return: 0, CR_ERR_LIMIT or CR_ERR_NOMEM.
 */
CR_MUST_CHECK int cr_generators(struct cr_point *g, struct cr_point *h,
				size_t parties, size_t per_party);

/**
 * cr_generators_chain() - compute one chain from the start, bypassing the cache
 * @out: @count points
 * @kind: 'G' or 'H'
 * @party: index j
 * @count: any number
 */
void cr_generators_chain(struct cr_point *out, char kind, uint32_t party,
			 size_t count);

#endif /* CR_PROOF_GENERATORS_H */
