// SPDX-License-Identifier: GPL-2.0
/* One filler per CPU (core/filler.h), seeded from the kernel's generator. */
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/workqueue.h>

#include "core/filler.h"
#include "relay.h"

static struct cr_filler __percpu *cr_fillers;

static void cr_filler_seed_this(struct cr_filler *f)
{
	u8 seed[32];

	get_random_bytes(seed, sizeof(seed));
	cr_filler_seed(f, seed);
	memzero_explicit(seed, sizeof(seed));
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
	struct cr_filler *f = this_cpu_ptr(cr_fillers);

	if (cr_filler_wants_seed(f))
		cr_filler_seed_this(f);
	cr_filler_take(f, dst, n);
}

static void cr_filler_reseed_cpu(struct work_struct *work)
{
	local_bh_disable();
	cr_filler_seed_this(this_cpu_ptr(cr_fillers));
	local_bh_enable();
}

/** cr_filler_reseed() - fresh seeds on all CPUs: a copy of this machine may have the old ones */
void cr_filler_reseed(void)
{
	schedule_on_each_cpu(cr_filler_reseed_cpu);
}

/**
 * cr_filler_init() - allocate and seed
 *
 * Return: 0 or -ENOMEM.
 */
int cr_filler_init(void)
{
	unsigned int cpu;

	cr_fillers = alloc_percpu(struct cr_filler);
	if (!cr_fillers)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		cr_filler_seed_this(per_cpu_ptr(cr_fillers, cpu));
	return 0;
}

/** cr_filler_exit() - wipe and free */
void cr_filler_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		memzero_explicit(per_cpu_ptr(cr_fillers, cpu), sizeof(struct cr_filler));
	free_percpu(cr_fillers);
}
