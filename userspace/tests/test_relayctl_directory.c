// SPDX-License-Identifier: MIT
/*
 * relayctl directory: a network from nothing (keys, descriptors, snapshot, two
 * of three authorities), and every way in which a snapshot is not taken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include "relayctl_mock.h"	/* before cmocka.h, which makes a macro of fail */
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#define NOW	"1767225600"
#define LATER	"1767226200"
#define STALE	"1767227400"
#define LEDGER	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char tmp[64];

static void expect(enum rc rc, const char *out, const char *err_text, const char *const *words)
{
	struct ran r = relayctl_run(words);

	if (r.rc != rc)
		fail_msg("\"%s %s %s\": exit status %d, not %d; out: %s err: %s", words[0], words[1],
			 words[1] && words[2] ? words[2] : "", r.rc, rc, r.out, r.err);
	if (out && !strstr(r.out, out))
		fail_msg("stdout lacks \"%s\": %s", out, r.out);
	if (err_text && !strstr(r.err, err_text))
		fail_msg("stderr lacks \"%s\": %s", err_text, r.err);
	if (rc && !r.err_len)
		fail_msg("a failure without a word");
	ran_free(&r);
}

#define RUN(rc, out, err, ...) expect(rc, out, err, (const char *const[]){ __VA_ARGS__, NULL })

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void copy(const char *from, const char *to)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "cp '%s' '%s'", from, to);
	assert_int_equal(system(cmd), 0);
}

/* Secret key files from names, and the public key in hexadecimal. */
static void make_key(const char *name, char hex[65])
{
	uint8_t seed[32], public_key[32], secret[64];
	char text[64], file[32];

	crypto_generichash(seed, sizeof(seed), (const uint8_t *)name, strlen(name), NULL, 0);
	sodium_bin2base64(text, sizeof(text), seed, sizeof(seed), sodium_base64_VARIANT_ORIGINAL);
	strcat(text, "\n");
	snprintf(file, sizeof(file), "%s.key", name);
	write_file(file, text, 0600);
	crypto_sign_seed_keypair(public_key, secret, seed);
	sodium_bin2hex(hex, 65, public_key, sizeof(public_key));
}

static void describe(const char *relay, const char *operator, const char *address, const char *roles)
{
	char text[1024], json[32], identity[32], op[32], out[64], hex[65];

	make_key(relay, hex);
	/* any X25519 key will do, of fewer than 2^255 */
	hex[62] = '0';
	snprintf(json, sizeof(json), "%s.json", relay);
	snprintf(identity, sizeof(identity), "%s.key", relay);
	snprintf(op, sizeof(op), "%s.key", operator);
	snprintf(out, sizeof(out), "relays/%s.descriptor", relay);
	snprintf(text, sizeof(text), "{\"ledger\":\"" LEDGER "\",\"roles\":[%s],\"addresses\":[\"%s\"],"
		 "\"policy\":%s,\"capacity\":1000000,\"tariff\":100,\"onion_keys\":[{\"public_key\":\"%s\","
		 "\"valid_from\":1767225600,\"valid_until\":1768435200}]}", roles, address,
		 strstr(roles, "exit") ? "\"default\"" : "[]", hex);
	write_file(json, text, 0644);
	RUN(RC_OK, NULL, NULL, "directory", "describe", json, "identity", identity, "operator", op,
	    "serial", "serial", "out", out, "now", NOW);
}

static void make_snapshot(const char *number, const char *out, const char *now)
{
	RUN(RC_OK, NULL, NULL, "directory", "make", "net.json", "descriptors", "relays", "number", number,
	    "out", out, "now", now);
}

static void sign(const char *file, const char *who)
{
	char key[32], state[32];

	snprintf(key, sizeof(key), "%s.key", who);
	snprintf(state, sizeof(state), "%s.state", who);
	RUN(RC_OK, NULL, NULL, "directory", "sign", file, "key", key, "state", state);
}

