// SPDX-License-Identifier: MIT
/* relayctl sock: the module's UDP sockets. */
#include <linux/cellrelay.h>
#include <net/if.h>

#include "fmt.h"
#include "json.h"
#include "object.h"

enum rc sock_print(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *tb[CELLRELAY_A_SOCK_MAX + 1];
	uint32_t id, ifindex, mark;
	char addr[FMT_LEN], ifname[IF_NAMESIZE] = "";
	uint16_t port;

	(void)arg;
	if (genlmsg_parse(nlh, 0, tb, CELLRELAY_A_SOCK_MAX, NULL) < 0)
		return fail(RC_REFUSED, "the module's answer cannot be read");
	id = kn_u32(tb, CELLRELAY_A_SOCK_ID, 0);
	port = kn_u32(tb, CELLRELAY_A_SOCK_PORT, 0);
	ifindex = kn_u32(tb, CELLRELAY_A_SOCK_IFINDEX, 0);
	mark = kn_u32(tb, CELLRELAY_A_SOCK_FWMARK, 0);
	if (ifindex && !if_indextoname(ifindex, ifname))
		snprintf(ifname, sizeof(ifname), "if%u", ifindex);

	if (opt.json) {
		json_open(NULL, '{');
		json_u64("id", id);
		json_str("address", fmt_addr(addr, tb[CELLRELAY_A_SOCK_ADDR]));
		json_u64("port", port);
		json_str("dev", ifindex ? ifname : NULL);
		json_u64("fwmark", mark);
		json_close();
		return RC_OK;
	}
	fprintf(opt.out, "%ssocket %u%s: %s", fmt_bold(), id, fmt_plain(),
		fmt_endpoint(addr, tb[CELLRELAY_A_SOCK_ADDR], port));
	if (ifindex)
		fprintf(opt.out, " dev %s", ifname);
	if (mark)
		fprintf(opt.out, " fwmark 0x%x", mark);
	fputc('\n', opt.out);
	return RC_OK;
}

enum { ADD_ID, ADD_ADDR, ADD_PORT };

static const struct arg add_args[] = {
	{ .name = "id", .kind = ARG_UINT, .flags = ARG_POS, .attr = CELLRELAY_A_SOCK_ID, .width = 4,
	  .min = 1, .meta = "ID", .help = "its number; without, the kernel chooses" },
	{ .name = "addr", .kind = ARG_ADDR, .flags = ARG_REQ, .attr = CELLRELAY_A_SOCK_ADDR,
	  .meta = "ADDRESS", .help = "local address; 0.0.0.0 or :: for any" },
	{ .name = "port", .kind = ARG_UINT, .attr = CELLRELAY_A_SOCK_PORT, .width = 2, .meta = "PORT",
	  .help = "local port; without, the kernel chooses" },
	{ .name = "dev", .kind = ARG_IFACE, .attr = CELLRELAY_A_SOCK_IFINDEX, .width = 4,
	  .meta = "DEVICE", .help = "device it is bound to" },
	{ .name = "fwmark", .kind = ARG_UINT, .attr = CELLRELAY_A_SOCK_FWMARK, .width = 4,
	  .meta = "MARK", .help = "mark of what it sends, and of its route look-ups" },
	{ .name = NULL },
};


static enum rc add(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "add a socket on %s port %s", v[ADD_ADDR].word,
		 v[ADD_PORT].set ? v[ADD_PORT].word : "any");
	msg = request(CELLRELAY_CMD_SOCK_NEW, verb, v, &rc);
	if (!msg)
		return rc;
	/* what the kernel chose must be told */
	if (!opt.json && (!v[ADD_ID].set || !v[ADD_PORT].set))
		return kn_do(msg, sock_print, NULL, &what);
	return change(msg, "sockets", &what, sock_print);
}

static const struct arg id_args[] = {
	{ .name = "id", .kind = ARG_UINT, .flags = ARG_POS | ARG_REQ, .attr = CELLRELAY_A_SOCK_ID,
	  .width = 4, .min = 1, .meta = "ID", .help = "which", .complete = "sock" },
	{ .name = NULL },
};

static enum rc del(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "delete socket %s", v[0].word);
	msg = request(CELLRELAY_CMD_SOCK_DEL, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct arg show_args[] = {
	{ .name = "id", .kind = ARG_UINT, .flags = ARG_POS, .attr = CELLRELAY_A_SOCK_ID, .width = 4,
	  .min = 1, .meta = "ID", .help = "only this one", .complete = "sock" },
	{ .name = NULL },
};

static enum rc show(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .doing = "show sockets", .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	if (!v[0].set)
		return dump_all(CELLRELAY_CMD_SOCK_GET, "sockets", what.doing, sock_print);
	snprintf(what.doing, sizeof(what.doing), "show socket %s", v[0].word);
	msg = request(CELLRELAY_CMD_SOCK_GET, verb, v, &rc);
	return !msg ? rc : get_one(msg, "sockets", &what, sock_print);
}

static const struct verb verbs[] = {
	{ .name = "add", .run = add, .args = add_args,
	  .help = "make a UDP socket in the kernel" },
	{ .name = "del", .run = del, .args = id_args,
	  .help = "delete it; links that use it keep their keys" },
	{ .name = "show", .run = show, .args = show_args,
	  .help = "list sockets" },
	{ .name = NULL },
};

const struct object obj_sock = { "sock", "socket", verbs, 2, "UDP sockets of the module" };
