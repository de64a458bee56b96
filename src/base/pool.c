/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - sharing out chunks.
 *
 * DESIGN: one lock guards everything here.  A chunk is a millisecond of work and more, so taking one
 * under a lock costs nothing that can be measured, and there is no clever case to get wrong.
 *
 * A run lives on its caller's stack.  It is in the list while chunks of it may be taken; helpers join
 * the first run there that is not held.  A run leaves the list when its last chunk is taken or it is
 * stopped, and its caller returns when the chunks in work have ended, so no helper sees it after that.
 * Its caller holds it while asking between(): a paused job blocks there, and its helpers must pause too.
 *
 * Everybody takes chunks of one run from the same counter.  A caller never waits for a chunk that
 * nobody has begun, so a chunk may itself call pool_run(). */
#include "base/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/thread.h"

struct run {
	struct run *next; /* later run in the list */
	pool_chunk_fn *fn;
	void *ctx;
	size_t n, taken;
	unsigned working;    /* helpers inside a chunk */
	bool held, listed;
	pthread_cond_t idle; /* working has become 0 */
};

struct helper {
	struct pool *pool;
	unsigned slot;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t more;    /* a run was listed or let go, or closing */
	struct run *first;
	unsigned asleep;        /* helpers waiting for `more` */
	bool closing;
	unsigned n_helpers;
	struct helper helper[];
};

static void list_add(struct pool *p, struct run *r)
{
	struct run **at = &p->first;

	while (*at)
		at = &(*at)->next;
	*at = r;
	r->listed = true;
}

static void list_remove(struct pool *p, struct run *r)
{
	struct run **at = &p->first;

	if (!r->listed)
		return;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->listed = false;
}

/* Under the lock, from here to helper_main(). */
static size_t take(struct pool *p, struct run *r)
{
	size_t chunk = r->taken++;

	if (r->taken == r->n)
		list_remove(p, r);
	return chunk;
}

static struct run *open_run(const struct pool *p)
{
	struct run *r = p->first;

	while (r && r->held)
		r = r->next;
	return r;
}

static void wake(struct pool *p, size_t chunks)
{
	if (!p->asleep || !chunks)
		return;
	if (chunks == 1)
		pthread_cond_signal(&p->more);
	else
		pthread_cond_broadcast(&p->more);
}

static void *helper_main(void *opaque)
{
	struct helper *h = opaque;
	struct pool *p = h->pool;

	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		struct run *r = open_run(p);
		size_t chunk;

		if (!r) {
			p->asleep++;
			pthread_cond_wait(&p->more, &p->lock);
			p->asleep--;
			continue;
		}
		chunk = take(p, r);
		r->working++;
		pthread_mutex_unlock(&p->lock);
		r->fn(r->ctx, chunk, h->slot);
		pthread_mutex_lock(&p->lock);
		if (!--r->working && !r->listed)
			pthread_cond_signal(&r->idle);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *pool_new(unsigned threads, struct err *err)
{
	unsigned helpers = threads > 1 ? threads - 1 : 0;
	struct pool *p = mem_must(calloc(1, sizeof(*p) + helpers * sizeof(p->helper[0])));

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	for (unsigned i = 0; i < helpers; i++) {
		struct helper *h = &p->helper[i];

		h->pool = p;
		h->slot = i + 1;
		if (!thread_start(&h->thread, "whyrec-pool", helper_main, h, err)) {
			pool_free(p);
			return NULL;
		}
		p->n_helpers++;
	}
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_helpers; i++)
		pthread_join(p->helper[i].thread, NULL);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

unsigned pool_slots(const struct pool *p)
{
	return p ? p->n_helpers + 1 : 1;
}

static bool run_alone(size_t n, pool_chunk_fn *fn, void *ctx, bool (*between)(void *ctx), void *between_ctx)
{
	for (size_t i = 0; i < n; i++) {
		if (between && !between(between_ctx))
			return false;
		fn(ctx, i, 0);
	}
	return true;
}

/* Asks with the run held and the lock let go. */
static bool ask(struct pool *p, struct run *r, bool (*between)(void *ctx), void *between_ctx)
{
	bool go_on;

	if (!between)
		return true;
	r->held = true;
	pthread_mutex_unlock(&p->lock);
	go_on = between(between_ctx);
	pthread_mutex_lock(&p->lock);
	r->held = false;
	return go_on;
}

bool pool_run(struct pool *p, size_t n, pool_chunk_fn *fn, void *ctx, bool (*between)(void *ctx),
	      void *between_ctx)
{
	struct run r = { .fn = fn, .ctx = ctx, .n = n };
	bool go_on = true;

	if (!p || !p->n_helpers || n <= 1)
		return run_alone(n, fn, ctx, between, between_ctx);
	pthread_cond_init(&r.idle, NULL);
	pthread_mutex_lock(&p->lock);
	list_add(p, &r);
	while (r.taken < n && (go_on = ask(p, &r, between, between_ctx))) {
		/* While it was held helpers may have gone to sleep, and at first they all are. */
		size_t chunk = take(p, &r);

		wake(p, n - r.taken);
		pthread_mutex_unlock(&p->lock);
		fn(ctx, chunk, 0);
		pthread_mutex_lock(&p->lock);
	}
	list_remove(p, &r);
	while (r.working)
		pthread_cond_wait(&r.idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
	pthread_cond_destroy(&r.idle);
	return go_on;
}
