/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task.h - what a function that may run over 5 ms is given: a way to be stopped, a way to tell how far
 * it is, and threads to share its work.
 *
 * job/ implements it, tests pass &task_null.  The functions below accept callbacks that are NULL.
 * DESIGN: this is the one seam for scale.  Work is a list of chunks whose cut depends on the data alone,
 * a function, and a reduction in chunk order; threads take the chunks today, ranks could later.
 */
#ifndef BASE_TASK_H
#define BASE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

struct task {
	bool (*keep_going)(void *ctx); /* WORKER that owns the task; may block while paused */
	void (*progress)(void *ctx, uint64_t done, uint64_t total); /* latest wins; ANY */
	void *ctx;
	struct pool *pool; /* NULL: the calling thread alone; borrowed */
};

extern const struct task task_null; /* never stops, tells nobody, one thread */

bool task_keep_going(const struct task *t); /* at least every 50 ms of work */
void task_progress(const struct task *t, uint64_t done, uint64_t total);
unsigned task_slots(const struct task *t);
/* fn on chunks 0..n-1 (each well under 50 ms); false when cancelled. */
bool task_chunks(const struct task *t, size_t n, pool_chunk_fn *fn, void *ctx);
/* The same, and tells the progress: how many of the n chunks have ended. */
bool task_chunks_shown(const struct task *t, size_t n, pool_chunk_fn *fn, void *ctx);
/* One of n parts of a task: stopped with the whole, its progress told as a share of the whole's.  `at`, and n, may
 * be set anew between parts. */
struct task_part {
	const struct task *whole;
	uint64_t at, n;
};
struct task task_of_part(struct task_part *p); /* borrows p and its whole */

/* Sets *err to ERR_CANCELLED and returns false. */
bool task_cancelled(struct err *err);

#endif
