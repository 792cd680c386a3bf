/* SPDX-License-Identifier: MIT */
/* What the doctor's checks share: doctor.c, doctor_host.c (software, firmware), doctor_net.c. */
#ifndef RELAYCTL_DOCTOR_H
#define RELAYCTL_DOCTOR_H

#include <stdbool.h>
#include <sys/utsname.h>

#include "object.h"

enum verdict { OK, WARN, FAIL, SKIP };

/**
 * struct exam - one run
 * @module: the module answers
 * @ns: then this is its state
 * @uts: running kernel
 * @failed: a check failed
 * @absent: the module is not there
 */
struct exam {
	bool module;
	struct ns_info ns;
	struct utsname uts;
	bool failed;
	bool absent;
};

/* One finding. @check: its name; @remedy: a command to type, or NULL. */
void __attribute__((format(printf, 5, 6)))
say(struct exam *e, const char *check, enum verdict verdict, const char *remedy, const char *fmt, ...);

/* Is there a module for the running kernel? */
bool module_installed(const struct exam *e);

void check_headers(struct exam *e);
void check_btf(struct exam *e);
void check_xdp(struct exam *e);
void check_secure_boot(struct exam *e);
void check_suite2(struct exam *e);
void check_links(struct exam *e);
void check_lro(struct exam *e);

#endif /* RELAYCTL_DOCTOR_H */
