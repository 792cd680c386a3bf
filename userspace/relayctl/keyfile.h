/* SPDX-License-Identifier: MIT */
/*
 * Key files: "name = value" lines, in sections or without. A key file is used
 * once: the first run that takes keys from it renames it to FILE.used before
 * any key leaves this process, so that no key and counter ever meet twice.
 */
#ifndef RELAYCTL_KEYFILE_H
#define RELAYCTL_KEYFILE_H

#include "relayctl.h"

struct keyfile;

/* Entries of one section, or of a whole file without sections. */
struct keysec {
	struct keyfile *kf;
	size_t first, count;
	unsigned int line;
};

/*
 * The section that a command is about ("circuit 5"); a file without sections
 * is taken as a whole. Opens, checks and, without opt.check, claims the file;
 * a section is handed out once.
 */
enum rc keyfile_take(const char *path, const char *section, struct keysec *sec);

/* Value of @name as exactly @len bytes of hexadecimal. */
enum rc keysec_hex(const struct keysec *sec, const char *name, uint8_t *buf, size_t len);
enum rc keysec_u32(const struct keysec *sec, const char *name, uint32_t *value);
/* Refuse what @names (ends with NULL) does not hold: a misspelt name is a lost key. */
enum rc keysec_only(const struct keysec *sec, const char *const *names);

/* One secret of @len bytes of hexadecimal, the file's only content; may be read often. */
enum rc keyfile_single(const char *path, uint8_t *buf, size_t len);

/* One secret of @len bytes of base64 on the first line, as genkey prints it; may be read often. */
enum rc keyfile_base64(const char *path, uint8_t *buf, size_t len);

/* Wipe and forget all files. */
void keyfile_close_all(void);

#endif /* RELAYCTL_KEYFILE_H */
