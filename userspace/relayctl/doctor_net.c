// SPDX-License-Identifier: MIT
/* The doctor's look at links and at the devices that carry them: routes, MTU, queues, offloads. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/cellrelay.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor.h"
#include "xdp_attach.h"

#define CARRIERS_MAX	64

/* A device by which peers are reached. */
struct carrier {
	char name[IF_NAMESIZE];
};

/* What the links are short of. */
struct links {
	struct exam *e;
	unsigned int total, no_sock, no_key, no_route, small;
	uint32_t first_small, first_no_route, first_no_key, first_no_sock;
	char narrow[IF_NAMESIZE];	/* device that makes the first small one small, or "" */
	struct carrier carrier[CARRIERS_MAX];
	unsigned int carriers;
	struct ifaddrs *local;
};

/* The device that has @addr. */
static const char *device_of(const struct links *l, const struct sockaddr_storage *addr)
{
	for (const struct ifaddrs *i = l->local; i; i = i->ifa_next) {
		const void *a, *b;
		size_t len = 4;

		if (!i->ifa_addr || i->ifa_addr->sa_family != addr->ss_family)
			continue;
		if (addr->ss_family == AF_INET) {
			a = &((const struct sockaddr_in *)i->ifa_addr)->sin_addr;
			b = &((const struct sockaddr_in *)addr)->sin_addr;
		} else {
			a = &((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
			b = &((const struct sockaddr_in6 *)addr)->sin6_addr;
			len = 16;
		}
		if (memcmp(a, b, len) == 0)
			return i->ifa_name;
	}
	return NULL;
}

/* Remember @name; devices beyond the first CARRIERS_MAX are not looked at. */
static void carrier(struct links *l, const char *name)
{
	struct carrier *c = l->carrier;

	while (c < l->carrier + l->carriers && strcmp(c->name, name) != 0)
		c++;
	if (c < l->carrier + l->carriers || l->carriers == CARRIERS_MAX)
		return;
	snprintf(c->name, sizeof(c->name), "%s", name);
	l->carriers++;
}

static int device_mtu(const char *name)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd >= 0 && ioctl(fd, SIOCGIFMTU, &ifr) == 0)
		mtu = ifr.ifr_mtu;
	if (fd >= 0)
		close(fd);
	return mtu;
}

/* MTU towards a peer: what the kernel knows of its route. 0: no route. @dev: by which device. */
static int path_mtu(const struct links *l, const struct nlattr *addr, uint16_t port, const char **dev)
{
	struct sockaddr_storage ss = { .ss_family = nla_len(addr) == 4 ? AF_INET : AF_INET6 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&ss;
	bool v4 = ss.ss_family == AF_INET;
	int fd, mtu = 0;
	socklen_t len = sizeof(mtu), sslen = sizeof(ss);

	*dev = NULL;
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
	if (mtu && getsockname(fd, (struct sockaddr *)&ss, &sslen) == 0)
		*dev = device_of(l, &ss);
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
	const char *dev;
	uint32_t id;
	int mtu, need;

	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_LINK_MAX, NULL) < 0)
		return RC_REFUSED;
	id = kn_u32(tb, CELLRELAY_A_LINK_ID, 0);
	l->total++;
	if (!kn_u32(tb, CELLRELAY_A_LINK_SOCK, 0))
		count_first(&l->no_sock, &l->first_no_sock, id);
	if (!tb[CELLRELAY_A_LINK_KEY])
		count_first(&l->no_key, &l->first_no_key, id);
	if (tb[CELLRELAY_A_LINK_ADDR]) {
		mtu = path_mtu(l, tb[CELLRELAY_A_LINK_ADDR], kn_u32(tb, CELLRELAY_A_LINK_PORT, 0), &dev);
		need = 1408 + 8 + (nla_len(tb[CELLRELAY_A_LINK_ADDR]) == 4 ? 20 : 40);
		if (dev)
			carrier(l, dev);
		if (!mtu) {
			count_first(&l->no_route, &l->first_no_route, id);
		} else if (mtu < need) {
			if (!l->small && dev && device_mtu(dev) < need)
				snprintf(l->narrow, sizeof(l->narrow), "%s", dev);
			count_first(&l->small, &l->first_small, id);
		}
	}
	return RC_OK;
}

/* Several receive queues let several processors work, one circuit's cells staying on one. */
static void check_queues(struct exam *e, int fd, const struct carrier *c)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = { .ifr_data = (char *)&ch };
	unsigned int have, most, want;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char remedy[96];

	memcpy(ifr.ifr_name, c->name, sizeof(ifr.ifr_name));
	if (ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		return;		/* a device without channels */
	have = ch.rx_count + ch.combined_count;
	most = ch.max_rx + ch.max_combined;
	want = cpus > 0 && (unsigned int)cpus < most ? (unsigned int)cpus : most;
	if (have >= want) {
		say(e, "queues", OK, NULL, "%s receives by %u queues, this machine has %ld processors", c->name,
		    have, cpus);
		return;
	}
	if (ch.max_combined)
		snprintf(remedy, sizeof(remedy), "ethtool -L %s combined %u", c->name, want);
	else if (ch.max_tx >= want && ch.tx_count < want)
		snprintf(remedy, sizeof(remedy), "ethtool -L %s rx %u tx %u", c->name, want, want);
	else
		snprintf(remedy, sizeof(remedy), "ethtool -L %s rx %u", c->name, want);
	say(e, "queues", WARN, remedy,
	    "%s receives by %u of %u possible queues: so few of the %ld processors take its cells", c->name, have,
	    most, cpus);
}

