// SPDX-License-Identifier: MIT
#include "market/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_MS	500u
/* A refused body up to this size is read and thrown away, so that the answer is not lost to a reset. */
#define SWALLOW_MAX	(1U << 20)

const struct http_limits http_limits_default = {
	.connections = 4096, .per_peer = 64, .head_bytes = 16384, .body_bytes = 64U << 20,
	.idle_s = 15, .request_s = 20, .least_rate = 16384,
};

const struct http_rate http_rates_default[HTTP_CLASSES] = {
	[HTTP_CLASS_READ] = { 20, 200, 5000, 10000 },
	[HTTP_CLASS_BULK] = { 1, 10, 100, 200 },
	[HTTP_CLASS_WRITE] = { 5, 100, 1000, 2000 },
	[HTTP_CLASS_COSTLY] = { 1, 20, 50, 200 },
};

/**
 * struct conn - a connection, and the request that it is at
 * @prev: in the list of all
 * @next: in the list of all
 * @fd: its socket
 * @busy: a request line has come, and its answer has not gone out
 * @head_done: all headers have come
 * @refused: the answer is there before the body, which is thrown away
 * @expects: the client waits for "100 Continue" before it sends the body
 * @deadline: when it is cut off
 * @started: when this request line came
 * @target: of this request
 * @head: its headers
 * @q: what http_begin() made of them
 * @a: the answer, once there is one
 * @body: what has come
 * @got: how much
 * @room: for how much there is memory
 * @status: of the answer, for the log
 * @sent: bytes of its body
 */
struct conn {
	struct conn *prev, *next;
	int fd;
	bool busy, head_done, refused, expects;
	uint64_t deadline, started;
	char target[HTTP_TARGET_MAX + 2];
	struct http_head head;
	struct http_request q;
	struct http_answer a;
	uint8_t *body;
	size_t got, room;
	unsigned int status;
	size_t sent;
};

struct http_server {
	struct MHD_Daemon *daemon;
	const struct http_api *api;
	struct http_limits limits;
	char forwarded[64];
	FILE *log;
	struct conn *conns;
	unsigned int count;
	size_t body_bytes;
	uint64_t swept;
	bool draining;
	int epoll_fd, listen_fd;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t in_time(const struct http_server *s, uint64_t bytes)
{
	return now_ms() + (uint64_t)s->limits.request_s * 1000 + bytes * 1000 / s->limits.least_rate;
}

static struct conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i ? i->socket_context : NULL;
}

/* ------------------------------------------------- a request, from start to end */

static void forget(struct http_server *s, struct conn *k)
{
	s->body_bytes -= k->room;
	free(k->body);
	k->body = NULL;
	k->got = k->room = 0;
	http_answer_clear(&k->a);
	k->busy = k->head_done = k->refused = false;
	k->status = 0;
	k->sent = 0;
}

static void log_request(const struct http_server *s, const struct conn *k)
{
	if (s->log)
		fprintf(s->log, "%s %s %u %zu %" PRIu64 "\n", k->head_done ? http_method_name(k->q.method) : "-",
			k->head_done ? http_route_name(&k->q) : "-", k->status, k->sent, now_ms() - k->started);
}

/* The request line, before anything of it was decoded. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct http_server *s = cls;
	struct conn *k = conn_of(c);

	if (!k)
		return NULL;
	forget(s, k);
	k->busy = true;
	k->started = now_ms();
	/* one character more than is taken tells that it is too long */
	snprintf(k->target, sizeof(k->target), "%s", uri);
	return NULL;
}

/** struct headers - where headers go */
struct headers {
	const struct http_server *s;
	struct http_head *h;
	const char *forwarded;
	bool expect;
};

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct headers *to = cls;

	(void)kind;
	http_head_add(to->h, name, value);
	if (strcasecmp(name, "Expect") == 0)
		to->expect = true;
	/* of several the last: the proxy's */
	if (to->s->forwarded[0] && strcasecmp(name, to->s->forwarded) == 0)
		to->forwarded = value;
	return MHD_YES;
}

static void read_head(struct http_server *s, struct conn *k, struct MHD_Connection *c, const char *method)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct headers to = { .s = s, .h = &k->head };

	memset(&k->head, 0, sizeof(k->head));
	k->head.method = method;
	k->head.target = k->target;
	k->head.now_ms = now_ms();
	k->head.now = (uint64_t)time(NULL);
	k->head.peer = http_peer_of(i ? i->client_addr : NULL);
	MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &to);
	k->expects = to.expect;
	if (to.forwarded)
		http_peer_forwarded(&k->head.peer, to.forwarded);
}

