// SPDX-License-Identifier: MIT
/*
 * The XDP programs' pins: ACCT_DIR/NETNS-COOKIE/ holds the namespace's maps and a link per
 * device, link_IFINDEX. A link is its attachment: whoever removes the pin detaches the program,
 * and while it is there nobody else's program replaces ours, nor did ours replace anybody's.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acct.h"
#include "xdp_attach.h"
#include "xdp_refused.h"

#include "bpf/xdp.skel.h"

static void dir_of(char path[XDP_PIN_LEN], uint64_t netns)
{
	snprintf(path, XDP_PIN_LEN, ACCT_DIR "/%016" PRIx64, netns);
}

static void link_path(char path[XDP_PIN_LEN], uint64_t netns, uint32_t ifindex)
{
	snprintf(path, XDP_PIN_LEN, ACCT_DIR "/%016" PRIx64 "/link_%u", netns, ifindex);
}

void xdp_pin_path(char path[XDP_PIN_LEN], uint64_t netns, const char *name)
{
	snprintf(path, XDP_PIN_LEN, ACCT_DIR "/%016" PRIx64 "/%s", netns, name);
}

const char *xdp_mode_name(enum xdp_mode mode)
{
	return mode == XDP_MODE_GENERIC ? "generic" : "native";
}

#define SPREAD_PROG	"cr_xdp_spread"
#define SPREAD_QUEUE	2048	/* frames that may wait for a CPU */

/* Is this the program that hands cells on? */
static bool spreads(uint32_t prog)
{
	struct bpf_prog_info info = { .type = 0 };
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(prog);
	bool is = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && strcmp(info.name, SPREAD_PROG) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

/* How the program of a pinned link is attached. Return: false: the link is not there, or its
 * device is gone.
 */
static bool look(uint64_t netns, uint32_t ifindex, struct xdp_dev *d)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	struct bpf_link_info info = { .type = 0 };
	__u32 len = sizeof(info);
	char path[XDP_PIN_LEN];
	bool ok;
	int fd;

	link_path(path, netns, ifindex);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	ok = bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.type == BPF_LINK_TYPE_XDP &&
	     info.xdp.ifindex == ifindex && if_indextoname(ifindex, d->name);
	close(fd);
	if (!ok || bpf_xdp_query((int)ifindex, 0, &q))
		return false;
	d->ifindex = ifindex;
	d->prog = info.prog_id;
	d->spread = spreads(info.prog_id);
	d->mode = q.skb_prog_id == info.prog_id ? XDP_MODE_GENERIC : XDP_MODE_NATIVE;
	return true;
}

static bool pin_ifindex(const char *name, uint32_t *ifindex)
{
	char end;

	return sscanf(name, "link_%u%c", ifindex, &end) == 1;
}

enum rc xdp_each(uint64_t netns, xdp_fn fn, void *arg)
{
	char path[XDP_PIN_LEN];
	enum rc rc = RC_OK;
	struct dirent *e;
	uint32_t ifindex;
	DIR *d;

	dir_of(path, netns);
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? RC_OK : fail(RC_REFUSED, "cannot look at %s: %s", path, strerror(errno));
	while (!rc && (e = readdir(d))) {
		struct xdp_dev dev;

		if (pin_ifindex(e->d_name, &ifindex) && look(netns, ifindex, &dev))
			rc = fn(&dev, arg);
	}
	closedir(d);
	return rc;
}

/* Devices that are gone leave their links; and without a link nobody needs the maps. */
static void tidy(uint64_t netns)
{
	static const char *const maps[] = { "cr_devs", "cr_xdp_pass" };
	char path[XDP_PIN_LEN];
	unsigned int left = 0;
	struct dirent *e;
	uint32_t ifindex;
	DIR *d;

	dir_of(path, netns);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		struct xdp_dev dev;

		if (!pin_ifindex(e->d_name, &ifindex))
			continue;
		if (look(netns, ifindex, &dev))
			left++;
		else
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !left; i++) {
		xdp_pin_path(path, netns, maps[i]);
		unlink(path);
	}
	for (size_t i = 0; xdp_refused_pins[i] && !left; i++) {
		xdp_pin_path(path, netns, xdp_refused_pins[i]);
		unlink(path);
	}
	dir_of(path, netns);
	if (!left)
		rmdir(path);
}

static int pinned(const char *path)
{
	int fd = bpf_obj_get(path);

	return fd < 0 && errno == ENOENT ? 0 : fd;
}

/* The map at @path if there is one; else the object's own will be pinned there. */
static int share(struct bpf_map *map, const char *path)
{
	int fd = pinned(path), ret;

	if (fd <= 0)
		return fd < 0 ? -errno : 0;
	ret = bpf_map__reuse_fd(map, fd);
	close(fd);
	return ret;
}

