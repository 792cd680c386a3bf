// SPDX-License-Identifier: MIT
#include "noise.h"

#include <sodium.h>
#include <string.h>

#define BLOCK_LEN 128u	/* of BLAKE2b, for HMAC */

/* Steps of a pattern's messages, in order (section 7.5 of the specification). */
enum token { T_E, T_S, T_EE, T_ES, T_SE, T_SS, T_END };

static const struct {
	const char *name;	/* exactly 33 bytes, so it is padded, not hashed */
	enum token msg[2][5];
} patterns[] = {
	[NOISE_IK] = { "Noise_IK_25519_ChaChaPoly_BLAKE2b",
		       { { T_E, T_ES, T_S, T_SS, T_END }, { T_E, T_EE, T_SE, T_END } } },
	[NOISE_NK] = { "Noise_NK_25519_ChaChaPoly_BLAKE2b",
		       { { T_E, T_ES, T_END }, { T_E, T_EE, T_END } } },
};

struct noise {
	uint8_t ck[NOISE_HASH_LEN];
	uint8_t h[NOISE_HASH_LEN];
	uint8_t k[32];
	uint8_t s[NOISE_DH_LEN], e[NOISE_DH_LEN];
	uint8_t s_pub[NOISE_DH_LEN], e_pub[NOISE_DH_LEN];
	uint8_t rs[NOISE_DH_LEN], re[NOISE_DH_LEN];
	uint64_t nonce;
	enum noise_pattern pattern;
	unsigned int step;	/* messages that have passed */
	bool initiator, has_k, has_s, has_rs, fixed_e, dead;
};

static void mix_hash(struct noise *n, const void *data, size_t len)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, NOISE_HASH_LEN);
	crypto_generichash_update(&st, n->h, NOISE_HASH_LEN);
	crypto_generichash_update(&st, data, len);
	crypto_generichash_final(&st, n->h, NOISE_HASH_LEN);
}

/* HMAC-BLAKE2b-512 (RFC 2104); keys are never longer than a block here. */
static void hmac(uint8_t out[NOISE_HASH_LEN], const uint8_t key[NOISE_HASH_LEN],
		 const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	uint8_t pad[BLOCK_LEN], inner[NOISE_HASH_LEN];
	crypto_generichash_state st;

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < NOISE_HASH_LEN; i++)
		pad[i] ^= key[i];
	crypto_generichash_init(&st, NULL, 0, NOISE_HASH_LEN);
	crypto_generichash_update(&st, pad, sizeof(pad));
	crypto_generichash_update(&st, a, alen);
	crypto_generichash_update(&st, b, blen);
	crypto_generichash_final(&st, inner, sizeof(inner));
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	crypto_generichash_init(&st, NULL, 0, NOISE_HASH_LEN);
	crypto_generichash_update(&st, pad, sizeof(pad));
	crypto_generichash_update(&st, inner, sizeof(inner));
	crypto_generichash_final(&st, out, NOISE_HASH_LEN);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(inner, sizeof(inner));
	sodium_memzero(&st, sizeof(st));
}

/* HKDF with two outputs (section 4.3). */
static void hkdf2(const uint8_t ck[NOISE_HASH_LEN], const uint8_t *ikm, size_t ikm_len,
		  uint8_t out1[NOISE_HASH_LEN], uint8_t out2[NOISE_HASH_LEN])
{
	static const uint8_t one = 1, two = 2;
	uint8_t temp[NOISE_HASH_LEN];

	hmac(temp, ck, ikm, ikm_len, NULL, 0);
	hmac(out1, temp, &one, 1, NULL, 0);
	hmac(out2, temp, out1, NOISE_HASH_LEN, &two, 1);
	sodium_memzero(temp, sizeof(temp));
}

static enum noise_error mix_dh(struct noise *n, const uint8_t *secret, const uint8_t *public)
{
	uint8_t dh[NOISE_DH_LEN], k[NOISE_HASH_LEN];

	/* libsodium refuses an all-zero result, the sign of a low-order key */
	if (crypto_scalarmult(dh, secret, public)) {
		sodium_memzero(dh, sizeof(dh));
		return NOISE_E_KEY;
	}
	hkdf2(n->ck, dh, sizeof(dh), n->ck, k);
	memcpy(n->k, k, sizeof(n->k));
	n->has_k = true;
	n->nonce = 0;
	sodium_memzero(dh, sizeof(dh));
	sodium_memzero(k, sizeof(k));
	return NOISE_OK;
}

