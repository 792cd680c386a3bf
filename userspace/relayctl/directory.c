// SPDX-License-Identifier: MIT
/* relayctl directory: descriptors and snapshots, made, signed, verified, kept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/durable.h"
#include "directory/fetch.h"
#include "directory/serial.h"
#include "directory/store.h"
#include "directory/trust.h"
#include "directory/weights.h"
#include "dirtext.h"
#include "json.h"
#include "keyfile.h"
#include "object.h"

#define SUFFIX		".descriptor"

#define ARG_NOW		{ .name = "now", .kind = ARG_UINT, .width = 8, .max = CR_TIME_MAX, \
			  .meta = "SECONDS", .help = "judge as at this time, not by the clock" }
#define ARG_TRUST	{ .name = "authorities", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE", \
			  .help = "whose signatures count, and how many it takes" }

static uint64_t now_of(const struct argval *v)
{
	return v->set ? v->num : (uint64_t)time(NULL);
}

static enum rc read_trust(struct cr_trust *trust, const char *file)
{
	char error[CR_TRUST_ERROR_TEXT];
	unsigned int line;
	size_t len;
	uint8_t *text = dir_read(file, CR_TRUST_FILE_MAX, &len);
	bool ok;

	if (!text)
		return RC_USAGE;
	ok = cr_trust_parse(trust, (const char *)text, len, &line, error);
	free(text);
	return ok ? RC_OK : fail(RC_USAGE, "%s:%u: %s", file, line, error);
}

/* A parsed snapshot and its bytes, or a message. */
static enum rc read_snapshot(struct cr_snapshot *s, uint8_t **bytes, const char *file)
{
	enum cr_verdict v;
	size_t len;

	*bytes = dir_read(file, CR_SNAPSHOT_BYTES_MAX, &len);
	if (!*bytes)
		return RC_USAGE;
	v = cr_snapshot_parse(s, *bytes, len);
	if (v == CR_DIR_OK)
		return RC_OK;
	free(*bytes);
	*bytes = NULL;
	return fail(RC_REFUSED, "%s: this snapshot %s", file, cr_verdict_text(v));
}

/* Says why a snapshot was not taken, and what to do about it. */
static enum rc refuse(const char *from, const struct cr_snapshot *s, const struct cr_trust *trust,
		      enum cr_verdict v, uint64_t now, unsigned int signers, uint64_t have)
{
	char a[DIR_TIME_TEXT], b[DIR_TIME_TEXT];
	uint64_t number = s->head.number;

	switch (v) {
	case CR_DIR_OK:
		return RC_OK;
	case CR_DIR_EARLY:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " is not valid before %s, and this clock says %s; set the clock",
			    from, number, dir_time(a, s->head.from), dir_time(b, now));
	case CR_DIR_STALE:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " is stale: it was valid until %s, and this clock says %s; fetch a newer one, or set the clock",
			    from, number, dir_time(a, cr_snapshot_until(&s->head)), dir_time(b, now));
	case CR_DIR_TOO_FEW:
		return fail(RC_REFUSED, "%s: %u of your %u authorities signed snapshot %" PRIu64 ", and it takes %u; do not use it",
			    from, signers, trust->n, number, trust->k);
	case CR_DIR_SIGNATURE:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " bears a signature that your authority did not make: it is forged or damaged; get it elsewhere",
			    from, number);
	case CR_DIR_LEDGER:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " belongs to another network than your file of authorities (or the store)",
			    from, number);
	case CR_DIR_ROLLBACK:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " is older than number %" PRIu64 ", which we have: somebody may be hiding newer ones; get it elsewhere",
			    from, number, have);
	case CR_DIR_FORK:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " is not the one of that number that we have, and your authorities signed both; both are kept as evidence, use neither until they explain it",
			    from, number);
	case CR_DIR_CHAIN:
		return fail(RC_REFUSED, "%s: snapshot %" PRIu64 " follows another number %" PRIu64 " than the one that we have: one of the two was made for us alone; both are kept as evidence, ask your authorities",
			    from, number, have);
	case CR_DIR_STORAGE:
		return fail(RC_REFUSED, "%s: the store cannot be read or written: %s", from, strerror(errno));
	default:
		return fail(RC_REFUSED, "%s: the snapshot, or the stored one, %s", from, cr_verdict_text(v));
	}
}

/* ----------------------------------------------------------------- verify */

