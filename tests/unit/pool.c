/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - every chunk once, slots never shared, runs side by side, pausing and stopping; and tasks on
 * top, whose results do not depend on the number of threads. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "base/task.h"
#include "tap.h"

#define THREADS 4
#define CHUNKS 2000

static struct err err;

static void nap(long microseconds)
{
	struct timespec t = { 0, microseconds * 1000 };

	nanosleep(&t, NULL);
}

struct work {
	atomic_uint times[CHUNKS];
	atomic_bool in_slot[THREADS];
	atomic_uint shared_slot, started, slots_used;
	long pause_us;
};

static void chunk(void *ctx, size_t i, unsigned slot)
{
	struct work *w = ctx;

	atomic_fetch_add(&w->started, 1);
	if (slot >= THREADS || atomic_exchange(&w->in_slot[slot], true))
		atomic_fetch_add(&w->shared_slot, 1);
	atomic_fetch_or(&w->slots_used, 1u << slot);
	atomic_fetch_add(&w->times[i], 1);
	if (w->pause_us)
		nap(w->pause_us);
	if (slot < THREADS)
		atomic_store(&w->in_slot[slot], false);
}

static bool each_once(struct work *w, size_t n)
{
	bool once = true;

	for (size_t i = 0; i < CHUNKS; i++)
		once &= w->times[i] == (i < n);
	return once;
}

static void all_once(struct pool *p)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 5, 100, CHUNKS };
	bool good = true;
	struct work *w = calloc(1, sizeof(*w));

	for (int again = 0; again < 20; again++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			memset(w, 0, sizeof(*w));
			good &= pool_run(p, sizes[i], chunk, w, NULL, NULL) && each_once(w, sizes[i]) && !w->shared_slot;
		}
	ok(good, "%u threads: every chunk runs once, no slot twice at a time", pool_slots(p));
	memset(w, 0, sizeof(*w));
	w->pause_us = 1000;
	pool_run(p, 40, chunk, w, NULL, NULL);
	ok(w->slots_used == (1u << pool_slots(p)) - 1, "all threads take part");
	free(w);
}

struct stopper {
	struct work *w;
	unsigned asked, stop_at, pause_at;
	unsigned before, after; /* chunks begun when the pause began (after those in work ended), and ended */
};

static bool between(void *ctx)
{
	struct stopper *s = ctx;

	s->asked++;
	if (s->asked == s->pause_at) {
		do { /* those in work end, however busy the machine */
			s->before = s->w->started;
			nap(20000);
		} while (s->w->started != s->before);
		nap(30000);
		s->after = s->w->started;
	}
	return s->asked != s->stop_at;
}

static void stops_and_pauses(struct pool *p)
{
	struct work *w = calloc(1, sizeof(*w));
	struct stopper s = { .w = w, .stop_at = 5 };
	bool at_most_once = true;
	unsigned begun;

	w->pause_us = 500;
	ok(!pool_run(p, CHUNKS, chunk, w, between, &s) && s.asked == 5, "a run stops when told to");
	begun = w->started;
	nap(5000);
	ok(w->started == begun && begun < CHUNKS / 2, "and nothing of it runs on (%u chunks)", begun);
	for (size_t i = 0; i < CHUNKS; i++)
		at_most_once &= w->times[i] <= 1;
	ok(at_most_once, "no chunk ran twice");

	memset(w, 0, sizeof(*w));
	w->pause_us = 500;
	s = (struct stopper){ .w = w, .pause_at = 3 };
	ok(pool_run(p, 200, chunk, w, between, &s) && each_once(w, 200), "a paused run goes on");
	ok(s.before == s.after && s.after < 200, "while it is held no helper takes a chunk of it");
	free(w);
}

struct other {
	struct pool *p;
	struct work work;
	bool good;
};

static void *other_caller(void *arg)
{
	struct other *o = arg;

	o->good = true;
	for (int i = 0; i < 50; i++) {
		memset(&o->work, 0, sizeof(o->work));
		o->good &= pool_run(o->p, 300, chunk, &o->work, NULL, NULL) && each_once(&o->work, 300) &&
			   !o->work.shared_slot;
	}
	return NULL;
}

static void several_callers(struct pool *p)
{
	struct other *o = calloc(3, sizeof(*o));
	pthread_t t[3];
	bool good = true;

	for (int i = 0; i < 3; i++) {
		o[i].p = p;
		pthread_create(&t[i], NULL, other_caller, &o[i]);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		good &= o[i].good;
	}
	ok(good, "three callers at a time: each gets all its chunks, once");
	free(o);
}

struct held {
	struct pool *p;
	atomic_bool inside, let_go;
	struct work work;
};