static void nonce_bytes(uint8_t npub[12], uint64_t nonce)
{
	memset(npub, 0, 4);
	for (unsigned int i = 0; i < 8; i++)
		npub[4 + i] = (uint8_t)(nonce >> (8 * i));
}

/* EncryptAndHash; @out has room for @len bytes and, with a key, the tag. */
static size_t seal(struct noise *n, uint8_t *out, const uint8_t *in, size_t len)
{
	uint8_t npub[12];

	if (!n->has_k) {
		if (len)
			memcpy(out, in, len);
	} else {
		nonce_bytes(npub, n->nonce++);
		crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, n->h, NOISE_HASH_LEN,
							  NULL, npub, n->k);
		len += NOISE_TAG_LEN;
	}
	mix_hash(n, out, len);
	return len;
}

/* DecryptAndHash; @len counts the tag where there is a key. */
static enum noise_error open_sealed(struct noise *n, uint8_t *out, const uint8_t *in, size_t len)
{
	uint8_t npub[12];

	if (!n->has_k) {
		if (len)
			memcpy(out, in, len);
	} else {
		nonce_bytes(npub, n->nonce++);
		if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, n->h,
							      NOISE_HASH_LEN, npub, n->k))
			return NOISE_E_AUTH;
	}
	mix_hash(n, in, len);
	return NOISE_OK;
}

static enum noise_error do_dh(struct noise *n, enum token t)
{
	bool own_e = t == T_EE || (t == T_ES) == n->initiator;
	bool peer_e = t == T_EE || (t == T_SE) == n->initiator;

	if (t == T_SS)
		own_e = peer_e = false;
	return mix_dh(n, own_e ? n->e : n->s, peer_e ? n->re : n->rs);
}

/* Bytes that message @step adds to its payload. */
static size_t overhead(const struct noise *n)
{
	if (n->step)
		return NOISE_2_OVERHEAD;
	return n->pattern == NOISE_IK ? NOISE_IK_1_OVERHEAD : NOISE_NK_1_OVERHEAD;
}

enum noise_error noise_new(struct noise **out, enum noise_pattern pattern, bool initiator,
			   const void *prologue, size_t prologue_len,
			   const uint8_t *s, const uint8_t *rs)
{
	uint8_t pub[NOISE_DH_LEN];

	if (s)
		crypto_scalarmult_base(pub, s);
	return noise_new_pair(out, pattern, initiator, prologue, prologue_len, s, pub, rs);
}

enum noise_error noise_new_pair(struct noise **out, enum noise_pattern pattern, bool initiator,
				const void *prologue, size_t prologue_len,
				const uint8_t *s, const uint8_t *s_pub, const uint8_t *rs)
{
	struct noise *n;

	*out = NULL;
	if (initiator ? (!rs || (pattern == NOISE_IK && !s)) : !s)
		return NOISE_E_KEY;
	n = sodium_malloc(sizeof(*n));
	if (!n)
		return NOISE_E_MEMORY;
	sodium_memzero(n, sizeof(*n));
	n->pattern = pattern;
	n->initiator = initiator;
	/* a name that fits the hash is padded with zeros */
	memcpy(n->h, patterns[pattern].name, strlen(patterns[pattern].name));
	memcpy(n->ck, n->h, NOISE_HASH_LEN);
	mix_hash(n, prologue, prologue_len);
	if (s) {
		memcpy(n->s, s, NOISE_DH_LEN);
		memcpy(n->s_pub, s_pub, NOISE_DH_LEN);
		n->has_s = true;
	}
	if (initiator) {
		memcpy(n->rs, rs, NOISE_DH_LEN);
		n->has_rs = true;
	}
	/* pre-message: the responder's static key */
	mix_hash(n, initiator ? n->rs : n->s_pub, NOISE_DH_LEN);
	*out = n;
	return NOISE_OK;
}

void noise_free(struct noise *n)
{
	sodium_free(n);
}

static enum noise_error write_message(struct noise *n, const uint8_t *payload, size_t payload_len,
				      uint8_t *msg, size_t *msg_len)
{
	const enum token *t = patterns[n->pattern].msg[n->step];
	enum noise_error err;
	uint8_t *p = msg;

	for (; *t != T_END; t++) {
		switch (*t) {
		case T_E:
			if (!n->fixed_e)
				randombytes_buf(n->e, sizeof(n->e));
			crypto_scalarmult_base(n->e_pub, n->e);
			memcpy(p, n->e_pub, NOISE_DH_LEN);
			mix_hash(n, p, NOISE_DH_LEN);
			p += NOISE_DH_LEN;
			break;
		case T_S:
			p += seal(n, p, n->s_pub, NOISE_DH_LEN);
			break;
		default:
			err = do_dh(n, *t);
			if (err)
				return err;
		}
	}
	p += seal(n, p, payload, payload_len);
	*msg_len = (size_t)(p - msg);
	return NOISE_OK;
}

