// SPDX-License-Identifier: MIT
/* relayctl's command line, key files, batches and exit codes, on a mocked kernel. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include "relayctl_mock.h"	/* before cmocka.h, which makes a macro of fail */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/cellrelay.h>
#include <netlink/attr.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tmp[64];

static void expect(enum rc rc, const char *out, const char *err_text, const char *const *words)
{
	struct ran r = relayctl_run(words);

	if (r.rc != rc)
		fail_msg("\"%s %s\": exit status %d, not %d; out: %s err: %s", words[0] ? words[0] : "",
			 words[0] && words[1] ? words[1] : "", r.rc, rc, r.out, r.err);
	if (out && !strstr(r.out, out))
		fail_msg("stdout lacks \"%s\": %s", out, r.out);
	if (err_text && !strstr(r.err, err_text))
		fail_msg("stderr lacks \"%s\": %s", err_text, r.err);
	/* messages are for stderr, data for stdout: a failure prints no text there */
	if (rc == RC_USAGE && r.out_len)
		fail_msg("a usage error wrote to stdout: %s", r.out);
	if (rc && !r.err_len)
		fail_msg("a failure without a word");
	ran_free(&r);
}

#define RUN(rc, out, err, ...) expect(rc, out, err, (const char *const[]){ __VA_ARGS__, NULL })

static int fresh(void **state)
{
	char cmd[128];

	(void)state;
	mock = (struct mock){ .circuits = 2 };
	strcpy(tmp, "/tmp/relayctl-test.XXXXXX");
	assert_non_null(mkdtemp(tmp));
	snprintf(cmd, sizeof(cmd), "%s", tmp);
	return chdir(tmp);
}

