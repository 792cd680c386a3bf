/* SPDX-License-Identifier: MIT */
/* Descriptors and snapshots as text and JSON, both ways. */
#ifndef RELAYCTL_DIRTEXT_H
#define RELAYCTL_DIRTEXT_H

#include <limits.h>
#include <time.h>

#include "directory/snapshot.h"
#include "relayctl.h"

#define DIR_TIME_TEXT	24

/* Where the last good snapshot is kept unless another folder is named. */
#define DIR_STORE	"/var/lib/cellrelay/directory"

/* "2026-01-01T00:00:00Z" */
const char *dir_time(char buf[DIR_TIME_TEXT], uint64_t seconds);
/* A file's name as system calls take it: relative to a batch's folder. */
const char *dir_path(char buf[PATH_MAX], const char *name);
/* A file's bytes, or NULL and a message. */
uint8_t *dir_read(const char *name, size_t max, size_t *len);
/* Replaces a file; the message is printed. */
enum rc dir_write(const char *name, const void *bytes, size_t len);
void dir_json_hex(const char *name, const uint8_t *bytes, size_t len);

/* To opt.out, as text or JSON members. */
void dir_print_descriptor(const struct cr_descriptor *d);
void dir_print_snapshot(const struct cr_snapshot *s, bool relays);

/*
 * From JSON files; messages say which file and which member. Members that are
 * not known are refused: a misspelt one would silently be missing.
 */

/* What an operator writes about a relay; identity, operator, serial and times are not in it. */
enum rc dir_input_descriptor(struct cr_descriptor *d, const char *file);

/** struct dir_network - what an authority writes about the network */
struct dir_network {
	struct cr_snapshot_head head;
	struct cr_voucher_key keys[CR_VOUCHER_KEYS_MAX];
	void *ranks;	/* of the relays; for dir_network_rank() */
	void *root;
};

enum rc dir_input_network(struct dir_network *net, const char *file);
/* Measured capacity and stake of a relay; zeros when the file does not have it. */
enum rc dir_network_rank(const struct dir_network *net, const uint8_t identity[CR_PUBLIC_BYTES],
			 uint64_t *measured, uint64_t *stake);
void dir_network_free(struct dir_network *net);

#endif /* RELAYCTL_DIRTEXT_H */
