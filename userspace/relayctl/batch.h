/* SPDX-License-Identifier: MIT */
#ifndef RELAYCTL_BATCH_H
#define RELAYCTL_BATCH_H

#include "relayctl.h"

/* All commands of a file; "-" is stdin. */
enum rc batch_run(const char *path);
/* One command (main.c). */
enum rc run_words(int argc, char *const *argv);

#endif /* RELAYCTL_BATCH_H */
