/* SPDX-License-Identifier: MIT */
/* The pinned accounting: attach, look at, take away. ebpf/acct.bpf.c counts. */
#ifndef RELAYCTL_ACCT_H
#define RELAYCTL_ACCT_H

#include <linux/cellrelay_acct.h>

#include "relayctl.h"

#define ACCT_BPFFS	"/sys/fs/bpf"
#define ACCT_ROOT	ACCT_BPFFS "/cellrelay"
#define ACCT_STR_(x)	#x
#define ACCT_STR(x)	ACCT_STR_(x)
#define ACCT_DIR	ACCT_ROOT "/v" ACCT_STR(CELLRELAY_ACCT_ABI)

/** enum acct_state - what stands under ACCT_ROOT */
enum acct_state {
	ACCT_NO_BPFFS,	/* no BPF file system is mounted */
	ACCT_DENIED,	/* it cannot be looked at */
	ACCT_NONE,	/* nothing */
	ACCT_GOOD,	/* all of ours, of this ABI, attached */
	ACCT_STALE,	/* incomplete, or nothing attached */
	ACCT_FOREIGN,	/* something else: another ABI, or not ours */
};

/* @why: FMT: one sentence about ACCT_STALE and ACCT_FOREIGN; may be NULL. */
enum acct_state acct_look(char *why, size_t room);

/* Load, attach, pin. @slots: 0 for the default. Says what it did not like. */
enum rc acct_attach(uint32_t slots);
/* Loaders take turns: close the descriptor to let go. Return: -1 after a message. */
int acct_lock(void);
/* Remove every pin below ACCT_ROOT, attached programs with them. *@removed: how many. */
enum rc acct_detach(unsigned int *removed);

/* Reading. The functions print why they fail. */
struct acct_slot {
	uint32_t slot;
	struct cellrelay_acct a;
};

enum rc acct_totals(struct cellrelay_totals *sum);
typedef enum rc (*acct_fn)(const struct acct_slot *s, void *arg);
/* All slots in use, in order. */
enum rc acct_each(acct_fn fn, void *arg);
/* Number of slots of the pinned map; 0: none. */
uint32_t acct_slots(void);
/* Runs that the kernel skipped because a program interrupted itself; must be 0. */
uint64_t acct_misses(void);

#endif /* RELAYCTL_ACCT_H */
