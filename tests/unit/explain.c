/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - exact parts sum to the score; left-out parts are what the score loses; ranks are the list's. */
#include "explain/explain.h"

#include "base/pool.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25 };

static struct fixture f;
static uint64_t *barred;

static const struct snapshot *fit(const struct model_ops *ops)
{
	return fixture_snapshot(&f, ops, 3);
}

static struct explanation *explain(const struct snapshot *s, const struct query *q, uint32_t item, size_t k,
				   const struct task *t)
{
	const struct rank_options o = { .k = 10, .barred = barred };
	struct err err;
	struct explanation *e = explain_item(s, f.split, q, item, k, &o, t, &err);

	fixture_must(e != NULL, &err);
	return e;
}

static bool has(const struct query *q, uint32_t item)
{
	for (uint32_t k = 0; k < q->n; k++)
		if (q->items[k] == item)
			return true;
	return false;
}

static float score(const struct snapshot *s, const struct query *q, uint32_t item)
{
	struct scratch scratch = { 0 };
	struct err err;
	float out;

	fixture_must(model_score_one(s->model, q, item, &scratch, &out, &err), &err);
	scratch_done(&scratch);
	return out;
}

/* 1 + the candidates that the list puts before the item. */
static uint32_t rank_in_list(const struct snapshot *s, const struct query *q, uint32_t item)
{
	struct scratch scratch = { 0 };
	struct err err;
	float all[I];
	uint32_t rank = 1;

	fixture_must(model_score_all(s->model, q, &scratch, all, I, &err), &err);
	for (uint32_t i = 0; i < I; i++)
		if (i != item && !has(q, i) && f.split->item_train[i] &&
		    (all[i] > all[item] || (all[i] == all[item] && i < item)))
			rank++;
	scratch_done(&scratch);
	return rank;
}

static bool in_order(const struct explanation *e)
{
	for (size_t k = 1; k < e->n_parts; k++)
		if (fabsf(e->parts[k].value) > fabsf(e->parts[k - 1].value))
			return false;
	return true;
}

static bool sums(const struct explanation *e)
{
	double sum = e->base + e->rest, size = fabs(sum);

	for (size_t k = 0; k < e->n_parts; k++) {
		sum += (double)e->parts[k].value;
		size += fabs((double)e->parts[k].value);
	}
	return fabs(sum - e->score) <= 1e-4 * size;
}

/* Each part against the score of a history that is written without the event. */
static bool is_what_is_lost(const struct snapshot *s, const struct query *given, const struct explanation *e)
{
	bool right = e->n_parts == given->n && isnan(e->base) && isnan(e->rest);

	for (size_t p = 0; right && p < e->n_parts; p++) {
		uint32_t items[PER_USER], n = 0;
		struct query without = { .items = items, .user = given->user,
					 .fold_in = model_folds_in(s->model) };

		for (uint32_t k = 0; k < given->n; k++)
			if (given->items[k] != e->parts[p].item)
				items[n++] = given->items[k];
		without.n = n;
		right = n == given->n - 1 &&
			e->parts[p].value == (float)(e->score - (double)score(s, &without, e->item));
	}
	return right;
}

