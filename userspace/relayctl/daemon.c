// SPDX-License-Identifier: MIT
/* relayctl up, down, status, drain, reload, stop: what relayd does, asked over its socket (docs/relayd-socket.md). */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/limits.h"
#include "fmt.h"
#include "json.h"
#include "object.h"

#define SOCKET		"/run/cellrelay/relayd.sock"
#define ANSWER_MAX	(64u << 20)	/* a relay with a hundred thousand links */

static int dial(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(a.sun_path)) {
		err("the name of a socket has at most %zu characters", sizeof(a.sun_path) - 1);
		return -1;
	}
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		err("relayd is not running (%s); try: systemctl start relayd", path);
	else if (errno == EACCES)
		err("relayd's socket %s is not for you; it takes membership in the group cellrelay", path);
	else
		err("cannot reach relayd at %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* One line; to be freed. */
static char *receive_line(int fd)
{
	size_t room = 65536, len = 0;
	char *buf = malloc(room);

	while (buf) {
		ssize_t n = recv(fd, buf + len, room - len - 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		buf[len] = '\0';
		if (buf[len - 1] == '\n')
			return buf;
		if (len + 1 == room) {
			char *more = room < ANSWER_MAX ? realloc(buf, room * 2) : NULL;

			if (!more)
				break;
			buf = more;
			room *= 2;
		}
	}
	free(buf);
	return NULL;
}

/*
 * Asks; takes @q. The answer is to be given back with json_decref(). A refusal for now only, where @again is not NULL, is RC_REFUSED
 * with its reason in @answer, and nothing is said yet.
 */
static enum rc ask_again(const char *path, json_t *q, json_t **answer, bool *again)
{
	char *text = q ? json_dumps(q, JSON_COMPACT) : NULL, *line = NULL;
	int fd = text ? dial(path) : -1;
	enum rc rc = fd < 0 ? RC_ABSENT : RC_OK;
	const char *why;

	json_decref(q);
	*answer = NULL;
	if (again)
		*again = false;
	if (!rc && send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1))
		line = receive_line(fd);
	free(text);
	if (fd >= 0)
		close(fd);
	if (rc)
		return rc;
	*answer = line ? json_loads(line, 0, NULL) : NULL;
	free(line);
	if (!*answer)
		return fail(RC_ABSENT, "relayd at %s gave no answer", path);
	if (json_is_true(json_object_get(*answer, "ok")))
		return RC_OK;
	if (again) {
		*again = json_is_true(json_object_get(*answer, "again"));
		if (*again)
			return RC_REFUSED;
	}
	why = json_string_value(json_object_get(*answer, "error"));
	rc = fail(RC_REFUSED, "relayd refuses: %s", why ? why : "it does not say why");
	json_decref(*answer);
	*answer = NULL;
	return rc;
}

static enum rc ask(const char *path, json_t *q, json_t **answer)
{
	return ask_again(path, q, answer, NULL);
}

/* An answer as a part of our document. */
static void emit(const char *name, const json_t *v)
{
	const char *key;
	json_t *part;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		json_open(name, '{');
		json_object_foreach((json_t *)v, key, part)
			emit(key, part);
		json_close();
		break;
	case JSON_ARRAY:
		json_open(name, '[');
		json_array_foreach(v, i, part)
			emit(NULL, part);
		json_close();
		break;
	case JSON_STRING:
		json_str(name, json_string_value(v));
		break;
	case JSON_INTEGER:
		json_s64(name, json_integer_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		json_bool(name, json_is_true(v));
		break;
	default:
		json_str(name, NULL);
	}
}

static const char *word(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static long long num(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_tunnel(const json_t *t)
{
	const json_t *path = json_object_get(t, "path"), *relay;
	size_t i;

	fprintf(opt.out, "%scircuit%s", fmt_bold(), fmt_plain());
	json_array_foreach(path, i, relay)
		fprintf(opt.out, "%s%s", i ? " > " : " ", json_string_value(relay));
	fprintf(opt.out, ": %s", word(t, "step"));
	if (json_object_get(t, "took_ms"))
		fprintf(opt.out, " after %lld ms", num(t, "took_ms"));
	if (json_is_true(json_object_get(t, "active")))
		fprintf(opt.out, ", in use, inner addresses %s and %s", word(t, "inner4"), word(t, "inner6"));
	fputc('\n', opt.out);
}

static void print_directory(const json_t *o)
{
	const json_t *fetch = json_object_get(o, "fetch");

	if (num(o, "number"))
		fprintf(opt.out, "%ssnapshot%s %lld of %lld relays, %lld s old, from %s%s\n", fmt_bold(), fmt_plain(), num(o, "number"),
			num(o, "relays"), num(o, "age"), word(o, "source"),
			json_is_true(json_object_get(o, "fresh")) ? "" : ": stale, nothing new is built from it");
	else
		fprintf(opt.out, "%ssnapshot%s none yet\n", fmt_bold(), fmt_plain());
	if (!fetch)
		return;
	fprintf(opt.out, "%sfetching%s from %s: %s", fmt_bold(), fmt_plain(), word(fetch, "url"), word(fetch, "state"));
	if (json_object_get(fetch, "error"))
		fprintf(opt.out, ", %lld times without success, the last time because: %s", num(fetch, "failures"), word(fetch, "error"));
	fputc('\n', opt.out);
}

static void print_status(const json_t *a)
{
	const json_t *list, *o;
	size_t i;

	fprintf(opt.out, "%srelayd%s %s: %s, %lld circuits through us, %lld of our own\n", fmt_bold(), fmt_plain(),
		word(a, "version"), json_is_true(json_object_get(a, "relay")) ? "relay" : "client", num(a, "relayed"),
		num(a, "own"));
	o = json_object_get(a, "directory");
	if (o)
		print_directory(o);
	o = json_object_get(json_object_get(a, "static_keys"), "descriptor");
	if (o)
		fprintf(opt.out, "%sdescriptor%s %s names a new key: the directory's authorities need it\n", fmt_bold(), fmt_plain(),
			json_string_value(o));
	list = json_object_get(a, "tunnels");
	json_array_foreach(list, i, o)
		print_tunnel(o);
	list = json_object_get(a, "links");
	json_array_foreach(list, i, o)
		fprintf(opt.out, "%slink %lld%s with %s at %s: %s, %lld circuits\n", fmt_bold(), num(o, "id"), fmt_plain(),
			word(o, "relay"), word(o, "address"), word(o, "state"), num(o, "circuits"));
}

enum { UP_PATH, UP_HOPS, UP_COUNTRY, UP_PRICE, UP_GUARD, UP_WAIT, UP_SOCKET };

#define ARG_SOCKET { .name = "socket", .kind = ARG_WORD, .meta = "FILE", .help = "relayd's socket (" SOCKET ")" }

static const struct arg up_args[] = {
	[UP_PATH] = { .name = "path", .kind = ARG_WORD, .flags = ARG_POS, .meta = "A,B,C",
		      .help = "these relays by name, the one next to us first; without, they are chosen" },
	[UP_HOPS] = { .name = "hops", .kind = ARG_UINT, .width = 1, .min = 1, .max = CR_HOPS_MAX, .meta = "N",
		      .help = "relays of the path (as the network has it)" },
	[UP_COUNTRY] = { .name = "exit-country", .kind = ARG_WORD, .meta = "CC", .help = "where the exit is, as DE" },
	[UP_PRICE] = { .name = "max-price", .kind = ARG_UINT, .width = 8, .max = INT64_MAX, .meta = "UNITS",
		       .help = "ceiling for each relay's price per GiB" },
	[UP_GUARD] = { .name = "guard", .kind = ARG_WORD, .meta = "URI", .help = "this relay first, which no directory need list" },
	[UP_WAIT] = { .name = "wait", .kind = ARG_MSEC, .width = 4, .meta = "TIME",
		      .help = "how long to wait until packets can pass (30s)" },
	[UP_SOCKET] = ARG_SOCKET,
	{ .name = NULL },
};

static const char *socket_of(const struct argval *v)
{
	return v->set ? v->word : SOCKET;
}

static enum rc up(const struct verb *verb, const struct argval *v)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int tries = (int)((v[UP_WAIT].set ? v[UP_WAIT].num : 30000) / 50);
	const char *path = socket_of(&v[UP_SOCKET]);
	bool is_ready = false, is_again = false, first = true;
	json_t *a, *q, *unused;
	enum rc rc;

	(void)verb;
	q = json_pack("{s:s}", "do", "up");
	if (v[UP_PATH].set)
		json_object_set_new(q, "path", json_string(v[UP_PATH].word));
	if (v[UP_HOPS].set)
		json_object_set_new(q, "hops", json_integer((json_int_t)v[UP_HOPS].num));
	if (v[UP_COUNTRY].set)
		json_object_set_new(q, "exit_country", json_string(v[UP_COUNTRY].word));
	if (v[UP_PRICE].set)
		json_object_set_new(q, "max_price", json_integer((json_int_t)v[UP_PRICE].num));
	if (v[UP_GUARD].set)
		json_object_set_new(q, "guard", json_string(v[UP_GUARD].word));
	while ((rc = ask_again(path, json_incref(q), &a, &is_again)) && is_again) {
		/* a snapshot comes first: at once, whatever the daemon waits for */
		if (first && ask(path, json_pack("{s:s}", "do", "reload"), &unused) == RC_OK)
			json_decref(unused);
		first = false;
		if (!tries--)
			break;
		json_decref(a);
		nanosleep(&pause, NULL);
	}
	json_decref(q);
	if (rc && is_again)
		err("relayd refuses: %s", word(a, "error"));
	json_decref(a);
	while (!rc) {
		rc = ask(path, json_pack("{s:s}", "do", "status"), &a);
		is_ready = json_is_true(json_object_get(a, "ready"));
		json_decref(a);
		if (rc || is_ready || !tries--)
			break;
		nanosleep(&pause, NULL);
	}
	if (!rc && !is_ready)
		rc = fail(RC_REFUSED, "no circuit is ready yet; relayd goes on trying, and nothing leaves unprotected meanwhile; see: relayctl status");
	return rc;
}

static const struct arg socket_args[] = { ARG_SOCKET, { .name = NULL } };

static enum rc down(const struct verb *verb, const struct argval *v)
{
	json_t *a;
	enum rc rc = ask(socket_of(&v[0]), json_pack("{s:s}", "do", "down"), &a);

	(void)verb;
	json_decref(a);
	return rc;
}

static enum rc status(const struct verb *verb, const struct argval *v)
{
	json_t *a;
	enum rc rc = ask(socket_of(&v[0]), json_pack("{s:s}", "do", "status"), &a);

	(void)verb;
	if (rc)
		return rc;
	if (opt.json)
		emit("daemon", a);
	else
		print_status(a);
	json_decref(a);
	return RC_OK;
}

enum { DRAIN_WAIT, DRAIN_SOCKET };

static const struct arg drain_args[] = {
	[DRAIN_WAIT] = { .name = "wait", .kind = ARG_MSEC, .width = 4, .meta = "TIME",
			 .help = "how long to wait for the last circuit to end (0)" },
	[DRAIN_SOCKET] = ARG_SOCKET,
	{ .name = NULL },
};

static enum rc drain(const struct verb *verb, const struct argval *v)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int tries = (int)((v[DRAIN_WAIT].set ? v[DRAIN_WAIT].num : 0) / 50);
	const char *path = socket_of(&v[DRAIN_SOCKET]);
	long long left = 0;
	json_t *a;
	enum rc rc;

	(void)verb;
	rc = ask(path, json_pack("{s:s,s:b}", "do", "drain", "on", 1), &a);
	json_decref(a);
	while (!rc) {
		rc = ask(path, json_pack("{s:s}", "do", "status"), &a);
		left = num(a, "relayed");
		json_decref(a);
		if (rc || !left || !tries--)
			break;
		nanosleep(&pause, NULL);
	}
	if (!rc && left)
		rc = fail(RC_REFUSED, "%lld circuits still go through this relay; it takes no new ones", left);
	return rc;
}

static const struct arg stop_args[] = {
	{ .name = "flush", .kind = ARG_FLAG, .help = "end circuits, links and sockets, too: leave nothing in the kernel" },
	ARG_SOCKET,
	{ .name = NULL },
};

static enum rc stop(const struct verb *verb, const struct argval *v)
{
	json_t *a;
	enum rc rc = ask(socket_of(&v[1]), json_pack("{s:s,s:b}", "do", "stop", "flush", v[0].set), &a);

	(void)verb;
	json_decref(a);
	return rc;
}

static enum rc reload(const struct verb *verb, const struct argval *v)
{
	json_t *a;
	enum rc rc = ask(socket_of(&v[0]), json_pack("{s:s}", "do", "reload"), &a);

	(void)verb;
	json_decref(a);
	return rc;
}

static const struct verb reload_verbs[] = {
	{ .run = reload, .args = socket_args, .help = "let relayd look at the directory's snapshot at once" },
	{ .name = NULL },
};

static enum rc metrics(const struct verb *verb, const struct argval *v)
{
	const char *text;
	json_t *a;
	enum rc rc = ask(socket_of(&v[0]), json_pack("{s:s}", "do", "metrics"), &a);

	(void)verb;
	if (rc)
		return rc;
	text = json_string_value(json_object_get(a, "text"));
	if (opt.json)
		json_str("metrics", text);
	else if (text)
		fputs(text, opt.out);
	json_decref(a);
	return RC_OK;
}

static const struct verb metrics_verbs[] = {
	{ .run = metrics, .args = socket_args, .help = "what relayd counts, as Prometheus reads it" },
	{ .name = NULL },
};

static const struct verb up_verbs[] = {
	{ .run = up, .args = up_args, .help = "bring this host online: its packets go through relays and no other way" },
	{ .name = NULL },
};

static const struct verb down_verbs[] = {
	{ .run = down, .args = socket_args, .help = "end that, restore routes, name servers and firewall" },
	{ .name = NULL },
};

static const struct verb status_verbs[] = {
	{ .run = status, .args = socket_args, .help = "what relayd does" },
	{ .name = NULL },
};

static const struct verb drain_verbs[] = {
	{ .run = drain, .args = drain_args, .help = "take no new circuits; wait for those that are there" },
	{ .name = NULL },
};

static const struct verb stop_verbs[] = {
	{ .run = stop, .args = stop_args, .help = "end relayd; what it built stays, without flush" },
	{ .name = NULL },
};

const struct object obj_up = { "up", NULL, up_verbs, 0, "bring this host online through relays (relayd)" };
const struct object obj_down = { "down", NULL, down_verbs, 0, "end that (relayd)" };
const struct object obj_status = { "status", NULL, status_verbs, 0, "links, circuits and tunnels of relayd" };
const struct object obj_drain = { "drain", NULL, drain_verbs, 0, "let relayd take no new circuits" };
const struct object obj_stop = { "stop", NULL, stop_verbs, 0, "end relayd" };
const struct object obj_reload = { "reload", NULL, reload_verbs, 0, "let relayd read the snapshot again" };
const struct object obj_metrics = { "metrics", NULL, metrics_verbs, 0, "relayd's counters, as Prometheus reads them" };
