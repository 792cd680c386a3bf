// SPDX-License-Identifier: MIT
#include "socket.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "request.h"

#define LINE_MAX_LEN	4096u	/* of a request */
#define CALLERS_MAX	32u

/**
 * struct caller - somebody on the socket
 * @next: in the list
 * @fd: its end
 * @in: what came of a line
 * @in_len: how much
 * @out: what is still to be sent
 * @out_len: how much
 * @out_at: how much of it went
 */
struct caller {
	struct caller *next;
	int fd;
	char in[LINE_MAX_LEN];
	size_t in_len;
	char *out;
	size_t out_len, out_at;
};

static struct caller *callers;
static unsigned int caller_n;
static int epoll_fd = -1, listener = -1;
static int listener_mark;	/* its address stands for the listener in epoll */

static void caller_free(struct caller *c)
{
	struct caller **p = &callers;

	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
	caller_n--;
	close(c->fd);
	free(c->out);
	free(c);
}

static void watch(struct caller *c, uint32_t events, int op)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	epoll_ctl(epoll_fd, op, c->fd, &ev);
}

/* Return: false: it is gone. */
static bool flush(struct caller *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			/* no more questions until it has read */
			watch(c, EPOLLOUT, EPOLL_CTL_MOD);
			return true;
		}
		if (n <= 0) {
			caller_free(c);
			return false;
		}
		c->out_at += (size_t)n;
	}
	free(c->out);
	c->out = NULL;
	c->out_len = c->out_at = 0;
	watch(c, EPOLLIN, EPOLL_CTL_MOD);
	return true;
}

/* Answers complete lines, one at a time. Return: false: it is gone. */
static bool lines(struct caller *c)
{
	while (!c->out) {
		char *end = memchr(c->in, '\n', c->in_len);
		size_t used;

		if (!end && c->in_len < sizeof(c->in))
			return true;
		c->out = end ? request_answer(c->in, (size_t)(end - c->in)) : NULL;
		if (!c->out) {	/* a line without end, or no memory */
			caller_free(c);
			return false;
		}
		c->out_len = strlen(c->out);
		used = (size_t)(end - c->in) + 1;
		memmove(c->in, c->in + used, c->in_len - used);
		c->in_len -= used;
		if (!flush(c))
			return false;
	}
	return true;
}

static void take(struct caller *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		caller_free(c);
		return;
	}
	c->in_len += (size_t)n;
	lines(c);
}

/* Who may: root, our own user, and members of the group, whom the mode of the socket lets in. */
static void welcome(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who;
	socklen_t len = sizeof(who);
	struct caller *c;

	if (fd < 0)
		return;
	c = caller_n < CALLERS_MAX ? calloc(1, sizeof(*c)) : NULL;
	if (!c || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0) {
		free(c);
		close(fd);
		return;
	}
	c->fd = fd;
	c->next = callers;
	callers = c;
	caller_n++;
	watch(c, EPOLLIN, EPOLL_CTL_ADD);
}

bool socket_event(void *what, uint32_t events)
{
	struct caller *c;

	if (what == &listener_mark) {
		welcome();
		return true;
	}
	for (c = callers; c && c != what; c = c->next)
		;
	if (!c)
		return false;
	if (events & EPOLLOUT) {
		if (flush(c))
			lines(c);
	} else {
		take(c);
	}
	return true;
}

enum rc socket_open(int ep)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &listener_mark };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const struct group *gr = getgrnam(conf.group);
	char *slash;

	memcpy(a.sun_path, conf.socket, sizeof(a.sun_path));
	slash = strrchr(a.sun_path, '/');
	if (slash && slash != a.sun_path) {
		*slash = '\0';
		mkdir(a.sun_path, 0755);	/* most often it is there */
		*slash = '/';
	}
	epoll_fd = ep;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0)
		return fail(RC_REFUSED, "cannot make a socket: %s", strerror(errno));
	unlink(conf.socket);	/* the kernel lets one daemon serve a namespace: what is here is left over */
	umask(0177);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 16) < 0)
		return fail(RC_REFUSED, "cannot listen on %s: %s", conf.socket, strerror(errno));
	umask(077);
	/* without such a group only root and our own user are let in */
	if (gr && chown(conf.socket, (uid_t)-1, gr->gr_gid) == 0)
		chmod(conf.socket, 0660);
	if (epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev) < 0)
		return fail(RC_REFUSED, "cannot wait for events: %s", strerror(errno));
	return RC_OK;
}

void socket_close(void)
{
	while (callers)
		caller_free(callers);
	if (listener >= 0) {
		close(listener);
		unlink(conf.socket);
	}
	listener = -1;
}
