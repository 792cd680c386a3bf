/* SPDX-License-Identifier: MIT */
/*
 * Streaming JSON writer: values go out as they come, so a dump of 100 000
 * circuits needs no memory. One document at a time, to opt.out.
 */
#ifndef RELAYCTL_JSON_H
#define RELAYCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>

#define JSON_DEPTH_MAX	16

/* @name is NULL inside arrays and at the top. */
void json_open(const char *name, char bracket);	/* '{' or '[' */
void json_close(void);
void json_str(const char *name, const char *value);	/* NULL: null */
void json_u64(const char *name, uint64_t value);
void json_s64(const char *name, int64_t value);
void json_bool(const char *name, bool value);
void json_nil(const char *name);	/* not json_null: libjansson has that name */
/* 64-bit names that no reader may round: cookies, as "0x" and 16 digits. */
void json_hex64(const char *name, uint64_t value);
/* Numbers of which all ones means "none": null then. */
void json_u64_or_null(const char *name, uint64_t value, uint64_t none);

/* The document of this run: {"schema": 1, ...}; a batch opens it once for all. */
void json_doc_begin(void);
void json_doc_end(void);
/* A document per line (monitor). */
void json_line_begin(void);
void json_line_end(void);

#endif /* RELAYCTL_JSON_H */