static int fresh(void **state)
{
	char hex[4][65], text[1024];

	(void)state;
	mock = (struct mock){ .circuits = 0 };
	strcpy(tmp, "/tmp/relayctl-directory.XXXXXX");
	if (!mkdtemp(tmp) || chdir(tmp) || mkdir("relays", 0755) || mkdir("kept", 0755))
		return -1;
	make_key("auth0", hex[0]);
	make_key("auth1", hex[1]);
	make_key("auth2", hex[2]);
	make_key("market", hex[3]);
	snprintf(text, sizeof(text), "# test\nledger " LEDGER "\nthreshold 2\nauthority %s\nauthority %s\nauthority %s\n",
		 hex[0], hex[1], hex[2]);
	write_file("authorities", text, 0644);
	snprintf(text, sizeof(text), "{\"ledger\":\"" LEDGER "\",\"epoch\":20454,\"certificate_key\":\"%s\","
		 "\"market\":[\"9.9.9.9:443\"]}", hex[3]);
	write_file("net.json", text, 0644);
	make_key("op0", hex[0]);
	make_key("op1", hex[0]);
	describe("r0", "op0", "1.2.3.4:9001", "\"entry\"");
	describe("r1", "op1", "5.6.7.8:9001", "\"entry\",\"exit\"");
	make_snapshot("7", "s7", NOW);
	sign("s7", "auth0");
	sign("s7", "auth1");
	return 0;
}

static int cleanup(void **state)
{
	char cmd[96];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf -- '%s'", tmp);
	return chdir("/") || system(cmd);
}

#define FETCH(rc, out, err, from, now) \
	RUN(rc, out, err, "directory", "fetch", from, "authorities", "authorities", "store", "kept", "now", now)
#define VERIFY(rc, out, err, file, ...) \
	RUN(rc, out, err, "directory", "verify", file, "authorities", "authorities", __VA_ARGS__)

static void good(void **state)
{
	(void)state;
	VERIFY(RC_OK, "2 relays, signed by 2 of 3 authorities (2 needed)", NULL, "s7", "now", NOW);
	VERIFY(RC_OK, "descriptors and weights hold", NULL, "s7", "now", NOW, "full");
	RUN(RC_OK, "\"verdict\":\"ok\"", NULL, "-j", "directory", "verify", "s7", "authorities", "authorities",
	    "now", NOW);
	RUN(RC_OK, "\"relay_count\":2", NULL, "-j", "directory", "inspect", "s7");
	RUN(RC_OK, "middle entry exit", NULL, "directory", "inspect", "s7");
	RUN(RC_OK, "\"verdict\":\"ok\"", NULL, "-j", "directory", "inspect", "relays/r0.descriptor");
	FETCH(RC_OK, "is kept", NULL, "s7", NOW);
	FETCH(RC_OK, "already", NULL, "s7", NOW);
	RUN(RC_OK, "snapshot 7", NULL, "directory", "show", "kept", "now", NOW);
	RUN(RC_OK, "snapshot 7", "is stale since 2026-01-01T00:30:00Z", "directory", "show", "kept", "now", STALE);
	RUN(RC_ABSENT, NULL, "no snapshot yet", "directory", "show", "relays");
}