/* More of the body. Return: false when there is no room. */
static bool take_body(struct http_server *s, struct conn *k, const char *data, size_t len)
{
	size_t want = k->got + len, room;
	uint8_t *more;

	if (want > k->q.length)
		return false;
	if (want > k->room) {
		/* by what has come, not by what was announced */
		room = 2 * want < k->q.length ? 2 * want : (size_t)k->q.length;
		if (s->body_bytes + room - k->room > s->limits.body_bytes)
			return false;
		more = realloc(k->body, room);
		if (!more)
			return false;
		s->body_bytes += room - k->room;
		k->body = more;
		k->room = room;
	}
	memcpy(k->body + k->got, data, len);
	k->got = want;
	return true;
}

static void drop_blob(void *cls)
{
	http_blob_put(cls);
}

static struct MHD_Response *response_of(const struct http_answer *a)
{
	if (!a->body)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer_with_free_callback_cls(a->body->len, (void *)(uintptr_t)a->body->bytes,
								      drop_blob, http_blob_get(a->body));
}

static bool header(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

static bool headers_of(struct MHD_Response *r, const struct http_answer *a, bool close)
{
	char text[HTTP_ALLOW_TEXT > 48 ? HTTP_ALLOW_TEXT : 48];
	bool ok;

	snprintf(text, sizeof(text), "public, max-age=%" PRIu32, a->max_age);
	ok = header(r, "Cache-Control", a->cached ? text : "no-store");
	ok = ok && header(r, "X-Content-Type-Options", "nosniff");
	if (a->type && a->body)
		ok = ok && header(r, "Content-Type", a->type);
	if (a->etag[0])
		ok = ok && header(r, "ETag", a->etag);
	if (a->allow)
		ok = ok && header(r, "Allow", http_allow_text(text, a->allow));
	if (a->replayed)
		ok = ok && header(r, "Idempotency-Replayed", "true");
	if (a->retry_after) {
		snprintf(text, sizeof(text), "%u", a->retry_after);
		ok = ok && header(r, "Retry-After", text);
	}
	return ok && (!close || header(r, "Connection", "close"));
}

static enum MHD_Result send_answer(struct http_server *s, struct conn *k, struct MHD_Connection *c)
{
	struct MHD_Response *r = response_of(&k->a);
	enum MHD_Result sent = MHD_NO;

	k->status = k->a.status;
	k->sent = k->a.body && k->q.method != HTTP_HEAD ? k->a.body->len : 0;
	k->deadline = in_time(s, k->sent);
	if (r && headers_of(r, &k->a, s->draining))
		sent = MHD_queue_response(c, k->a.status, r);
	if (r)
		MHD_destroy_response(r);
	http_answer_clear(&k->a);
	return sent;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
				  const char *version, const char *data, size_t *len, void **state)
{
	struct http_server *s = cls;
	struct conn *k = conn_of(c);

	(void)url;
	(void)version;
	(void)state;
	if (!k)
		return MHD_NO;
	if (!k->head_done) {
		read_head(s, k, c, method);
		k->head_done = true;
		k->refused = !http_begin(s->api, &k->head, &k->q, &k->a);
		k->deadline = in_time(s, k->q.length);
		/* who asks before it sends its body is told now */
		if (k->refused && (k->expects || k->q.length > SWALLOW_MAX || k->head.transfer_encoding))
			return send_answer(s, k, c);
		return MHD_YES;
	}
	if (*len) {
		if (!k->refused && !take_body(s, k, data, *len)) {
			http_refuse(&k->a, HTTP_UNAVAILABLE, NULL, NULL, NULL);
			k->a.retry_after = 1;
			k->refused = true;
		}
		*len = 0;
		return MHD_YES;
	}
	if (!k->refused && k->got != k->q.length)
		return MHD_NO;
	if (!k->refused)
		http_run(s->api, &k->q, &k->head, k->body ? (const void *)k->body : "", &k->a);
	return send_answer(s, k, c);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	struct http_server *s = cls;
	struct conn *k = conn_of(c);

	(void)state;
	(void)why;
	if (!k || !k->busy)
		return;
	log_request(s, k);
	forget(s, k);
	k->deadline = in_time(s, 0);
}

/* ------------------------------------------------------------------ connections */

static void on_connection(void *cls, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = cls;
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct conn *k = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		k = calloc(1, sizeof(*k));
		*context = k;
		/* without memory its requests are turned away by on_request() */
		if (!k)
			return;
		k->fd = i ? i->connect_fd : -1;
		k->deadline = in_time(s, 0);
		k->next = s->conns;
		if (k->next)
			k->next->prev = k;
		s->conns = k;
		s->count++;
	} else if (k) {
		forget(s, k);
		if (k->prev)
			k->prev->next = k->next;
		else
			s->conns = k->next;
		if (k->next)
			k->next->prev = k->prev;
		s->count--;
		free(k);
		*context = NULL;
	}
}