enum noise_error noise_write(struct noise *n, const void *payload, size_t payload_len,
			     uint8_t *msg, size_t *msg_len)
{
	enum noise_error err;

	if (n->dead || n->step > 1 || (n->step == 0) != n->initiator)
		return NOISE_E_ORDER;
	if (payload_len > NOISE_MESSAGE_MAX - overhead(n) || *msg_len < payload_len + overhead(n))
		return NOISE_E_LENGTH;
	err = write_message(n, payload, payload_len, msg, msg_len);
	n->dead = err != NOISE_OK;
	n->step++;
	return err;
}

static enum noise_error read_message(struct noise *n, const uint8_t *p, size_t len,
				     uint8_t *payload, size_t payload_len)
{
	const enum token *t = patterns[n->pattern].msg[n->step];
	const uint8_t *end = p + len;
	enum noise_error err;

	for (; *t != T_END; t++) {
		switch (*t) {
		case T_E:
			memcpy(n->re, p, NOISE_DH_LEN);
			mix_hash(n, p, NOISE_DH_LEN);
			p += NOISE_DH_LEN;
			break;
		case T_S:
			err = open_sealed(n, n->rs, p, NOISE_DH_LEN + NOISE_TAG_LEN);
			if (err)
				return err;
			n->has_rs = true;
			p += NOISE_DH_LEN + NOISE_TAG_LEN;
			break;
		default:
			err = do_dh(n, *t);
			if (err)
				return err;
		}
	}
	err = open_sealed(n, payload, p, (size_t)(end - p));
	if (err)
		sodium_memzero(payload, payload_len);
	return err;
}

enum noise_error noise_read(struct noise *n, const uint8_t *msg, size_t msg_len,
			    uint8_t *payload, size_t *payload_len)
{
	enum noise_error err;

	if (n->dead || n->step > 1 || (n->step == 0) == n->initiator)
		return NOISE_E_ORDER;
	if (msg_len > NOISE_MESSAGE_MAX || msg_len < overhead(n) ||
	    *payload_len < msg_len - overhead(n))
		return NOISE_E_LENGTH;
	*payload_len = msg_len - overhead(n);
	err = read_message(n, msg, msg_len, payload, *payload_len);
	if (err) {
		/* a static key that was not authenticated to the end is nobody's */
		n->has_rs = n->has_rs && n->initiator;
		n->dead = true;
	}
	n->step++;
	return err;
}

bool noise_done(const struct noise *n)
{
	return n->step == 2 && !n->dead;
}

const uint8_t *noise_remote_static(const struct noise *n)
{
	return n->has_rs ? n->rs : NULL;
}

const uint8_t *noise_hash(const struct noise *n)
{
	return n->h;
}

const uint8_t *noise_chaining_key(const struct noise *n)
{
	return n->ck;
}

enum noise_error noise_split(struct noise *n, uint8_t send[32], uint8_t recv[32])
{
	uint8_t a[NOISE_HASH_LEN], b[NOISE_HASH_LEN];

	if (!noise_done(n))
		return NOISE_E_ORDER;
	hkdf2(n->ck, NULL, 0, a, b);
	memcpy(n->initiator ? send : recv, a, 32);
	memcpy(n->initiator ? recv : send, b, 32);
	sodium_memzero(a, sizeof(a));
	sodium_memzero(b, sizeof(b));
	sodium_memzero(n->ck, sizeof(n->ck));
	sodium_memzero(n->k, sizeof(n->k));
	sodium_memzero(n->e, sizeof(n->e));
	n->dead = true;
	return NOISE_OK;
}

void noise_set_ephemeral(struct noise *n, const uint8_t e[NOISE_DH_LEN])
{
	memcpy(n->e, e, NOISE_DH_LEN);
	n->fixed_e = true;
}

const char *noise_strerror(enum noise_error e)
{
	switch (e) {
	case NOISE_OK:
		return "no error";
	case NOISE_E_MEMORY:
		return "no locked memory to be had";
	case NOISE_E_LENGTH:
		return "the message has an impossible length";
	case NOISE_E_KEY:
		return "a key is missing or of low order";
	case NOISE_E_AUTH:
		return "the message is not authentic";
	case NOISE_E_ORDER:
		return "the handshake is not at that step";
	}
	return "unknown error";
}
