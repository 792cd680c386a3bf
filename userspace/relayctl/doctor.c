// SPDX-License-Identifier: MIT
/* relayctl doctor: what can be wrong on a machine, how one sees it, what cures it. */
#include <linux/cellrelay.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acct.h"
#include "doctor.h"
#include "fmt.h"
#include "json.h"

void say(struct exam *e, const char *check, enum verdict verdict, const char *remedy, const char *fmt, ...)
{
	static const char *const name[] = { "ok", "warn", "fail", "skip" };
	const char *color[] = { fmt_green(), fmt_yellow(), fmt_red(), "" };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->failed |= verdict == FAIL;
	if (opt.json) {
		json_open(NULL, '{');
		json_str("check", check);
		json_str("verdict", name[verdict]);
		json_str("detail", text);
		json_str("remedy", remedy);
		json_close();
		return;
	}
	fprintf(opt.out, "%s%-4s%s  %-12s %s\n", color[verdict], name[verdict],
		verdict == SKIP ? "" : fmt_plain(), check, text);
	if (remedy)
		fprintf(opt.out, "%20stry: %s\n", "", remedy);
}

bool module_installed(const struct exam *e)
{
	char path[sizeof(e->uts.release) + 64], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", e->uts.release);
	f = fopen(path, "re");
	while (f && !found && getline(&line, &room, f) >= 0) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/cellrelay.ko");
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static void check_module(struct exam *e)
{
	char remedy[256], path[sizeof(e->uts.release) + 32];
	uint8_t version = 0;
	enum rc rc;

	/* asking for the family would load the module, and nobody would know why it is there */
	if (access("/sys/module/cellrelay", F_OK) != 0) {
		e->absent = true;
		snprintf(path, sizeof(path), "/lib/modules/%s/build", e->uts.release);
		if (module_installed(e)) {
			say(e, "module", FAIL, "modprobe cellrelay", "the module is installed but not loaded");
		} else if (access(path, F_OK) != 0) {
			snprintf(remedy, sizeof(remedy), "apt-get install linux-headers-%s", e->uts.release);
			say(e, "module", FAIL, remedy,
			    "no module for kernel %s, and no headers to build one", e->uts.release);
		} else {
			snprintf(remedy, sizeof(remedy), "dkms autoinstall -k %s && modprobe cellrelay",
				 e->uts.release);
			say(e, "module", FAIL, remedy, "no module for kernel %s is installed", e->uts.release);
		}
		return;
	}
	rc = kn_probe(&version);
	if (rc) {
		say(e, "module", FAIL, NULL,
		    "the module is loaded, but its netlink family does not answer; dmesg may say why");
		return;
	}
	if (version != CELLRELAY_FAMILY_VERSION) {
		say(e, "module", FAIL, "relayctl unload && modprobe cellrelay",
		    "the module speaks version %u of the netlink family, this relayctl %u", version,
		    CELLRELAY_FAMILY_VERSION);
		return;
	}
	if (geteuid() != 0 && access("/sys/fs/bpf", R_OK) != 0) {
		say(e, "module", WARN, NULL, "the module is loaded; as root there is more to see");
		return;
	}
	if (ns_get(&e->ns)) {
		say(e, "module", FAIL, NULL, "the module is loaded but does not tell its state");
	} else if (e->ns.abi != CELLRELAY_ACCT_ABI) {
		say(e, "module", FAIL, "relayctl unload && modprobe cellrelay",
		    "the module has ABI %u, this relayctl is for %u", e->ns.abi, CELLRELAY_ACCT_ABI);
	} else {
		e->module = true;
		say(e, "module", OK, NULL, "loaded, version %s, ABI %u", e->ns.version, e->ns.abi);
		if (strcmp(e->ns.version, CELLRELAY_VERSION) != 0)
			say(e, "version", WARN, NULL, "the module is %s, this relayctl %s", e->ns.version,
			    CELLRELAY_VERSION);
	}
}

static void check_accounting(struct exam *e)
{
	char why[256];
	enum acct_state s = acct_look(why, sizeof(why));

	if (s == ACCT_NO_BPFFS)
		say(e, "bpffs", FAIL, "mount -t bpf bpf " ACCT_BPFFS, "no BPF file system on " ACCT_BPFFS);
	else
		say(e, "bpffs", OK, NULL, "mounted on " ACCT_BPFFS);

	switch (s) {
	case ACCT_NO_BPFFS:
		say(e, "accounting", SKIP, NULL, "needs the BPF file system");
		return;
	case ACCT_DENIED:
		say(e, "accounting", WARN, NULL, "cannot be looked at; try as root");
		return;
	case ACCT_NONE:
		if (e->module)
			say(e, "accounting", FAIL, "relayctl load", "not attached: nothing is counted");
		else
			say(e, "accounting", SKIP, NULL, "not attached; needs the module");
		return;
	case ACCT_STALE:
		say(e, "accounting", FAIL,
		    e->module ? "relayctl unload && modprobe cellrelay && relayctl load" : "relayctl unload",
		    "left over pins: %s", why);
		return;
	case ACCT_FOREIGN:
		say(e, "accounting", FAIL,
		    e->module ? "relayctl unload && modprobe cellrelay && relayctl load" : "relayctl unload",
		    "strange pins: %s", why);
		return;
	case ACCT_GOOD:
		break;
	}
	if (acct_misses())
		say(e, "accounting", FAIL, NULL, "the kernel skipped %llu runs of its programs: counts are too low",
		    (unsigned long long)acct_misses());
	else if (e->module && acct_slots() < e->ns.circ_max)
		say(e, "accounting", WARN, "relayctl unload",
		    "attached with %u slots, but %u circuits are allowed: the last ones would not be counted singly",
		    acct_slots(), e->ns.circ_max);
	else
		say(e, "accounting", OK, NULL, "attached, ABI %d, %u slots, pins in " ACCT_DIR,
		    CELLRELAY_ACCT_ABI, acct_slots());
}

static void check_sockets(struct exam *e)
{
	if (!e->module)
		say(e, "sockets", SKIP, NULL, "needs the module");
	else if (!e->ns.socks)
		say(e, "sockets", WARN, "relayctl sock add addr 0.0.0.0",
		    "no socket: no cell can come or go in this namespace");
	else
		say(e, "sockets", OK, NULL, "%u", e->ns.socks);
}

static enum rc run(const struct verb *verb, const struct argval *v)
{
	struct exam e = { .module = false };

	(void)verb;
	(void)v;
	uname(&e.uts);
	if (opt.json)
		json_open("doctor", '[');
	check_module(&e);
	check_secure_boot(&e);
	check_btf(&e);
	check_xdp(&e);
	check_suite2(&e);
	check_accounting(&e);
	check_sockets(&e);
	check_links(&e);
	check_lro(&e);
	check_headers(&e);
	if (opt.json)
		json_close();
	return e.absent ? RC_ABSENT : e.failed ? RC_REFUSED : RC_OK;
}

static const struct verb verbs[] = {
	{ .run = run, .help = "look for what is wrong here and say what cures it" },
	{ .name = NULL },
};

const struct object obj_doctor = { "doctor", NULL, verbs, 0, "what is wrong here, and what cures it" };
