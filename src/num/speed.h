/* SPDX-License-Identifier: GPL-3.0-or-later */
/* speed.h - how fast this machine does each kind of work of num/effort.h, measured with our own kernels.
 *
 * Each kind is run for some milliseconds by one thread and by all of the task's, a few times; the fastest counts.
 * A tenth of a second in all, or two.  WORKER, never the thread that draws; cancelled within 50 ms.
 */
#ifndef NUM_SPEED_H
#define NUM_SPEED_H

#include "base/err.h"
#include "base/task.h"
#include "num/effort.h"

struct speed { /* units a second, > 0 */
	double shared[EFFORT_KINDS], alone[EFFORT_KINDS];
};
bool speed_measure(struct speed *out, const struct task *t, struct err *err);
double speed_seconds(const struct speed *s, const struct effort *e);

#endif
