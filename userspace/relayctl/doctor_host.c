// SPDX-License-Identifier: MIT
/* The doctor's look at software and firmware: headers, BTF, Secure Boot, the second cipher suite. */
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/cellrelay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define DKMS_NAME	"cellrelay/" CELLRELAY_VERSION
#define MOK_PUB		"/var/lib/dkms/mok.pub"
#define EFIVARS		"/sys/firmware/efi/efivars"
#define SECURE_BOOT	EFIVARS "/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define MOK_LIST	EFIVARS "/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"

/* Newest package that holds a resolve_btfids; any release of Linux 6.12 does. */
#define KBUILD_PACKAGE	"$(apt-cache search --names-only '^linux-kbuild-6\\.12' | sort -V | tail -n 1 | cut -d' ' -f1)"

/* Does @name stand in one of PATH's folders? */
static bool in_path(const char *name)
{
	const char *path = getenv("PATH");
	char *dirs = strdup(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"), *save = NULL;
	bool found = false;

	for (char *d = dirs ? strtok_r(dirs, ":", &save) : NULL; d && !found; d = strtok_r(NULL, ":", &save)) {
		char file[PATH_MAX];

		found = snprintf(file, sizeof(file), "%s/%s", d, name) < (int)sizeof(file) &&
			access(file, X_OK) == 0;
	}
	free(dirs);
	return found;
}

/* A line of a file that begins with @start; "" when there is none. */
static const char *line_of(const char *file, const char *start, char *buf, size_t room)
{
	FILE *f = fopen(file, "re");

	while (f && fgets(buf, room, f))
		if (strncmp(buf, start, strlen(start)) == 0) {
			fclose(f);
			return buf;
		}
	if (f)
		fclose(f);
	return "";
}

void check_headers(struct exam *e)
{
	char path[sizeof(e->uts.release) + 32], remedy[128];

	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", e->uts.release);
	snprintf(remedy, sizeof(remedy), "apt-get install linux-headers-%s", e->uts.release);
	if (access(path, F_OK) == 0)
		say(e, "headers", OK, NULL, "headers of %s are there", e->uts.release);
	else if (e->absent && !module_installed(e))
		return;		/* said with the module */
	else
		say(e, "headers", WARN, remedy, "no headers of %s: the module cannot be rebuilt here",
		    e->uts.release);
}

/* What a build of the module that makes BTF lacks here, as a command that ends in a new module. */
static void btf_remedy(const struct exam *e, char *remedy, size_t room)
{
	const char *rel = e->uts.release;
	char resolver[sizeof(e->uts.release) + 96], image[sizeof(e->uts.release) + 32];
	bool pahole = in_path("pahole"), resolve;
	glob_t found = { 0 };

	snprintf(resolver, sizeof(resolver), "/lib/modules/%s/build/tools/bpf/resolve_btfids/resolve_btfids", rel);
	snprintf(image, sizeof(image), "/lib/modules/%s/build/vmlinux", rel);
	/* Where the headers bring vmlinux they bring the resolver, too. */
	resolve = access(image, R_OK) == 0 || access(resolver, X_OK) == 0 ||
		  glob("/usr/lib/linux-kbuild-*/tools/bpf/resolve_btfids/resolve_btfids", 0, NULL, &found) == 0;
	globfree(&found);
	snprintf(remedy, room, "%s%s%s%sdkms build --force " DKMS_NAME " -k %s && dkms install --force " DKMS_NAME
		 " -k %s && relayctl unload && modprobe cellrelay",
		 pahole && resolve ? "" : "apt-get install -y", pahole ? "" : " pahole",
		 resolve ? "" : " " KBUILD_PACKAGE, pahole && resolve ? "" : " && ", rel, rel);
}

void check_btf(struct exam *e)
{
	char config[sizeof(e->uts.release) + 32], buf[256], remedy[768];

	snprintf(config, sizeof(config), "/boot/config-%s", e->uts.release);
	if (!e->module) {
		say(e, "btf", SKIP, NULL, "needs the module");
	} else if (access("/sys/kernel/btf/cellrelay", F_OK) == 0) {
		say(e, "btf", OK, NULL, "module BTF is there; functions for XDP: %s",
		    e->ns.kfunc ? "registered" : "not in this version");
	} else if (access(config, R_OK) == 0 &&
		   !*line_of(config, "CONFIG_DEBUG_INFO_BTF_MODULES=y", buf, sizeof(buf))) {
		say(e, "btf", WARN, NULL,
		    "this kernel was built without BTF of modules: XDP programs cannot call ours, the socket path carries everything");
	} else {
		btf_remedy(e, remedy, sizeof(remedy));
		say(e, "btf", WARN, remedy,
		    "the module was built without BTF: XDP programs cannot call it, the socket path carries everything");
	}
}

/* A whole file of at most @room bytes. Return: its length, or -1. */
static ssize_t slurp(const char *path, void *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, have = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, (char *)buf + have, room - have)) > 0)
		have += n;
	close(fd);
	return n < 0 ? -1 : have;
}