static const struct arg verify_args[] = {
	{ .name = "file", .kind = ARG_FILE, .flags = ARG_POS | ARG_REQ, .meta = "FILE", .help = "a snapshot" },
	ARG_TRUST,
	ARG_NOW,
	{ .name = "full", .kind = ARG_FLAG, .help = "also every descriptor's signatures and every weight" },
	{ .name = NULL },
};

static enum rc audit(const char *file, const struct cr_snapshot *s)
{
	struct cr_reader r = cr_snapshot_relays(s);
	char hex[2 * CR_PUBLIC_BYTES + 1];
	struct cr_entry e;
	uint32_t which = 0;
	enum cr_verdict v = cr_snapshot_audit(s, &which);

	if (v == CR_DIR_OK)
		return RC_OK;
	if (v == CR_DIR_MEMORY)
		return fail(RC_REFUSED, "%s: out of memory", file);
	for (uint32_t i = 0; i <= which && cr_snapshot_next(&e, &r); i++)
		;
	sodium_bin2hex(hex, sizeof(hex), e.d.identity, CR_PUBLIC_BYTES);
	return fail(RC_REFUSED, v == CR_DIR_WEIGHT ? "%s: relay %s: the snapshot %s" :
		    "%s: relay %s: its descriptor %s", file, hex, cr_verdict_text(v));
}

static enum rc verify(const struct verb *verb, const struct argval *v)
{
	uint64_t now = now_of(&v[2]);
	unsigned int signers = 0;
	enum cr_verdict verdict;
	char text[DIR_TIME_TEXT];
	struct cr_trust trust;
	struct cr_snapshot s;
	uint8_t *bytes;
	enum rc rc;

	(void)verb;
	rc = read_trust(&trust, v[1].word);
	rc = rc ? rc : read_snapshot(&s, &bytes, v[0].word);
	if (rc)
		return rc;
	verdict = cr_snapshot_verify(&s, &trust, now, &signers);
	if (opt.json) {
		json_open("verified", '{');
		json_str("verdict", cr_verdict_name(verdict));
		json_u64("number", s.head.number);
		dir_json_hex("hash", s.hash, sizeof(s.hash));
		json_u64("signers", signers);
		json_u64("threshold", trust.k);
		json_u64("authorities", trust.n);
		json_u64("valid_until", cr_snapshot_until(&s.head));
		json_u64("relay_count", s.head.relay_count);
		json_close();
	}
	rc = refuse(v[0].word, &s, &trust, verdict, now, signers, 0);
	if (!rc && v[3].set)
		rc = audit(v[0].word, &s);
	if (!rc && !opt.json)
		fprintf(opt.out, "snapshot %" PRIu64 " is good until %s: %u relays, signed by %u of %u authorities (%u needed)%s\n",
			s.head.number, dir_time(text, cr_snapshot_until(&s.head)), s.head.relay_count,
			signers, trust.n, trust.k, v[3].set ? "; all descriptors and weights hold" : "");
	free(bytes);
	return rc;
}

/* ---------------------------------------------------------------- inspect */

static const struct arg inspect_args[] = {
	{ .name = "file", .kind = ARG_FILE, .flags = ARG_POS | ARG_REQ, .meta = "FILE",
	  .help = "a snapshot or a descriptor" },
	{ .name = NULL },
};

static enum rc inspect(const struct verb *verb, const struct argval *v)
{
	size_t len;
	uint8_t *bytes = dir_read(v[0].word, CR_SNAPSHOT_BYTES_MAX, &len);
	struct cr_descriptor d;
	struct cr_snapshot s;
	enum cr_verdict verdict;
	enum rc rc = RC_OK;

	(void)verb;
	if (!bytes)
		return RC_USAGE;
	if (len >= CR_KIND_BYTES && cr_kind_is(bytes, CR_KIND_DESCRIPTOR)) {
		verdict = cr_descriptor_decode(&d, bytes, len);
		if (verdict)
			rc = fail(RC_REFUSED, "%s: this descriptor %s", v[0].word, cr_verdict_text(verdict));
		else
			dir_print_descriptor(&d);
	} else {
		verdict = cr_snapshot_parse(&s, bytes, len);
		if (verdict == CR_DIR_FORMAT)
			rc = fail(RC_REFUSED, "%s: is neither a snapshot nor a descriptor", v[0].word);
		else if (verdict)
			rc = fail(RC_REFUSED, "%s: this snapshot %s", v[0].word, cr_verdict_text(verdict));
		else
			dir_print_snapshot(&s, true);
	}
	free(bytes);
	return rc;
}

