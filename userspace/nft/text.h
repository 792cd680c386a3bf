/* SPDX-License-Identifier: MIT */
/*
 * Writing nftables rulesets as text. What goes in is checked values only:
 * numbers, addresses from bytes, names that pass cr_nft_name(); so no input
 * can end a statement and begin another.
 */
#ifndef CR_NFT_TEXT_H
#define CR_NFT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct cr_text - a text that grows into a fixed buffer
 * @buf: the caller's
 * @room: its size
 * @len: bytes so far
 * @over: it did not fit: the text is useless
 */
struct cr_text {
	char *buf;
	size_t room, len;
	bool over;
};

/** cr_text_init() - empty */
void cr_text_init(struct cr_text *t, char *buf, size_t room);
void cr_text_add(struct cr_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** struct cr_prefix - an IPv4 or IPv6 prefix */
struct cr_prefix {
	uint8_t family;		/* 4 or 6; 0: none */
	uint8_t bits;
	uint8_t ip[16];
};

/** cr_prefix_good() - known family, length in range, no bits behind it */
bool cr_prefix_good(const struct cr_prefix *p);
/** cr_prefix_parse() - "10.0.0.0/8", "fd00::/8", or an address; false for anything else */
bool cr_prefix_parse(struct cr_prefix *p, const char *text);

/** cr_text_prefix() - as nft writes it; a whole address without its length */
void cr_text_prefix(struct cr_text *t, const struct cr_prefix *p);

/** cr_nft_name() - 1 to 15 letters, digits, '-', '_', '.', and so no syntax: a device's name */
bool cr_nft_name(const char *name);

#endif /* CR_NFT_TEXT_H */