static int cleanup(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", tmp);
	return chdir("/") || system(cmd);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static bool there(const char *name)
{
	return access(name, F_OK) == 0;
}

/* ------------------------------------------------------------------ usage */

static void usage(void **state)
{
	(void)state;
	RUN(RC_OK, "usage: relayctl", NULL, "--help");
	RUN(RC_OK, "usage: relayctl", NULL, "help");
	RUN(RC_OK, "relayctl link add", NULL, "help", "link");
	RUN(RC_OK, "relayctl link add", NULL, "link", "help");
	RUN(RC_OK, "where the peer is", NULL, "link", "add", "help");
	RUN(RC_OK, "relayctl 0.", NULL, "-V");
	RUN(RC_USAGE, NULL, "no object \"nonsense\"", "nonsense");
	RUN(RC_USAGE, NULL, "no verb \"nonsense\"", "link", "nonsense");
	RUN(RC_USAGE, NULL, "is no argument of \"link add\"", "link", "add", "1", "nonsense");
	RUN(RC_USAGE, NULL, "no option \"-x\"", "-x");
	RUN(RC_USAGE, NULL, "options come before the object", "link", "-j");
	RUN(RC_USAGE, NULL, "options come before the object", "show", "-j");
	RUN(RC_USAGE, NULL, "wants a value", "link", "add", "peer");
	RUN(RC_USAGE, NULL, "wants a value", "-n");
	RUN(RC_USAGE, NULL, "given twice", "link", "add", "sock", "1", "sock", "1");
	RUN(RC_USAGE, NULL, "needs \"addr ADDRESS\"", "sock", "add");
	RUN(RC_USAGE, NULL, "needs a verb", "key");
	RUN(RC_USAGE, NULL, "nothing to set", "link", "set", "1");
	RUN(RC_USAGE, NULL, "nothing to set", "circuit", "set", "1");
	RUN(RC_USAGE, NULL, "nothing to set", "ns", "set");
	RUN(RC_USAGE, NULL, "needs \"keys FILE\"", "circuit", "add", "role", "relay");
	RUN(RC_USAGE, NULL, "hop by hop", "circuit", "add", "role", "client", "keys", "x");
	RUN(RC_USAGE, NULL, "no network namespace", "-n", "no-such-namespace", "show");
	RUN(RC_USAGE, NULL, "do not go together", "-b", "x", "show");
}

static void values(void **state)
{
	static const char *const bad[][5] = {
		{ "sock", "add", "addr", "1.2.3", NULL }, { "sock", "add", "addr", "fe80::1%lo", NULL },
		{ "sock", "add", "port", "65536", NULL }, { "sock", "add", "port", "-1", NULL },
		{ "sock", "add", "id", "0", NULL }, { "sock", "add", "id", "4294967296", NULL },
		{ "sock", "add", "id", "99999999999999999999999", NULL },
		{ "sock", "add", "dev", "no-such-device", NULL },
		{ "link", "add", "peer", "1.2.3.4", NULL }, { "link", "add", "peer", "1.2.3.4:0", NULL },
		{ "link", "add", "peer", "1.2.3.4:65536", NULL }, { "link", "add", "peer", "::1:4000", NULL },
		{ "link", "add", "peer", "[::1:4000", NULL }, { "link", "add", "peer", "[1.2.3.4]:4000", NULL },
		{ "link", "add", "peer", "host:4000", NULL }, { "link", "add", "roam", "maybe", NULL },
		{ "ns", "set", "rate", "10parsec", NULL }, { "ns", "set", "rate", "-5", NULL },
		{ "ns", "set", "rate", "99999999999999999999gbit", NULL },
		{ "circuit", "set", "limit", "1.5GiB", NULL }, { "circuit", "set", "inner4", "::1", NULL },
		{ "circuit", "set", "inner6", "1.2.3.4", NULL }, { "circuit", "add", "pos", "9", NULL },
		{ "circuit", "add", "pos", "0", NULL }, { "circuit", "add", "large", "1500", NULL },
		{ "key", "set", "gen", "3", NULL }, { "key", "set", "expires", "5fortnights", NULL },
		{ "dev", "add", "a-name-of-16-chr", NULL }, { "dev", "add", "sl/ash", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(RC_USAGE, NULL, "is not", bad[i]);
	assert_int_equal(mock.ncmds, 0);
}

static uint64_t sent(int attr)
{
	struct nlattr *a = nla_find((struct nlattr *)mock.last, mock.last_len, attr);

	if (!a)
		fail_msg("attribute %d was not sent", attr);
	switch (nla_len(a)) {
	case 0:
		return 1;
	case 1:
		return nla_get_u8(a);
	case 2:
		return nla_get_u16(a);
	case 4:
		return nla_get_u32(a);
	default:
		return nla_get_u64(a);
	}
}

static void units(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} rates[] = {
		{ "1000", 1000 }, { "8bit", 1 }, { "10mbit", 1250000 }, { "1gbit", 125000000 },
		{ "3KiB", 3072 }, { "2GiB", 2147483648 }, { "unlimited", UINT64_MAX }, { "0", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		RUN(RC_OK, NULL, NULL, "ns", "set", "rate", rates[i].text);
		assert_true(sent(CELLRELAY_A_NS_RATE) == rates[i].value);
	}
	RUN(RC_OK, NULL, NULL, "circuit", "set", "1", "limit", "2TiB");
	assert_true(sent(CELLRELAY_A_CIRC_LIMIT) == 2ULL << 40);
	RUN(RC_OK, NULL, NULL, "key", "set", "1", "gen", "2", "expires", "10min", "send");
	assert_true(sent(CELLRELAY_A_KEY_EXPIRES_MS) == 600000 && sent(CELLRELAY_A_KEY_SEND) == 1);
	RUN(RC_OK, NULL, NULL, "link", "add", "7", "peer", "[2001:db8::1]:4000", "roam", "on");
	assert_true(sent(CELLRELAY_A_LINK_PORT) == 4000);
	assert_true(sent(CELLRELAY_A_LINK_FLAGS) == CELLRELAY_LINK_F_ROAM);
	assert_true(sent(CELLRELAY_A_LINK_ID) == 7);
	RUN(RC_OK, NULL, NULL, "link", "set", "0x10", "sock", "3");
	assert_true(sent(CELLRELAY_A_LINK_ID) == 16);
	RUN(RC_OK, NULL, NULL, "circuit", "set", "1", "dev", "none");
	assert_true(sent(CELLRELAY_A_CIRC_IFINDEX) == 0);
}

static void abbreviations(void **state)
{
	(void)state;
	RUN(RC_OK, "namespace", NULL, "n", "sh");
	RUN(RC_USAGE, NULL, "could be \"show\" or \"sock\"", "s");
	RUN(RC_USAGE, NULL, "could be \"link\" or \"load\"", "l");
	RUN(RC_OK, "link 1", NULL, "li", "sh");
	RUN(RC_USAGE, NULL, "could be \"set\" or \"show\"", "link", "s");
	RUN(RC_OK, NULL, NULL, "li", "a", "4", "p", "1.2.3.4:5", "s", "1");
	assert_true(sent(CELLRELAY_A_LINK_ID) == 4 && sent(CELLRELAY_A_LINK_SOCK) == 1);
	RUN(RC_USAGE, NULL, "could be \"prev-link\" or \"prev-rx\"", "circuit", "add", "role", "relay", "prev", "1");
	RUN(RC_OK, "socket 1", NULL, "socket");	/* the other name */
}

static void exit_codes(void **state)
{
	(void)state;
	mock.refuse_cmd = CELLRELAY_CMD_LINK_DEL;
	RUN(RC_REFUSED, NULL, "cannot delete link 5: the kernel's own words", "link", "del", "5");
	mock.absent = true;
	RUN(RC_ABSENT, NULL, "modprobe cellrelay", "link");
	RUN(RC_ABSENT, NULL, "modprobe cellrelay", "monitor");
	RUN(RC_ABSENT, NULL, "modprobe cellrelay", "dev", "add", "cell0");
	mock.absent = false;
	mock.no_acct = true;
	RUN(RC_ABSENT, NULL, "relayctl load", "map");
	RUN(RC_ABSENT, NULL, "relayd is not running", "session");
	RUN(RC_REFUSED, NULL, "not a cellrelay device", "dev", "del", "eth0");
	RUN(RC_OK, NULL, NULL, "dev", "del", "cell0");
	RUN(RC_USAGE, NULL, "one secret key", "pubkey");	/* stdin is empty */
}

/* -------------------------------------------------------------- key files */

#define H32 "00112233445566778899aabbccddeeff"
#define H64 H32 H32
#define LAYER "fwd = " H64 "\nbwd = " H64 "\n"
#define LINK "rx-index = 1\ntx-index = 0x2\ntx-idx-key = " H32 "\nrx-tag = " H32 "\nrx-mask = " H32 \
	"\nrx-ctl = " H64 "\ntx-tag = " H32 "\ntx-mask = " H32 "\ntx-ctl = " H64 "\n"

#define HOP(rc, err, file) \
	RUN(rc, NULL, err, "hop", "add", "5", "pos", "1", "suite", "chacha", "keys", file)

static void key_file_mode(void **state)
{
	static const mode_t open_modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666 };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		write_file("k", LAYER, open_modes[i]);
		snprintf(text, sizeof(text), "mode %04o", open_modes[i]);
		HOP(RC_USAGE, text, "k");
		assert_true(there("k") && !there("k.used"));
	}
	assert_int_equal(mock.ncmds, 0);
	write_file("k", LAYER, 0400);
	HOP(RC_OK, NULL, "k");
	assert_int_equal(symlink("k.used", "l"), 0);
	HOP(RC_USAGE, "symbolic link", "l");
	assert_int_equal(mkfifo("f", 0600), 0);
	HOP(RC_USAGE, "regular file", "f");
	HOP(RC_USAGE, "regular file", "/dev/null");
	HOP(RC_USAGE, "regular file", ".");
	HOP(RC_USAGE, "cannot open key file", "absent");
	write_file("e", "", 0600);
	HOP(RC_USAGE, "1 byte to", "e");
	if (geteuid() == 0) {
		write_file("o", LAYER, 0600);
		assert_int_equal(chown("o", 12345, 0), 0);
		HOP(RC_USAGE, "belongs to another user", "o");
	}
}

static void key_file_once(void **state)
{
	(void)state;
	write_file("k", LAYER, 0600);
	HOP(RC_OK, NULL, "k");
	assert_true(!there("k") && there("k.used"));
	HOP(RC_USAGE, "used already", "k");

	/* the same keys put back do not work either */
	write_file("k", LAYER, 0600);
	HOP(RC_USAGE, "may have been used", "k");
	assert_true(there("k"));

	/* a refusal by the kernel uses the keys up: they may have been installed */
	write_file("r", LAYER, 0600);
	mock.refuse_cmd = CELLRELAY_CMD_HOP_NEW;
	HOP(RC_REFUSED, "own words", "r");
	assert_true(!there("r") && there("r.used"));
	mock.refuse_cmd = 0;

	/* without the module nothing is used up */
	write_file("m", LAYER, 0600);
	mock.absent = true;
	HOP(RC_ABSENT, "modprobe", "m");
	RUN(RC_ABSENT, NULL, "modprobe", "key", "add", "1", "gen", "0", "file", "m");
	RUN(RC_ABSENT, NULL, "modprobe", "circuit", "add", "role", "relay", "keys", "m");
	assert_true(there("m"));
	mock.absent = false;

	/* --check looks, but does not touch */
	RUN(RC_OK, NULL, NULL, "--check", "hop", "add", "5", "pos", "1", "suite", "chacha", "keys", "m");
	assert_true(there("m") && !there("m.used"));
	HOP(RC_OK, NULL, "m");
}

static void key_file_content(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "fwd = " H32 "\nbwd = " H64 "\n", "k:1: \"fwd\" must be 64 hexadecimal digits" },
		{ "fwd = " H64 "0\nbwd = " H64 "\n", "k:1: \"fwd\" must be 64" },
		{ "fwd = " H64 "\nbwd = x" H32 H32 "\n", "k:2: \"bwd\" must be 64" },
		{ "fwd = " H64 "\nfwd = " H64 "\n", "k:2: \"fwd\" is here twice (first in line 1)" },
		{ "# none\nfwd = " H64 "\n", "k:2: \"bwd\" is missing here" },
		{ LAYER "mid = 1\n", "k:3: \"mid\" does not belong here" },
		{ "fwd\n", "k:1: this is neither" }, { "= 5\n", "k:1: this is neither" },
		{ "# only a comment\n", "holds no keys" },
		{ "[hop 5 1]\n" LAYER "[hop 5 1]\n" LAYER, "section [hop 5 1] is here twice" },
		{ "[hop 5 2]\n" LAYER, "no section [hop 5 1]" },
		{ LAYER "[hop 5 1]\n" LAYER, "entries stand before the first section" },
		{ "[hop 5 1\n", "a section is written" }, { "[]\n", "a section is written" },
	};
	char secret[] = "fwd = 5ec2e75ec2e75ec2e7\nbwd = x\n";
	static const char *const hop[] = { "hop", "add", "5", "pos", "1", "suite", "chacha", "keys", "k", NULL };
	struct ran r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unlink("k");
		unlink("k.used");
		write_file("k", bad[i].text, 0600);
		HOP(RC_USAGE, bad[i].message, "k");
	}
	assert_int_equal(mock.ncmds, 0);

	/* a message never repeats a secret, not even a broken one */
	unlink("k");
	unlink("k.used");
	write_file("k", secret, 0600);
	r = relayctl_run(hop);
	assert_int_equal(r.rc, RC_USAGE);
	assert_null(strstr(r.err, "5ec2e7"));
	ran_free(&r);

	/* NUL bytes are no text */
	unlink("k.used");
	write_file("k", LAYER, 0600);
	assert_int_equal(truncate("k", 200), 0);
	HOP(RC_USAGE, "not a text file", "k");

	unlink("k");
	unlink("k.used");
	write_file("k", "\r\n  # spaces and CRLF\r\n [ hop 5 1 ] \r\n fwd=" H64 " \r\n\tbwd  =  " H64, 0600);
	HOP(RC_OK, NULL, "k");
	assert_true(sent(CELLRELAY_A_HOP_CIRC) == 5);
}

