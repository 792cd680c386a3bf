// SPDX-License-Identifier: MIT
#include "acct.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "bpf/acct.skel.h"

/* Layout is ABI: the same asserts stand in ebpf/acct.bpf.c. */
_Static_assert(sizeof(struct cellrelay_count) == 16, "count");
_Static_assert(sizeof(struct cellrelay_acct) == 64, "one cache line per circuit");
_Static_assert(offsetof(struct cellrelay_acct, dropped) == 48, "acct.dropped");
_Static_assert(offsetof(struct cellrelay_totals, drop) == 128, "totals.drop");
_Static_assert(sizeof(struct cellrelay_totals) == 128 + 64 * 16, "totals");

/* New pins are made here and appear under ACCT_DIR all at once. */
#define ACCT_TMP	ACCT_ROOT "/new"
#define BATCH		1024	/* slots read per system call */

/* What a complete set of pins is. */
static const struct pin {
	const char *name;
	enum { PIN_MAP, PIN_LINK } kind;
	uint32_t type, value_size;
	const char *program;
} pins[] = {
	{ "cr_circuits", PIN_MAP, BPF_MAP_TYPE_ARRAY, sizeof(struct cellrelay_acct), NULL },
	{ "cr_totals", PIN_MAP, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct cellrelay_totals), NULL },
	{ "link_cell", PIN_LINK, 0, 0, "cellrelay_cell" },
	{ "link_circ", PIN_LINK, 0, 0, "cellrelay_circ" },
};

#define PINS	(sizeof(pins) / sizeof(pins[0]))

static int quiet_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* libbpf's own messages are for programmers; CELLRELAY_BPF_DEBUG=1 shows them. */
static void libbpf_quiet(void)
{
	if (!getenv("CELLRELAY_BPF_DEBUG"))
		libbpf_set_print(quiet_print);
}

static int get_pin(const struct pin *p, bool write)
{
	LIBBPF_OPTS(bpf_obj_get_opts, o, .file_flags = write ? 0 : BPF_F_RDONLY);
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", ACCT_DIR, p->name);
	return bpf_obj_get_opts(path, p->kind == PIN_MAP ? &o : NULL);
}

/* Is this pin what we would have made? */
static bool pin_ok(const struct pin *p, char *why, size_t room)
{
	struct bpf_link_info link = { .type = 0 };
	struct bpf_map_info map = { .type = 0 };
	char name[64] = "";
	__u32 len;
	int fd = get_pin(p, false);
	bool ok = false;

	if (fd < 0) {
		snprintf(why, room, "%s/%s: %s", ACCT_DIR, p->name, strerror(errno));
		return false;
	}
	if (p->kind == PIN_MAP) {
		len = sizeof(map);
		ok = bpf_obj_get_info_by_fd(fd, &map, &len) == 0 && map.type == p->type &&
		     map.key_size == 4 && map.value_size == p->value_size &&
		     strcmp(map.name, p->name) == 0;
	} else {
		len = sizeof(link);
		link.raw_tracepoint.tp_name = (uintptr_t)name;
		link.raw_tracepoint.tp_name_len = sizeof(name);
		ok = bpf_obj_get_info_by_fd(fd, &link, &len) == 0 &&
		     link.type == BPF_LINK_TYPE_RAW_TRACEPOINT && strcmp(name, p->program) == 0;
	}
	if (!ok)
		snprintf(why, room, "%s/%s is not what this relayctl would have pinned", ACCT_DIR, p->name);
	close(fd);
	return ok;
}

static bool known_name(const char *name)
{
	for (size_t i = 0; i < PINS; i++)
		if (strcmp(pins[i].name, name) == 0)
			return true;
	/* a namespace's cookie: its XDP programs (xdp_attach.c) */
	return strlen(name) == 16 && strspn(name, "0123456789abcdef") == 16;
}