static void test_parts(const struct snapshot *s)
{
	bool right = true, ranks = true, rest = true;

	for (uint32_t u = 4; u < U; u += 9) {
		struct query q = fixture_query(&f, u), folded;
		uint32_t item = (u * 7) % I;
		struct explanation *e, *few;

		q.user = u;
		folded = q;
		folded.fold_in = model_folds_in(s->model);
		e = explain(s, &q, item, SIZE_MAX, &task_null);
		few = explain(s, &q, item, 2, &task_null);
		right = right && in_order(e) && e->user == u && e->item == item &&
			e->score == (double)score(s, &folded, item);
		if (s->ops->contributions)
			right = right && !strcmp(e->method, "exact") && sums(e) && e->rest == 0;
		else
			right = right && !strcmp(e->method, "leave-one-out") && is_what_is_lost(s, &q, e);
		rest = rest && few->n_parts <= 2 && (s->ops->contributions ? sums(few) : isnan(few->rest));
		if (has(&q, item))
			ranks = ranks && !e->rank && !strcmp(e->why_no_rank, "in the history");
		else if (!f.split->item_train[item])
			ranks = ranks && !e->rank && !strcmp(e->why_no_rank, "no train events");
		else
			ranks = ranks && e->rank == rank_in_list(s, &q, item) && !e->why_no_rank;
		if (model_folds_in(s->model))
			right = right && e->trained_score == (double)score(s, &q, item);
		else
			right = right && isnan(e->trained_score);
		explanation_free(e);
		explanation_free(few);
	}
	ok(right, "%s: parts are what they should be, strongest first", s->ops->name);
	ok(rest, "%s: beyond k there is the rest", s->ops->name);
	ok(ranks, "%s: the rank is that of the list", s->ops->name);
}

static void test_threads(const struct snapshot *s, struct pool *two)
{
	const struct task t = { .pool = two };
	struct query q = fixture_query(&f, U - 1);
	struct explanation *a = explain(s, &q, 3, SIZE_MAX, &task_null), *b = explain(s, &q, 3, SIZE_MAX, &t);

	bool same = a->n_parts == b->n_parts;

	for (size_t k = 0; same && k < a->n_parts; k++)
		same = a->parts[k].item == b->parts[k].item && a->parts[k].value == b->parts[k].value &&
		       a->parts[k].attention == b->parts[k].attention;
	ok(same, "%s: the same bits on two threads", s->ops->name);
	explanation_free(a);
	explanation_free(b);
}

/* By content, cut to the strongest three: base + parts + rest = score, where the model says so; or a refusal that
 * names who can. */
static void test_content(const struct snapshot *s)
{
	struct query q = fixture_query(&f, U - 1);
	struct rank_options o = { .k = 3 };
	struct err err = { 0 };
	struct explanation *e = explain_content(s, f.split, &q, 3, 3, &o, &task_null, &err);
	double sum;
	bool named = true;

	if (!s->ops->content) {
		ok(!e && err.code == ERR_UNSUPPORTED && strstr(err.msg, "word2vec"), "%s: %s", s->ops->name, err.msg);
		return;
	}
	fixture_must(e != NULL, &err);
	sum = e->base + e->rest;
	for (size_t k = 0; k < e->n_parts; k++) {
		sum += (double)e->parts[k].value;
		named = named && e->parts[k].item == NO_ITEM && e->parts[k].kind && e->parts[k].name;
	}
	ok(e->by_content && named && e->n_parts == 3 && e->n_more > 0, "%s: by content, the strongest are named",
	   s->ops->name);
	ok(strcmp(e->method, "exact") || fabs(sum - e->score) < 1e-5, "%s: and sum to the score (%.1e)", s->ops->name,
	   fabs(sum - e->score));
	explanation_free(e);
}

static void test_ends(const struct snapshot *s)
{
	struct query nobody = { .user = NO_USER }, q = fixture_query(&f, 44);
	const struct rank_options o = { .k = 10, .barred = barred };
	struct explanation *e = explain(s, &nobody, 3, SIZE_MAX, &task_null);
	struct err err;
	size_t held = mem_bytes_now();
	bool fine = true;
	unsigned n;

	ok(e->n_parts == 0 && isfinite(e->score), "%s: an empty history has no parts", s->ops->name);
	explanation_free(e);
	held = mem_bytes_now();
	e = NULL;
	for (n = 1; n < 200 && !e; n++) {
		err = (struct err){ 0 };
		mem_fail_at(n);
		e = explain_item(s, f.split, &q, 3, 5, &o, &task_null, &err);
		mem_fail_at(0);
		fine = fine && (e || (err.code == ERR_NOMEM && mem_bytes_now() == held));
	}
	explanation_free(e);
	ok(fine && n > 2 && mem_bytes_now() == held, "%s: out of memory is told, nothing leaks", s->ops->name);
}

