/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scorer.c - the thread behind the panes.
 *
 * DESIGN: the lock guards the slots.  A slot's `wanted` is the serial of its newest request; the work in
 * progress holds a copy of the request and compares its serial with `wanted` at every question of its task.
 * An answer is posted under the lock after a last comparison, so that a request replaced or dropped before
 * scorer_ask() or scorer_drop() returned is never answered after it. */
#include "serve/scorer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/thread.h"
#include "explain/similar.h"

struct slot {
	struct request waiting; /* holds references; valid while full */
	bool full;
	_Atomic uint64_t wanted; /* serial; 0: nothing */
};

struct scorer {
	struct message_queue *queue;
	struct pool *pool;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool closing; /* under the lock */
	_Atomic unsigned quick_waiting; /* slots that are full, background ones aside */
	struct slot slot[N_PANES];
	/* The scorer's thread alone: */
	const struct item_text *text;
	uint64_t text_data; /* whose it is */
};

/* The cheapest first, so that a long explanation never holds up a list. */
static const enum pane by_cost[N_PANES] = { PANE_USERS, PANE_ITEMS, PANE_LIST, PANE_BESIDE, PANE_NEAREST,
					    PANE_NEAREST_BEHAVIOUR, PANE_WHY, PANE_NEAREST_TEXT, PANE_NEAR,
					    PANE_BESIDE_WHY, PANE_MAP,
					    PANE_WHYNOT, PANE_FAITHFULNESS, PANE_REMOVAL, PANE_LAYOUT };

static bool is_background(enum pane pane)
{
	return pane == PANE_WHYNOT || pane == PANE_FAITHFULNESS || pane == PANE_REMOVAL || pane == PANE_LAYOUT;
}

void request_drop(struct request *r)
{
	mem_free(r->metric);
	mem_free(r->edit);
	if (r->given)
		given_history_done(r->given);
	mem_free(r->given);
}

static void request_done(struct request *r)
{
	snapshot_unref(r->snapshot);
	snapshot_unref(r->other);
	split_unref(r->split);
	request_drop(r);
}

static struct slot *next_slot(struct scorer *s)
{
	for (int i = 0; i < N_PANES; i++)
		if (s->slot[by_cost[i]].full)
			return &s->slot[by_cost[i]];
	return NULL;
}

struct asking {
	struct scorer *scorer;
	struct slot *slot;
	uint64_t serial;
	bool background;
};

/* Under the lock. */
static void set_full(struct scorer *s, struct slot *slot, bool full)
{
	if (slot->full != full && !is_background((enum pane)(slot - s->slot)))
		atomic_fetch_add_explicit(&s->quick_waiting, full ? 1u : -1u, memory_order_relaxed);
	slot->full = full;
}

static bool still_wanted(void *ctx)
{
	const struct asking *a = ctx;

	return atomic_load_explicit(&a->slot->wanted, memory_order_relaxed) == a->serial;
}

static bool goes_on(void *ctx)
{
	const struct asking *a = ctx;

	return still_wanted(ctx) &&
	       !(a->background && atomic_load_explicit(&a->scorer->quick_waiting, memory_order_relaxed));
}

static struct answer *answer_request(const struct request *r, const struct task *task)
{
	struct err err = { 0 }, none;
	struct answer *a = scorer_answer_now(r, task, &err);

	if (a || err.code == ERR_CANCELLED)
		return a;
	a = mem_must(mem_zeroed(1, sizeof(*a), &none)); /* small: the news that there is no answer */
	*a = (struct answer){ .pane = r->pane, .serial = r->serial, .data_id = r->split->data->id,
			      .split_id = r->split->id, .err = err };
	return a;
}

static void free_answer(void *a)
{
	answer_free(a);
}

static void post(struct scorer *s, struct answer *a)
{
	struct message *m = mem_must(calloc(1, sizeof(*m)));

	m->kind = MESSAGE_ANSWER;
	m->payload = a;
	m->payload_free = free_answer;
	message_queue_post(s->queue, m);
}