/* First entry of @dir that @mine does not know; "" when there is none. */
static void stranger(const char *dir, bool (*mine)(const char *), char *name, size_t room, unsigned int *n)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	name[0] = '\0';
	*n = 0;
	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		++*n;
		if (!mine(e->d_name))
			snprintf(name, room, "%s", e->d_name);
	}
	if (d)
		closedir(d);
}

static bool known_dir(const char *name)
{
	return strcmp(name, "v" ACCT_STR(CELLRELAY_ACCT_ABI)) == 0 || strcmp(name, "new") == 0;
}

enum acct_state acct_look(char *why, size_t room)
{
	char scratch[256], name[256];
	struct statfs fs;
	unsigned int n;

	if (!why) {
		why = scratch;
		room = sizeof(scratch);
	}
	why[0] = '\0';
	if (statfs(ACCT_BPFFS, &fs) < 0 || fs.f_type != BPF_FS_MAGIC)
		return ACCT_NO_BPFFS;
	if (access(ACCT_ROOT, F_OK) < 0)
		return errno == ENOENT ? ACCT_NONE : ACCT_DENIED;
	if (access(ACCT_ROOT, R_OK | X_OK) < 0)
		return ACCT_DENIED;
	stranger(ACCT_ROOT, known_dir, name, sizeof(name), &n);
	if (name[0]) {
		snprintf(why, room, "%s/%.60s belongs to another version", ACCT_ROOT, name);
		return ACCT_FOREIGN;
	}
	if (access(ACCT_DIR, F_OK) < 0) {
		if (n == 0)
			return ACCT_NONE;
		snprintf(why, room, "%s is left over from a load that was interrupted", ACCT_TMP);
		return ACCT_STALE;
	}
	stranger(ACCT_DIR, known_name, name, sizeof(name), &n);
	if (name[0]) {
		snprintf(why, room, "%s/%.60s is not ours", ACCT_DIR, name);
		return ACCT_FOREIGN;
	}
	for (size_t i = 0; i < PINS; i++)
		if (!pin_ok(&pins[i], why, room))
			return errno == EPERM || errno == EACCES ? ACCT_DENIED : ACCT_STALE;
	return ACCT_GOOD;
}

/* Loaders take turns: the lock is on the file system's root, which is always there. */
int acct_lock(void)
{
	int fd = open(ACCT_BPFFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		err("cannot lock %s: %s", ACCT_BPFFS, strerror(errno));
	return fd;
}

/* Removes files and folders below @path, then @path. Pins are references: what they
 * pinned goes when nobody else holds it.
 */
static int remove_tree(int at, const char *path, unsigned int *removed)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	int ret = 0;
	DIR *d;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -1;
	}
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) == 0)
			++*removed;
		else if (errno != EISDIR && errno != EPERM)
			ret = -1;
		else if (remove_tree(dirfd(d), e->d_name, removed) < 0)
			ret = -1;
	}
	closedir(d);
	return unlinkat(at, path, AT_REMOVEDIR) < 0 ? -1 : ret;
}

enum rc acct_detach(unsigned int *removed)
{
	struct statfs fs;
	enum rc rc = RC_OK;
	int fd;

	*removed = 0;
	/* whatever it is: with no BPF file system there are no pins */
	if (statfs(ACCT_BPFFS, &fs) < 0 || fs.f_type != BPF_FS_MAGIC)
		return RC_OK;
	fd = acct_lock();
	if (fd < 0)
		return RC_REFUSED;
	if (remove_tree(AT_FDCWD, ACCT_ROOT, removed) < 0)
		rc = fail(RC_REFUSED, "cannot remove the pins in %s: %s", ACCT_ROOT, strerror(errno));
	close(fd);
	return rc;
}

