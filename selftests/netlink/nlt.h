/* SPDX-License-Identifier: MIT */
/*
 * Talks to the module and sees every byte that it answers: errors with their
 * extended acknowledgement, objects, dumps, events.
 */
#ifndef NLT_NLT_H
#define NLT_NLT_H

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "ktap.h"
#include "table.h"

/* All keys that the tests install consist of this; it must never come back. */
#define NLT_MARK	"\xc3KEYmark"
#define NLT_MARK_LEN	8

/* Attribute numbers of every set are below this. */
#define NLT_ATTRS	32

/* A netlink socket of ours. */
struct nlt {
	int fd;
	uint32_t portid;
	uint32_t seq;
	uint16_t family;
	uint32_t group;		/* events */
	bool plain;		/* send without an address, as write() does */
	unsigned long marks;	/* how often a key came back */
	unsigned long bytes;	/* received */
};

/* What became of a request. */
struct nlt_result {
	int err;		/* 0 or -errno */
	char msg[256];		/* extack text, or empty */
	uint32_t offset;	/* of the bad attribute in the request, or 0 */
	uint32_t miss;		/* missing attribute, or 0 */
	unsigned long objects;	/* messages of the family */
	bool intr;		/* one of them, or the end, had NLM_F_DUMP_INTR */
};

/* Called for each object of an answer or dump. */
typedef void (*nlt_object)(struct nlt *n, const struct genlmsghdr *hdr, struct nlattr **a,
			   void *arg);

/* Opens a socket; bails out when the family is not there. */
void nlt_open(struct nlt *n);
void nlt_close(struct nlt *n);
/* Do not repeat refused requests in the answer. */
void nlt_cap_ack(struct nlt *n);

/* A new request, with NLM_F_ACK unless it is a dump. */
struct nl_msg *nlt_request(struct nlt *n, uint8_t cmd, int flags);
/* Sends and frees it. Returns 0 or -errno. */
int nlt_send(struct nlt *n, struct nl_msg *msg);
/* Reads until the end of the answer to the last request that was sent. */
int nlt_answer(struct nlt *n, struct nlt_result *r, nlt_object fn, void *arg);
/* Both; returns r->err; @r may be NULL. */
int nlt_talk(struct nlt *n, struct nl_msg *msg, struct nlt_result *r, nlt_object fn, void *arg);
/* One datagram, checked for keys. Returns its length or -errno. */
ssize_t nlt_recv(struct nlt *n, void *buf, size_t size, int flags);

/* Puts attribute @at with the value (or, for NLT_BIN, length) @value. */
void nlt_put(struct nl_msg *msg, const struct nlt_attr *at, uint64_t value);
void nlt_put_key(struct nl_msg *msg, int attr, size_t len);
/* Length of an attribute's payload; of NLT_BIN the least one. */
size_t nlt_len(const struct nlt_attr *at);

/* Objects with sensible values; return 0 or -errno. 0 as id: the kernel chooses. */
int nlt_sock_new(struct nlt *n, uint32_t *id, uint16_t *port);
int nlt_link_new(struct nlt *n, uint32_t id, uint32_t sock, uint16_t port);
int nlt_key_new(struct nlt *n, uint32_t link, uint8_t gen, uint32_t rx_index);
struct nl_msg *nlt_circ_request(struct nlt *n, uint32_t id, uint32_t link);
int nlt_circ_new(struct nlt *n, uint32_t id, uint32_t link);
int nlt_by_id(struct nlt *n, uint8_t cmd, uint32_t id);
int nlt_set_u32(struct nlt *n, uint8_t cmd, int attr, uint32_t value);
/* One number of the namespace, CELLRELAY_A_NS_*. */
uint64_t nlt_ns(struct nlt *n, int attr);

/* Cells of a namespace: dropped for one reason, dropped in all, and the rest. */
struct nlt_sums {
	uint32_t reason;
	uint64_t reason_cells, drops, in, orig, out, delivered;
};
struct nlt_sums nlt_sums(struct nlt *n, uint32_t reason);

/* A network namespace of our own for the rest of the program. */
void nlt_unshare(void);

#endif /* NLT_NLT_H */
