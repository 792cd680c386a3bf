/* SPDX-License-Identifier: MIT */
/* What every part of relayctl shares: exit codes, options, messages. */
#ifndef RELAYCTL_H
#define RELAYCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "netlink/rc.h"

enum stamp { STAMP_NONE, STAMP_EPOCH, STAMP_ISO };

/**
 * struct options - what stands before the object
 * @json: one JSON document on stdout
 * @pretty: indent it
 * @check: parse only
 * @force: a batch goes on after a failure
 * @color: stdout wants it
 * @stamp: time stamps of monitor's text
 * @dirfd: folder that relative file names start from: a batch's own, else AT_FDCWD
 * @out: where data goes: stdout, or a test's memory stream
 * @err: where messages go
 */
struct options {
	bool json;
	bool pretty;
	bool check;
	bool force;
	bool color;
	enum stamp stamp;
	int dirfd;
	FILE *out;
	FILE *err;
};

extern struct options opt;

/* Messages (err(), fail()) go to opt.err; inside a batch with "FILE:LINE: " in front. */
void err_at(const char *file, unsigned int line);
bool in_batch(void);

/* One word of argv[1..] after another; argv[0] is skipped. */
enum rc relayctl_main(int argc, char **argv, FILE *out, FILE *msg);

#endif /* RELAYCTL_H */