static bool hold(void *ctx)
{
	struct held *h = ctx;

	atomic_store(&h->inside, true);
	while (!atomic_load(&h->let_go))
		nap(1000);
	return true;
}

static void *held_caller(void *arg)
{
	struct held *h = arg;

	pool_run(h->p, 10, chunk, &h->work, hold, h);
	return NULL;
}

/* A paused training must not stand in the way of the screen's questions. */
static void held_run_is_passed(struct pool *p)
{
	struct held *h = calloc(1, sizeof(*h));
	struct work *w = calloc(1, sizeof(*w));
	pthread_t t;

	h->p = p;
	pthread_create(&t, NULL, held_caller, h);
	while (!atomic_load(&h->inside))
		nap(100);
	w->pause_us = 1000;
	pool_run(p, 40, chunk, w, NULL, NULL);
	ok(each_once(w, 40) && w->slots_used == (1u << pool_slots(p)) - 1, "helpers pass over a held run");
	ok(h->work.started == 0, "which waits");
	atomic_store(&h->let_go, true);
	pthread_join(t, NULL);
	ok(each_once(&h->work, 10), "and is done when let go");
	free(h);
	free(w);
}

struct nest {
	struct pool *p;
	atomic_uint sum;
};

static void inner(void *ctx, size_t i, unsigned slot)
{
	struct nest *n = ctx;

	(void)slot;
	atomic_fetch_add(&n->sum, (unsigned)i + 1);
}

static void outer(void *ctx, size_t i, unsigned slot)
{
	struct nest *n = ctx;

	(void)i;
	(void)slot;
	pool_run(n->p, 20, inner, n, NULL, NULL);
}

static void nested(struct pool *p)
{
	struct nest n = { .p = p };

	pool_run(p, 50, outer, &n, NULL, NULL);
	ok(n.sum == 50 * 210, "a chunk may itself run chunks");
}

/* Sums of random numbers: one stream a chunk, added up in chunk order. */
struct sums {
	double part[64];
};

static void draw_sum(void *ctx, size_t i, unsigned slot)
{
	struct sums *s = ctx;
	struct rng r = rng_stream(7, "test.sum", i, 0);
	double sum = 0;

	(void)slot;
	for (size_t n = 0; n < 1000 + i * 37; n++)
		sum += rng_normal(&r);
	s->part[i] = sum;
}

static double reduced(struct pool *p)
{
	struct task t = { .pool = p };
	struct sums s;
	double sum = 0;

	task_chunks(&t, 64, draw_sum, &s);
	for (int i = 0; i < 64; i++)
		sum += s.part[i];
	return sum;
}

static void deterministic(void)
{
	double alone = reduced(NULL);
	bool same = true;

	for (unsigned threads = 1; threads <= 7; threads++) {
		struct pool *p = pool_new(threads, &err);

		for (int again = 0; again < 5; again++) {
			double sum = reduced(p);

			same &= !memcmp(&sum, &alone, sizeof(sum));
		}
		pool_free(p);
	}
	ok(same, "the same bits from 1 to 7 threads and without a pool");
}

static bool count_to_three(void *ctx)
{
	return ++*(int *)ctx <= 3;
}

static void remember(void *ctx, uint64_t done, uint64_t total)
{
	*(int *)ctx = (int)(done * 100 + total);
}

static void count_chunk(void *ctx, size_t i, unsigned slot)
{
	(void)i;
	(void)slot;
	++*(int *)ctx;
}

static void tasks(void)
{
	int asked = 0, chunks = 0;
	struct task t = { .keep_going = count_to_three, .progress = remember, .ctx = &asked };

	ok(task_keep_going(&task_null) && task_slots(&task_null) == 1 && pool_slots(NULL) == 1,
	   "the null task never stops and has one slot");
	task_progress(&task_null, 1, 2);
	ok(task_chunks(&task_null, 5, count_chunk, &chunks) && chunks == 5, "its chunks run here");
	chunks = 0;
	ok(!task_chunks(&t, 10, count_chunk, &chunks) && chunks == 3, "a task is asked before each chunk");
	task_progress(&t, 4, 9);
	ok(asked == 409, "progress is passed on");
	ok(!task_cancelled(&err) && err.code == ERR_CANCELLED, "being cancelled is an error of its own");
}

int main(void)
{
	struct pool *p = pool_new(THREADS, &err), *one = pool_new(1, &err);

	ok(p && one && pool_slots(p) == THREADS && pool_slots(one) == 1, "pools are made");
	all_once(p);
	all_once(one);
	stops_and_pauses(p);
	several_callers(p);
	held_run_is_passed(p);
	nested(p);
	pool_free(one);
	pool_free(p);
	pool_free(NULL);
	deterministic();
	tasks();
	return done_testing();
}
