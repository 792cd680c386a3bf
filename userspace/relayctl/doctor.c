// SPDX-License-Identifier: MIT
/* relayctl doctor: what can be wrong on a machine, how one sees it, what cures it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cellrelay.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "acct.h"
#include "fmt.h"
#include "json.h"
#include "object.h"


enum verdict { OK, WARN, FAIL, SKIP };

/**
 * struct exam - one run
 * @module: the module answers
 * @ns: then this is its state
 * @uts: running kernel
 * @failed: a check failed
 * @absent: the module is not there
 */
struct exam {
	bool module;
	struct ns_info ns;
	struct utsname uts;
	bool failed;
	bool absent;
};

/* One line. @remedy: a command to type, or NULL. */
static void __attribute__((format(printf, 5, 6)))
say(struct exam *e, const char *check, enum verdict verdict, const char *remedy, const char *fmt, ...)
{
	static const char *const name[] = { "ok", "warn", "fail", "skip" };
	const char *color[] = { fmt_green(), fmt_yellow(), fmt_red(), "" };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->failed |= verdict == FAIL;
	if (opt.json) {
		json_open(NULL, '{');
		json_str("check", check);
		json_str("verdict", name[verdict]);
		json_str("detail", text);
		json_str("remedy", remedy);
		json_close();
		return;
	}
	fprintf(opt.out, "%s%-4s%s  %-12s %s\n", color[verdict], name[verdict],
		verdict == SKIP ? "" : fmt_plain(), check, text);
	if (remedy)
		fprintf(opt.out, "%20stry: %s\n", "", remedy);
}