/* What is too old to be read gets neither a part nor attention; the rest shares all of the attention. */
static void test_attention(void)
{
	enum { READ = 8 };
	struct params p;
	struct err err;
	struct model *m;
	const struct snapshot *s;
	struct query q = fixture_query(&f, U - 1);
	struct explanation *e;
	double sum = 0;
	bool right = true;

	params_init(&p, sasrec_ops.params);
	fixture_set(&p, "dim", "8");
	fixture_set(&p, "max-len", "8");
	m = fixture_fit(&f, &sasrec_ops, &p, 3, &task_null, &err);
	s = m ? snapshot_new(m, "test#1", 1, f.split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	e = explain(s, &q, 0, SIZE_MAX, &task_null);
	for (size_t k = 0; k < e->n_parts; k++) {
		uint32_t at = 0;

		while (q.items[at] != e->parts[k].item)
			at++;
		sum += (double)e->parts[k].attention;
		right = right && (at < q.n - READ) == (e->parts[k].attention == 0) &&
			(at >= q.n - READ || e->parts[k].value == 0);
	}
	ok(right && e->has_attention && q.n > READ && e->n_unread == q.n - READ && fabs(sum - 1) < 1e-5,
	   "attention is shared by the %d newest of %u events (%.6f)", READ, (unsigned)q.n, sum);
	explanation_free(e);
	snapshot_unref(s);
	s = fit(model_find("ease", &err));
	e = explain(s, &q, 0, SIZE_MAX, &task_null);
	ok(!e->has_attention && !e->n_unread, "other models have none and read all");
	explanation_free(e);
	snapshot_unref(s);
}

static void test_barred(void)
{
	struct err err;
	const struct snapshot *s = fit(model_find("ease", &err));
	struct query q = fixture_query(&f, 50);
	uint32_t item = 0;
	struct explanation *e;

	while (has(&q, item))
		item++;
	barred[item / 64] |= (uint64_t)1 << item % 64;
	e = explain(s, &q, item, SIZE_MAX, &task_null);
	ok(!e->rank && e->why_no_rank && !strcmp(e->why_no_rank, "no train events") && sums(e),
	   "an item that is no candidate has no rank, and is explained");
	explanation_free(e);
	barred[item / 64] ^= (uint64_t)1 << item % 64;
	snapshot_unref(s);
}

static void test_neighbours(void)
{
	struct err err;
	const struct snapshot *s = fit(model_find("user-knn", &err));
	struct query q = fixture_query(&f, 50);
	struct explanation *e;
	double sum = 0;
	bool right = true;

	q.user = 50;
	e = explain(s, &q, 0, SIZE_MAX, &task_null);
	for (size_t k = 0; k < e->n_neighbours; k++) {
		right = right && csr_has(&f.split->train, e->neighbours[k].who, 0) && e->neighbours[k].who != 50 &&
			(!k || e->neighbours[k].weight <= e->neighbours[k - 1].weight);
		sum += (double)e->neighbours[k].weight;
	}
	ok(right && e->n_neighbours > 0 && sum <= e->score * (1 + 1e-5), "user-knn: %zu neighbours by weight",
	   e->n_neighbours);
	explanation_free(e);
	snapshot_unref(s);
}

int main(void)
{
	struct err err;
	struct pool *two;
	uint32_t candidates;

	linalg_init();
	two = pool_new(2, &err);
	fixture_make(&f, U, I, PER_USER, false);
	fixture_must(rank_barred(f.split, false, &barred, &candidates, &err), &err);
	for (size_t k = 0; model_registry[k]; k++) {
		const struct snapshot *s = fit(model_registry[k]);

		test_parts(s);
		test_threads(s, two);
		test_ends(s);
		test_content(s);
		snapshot_unref(s);
	}
	test_neighbours();
	test_attention();
	test_barred();
	mem_free(barred);
	fixture_done(&f);
	pool_free(two);
	return done_testing();
}
