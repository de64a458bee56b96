/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scorer.c - one answer a question, the newest question wins, and nothing comes after it was dropped. */
#include "serve/scorer.h"

#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "model/registry.h"
#include "model_fixture.h"

enum { U = 80, I = 60, PER_USER = 20, K = 5 };

static struct fixture f;
static const struct snapshot *snap;
static struct message_queue *queue;

/* A model that takes as long as the test wants: popularity's work, behind a gate. */
static atomic_bool gate_shut;
static atomic_int at_gate; /* how often it was found shut */
static struct model_ops slow_ops;

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

static void shut_gate(void)
{
	atomic_store(&at_gate, 0);
	atomic_store(&gate_shut, true);
}

static bool slow_begin(const struct model *m, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	if (atomic_load(&gate_shut))
		atomic_fetch_add(&at_gate, 1);
	while (atomic_load(&gate_shut))
		nap();
	return popularity_ops.query_begin(m, q, B, s, err);
}

static const struct answer *wait_answer(struct message **keep)
{
	struct pollfd p = { .fd = message_queue_fd(queue), .events = POLLIN };

	*keep = NULL;
	while (!(*keep = message_queue_take(queue)))
		if (poll(&p, 1, 10000) <= 0)
			return NULL;
	return (*keep)->kind == MESSAGE_ANSWER ? (*keep)->payload : NULL;
}

static bool nothing_comes(int ms)
{
	struct pollfd p = { .fd = message_queue_fd(queue), .events = POLLIN };
	struct message *m;
	bool nothing;

	poll(&p, 1, ms);
	m = message_queue_take(queue);
	nothing = !m;
	message_free(m);
	return nothing;
}

static struct request request(enum pane pane, uint64_t serial, uint32_t user)
{
	return (struct request){ .pane = pane, .serial = serial, .snapshot = snap, .other = snap, .split = f.split, .user = user,
				 .item = 3, .k = K };
}

static void test_answers(struct scorer *s)
{
	struct request r = request(PANE_LIST, 1, 4);
	const struct answer *a;
	struct message *m;
	struct err err;
	bool right;

	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	right = a && a->pane == PANE_LIST && a->serial == 1 && !a->err.code && a->list.user == 4 && a->list.n == K;
	for (size_t i = 0; right && i < a->list.n; i++)
		right = !csr_has(&f.split->train_valid, 4, a->list.row[i].item) &&
			a->list.row[i].hit == csr_has(&f.split->test, 4, a->list.row[i].item) &&
			(!i || a->list.row[i].score <= a->list.row[i - 1].score);
	ok(right, "a list: the best unseen items, hits marked");
	message_free(m);

	r = request(PANE_WHY, 2, 4);
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	ok(a && a->pane == PANE_WHY && a->why.user == 4 && a->why.item == 3 && !isnan(a->why.score),
	   "an explanation");
	message_free(m);

	r = request(PANE_NEAREST, 3, 0);
	r.by = NEAREST_BEHAVIOUR;
	r.snapshot = NULL;
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	ok(a && a->pane == PANE_NEAREST && a->nearest.item == 3 && a->nearest.n == K && a->nearest.row[0].item != 3,
	   "nearest items without a model");
	message_free(m);

	r = request(PANE_USERS, 4, 0);
	r.key = ORDER_EVENTS;
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	ok(a && a->pane == PANE_USERS && a->order.n == U, "an order");
	message_free(m);

	r = request(PANE_LIST, 5, U + 9);
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	ok(a && a->serial == 5 && a->err.code == ERR_RANGE, "a question that has no answer is told why");
	message_free(m);

	r = request(PANE_LIST, 6, 1);
	r.snapshot = NULL;
	ok(!scorer_ask(s, &r, &err) && err.code == ERR_UNSUPPORTED, "no model, no list");
}

static struct edit *one_edit(enum edit_kind kind, uint32_t item)
{
	struct err err;
	struct edit *e = mem_must(mem_alloc(1, sizeof(*e), &err));

	*e = (struct edit){ kind, item, 1 };
	return e;
}

