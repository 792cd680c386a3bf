/* SPDX-License-Identifier: MIT */
/*
 * The directory's formats (docs/directory.md): kinds, limits, and a reader
 * that never goes beyond what it was given.
 *
 * Conventions are those of the payment formats (proof/codec.h): a kind comes
 * first, integers are little-endian. What is variable has its number in front,
 * and every list that is a set is in strictly ascending order, so that each
 * value has exactly one encoding.
 */
#ifndef CR_DIRECTORY_WIRE_H
#define CR_DIRECTORY_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "proof/codec.h"

#define CR_KIND_DESCRIPTOR	"cr/descriptor/1"
#define CR_KIND_OPERATOR	"cr/operator/1"
#define CR_KIND_SNAPSHOT	"cr/snapshot/1"
#define CR_KIND_SNAPSHOT_SIG	"cr/snapsig/1"

#define CR_HASH_BYTES		32

/* Seconds since 1970 stay below this (year 36812), so that sums never wrap. */
#define CR_TIME_MAX		(1ULL << 40)

static inline uint8_t *cr_put_u8(uint8_t *p, uint8_t v)
{
	*p = v;
	return p + 1;
}

static inline uint8_t *cr_put_le16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	return cr_put(p, &v, sizeof(v));
}

/**
 * struct cr_reader - bytes not yet read
 * @at: next one
 * @left: how many
 * @over: more was asked for than there was; what was read then is zeros
 */
struct cr_reader {
	const uint8_t *at;
	size_t left;
	bool over;
};

/** cr_skip() - @len bytes as they stand; NULL, and nothing is read any more, if there are fewer */
static inline const uint8_t *cr_skip(struct cr_reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->over || len > r->left) {
		r->over = true;
		return NULL;
	}
	r->at += len;
	r->left -= len;
	return at;
}

static inline void cr_read(struct cr_reader *r, void *bytes, size_t len)
{
	const uint8_t *at = cr_skip(r, len);

	if (at)
		memcpy(bytes, at, len);
	else
		memset(bytes, 0, len);
}

static inline uint8_t cr_read_u8(struct cr_reader *r)
{
	uint8_t v;

	cr_read(r, &v, sizeof(v));
	return v;
}

static inline uint16_t cr_read_le16(struct cr_reader *r)
{
	uint16_t v;

	cr_read(r, &v, sizeof(v));
	return le16toh(v);
}

static inline uint32_t cr_read_le32(struct cr_reader *r)
{
	uint32_t v;

	cr_read(r, &v, sizeof(v));
	return le32toh(v);
}

static inline uint64_t cr_read_le64(struct cr_reader *r)
{
	uint64_t v;

	cr_read(r, &v, sizeof(v));
	return le64toh(v);
}

/** cr_hash() - first half of SHA-512, the hash of all objects here */
void cr_hash(uint8_t hash[CR_HASH_BYTES], const void *bytes, size_t len);

#endif /* CR_DIRECTORY_WIRE_H */
