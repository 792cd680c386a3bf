/* SPDX-License-Identifier: MIT */
/*
 * Path choice: which relays a circuit goes through. A pure function of the
 * snapshot, of what is wanted, of the guards kept so far, of the time and of a
 * seed; the same arguments give the same path.
 *
 * Order: exit, guard, then middles. The exit is drawn by weight among all that
 * fit, whatever the guards are: were it drawn to fit the guard, the exits that
 * a user is never seen at would give the guard's country away. The guard is
 * the first of the kept ones that goes with the exit; a new one is drawn, and
 * kept for months, only when none does. Price only filters: a cheap relay is
 * no likelier than a dear one.
 *
 * A guard that the user names comes first, and the exit is drawn to go with it: the user has given away what there is to give.
 * The kept ones are neither used nor changed.
 */
#ifndef CR_PATH_PATH_H
#define CR_PATH_PATH_H

#include "path/view.h"

#define CR_GUARDS_MAX	4
#define CR_SEED32	32

/* In a path: the named guard, which the view does not have. */
#define CR_PATH_NAMED	UINT32_MAX

/* A guard through which this many circuits were tried, and more than half failed, is not used (D21). */
#define CR_GUARD_TRIES	20

enum cr_place { CR_PLACE_GUARD, CR_PLACE_MIDDLE, CR_PLACE_EXIT, CR_PLACES };

/** enum cr_sieve - what keeps a relay from a place, in the order of the questions */
enum cr_sieve {
	CR_SIEVE_ROLE,		/* does not do that */
	CR_SIEVE_NAT,		/* is reached only over links that it keeps open */
	CR_SIEVE_REACH,		/* has no address that the client can send to (guard) */
	CR_SIEVE_PRICE,		/* costs more than the ceiling */
	CR_SIEVE_COUNTRY,	/* is not in the wanted country (exit), or in an unwanted one */
	CR_SIEVE_POLICY,	/* does not carry what is wanted (exit) */
	CR_SIEVE_STOCK,		/* no certificate in stock */
	CR_SIEVE_WEIGHT,	/* has no weight */
	CR_SIEVES
};

const char *cr_place_name(enum cr_place place);
/** cr_sieve_text() - clause about relays that were left out: "cost more than the ceiling" */
const char *cr_sieve_text(enum cr_sieve sieve);

/**
 * struct cr_want - what a user asks for
 * @hops: 1 to params.hops_max; 0: as the network has it
 * @exit_country: two capitals, or ""
 * @max_tariff: ceiling for each relay's price; UINT64_MAX: none
 * @targets: what the exit must carry, all of it
 * @target_count: how many
 * @reach: CR_HAS_* that the client itself has; 0: both
 * @guard: the first relay, whatever the directory says of it or if it says nothing (cr_node_of_uri()); NULL: it is chosen
 * @stock: one bit per relay of the view, lowest first: there is a certificate;
 *	NULL: not asked for
 */
struct cr_want {
	unsigned int hops;
	char exit_country[3];
	uint64_t max_tariff;
	const struct cr_target *targets;
	size_t target_count;
	uint8_t reach;
	const struct cr_node *guard;
	const uint8_t *stock;
};

/**
 * struct cr_pool - who may take a place, before it is known who takes the others
 * @n: how many
 * @relay: indices in the view
 * @sum: weights added up, the own one included
 * @out: relays left out, by the first sieve that did
 * @capacity: of those in it, bytes per second
 */
struct cr_pool {
	uint32_t n;
	uint32_t *relay;
	uint64_t *sum;
	uint32_t out[CR_SIEVES];
	uint64_t capacity;
};

/** struct cr_chooser - pools for one wish; serves for any number of paths; @named: index of the named guard in the view, or CR_PATH_NAMED */
struct cr_chooser {
	const struct cr_view *view;
	struct cr_want want;
	unsigned int hops;
	struct cr_pool pool[CR_PLACES];
	uint32_t named;
};

/**
 * struct cr_guard - a kept guard
 * @identity: which
 * @since: when it was chosen
 * @until: when it is given up
 * @tries: circuits tried through it
 * @failures: how many of them did not come to be
 */
struct cr_guard {
	uint8_t identity[CR_PUBLIC_BYTES];
	uint64_t since, until;
	uint32_t tries, failures;
};

/** struct cr_guards - kept guards, in the order of use; zeros: none yet. The caller stores them. */
struct cr_guards {
	unsigned int n;
	struct cr_guard guard[CR_GUARDS_MAX];
};

/** struct cr_path - indices in the view, guard first; see cr_path_node() */
struct cr_path {
	unsigned int hops;
	uint32_t relay[CR_HOPS_MAX];
};

enum cr_path_result {
	CR_PATH_OK,
	CR_PATH_NO_EXIT,	/* no exit is left */
	CR_PATH_NO_GUARD,	/* no guard goes with the exit */
	CR_PATH_NO_MIDDLE,	/* no relay is left for a place between */
};

/** cr_chooser_init() - false: out of memory. @view must outlive it. Free with cr_chooser_free(). */
bool cr_chooser_init(struct cr_chooser *c, const struct cr_view *view, const struct cr_want *want);
void cr_chooser_free(struct cr_chooser *c);

/** cr_path_node() - relay number @i of a path */
const struct cr_node *cr_path_node(const struct cr_chooser *c, const struct cr_path *path, unsigned int i);

/**
 * cr_path_choose() - one path
 * @path: result
 * @c: pools
 * @guards: kept guards; changed only when the result is CR_PATH_OK
 * @now: seconds since 1970
 * @seed: secret, used for one path only
 */
enum cr_path_result cr_path_choose(struct cr_path *path, const struct cr_chooser *c,
				   struct cr_guards *guards, uint64_t now,
				   const uint8_t seed[CR_SEED32]);

/**
 * cr_path_fits() - may @relay take place @at beside those chosen already?
 * @taken: bit i: path->relay[i] is chosen
 *
 * Return: 0, or the constraints that it would break (CR_DIFFER_*); all ones:
 * it is in the path already, or shares no address family with a neighbour.
 */
uint32_t cr_path_fits(const struct cr_chooser *c, const struct cr_path *path, unsigned int taken,
		      unsigned int at, uint32_t relay);

/** cr_place_of() - what place @at of @hops is; of one relay: the exit, which is the guard, too */
enum cr_place cr_place_of(unsigned int at, unsigned int hops);

/** cr_guard_result() - a circuit through this guard came to be, or failed beyond it */
void cr_guard_result(struct cr_guards *guards, const uint8_t identity[CR_PUBLIC_BYTES], bool ok);

/** cr_pool_draw() - index in the view for @r, which is uniform below the pool's last sum */
uint32_t cr_pool_draw(const struct cr_pool *pool, uint64_t r);

#endif /* CR_PATH_PATH_H */