/* Each refusal, with what tells the user why. */
static void refused(void **state)
{
	FILE *f;

	(void)state;
	VERIFY(RC_REFUSED, NULL, "is stale: it was valid until 2026-01-01T00:30:00Z, and this clock says 2026-01-01T00:30:00Z",
	       "s7", "now", STALE);
	VERIFY(RC_REFUSED, NULL, "is not valid before 2026-01-01T00:00:00Z, and this clock says 1970", "s7", "now", "5");
	FETCH(RC_OK, NULL, NULL, "s7", NOW);
	/* rolled back */
	make_snapshot("6", "s6", NOW);
	make_key("auth0", (char [65]){ 0 });
	RUN(RC_REFUSED, NULL, "comes after a newer one", "directory", "sign", "s6", "key", "auth0.key", "state", "auth0.state");
	RUN(RC_OK, NULL, NULL, "directory", "sign", "s6", "key", "auth0.key", "state", "new.state");
	FETCH(RC_REFUSED, NULL, "1 of your 3 authorities signed snapshot 6, and it takes 2", "s6", NOW);
	RUN(RC_OK, NULL, NULL, "directory", "sign", "s6", "key", "auth1.key", "state", "new1.state");
	FETCH(RC_REFUSED, NULL, "is older than number 7, which we have", "s6", NOW);
	/* the same number again: an honest authority does not, two dishonest ones are found out */
	unlink("relays/r1.descriptor");
	make_snapshot("7", "s7b", NOW);
	RUN(RC_REFUSED, NULL, "was signed with other content", "directory", "sign", "s7b", "key", "auth0.key",
	    "state", "auth0.state");
	RUN(RC_OK, NULL, NULL, "directory", "sign", "s7b", "key", "auth0.key", "state", "x0");
	RUN(RC_OK, NULL, NULL, "directory", "sign", "s7b", "key", "auth1.key", "state", "x1");
	VERIFY(RC_OK, NULL, NULL, "s7b", "now", NOW);
	FETCH(RC_REFUSED, NULL, "your authorities signed both", "s7b", NOW);
	assert_int_equal(access("kept/fork-7", F_OK), 0);
	RUN(RC_OK, "2 relays", NULL, "directory", "show", "kept", "now", NOW);
	/* forged: one byte of an authority's signature */
	copy("s7", "forged");
	f = fopen("forged", "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, -10, SEEK_END), 0);
	fputc(0x5a, f);
	fclose(f);
	FETCH(RC_REFUSED, NULL, "it is forged or damaged", "forged", NOW);
	/* cut short */
	copy("s7", "short");
	assert_int_equal(truncate("short", 500), 0);
	VERIFY(RC_REFUSED, NULL, "ends too early", "short", "now", NOW);
	RUN(RC_REFUSED, NULL, "neither a snapshot nor a descriptor", "directory", "inspect", "net.json");
	RUN(RC_USAGE, NULL, "cannot read it: No such file", "directory", "inspect", "nothing");
	RUN(RC_USAGE, NULL, "not a regular file", "directory", "inspect", "kept");
	/* another network */
	write_file("other", "ledger 99112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\nthreshold 1\n"
		   "authority d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n", 0644);
	RUN(RC_REFUSED, NULL, "another network", "directory", "verify", "s7", "authorities", "other", "now", NOW);
	write_file("bad", "ledger 99\n", 0644);
	RUN(RC_USAGE, NULL, "bad:1: a ledger is 64", "directory", "verify", "s7", "authorities", "bad");
}

static void authority_refuses(void **state)
{
	FILE *f;
	long at = -1;
	static uint8_t bytes[8192];
	size_t n;

	(void)state;
	/* a weight that somebody raised by hand */
	make_snapshot("8", "s8", NOW);
	f = fopen("s8", "r+");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	for (size_t i = 24; i + 16 < n && at < 0; i++)
		if (memcmp(bytes + i, "cr/descriptor/1", 15) == 0)
			at = (long)i - 8;
	assert_true(at > 0);
	assert_int_equal(fseek(f, at + 4, SEEK_SET), 0);
	fputc(1, f);
	fclose(f);
	RUN(RC_REFUSED, NULL, "weight that its measurement and stake do not give", "directory", "sign", "s8",
	    "key", "auth2.key", "state", "auth2.state");
	/* it signed nothing, so it may still sign this number */
	make_snapshot("8", "s8", NOW);
	sign("s8", "auth2");
	RUN(RC_USAGE, NULL, "lets others read", "directory", "sign", "s8", "key", "authorities", "state", "x");
	write_file("damaged.state", "12", 0600);
	RUN(RC_REFUSED, NULL, "it is damaged", "directory", "sign", "s8", "key", "auth2.key", "state", "damaged.state");
}

static void make_refuses(void **state)
{
	(void)state;
	/* one bad descriptor is left out, with a word, and stops nobody else */
	write_file("relays/junk.descriptor", "junk", 0644);
	copy("relays/r0.descriptor", "relays/cut.descriptor");
	assert_int_equal(truncate("relays/cut.descriptor", 300), 0);
	RUN(RC_OK, "\"relay_count\":2", "relays/junk.descriptor: left out", "-j", "directory", "make", "net.json",
	    "descriptors", "relays", "number", "9", "out", "s9", "now", NOW);
	/* a newer descriptor of the same relay replaces the older */
	copy("relays/r0.descriptor", "relays/old.descriptor");
	describe("r0", "op0", "1.2.3.5:9001", "\"entry\"");
	RUN(RC_OK, "\"relay_count\":2", NULL, "-j", "directory", "make", "net.json",
	    "descriptors", "relays", "number", "9", "out", "s9", "now", NOW);
	RUN(RC_OK, "1.2.3.5:9001", NULL, "directory", "inspect", "s9");
	RUN(RC_USAGE, NULL, "is snapshot 9, so the next cannot be 9", "directory", "make", "net.json", "descriptors",
	    "relays", "number", "9", "out", "s10", "previous", "s9", "now", LATER);
	RUN(RC_OK, NULL, NULL, "directory", "make", "net.json", "descriptors", "relays", "number", "10",
	    "out", "s10", "previous", "s9", "now", LATER);
	write_file("typo.json", "{\"ledger\":\"" LEDGER "\",\"epcoh\":1}", 0644);
	RUN(RC_USAGE, NULL, "no member \"epcoh\"", "directory", "make", "typo.json", "descriptors", "relays",
	    "number", "9", "out", "s9");
	write_file("typo.json", "{\"ledger\":\n5,,}", 0644);
	RUN(RC_USAGE, NULL, "typo.json:2:", "directory", "make", "typo.json", "descriptors", "relays",
	    "number", "9", "out", "s9");
	/* a private address takes a network that allows it */
	describe("r2", "op0", "10.0.0.1:9001", "");
	RUN(RC_OK, "\"relay_count\":2", "r2.descriptor: left out: this descriptor has an address that is not public",
	    "-j", "directory", "make", "net.json", "descriptors", "relays", "number", "11", "out", "s11", "now", NOW);
}

static void describe_refuses(void **state)
{
	static const struct {
		const char *member, *message;
	} bad[] = {
		{ "\"roles\":[\"boss\"]", "does not know \"boss\"" },
		{ "\"policy\":\"default\"", "exit policy that is malformed or without the role exit" },
		{ "\"capacity\":-1", "whole number" }, { "\"capacity\":1.5", "whole number" },
		{ "\"addresses\":[\"example.org:1\"]", "list of addresses" },
		{ "\"onion_keys\":[]", "one or two X25519 keys" },
		{ "\"policy\":[\"accept all\"]", "list of rules" },
		{ "\"family\":[\"00\"]", "operator keys" },
		{ "\"software\":\"a\\nb\"", "software name" },
	};
	char text[1024];
	struct stat before, after;

	(void)state;
	assert_int_equal(stat("serial", &before), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "{\"ledger\":\"" LEDGER "\",%s%s%s%s%s}", bad[i].member,
			 strstr(bad[i].member, "addresses") ? "" : ",\"addresses\":[\"1.2.3.4:9001\"]",
			 strstr(bad[i].member, "capacity") ? "" : ",\"capacity\":1000", ",\"tariff\":1",
			 strstr(bad[i].member, "onion") ? "" :
			 ",\"onion_keys\":[{\"public_key\":\"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\","
			 "\"valid_from\":1767225600,\"valid_until\":1768435200}]");
		write_file("bad.json", text, 0644);
		RUN(RC_USAGE, NULL, bad[i].message, "directory", "describe", "bad.json", "identity", "r0.key",
		    "operator", "op0.key", "serial", "serial", "out", "bad.descriptor", "now", NOW);
	}
	/* what is refused uses up no number, and leaves no file */
	assert_int_equal(stat("serial", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_not_equal(access("bad.descriptor", F_OK), 0);
	RUN(RC_USAGE, NULL, "must hold one secret key", "directory", "describe", "r0.json", "identity", "serial",
	    "operator", "op0.key", "serial", "serial", "out", "x", "now", NOW);
}

/* A server for one connection on loopback; returns its port, child in *@pid. */
static int serve(const char *status, const char *file, size_t repeat, pid_t *pid)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int s = socket(AF_INET, SOCK_STREAM, 0), c;
	static char buf[65536];
	size_t n = 0;
	FILE *f;

	assert_true(s >= 0 && bind(s, (struct sockaddr *)&sin, sizeof(sin)) == 0 && listen(s, 1) == 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&sin, &len), 0);
	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid) {
		close(s);
		return ntohs(sin.sin_port);
	}
	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	c = accept(s, NULL, NULL);
	if (read(c, buf, sizeof(buf)) <= 0)
		_exit(1);
	dprintf(c, "HTTP/1.0 %s\r\n%s\r\n", status, strstr(status, "302") ? "Location: file:///etc/passwd\r\n" : "");
	f = file ? fopen(file, "r") : NULL;
	if (f)
		n = fread(buf, 1, sizeof(buf), f);
	while (repeat-- && write(c, buf, n) == (ssize_t)n)
		;
	close(c);
	_exit(0);
}

