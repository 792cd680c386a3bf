// SPDX-License-Identifier: MIT
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "netlink/rc.h"

static char last[512];

const char *log_last(void)
{
	return last;
}

static void __attribute__((format(printf, 1, 0))) line(const char *fmt, va_list ap)
{
	vsnprintf(last, sizeof(last), fmt, ap);
	fprintf(stderr, "relayd: %s\n", last);
}

void err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
}

enum rc fail(enum rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	return rc;
}
