/* SPDX-License-Identifier: MIT */
/*
 * Talking to the kernel: requests, dumps and events of the family, and
 * rtnetlink for devices. The golden tests bring their own implementation of
 * this header, so that all above it runs without a kernel.
 */
#ifndef CELLRELAY_NETLINK_KN_H
#define CELLRELAY_NETLINK_KN_H

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>

#include "netlink/rc.h"

struct arg;

/* Gets one answer or one object of a dump. Return: RC_OK to go on. */
typedef enum rc (*kn_fn)(struct nlmsghdr *nlh, void *arg);

/**
 * struct kn_what - what a request is about, for messages
 * @doing: "add link 5"; printed as "cannot add link 5: ..."
 * @args: names the attributes that the kernel complains about; may be NULL
 */
struct kn_what {
	char doing[80];
	const struct arg *args;
};

/* Name of the argument of @args that became attribute @attr, or NULL; set by programs that have tables of arguments. */
extern const char *(*kn_attr_name)(const struct arg *args, unsigned int attr);

/* Open the family once. RC_ABSENT, with a message, when the module is not loaded. */
enum rc kn_open(void);
/* The same without a message; for doctor and show. @version: of the family. */
enum rc kn_probe(uint8_t *version);
void kn_close(void);

/* Make a request; NULL after a message (*@rc says which). */
struct nl_msg *kn_new(uint8_t cmd, enum rc *rc);
struct nl_msg *kn_rtnl_new(uint16_t type, uint16_t flags, enum rc *rc);

/* Wipe and free a message that is not sent. */
void kn_drop(struct nl_msg *msg);

/*
 * Send, collect answers, wipe and free @msg. @fn may be NULL.
 * A dump that changed under way sets kn_interrupted().
 */
enum rc kn_do(struct nl_msg *msg, kn_fn fn, void *arg, const struct kn_what *what);
enum rc kn_dump(struct nl_msg *msg, kn_fn fn, void *arg, const struct kn_what *what);
enum rc kn_rtnl(struct nl_msg *msg, bool dump, kn_fn fn, void *arg, const struct kn_what *what);

/* What the kernel said to the last request: an errno, 0 for none. @what NULL: nothing is printed, and this tells. */
int kn_errno(void);

/* Was a dump since the last call interrupted? Clears. */
bool kn_interrupted(void);

/*
 * Join the event group; @room: bytes of events that may wait. kn_event_wait() waits for one event and calls @fn;
 * *@lost is set instead when the socket overflowed.
 */
enum rc kn_event_join(int room);
enum rc kn_event_wait(kn_fn fn, void *arg, bool *lost);

/*
 * Become the daemon of this namespace: control messages and datagrams come to a socket of their own, at most @room
 * bytes of them wait.
 */
enum rc kn_daemon_join(int room);

/*
 * For a loop of events: the sockets' descriptors, and reading all that waits there without blocking. *@lost: the
 * socket overflowed.
 */
int kn_event_fd(void);
int kn_daemon_fd(void);
enum rc kn_event_read(kn_fn fn, void *arg, bool *lost);
enum rc kn_daemon_read(kn_fn fn, void *arg, bool *lost);

/* Attributes with fallback. */
uint64_t kn_u64(struct nlattr *const *tb, int attr, uint64_t missing);
uint32_t kn_u32(struct nlattr *const *tb, int attr, uint32_t missing);

#endif /* CELLRELAY_NETLINK_KN_H */
