// SPDX-License-Identifier: MIT
/*
 * Dumps of 100 000 circuits (or as many as the first argument says): complete,
 * paged, one object per message; narrowed to a link; correct when circuits come
 * and go meanwhile, and then marked; given up half-way.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "nlt.h"

#define BATCH	64

static struct nlt nl;
static uint32_t n_circs = 100000;
static uint8_t *seen;		/* how often, by id */
static uint32_t seen_size;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Makes circuits first..last on link 1 or, every tenth, 2; many requests at once. */
static void make(uint32_t first, uint32_t last)
{
	static char buf[BATCH * 512];
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	uint32_t id = first, n;
	struct nlt_result r;
	struct nl_msg *msg;
	size_t len;

	while (id <= last) {
		uint32_t seq = nl.seq;

		for (n = 0, len = 0; n < BATCH && id <= last; n++, id++) {
			msg = nlt_circ_request(&nl, id, id % 10 ? 1 : 2);
			memcpy(buf + len, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
			len += NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len);
			nlmsg_free(msg);
		}
		if (sendto(nl.fd, buf, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			ktap_bail("sendto: %s", strerror(errno));
		for (nl.seq = seq; n; n--) {
			nl.seq++;
			if (nlt_answer(&nl, &r, NULL, NULL))
				ktap_bail("circuit: %s (%s)", strerror(-r.err), r.msg);
		}
	}
}

struct dump {
	uint32_t objects, most, messages, last;
	bool backwards;
	struct nlt_result end;
};

static void note_circ(struct dump *d, struct nlmsghdr *nlh)
{
	struct genlmsghdr *hdr = NLMSG_DATA(nlh);
	struct nlattr *a[NLT_ATTRS] = {};
	uint32_t id;

	nla_parse(a, NLT_ATTRS - 1, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), NULL);
	if (!a[CELLRELAY_A_CIRC_ID] || !(nlh->nlmsg_flags & NLM_F_MULTI) ||
	    hdr->cmd != CELLRELAY_CMD_CIRC_GET)
		ktap_bail("a message of a dump that is no circuit");
	id = nla_get_u32(a[CELLRELAY_A_CIRC_ID]);
	d->objects++;
	d->backwards |= id <= d->last;
	d->last = id;
	if (id < seen_size)
		seen[id]++;
}

/* One datagram of a dump. Returns false at its end. */
static bool page(struct nlt *n, struct dump *d, size_t size)
{
	static char buf[65536];
	struct nlmsghdr *nlh = (void *)buf;
	uint32_t objects = 0;
	ssize_t got = nlt_recv(n, buf, size, 0);
	int len = got;

	if (got < 0)
		ktap_bail("recv: %s", strerror(-got));
	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		d->end.intr |= !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
		if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
			d->end.err = *(int *)NLMSG_DATA(nlh);
			return false;
		}
		note_circ(d, nlh);
		objects++;
	}
	d->messages++;
	if (objects > d->most)
		d->most = objects;
	return true;
}

static void start(struct nlt *n, struct dump *d, int attr, uint32_t link)
{
	struct nl_msg *msg = nlt_request(n, CELLRELAY_CMD_CIRC_GET, NLM_F_DUMP);

	memset(d, 0, sizeof(*d));
	memset(seen, 0, seen_size);
	if (attr)
		nla_put_u32(msg, attr, link);
	if (nlt_send(n, msg))
		ktap_bail("dump");
}

static void complete(struct dump *d, uint32_t first, uint32_t last)
{
	uint32_t id, missing = 0, twice = 0;

	for (id = first; id <= last; id++) {
		missing += !seen[id];
		twice += seen[id] > 1;
	}
	CHECK(!d->end.err, "ended with %s", strerror(-d->end.err));
	CHECK(!missing, "%u circuits are missing", missing);
	CHECK(!twice, "%u circuits came twice", twice);
	CHECK(!d->backwards, "not in order of id");
}

static void test_make(const void *arg)
{
	double t = now();

	make(1, n_circs);
	t = now() - t;
	ktap_note("%u circuits in %.1f s", n_circs, t);
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_CIRCS) == n_circs, "ns-get counts %u",
	      (unsigned int)nlt_ns(&nl, CELLRELAY_A_NS_CIRCS));
}

static void test_whole(const void *arg)
{
	double t = now();
	struct dump d;

	start(&nl, &d, 0, 0);
	while (page(&nl, &d, 65536))
		;
	complete(&d, 1, n_circs);
	CHECK(d.objects == n_circs, "%u objects", d.objects);
	CHECK(!d.end.intr, "interrupted by nothing");
	ktap_note("%u objects in %u messages, at most %u in one; %.1f s", d.objects, d.messages, d.most,
		  now() - t);
}

static void test_small_pages(const void *arg)
{
	struct dump d;
	struct nlt n;

	nlt_open(&n);
	start(&n, &d, 0, 0);
	while (page(&n, &d, 4096))
		;
	complete(&d, 1, n_circs);
	ktap_note("%u messages, at most %u objects in one", d.messages, d.most);
	CHECK(d.messages > n_circs / 100, "%u messages", d.messages);
	nlt_close(&n);
}

