// SPDX-License-Identifier: MIT
/* relayctl key: generations of a link's keys. Secrets come from key files only. */
#include <linux/cellrelay.h>
#include <sodium.h>

#include "keyfile.h"
#include "object.h"

#define KEY_LINK_ARG \
	{ .name = "link", .kind = ARG_UINT, .flags = ARG_POS | ARG_REQ, \
	  .attr = CELLRELAY_A_KEY_LINK, .width = 4, .min = 1, .meta = "ID", .help = "whose keys", \
	  .complete = "link" }
#define GEN_ARG \
	{ .name = "gen", .kind = ARG_UINT, .flags = ARG_REQ, .attr = CELLRELAY_A_KEY_GEN, .width = 1, \
	  .max = 2, .meta = "0..2", .help = "generation" }
#define EXPIRES_ARG \
	{ .name = "expires", .kind = ARG_MSEC, .attr = CELLRELAY_A_KEY_EXPIRES_MS, .width = 4, \
	  .meta = "TIME", .help = "when they end, from now; 0: never" }
#define SEND_ARG \
	{ .name = "send", .kind = ARG_FLAG, .attr = CELLRELAY_A_KEY_SEND, \
	  .help = "use this generation for sending" }

enum { LINK, GEN, FILE_, PEER_IDX, SEND, EXPIRES };

static const struct arg add_args[] = {
	[LINK] = KEY_LINK_ARG,
	[GEN] = GEN_ARG,
	[FILE_] = { .name = "file", .kind = ARG_FILE, .flags = ARG_REQ, .meta = "FILE",
		    .help = "key file; it is used once" },
	[PEER_IDX] = { .name = "peer-idx-file", .kind = ARG_FILE, .meta = "FILE",
		       .help = "the peer's index key (its \"ns idx-key\"), unless the key file has it" },
	[SEND] = SEND_ARG,
	[EXPIRES] = EXPIRES_ARG,
	{ .name = NULL },
};

/* Secrets in the order of the file, sizes in bytes. */
static const struct secret {
	const char *name;
	uint16_t attr;
	uint16_t len;
} secrets[] = {
	{ "rx-tag", CELLRELAY_A_KEY_RX_TAG, 16 },
	{ "rx-mask", CELLRELAY_A_KEY_RX_MASK, 16 },
	{ "rx-ctl", CELLRELAY_A_KEY_RX_CTL, 32 },
	{ "tx-tag", CELLRELAY_A_KEY_TX_TAG, 16 },
	{ "tx-mask", CELLRELAY_A_KEY_TX_MASK, 16 },
	{ "tx-ctl", CELLRELAY_A_KEY_TX_CTL, 32 },
};

static const char *const known[] = {
	"rx-index", "tx-index", "tx-idx-key",
	"rx-tag", "rx-mask", "rx-ctl", "tx-tag", "tx-mask", "tx-ctl", NULL,
};

/* Copies all secrets into @msg; what is left of them here is wiped. */
static enum rc put_secrets(struct nl_msg *msg, const struct keysec *sec, const char *peer_idx)
{
	uint8_t *buf = sodium_malloc(32);
	enum rc rc = RC_OK;

	if (!buf)
		return fail(RC_REFUSED, "no memory for keys");
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]) && !rc; i++) {
		rc = keysec_hex(sec, secrets[i].name, buf, secrets[i].len);
		if (!rc && nla_put(msg, secrets[i].attr, secrets[i].len, buf) < 0)
			rc = fail(RC_REFUSED, "out of memory");
	}
	if (!rc)
		rc = peer_idx ? keyfile_single(peer_idx, buf, 16) :
				keysec_hex(sec, "tx-idx-key", buf, 16);
	if (!rc && nla_put(msg, CELLRELAY_A_KEY_TX_IDX_KEY, 16, buf) < 0)
		rc = fail(RC_REFUSED, "out of memory");
	sodium_free(buf);
	return rc;
}

static enum rc add(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct keysec sec;
	struct nl_msg *msg;
	uint32_t rx, tx;
	char name[48];
	enum rc rc;

	snprintf(name, sizeof(name), "link %u gen %u", (unsigned int)v[LINK].num,
		 (unsigned int)v[GEN].num);
	snprintf(what.doing, sizeof(what.doing), "add keys to %s", name);
	rc = opt.check ? RC_OK : kn_open();	/* do not use up a file for nothing */
	rc = rc ? rc : keyfile_take(v[FILE_].word, name, &sec);
	rc = rc ? rc : keysec_only(&sec, known);
	rc = rc ? rc : keysec_u32(&sec, "rx-index", &rx);
	rc = rc ? rc : keysec_u32(&sec, "tx-index", &tx);
	if (rc)
		return rc;
	if (opt.check) {
		msg = nlmsg_alloc();
		if (!msg)
			return fail(RC_REFUSED, "out of memory");
	} else {
		msg = request(CELLRELAY_CMD_KEY_NEW, verb, v, &rc);
		if (!msg)
			return rc;
	}
	if (nla_put_u32(msg, CELLRELAY_A_KEY_RX_INDEX, rx) < 0 ||
	    nla_put_u32(msg, CELLRELAY_A_KEY_TX_INDEX, tx) < 0)
		rc = fail(RC_REFUSED, "out of memory");
	rc = rc ? rc : put_secrets(msg, &sec, v[PEER_IDX].set ? v[PEER_IDX].word : NULL);
	if (rc || opt.check) {
		kn_drop(msg);
		return rc;
	}
	return kn_do(msg, NULL, NULL, &what);
}

static const struct arg set_args[] = {
	KEY_LINK_ARG, GEN_ARG, SEND_ARG, EXPIRES_ARG, { .name = NULL },
};

static enum rc set(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	if (!v[2].set && !v[3].set)
		return fail(RC_USAGE, "key set: nothing to set; see: relayctl help key");
	snprintf(what.doing, sizeof(what.doing), "change the keys of link %s gen %s", v[0].word,
		 v[1].word);
	msg = request(CELLRELAY_CMD_KEY_SET, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct arg del_args[] = { KEY_LINK_ARG, GEN_ARG, { .name = NULL } };

static enum rc del(const struct verb *verb, const struct argval *v)
{
	struct kn_what what = { .args = verb->args };
	struct nl_msg *msg;
	enum rc rc;

	snprintf(what.doing, sizeof(what.doing), "delete the keys of link %s gen %s", v[0].word,
		 v[1].word);
	msg = request(CELLRELAY_CMD_KEY_DEL, verb, v, &rc);
	return !msg ? rc : kn_do(msg, NULL, NULL, &what);
}

static const struct verb verbs[] = {
	{ .name = "add", .run = add, .args = add_args,
	  .help = "install a generation of keys (for tests: relayd does this by handshakes)", .checks = true },
	{ .name = "set", .run = set, .args = set_args,
	  .help = "send with this generation, or let it expire" },
	{ .name = "del", .run = del, .args = del_args,
	  .help = "delete a generation" },
	{ .name = NULL },
};

const struct object obj_key = { "key", NULL, verbs, -1, "generations of a link's keys" };