/*
 * With Secure Boot the kernel takes only modules signed by a key that the firmware's owner has
 * enrolled. DKMS signs with a key of its own; the list of enrolled ones holds certificates whole.
 */
void check_secure_boot(struct exam *e)
{
	static unsigned char cert[16384], list[65536];
	unsigned char state[5] = { 0 };
	ssize_t len, listed;
	bool signs;

	if (slurp(SECURE_BOOT, state, sizeof(state)) != sizeof(state) || state[4] != 1) {
		say(e, "secureboot", OK, NULL, "Secure Boot is off: modules need no signature");
		return;
	}
	len = slurp(MOK_PUB, cert, sizeof(cert));
	signs = len > 0 && len < (ssize_t)sizeof(cert);
	listed = slurp(MOK_LIST, list, sizeof(list));
	if (signs && listed > 0 && memmem(list, listed, cert, len))
		say(e, "secureboot", OK, NULL, "Secure Boot is on, and the key that DKMS signs with is enrolled: " MOK_PUB);
	else if (e->module)
		say(e, "secureboot", OK, NULL, "Secure Boot is on, and the kernel has taken the module");
	else if (signs)
		say(e, "secureboot", FAIL, "mokutil --import " MOK_PUB,
		    "Secure Boot is on and the key that signs our module, " MOK_PUB
		    ", is not enrolled: import it, choose a password, reboot, and confirm with it in the firmware's MOK manager");
	else
		say(e, "secureboot", FAIL, "apt-get install -y openssl && dkms build --force " DKMS_NAME
		    " && dkms install --force " DKMS_NAME,
		    "Secure Boot is on and there is no key to sign the module with: DKMS makes one, " MOK_PUB
		    ", when openssl is there");
}

/* What /proc/crypto says of gcm(aes): true when a driver is there; then whether it is asynchronous. */
static bool gcm_driver(char *driver, size_t room, bool *async)
{
	FILE *f = fopen("/proc/crypto", "re");
	char line[256], name[128] = "", drv[128] = "", value[128];
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "name : %127s", name) == 1 || sscanf(line, "driver : %127s", drv) == 1)
			continue;
		if (strcmp(name, "gcm(aes)") == 0 && !strchr(drv, '(') &&
		    sscanf(line, "async : %127s", value) == 1) {
			snprintf(driver, room, "%s", drv);
			*async = strcmp(value, "yes") == 0;
			found = true;
		}
	}
	if (f)
		fclose(f);
	return found;
}

void check_suite2(struct exam *e)
{
	static const char *const again = "relayctl unload && modprobe cellrelay";
	char driver[128], buf[4096];
	bool async = false;

	if (!e->module)
		say(e, "suite2", SKIP, NULL, "needs the module");
	else if (ns_suite(&e->ns, CELLRELAY_SUITE_AESGCM))
		say(e, "suite2", OK, NULL, "AES-256-GCM is offered, by %s", e->ns.aes_driver);
	else if (!strstr(line_of("/proc/cpuinfo", "flags", buf, sizeof(buf)), " aes "))
		say(e, "suite2", SKIP, NULL,
		    "AES-256-GCM is off: this processor has no AES instructions; ChaCha20-Poly1305 is faster then");
	else if (gcm_driver(driver, sizeof(driver), &async) && async)
		say(e, "suite2", SKIP, NULL,
		    "AES-256-GCM is off: this kernel's driver, %s, is asynchronous; Linux 6.16 and later have one that is not", driver);
	else if (access("/sys/module/aesni_intel", F_OK) != 0)
		say(e, "suite2", WARN, "modprobe aesni_intel && relayctl unload && modprobe cellrelay",
		    "AES-256-GCM is off: the driver aesni_intel is not loaded");
	else
		say(e, "suite2", WARN, again,
		    "AES-256-GCM is off: there was no synchronous driver of gcm(aes) when the module was loaded");
}