static void test_link(const void *arg)
{
	struct dump d;

	start(&nl, &d, CELLRELAY_A_CIRC_PREV_LINK, 2);
	while (page(&nl, &d, 65536))
		;
	CHECK(!d.end.err && d.objects == n_circs / 10, "%u objects on link 2", d.objects);
	CHECK(seen[10] && !seen[11], "of the wrong link");
	start(&nl, &d, CELLRELAY_A_CIRC_NEXT_LINK, 1);
	while (page(&nl, &d, 65536))
		;
	CHECK(!d.end.err && !d.objects, "%u objects on a link that is no next one", d.objects);
	start(&nl, &d, CELLRELAY_A_CIRC_PREV_LINK, 4711);
	while (page(&nl, &d, 65536))
		;
	CHECK(!d.end.err && !d.objects, "%u objects on a link that is none", d.objects);
}

static void del(uint32_t id)
{
	if (nlt_by_id(&nl, CELLRELAY_CMD_CIRC_DEL, id))
		ktap_bail("circ-del %u", id);
}

/* Circuits come and go, before and behind where the dump stands. */
static void test_change(const void *arg)
{
	uint32_t id, missing = 0, twice = 0, gone = 0, pages = 0, k = 0;
	struct dump d;
	struct nlt n;

	nlt_open(&n);
	start(&n, &d, 0, 0);
	while (page(&n, &d, 16384)) {
		if (pages++ % 8)
			continue;
		/* Behind the dump, just before it, and far ahead; never a multiple of 7. */
		for (id = d.last - 20; id < d.last + 400 && id <= n_circs; id += 60) {
			if (id < 2 || id % 7 == 0 || seen[id] >= 100)
				continue;
			del(id);
			seen[id] += 100;
			gone++;
		}
		make(n_circs + 1 + k, n_circs + 4 + k);
		k += 4;
	}
	for (id = 7; id <= n_circs; id += 7) {
		missing += !seen[id];
		twice += seen[id] > 1;
	}
	CHECK(!missing && !twice, "of those that stayed, %u are missing and %u came twice", missing, twice);
	CHECK(gone, "nothing was deleted");
	CHECK(d.end.intr, "no NLM_F_DUMP_INTR");
	CHECK(!d.backwards, "not in order of id");
	ktap_note("%u pages; meanwhile %u circuits went and %u came", pages, gone, k);
	for (id = 1; id <= k; id++)
		del(n_circs + id);
	for (id = 1; id <= n_circs; id++)
		if (seen[id] >= 100)
			make(id, id);
	start(&nl, &d, 0, 0);
	while (page(&nl, &d, 65536))
		;
	complete(&d, 1, n_circs);
	CHECK(!d.end.intr, "interrupted by what was before it");
	nlt_close(&n);
}

static void test_give_up(const void *arg)
{
	struct nlt_result r;
	struct nlt n[8];
	struct dump d;
	int i;

	for (i = 0; i < 8; i++) {
		nlt_open(&n[i]);
		start(&n[i], &d, 0, 0);
		page(&n[i], &d, 16384);
	}
	/* One dump at a time on a socket. */
	nlt_talk(&n[0], nlt_request(&n[0], CELLRELAY_CMD_CIRC_GET, NLM_F_DUMP), &r, NULL, NULL);
	CHECK(r.err == -EBUSY, "second dump: %d", r.err);
	for (i = 0; i < 8; i++)
		nlt_close(&n[i]);
	start(&nl, &d, 0, 0);
	while (page(&nl, &d, 65536))
		;
	complete(&d, 1, n_circs);
}

static void test_end(const void *arg)
{
	double t = now();

	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 1), "link-del 1");
	CHECK(!nlt_by_id(&nl, CELLRELAY_CMD_LINK_DEL, 2), "link-del 2");
	CHECK(nlt_ns(&nl, CELLRELAY_A_NS_CIRCS) == 0, "circuits outlive their link");
	ktap_note("all gone in %.1f s", now() - t);
	CHECK(!nl.marks, "keys came back %lu times in %lu bytes", nl.marks, nl.bytes);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		{ "make them", test_make, NULL },
		{ "a whole dump", test_whole, NULL },
		{ "small pages", test_small_pages, NULL },
		{ "narrowed to a link", test_link, NULL },
		{ "while circuits come and go", test_change, NULL },
		{ "given up half-way", test_give_up, NULL },
		{ "delete them; no key came back", test_end, NULL },
	};

	if (argc > 1)
		n_circs = strtoul(argv[1], NULL, 10);
	seen_size = 2 * n_circs + 1000;
	seen = calloc(1, seen_size);
	if (!seen || n_circs < 1000)
		ktap_bail("usage: dump [CIRCUITS, at least 1000]");
	nlt_unshare();
	nlt_open(&nl);
	nlt_cap_ack(&nl);
	if (nlt_set_u32(&nl, CELLRELAY_CMD_NS_SET, CELLRELAY_A_NS_CIRC_MAX, 1 << 20) ||
	    nlt_link_new(&nl, 1, 0, 0) || nlt_link_new(&nl, 2, 0, 0))
		ktap_bail("cannot make links");
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
