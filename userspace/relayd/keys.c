// SPDX-License-Identifier: MIT
#include "keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/durable.h"
#include "directory/uri.h"

#define SECRET	32	/* bytes of either file, as base64 on one line */
#define STATIC_NAME	27	/* "static-", 16 digits of the public key, ".key" */
#define LINES	128	/* of a file with times */
#define B64	sodium_base64_ENCODED_LEN(SECRET, sodium_base64_VARIANT_ORIGINAL)

struct keys *keys;

/* @times: behind the key stands a line with its first second and the first after it; NULL: nothing does. */
static enum rc read_key_file(uint8_t secret[SECRET], const char *path, uint64_t times[2])
{
	size_t len = 0;
	struct stat st;
	ssize_t n = -1;
	char *line;
	bool ok;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail(RC_USAGE, "cannot open key file %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		close(fd);
		return fail(RC_USAGE, "%s: must be a file that nobody else may read (mode 0600); make new keys", path);
	}
	line = sodium_malloc(LINES);
	if (line)
		n = read(fd, line, LINES - 1);
	close(fd);
	ok = n >= (ssize_t)B64 - 1;
	if (ok) {
		line[n] = '\0';
		ok = sodium_base642bin(secret, SECRET, line, B64 - 1, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
		     len == SECRET;
	}
	if (ok && times)
		ok = sscanf(line + B64 - 1, "\n%" SCNu64 " %" SCNu64, &times[0], &times[1]) == 2 && times[0] < times[1];
	else if (ok)
		ok = n == (ssize_t)B64 - 1 || (n == (ssize_t)B64 && line[n - 1] == '\n');
	sodium_free(line);
	return ok ? RC_OK : fail(RC_USAGE, "%s: does not hold %s; make new keys", path,
				 times ? "a key in base64 and its time" : "one line with a key in base64");
}

static enum rc read_secret(uint8_t secret[SECRET], const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return read_key_file(secret, path, NULL);
}

static void derive(struct static_key *k)
{
	crypto_scalarmult_base(k->x, k->x_secret);
}

static struct keys *locked(uint8_t **seed)
{
	struct keys *k = sodium_malloc(sizeof(*k));

	*seed = sodium_malloc(SECRET);
	if (!k || !*seed) {
		sodium_free(k);
		sodium_free(*seed);
		err("no locked memory for keys; see: ulimit -l");
		return NULL;
	}
	sodium_memzero(k, sizeof(*k));
	return k;
}

const struct static_key *keys_now(void)
{
	return &keys->s[keys->use];
}

struct noise *keys_read_first(enum noise_pattern pattern, const uint8_t prologue[CR_PROLOGUE_LEN], const uint8_t *msg, size_t len,
			      uint8_t *payload, size_t *payload_len)
{
	/* most are made for the one in use */
	for (unsigned int i = 0; i < keys->n; i++) {
		const struct static_key *k = &keys->s[(keys->use + i) % keys->n];
		size_t n = CR_CELL_LARGE;
		struct noise *noise;

		if (noise_new_pair(&noise, pattern, false, prologue, CR_PROLOGUE_LEN, k->x_secret, k->x, NULL))
			return NULL;
		if (noise_read(noise, msg, len, payload, &n) == NOISE_OK) {
			*payload_len = n;
			return noise;
		}
		noise_free(noise);
	}
	return NULL;
}

/* Takes the place of the oldest where all are taken; what the directory alone knows the time of is older than what was made here. */
static void put(const struct static_key *k)
{
	unsigned int at = keys->n;

	if (keys->n == CR_STATIC_KEYS)
		for (unsigned int i = at = 0; i < CR_STATIC_KEYS; i++)
			at = keys->s[i].from < keys->s[at].from ? i : at;
	else
		keys->n++;
	if (keys->s[at].from <= k->from)
		keys->s[at] = *k;
}

static enum rc load_rotated(const char *state)
{
	struct static_key *k = sodium_malloc(sizeof(*k));
	enum rc rc = RC_OK;
	char dir[280];
	struct dirent *e;
	DIR *d;

