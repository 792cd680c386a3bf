// SPDX-License-Identifier: MIT
/*
 * What drivers refused of the frames that XDP programs handed to them: programs on the kernel's
 * tracepoints (ebpf/refused.bpf.c), attached with a namespace's first XDP program, pinned beside
 * its maps and gone with its last.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "xdp_attach.h"
#include "xdp_refused.h"

#include "bpf/refused.skel.h"

#define MAP		"cr_xdp_refused"

const char *const xdp_refused_pins[] = { MAP, "refused_xmit", "refused_redirect", "refused_tx", NULL };

static int open_map(uint64_t netns)
{
	char path[XDP_PIN_LEN];

	xdp_pin_path(path, netns, MAP);
	return bpf_obj_get(path);
}

/* An entry for each device, so that nothing is inserted where frames are sent; 0 is all others. */
static void fill(int map)
{
	static const struct cellrelay_xdp_refused none;
	struct if_nameindex *all = if_nameindex();
	__u32 ifindex = 0;

	bpf_map_update_elem(map, &ifindex, &none, BPF_NOEXIST);
	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		ifindex = i->if_index;
		bpf_map_update_elem(map, &ifindex, &none, BPF_NOEXIST);
	}
	if_freenameindex(all);
}

static int pin_link(struct bpf_link *link, uint64_t netns, const char *name)
{
	char path[XDP_PIN_LEN];

	xdp_pin_path(path, netns, name);
	unlink(path);	/* left over from an attempt that failed half way */
	return bpf_obj_pin(bpf_link__fd(link), path) ? -errno : 0;
}

static int attach(struct refused *s, uint64_t netns)
{
	char path[XDP_PIN_LEN];
	int ret;

	s->rodata->cr_netns = netns;
	ret = refused__load(s);
	ret = ret ? ret : refused__attach(s);
	if (ret)
		return ret;
	fill(bpf_map__fd(s->maps.cr_xdp_refused));
	ret = pin_link(s->links.cr_refused_xmit, netns, "refused_xmit");
	ret = ret ? ret : pin_link(s->links.cr_refused_redirect, netns, "refused_redirect");
	ret = ret ? ret : pin_link(s->links.cr_refused_tx, netns, "refused_tx");
	/* The map last: where it is, all is. */
	xdp_pin_path(path, netns, MAP);
	return ret ? ret : bpf_obj_pin(bpf_map__fd(s->maps.cr_xdp_refused), path) ? -errno : 0;
}

void xdp_refused_attach(uint64_t netns)
{
	int fd = open_map(netns), ret;
	struct refused *s;

	if (fd >= 0) {
		fill(fd);
		close(fd);
		return;
	}
	s = refused__open();
	ret = s ? attach(s, netns) : -errno;
	refused__destroy(s);	/* the pins hold what is attached */
	if (ret)
		err("what drivers refuse will not be counted: the programs for that do not load: %s; CELLRELAY_BPF_DEBUG=1 shows what the kernel says",
		    strerror(-ret));
}

enum rc xdp_refused(uint64_t netns, xdp_refused_fn fn, void *arg)
{
	__u32 ifindex, *at = NULL;
	int fd = open_map(netns);

	if (fd < 0)
		return errno == ENOENT ? RC_OK : fail(RC_REFUSED, "cannot open the pinned map " MAP ": %s", strerror(errno));
	for (; !bpf_map_get_next_key(fd, at, &ifindex); at = &ifindex) {
		struct cellrelay_xdp_refused n;
		char name[IF_NAMESIZE];

		if (bpf_map_lookup_elem(fd, &ifindex, &n) || !(n.xmit | n.redirect | n.tx))
			continue;
		fn(ifindex && if_indextoname(ifindex, name) ? name : NULL, ifindex, &n, arg);
	}
	close(fd);
	return RC_OK;
}
