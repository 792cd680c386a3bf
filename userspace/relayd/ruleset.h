/* SPDX-License-Identifier: MIT */
/* Rulesets into the kernel, and in one line why not. */
#ifndef RELAYD_RULESET_H
#define RELAYD_RULESET_H

#include "netlink/kn.h"

/* @text: as cr_nft_apply() takes it; @doing: what for, as in "cannot @doing: ...". */
enum rc ruleset_apply(const char *text, const char *doing);

#endif /* RELAYD_RULESET_H */