/* Failing to read them is told by the answer, which tries again. */
static void keep_text(struct scorer *s, struct request *r, const struct task *task)
{
	const struct dataset *d = r->split->data;
	struct err ignored;

	if ((r->pane != PANE_NEAREST_TEXT && r->pane != PANE_NEAR) || !dataset_has_text(d))
		return;
	if (!s->text || s->text_data != d->id) {
		item_text_unref(s->text);
		s->text = similar_text_of(d, task, &ignored);
		s->text_data = d->id;
	}
	r->text = s->text;
}

/* Under the lock on entry and on return. */
static void work(struct scorer *s, struct slot *slot)
{
	struct request r = slot->waiting;
	struct asking asking = { s, slot, r.serial, is_background(r.pane) };
	struct task task = { .keep_going = goes_on, .ctx = &asking, .pool = s->pool };
	struct answer *a;

	set_full(s, slot, false);
	pthread_mutex_unlock(&s->lock);
	keep_text(s, &r, &task);
	a = answer_request(&r, &task);
	pthread_mutex_lock(&s->lock);
	if (a && still_wanted(&asking) && !s->closing)
		post(s, a);
	else
		answer_free(a);
	if (!a && still_wanted(&asking) && !s->closing) { /* a quick one came first: once more after it */
		slot->waiting = r;
		set_full(s, slot, true);
	} else {
		request_done(&r);
	}
}

static void *scorer_main(void *opaque)
{
	struct scorer *s = opaque;

	pthread_mutex_lock(&s->lock);
	while (!s->closing) {
		struct slot *slot = next_slot(s);

		if (slot)
			work(s, slot);
		else
			pthread_cond_wait(&s->more, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct scorer *scorer_new(struct message_queue *q, struct pool *pool, struct err *err)
{
	struct scorer *s = mem_must(calloc(1, sizeof(*s)));

	s->queue = q;
	s->pool = pool;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	if (thread_start(&s->thread, "whyrec-score", scorer_main, s, err))
		return s;
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

/* Under the lock. */
static void empty_slot(struct scorer *s, struct slot *slot)
{
	if (slot->full)
		request_done(&slot->waiting);
	set_full(s, slot, false);
	atomic_store_explicit(&slot->wanted, 0, memory_order_relaxed);
}

bool scorer_ask(struct scorer *s, const struct request *r, struct err *err)
{
	struct slot *slot = &s->slot[r->pane];
	bool needs_model = r->pane == PANE_LIST || r->pane == PANE_WHY || r->pane == PANE_MAP ||
			   r->pane == PANE_BESIDE || r->pane == PANE_BESIDE_WHY || is_background(r->pane) ||
			   (r->pane == PANE_NEAREST && r->by == NEAREST_MODEL);

	if ((needs_model && !r->snapshot) || (r->pane == PANE_BESIDE && !r->other)) {
		struct request mine = *r;

		request_drop(&mine);
		return err_set(err, ERR_UNSUPPORTED, "no run can answer yet");
	}
	pthread_mutex_lock(&s->lock);
	empty_slot(s, slot);
	slot->waiting = *r;
	slot->waiting.snapshot = r->snapshot ? snapshot_ref(r->snapshot) : NULL;
	slot->waiting.other = r->other ? snapshot_ref(r->other) : NULL;
	slot->waiting.split = split_ref(r->split);
	set_full(s, slot, true);
	atomic_store_explicit(&slot->wanted, r->serial, memory_order_relaxed);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	return true;
}

void scorer_drop(struct scorer *s, enum pane pane)
{
	pthread_mutex_lock(&s->lock);
	empty_slot(s, &s->slot[pane]);
	pthread_mutex_unlock(&s->lock);
}

void scorer_free(struct scorer *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	for (int p = 0; p < N_PANES; p++)
		empty_slot(s, &s->slot[p]);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	item_text_unref(s->text);
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