static int pin_all(struct acct *skel)
{
	int ret;

	if ((mkdir(ACCT_ROOT, 0755) < 0 && errno != EEXIST) || mkdir(ACCT_TMP, 0755) < 0)
		return -errno;
	ret = bpf_map__pin(skel->maps.cr_circuits, ACCT_TMP "/cr_circuits");
	ret = ret ? ret : bpf_map__pin(skel->maps.cr_totals, ACCT_TMP "/cr_totals");
	ret = ret ? ret : bpf_link__pin(skel->links.cr_circ, ACCT_TMP "/link_circ");
	ret = ret ? ret : bpf_link__pin(skel->links.cr_cell, ACCT_TMP "/link_cell");
	if (ret)
		return ret;
	return rename(ACCT_TMP, ACCT_DIR) < 0 ? -errno : 0;
}

static enum rc load_failed(const char *step, int error)
{
	if (error == EPERM || error == EACCES)
		return fail(RC_REFUSED, "cannot %s the accounting: not permitted; it takes CAP_BPF and CAP_PERFMON, try as root",
			    step);
	return fail(RC_REFUSED, "cannot %s the accounting: %s; CELLRELAY_BPF_DEBUG=1 shows what the kernel says",
		    step, strerror(error));
}

static enum rc attach_new(uint32_t slots)
{
	struct acct *skel;
	unsigned int n = 0;
	enum rc rc = RC_OK;
	int ret;

	skel = acct__open();
	if (!skel)
		return load_failed("open", errno);
	if (slots)
		bpf_map__set_max_entries(skel->maps.cr_circuits, slots);
	ret = acct__load(skel);
	if (ret)
		rc = load_failed("load", -ret);
	/* circuits first: whoever is new has its slot before its first cell */
	if (!rc) {
		skel->links.cr_circ = bpf_program__attach(skel->progs.cr_circ);
		ret = skel->links.cr_circ ? 0 : -errno;
	}
	if (!rc && !ret) {
		skel->links.cr_cell = bpf_program__attach(skel->progs.cr_cell);
		ret = skel->links.cr_cell ? 0 : -errno;
	}
	if (!rc && ret == -ENOENT)
		rc = fail(RC_ABSENT, "cannot attach the accounting: the cellrelay module is not loaded; try: modprobe cellrelay");
	else if (!rc && ret)
		rc = load_failed("attach", -ret);
	if (!rc) {
		ret = pin_all(skel);
		if (ret) {
			rc = fail(RC_REFUSED, "cannot pin the accounting under %s: %s", ACCT_DIR,
				  strerror(-ret));
			remove_tree(AT_FDCWD, ACCT_TMP, &n);
		}
	}
	acct__destroy(skel);	/* the pins hold what is attached */
	return rc;
}

enum rc acct_attach(uint32_t slots)
{
	enum acct_state state;
	char why[256];
	enum rc rc;
	int fd;

	libbpf_quiet();
	state = acct_look(why, sizeof(why));
	if (state == ACCT_NO_BPFFS)
		return fail(RC_REFUSED, "no BPF file system on %s; try: mount -t bpf bpf %s", ACCT_BPFFS, ACCT_BPFFS);
	fd = acct_lock();
	if (fd < 0)
		return RC_REFUSED;
	state = acct_look(why, sizeof(why));
	switch (state) {
	case ACCT_GOOD:
		if (!slots || slots == acct_slots())
			rc = RC_OK;
		else
			rc = fail(RC_REFUSED, "the accounting is attached already, with %u slots; to change that: relayctl unload",
				  acct_slots());
		break;
	case ACCT_NONE:
		rc = attach_new(slots);
		break;
	case ACCT_DENIED:
		rc = fail(RC_REFUSED, "cannot look at %s: %s; try as root", ACCT_ROOT,
			  why[0] ? why : strerror(EACCES));
		break;
	default:
		rc = fail(RC_REFUSED, "%s; nothing was touched; to remove what is there: relayctl unload", why);
		break;
	}
	close(fd);
	return rc;
}

