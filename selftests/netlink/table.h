/* SPDX-License-Identifier: MIT */
/* Shape of the generated table of commands (table.gen.h). */
#ifndef NLT_TABLE_H
#define NLT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cellrelay.h>

enum nlt_kind { NLT_U8, NLT_U16, NLT_U32, NLT_U64, NLT_FLAG, NLT_BIN };

#define NLT_DO		(1U << 0)	/* allowed in a single request */
#define NLT_DUMP	(1U << 1)	/* allowed in a dump request */
#define NLT_REQUIRED	(1U << 2)	/* a single request without it is refused */
#define NLT_SECRET	(1U << 3)	/* a key */

/* One attribute of a command; min and max are of the value, or of NLT_BIN's length. */
struct nlt_attr {
	const char *name;
	uint16_t num;
	enum nlt_kind kind;
	uint64_t min, max;
	unsigned int flags;
};

/* One command; last is the highest number of its attribute set. */
struct nlt_op {
	const char *name;
	uint8_t cmd;
	bool has_do, has_dump;
	const struct nlt_attr *attr;
	unsigned int n_attr;
	uint16_t last;
};

#endif /* NLT_TABLE_H */
