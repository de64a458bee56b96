/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task.c - the seam between work and whoever runs it. */
#include "base/task.h"

#include <stdatomic.h>

const struct task task_null = { NULL, NULL, NULL, NULL };

bool task_keep_going(const struct task *t)
{
	return !t->keep_going || t->keep_going(t->ctx);
}

void task_progress(const struct task *t, uint64_t done, uint64_t total)
{
	if (t->progress)
		t->progress(t->ctx, done, total);
}

unsigned task_slots(const struct task *t)
{
	return pool_slots(t->pool);
}

bool task_chunks(const struct task *t, size_t n, pool_chunk_fn *fn, void *ctx)
{
	return pool_run(t->pool, n, fn, ctx, t->keep_going, t->ctx);
}

struct shown {
	const struct task *t;
	pool_chunk_fn *fn;
	void *ctx;
	size_t n;
	_Atomic size_t ended;
};

static void run_shown(void *ctx, size_t chunk, unsigned slot)
{
	struct shown *s = ctx;

	s->fn(s->ctx, chunk, slot);
	task_progress(s->t, atomic_fetch_add_explicit(&s->ended, 1, memory_order_relaxed) + 1, s->n);
}

bool task_chunks_shown(const struct task *t, size_t n, pool_chunk_fn *fn, void *ctx)
{
	struct shown s = { .t = t, .fn = fn, .ctx = ctx, .n = n };

	return task_chunks(t, n, run_shown, &s);
}

enum { PART_UNITS = 1000 };

static bool part_goes_on(void *ctx)
{
	return task_keep_going(((const struct task_part *)ctx)->whole);
}

static void part_progress(void *ctx, uint64_t done, uint64_t total)
{
	const struct task_part *p = ctx;
	uint64_t share = total ? PART_UNITS * (done < total ? done : total) / total : 0;

	task_progress(p->whole, p->at * PART_UNITS + share, p->n * PART_UNITS);
}

struct task task_of_part(struct task_part *p)
{
	return (struct task){ part_goes_on, part_progress, p, p->whole->pool };
}

bool task_cancelled(struct err *err)
{
	return err_set(err, ERR_CANCELLED, "cancelled");
}
