/* SPDX-License-Identifier: MIT */
/*
 * A kernel for relayctl's tests: implements netlink/kn.h and acct.h from
 * memory, so that everything above them runs without root, module or network.
 */
#ifndef RELAYCTL_MOCK_H
#define RELAYCTL_MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "relayctl.h"

/**
 * struct mock - what the pretended kernel does, and what it was asked
 * @absent: no module
 * @refuse_cmd: this command is refused (as the kernel would: RC_REFUSED, a message)
 * @interrupt: dumps report a change under way
 * @circuits: how many circuits a dump holds
 * @gap: events come with a hole in their numbers
 * @overrun: the event socket overflows once
 * @no_acct: accounting is not attached
 * @cmds: commands that came, in order
 * @ncmds: their number
 * @last: attributes of the last request that changed something
 * @last_len: their length
 */
struct mock {
	bool absent;
	int refuse_cmd;
	bool interrupt;
	unsigned int circuits;
	bool gap;
	bool overrun;
	bool no_acct;
	uint8_t cmds[64];
	unsigned int ncmds;
	char last[1024];
	int last_len;
};

extern struct mock mock;

/* What a run of relayctl left. */
struct ran {
	enum rc rc;
	char *out, *err;
	size_t out_len, err_len;
};

/* Runs relayctl with these words (ends with NULL). */
struct ran relayctl_run(const char *const *words);
void ran_free(struct ran *r);

#endif /* RELAYCTL_MOCK_H */
