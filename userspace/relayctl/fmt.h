/* SPDX-License-Identifier: MIT */
/* How values look in text and the names of the ABI's numbers. */
#ifndef RELAYCTL_FMT_H
#define RELAYCTL_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlattr;

#define FMT_LEN	64

/* All return @buf, of FMT_LEN bytes. */
const char *fmt_bytes(char *buf, uint64_t n);
const char *fmt_size(char *buf, uint64_t n);	/* "unlimited" for all ones */
const char *fmt_rate(char *buf, uint64_t n);
const char *fmt_ago(char *buf, uint64_t ms);
const char *fmt_addr(char *buf, const struct nlattr *addr);
const char *fmt_endpoint(char *buf, const struct nlattr *addr, uint16_t port);

const char *fmt_role(uint8_t role);
const char *fmt_suite(uint8_t suite);
const char *fmt_reason(uint32_t reason);	/* why an object went */
const char *fmt_drop(uint32_t reason);		/* why a cell was dropped */
const char *fmt_event(uint32_t type);

/* Start and end of emphasised text; "" unless stdout wants colour. */
const char *fmt_bold(void);
const char *fmt_red(void);
const char *fmt_green(void);
const char *fmt_yellow(void);
const char *fmt_plain(void);

#endif /* RELAYCTL_FMT_H */