	if (!k)
		return fail(RC_REFUSED, "no locked memory for keys; see: ulimit -l");
	snprintf(dir, sizeof(dir), "%s/keys", state);
	d = opendir(dir);
	if (!d && errno != ENOENT)
		rc = fail(RC_USAGE, "cannot read the folder of keys %s: %s", dir, strerror(errno));
	while (d && !rc && (e = readdir(d))) {
		uint64_t times[2];
		size_t len = strlen(e->d_name);

		/* what a crash left beside it has another end */
		if (strncmp(e->d_name, "static-", 7) != 0 || len != STATIC_NAME || strcmp(e->d_name + len - 4, ".key") != 0)
			continue;
		if (snprintf(k->file, sizeof(k->file), "%s/%s", dir, e->d_name) >= (int)sizeof(k->file))
			continue;
		rc = read_key_file(k->x_secret, k->file, times);
		k->from = times[0];
		k->until = times[1];
		derive(k);
		if (!rc)
			put(k);
	}
	if (d)
		closedir(d);
	sodium_free(k);
	return rc;
}

/* The first one, which the operator made; it is gone when others have taken its place. */
static enum rc load_first(const char *dir)
{
	struct static_key *k = sodium_malloc(sizeof(*k));
	enum rc rc;

	if (!k)
		return fail(RC_REFUSED, "no locked memory for keys; see: ulimit -l");
	sodium_memzero(k, sizeof(*k));
	snprintf(k->file, sizeof(k->file), "%s/static.key", dir);
	rc = keys->n && access(k->file, F_OK) < 0 && errno == ENOENT ? RC_ABSENT : read_secret(k->x_secret, dir, "static.key");
	if (!rc) {
		derive(k);
		put(k);
	}
	sodium_free(k);
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc keys_load(const char *dir, const char *state)
{
	enum rc rc = RC_OK;
	uint8_t *seed;

	keys = locked(&seed);
	if (!keys)
		return RC_REFUSED;
	if (dir)
		rc = read_secret(seed, dir, "identity.key");
	if (!rc && dir) {
		crypto_sign_ed25519_seed_keypair(keys->identity, keys->identity_secret, seed);
		keys->has = true;
		rc = state ? load_rotated(state) : RC_OK;
	}
	if (!rc && dir)
		rc = load_first(dir);
	sodium_free(seed);
	return rc;
}

enum rc keys_add(const char *state, uint64_t from, uint64_t until)
{
	struct static_key *k;
	char dir[280], hex[17], *line;
	enum rc rc = RC_OK;

