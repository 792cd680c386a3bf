/* SPDX-License-Identifier: MIT */
/* One link handshake: Noise IK with the payloads of control/message.h, from either side. */
#ifndef RELAYD_HELLO_H
#define RELAYD_HELLO_H

#include "control/derive.h"
#include "control/message.h"
#include "noise/noise.h"
#include "peers.h"

/**
 * struct hello - a handshake under way
 * @noise: it
 * @index: our receiving index
 * @large: size that it tries
 * @msg: our message
 * @mine: what we said (as asked)
 * @peer: what the other side said
 * @relay: who it is, as asked; NULL: a client
 * @first: keys of datagrams to it (as asker)
 * @reply_stream: key of its answer (as asker)
 * @mac: MAC of the last datagram, the key of the answer if that is a cookie
 * @cookie: cookie to show
 * @ck: chaining key after the first message (as asked)
 */
struct hello {
	struct noise *noise;
	uint32_t index;
	uint16_t large;
	uint8_t msg[CR_LINK_MSG1_LEN];
	struct cr_link_hello mine, peer;
	struct peer *relay;
	struct cr_dgram_keys first;
	uint8_t reply_stream[32];
	uint8_t mac[16];
	uint8_t cookie[16];
	bool has_cookie;
	uint8_t ck[NOISE_HASH_LEN];
};

/* Begins one with @p; the message is in msg, CR_LINK_MSG1_LEN bytes. NULL after a message. */
struct hello *hello_first(enum cr_purpose purpose, const struct peer *p, uint16_t large);
/* Takes the answer. Return: false when it is none; the handshake is dead then. */
bool hello_second(struct hello *h, const uint8_t *msg, size_t len, enum cr_status *status);
/* Answers one: the message is in msg, CR_LINK_MSG2_LEN bytes. NULL when it is not authentic. */
struct hello *hello_asked(enum cr_purpose purpose, const uint8_t *msg, size_t len, uint16_t large);
/* Keys of a done handshake, once. */
bool hello_keys(struct hello *h, struct cr_way_keys *tx, struct cr_way_keys *rx);
void hello_free(struct hello *h);

/* "it offers no such cipher suite" */
const char *hello_status(enum cr_status s);

#endif /* RELAYD_HELLO_H */