static void by_http(void **state)
{
	static const struct {
		const char *status, *file;
		enum rc rc;
		const char *text;
	} cases[] = {
		{ "200 OK", "s7", RC_OK, "is kept" },
		{ "404 Not Found", "s7", RC_REFUSED, "status 404" },
		{ "302 Found", NULL, RC_REFUSED, "status 302" },
		{ "200 OK", NULL, RC_REFUSED, "answers with nothing" },
		{ "200 OK", "net.json", RC_REFUSED, "unknown kind" },
	};
	char url[64];
	pid_t pid;
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int port = serve(cases[i].status, cases[i].file, 1, &pid);

		snprintf(url, sizeof(url), "http://127.0.0.1:%d/snapshot", port);
		FETCH(cases[i].rc, cases[i].rc ? NULL : cases[i].text, cases[i].rc ? cases[i].text : NULL, url, NOW);
		waitpid(pid, &status, 0);
	}
	FETCH(RC_REFUSED, NULL, "only https://", "http://192.0.2.1/", NOW);
	FETCH(RC_REFUSED, NULL, "only https://", "http://127.0.0.1.example.org/", NOW);
	FETCH(RC_REFUSED, NULL, "only https://", "file:///etc/passwd", NOW);
	FETCH(RC_REFUSED, NULL, "cannot fetch", "http://127.0.0.1:1/", NOW);
}

