/* SPDX-License-Identifier: MIT */
/* Rulesets into the kernel, through libnftables: all of a text or nothing. */
#ifndef CR_NFT_APPLY_H
#define CR_NFT_APPLY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * cr_nft_apply() - run a text as one transaction, in this network namespace
 * @text: commands, as "nft -f" takes them
 * @error: what libnftables says when the result is false
 * @room: size of @error
 */
bool cr_nft_apply(const char *text, char *error, size_t room);

#endif /* CR_NFT_APPLY_H */