/* --------------------------------------------------------------- describe */

static const struct arg describe_args[] = {
	{ .name = "file", .kind = ARG_FILE, .flags = ARG_POS | ARG_REQ, .meta = "FILE",
	  .help = "what the relay is, in JSON" },
	{ .name = "identity", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
	  .help = "the relay's secret Ed25519 key" },
	{ .name = "operator", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
	  .help = "the operator's secret Ed25519 key" },
	{ .name = "serial", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
	  .help = "file that keeps the last serial number" },
	{ .name = "out", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE", .help = "where the descriptor goes" },
	ARG_NOW,
	{ .name = "days", .kind = ARG_UINT, .min = 1, .width = 4, .max = CR_DESCRIPTOR_LIFE_MAX / 86400,
	  .meta = "N", .help = "how long it is valid (7)" },
	{ .name = NULL },
};

static enum rc storage(const char *file)
{
	return fail(RC_REFUSED, "%s: cannot keep the number: %s", file,
		    errno == EBADMSG ? "it is damaged; restore it, or write into it a number that was never used" :
		    strerror(errno));
}

static enum rc describe(const struct verb *verb, const struct argval *v)
{
	struct { uint8_t identity[CR_SECRET_BYTES], operator[CR_SECRET_BYTES]; } *secret;
	uint8_t bytes[CR_DESCRIPTOR_MAX];
	uint64_t now = now_of(&v[5]);
	enum cr_verdict verdict;
	struct cr_descriptor d;
	char path[PATH_MAX];
	size_t len;
	enum rc rc;

	(void)verb;
	rc = dir_input_descriptor(&d, v[0].word);
	if (rc)
		return rc;
	d.from = now;
	d.until = now + (v[6].set ? v[6].num : 7) * 86400;
	secret = sodium_malloc(sizeof(*secret));
	if (!secret)
		return fail(RC_REFUSED, "no memory for keys");
	rc = keyfile_base64(v[1].word, secret->identity, CR_SEED_BYTES);
	rc = rc ? rc : keyfile_base64(v[2].word, secret->operator, CR_SEED_BYTES);
	if (!rc) {
		cr_key_from_seed(d.identity, secret->identity, secret->identity);
		cr_key_from_seed(d.operator_key, secret->operator, secret->operator);
		d.serial = 1;
		verdict = cr_descriptor_check(&d);
		if (verdict)
			rc = fail(RC_USAGE, "%s: what it describes %s", v[0].word, cr_verdict_text(verdict));
	}
	if (!rc && !opt.check) {
		/* the time as floor: also where the file was lost, no number comes again */
		verdict = cr_serial_next(dir_path(path, v[3].word), now, &d.serial);
		rc = verdict ? storage(v[3].word) : RC_OK;
	}
	if (!rc) {
		cr_operator_sign(&d, secret->operator);
		if (cr_descriptor_sign(&d, secret->identity) || cr_descriptor_verify(&d) ||
		    cr_descriptor_encode(bytes, &len, &d))
			rc = fail(RC_REFUSED, "%s: the new signature does not verify (faulty machine?)", v[0].word);
	}
	sodium_free(secret);
	if (!rc && !opt.check)
		rc = dir_write(v[4].word, bytes, len);
	if (!rc && opt.json)
		dir_print_descriptor(&d);
	return rc;
}

/* ------------------------------------------------------------------- make */

static const struct arg make_args[] = {
	{ .name = "file", .kind = ARG_FILE, .flags = ARG_POS | ARG_REQ, .meta = "FILE",
	  .help = "the network's parameters, in JSON" },
	{ .name = "descriptors", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FOLDER",
	  .help = "descriptors of its relays, as *" SUFFIX },
	{ .name = "number", .kind = ARG_UINT, .flags = ARG_REQ, .width = 8, .min = 1, .max = INT64_MAX,
	  .meta = "N", .help = "of this snapshot" },
	{ .name = "out", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE", .help = "where the snapshot goes" },
	{ .name = "previous", .kind = ARG_FILE, .meta = "FILE", .help = "the snapshot before" },
	ARG_NOW,
	{ .name = NULL },
};

/** struct roll - the relays of a snapshot being made */
struct roll {
	struct cr_entry *e;
	size_t n, room;
};

/* One descriptor file. What is not good is left out, with a message: one bad relay stops no network. */
static enum rc enrol(struct roll *roll, const struct dir_network *net, const char *file, uint64_t now)
{
	struct cr_entry *e;
	enum cr_verdict v;
	uint8_t *bytes;
	size_t len;

	bytes = dir_read(file, CR_DESCRIPTOR_MAX, &len);
	if (!bytes)
		return RC_USAGE;
	if (roll->n == roll->room) {
		roll->room = roll->room ? 2 * roll->room : 64;
		e = reallocarray(roll->e, roll->room, sizeof(*e));
		if (!e) {
			free(bytes);
			return fail(RC_REFUSED, "out of memory");
		}
		roll->e = e;
	}
	e = &roll->e[roll->n];
	memset(e, 0, sizeof(*e));
	v = cr_descriptor_decode(&e->d, bytes, len);
	free(bytes);
	v = v ? v : cr_descriptor_verify(&e->d);
	if (!v && memcmp(e->d.ledger, net->head.ledger, CR_LEDGER_BYTES) != 0)
		v = CR_DIR_LEDGER;
	if (!v && e->d.from > now)
		v = CR_DIR_EARLY;
	if (!v && e->d.until <= now)
		v = CR_DIR_STALE;
	if (!v && !(net->head.params.constraints & CR_ALLOW_PRIVATE))
		v = cr_descriptor_public(&e->d);
	if (v) {
		err("%s: left out: this descriptor %s", file, cr_verdict_text(v));
		return RC_OK;
	}
	roll->n++;
	return dir_network_rank(net, e->d.identity, &e->measured, &e->stake);
}

static int by_identity(const void *a, const void *b)
{
	const struct cr_entry *x = a, *y = b;
	int c = memcmp(x->d.identity, y->d.identity, CR_PUBLIC_BYTES);

	/* the newest first */
	return c ? c : (x->d.serial < y->d.serial) - (x->d.serial > y->d.serial);
}

static enum rc enrol_all(struct roll *roll, const struct dir_network *net, const char *folder, uint64_t now)
{
	char path[PATH_MAX], name[PATH_MAX];
	DIR *dir = opendir(dir_path(path, folder));
	enum rc rc = RC_OK;
	struct dirent *de;
	size_t kept = 0;

	if (!dir)
		return fail(RC_USAGE, "%s: cannot read the folder: %s", folder, strerror(errno));
	while (!rc && (de = readdir(dir))) {
		size_t len = strlen(de->d_name);

		if (len <= strlen(SUFFIX) || strcmp(de->d_name + len - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", folder, de->d_name) < (int)sizeof(name))
			rc = enrol(roll, net, name, now);
	}
	closedir(dir);
	if (rc)
		return rc;
	if (roll->n)
		qsort(roll->e, roll->n, sizeof(*roll->e), by_identity);
	for (size_t i = 0; i < roll->n; i++) {
		struct cr_entry *last = kept ? &roll->e[kept - 1] : NULL;

		if (last && memcmp(last->d.identity, roll->e[i].d.identity, CR_PUBLIC_BYTES) == 0) {
			if (cr_descriptor_conflict(&last->d, &roll->e[i].d))
				err("%s: two descriptors of one relay bear the serial number %" PRIu64 " and differ: evidence against its operator",
				    folder, last->d.serial);
			continue;
		}
		roll->e[kept++] = roll->e[i];
	}
	roll->n = kept;
	if (kept > CR_SNAPSHOT_RELAYS_MAX)
		return fail(RC_REFUSED, "%s: %zu relays, a snapshot holds %u", folder, kept, CR_SNAPSHOT_RELAYS_MAX);
	return RC_OK;
}

static enum rc assemble(struct roll *roll, struct dir_network *net, const char *file, const char *to)
{
	uint8_t *out;
	size_t len;
	enum cr_verdict v = cr_snapshot_assemble(&net->head, net->keys, roll->e, roll->n, &out, &len);
	enum rc rc;

	if (v == CR_DIR_MEMORY)
		return fail(RC_REFUSED, "out of memory");
	if (v)
		return fail(RC_USAGE, "%s: the network that it describes %s", file, cr_verdict_text(v));
	rc = opt.check ? RC_OK : dir_write(to, out, len);
	free(out);
	return rc;
}

static enum rc make(const struct verb *verb, const struct argval *v)
{
	uint64_t now = now_of(&v[5]);
	struct dir_network *net = calloc(1, sizeof(*net));
	struct roll roll = { .e = NULL };
	struct cr_snapshot s;
	uint8_t *bytes;
	enum rc rc;

	(void)verb;
	if (!net)
		return fail(RC_REFUSED, "out of memory");
	rc = dir_input_network(net, v[0].word);
	net->head.number = v[2].num;
	net->head.from = now;
	if (!rc && v[4].set) {
		rc = read_snapshot(&s, &bytes, v[4].word);
		if (!rc) {
			memcpy(net->head.previous, s.hash, sizeof(s.hash));
			if (s.head.number >= net->head.number)
				rc = fail(RC_USAGE, "%s: is snapshot %" PRIu64 ", so the next cannot be %" PRIu64,
					  v[4].word, s.head.number, net->head.number);
			free(bytes);
		}
	}
	rc = rc ? rc : enrol_all(&roll, net, v[1].word, now);
	rc = rc ? rc : assemble(&roll, net, v[0].word, v[3].word);
	if (!rc && opt.json && !opt.check) {
		rc = read_snapshot(&s, &bytes, v[3].word);
		if (!rc) {
			dir_print_snapshot(&s, false);
			free(bytes);
		}
	}
	free(roll.e);
	dir_network_free(net);
	free(net);
	return rc;
}

/* ------------------------------------------------------------------- sign */

static const struct arg sign_args[] = {
	{ .name = "file", .kind = ARG_FILE, .flags = ARG_POS | ARG_REQ, .meta = "FILE",
	  .help = "a snapshot; the signature is added to it" },
	{ .name = "key", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
	  .help = "the authority's secret Ed25519 key" },
	{ .name = "state", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
	  .help = "file that keeps what this authority signed last" },
	{ .name = NULL },
};

static enum rc add_signature(const struct cr_snapshot *s, const char *file, const char *key, const char *state)
{
	uint8_t *secret = sodium_malloc(CR_SECRET_BYTES), *out;
	uint8_t public_key[CR_PUBLIC_BYTES];
	char path[PATH_MAX];
	enum cr_verdict v;
	size_t len = 0;
	enum rc rc;

	out = malloc(s->body_len + CR_SIGNATURES_MAX);
	if (!secret || !out) {
		sodium_free(secret);
		free(out);
		return fail(RC_REFUSED, "out of memory");
	}
	rc = keyfile_base64(key, secret, CR_SEED_BYTES);
	if (!rc) {
		cr_key_from_seed(public_key, secret, secret);
		v = opt.check ? CR_DIR_OK : cr_serial_claim(dir_path(path, state), s->head.number, s->hash);
		if (v == CR_DIR_STORAGE)
			rc = storage(state);
		else if (v)
			rc = fail(RC_REFUSED, "%s: not signed: snapshot %" PRIu64 " %s (%s); an authority signs one content of a number, and numbers that grow",
				  file, s->head.number, v == CR_DIR_REUSE ? "was signed with other content" :
				  "comes after a newer one", state);
	}
	if (!rc) {
		memcpy(out, s->body, s->body_len);
		v = cr_snapshot_sign(out + s->body_len, &len, s, secret);
		if (v)
			rc = fail(RC_REFUSED, "%s: has as many signatures as there can be", file);
	}
	sodium_free(secret);
	if (!rc && !opt.check)
		rc = dir_write(file, out, s->body_len + len);
	free(out);
	return rc;
}

static enum rc sign(const struct verb *verb, const struct argval *v)
{
	struct cr_snapshot s;
	uint8_t *bytes;
	enum rc rc = read_snapshot(&s, &bytes, v[0].word);

	(void)verb;
	if (rc)
		return rc;
	rc = audit(v[0].word, &s);
	rc = rc ? rc : add_signature(&s, v[0].word, v[1].word, v[2].word);
	free(bytes);
	return rc;
}

/* ------------------------------------------------------------ fetch, show */

static const struct arg fetch_args[] = {
	{ .name = "from", .kind = ARG_WORD, .flags = ARG_POS | ARG_REQ, .meta = "URL|FILE",
	  .help = "https://..., http://127.0.0.1..., or a file" },
	ARG_TRUST,
	{ .name = "store", .kind = ARG_FILE, .meta = "FOLDER", .help = "where the last good one is kept (" DIR_STORE ")" },
	ARG_NOW,
	{ .name = NULL },
};

static enum rc fetch(const struct verb *verb, const struct argval *v)
{
	const char *store = v[2].set ? v[2].word : DIR_STORE, *from = v[0].word;
	uint64_t now = now_of(&v[3]), have = 0;
	char path[PATH_MAX], error[CR_FETCH_ERROR];
	unsigned int signers = 0;
	enum cr_verdict verdict;
	struct cr_trust trust;
	struct cr_snapshot s;
	bool kept = false;
	uint8_t *bytes;
	size_t len;
	enum rc rc;

	(void)verb;
	rc = read_trust(&trust, v[1].word);
	if (rc)
		return rc;
	if (strstr(from, "://")) {
		bytes = cr_fetch(from, NULL, CR_SNAPSHOT_BYTES_MAX, &len, error);
		if (!bytes)
			return fail(RC_REFUSED, "%s: %s", from, error);
	} else {
		bytes = dir_read(from, CR_SNAPSHOT_BYTES_MAX, &len);
		if (!bytes)
			return RC_USAGE;
	}
	verdict = cr_snapshot_parse(&s, bytes, len);
	if (verdict) {
		rc = fail(RC_REFUSED, "%s: this snapshot %s", from, cr_verdict_text(verdict));
	} else {
		cr_snapshot_verify(&s, &trust, now, &signers);
		errno = 0;
		verdict = cr_store_offer(dir_path(path, store), &s, &trust, now, &have, &kept);
		rc = refuse(from, &s, &trust, verdict, now, signers, have);
		if (!rc && opt.json) {
			dir_print_snapshot(&s, false);
			json_bool("kept", kept);
		} else if (!rc) {
			fprintf(opt.out, kept ? "snapshot %" PRIu64 " is kept in %s\n" :
				"snapshot %" PRIu64 " is in %s already\n", s.head.number, store);
		}
	}
	free(bytes);
	return rc;
}

static const struct arg show_args[] = {
	{ .name = "store", .kind = ARG_FILE, .flags = ARG_POS, .meta = "FOLDER",
	  .help = "where the last good one is kept (" DIR_STORE ")" },
	ARG_NOW,
	{ .name = NULL },
};

static enum rc show(const struct verb *verb, const struct argval *v)
{
	const char *store = v[0].set ? v[0].word : DIR_STORE;
	uint64_t now = now_of(&v[1]);
	struct cr_stored stored;
	char path[PATH_MAX], text[DIR_TIME_TEXT];
	enum cr_verdict verdict = cr_store_load(dir_path(path, store), &stored);

	(void)verb;
	if (verdict == CR_DIR_STORAGE)
		return fail(RC_REFUSED, "%s: cannot read the store: %s", store, strerror(errno));
	if (verdict)
		return fail(RC_REFUSED, "%s: the stored snapshot %s; remove it only if you can get a newer one from a source that you trust",
			    store, cr_verdict_text(verdict));
	if (!stored.bytes)
		return fail(RC_ABSENT, "%s: no snapshot yet; see: relayctl directory fetch help", store);
	dir_print_snapshot(&stored.s, true);
	if (now >= cr_snapshot_until(&stored.s.head))
		err("note: this snapshot is stale since %s", dir_time(text, cr_snapshot_until(&stored.s.head)));
	cr_store_free(&stored);
	return RC_OK;
}

static const struct verb verbs[] = {
	{ .name = "show", .run = show, .args = show_args, .help = "the last good snapshot" },
	{ .name = "fetch", .run = fetch, .args = fetch_args,
	  .help = "take a snapshot from a file or URL, and keep it if it is good and newer" },
	{ .name = "verify", .run = verify, .args = verify_args,
	  .help = "is a snapshot signed by enough authorities, and valid now?", .checks = true },
	{ .name = "inspect", .run = inspect, .args = inspect_args,
	  .help = "print a snapshot or descriptor, whoever signed it", .checks = true },
	{ .name = "describe", .run = describe, .args = describe_args,
	  .help = "make and sign a relay's descriptor", .checks = true },
	{ .name = "make", .run = make, .args = make_args,
	  .help = "put descriptors together to a snapshot, for authorities to sign", .checks = true },
	{ .name = "sign", .run = sign, .args = sign_args,
	  .help = "check everything in a snapshot and add an authority's signature", .checks = true },
	{ .name = NULL },
};

const struct object obj_directory = { "directory", NULL, verbs, 0, "relays of the network: descriptors and snapshots" };
