/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task.c - chunks run once each, progress counts them, and a task that is told to stop stops. */
#include "base/task.h"

#include "tap.h"

enum { N = 50 };

struct seen {
	_Atomic unsigned runs[N];
	_Atomic uint64_t told, most, total;
	unsigned left;
};

static void chunk(void *ctx, size_t k, unsigned slot)
{
	(void)slot;
	((struct seen *)ctx)->runs[k]++;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct seen *s = ctx;

	s->told++;
	s->total = total;
	if (done > s->most)
		s->most = done;
}

static bool keep_going(void *ctx)
{
	struct seen *s = ctx;

	return s->left && s->left--;
}

static void test_shown(unsigned threads)
{
	struct err err;
	struct pool *pool = pool_new(threads, &err);
	struct seen s = { .left = 0 };
	const struct task t = { .progress = progress, .ctx = &s, .pool = pool };
	bool once = task_chunks_shown(&t, N, chunk, &s);

	for (int k = 0; k < N; k++)
		once = once && s.runs[k] == 1;
	ok(once && s.told == N && s.most == N && s.total == N, "%u threads: every chunk once, and told", threads);
	pool_free(pool);
}

int main(void)
{
	struct seen s = { .left = 5 };
	const struct task stops = { .keep_going = keep_going, .progress = progress, .ctx = &s };
	struct err err;

	test_shown(1);
	test_shown(3);
	ok(!task_chunks_shown(&stops, N, chunk, &s) && s.most < N && s.told == s.most, "stopped after %u chunks",
	   (unsigned)s.most);
	ok(task_chunks_shown(&task_null, N, chunk, &s), "a task that tells nobody");
	ok(!task_cancelled(&err) && err.code == ERR_CANCELLED, "cancelled is an error of its own");
	return done_testing();
}
