/* SPDX-License-Identifier: MIT */
/*
 * How functions that talk to kernel or daemon end, and how they say why. The
 * program that links them brings err() and fail().
 */
#ifndef CELLRELAY_NETLINK_RC_H
#define CELLRELAY_NETLINK_RC_H

/** enum rc - also the exit status of relayctl, part of its interface (relayctl(8)) */
enum rc {
	RC_OK = 0,
	RC_USAGE = 1,	/* the command line, or a file it names, is wrong */
	RC_REFUSED = 2,	/* the kernel, or a check, said no */
	RC_ABSENT = 3,	/* module or daemon is not there */
	RC_PARTIAL = 4,	/* some commands of a batch failed */
};

/* A line for people: what failed, with which object, what to do. */
void err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints the message and returns @rc, so that callers can return it. */
enum rc fail(enum rc rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* CELLRELAY_NETLINK_RC_H */
