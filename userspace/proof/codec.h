/* SPDX-License-Identifier: MIT */
/*
 * How numbers and kinds are written in the payment formats (docs/claims.md).
 *
 * Every object is a fixed sequence of fixed-size fields, so that each value
 * has exactly one encoding: a 16-byte kind with version, padded with zeros,
 * then little-endian integers and byte strings. The kind comes first in all
 * that is hashed or signed and keeps one object from passing as another.
 */
#ifndef CR_PROOF_CODEC_H
#define CR_PROOF_CODEC_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CR_KIND_BYTES	16

/* The kinds; a new version of an object is a new kind. */
#define CR_KIND_VOUCHER_KEY	"cr/voucherkey/1"
#define CR_KIND_BLINDED		"cr/blinded/1"
#define CR_KIND_ISSUED		"cr/issued/1"
#define CR_KIND_PENDING		"cr/pending/1"
#define CR_KIND_VOUCHER		"cr/voucher/1"
#define CR_KIND_REQUEST		"cr/request/1"
#define CR_KIND_SPEND		"cr/spend/1"
#define CR_KIND_CERTIFICATE	"cr/certificate/1"
#define CR_KIND_RECEIPT		"cr/receipt/1"
#define CR_KIND_CLAIM		"cr/claim/1"
#define CR_KIND_CLAIM_ENTRIES	"cr/entries/1"
#define CR_KIND_CLAIM_BODY	"cr/claimbody/1"
#define CR_KIND_RECEIPT_BLIND	"cr/blinding/1"
#define CR_KIND_DLEQ_NONCE	"cr/dleqnonce/1"

/* cr_put_*() return where the next field goes, so that writers chain. */
static inline uint8_t *cr_put(uint8_t *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

static inline uint8_t *cr_put_kind(uint8_t *p, const char *kind)
{
	size_t len = strnlen(kind, CR_KIND_BYTES);

	memset(p, 0, CR_KIND_BYTES);
	memcpy(p, kind, len);
	return p + CR_KIND_BYTES;
}

static inline uint8_t *cr_put_le32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	return cr_put(p, &v, sizeof(v));
}

static inline uint8_t *cr_put_le64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	return cr_put(p, &v, sizeof(v));
}

/* cr_get_*() return where the next field starts; lengths are checked before. */
static inline const uint8_t *cr_get(const uint8_t *p, void *bytes, size_t len)
{
	memcpy(bytes, p, len);
	return p + len;
}

static inline const uint8_t *cr_get_le32(const uint8_t *p, uint32_t *v)
{
	p = cr_get(p, v, sizeof(*v));
	*v = le32toh(*v);
	return p;
}

static inline const uint8_t *cr_get_le64(const uint8_t *p, uint64_t *v)
{
	p = cr_get(p, v, sizeof(*v));
	*v = le64toh(*v);
	return p;
}

static inline bool cr_kind_is(const uint8_t *p, const char *kind)
{
	uint8_t want[CR_KIND_BYTES];

	cr_put_kind(want, kind);
	return memcmp(p, want, CR_KIND_BYTES) == 0;
}

#endif /* CR_PROOF_CODEC_H */