static void link_keys(void **state)
{
	struct nlattr *a;

	(void)state;
	write_file("k", "[link 3 gen 1]\n" LINK, 0600);
	RUN(RC_OK, NULL, NULL, "key", "add", "3", "gen", "1", "file", "k", "send");
	assert_true(sent(CELLRELAY_A_KEY_RX_INDEX) == 1 && sent(CELLRELAY_A_KEY_TX_INDEX) == 2);
	assert_true(sent(CELLRELAY_A_KEY_LINK) == 3 && sent(CELLRELAY_A_KEY_GEN) == 1);
	a = nla_find((struct nlattr *)mock.last, mock.last_len, CELLRELAY_A_KEY_TX_CTL);
	assert_int_equal(nla_len(a), 32);
	assert_memory_equal(nla_data(a), "\x00\x11\x22\x33", 4);

	/* the peer's index key from its own file, which may be used often */
	write_file("idx", "aabb2233445566778899aabbccddeeff\n", 0600);
	for (int i = 0; i < 2; i++) {
		unlink("k.used");
		write_file("k", LINK, 0600);
		RUN(RC_OK, NULL, NULL, "key", "add", "3", "gen", "1", "file", "k", "peer-idx-file", "idx");
		a = nla_find((struct nlattr *)mock.last, mock.last_len, CELLRELAY_A_KEY_TX_IDX_KEY);
		assert_memory_equal(nla_data(a), "\xaa\xbb\x22\x33", 4);
		assert_true(there("idx"));
	}
	unlink("k.used");
	write_file("k", LINK, 0600);
	assert_int_equal(chmod("idx", 0644), 0);
	RUN(RC_USAGE, NULL, "mode 0644", "key", "add", "3", "gen", "1", "file", "k", "peer-idx-file", "idx");
}

