// SPDX-License-Identifier: MIT
#include "fmt.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/cellrelay.h>
#include <netlink/attr.h>
#include <stdio.h>

#include "core/reason.h"
#include "relayctl.h"

const char *fmt_bytes(char *buf, uint64_t n)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double d = n;
	unsigned int i = 0;

	while (d >= 1024 && i < 6) {
		d /= 1024;
		i++;
	}
	snprintf(buf, FMT_LEN, i ? "%.2f %s" : "%.0f %s", d, unit[i]);
	return buf;
}

const char *fmt_size(char *buf, uint64_t n)
{
	if (n != UINT64_MAX)
		return fmt_bytes(buf, n);
	snprintf(buf, FMT_LEN, "unlimited");
	return buf;
}

const char *fmt_rate(char *buf, uint64_t n)
{
	char tmp[FMT_LEN];

	if (n == UINT64_MAX)
		snprintf(buf, FMT_LEN, "unlimited");
	else
		snprintf(buf, FMT_LEN, "%.20s/s", fmt_bytes(tmp, n));
	return buf;
}

const char *fmt_ago(char *buf, uint64_t ms)
{
	if (ms < 60000)
		snprintf(buf, FMT_LEN, "%.1f s ago", ms / 1000.0);
	else if (ms < 3600000)
		snprintf(buf, FMT_LEN, "%" PRIu64 " min ago", ms / 60000);
	else
		snprintf(buf, FMT_LEN, "%.1f h ago", ms / 3600000.0);
	return buf;
}

const char *fmt_addr(char *buf, const struct nlattr *addr)
{
	int len = addr ? nla_len(addr) : 0;

	if ((len != 4 && len != 16) ||
	    !inet_ntop(len == 4 ? AF_INET : AF_INET6, nla_data(addr), buf, FMT_LEN))
		snprintf(buf, FMT_LEN, "none");
	return buf;
}

const char *fmt_endpoint(char *buf, const struct nlattr *addr, uint16_t port)
{
	char tmp[FMT_LEN];

	if (!addr)
		snprintf(buf, FMT_LEN, "none");
	else if (nla_len(addr) == 16)
		snprintf(buf, FMT_LEN, "[%.46s]:%u", fmt_addr(tmp, addr), port);
	else
		snprintf(buf, FMT_LEN, "%.46s:%u", fmt_addr(tmp, addr), port);
	return buf;
}

const char *fmt_role(uint8_t role)
{
	switch (role) {
	case CELLRELAY_ROLE_RELAY:
		return "relay";
	case CELLRELAY_ROLE_CLIENT:
		return "client";
	default:
		return "unknown";
	}
}

const char *fmt_suite(uint8_t suite)
{
	switch (suite) {
	case CELLRELAY_SUITE_CHACHA:
		return "chacha";
	case CELLRELAY_SUITE_AESGCM:
		return "aesgcm";
	default:
		return "unknown";
	}
}

const char *fmt_reason(uint32_t reason)
{
	static const char *const name[] = {
		[CELLRELAY_REASON_REQUEST] = "request",
		[CELLRELAY_REASON_PROTO] = "proto",
		[CELLRELAY_REASON_EXPIRED] = "expired",
		[CELLRELAY_REASON_LINK_GONE] = "link_gone",
		[CELLRELAY_REASON_DEVICE_GONE] = "device_gone",
		[CELLRELAY_REASON_SUSPEND] = "suspend",
		[CELLRELAY_REASON_UNLOAD] = "unload",
		[CELLRELAY_REASON_LIMIT] = "limit",
	};

	return reason < sizeof(name) / sizeof(name[0]) ? name[reason] : "unknown";
}

const char *fmt_drop(uint32_t reason)
{
	static const char *const name[] = {
#define X(n, id, str) [n] = str,
		CR_DROP_REASONS(X)
#undef X
	};

	static char other[FMT_LEN];

	if (reason < CR_DROP_MAX && name[reason])
		return name[reason];
	/* of a newer module; the number keeps two of them apart */
	snprintf(other, sizeof(other), "reason_%u", reason);
	return other;
}

const char *fmt_event(uint32_t type)
{
	static const char *const name[] = {
		[CELLRELAY_EVENT_NS] = "ns-changed",
		[CELLRELAY_EVENT_SOCK_NEW] = "sock-new",
		[CELLRELAY_EVENT_SOCK_DEL] = "sock-del",
		[CELLRELAY_EVENT_LINK_NEW] = "link-new",
		[CELLRELAY_EVENT_LINK_CHANGED] = "link-changed",
		[CELLRELAY_EVENT_LINK_DEL] = "link-del",
		[CELLRELAY_EVENT_KEY_NEW] = "key-new",
		[CELLRELAY_EVENT_KEY_DEL] = "key-del",
		[CELLRELAY_EVENT_CIRC_NEW] = "circuit-new",
		[CELLRELAY_EVENT_CIRC_CHANGED] = "circuit-changed",
		[CELLRELAY_EVENT_CIRC_DEL] = "circuit-del",
		[CELLRELAY_EVENT_CIRC_LIMIT] = "circuit-limit",
		[CELLRELAY_EVENT_ROAM] = "roam",
	};

	return type < sizeof(name) / sizeof(name[0]) && name[type] ? name[type] : "unknown";
}

static const char *color(const char *seq)
{
	return opt.color ? seq : "";
}

const char *fmt_bold(void) { return color("\033[1m"); }
const char *fmt_red(void) { return color("\033[31m"); }
const char *fmt_green(void) { return color("\033[32m"); }
const char *fmt_yellow(void) { return color("\033[33m"); }
const char *fmt_plain(void) { return color("\033[0m"); }
