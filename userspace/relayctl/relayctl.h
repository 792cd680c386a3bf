/* SPDX-License-Identifier: MIT */
/* What every part of relayctl shares: exit codes, options, messages. */
#ifndef RELAYCTL_H
#define RELAYCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** enum rc - exit status, part of the interface (relayctl(8)) */
enum rc {
	RC_OK = 0,
	RC_USAGE = 1,	/* the command line, or a file it names, is wrong */
	RC_REFUSED = 2,	/* the kernel, or a check, said no */
	RC_ABSENT = 3,	/* module or daemon is not there */
	RC_PARTIAL = 4,	/* some commands of a batch failed */
};

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

/* Messages go to opt.err; inside a batch with "FILE:LINE: " in front. */
void err_at(const char *file, unsigned int line);
bool in_batch(void);
void err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints the message and returns @rc, so that callers can return it. */
enum rc fail(enum rc rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One word of argv[1..] after another; argv[0] is skipped. */
enum rc relayctl_main(int argc, char **argv, FILE *out, FILE *msg);

#endif /* RELAYCTL_H */
