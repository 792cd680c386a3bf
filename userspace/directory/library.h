/* SPDX-License-Identifier: MIT */
/*
 * Shared libraries loaded when they are first needed. Of what few commands use,
 * libcurl stands for thirty more libraries and libloc for libcrypto: linked, they
 * would be nineteen twentieths of what starting any command costs.
 */
#ifndef CR_DIRECTORY_LIBRARY_H
#define CR_DIRECTORY_LIBRARY_H

#include <stddef.h>

/** struct cr_function - a function to find: its name, and the pointer that gets its address */
struct cr_function {
	const char *name;
	void *to;
};

/**
 * cr_library - load a library and find functions in it
 * @handle: NULL, or what an earlier call left here: then there is nothing to do
 * @file: name as the dynamic linker knows it, with the version of its interface
 * @f: the functions
 * @n: how many
 *
 * It stays loaded. Return: NULL, or what is wrong, as a text that lasts until the
 * next call of this thread.
 */
const char *cr_library(void **handle, const char *file, const struct cr_function *f, size_t n);

#endif