static void test_edits(struct scorer *s)
{
	struct request r = request(PANE_LIST, 50, 4);
	const struct answer *a;
	const uint32_t first = csr_row(&f.split->train, 4)[0];
	uint32_t best;
	struct message *m;
	struct err err;
	bool removed = false;

	r.k = I;
	r.edit = one_edit(EDIT_REMOVE, first);
	r.n_edits = 1;
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	for (size_t i = 0; a && i < a->list.n; i++)
		removed |= a->list.row[i].item == first && a->list.row[i].removed && !a->list.row[i].was;
	ok(a && a->list.edited && !strcmp(a->list.method, "exact") && removed, "an event that is removed is listed, so marked");
	best = a ? a->list.row[0].item : 0;
	message_free(m);

	r = request(PANE_WHY, 51, 4);
	r.item = best;
	r.edit = one_edit(EDIT_REMOVE, first);
	r.n_edits = 1;
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	removed = true;
	for (size_t i = 0; a && i < a->why.n_parts; i++)
		removed &= a->why.part[i].item != first;
	ok(a && a->why.rank == 1 && removed, "the explanation is of the edited history");
	message_free(m);

	r = request(PANE_LIST, 52, 4);
	r.edit = one_edit(EDIT_ADD, first);
	r.n_edits = 1;
	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	ok(a && a->err.code == ERR_USAGE, "an edit that cannot be is told: %s", a ? a->err.msg : "");
	message_free(m);
}

/* The search for a removal makes room for a list and is answered all the same. */
static void test_background(struct scorer *s)
{
	struct request r = request(PANE_LIST, 60, 4);
	const struct answer *a;
	uint32_t best;
	struct message *m;
	struct err err;

	scorer_ask(s, &r, &err);
	a = wait_answer(&m);
	best = a ? a->list.row[0].item : 0;
	message_free(m);
	shut_gate();
	r = request(PANE_REMOVAL, 61, 4);
	r.item = best;
	scorer_ask(s, &r, &err);
	while (!atomic_load(&at_gate))
		nap();
	r = request(PANE_LIST, 62, 5);
	scorer_ask(s, &r, &err);
	atomic_store(&gate_shut, false);
	a = wait_answer(&m);
	ok(a && a->pane == PANE_LIST && a->serial == 62, "a list comes before the removal that was asked first");
	message_free(m);
	a = wait_answer(&m);
	ok(a && a->pane == PANE_REMOVAL && a->serial == 61 && a->removal.ranked &&
	   !a->removal.found, "which is answered after it: popularity has none");
	message_free(m);
}

static void test_newest_wins(struct scorer *s)
{
	const struct answer *a;
	struct message *m;
	struct err err;

	shut_gate();
	for (uint64_t serial = 100; serial < 140; serial++) {
		struct request r = request(PANE_LIST, serial, (uint32_t)serial % U);

		scorer_ask(s, &r, &err);
	}
	atomic_store(&gate_shut, false);
	a = wait_answer(&m);
	ok(a && a->serial == 139, "of forty questions the newest is answered (%d)", a ? (int)a->serial : -1);
	message_free(m);
	ok(nothing_comes(100), "and no other");
}

static void test_drop(struct scorer *s)
{
	struct request r = request(PANE_LIST, 200, 2);
	struct err err;

	shut_gate();
	scorer_ask(s, &r, &err);
	while (!atomic_load(&at_gate))
		nap();
	scorer_drop(s, PANE_LIST);
	atomic_store(&gate_shut, false);
	ok(nothing_comes(150), "what was dropped in the middle of its work is never answered");
}

/* Takes the answer m off the questions that are open, and frees it. */
static void take_off(uint64_t newest[N_PANES], struct message *m)
{
	const struct answer *a = m && m->kind == MESSAGE_ANSWER ? m->payload : NULL;

	if (a && newest[a->pane] == a->serial)
		newest[a->pane] = 0;
	message_free(m);
}

/* Many threads' worth of questions, dropped and replaced at random, for the thread sanitizer. */
static void test_storm(struct scorer *s)
{
	struct rng rng = rng_stream(1, "storm", 0, 0);
	uint64_t newest[N_PANES] = { 0 }; /* asked and not yet answered */
	bool fine = true;
	struct message *m;
	struct err err;

	for (uint64_t serial = 1000; serial < 2000; serial++) {
		struct request r = request((enum pane)rng_below(&rng, N_PANES), serial, rng_below(&rng, U));

		r.by = NEAREST_BEHAVIOUR;
		scorer_ask(s, &r, &err);
		newest[r.pane] = serial;
		if (rng_below(&rng, 10) == 0) {
			enum pane p = (enum pane)rng_below(&rng, N_PANES);

			scorer_drop(s, p);
			newest[p] = 0;
			while ((m = message_queue_take(queue))) /* of any pane, answered before the drop: it comes once */
				take_off(newest, m);
		}
	}
	for (int p = 0; p < N_PANES; p++)
		while (fine && newest[p]) {
			fine = wait_answer(&m);
			take_off(newest, m);
		}
	ok(fine, "a storm of questions: each pane's newest is answered");
}