/* Every Ethernet device of the namespace may be a way out. */
static void fill(int devs)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		__u32 ifindex = i->if_index;

		/* what cannot be redirected to is refused here, and the module does not send there */
		bpf_map_update_elem(devs, &ifindex, &ifindex, BPF_ANY);
	}
	if_freenameindex(all);
}

static enum rc failed(const char *dev, const char *step, int error)
{
	if (error == EPERM || error == EACCES)
		return fail(RC_REFUSED, "cannot %s the XDP program for %s: not permitted; it takes CAP_SYS_ADMIN, try as root",
			    step, dev);
	return fail(RC_REFUSED, "cannot %s the XDP program for %s: %s; CELLRELAY_BPF_DEBUG=1 shows what the kernel says",
		    step, dev, strerror(error));
}

/* Maps: the machine's accounting, the namespace's own. */
static int use_maps(struct xdp *s, uint64_t netns)
{
	char path[XDP_PIN_LEN];
	int ret;

	ret = share(s->maps.cr_circuits, ACCT_DIR "/cr_circuits");
	ret = ret ? ret : share(s->maps.cr_totals, ACCT_DIR "/cr_totals");
	xdp_pin_path(path, netns, "cr_devs");
	ret = ret ? ret : share(s->maps.cr_devs, path);
	xdp_pin_path(path, netns, "cr_xdp_pass");
	return ret ? ret : share(s->maps.cr_xdp_pass, path);
}

static int pin_maps(struct xdp *s, uint64_t netns)
{
	char path[XDP_PIN_LEN];
	int ret;

	dir_of(path, netns);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	xdp_pin_path(path, netns, "cr_devs");
	ret = bpf_obj_pin(bpf_map__fd(s->maps.cr_devs), path) && errno != EEXIST ? -errno : 0;
	xdp_pin_path(path, netns, "cr_xdp_pass");
	return ret ? ret : bpf_obj_pin(bpf_map__fd(s->maps.cr_xdp_pass), path) && errno != EEXIST ? -errno : 0;
}

/* Somebody else's program is there, or a driver cannot. Says which. */
static enum rc busy(const char *dev, uint32_t ifindex)
{
	struct bpf_prog_info info = { .type = 0 };
	__u32 len = sizeof(info), id = 0;
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int fd;

	if (!bpf_xdp_query((int)ifindex, 0, &q))
		id = q.prog_id ? q.prog_id : q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
	fd = id ? bpf_prog_get_fd_by_id(id) : -1;
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		info.name[0] = '\0';
	if (fd >= 0)
		close(fd);
	if (strcmp(info.name, "xdp_dispatcher") == 0)
		return fail(RC_REFUSED, "cannot attach to %s: programs of libxdp are there, and sharing its dispatcher is not supported; to see them: xdp-loader status %s",
			    dev, dev);
	return fail(RC_REFUSED, "cannot attach to %s: another XDP program is there (id %u, \"%s\"), which stays as it is; to see it: bpftool prog show id %u",
		    dev, id, info.name, id);
}

/* The CPUs to hand cells to, the first ones. */
static int fill_cpus(struct xdp *s, uint32_t spread)
{
	struct bpf_cpumap_val v = { .qsize = SPREAD_QUEUE, .bpf_prog.fd = bpf_program__fd(s->progs.cr_xdp_cpu) };

	for (__u32 cpu = 0; cpu < spread; cpu++)
		if (bpf_map_update_elem(bpf_map__fd(s->maps.cr_cpus), &cpu, &v, 0))
			return -errno;
	return 0;
}

/* One try in one mode. Return: 0, or -errno of the attachment; *@rc is set when it is said why. */
static int attach_as(uint64_t netns, const char *dev, uint32_t ifindex, enum xdp_mode mode, uint32_t spread,
		     enum rc *rc)
{
	bool generic = mode == XDP_MODE_GENERIC;
	LIBBPF_OPTS(bpf_link_create_opts, o, .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	struct xdp *s = xdp__open();
	char path[XDP_PIN_LEN];
	int ret, fd = -1;

	*rc = RC_OK;
	if (!s) {
		*rc = failed(dev, "open", errno);
		return 0;
	}
	s->rodata->cr_mode = generic ? CELLRELAY_XDP_F_GENERIC : 0;
	s->rodata->cr_spread = spread ? spread : 1;
	bpf_map__set_max_entries(s->maps.cr_cpus, spread ? spread : 1);
	ret = use_maps(s, netns);
	ret = ret ? ret : xdp__load(s);
	ret = ret ? ret : fill_cpus(s, spread);
	if (ret)
		*rc = failed(dev, "load", -ret);
	if (!*rc) {
		fill(bpf_map__fd(s->maps.cr_devs));
		fd = bpf_link_create(bpf_program__fd(spread ? s->progs.cr_xdp_spread : s->progs.cr_xdp),
				     (int)ifindex, BPF_XDP, &o);
		ret = fd < 0 ? -errno : 0;
	}
	if (fd >= 0) {
		link_path(path, netns, ifindex);
		ret = pin_maps(s, netns);
		if (!ret && bpf_obj_pin(fd, path))
			ret = -errno;
		if (ret)
			*rc = fail(RC_REFUSED, "cannot pin the XDP program under " ACCT_DIR ": %s", strerror(-ret));
		close(fd);	/* the pin holds it, or nobody */
	}
	xdp__destroy(s);
	return *rc ? 0 : ret;
}

enum rc xdp_attach(uint64_t netns, const char *dev, uint32_t ifindex, enum xdp_mode mode, uint32_t spread,
		   struct xdp_dev *got)
{
	enum rc rc;
	int lock, ret;

