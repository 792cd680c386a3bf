// SPDX-License-Identifier: MIT
#include "hello.h"

#include <linux/cellrelay.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "kernel.h"
#include "keys.h"
#include "relayd.h"

static struct hello *hello_new(uint16_t large)
{
	struct hello *h = sodium_malloc(sizeof(*h));

	if (!h) {
		err("no locked memory for a handshake; see: ulimit -l");
		return NULL;
	}
	sodium_memzero(h, sizeof(*h));
	h->index = randombytes_random();
	h->large = large;
	h->mine = (struct cr_link_hello){
		.suite = CELLRELAY_SUITE_CHACHA, .large = large, .index = h->index, .snapshot = *relayd_snapshot(),
	};
	memcpy(h->mine.idx_key, kernel_idx_key(), CR_IDX_KEY_LEN);
	return h;
}

void hello_free(struct hello *h)
{
	if (!h)
		return;
	noise_free(h->noise);
	sodium_free(h);
}

/* Our payload into our message. */
static bool hello_write(struct hello *h)
{
	uint8_t payload[CR_LINK_HELLO_LEN];
	size_t len = sizeof(h->msg);

	cr_link_hello_put(payload, &h->mine);
	return noise_write(h->noise, payload, sizeof(payload), h->msg, &len) == NOISE_OK;
}

struct hello *hello_first(enum cr_purpose purpose, const struct peer *p, uint16_t large)
{
	uint8_t prologue[CR_PROLOGUE_LEN];
	struct cr_dgram_keys reply;
	struct hello *h = hello_new(large);
	uint8_t *fresh = NULL;
	enum noise_error e;

	if (!h)
		return NULL;
	cr_prologue(prologue, purpose, conf.ledger, p->identity);
	if (!keys->has) {
		/* a client is somebody else on every link */
		fresh = sodium_malloc(32);
		if (!fresh)
			goto bad;
		randombytes_buf(fresh, 32);
	}
	e = noise_new(&h->noise, NOISE_IK, true, prologue, sizeof(prologue), fresh ? fresh : keys_now()->x_secret, p->key);
	sodium_free(fresh);
	if (e || !hello_write(h))
		goto bad;
	cr_derive_first(&h->first, p->key);
	cr_derive_reply(&reply, kernel_idx_key(), noise_chaining_key(h->noise));
	memcpy(h->reply_stream, reply.stream, sizeof(h->reply_stream));
	sodium_memzero(&reply, sizeof(reply));
	return h;
bad:
	err("cannot begin a handshake with relay %s: its key is not usable, or memory is short", p->name);
	hello_free(h);
	return NULL;
}

bool hello_second(struct hello *h, const uint8_t *msg, size_t len, enum cr_status *status)
{
	uint8_t payload[CR_CELL_LARGE];
	size_t n = sizeof(payload);

	if (noise_read(h->noise, msg, len, payload, &n) || !cr_link_hello_get(&h->peer, payload, n))
		return false;
	*status = (enum cr_status)h->peer.status;
	if (!*status && !cr_snapshot_agrees(&h->peer.snapshot, &h->mine.snapshot))
		*status = CR_STATUS_SNAPSHOT;
	if (!*status && h->peer.suite != h->mine.suite)
		*status = CR_STATUS_SUITE;
	return true;
}

struct hello *hello_asked(enum cr_purpose purpose, const uint8_t *msg, size_t len, uint16_t large)
{
	uint8_t prologue[CR_PROLOGUE_LEN], payload[CR_CELL_LARGE];
	struct hello *h = hello_new(large);
	size_t n = sizeof(payload);

	if (!h)
		return NULL;
	cr_prologue(prologue, purpose, conf.ledger, keys->identity);
	h->noise = keys_read_first(NOISE_IK, prologue, msg, len, payload, &n);
	if (!h->noise || !cr_link_hello_get(&h->peer, payload, n))
		goto bad;
	h->relay = peer_by_key(noise_remote_static(h->noise));
	memcpy(h->ck, noise_chaining_key(h->noise), sizeof(h->ck));
	if (!cr_snapshot_agrees(&h->peer.snapshot, &h->mine.snapshot))
		h->mine.status = CR_STATUS_SNAPSHOT;
	else if (h->peer.suite != CELLRELAY_SUITE_CHACHA)
		h->mine.status = CR_STATUS_SUITE;
	else if (h->peer.large != large)
		h->mine.status = CR_STATUS_SIZE;
	if (!hello_write(h))
		goto bad;
	return h;
bad:
	hello_free(h);
	return NULL;
}

bool hello_keys(struct hello *h, struct cr_way_keys *tx, struct cr_way_keys *rx)
{
	uint8_t send[32], recv[32];

	if (noise_split(h->noise, send, recv))
		return false;
	cr_derive_way(tx, send, h->mine.suite);
	cr_derive_way(rx, recv, h->mine.suite);
	sodium_memzero(send, sizeof(send));
	sodium_memzero(recv, sizeof(recv));
	return true;
}

const char *hello_status(enum cr_status s)
{
	switch (s) {
	case CR_STATUS_OK:
		return "it agrees";
	case CR_STATUS_SUITE:
		return "it offers no such cipher suite";
	case CR_STATUS_SIZE:
		return "it cannot carry cells of this size";
	case CR_STATUS_POSITION:
		return "it serves no such position";
	case CR_STATUS_SNAPSHOT:
		return "it knows another directory by the same number: somebody is being deceived";
	case CR_STATUS_FULL:
		return "it has no room";
	}
	return "for a reason that this version does not know";
}