/* Is there a module for the running kernel? */
static bool installed(const struct exam *e)
{
	char path[sizeof(e->uts.release) + 64], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", e->uts.release);
	f = fopen(path, "re");
	while (f && !found && getline(&line, &room, f) >= 0) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/cellrelay.ko");
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static void check_module(struct exam *e)
{
	char remedy[256], path[sizeof(e->uts.release) + 32];
	uint8_t version = 0;
	enum rc rc;

	/* asking for the family would load the module, and nobody would know why it is there */
	if (access("/sys/module/cellrelay", F_OK) != 0) {
		e->absent = true;
		snprintf(path, sizeof(path), "/lib/modules/%s/build", e->uts.release);
		if (installed(e)) {
			say(e, "module", FAIL, "modprobe cellrelay", "the module is installed but not loaded");
		} else if (access(path, F_OK) != 0) {
			snprintf(remedy, sizeof(remedy), "apt-get install linux-headers-%s", e->uts.release);
			say(e, "module", FAIL, remedy,
			    "no module for kernel %s, and no headers to build one", e->uts.release);
		} else {
			snprintf(remedy, sizeof(remedy), "dkms autoinstall -k %s && modprobe cellrelay",
				 e->uts.release);
			say(e, "module", FAIL, remedy, "no module for kernel %s is installed", e->uts.release);
		}
		return;
	}
	rc = kn_probe(&version);
	if (rc) {
		say(e, "module", FAIL, NULL,
		    "the module is loaded, but its netlink family does not answer; dmesg may say why");
		return;
	}
	if (version != CELLRELAY_FAMILY_VERSION) {
		say(e, "module", FAIL, "relayctl unload && modprobe cellrelay",
		    "the module speaks version %u of the netlink family, this relayctl %u", version,
		    CELLRELAY_FAMILY_VERSION);
		return;
	}
	if (geteuid() != 0 && access("/sys/fs/bpf", R_OK) != 0) {
		say(e, "module", WARN, NULL, "the module is loaded; as root there is more to see");
		return;
	}
	if (ns_get(&e->ns)) {
		say(e, "module", FAIL, NULL, "the module is loaded but does not tell its state");
	} else if (e->ns.abi != CELLRELAY_ACCT_ABI) {
		say(e, "module", FAIL, "relayctl unload && modprobe cellrelay",
		    "the module has ABI %u, this relayctl is for %u", e->ns.abi, CELLRELAY_ACCT_ABI);
	} else {
		e->module = true;
		say(e, "module", OK, NULL, "loaded, version %s, ABI %u", e->ns.version, e->ns.abi);
		if (strcmp(e->ns.version, CELLRELAY_VERSION) != 0)
			say(e, "version", WARN, NULL, "the module is %s, this relayctl %s", e->ns.version,
			    CELLRELAY_VERSION);
	}
}

static void check_btf(struct exam *e)
{
	if (!e->module)
		say(e, "btf", SKIP, NULL, "needs the module");
	else if (access("/sys/kernel/btf/cellrelay", F_OK) != 0)
		say(e, "btf", WARN, NULL,
		    "the module was built without BTF: XDP programs cannot call it, the socket path carries everything");
	else
		say(e, "btf", OK, NULL, "module BTF is there; functions for XDP: %s",
		    e->ns.kfunc ? "registered" : "not in this version");
}

static void check_accounting(struct exam *e)
{
	char why[256];
	enum acct_state s = acct_look(why, sizeof(why));

	if (s == ACCT_NO_BPFFS)
		say(e, "bpffs", FAIL, "mount -t bpf bpf " ACCT_BPFFS, "no BPF file system on " ACCT_BPFFS);
	else
		say(e, "bpffs", OK, NULL, "mounted on " ACCT_BPFFS);

	switch (s) {
	case ACCT_NO_BPFFS:
		say(e, "accounting", SKIP, NULL, "needs the BPF file system");
		return;
	case ACCT_DENIED:
		say(e, "accounting", WARN, NULL, "cannot be looked at; try as root");
		return;
	case ACCT_NONE:
		if (e->module)
			say(e, "accounting", FAIL, "relayctl load", "not attached: nothing is counted");
		else
			say(e, "accounting", SKIP, NULL, "not attached; needs the module");
		return;
	case ACCT_STALE:
		say(e, "accounting", FAIL,
		    e->module ? "relayctl unload && modprobe cellrelay && relayctl load" : "relayctl unload",
		    "left over pins: %s", why);
		return;
	case ACCT_FOREIGN:
		say(e, "accounting", FAIL,
		    e->module ? "relayctl unload && modprobe cellrelay && relayctl load" : "relayctl unload",
		    "strange pins: %s", why);
		return;
	case ACCT_GOOD:
		break;
	}
	if (acct_misses())
		say(e, "accounting", FAIL, NULL, "the kernel skipped %llu runs of its programs: counts are too low",
		    (unsigned long long)acct_misses());
	else if (e->module && acct_slots() < e->ns.circ_max)
		say(e, "accounting", WARN, "relayctl unload",
		    "attached with %u slots, but %u circuits are allowed: the last ones would not be counted singly",
		    acct_slots(), e->ns.circ_max);
	else
		say(e, "accounting", OK, NULL, "attached, ABI %d, %u slots, pins in " ACCT_DIR,
		    CELLRELAY_ACCT_ABI, acct_slots());
}

static void check_sockets(struct exam *e)
{
	if (!e->module)
		say(e, "sockets", SKIP, NULL, "needs the module");
	else if (!e->ns.socks)
		say(e, "sockets", WARN, "relayctl sock add addr 0.0.0.0",
		    "no socket: no cell can come or go in this namespace");
	else
		say(e, "sockets", OK, NULL, "%u", e->ns.socks);
}

/* What the links are short of. */
struct links {
	struct exam *e;
	unsigned int total, no_sock, no_key, no_route, small;
	uint32_t first_small, first_no_route, first_no_key, first_no_sock;
};

/* MTU towards a peer: what the kernel knows of its route. 0: no route. */
static int path_mtu(const struct nlattr *addr, uint16_t port)
{
	struct sockaddr_storage ss = { .ss_family = nla_len(addr) == 4 ? AF_INET : AF_INET6 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
	bool v4 = ss.ss_family == AF_INET;
	int fd, mtu = 0;
	socklen_t len = sizeof(mtu);

	if (v4) {
		in4->sin_port = htons(port);
		memcpy(&in4->sin_addr, nla_data(addr), 4);
	} else {
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, nla_data(addr), 16);
	}
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	/* a connected UDP socket sends nothing, but has a route */
	if (connect(fd, (struct sockaddr *)&ss, v4 ? sizeof(*in4) : sizeof(*in6)) < 0 ||
	    getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &len) < 0)
		mtu = 0;
	close(fd);
	return mtu;
}

static void count_first(unsigned int *n, uint32_t *first, uint32_t id)
{
	if (!(*n)++)
		*first = id;
}