/* ------------------------------------------------------------------ batch */

static void batches(void **state)
{
	(void)state;
	write_file("good", "# comment\n\nlink add 1 # more\n\"link\" \"add\" 2\n\tns set rate 5\n", 0644);
	RUN(RC_OK, NULL, NULL, "-b", "good");
	assert_int_equal(mock.ncmds, 3);

	/* stops at the first failure, says where */
	write_file("part", "link add 1\nlink add 0\nlink add 3\n", 0644);
	mock.ncmds = 0;
	RUN(RC_PARTIAL, NULL, "part:2: id: \"0\" is not", "-b", "part");
	assert_int_equal(mock.ncmds, 1);
	mock.ncmds = 0;
	RUN(RC_PARTIAL, NULL, "2 commands done, 1 failed", "--force", "-b", "part");
	assert_int_equal(mock.ncmds, 2);

	/* nothing done: the failure's own status */
	write_file("none", "link del 1\n", 0644);
	mock.refuse_cmd = CELLRELAY_CMD_LINK_DEL;
	RUN(RC_REFUSED, NULL, "none:1: cannot delete link 1", "-b", "none");
	write_file("words", "\"open\n", 0644);
	RUN(RC_USAGE, NULL, "words:1: a \" is not closed", "-b", "words");
	RUN(RC_USAGE, NULL, "cannot open batch", "-b", "absent");
	write_file("mon", "monitor\n", 0644);
	RUN(RC_USAGE, NULL, "cannot stand in a batch", "-b", "mon");

	/* --check runs nothing, but sees mistakes */
	mock.ncmds = 0;
	RUN(RC_PARTIAL, NULL, "part:2:", "--check", "-b", "part");
	RUN(RC_OK, NULL, NULL, "--check", "-b", "good");
	assert_int_equal(mock.ncmds, 0);
}