static int open_map(size_t which)
{
	char why[256];
	int fd;

	libbpf_quiet();
	fd = get_pin(&pins[which], false);
	if (fd < 0 && errno == ENOENT)
		err("the accounting is not attached (no %s/%s); try: relayctl load", ACCT_DIR,
		    pins[which].name);
	else if (fd < 0)
		err("cannot open %s/%s: %s", ACCT_DIR, pins[which].name, strerror(errno));
	else if (!pin_ok(&pins[which], why, sizeof(why))) {
		err("%s; see: relayctl doctor", why);
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	return fd;
}

static enum rc open_rc(void)
{
	return errno == ENOENT ? RC_ABSENT : RC_REFUSED;
}

static void add_count(struct cellrelay_count *sum, const struct cellrelay_count *c)
{
	sum->cells += c->cells;
	sum->bytes += c->bytes;
}

enum rc acct_totals(struct cellrelay_totals *sum)
{
	int cpus = libbpf_num_possible_cpus(), fd = open_map(1);
	struct cellrelay_totals *t;
	__u32 zero = 0;
	enum rc rc = RC_OK;

	memset(sum, 0, sizeof(*sum));
	if (fd < 0)
		return open_rc();
	t = cpus > 0 ? calloc(cpus, sizeof(*t)) : NULL;
	if (!t || bpf_map_lookup_elem(fd, &zero, t) < 0)
		rc = fail(RC_REFUSED, "cannot read %s/cr_totals: %s", ACCT_DIR, strerror(errno));
	for (int c = 0; c < cpus && !rc; c++) {
		/* a struct of counts only, so it adds up like an array of them */
		const struct cellrelay_count *from = (const struct cellrelay_count *)&t[c];
		struct cellrelay_count *to = (struct cellrelay_count *)sum;

		for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			add_count(&to[i], &from[i]);
	}
	free(t);
	close(fd);
	return rc;
}

enum rc acct_each(acct_fn fn, void *arg)
{
	struct cellrelay_acct *v = calloc(BATCH, sizeof(*v));
	__u32 *keys = calloc(BATCH, sizeof(*keys)), next = 0;
	int fd = open_map(0);
	bool first = true, last = false;
	enum rc rc = RC_OK;

	if (fd < 0 || !v || !keys)
		rc = open_rc();
	while (!rc && !last) {
		__u32 n = BATCH;

		if (bpf_map_lookup_batch(fd, first ? NULL : &next, &next, keys, v, &n, NULL) < 0) {
			if (errno != ENOENT) {
				rc = fail(RC_REFUSED, "cannot read %s/cr_circuits: %s", ACCT_DIR,
					  strerror(errno));
				break;
			}
			last = true;	/* the end; what was read still counts */
		}
		first = false;
		for (__u32 i = 0; i < n && !rc; i++) {
			struct acct_slot s = { .slot = keys[i], .a = v[i] };

			if (s.a.cookie)
				rc = fn(&s, arg);
		}
	}
	free(v);
	free(keys);
	if (fd >= 0)
		close(fd);
	return rc;
}

uint32_t acct_slots(void)
{
	struct bpf_map_info info = { .type = 0 };
	__u32 len = sizeof(info);
	int fd = get_pin(&pins[0], false);

	if (fd >= 0) {
		if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
			info.max_entries = 0;
		close(fd);
	}
	return info.max_entries;
}

uint64_t acct_misses(void)
{
	uint64_t sum = 0;

	for (size_t i = 2; i < PINS; i++) {
		struct bpf_link_info link = { .type = 0 };
		struct bpf_prog_info prog = { .type = 0 };
		__u32 len = sizeof(link);
		int fd = get_pin(&pins[i], false), pfd = -1;

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &link, &len) == 0)
			pfd = bpf_prog_get_fd_by_id(link.prog_id);
		len = sizeof(prog);
		if (pfd >= 0 && bpf_obj_get_info_by_fd(pfd, &prog, &len) == 0)
			sum += prog.recursion_misses;
		if (pfd >= 0)
			close(pfd);
		if (fd >= 0)
			close(fd);
	}
	return sum;
}
