/* SPDX-License-Identifier: GPL-2.0 */
/* What the module as a whole knows about itself. */
#ifndef CR_MAIN_H
#define CR_MAIN_H

#include <linux/types.h>
#include <linux/workqueue.h>

#define CR_VERSION	"0.1.0"

/* The module's workqueue: everything that softirqs leave to process context. */
extern struct workqueue_struct *cr_wq;

#endif /* CR_MAIN_H */