/* Files of a batch lie beside it; one run takes many sections, each once. */
static void batch_keys(void **state)
{
	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	write_file("d/k", "[hop 1 1]\n" LAYER "[hop 1 2]\n" LAYER "[hop 1 3]\n" LAYER, 0600);
	write_file("d/b", "hop add 1 pos 1 suite chacha keys k\nhop add 1 pos 2 suite chacha keys k\n"
		   "hop add 1 pos 2 suite chacha keys k\n", 0644);
	RUN(RC_PARTIAL, NULL, "d/b:3: k:4: the keys of section [hop 1 2] were used already in this run", "-b", "d/b");
	assert_int_equal(mock.ncmds, 2);
	assert_true(!there("d/k") && there("d/k.used"));
	RUN(RC_USAGE, NULL, "used already", "-b", "d/b");
}

static void keygen(void **state)
{
	struct stat st;

	(void)state;
	RUN(RC_OK, NULL, NULL, "circuit", "keygen", "t", "wire", "10.0.1.1:4000,10.0.1.2:4000", "wire",
	    "[fd00::1]:4000,[fd00::2]:5000", "count", "3", "dev", "cell0", "inner4", "10.9.0.255");
	for (int n = 0; n < 3; n++) {
		char name[32];

		snprintf(name, sizeof(name), "t/node%d.keys", n);
		assert_int_equal(stat(name, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		snprintf(name, sizeof(name), "t/node%d.idx", n);
		write_file(name, H32 "\n", 0600);
	}
	for (int n = 0; n < 3; n++) {
		char name[32];

		/* a check reads all and leaves the files; "dev" names no device of this machine */
		snprintf(name, sizeof(name), "t/node%d.batch", n);
		RUN(RC_OK, NULL, NULL, "--check", "-b", name);
	}
	RUN(RC_OK, NULL, NULL, "-b", "t/node1.batch");
	assert_true(there("t/node1.keys.used"));
	RUN(RC_USAGE, NULL, "File exists", "circuit", "keygen", "t", "wire", "10.0.1.1:1,10.0.1.2:1");
	RUN(RC_USAGE, NULL, "is not two ends", "circuit", "keygen", "u", "wire", "10.0.1.1:1");
	RUN(RC_USAGE, NULL, "is not two ends", "circuit", "keygen", "u", "wire", "10.0.1.1:1,[::1]:1");
	RUN(RC_USAGE, NULL, "needs \"wire", "circuit", "keygen", "u");
}

/* ------------------------------------------------------- terminal, genkey */

/* Colour on a terminal only, and not when NO_COLOR says so. */
static void colour(void **state)
{
	char *argv[] = { (char *)"relayctl", (char *)"ns", NULL };
	int master, slave;

	(void)state;
	for (int no = 0; no < 3; no++) {
		char buf[4096] = "";
		ssize_t n;
		FILE *f;

		if (no == 0)
			unsetenv("NO_COLOR");
		else
			setenv("NO_COLOR", no == 1 ? "1" : "", 1);
		assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
		f = fdopen(slave, "w");
		assert_int_equal(relayctl_main(2, argv, f, stderr), RC_OK);
		fflush(f);
		n = read(master, buf, sizeof(buf) - 1);
		assert_true(n > 0);
		if (no == 1)
			assert_null(strchr(buf, 033));
		else
			assert_non_null(strchr(buf, 033));
		fclose(f);
		close(master);
	}
	unsetenv("NO_COLOR");
}

static void genkey(void **state)
{
	static const char *const words[] = { "genkey", NULL };
	struct ran a = relayctl_run(words), b = relayctl_run(words);

	(void)state;
	assert_int_equal(strlen(a.out), 45);
	assert_string_not_equal(a.out, b.out);
	ran_free(&a);
	ran_free(&b);
}

/* RFC 7748, section 6.1: Alice's keys. */
static void pubkey(void **state)
{
	int fd, keep = dup(STDIN_FILENO);

	(void)state;
	write_file("s", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=\n", 0600);
	fd = open("s", O_RDONLY);
	dup2(fd, STDIN_FILENO);
	RUN(RC_OK, "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n", NULL, "pubkey");
	close(fd);
	write_file("s", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo\n", 0600);
	fd = open("s", O_RDONLY);
	dup2(fd, STDIN_FILENO);
	RUN(RC_USAGE, NULL, "one secret key", "pubkey");
	dup2(keep, STDIN_FILENO);
	close(fd);
	close(keep);
}

/* ------------------------------------------------------------- completion */

static void offers(const char *want, const char *not_want, const char *const *words)
{
	struct ran r = relayctl_run(words);
	char line[64];

	snprintf(line, sizeof(line), "%s\n", want);
	if (!strstr(r.out, line))
		fail_msg("\"%s\" is not offered: %s", want, r.out);
	if (not_want && strstr(r.out, not_want))
		fail_msg("\"%s\" is offered: %s", not_want, r.out);
	ran_free(&r);
}

#define OFFERS(want, not_want, ...) \
	offers(want, not_want, (const char *const[]){ "complete", "--", __VA_ARGS__, NULL })

static void completion(void **state)
{
	(void)state;
	OFFERS("circuit", "--json", "");
	OFFERS("link", "sock", "li");
	OFFERS("--json", "link", "-");
	OFFERS("add", NULL, "link", "");
	OFFERS("peer", NULL, "link", "add", "");
	OFFERS("sock", "peer", "link", "add", "peer", "1.2.3.4:5", "");
	OFFERS("on", "off\npeer", "link", "add", "roam", "");
	OFFERS("relay", "pos", "circuit", "add", "role", "");
	OFFERS("2", NULL, "link", "del", "id", "");
	OFFERS("@file", NULL, "key", "add", "1", "gen", "0", "file", "");
	OFFERS("@netns", NULL, "-n", "");
	OFFERS("@file", NULL, "-j", "-b", "");
	OFFERS("show", NULL, "-n", "x", "");
	OFFERS("@device", NULL, "dev", "del", "name", "");
	OFFERS("monitor", "@", "help", "mon");
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, cleanup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(usage), T(values), T(units), T(abbreviations), T(exit_codes), T(key_file_mode),
		T(key_file_once), T(key_file_content), T(link_keys), T(batches), T(batch_keys), T(keygen),
		T(colour), T(genkey), T(pubkey), T(completion),
	};
	int null = open("/dev/null", O_RDONLY);

	dup2(null, STDIN_FILENO);
	return cmocka_run_group_tests_name("relayctl command line", tests, NULL, NULL);
}
