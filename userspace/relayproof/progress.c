// SPDX-License-Identifier: MIT
/* Progress of long work: one line, redrawn, on terminals only. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "relayproof/io.h"

static struct {
	const char *what;
	struct timespec start, drawn;
	bool visible;
} line;

static double since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) +
	       (double)(now.tv_nsec - then->tv_nsec) * 1e-9;
}

static void draw(void *context, size_t done, size_t total)
{
	double spent = since(&line.start);

	(void)context;
	/* quick work needs no line, slow work no more than ten a second */
	if (spent < 0.5 || (line.visible && since(&line.drawn) < 0.1))
		return;
	fprintf(stderr, "\r%s: %zu of %zu, %.0f s left\033[K", line.what, done, total,
		spent / (double)done * (double)(total - done));
	fflush(stderr);
	clock_gettime(CLOCK_MONOTONIC, &line.drawn);
	line.visible = true;
}

const struct cr_progress *progress_terminal(const char *what)
{
	static const struct cr_progress terminal = { .report = draw };

	if (!isatty(STDERR_FILENO))
		return NULL;
	line.what = what;
	line.visible = false;
	clock_gettime(CLOCK_MONOTONIC, &line.start);
	return &terminal;
}

void progress_done(void)
{
	if (line.visible)
		fputs("\r\033[K", stderr);
	line.visible = false;
}