static bool count_down(void *ctx)
{
	return --*(int *)ctx > 0;
}

/* A run with item vectors. */
static const struct snapshot *with_vectors(void)
{
	struct params p;
	struct err err;

	params_init(&p, ials_ops.params);
	fixture_set(&p, "dim", "8");
	return snapshot_new(fixture_fit(&f, &ials_ops, &p, 2, &task_null, &err), "ials#1", 2, f.split, false, false, &err);
}

/* Every item once, by number, at some place. */
static void test_map(const struct snapshot *s)
{
	struct request r = request(PANE_MAP, 9, 5);
	struct answer *a;
	struct err err;

	for (int pane = PANE_MAP; pane <= PANE_LAYOUT; pane++) {
		bool fine;

		r.pane = (enum pane)pane;
		r.snapshot = s;
		a = scorer_answer_now(&r, &task_null, &err);
		fine = a && a->map.n == I && !strcmp(a->map.run, "ials#1") && isnan(a->map.share) == (pane == PANE_LAYOUT) &&
		       isnan(a->map.kl) == (pane == PANE_MAP);
		for (uint32_t i = 0; fine && i < I; i++)
			fine = a->map.item[i] == i && isfinite(a->map.xy[2 * i]) && isfinite(a->map.xy[2 * i + 1]);
		ok(fine, "a map of all items, %s", pane == PANE_MAP ? "by components" : "by neighbours");
		answer_free(a);
	}
	r.snapshot = snap;
	ok(!scorer_answer_now(&r, &task_null, &err) && err.code == ERR_UNSUPPORTED, "a run without item vectors has none");
}

static void test_alone(const struct snapshot *vectors)
{
	struct request r = request(PANE_WHY, 9, 5);
	unsigned failed = 0;
	bool fine = true;
	int left = 1;
	struct task stop = { .keep_going = count_down, .ctx = &left };
	struct answer *a;
	struct err err;

	for (int p = 0; p < N_PANES; p++) {
		r.pane = (enum pane)p;
		r.by = NEAREST_BEHAVIOUR;
		r.snapshot = p == PANE_MAP || p == PANE_LAYOUT ? vectors : snap;
		for (uint64_t at = 1;; at++) {
			mem_fail_at(at);
			a = scorer_answer_now(&r, &task_null, &err);
			mem_fail_at(0);
			if (a)
				break;
			fine = fine && err.code == ERR_NOMEM;
			failed++;
		}
		answer_free(a);
	}
	ok(fine && failed > 20, "without memory each pane says so (%u places)", failed);
	r.pane = PANE_LIST;
	r.snapshot = snap;
	a = scorer_answer_now(&r, &stop, &err);
	ok(!a && err.code == ERR_CANCELLED, "a list that is stopped ends as cancelled");
}

int main(void)
{
	struct params p;
	const struct snapshot *vectors;
	struct model *model;
	struct scorer *s;
	struct err err;

	fixture_make(&f, U, I, PER_USER, false);
	params_init(&p, popularity_ops.params);
	model = fixture_fit(&f, &popularity_ops, &p, 1, &task_null, &err);
	slow_ops = popularity_ops;
	slow_ops.query_begin = slow_begin;
	((struct model_base *)(void *)model)->ops = &slow_ops;
	snap = snapshot_new(model, "popularity#1", 1, f.split, false, false, &err);
	queue = message_queue_new(&err);
	s = scorer_new(queue, NULL, &err);
	test_answers(s);
	test_edits(s);
	test_background(s);
	test_newest_wins(s);
	test_drop(s);
	test_storm(s);
	scorer_free(s);
	vectors = with_vectors();
	test_map(vectors);
	test_alone(vectors);
	snapshot_unref(vectors);
	ok(snap->refs == 1, "every reference was given back");
	snapshot_unref(snap);
	message_queue_free(queue);
	fixture_done(&f);
	return done_testing();
}
