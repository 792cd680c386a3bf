// SPDX-License-Identifier: GPL-2.0
/* One filler per CPU (core/filler.h), seeded from the kernel's generator. */
#include <linux/percpu.h>
#include <linux/random.h>

#include "core/filler.h"
#include "relay.h"

/**
 * struct cr_cpu_filler - one CPU's; used with softirqs off
 * @f: the filler
 * @era: seed era it was seeded in
 */
struct cr_cpu_filler {
	struct cr_filler f;
	u32 era;
};

static struct cr_cpu_filler __percpu *cr_fillers;
static u32 cr_filler_era __read_mostly; /* seeds of earlier ones are no good any more */

static noinline void cr_filler_seed_cpu(struct cr_cpu_filler *c, u32 era)
{
	u8 seed[32];

	get_random_bytes(seed, sizeof(seed));
	cr_filler_seed(&c->f, seed);
	memzero_explicit(seed, sizeof(seed));
	c->era = era;
}

/**
 * cr_filler() - overwrite bytes with this CPU's filler
 * @dst: where
 * @n: how many
 *
 * Context: softirqs off.
 */
void cr_filler(u8 *dst, size_t n)
{
	struct cr_cpu_filler *c = this_cpu_ptr(cr_fillers);
	u32 era = READ_ONCE(cr_filler_era);

	if (cr_filler_wants_seed(&c->f) || unlikely(c->era != era))
		cr_filler_seed_cpu(c, era);
	cr_filler_take(&c->f, dst, n);
}

/** cr_filler_reseed() - fresh seeds on all CPUs: a copy of this machine may have the old ones */
void cr_filler_reseed(void)
{
	WRITE_ONCE(cr_filler_era, cr_filler_era + 1);
}

/**
 * cr_filler_init() - allocate and seed
 *
 * Return: 0 or -ENOMEM.
 */
int cr_filler_init(void)
{
	unsigned int cpu;

	cr_fillers = alloc_percpu(struct cr_cpu_filler);
	if (!cr_fillers)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		cr_filler_seed_cpu(per_cpu_ptr(cr_fillers, cpu), cr_filler_era);
	return 0;
}

/** cr_filler_exit() - wipe and free */
void cr_filler_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		memzero_explicit(per_cpu_ptr(cr_fillers, cpu), sizeof(struct cr_cpu_filler));
	free_percpu(cr_fillers);
}