	if (spread > (uint32_t)libbpf_num_possible_cpus())
		return fail(RC_USAGE, "spread: there are only %d CPUs", libbpf_num_possible_cpus());
	/* a generic cpumap runs no program behind the first frame of a batch on 6.1 and 6.12 */
	if (spread && mode == XDP_MODE_GENERIC)
		return fail(RC_USAGE, "spread: in native mode only");
	if (spread)
		mode = XDP_MODE_NATIVE;
	rc = acct_attach(0);
	if (rc)
		return rc;
	lock = acct_lock();
	if (lock < 0)
		return RC_REFUSED;
	tidy(netns);
	if (look(netns, ifindex, got)) {
		close(lock);
		if ((mode == XDP_MODE_ANY || mode == got->mode) && got->spread == !!spread)
			return RC_OK;
		return fail(RC_REFUSED, "the XDP program is attached to %s already, in %s mode%s; to change that: relayctl xdp detach %s",
			    dev, xdp_mode_name(got->mode), got->spread ? ", spread over CPUs" : "", dev);
	}
	ret = attach_as(netns, dev, ifindex, mode == XDP_MODE_ANY ? XDP_MODE_NATIVE : mode, spread, &rc);
	/* what drivers say that do not know XDP, or not with this device's settings */
	if (mode == XDP_MODE_ANY && (ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ERANGE))
		ret = attach_as(netns, dev, ifindex, XDP_MODE_GENERIC, 0, &rc);
	if (ret == -EBUSY || ret == -EEXIST)
		rc = busy(dev, ifindex);
	else if (ret == -EOPNOTSUPP)
		rc = fail(RC_REFUSED, "cannot attach to %s in %s mode: the driver does not support it; try: relayctl xdp attach %s mode generic",
			  dev, xdp_mode_name(mode), dev);
	else if (ret)
		rc = failed(dev, "attach", -ret);
	if (!rc && !look(netns, ifindex, got))
		rc = fail(RC_REFUSED, "the XDP program for %s went as soon as it was attached", dev);
	if (!rc)
		xdp_refused_attach(netns);
	tidy(netns);
	close(lock);
	return rc;
}

enum rc xdp_detach(uint64_t netns, const char *dev, uint32_t ifindex)
{
	int lock = acct_lock();
	char path[XDP_PIN_LEN];
	enum rc rc = RC_OK;

	if (lock < 0)
		return RC_REFUSED;
	link_path(path, netns, ifindex);
	if (unlink(path) < 0)
		rc = errno == ENOENT ? fail(RC_REFUSED, "no XDP program of ours is attached to %s", dev) :
		     fail(RC_REFUSED, "cannot remove %s: %s", path, strerror(errno));
	tidy(netns);
	close(lock);
	return rc;
}

enum rc xdp_passed(uint64_t netns, uint64_t n[CELLRELAY_XDP_WHYS])
{
	int cpus = libbpf_num_possible_cpus(), fd;
	char path[XDP_PIN_LEN];
	enum rc rc = RC_OK;
	uint64_t *v;

	memset(n, 0, CELLRELAY_XDP_WHYS * sizeof(*n));
	xdp_pin_path(path, netns, "cr_xdp_pass");
	fd = pinned(path);
	if (fd <= 0)
		return fd < 0 ? fail(RC_REFUSED, "cannot open %s: %s", path, strerror(errno)) : RC_OK;
	v = cpus > 0 ? calloc((size_t)cpus, sizeof(*v)) : NULL;
	for (__u32 why = 0; why < CELLRELAY_XDP_WHYS && !rc; why++) {
		if (!v || bpf_map_lookup_elem(fd, &why, v) < 0)
			rc = fail(RC_REFUSED, "cannot read %s: %s", path, strerror(errno));
		for (int c = 0; c < cpus && !rc; c++)
			n[why] += v[c];
	}
	free(v);
	close(fd);
	return rc;
}
