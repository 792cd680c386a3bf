// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <string.h>

#include "directory/library.h"

const char *cr_library(void **handle, const char *file, const struct cr_function *f, size_t n)
{
	void *lib = *handle;

	if (lib)
		return NULL;
	lib = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return dlerror();
	for (size_t i = 0; i < n; i++) {
		void *at = dlsym(lib, f[i].name);

		if (!at)
			return dlerror();	/* and the library stays: the text may be in it */
		memcpy(f[i].to, &at, sizeof(at));
	}
	*handle = lib;
	return NULL;
}
