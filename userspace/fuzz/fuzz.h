/* SPDX-License-Identifier: MIT */
/* What fuzz targets share: the entry points libFuzzer calls, and an assert. */
#ifndef CR_FUZZ_H
#define CR_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/** fuzz_assert() - unlike assert() also there with NDEBUG */
#define fuzz_assert(condition) do {					\
	if (!(condition)) {						\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,	\
			#condition);					\
		abort();						\
	}								\
} while (0)

#endif /* CR_FUZZ_H */