	if (keys->n == CR_STATIC_KEYS)
		return fail(RC_REFUSED, "there are two static keys already");
	snprintf(dir, sizeof(dir), "%s/keys", state);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fail(RC_REFUSED, "cannot make folder %s: %s", dir, strerror(errno));
	line = sodium_malloc(LINES);
	if (!line)
		return fail(RC_REFUSED, "no locked memory for keys; see: ulimit -l");
	k = &keys->s[keys->n];
	randombytes_buf(k->x_secret, sizeof(k->x_secret));
	derive(k);
	k->from = from;
	k->until = until;
	sodium_bin2base64(line, B64, k->x_secret, SECRET, sodium_base64_VARIANT_ORIGINAL);
	snprintf(line + B64 - 1, LINES - B64 + 1, "\n%" PRIu64 " %" PRIu64 "\n", from, until);
	snprintf(k->file, sizeof(k->file), "%s/static-%s.key", dir, sodium_bin2hex(hex, sizeof(hex), k->x, 8));
	if (cr_durable_write(k->file, line, strlen(line), 0600))
		keys->n++;
	else
		rc = fail(RC_REFUSED, "cannot keep a new key in %s: %s; the old one goes on", k->file, strerror(errno));
	sodium_free(line);
	if (rc)
		sodium_memzero(k, sizeof(*k));
	return rc;
}

/* Overwritten first: on a disk that writes in place the key is gone then; others forget it in their own time. */
static bool wipe(const char *path)
{
	static const char zeros[LINES];
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool ok;

	if (fd < 0)
		return errno == ENOENT;
	ok = fstat(fd, &st) == 0 && st.st_size <= (off_t)sizeof(zeros) &&
	     write(fd, zeros, (size_t)st.st_size) == st.st_size && fsync(fd) == 0;
	if (close(fd) < 0)
		ok = false;
	return ok && unlink(path) == 0;
}

void keys_drop(unsigned int i)
{
	if (!wipe(keys->s[i].file))
		err("the key %s is not used any more and cannot be removed: %s; remove it", keys->s[i].file, strerror(errno));
	keys->n--;
	keys->s[i] = keys->s[keys->n];
	if (keys->use == keys->n)
		keys->use = i;
	sodium_memzero(&keys->s[keys->n], sizeof(keys->s[0]));
}

static enum rc write_secret(const uint8_t secret[SECRET], const char *dir, const char *name)
{
	char path[512], *line;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	line = sodium_malloc(B64 + 1);
	if (!line)
		return fail(RC_REFUSED, "no locked memory for keys; see: ulimit -l");
	sodium_bin2base64(line, B64, secret, SECRET, sodium_base64_VARIANT_ORIGINAL);
	line[B64 - 1] = '\n';
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		n = write(fd, line, B64);
	sodium_free(line);
	if (fd < 0 || n != (ssize_t)B64 || fsync(fd) || close(fd))
		return fail(RC_USAGE, "cannot write %s: %s", path, strerror(errno));
	return RC_OK;
}

enum rc keys_make(const char *dir)
{
	char id[B64], x[B64];
	enum rc rc = RC_OK;
	uint8_t *seed;
	struct keys *k;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fail(RC_USAGE, "cannot make folder %s: %s", dir, strerror(errno));
	k = locked(&seed);
	if (!k)
		return RC_REFUSED;
	randombytes_buf(seed, SECRET);
	randombytes_buf(k->s[0].x_secret, SECRET);
	crypto_sign_ed25519_seed_keypair(k->identity, k->identity_secret, seed);
	derive(&k->s[0]);
	rc = write_secret(seed, dir, "identity.key");
	if (!rc)
		rc = write_secret(k->s[0].x_secret, dir, "static.key");
	if (!rc)
		printf("identity = %s\nkey = %s\n",
		       sodium_bin2base64(id, sizeof(id), k->identity, 32, sodium_base64_VARIANT_ORIGINAL),
		       sodium_bin2base64(x, sizeof(x), k->s[0].x, 32, sodium_base64_VARIANT_ORIGINAL));
	sodium_free(seed);
	sodium_free(k);
	return rc;
}

enum rc keys_uri(const char *dir, const char *state, const char *address)
{
	struct cr_uri u = { .address.family = 0 };
	char text[CR_URI_TEXT];
	const char *wrong;
	enum rc rc;

	if (!*dir)
		return fail(RC_USAGE, "the configuration has no \"keys\": only a relay has a URI");
	if (!cr_address_parse(&u.address, address))
		return fail(RC_USAGE, "\"%s\" is not an address and port such as 192.0.2.1:4000 or [2001:db8::1]:4000", address);
	rc = keys_load(dir, state);
	if (!rc) {
		memcpy(u.identity, keys->identity, sizeof(u.identity));
		memcpy(u.key, keys_now()->x, sizeof(u.key));
		wrong = cr_uri_wrong(&u);
		if (wrong)
			rc = fail(RC_USAGE, "%s: %s", address, wrong);
	}
	if (!rc)
		puts(cr_uri_text(text, &u));
	keys_free();
	return rc;
}

void keys_free(void)
{
	sodium_free(keys);
	keys = NULL;
}