#define URI "cellrelay://iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w.zo060cy2M-x7cMF4FKXHbs0CloUFDTRHRboFhw5YfVk@192.0.2.1:4000/1"

/* Choosing: refusals say what to ask for less of. */
static void paths(void **state)
{
#define SEED "0101010101010101010101010101010101010101010101010101010101010101"
	(void)state;
	RUN(RC_ABSENT, NULL, "no snapshot yet", "path", "explain", "store", "kept");
	RUN(RC_ABSENT, NULL, "no snapshot yet", "offers", "store", "kept");
	FETCH(RC_OK, NULL, NULL, "s7", NOW);
	RUN(RC_OK, "2 relays", "no table of countries", "offers", "store", "kept", "now", NOW, "table", "net.json");
	RUN(RC_OK, "2 relays", "is stale since", "offers", "store", "kept", "now", STALE);
	RUN(RC_OK, "differ in", NULL, "path", "explain", "store", "kept", "now", NOW, "hops", "2", "table", "/dev/null");
	RUN(RC_OK, "may agree in  as; country", NULL, "path", "explain", "store", "kept", "now", NOW, "hops", "2",
	    "table", "/dev/null");
	RUN(RC_OK, "all that you do not encrypt", NULL, "path", "explain", "store", "kept", "now", NOW, "hops", "1");
	RUN(RC_REFUSED, NULL, "2 relays could be middle, but none of them goes with the rest", "path", "explain",
	    "store", "kept", "now", NOW);
	RUN(RC_REFUSED, NULL, "cost more than the ceiling", "path", "explain", "store", "kept", "now", NOW,
	    "max-price", "99");
	RUN(RC_REFUSED, NULL, "none of 2 relays can be exit", "path", "explain", "store", "kept", "now", NOW,
	    "port", "tcp/443", "port", "udp/25");
	RUN(RC_USAGE, NULL, "two capital letters", "offers", "exit-country", "de");
	RUN(RC_USAGE, NULL, "not as tcp/443", "offers", "port", "443");
	RUN(RC_USAGE, NULL, "not as tcp/443", "offers", "port", "tcp/65536");
	RUN(RC_OK, "in no directory\n    chosen        named by you", NULL, "path", "explain", "store", "kept", "now", NOW, "hops", "2", "guard", URI);
	RUN(RC_USAGE, NULL, "two hops or more", "path", "explain", "store", "kept", "now", NOW, "hops", "1", "guard", URI);
	RUN(RC_USAGE, NULL, "does not end with /1", "path", "explain", "store", "kept", "now", NOW, "guard", URI "2");
	RUN(RC_USAGE, NULL, "64 hexadecimal digits", "path", "explain", "seed", "12");
	RUN(RC_USAGE, NULL, "from 1 to 8", "path", "explain", "hops", "9");
}

/* Keys as genkey makes them. */
static void genkey(void **state)
{
	static const char *const words[] = { "genkey", "ed25519", NULL };
	struct ran r = relayctl_run(words);

	(void)state;
	assert_int_equal(r.rc, RC_OK);
	assert_int_equal(r.out_len, 45);
	write_file("new.key", r.out, 0600);
	ran_free(&r);
	RUN(RC_OK, NULL, NULL, "directory", "sign", "s7", "key", "new.key", "state", "new.state");
	VERIFY(RC_OK, "signed by 2 of 3", NULL, "s7", "now", NOW);
	RUN(RC_USAGE, NULL, "is not one of x25519, ed25519", "genkey", "type", "rsa");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, cleanup)
	const struct CMUnitTest tests[] = {
		TEST(good), TEST(refused), TEST(authority_refuses), TEST(make_refuses), TEST(describe_refuses),
		TEST(by_http), TEST(paths), TEST(genkey),
	};

	return cmocka_run_group_tests_name("relayctl directory", tests, NULL, NULL);
}
