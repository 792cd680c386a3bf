// SPDX-License-Identifier: MIT
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/uri.h"

#define SECRET	32	/* bytes of either file, as base64 on one line */
#define B64	sodium_base64_ENCODED_LEN(SECRET, sodium_base64_VARIANT_ORIGINAL)

struct keys *keys;

static enum rc read_secret(uint8_t secret[SECRET], const char *dir, const char *name)
{
	char path[512], *line;
	size_t len = 0;
	struct stat st;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail(RC_USAGE, "cannot open key file %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		close(fd);
		return fail(RC_USAGE, "%s: must be a file that nobody else may read (mode 0600); make new keys", path);
	}
	line = sodium_malloc(B64 + 1);
	if (line)
		n = read(fd, line, B64 + 1);
	close(fd);
	if (n > 0 && line[n - 1] == '\n')
		n--;
	if (n != (ssize_t)B64 - 1 ||
	    sodium_base642bin(secret, SECRET, line, (size_t)n, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) ||
	    len != SECRET) {
		sodium_free(line);
		return fail(RC_USAGE, "%s: does not hold one line with a key in base64; make new keys", path);
	}
	sodium_free(line);
	return RC_OK;
}

/* Secrets to publics. */
static void complete(struct keys *k, const uint8_t seed[SECRET])
{
	crypto_sign_ed25519_seed_keypair(k->identity, k->identity_secret, seed);
	crypto_scalarmult_base(k->x, k->x_secret);
	k->has = true;
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

enum rc keys_load(const char *dir)
{
	enum rc rc = RC_OK;
	uint8_t *seed;

	keys = locked(&seed);
	if (!keys)
		return RC_REFUSED;
	if (dir) {
		rc = read_secret(seed, dir, "identity.key");
		if (!rc)
			rc = read_secret(keys->x_secret, dir, "static.key");
		if (!rc)
			complete(keys, seed);
	}
	sodium_free(seed);
	return rc;
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
	randombytes_buf(k->x_secret, SECRET);
	complete(k, seed);
	rc = write_secret(seed, dir, "identity.key");
	if (!rc)
		rc = write_secret(k->x_secret, dir, "static.key");
	if (!rc)
		printf("identity = %s\nkey = %s\n",
		       sodium_bin2base64(id, sizeof(id), k->identity, 32, sodium_base64_VARIANT_ORIGINAL),
		       sodium_bin2base64(x, sizeof(x), k->x, 32, sodium_base64_VARIANT_ORIGINAL));
	sodium_free(seed);
	sodium_free(k);
	return rc;
}

enum rc keys_uri(const char *dir, const char *address)
{
	struct cr_uri u = { .address.family = 0 };
	char text[CR_URI_TEXT];
	const char *wrong;
	enum rc rc;

	if (!*dir)
		return fail(RC_USAGE, "the configuration has no \"keys\": only a relay has a URI");
	if (!cr_address_parse(&u.address, address))
		return fail(RC_USAGE, "\"%s\" is not an address and port such as 192.0.2.1:4000 or [2001:db8::1]:4000", address);
	rc = keys_load(dir);
	if (!rc) {
		memcpy(u.identity, keys->identity, sizeof(u.identity));
		memcpy(u.key, keys->x, sizeof(u.key));
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
