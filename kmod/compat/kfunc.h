/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions for BPF programs. 6.1 knows neither the markers nor the flagged
 * kind of set that later kernels insist on; where a macro is missing, its older
 * equivalent stands in.
 */
#ifndef CR_COMPAT_KFUNC_H
#define CR_COMPAT_KFUNC_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>

#ifndef __bpf_kfunc
#define __bpf_kfunc __used noinline
#endif

/* Nothing in the kernel calls them, so nothing declares them. */
#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()						\
	__diag_push();								\
	__diag_ignore_all("-Wmissing-prototypes", "called by BPF programs only")
#define __bpf_kfunc_end_defs() __diag_pop()
#endif

#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif

#endif /* CR_COMPAT_KFUNC_H */