static enum rc look_at_link(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_LINK_MAX + 1];
	struct links *l = arg;
	uint32_t id;
	int mtu;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_LINK_MAX, NULL) < 0)
		return RC_REFUSED;
	id = kn_u32(tb, CELLRELAY_A_LINK_ID, 0);
	l->total++;
	if (!kn_u32(tb, CELLRELAY_A_LINK_SOCK, 0))
		count_first(&l->no_sock, &l->first_no_sock, id);
	if (!tb[CELLRELAY_A_LINK_KEY])
		count_first(&l->no_key, &l->first_no_key, id);
	if (tb[CELLRELAY_A_LINK_ADDR]) {
		mtu = path_mtu(tb[CELLRELAY_A_LINK_ADDR], kn_u32(tb, CELLRELAY_A_LINK_PORT, 0));
		if (!mtu)
			count_first(&l->no_route, &l->first_no_route, id);
		else if (mtu < 1408 + 8 + (nla_len(tb[CELLRELAY_A_LINK_ADDR]) == 4 ? 20 : 40))
			count_first(&l->small, &l->first_small, id);
	}
	return RC_OK;
}

static void check_links(struct exam *e)
{
	static const struct kn_what what = { .doing = "list links" };
	struct links l = { .e = e };
	struct nl_msg *msg;
	enum rc rc;

	if (!e->module) {
		say(e, "links", SKIP, NULL, "needs the module");
		return;
	}
	msg = kn_new(CELLRELAY_CMD_LINK_GET, &rc);
	if (!msg || kn_dump(msg, look_at_link, &l, &what)) {
		say(e, "links", FAIL, NULL, "cannot be listed");
		return;
	}
	if (l.no_sock)
		say(e, "links", WARN, NULL, "%u without a socket, the first is %u: relayctl link set gives it one",
		    l.no_sock, l.first_no_sock);
	if (l.no_key)
		say(e, "links", WARN, NULL, "%u without keys, the first is %u", l.no_key, l.first_no_key);
	if (l.no_route)
		say(e, "route", FAIL, NULL, "%u links have no route to their peer, the first is %u",
		    l.no_route, l.first_no_route);
	if (l.small)
		say(e, "mtu", WARN, NULL,
		    "%u links have a route too narrow for cells of 1408 bytes, the first is %u: circuits over them need large 1232",
		    l.small, l.first_small);
	if (!l.no_sock && !l.no_key && !l.no_route && !l.small)
		say(e, "links", OK, NULL, "%u, all with socket, keys, route and room for 1408-byte cells", l.total);
}

/* Large receive offload glues datagrams' segments beyond what may be forwarded. */
static void check_lro(struct exam *e)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int on = 0, seen = 0;
	char first[IF_NAMESIZE] = "", remedy[64];

	for (struct if_nameindex *i = all; fd >= 0 && i && i->if_index; i++) {
		struct ethtool_value val = { .cmd = ETHTOOL_GFLAGS };
		struct ifreq ifr = { .ifr_data = (char *)&val };

		memcpy(ifr.ifr_name, i->if_name, strnlen(i->if_name, IF_NAMESIZE - 1));
		if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
			continue;
		seen++;
		if ((val.data & ETH_FLAG_LRO) && !on++)
			memcpy(first, ifr.ifr_name, sizeof(first));
	}
	if (fd >= 0)
		close(fd);
	if_freenameindex(all);
	if (on) {
		snprintf(remedy, sizeof(remedy), "ethtool -K %s lro off", first);
		say(e, "offload", WARN, remedy, "large receive offload is on for %u devices, the first is %s",
		    on, first);
	} else {
		say(e, "offload", OK, NULL, "large receive offload is off on %u devices", seen);
	}
}

static void check_build(struct exam *e)
{
	char path[sizeof(e->uts.release) + 32], remedy[128];

	snprintf(path, sizeof(path), "/lib/modules/%s/build", e->uts.release);
	snprintf(remedy, sizeof(remedy), "apt-get install linux-headers-%s", e->uts.release);
	if (access(path, F_OK) == 0)
		say(e, "headers", OK, NULL, "headers of %s are there", e->uts.release);
	else if (e->absent)
		return;		/* said with the module */
	else
		say(e, "headers", WARN, remedy, "no headers of %s: the module cannot be rebuilt here",
		    e->uts.release);
}

static enum rc run(const struct verb *verb, const struct argval *v)
{
	struct exam e = { .module = false };

	(void)verb;
	(void)v;
	uname(&e.uts);
	if (opt.json)
		json_open("doctor", '[');
	check_module(&e);
	check_btf(&e);
	check_accounting(&e);
	check_sockets(&e);
	check_links(&e);
	check_lro(&e);
	check_build(&e);
	if (opt.json)
		json_close();
	return e.absent ? RC_ABSENT : e.failed ? RC_REFUSED : RC_OK;
}

static const struct verb verbs[] = {
	{ .run = run, .help = "look for what is wrong here and say what cures it" },
	{ .name = NULL },
};

const struct object obj_doctor = { "doctor", NULL, verbs, 0, "what is wrong here, and what cures it" };
