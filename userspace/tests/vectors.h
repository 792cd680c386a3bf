/* SPDX-License-Identifier: MIT */
/*
 * Test vectors: JSON files of userspace/tests/vectors, and hex.
 * Failures end the running cmocka test, so no return value needs a check.
 */
#ifndef CR_TEST_VECTORS_H
#define CR_TEST_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

/**
 * vectors_load() - parse userspace/tests/vectors/NAME
 *
 * The folder is that of the source tree; environment variable VECTORS
 * overrides it. Return: owned by the caller (json_decref()).
 */
json_t *vectors_load(const char *name);

/** vectors_get() - member of an object that must be there (borrowed) */
json_t *vectors_get(const json_t *object, const char *key);

/** vectors_str() - string member that must be there (borrowed) */
const char *vectors_str(const json_t *object, const char *key);

/** vectors_hex() - decode exactly @len bytes of hex into @out */
void vectors_hex(uint8_t *out, size_t len, const char *hex);

/** vectors_bytes() - decode hex of any length; free() the result */
uint8_t *vectors_bytes(const char *hex, size_t *len);

#endif /* CR_TEST_VECTORS_H */
