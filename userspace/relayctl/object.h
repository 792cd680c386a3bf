/* SPDX-License-Identifier: MIT */
/* The objects and what they lend each other. */
#ifndef RELAYCTL_OBJECT_H
#define RELAYCTL_OBJECT_H

#include "args.h"
#include "netlink/kn.h"

extern const struct object obj_ns, obj_sock, obj_link, obj_key, obj_circuit, obj_hop, obj_dev,
	obj_session, obj_stats, obj_map, obj_genkey, obj_pubkey, obj_show, obj_monitor,
	obj_doctor, obj_directory, obj_path, obj_offers, obj_load, obj_unload, obj_xdp, obj_complete,
	obj_help, obj_up, obj_down, obj_status, obj_drain, obj_reload, obj_metrics, obj_stop;

extern const struct choice suite_choices[];

/* One object of a kind to opt.out, as text or JSON (an element of an open array). */
enum rc sock_print(struct nlmsghdr *nlh, void *arg);
enum rc link_print(struct nlmsghdr *nlh, void *arg);
enum rc circuit_print(struct nlmsghdr *nlh, void *arg);

/* Dump all of a kind with @print; in JSON as array @name. */
enum rc dump_all(uint8_t cmd, const char *name, const char *doing, kn_fn print);
/* The same with a request made by the caller. */
enum rc dump_msg(struct nl_msg *msg, const char *name, const struct kn_what *what, kn_fn print);
/* Ask for one object and print it, in JSON as a one-element array @name. */
enum rc get_one(struct nl_msg *msg, const char *name, const struct kn_what *what, kn_fn print);
/* Send a change; its answer, if any, is printed with JSON only. */
enum rc change(struct nl_msg *msg, const char *name, const struct kn_what *what, kn_fn print);

/* A request with all of @v that have an attribute; NULL after a message (*@rc). */
struct nl_msg *request(uint8_t cmd, const struct verb *verb, const struct argval *v, enum rc *rc);

/* Candidates for the last of @n words (complete.c). */
void complete_words(int n, char *const *word);

/* Devices: all of ours, text or JSON. */
enum rc dev_print_all(void);

/* What NS_GET says. */
struct ns_info {
	uint32_t abi;
	char version[64];
	uint64_t cookie;
	uint8_t idx_key[16];
	uint64_t rate, fair, event_seq;
	uint32_t circ_max, link_max, circs, links, socks;
	bool kfunc;
	uint8_t suites;
	char aes_driver[128];
};

/* Can new layers have that suite? */
static inline bool ns_suite(const struct ns_info *ns, unsigned int suite)
{
	return ns->suites & 1u << (suite - 1);
}

enum rc ns_get(struct ns_info *ns);

/* Why XDP programs cannot call the module; NULL: they can. */
const char *xdp_off(const struct ns_info *ns);

#endif /* RELAYCTL_OBJECT_H */
