// SPDX-License-Identifier: MIT
/* Messages: one line each, on stderr, saying what failed and what to do. */
#include "relayctl.h"

#include <stdarg.h>

static const char *at_file;
static unsigned int at_line;

/** err_at() - where the messages that follow belong; NULL: the command line */
void err_at(const char *file, unsigned int line)
{
	at_file = file;
	at_line = line;
}

bool in_batch(void)
{
	return at_file;
}

static void __attribute__((format(printf, 1, 0))) verr(const char *fmt, va_list ap)
{
	fflush(opt.out);
	if (at_file)
		fprintf(opt.err, "%s:%u: ", at_file, at_line);
	else
		fputs("relayctl: ", opt.err);
	vfprintf(opt.err, fmt, ap);
	fputc('\n', opt.err);
}

void err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verr(fmt, ap);
	va_end(ap);
}

enum rc fail(enum rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verr(fmt, ap);
	va_end(ap);
	return rc;
}
