/* SPDX-License-Identifier: MIT */
/* relayd.conf (relayd.conf(5)) and the peers file. */
#ifndef RELAYD_CONFIG_H
#define RELAYD_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/killswitch.h"
#include "control/limits.h"
#include "control/message.h"
#include "directory/policy.h"
#include "directory/uri.h"
#include "netlink/endpoint.h"
#include "netlink/rc.h"
#include "nft/text.h"

#define LISTEN_MAX	8
#define ROUTES_MAX	16
#define PATH_WORDS	256
#define DNS_MAX		3	/* what resolvers look at */
#define ALLOW_MAX	32
#define URLS_MAX	8
#define URL_LEN		256

/** struct prefix - an address and how many of its bits count */
struct prefix {
	struct addr addr;
	uint8_t len;
};

/** struct wish - what a user asks of a path; hops 0: as the network has it; country "": any; max_price all ones: any; @named: @guard comes first */
struct wish {
	unsigned int hops;
	char country[3];
	uint64_t max_price;
	struct cr_uri guard;
	bool named;
};

/** enum direct - may a client that is not online ask for a snapshot past the tunnel? */
enum direct {
	DIRECT_FIRST,	/* only while it never had one */
	DIRECT_YES,	/* always */
	DIRECT_NO,	/* never: snapshots come by file */
};

/** struct config - everything that the file says; strings are the struct's own */
struct config {
	/* [relayd] */
	char keys[256];		/* folder of identity.key and static.key; empty: a client without identity */
	char peers[256];	/* file of relays that no directory lists */
	char authorities[256];	/* file: whose snapshots are taken; empty: no directory */
	char snapshot[256];	/* file that newer ones come in */
	char url[URLS_MAX][URL_LEN];	/* where newer ones are fetched */
	unsigned int url_n;
	char url_ca[256];	/* certificates that vouch for their hosts; empty: the system's */
	char table[256];	/* countries and networks; empty: libloc's own */
	char state[256];	/* folder for what must outlive a reboot */
	char socket[108];
	char group[33];
	struct addr listen[LISTEN_MAX];
	unsigned int listen_n;
	uint32_t fwmark;
	uint32_t rekey_ms;	/* age of a link's keys; less than CR_LINK_REKEY_MS in tests */
	uint8_t ledger[CR_LEDGER_LEN];
	/* [relay] */
	bool relay;		/* forward for others */
	uint64_t free_bytes;	/* what a circuit carries until somebody pays for it */
	uint32_t circuits_max;
	uint32_t idle_ms;	/* without a cell; less than CR_CIRCUIT_IDLE_MS in tests */
	uint32_t cookie_above;	/* handshakes per second that need no cookie */
	bool private_addresses;	/* EXTEND may go to private addresses: test and community networks */
	bool rotate;		/* make a new static key in time */
	char descriptor[256];	/* where a descriptor goes that names it; empty: in the state folder */
	bool nat;		/* keep links open from behind NAT */
	/* [exit] */
	char exit_dev[IFNAMSIZ];	/* empty: no exit */
	struct prefix pool4, pool6;	/* addr.len 0: none */
	struct cr_rule rule[CR_RULES_MAX];	/* exit policy */
	unsigned int rule_n;	/* 0: the default policy */
	uint32_t flows_max, flows_each;	/* tracked flows of all clients, of one; 0: no limit of our own */
	bool exit_dns;		/* clients may ask a resolver on this host */
	/* [client] */
	char client_dev[IFNAMSIZ];
	char path[PATH_WORDS];	/* names with commas between; empty: none until told */
	struct wish wish;	/* of a path that is chosen */
	bool up;		/* come online at start */
	enum direct direct;
	uint32_t turn_ms;	/* how long one circuit takes the new flows; 0: until it is old */
	uint32_t circuit_ms;	/* age at which a circuit takes no new flows; less than CR_CIRCUIT_OLD_MS in tests */
	struct prefix route[ROUTES_MAX];
	unsigned int route_n;
	unsigned int spares;	/* circuits kept ready beside the one in use */
	struct addr dns[DNS_MAX];	/* name servers, asked through the tunnel */
	unsigned int dns_n;
	char resolv_conf[256];
	struct cr_prefix allow[ALLOW_MAX];	/* reached outside the tunnel */
	unsigned int allow_n;
	char outside[CR_KILLSWITCH_CGROUP + 1];	/* control group whose programs do not go through the tunnel; empty: none */
};

extern struct config conf;

/* Fills @c, with defaults for what is not there. Messages name file and line. */
enum rc config_read(struct config *c, const char *path);

/* "10.0.0.0/8". Return: false when it is none. */
bool prefix_parse(const char *word, struct prefix *p);
/* "DE" */
bool country_parse(char out[3], const char *word);

#endif /* RELAYD_CONFIG_H */
