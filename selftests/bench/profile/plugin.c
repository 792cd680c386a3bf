// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A QEMU plugin (interface version 1) that counts how often each instruction of the guest's kernel
 * runs between two marks that a program in the guest sets (profile/mark.h). At the end mark it writes
 * "ADDRESS TIMES" lines to $CELLRELAY_PROFILE/N, N = 0, 1, ... Exact, and the guest notices nothing.
 *
 * No package has the interface's header, so what is used of it is declared here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "mark.h"

#define API __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*trans_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_fn)(unsigned int cpu, void *arg);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, trans_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_fn fn, int flags, void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_fn fn, int flags, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

API int qemu_plugin_version = 1;
API int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

#define KERNEL 0xffff000000000000ULL	/* addresses from here on are the kernel's */

/* A translated block: its instructions run one after the other. */
struct block {
	struct block *next;
	uint64_t times;
	size_t n;
	uint64_t at[];
};

static struct block *blocks;
static const char *folder;
static unsigned int written;
static bool counting;

static void ran(unsigned int cpu, void *arg)
{
	struct block *b = arg;

	(void)cpu;
	b->times += counting;
}

static void begin(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	for (struct block *b = blocks; b; b = b->next)
		b->times = 0;
	counting = true;
}

static void end(unsigned int cpu, void *arg)
{
	char path[4096];
	FILE *f;

	(void)cpu;
	(void)arg;
	counting = false;
	snprintf(path, sizeof(path), "%s/%u", folder, written++);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		return;
	}
	for (struct block *b = blocks; b; b = b->next)
		for (size_t i = 0; b->times && i < b->n; i++)
			fprintf(f, "%016llx %llu\n", (unsigned long long)b->at[i], (unsigned long long)b->times);
	if (fclose(f))
		perror(path);
}

static void marks(struct qemu_plugin_tb *tb, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(tb, i);
		int which = profile_is_mark(qemu_plugin_insn_data(in), qemu_plugin_insn_size(in));

		if (which)
			qemu_plugin_register_vcpu_insn_exec_cb(in, which == PROFILE_BEGIN ? begin : end, 0, NULL);
	}
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b;

	(void)id;
	if (qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) < KERNEL) {
		marks(tb, n);
		return;
	}
	b = calloc(1, sizeof(*b) + n * sizeof(b->at[0]));
	if (!b)
		abort();
	b->n = n;
	for (size_t i = 0; i < n; i++)
		b->at[i] = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, ran, 0, b);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	folder = getenv("CELLRELAY_PROFILE");
	if (!folder) {
		fputs("profile plugin: CELLRELAY_PROFILE names no folder\n", stderr);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
