// SPDX-License-Identifier: MIT
/* relayctl load, unload: attach the accounting; take everything away again. */
#include <errno.h>
#include <fcntl.h>
#include <linux/cellrelay.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "acct.h"
#include "json.h"
#include "object.h"

#define MODULE		"cellrelay"
#define MODULE_SYSFS	"/sys/module/" MODULE

static const struct arg load_args[] = {
	{ .name = "slots", .kind = ARG_UINT, .width = 4, .min = 1, .max = 1 << 24, .meta = "N",
	  .help = "room for circuits, whole machine (65536)" },
	{ .name = NULL },
};

static enum rc load(const struct verb *verb, const struct argval *v)
{
	enum rc rc = acct_attach(v[0].set ? v[0].num : 0);

	(void)verb;
	if (!rc && opt.json) {
		json_open("accounting", '{');
		json_str("pins", ACCT_DIR);
		json_u64("slots", acct_slots());
		json_close();
	}
	return rc;
}

static const struct arg unload_args[] = {
	{ .name = "wait", .kind = ARG_MSEC, .width = 4, .meta = "TIME",
	  .help = "how long to try while something still uses the module (10s)" },
	{ .name = NULL },
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Ends sockets, links, circuits and devices in all namespaces. */
static enum rc end_all(void)
{
	static const struct kn_what what = { .doing = "end what the module does" };
	enum rc rc;
	struct nl_msg *msg = kn_new(CELLRELAY_CMD_UNLOAD, &rc);

	return msg ? kn_do(msg, NULL, NULL, &what) : rc;
}

static long refcount(void)
{
	FILE *f = fopen(MODULE_SYSFS "/refcnt", "re");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static enum rc remove_module(int64_t until)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	enum rc rc;

	for (;;) {
		/* again each time: somebody may make new ones while we try */
		rc = end_all();
		if (rc)
			return rc;
		if (syscall(SYS_delete_module, MODULE, O_NONBLOCK) == 0 || errno == ENOENT)
			return RC_OK;
		/* programs let go of the module a moment after their last pin is gone */
		if ((errno != EAGAIN && errno != EBUSY) || now_ms() > until)
			break;
		nanosleep(&pause, NULL);
	}
	if (errno == EAGAIN || errno == EBUSY)
		return fail(RC_REFUSED, "cannot unload the module: still in use (%ld users); bpftool link show lists programs that are attached to it",
			    refcount());
	if (errno == EPERM)
		return fail(RC_REFUSED, "cannot unload the module: not permitted; it takes CAP_SYS_MODULE, try as root");
	return fail(RC_REFUSED, "cannot unload the module: %s", strerror(errno));
}

static enum rc unload(const struct verb *verb, const struct argval *v)
{
	int64_t until = now_ms() + (v[0].set ? (int64_t)v[0].num : 10000);
	bool was = access(MODULE_SYSFS, F_OK) == 0;
	unsigned int pins;
	enum rc rc;

	(void)verb;
	rc = acct_detach(&pins);
	/* asking the family of a module that is not there would load it */
	if (!rc && was)
		rc = remove_module(until);
	if (!rc && opt.json) {
		json_open("unload", '{');
		json_bool("module", was);
		json_u64("pins", pins);
		json_close();
	}
	return rc;
}

static const struct verb load_verbs[] = {
	{ .run = load, .args = load_args, .help = "attach the eBPF accounting and pin it under " ACCT_DIR },
	{ .name = NULL },
};

static const struct verb unload_verbs[] = {
	{ .run = unload, .args = unload_args,
	  .help = "detach programs, remove pins, end all circuits, unload the module; at any moment" },
	{ .name = NULL },
};

const struct object obj_load = { "load", NULL, load_verbs, 0, "attach the accounting" };
const struct object obj_unload = { "unload", NULL, unload_verbs, 0, "detach everything and unload the module" };
