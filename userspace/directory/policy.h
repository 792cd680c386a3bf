/* SPDX-License-Identifier: MIT */
/*
 * Exit policies: what an exit carries. Rules in order, the first that matches
 * decides, and what none matches is refused. Addresses that are not public
 * (address.h) no exit carries, whatever its rules say.
 */
#ifndef CR_DIRECTORY_POLICY_H
#define CR_DIRECTORY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory/verdict.h"
#include "directory/wire.h"

#define CR_RULE_BYTES		24
#define CR_RULES_MAX		32
#define CR_RULE_TEXT		96

#define CR_PROTO_ANY		0
#define CR_PROTO_TCP		6
#define CR_PROTO_UDP		17

/**
 * struct cr_rule - one line of a policy
 * @accept: or refuse
 * @family: 4, 6, or 0 for both (then @bits is 0)
 * @proto: CR_PROTO_*; ANY is also what has no ports, such as ICMP echo
 * @bits: length of the prefix
 * @ip: prefix; bits behind it are 0
 * @low: first port, 1 or more; with CR_PROTO_ANY 1
 * @high: last port; with CR_PROTO_ANY 65535
 */
struct cr_rule {
	bool accept;
	uint8_t family, proto, bits;
	uint8_t ip[16];
	uint16_t low, high;
};

/**
 * struct cr_target - what a client wants to reach
 * @family: 4, 6, or 0 when either will do
 * @proto: CR_PROTO_TCP or CR_PROTO_UDP, or CR_PROTO_ANY (then @port is 0)
 * @port: or 0
 * @known: @ip is the address; else any public one
 */
struct cr_target {
	uint8_t family, proto;
	uint16_t port;
	bool known;
	uint8_t ip[16];
};

uint8_t *cr_rule_put(uint8_t *p, const struct cr_rule *rule);
/** cr_rule_read() - CR_DIR_OK, CR_DIR_TRUNCATED or CR_DIR_POLICY */
enum cr_verdict cr_rule_read(struct cr_rule *rule, struct cr_reader *r);

/**
 * cr_policy_allows() - would an exit with these rules carry it?
 *
 * Where the address is not known only rules for all addresses of a family
 * decide, so that one refused network does not hide an exit.
 */
bool cr_policy_allows(const struct cr_rule *rules, size_t n, const struct cr_target *want);

/**
 * cr_policy_default() - Tor's: everything but mail relaying, file sharing and the like
 *
 * Return: number of rules written to @rules.
 */
size_t cr_policy_default(struct cr_rule rules[CR_RULES_MAX]);

/** cr_rule_text() - "reject tcp any 25", "accept any 2001:db8::/32 any" */
const char *cr_rule_text(char buf[CR_RULE_TEXT], const struct cr_rule *rule);
/** cr_rule_parse() - the same form; false for anything else */
bool cr_rule_parse(struct cr_rule *rule, const char *text);

#endif /* CR_DIRECTORY_POLICY_H */
