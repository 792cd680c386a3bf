/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams that are no cells, before the daemon sees them: the MAC that only
 * someone can make who knows what we told, and, under load, a cookie.
 */
#ifndef CR_COOKIE_H
#define CR_COOKIE_H

#include "core/handshake.h"
#include "sock.h"

#define CR_FILTER_MACS	16
#define CR_FILTER_OWN	2	/* present and previous key of a relay */

/**
 * struct cr_filter - what the daemon wants to see; replaced as a whole
 * @rcu: frees it, keys wiped
 * @nr: keys
 * @own: the first so many are keys of questions to us, which may need a cookie
 * @rate: questions per second that need none
 * @mac: MAC keys
 * @stream: key that each own question, and our answer, is hidden with
 */
struct cr_filter {
	struct rcu_head rcu;
	u32 nr;
	u32 own;
	u32 rate;
	struct cr_siphash_key mac[CR_FILTER_MACS];
	u8 stream[CR_FILTER_OWN][CR_DGRAM_STREAM_LEN];
};

bool cr_cookie_filter(struct cr_sock *cs, const struct cr_addr *from, const u8 *data, u32 len,
		      u8 *reason);
int cr_filter_set(struct cr_net *cn, struct cr_filter *f);

#endif /* CR_COOKIE_H */
