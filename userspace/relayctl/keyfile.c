// SPDX-License-Identifier: MIT
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYFILE_MAX	(256u << 20)	/* a million circuits of a test */

/** struct entry - "name = value"; both point into the text */
struct entry {
	const char *name;
	const char *value;
	unsigned int line;
};

struct section {
	const char *name;	/* NULL: the whole file */
	size_t first, count;
	unsigned int line;
	bool taken;
};

/**
 * struct keyfile - a file in guarded memory
 * @text: sodium_malloc'ed, cut into strings
 * @secs: sorted by name
 */
struct keyfile {
	struct keyfile *next;
	char *path;
	char *text;
	size_t len;
	struct entry *entries;
	size_t entry_count;
	struct section *secs;
	size_t sec_count;
};

static struct keyfile *files;

static void keyfile_free(struct keyfile *kf)
{
	free(kf->path);
	sodium_free(kf->text);
	free(kf->entries);
	free(kf->secs);
	free(kf);
}

void keyfile_close_all(void)
{
	while (files) {
		struct keyfile *kf = files;

		files = kf->next;
		keyfile_free(kf);
	}
}

/* Opens and refuses what others could have read or written. */
static int open_private(const char *path, struct stat *st)
{
	char used[PATH_MAX];
	int fd = openat(opt.dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0) {
		int error = errno;

		if (error == ENOENT && snprintf(used, sizeof(used), "%s.used", path) < (int)sizeof(used) &&
		    faccessat(opt.dirfd, used, F_OK, 0) == 0)
			err("%s: these keys were used already (%s); a key file is used once: make new keys",
			    path, used);
		else if (error == ELOOP)
			err("%s: is a symbolic link; name the key file itself", path);
		else
			err("%s: cannot open key file: %s", path, strerror(error));
		return -1;
	}
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
		err("%s: a key file must be a regular file", path);
	} else if (st->st_mode & 077) {
		err("%s: mode %04o lets others read or write these keys; make new keys, with mode 0600",
		    path, (unsigned int)(st->st_mode & 07777));
	} else if (st->st_uid != geteuid() && st->st_uid != 0) {
		err("%s: belongs to another user (%u); make new keys", path, (unsigned int)st->st_uid);
	} else if (st->st_size == 0 || st->st_size > (off_t)KEYFILE_MAX) {
		err("%s: a key file holds 1 byte to %u MiB, not %lld bytes", path, KEYFILE_MAX >> 20,
		    (long long)st->st_size);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

/* The whole file in guarded memory, with a 0 behind it. */
static char *read_all(int fd, size_t len, const char *path)
{
	char *text = sodium_malloc(len + 1);
	size_t have = 0;

	if (!text) {
		err("%s: no memory for keys", path);
		return NULL;
	}
	while (have < len) {
		ssize_t n = read(fd, text + have, len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += n;
	}
	if (have != len || memchr(text, 0, len)) {
		err("%s: is not a text file, or changed while it was read", path);
		sodium_free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return s;
}

static int by_name(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static enum rc at(const struct keyfile *kf, unsigned int line, const char *text)
{
	return fail(RC_USAGE, "%s:%u: %s", kf->path, line, text);
}

static bool grow(void **array, size_t count, size_t size)
{
	void *p;

	if (count & (count - 1))	/* doubles at powers of two, 0 included */
		return true;
	p = reallocarray(*array, count ? count * 2 : 1, size);
	if (p)
		*array = p;
	return p;
}

static struct section *add_section(struct keyfile *kf, const char *name, unsigned int line)
{
	if (!grow((void **)&kf->secs, kf->sec_count, sizeof(*kf->secs)))
		return NULL;
	kf->secs[kf->sec_count] = (struct section){
		.name = name, .first = kf->entry_count, .line = line,
	};
	return &kf->secs[kf->sec_count++];
}

static enum rc cut_header(struct keyfile *kf, char *line, unsigned int n)
{
	size_t len = strlen(line);

	if (len < 3 || line[len - 1] != ']')
		return at(kf, n, "a section is written like [circuit 5]");
	if (kf->sec_count && !kf->secs[kf->sec_count - 1].name)
		return at(kf, n, "entries stand before the first section");
	line[len - 1] = '\0';
	return add_section(kf, trim(line + 1), n) ? RC_OK : at(kf, n, "out of memory");
}

static enum rc cut_entry(struct keyfile *kf, char *line, unsigned int n)
{
	struct section *sec = kf->sec_count ? &kf->secs[kf->sec_count - 1] : add_section(kf, NULL, n);
	char *eq = strchr(line, '=');

	if (!eq || eq == line)
		return at(kf, n, "this is neither \"name = value\" nor a [section] nor a # comment");
	*eq = '\0';
	line = trim(line);
	if (!sec || !grow((void **)&kf->entries, kf->entry_count, sizeof(*kf->entries)))
		return at(kf, n, "out of memory");
	for (size_t i = sec->first; i < kf->entry_count; i++)
		if (strcmp(kf->entries[i].name, line) == 0)
			return fail(RC_USAGE, "%s:%u: \"%s\" is here twice (first in line %u)", kf->path,
				    n, line, kf->entries[i].line);
	kf->entries[kf->entry_count++] = (struct entry){
		.name = line, .value = trim(eq + 1), .line = n,
	};
	sec->count++;
	return RC_OK;
}

/* Cuts the text into sections and entries, in place. Values are never printed. */
static enum rc cut(struct keyfile *kf)
{
	char *line, *next = kf->text;
	enum rc rc = RC_OK;

	for (unsigned int n = 1; next && !rc; n++) {
		line = next;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line = trim(line);
		if (*line == '[')
			rc = cut_header(kf, line, n);
		else if (*line && *line != '#')
			rc = cut_entry(kf, line, n);
	}
	if (rc)
		return rc;
	if (!kf->sec_count)
		return fail(RC_USAGE, "%s: holds no keys", kf->path);
	qsort(kf->secs, kf->sec_count, sizeof(*kf->secs), by_name);
	for (size_t i = 1; i < kf->sec_count; i++)
		if (by_name(&kf->secs[i - 1], &kf->secs[i]) == 0)
			return fail(RC_USAGE, "%s:%u: section [%s] is here twice (also in line %u)",
				    kf->path, kf->secs[i].line, kf->secs[i].name,
				    kf->secs[i - 1].line);
	return RC_OK;
}

/* Nobody else may use these keys: rename before they are. */
static enum rc claim(const char *path)
{
	char used[PATH_MAX];

	if (snprintf(used, sizeof(used), "%s.used", path) >= (int)sizeof(used))
		return fail(RC_USAGE, "%s: name too long", path);
	if (renameat2(opt.dirfd, path, opt.dirfd, used, RENAME_NOREPLACE) == 0)
		return RC_OK;
	if (errno == EEXIST)
		return fail(RC_USAGE, "%s: %s exists, so these keys may have been used; a key file is used once: make new keys",
			    path, used);
	return fail(RC_USAGE, "%s: cannot rename it to %s, which marks it as used: %s", path, used,
		    strerror(errno));
}

static enum rc load(const char *path, bool once, struct keyfile **out)
{
	struct keyfile *kf = calloc(1, sizeof(*kf));
	struct stat st;
	enum rc rc;
	int fd;

	if (!kf)
		return fail(RC_REFUSED, "out of memory");
	fd = open_private(path, &st);
	if (fd < 0) {
		free(kf);
		return RC_USAGE;
	}
	kf->path = strdup(path);
	kf->len = st.st_size;
	kf->text = read_all(fd, kf->len, path);
	close(fd);
	rc = kf->path && kf->text ? cut(kf) : RC_USAGE;
	if (!rc && once && !opt.check)
		rc = claim(path);
	if (rc) {
		keyfile_free(kf);
		return rc;
	}
	*out = kf;
	return RC_OK;
}

static struct section *find(struct keyfile *kf, const char *name)
{
	struct section key = { .name = name };

	if (!kf->secs[0].name)
		return &kf->secs[0];
	return bsearch(&key, kf->secs, kf->sec_count, sizeof(*kf->secs), by_name);
}

enum rc keyfile_take(const char *path, const char *name, struct keysec *sec)
{
	struct keyfile *kf;
	struct section *s;
	enum rc rc;

	for (kf = files; kf && strcmp(kf->path, path) != 0; kf = kf->next)
		;
	if (!kf) {
		rc = load(path, true, &kf);
		if (rc)
			return rc;
		kf->next = files;
		files = kf;
	}
	s = find(kf, name);
	if (!s)
		return fail(RC_USAGE, "%s: has no section [%s]", path, name);
	if (s->taken)
		return fail(RC_USAGE, "%s:%u: the keys of section [%s] were used already in this run",
			    path, s->line, name);
	s->taken = true;
	*sec = (struct keysec){ .kf = kf, .first = s->first, .count = s->count, .line = s->line };
	return RC_OK;
}

static const struct entry *entry(const struct keysec *sec, const char *name)
{
	for (size_t i = sec->first; i < sec->first + sec->count; i++)
		if (strcmp(sec->kf->entries[i].name, name) == 0)
			return &sec->kf->entries[i];
	err("%s:%u: \"%s\" is missing here", sec->kf->path, sec->line, name);
	return NULL;
}

static bool unhex(const char *hex, uint8_t *buf, size_t len)
{
	size_t n = 0;

	return strlen(hex) == 2 * len &&
	       sodium_hex2bin(buf, len, hex, 2 * len, NULL, &n, NULL) == 0 && n == len;
}

enum rc keysec_hex(const struct keysec *sec, const char *name, uint8_t *buf, size_t len)
{
	const struct entry *e = entry(sec, name);

	if (!e)
		return RC_USAGE;
	if (!unhex(e->value, buf, len))
		return fail(RC_USAGE, "%s:%u: \"%s\" must be %zu hexadecimal digits", sec->kf->path,
			    e->line, name, 2 * len);
	return RC_OK;
}

enum rc keysec_u32(const struct keysec *sec, const char *name, uint32_t *value)
{
	const struct entry *e = entry(sec, name);
	unsigned long long n;
	char *end;

	if (!e)
		return RC_USAGE;
	n = strtoull(e->value, &end, 0);
	if (e->value[0] < '0' || e->value[0] > '9' || *end || n > UINT32_MAX)
		return fail(RC_USAGE, "%s:%u: \"%s\" must be a number below 2^32", sec->kf->path,
			    e->line, name);
	*value = n;
	return RC_OK;
}

enum rc keysec_only(const struct keysec *sec, const char *const *names)
{
	for (size_t i = sec->first; i < sec->first + sec->count; i++) {
		const char *const *n = names;

		while (*n && strcmp(*n, sec->kf->entries[i].name) != 0)
			n++;
		if (!*n)
			return fail(RC_USAGE, "%s:%u: \"%s\" does not belong here", sec->kf->path,
				    sec->kf->entries[i].line, sec->kf->entries[i].name);
	}
	return RC_OK;
}

/* A file that holds one secret; to be freed with sodium_free(). */
static char *read_private(const char *path)
{
	struct stat st;
	char *text;
	int fd = open_private(path, &st);

	if (fd < 0)
		return NULL;
	text = read_all(fd, st.st_size, path);
	close(fd);
	return text;
}

enum rc keyfile_single(const char *path, uint8_t *buf, size_t len)
{
	enum rc rc = RC_USAGE;
	char *text = read_private(path);

	if (!text)
		return RC_USAGE;
	if (unhex(trim(strtok(text, "\n") ?: text), buf, len))
		rc = RC_OK;
	else
		err("%s: must hold one line of %zu hexadecimal digits", path, 2 * len);
	sodium_free(text);
	return rc;
}

enum rc keyfile_base64(const char *path, uint8_t *buf, size_t len)
{
	enum rc rc = RC_USAGE;
	size_t got = 0;
	char *text = read_private(path);

	if (!text)
		return RC_USAGE;
	text[strcspn(text, "\r\n")] = '\0';
	if (strlen(text) == sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL) - 1 &&
	    sodium_base642bin(buf, len, text, strlen(text), NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) == 0 && got == len)
		rc = RC_OK;
	else
		err("%s: must hold one secret key as genkey prints it", path);
	sodium_free(text);
	return rc;
}
