// SPDX-License-Identifier: MIT
/*
 * relayctl genkey, pubkey: X25519 keys in base64, the forms that wg uses, and
 * Ed25519 keys: secrets in base64, too, public ones in hexadecimal as directories
 * and claims show them.
 */
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "object.h"
#include "proof/sign.h"

enum { X25519, ED25519 };

static const struct choice types[] = { { "x25519", X25519 }, { "ed25519", ED25519 }, { NULL, 0 } };

static const struct arg type_args[] = {
	{ .name = "type", .kind = ARG_CHOICE, .flags = ARG_POS, .choices = types, .meta = "TYPE",
	  .help = "of key (x25519)" },
	{ .name = NULL },
};

#define B64_LEN	sodium_base64_ENCODED_LEN(crypto_scalarmult_BYTES, sodium_base64_VARIANT_ORIGINAL)

static void warn_readable(void)
{
	struct stat st;

	if (fileno(opt.out) >= 0 && fstat(fileno(opt.out), &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077))
		err("warning: others may read the file that this secret key goes to; use umask 077");
}

static enum rc genkey(const struct verb *verb, const struct argval *v)
{
	uint8_t *key = sodium_malloc(crypto_scalarmult_SCALARBYTES);
	char *text = sodium_malloc(B64_LEN);

	(void)verb;
	if (!key || !text)
		return fail(RC_REFUSED, "no memory for keys");
	warn_readable();
	randombytes_buf(key, crypto_scalarmult_SCALARBYTES);
	if (v[0].num == X25519) {
		/* clamped, so that the stored form is the used form */
		key[0] &= 248;
		key[31] = (key[31] & 127) | 64;
	}
	sodium_bin2base64(text, B64_LEN, key, crypto_scalarmult_SCALARBYTES,
			  sodium_base64_VARIANT_ORIGINAL);
	if (opt.json)
		json_str("secret_key", text);
	else
		fprintf(opt.out, "%s\n", text);
	sodium_free(key);
	sodium_free(text);
	return RC_OK;
}

static enum rc pubkey(const struct verb *verb, const struct argval *v)
{
	uint8_t *key = sodium_malloc(crypto_scalarmult_SCALARBYTES);
	char *text = sodium_malloc(128);
	uint8_t *secret = sodium_malloc(CR_SECRET_BYTES);
	uint8_t pub[crypto_scalarmult_BYTES];
	size_t have = 0, len = 0;
	char out[2 * CR_PUBLIC_BYTES + 1];
	enum rc rc = RC_OK;
	ssize_t n;

	(void)verb;
	if (!key || !text || !secret)
		return fail(RC_REFUSED, "no memory for keys");
	/* read(2), not stdio: its buffer would keep the key */
	while (have < 127 && (n = read(STDIN_FILENO, text + have, 127 - have)) > 0)
		have += n;
	text[have] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (sodium_base642bin(key, crypto_scalarmult_SCALARBYTES, text, strlen(text), NULL, &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != crypto_scalarmult_SCALARBYTES || strlen(text) != B64_LEN - 1) {
		rc = fail(RC_USAGE, "pubkey: stdin must hold one secret key as genkey prints it (%zu characters of base64)",
			  (size_t)B64_LEN - 1);
	} else {
		if (v[0].num == ED25519) {
			cr_key_from_seed(pub, secret, key);
			sodium_bin2hex(out, sizeof(out), pub, sizeof(pub));
		} else {
			crypto_scalarmult_base(pub, key);
			sodium_bin2base64(out, sizeof(out), pub, sizeof(pub), sodium_base64_VARIANT_ORIGINAL);
		}
		if (opt.json)
			json_str("public_key", out);
		else
			fprintf(opt.out, "%s\n", out);
	}
	sodium_free(key);
	sodium_free(text);
	sodium_free(secret);
	return rc;
}

static const struct verb genkey_verbs[] = {
	{ .run = genkey, .args = type_args, .help = "print a new secret key" },
	{ .name = NULL },
};

static const struct verb pubkey_verbs[] = {
	{ .run = pubkey, .args = type_args, .help = "read a secret key from stdin, print its public key" },
	{ .name = NULL },
};

const struct object obj_genkey = { "genkey", NULL, genkey_verbs, 0, "print a new secret key" };
const struct object obj_pubkey = { "pubkey", NULL, pubkey_verbs, 0, "secret key on stdin, public key on stdout" };