static bool is_veth(int fd, const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&info };

	memcpy(ifr.ifr_name, name, strnlen(name, sizeof(ifr.ifr_name) - 1));
	return ioctl(fd, SIOCETHTOOL, &ifr) == 0 && strcmp(info.driver, "veth") == 0;
}

/* A veth takes frames that its peer's XDP program redirects only with NAPI, which GRO brings. */
static void check_gro(struct exam *e, int fd, const struct carrier *c)
{
	struct ethtool_value val = { .cmd = ETHTOOL_GGRO };
	struct ifreq ifr = { .ifr_data = (char *)&val };
	char remedy[64];

	memcpy(ifr.ifr_name, c->name, sizeof(ifr.ifr_name));
	if (!is_veth(fd, c->name) || ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		return;
	snprintf(remedy, sizeof(remedy), "ethtool -K %s gro on", c->name);
	if (val.data)
		say(e, "gro", OK, NULL, "%s can take frames that XDP redirects to it", c->name);
	else
		say(e, "gro", WARN, remedy, "GRO is off on %s, a veth: frames that XDP redirects to it are lost",
		    c->name);
}

static void say_links(struct exam *e, const struct links *l)
{
	char remedy[64];

	if (l->no_sock)
		say(e, "links", WARN, NULL, "%u without a socket, the first is %u: relayctl link set gives it one",
		    l->no_sock, l->first_no_sock);
	if (l->no_key)
		say(e, "links", WARN, NULL, "%u without keys, the first is %u", l->no_key, l->first_no_key);
	if (l->no_route)
		say(e, "route", FAIL, NULL, "%u links have no route to their peer, the first is %u",
		    l->no_route, l->first_no_route);
	snprintf(remedy, sizeof(remedy), "ip link set dev %s mtu 1500", l->narrow);
	if (l->small)
		say(e, "mtu", WARN, *l->narrow ? remedy : NULL,
		    "%u links have a route too narrow for cells of 1408 bytes, the first is %u%s%s: circuits over them need large 1232",
		    l->small, l->first_small, *l->narrow ? ", by " : "", l->narrow);
	if (!l->no_sock && !l->no_key && !l->no_route)
		say(e, "links", OK, NULL, "%u, all with socket, keys and route", l->total);
	if (!l->small && l->total)
		say(e, "mtu", OK, NULL, "room for 1408-byte cells on every route");
}

void check_links(struct exam *e)
{
	static const struct kn_what what = { .doing = "list links" };
	struct links l = { .e = e };
	struct nl_msg *msg;
	enum rc rc;
	int fd;

	if (!e->module) {
		say(e, "links", SKIP, NULL, "needs the module");
		return;
	}
	if (getifaddrs(&l.local) < 0)
		l.local = NULL;
	msg = kn_new(CELLRELAY_CMD_LINK_GET, &rc);
	rc = msg ? kn_dump(msg, look_at_link, &l, &what) : rc;
	if (l.local)
		freeifaddrs(l.local);
	if (rc) {
		say(e, "links", FAIL, NULL, "cannot be listed");
		return;
	}
	say_links(e, &l);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (unsigned int i = 0; fd >= 0 && i < l.carriers; i++) {
		check_queues(e, fd, &l.carrier[i]);
		check_gro(e, fd, &l.carrier[i]);
	}
	if (fd >= 0)
		close(fd);
}

/* Large receive offload glues datagrams' segments beyond what may be forwarded. */
void check_lro(struct exam *e)
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

static enum rc count_xdp(const struct xdp_dev *d, void *arg)
{
	unsigned int *n = arg;

	n[d->mode == XDP_MODE_GENERIC]++;
	return RC_OK;
}

/* With check_btf() the last of three checks: the module's is at its loading, the loader's at
 * attaching.
 */
void check_xdp(struct exam *e)
{
	uint64_t passed[CELLRELAY_XDP_WHYS] = { 0 };
	unsigned int n[2] = { 0, 0 };

	if (!e->module || xdp_off(&e->ns))
		say(e, "xdp", SKIP, NULL, "needs the module%s", e->module ? "'s type information (btf)" : "");
	else if (xdp_each(e->ns.cookie, count_xdp, n) || xdp_passed(e->ns.cookie, passed))
		say(e, "xdp", WARN, NULL, "cannot be looked at");
	else if (!n[0] && !n[1])
		say(e, "xdp", OK, NULL, "not attached: the socket path carries everything; to change that: relayctl xdp attach DEVICE");
	else if (n[1])
		say(e, "xdp", WARN, NULL, "%u devices in generic mode, which saves little: their drivers have no XDP; %u in native mode",
		    n[1], n[0]);
	else if (passed[CELLRELAY_XDP_EGRESS])
		say(e, "xdp", WARN, NULL, "%llu cells went by the stack because their way out takes no XDP frames: a VLAN, a tunnel, a driver without it, or a veth whose other end has neither GRO nor an XDP program",
		    (unsigned long long)passed[CELLRELAY_XDP_EGRESS]);
	else
		say(e, "xdp", OK, NULL, "%u devices in native mode", n[0]);
}