/* Who is too slow is cut off; libmicrohttpd then finds the connection at its end. */
static void sweep(struct http_server *s)
{
	uint64_t now = now_ms();

	if (now - s->swept < SWEEP_MS)
		return;
	s->swept = now;
	for (struct conn *k = s->conns; k; k = k->next) {
		if (k->deadline > now || k->fd < 0)
			continue;
		if (k->busy && !k->status)
			k->status = http_code_status(HTTP_SLOW);
		shutdown(k->fd, SHUT_RDWR);
		k->fd = -1;
	}
}

int http_server_fd(const struct http_server *s)
{
	return s->epoll_fd;
}

int http_server_timeout(const struct http_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	bool any = MHD_get_timeout(s->daemon, &ms) == MHD_YES;

	if (s->count && (!any || ms > SWEEP_MS))
		return SWEEP_MS;
	return !any ? -1 : ms > 60000 ? 60000 : (int)ms;
}

void http_server_work(struct http_server *s)
{
	MHD_run(s->daemon);
	sweep(s);
	if (s->log)
		fflush(s->log);
}

unsigned int http_server_connections(const struct http_server *s)
{
	return s->count;
}

void http_server_drain(struct http_server *s)
{
	if (s->draining)
		return;
	s->draining = true;
	MHD_quiesce_daemon(s->daemon);
	close(s->listen_fd);
	s->listen_fd = -1;
	/* what waits for a question a moment longer: one may be on its way */
	for (struct conn *k = s->conns; k; k = k->next) {
		if (!k->busy)
			k->deadline = now_ms() + 250;
	}
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	MHD_stop_daemon(s->daemon);
	if (s->listen_fd >= 0 && s->draining)
		close(s->listen_fd);
	free(s);
}

/* ------------------------------------------------------------------------ start */

int http_listen(const char *address, uint16_t port, char error[HTTP_SERVER_ERROR])
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool v6 = inet_pton(AF_INET6, address, &in6.sin6_addr) == 1;
	const int on = 1;
	int fd;

	if (!v6 && inet_pton(AF_INET, address, &in.sin_addr) != 1) {
		snprintf(error, HTTP_SERVER_ERROR, "%.80s is no IPv4 or IPv6 address", address);
		return -1;
	}
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (v6 ? bind(fd, (const struct sockaddr *)&in6, sizeof(in6)) :
		  bind(fd, (const struct sockaddr *)&in, sizeof(in))) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	snprintf(error, HTTP_SERVER_ERROR, "cannot listen on %.80s port %u: %s", address, port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

uint16_t http_listen_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	/* at the same place in both families */
	return ntohs(((const struct sockaddr_in *)(const void *)&a)->sin_port);
}

struct http_server *http_server_new(const struct http_config *config, const struct http_api *api,
				    char error[HTTP_SERVER_ERROR])
{
	unsigned int flags = MHD_USE_EPOLL | (config->certificate ? MHD_USE_TLS : 0);
	struct http_server *s = calloc(1, sizeof(*s));
	const union MHD_DaemonInfo *info;
	struct MHD_OptionItem extra[4] = { { MHD_OPTION_END, 0, NULL } };
	unsigned int n = 0;

	snprintf(error, HTTP_SERVER_ERROR, "out of memory");
	if (!s)
		return NULL;
	s->api = api;
	s->limits = config->limits;
	s->log = config->log;
	s->listen_fd = config->listen_fd;
	snprintf(s->forwarded, sizeof(s->forwarded), "%s", config->forwarded ? config->forwarded : "");
	if (config->certificate) {
		extra[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)config->certificate };
		extra[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)config->key };
	}
	if (s->limits.per_peer && !config->forwarded)
		extra[n++] = (struct MHD_OptionItem){ MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)s->limits.per_peer, NULL };
	extra[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,
				     MHD_OPTION_LISTEN_SOCKET, config->listen_fd,
				     MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
				     MHD_OPTION_URI_LOG_CALLBACK, on_target, s,
				     MHD_OPTION_CONNECTION_LIMIT, s->limits.connections,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->limits.head_bytes,
				     MHD_OPTION_CONNECTION_TIMEOUT, s->limits.idle_s,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1,
				     MHD_OPTION_ARRAY, extra, MHD_OPTION_END);
	info = s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		snprintf(error, HTTP_SERVER_ERROR, config->certificate ?
			 "the server does not start: are certificate and key PEM, and do they go together?" :
			 "the server does not start: is the socket listening?");
		if (s->daemon)
			MHD_stop_daemon(s->daemon);
		free(s);
		return NULL;
	}
	s->epoll_fd = info->epoll_fd;
	return s;
}
