/* SPDX-License-Identifier: GPL-3.0-or-later */
/* similar.c - nearest items by behaviour against cosines counted one by one, and by each model. */
#include "explain/near.h"
#include "explain/similar.h"

#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25, K = 7 };

static double cosine(const struct fixture *f, uint32_t i, uint32_t j)
{
	double both = 0, a = 0, b = 0;

	for (uint32_t u = 0; u < U; u++) {
		bool has_i = csr_has(&f->split->train, u, i), has_j = csr_has(&f->split->train, u, j);

		a += has_i;
		b += has_j;
		both += has_i && has_j;
	}
	return both > 0 ? both / sqrt(a * b) : 0;
}

/* In order, without the item, and nothing left out is nearer. */
static bool is_nearest(const struct similar_list *l, uint32_t item, const double likeness[I], uint32_t k)
{
	bool in_list[I] = { false }, right = true;
	uint32_t others = 0;

	for (uint32_t r = 0; r < l->n; r++) {
		right = right && l->item[r] != item && fabs((double)l->score[r] - likeness[l->item[r]]) < 1e-6 &&
			(!r || l->score[r] < l->score[r - 1] ||
			 (l->score[r] == l->score[r - 1] && l->item[r] > l->item[r - 1]));
		in_list[l->item[r]] = true;
	}
	for (uint32_t i = 0; i < I; i++) {
		if (i == item || in_list[i] || likeness[i] == 0)
			continue;
		others++;
		right = right && l->n == k && likeness[i] <= (double)l->score[l->n - 1] + 1e-6;
	}
	return right && (l->n == k || !others);
}

static void test_behaviour(const struct fixture *f, uint32_t k)
{
	struct similar_list l;
	struct err err;
	bool right = true;

	for (uint32_t item = 0; item < I; item++) {
		double likeness[I];

		for (uint32_t i = 0; i < I; i++)
			likeness[i] = cosine(f, item, i);
		fixture_must(similar_by_behaviour(f->split, item, k, &task_null, &l, &err), &err);
		right = right && is_nearest(&l, item, likeness, k);
		similar_list_done(&l);
	}
	ok(right, "by behaviour, %u nearest: cosines of the train columns", (unsigned)k);
}

static void test_model(const struct fixture *f, const struct model_ops *ops)
{
	struct params p;
	struct err err = { 0 };
	struct similar_list l = { 0 };
	struct snapshot *s;
	struct model *m;
	float row[I];
	double likeness[I];

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, "x#1", 1, f->split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	if (!ops->similar) {
		ok(!similar_by_model(s, I, 5, K, &l, &err) && err.code == ERR_UNSUPPORTED, "%s: %s", ops->name, err.msg);
	} else {
		fixture_must(ops->similar(m, 5, row, &err), &err);
		for (uint32_t i = 0; i < I; i++)
			likeness[i] = (double)row[i];
		ok(similar_by_model(s, I, 5, K, &l, &err) && is_nearest(&l, 5, likeness, K),
		   "%s: the nearest in the model's own terms", ops->name);
	}
	similar_list_done(&l);
	snapshot_unref(s);
}

static const struct snapshot *fit(const struct fixture *f, const char *name)
{
	struct params p;
	struct err err;
	const struct model_ops *ops = model_find(name, &err);
	struct model *m;
	struct snapshot *s;

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, "x#1", 1, f->split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	return s;
}

static bool is_score_of(const struct similar_list *l, uint32_t item, double value)
{
	for (uint32_t r = 0; r < l->n; r++)
		if (l->item[r] == item)
			return fabs((double)l->score[r] - value) < 1e-5;
	return value == 0 || isnan(value); /* those with nothing in common are in no list */
}

/* Items 2t and 2t + 1 have the tag t and, of every third of these pairs, "three"; some have none. */
static void give_tags(struct dataset *d)
{
	struct csr *tags = &d->item_tags;
	char name[16];
	struct err err;

	*tags = (struct csr){ .rows = I, .cols = I, .ptr = mem_alloc(I + 1, sizeof(*tags->ptr), &err),
			      .idx = mem_alloc(2 * I, sizeof(*tags->idx), &err) };
	fixture_must(tags->ptr && tags->idx, &err);
	strtab_intern(&d->tag_names, "three", 5, &err);
	for (int t = 1; t < I; t++)
		strtab_intern(&d->tag_names, name, (size_t)snprintf(name, sizeof(name), "tag %d", t), &err);
	tags->ptr[0] = 0;
	for (uint32_t i = 0; i < I; i++) {
		size_t at = tags->ptr[i];

		if (i % 6 < 2)
			tags->idx[at++] = 0;
		if (i < 40)
			tags->idx[at++] = 1 + i / 2;
		tags->ptr[i + 1] = at;
	}
}

/* Users counted one by one, the likenesses as the three lists tell them, parts that sum to the text's, tags in common. */
static void test_pairs(const struct fixture *f)
{
	const struct snapshot *s = fit(f, "item-knn"), *without = fit(f, "popularity");
	const struct item_text *t;
	struct similar_list by[3];
	struct near_pair p;
	struct err err;
	bool users = true, likeness = true, words = true, tags = true;

	give_tags(f->data);
	t = similar_text_of(f->data, &task_null, &err);
	fixture_must(t != NULL, &err);
	for (uint32_t a = 0; a < I; a += 7) {
		fixture_must(similar_by_model(s, I, a, I, &by[0], &err) &&
			     similar_by_behaviour(f->split, a, I, &task_null, &by[1], &err) &&
			     similar_by_text(t, a, I, &task_null, &by[2], &err), &err);
		for (uint32_t b = 0; b < I; b++) {
			uint32_t both = 0, n_a = 0, n_b = 0, wanted = (a % 6 < 2 && b % 6 < 2) + (a < 40 && b < 40 && a / 2 == b / 2);
			double sum = 0;

			if (a == b)
				continue;
			fixture_must(near_pair_make(s, f->split, t, a, b, &task_null, &p, &err), &err);
			for (uint32_t u = 0; u < U; u++) {
				bool has_a = csr_has(&f->split->train, u, a), has_b = csr_has(&f->split->train, u, b);

				both += has_a && has_b;
				n_a += has_a;
				n_b += has_b;
			}
			users = users && p.both == both && p.users[0] == n_a && p.users[1] == n_b &&
				fabs(p.by_chance - (double)n_a * n_b / U) < 1e-9;
			likeness = likeness && is_score_of(&by[0], b, p.model) && is_score_of(&by[1], b, p.behaviour) &&
				   is_score_of(&by[2], b, p.text);
			for (size_t k = 0; k < p.n_words; k++) {
				sum += (double)p.word[k].part;
				words = words && p.word[k].part > 0 && (!k || p.word[k].part <= p.word[k - 1].part) &&
					csr_has(&t->bag, a, p.word[k].word) && csr_has(&t->bag, b, p.word[k].word);
			}
			words = words && fabs(sum - p.text) < 1e-5 && (p.n_words > 0) == (p.text > 0);
			tags = tags && p.n_tags == wanted && (wanted < 2 || p.tag[1] == 0) &&
			       (!wanted || p.tag[0] == (a / 2 == b / 2 && a < 40 && b < 40 ? 1 + a / 2 : 0));
			near_pair_done(&p);
		}
		for (int k = 0; k < 3; k++)
			similar_list_done(&by[k]);
	}
	ok(users, "why two are near: who took both, against chance");
	ok(likeness, "how near by each, as the lists tell");
	ok(words, "words of both, whose parts sum to the likeness by text");
	ok(tags, "tags of both, the rarer first");
	fixture_must(near_pair_make(without, f->split, NULL, 1, 2, &task_null, &p, &err), &err);
	ok(isnan(p.model) && isnan(p.text) && !isnan(p.behaviour), "what there is not is told as none");
	near_pair_done(&p);
	item_text_unref(t);
	snapshot_unref(s);
	snapshot_unref(without);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

int main(void)
{
	struct fixture f;
	struct similar_list l;
	struct err err;
	const struct task cancelled = { .keep_going = never };

	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	test_behaviour(&f, K);
	test_behaviour(&f, 1000);
	ok(!similar_by_behaviour(f.split, 5, K, &cancelled, &l, &err) && err.code == ERR_CANCELLED && !l.item,
	   "it can be cancelled");
	for (size_t k = 0; model_registry[k]; k++)
		test_model(&f, model_registry[k]);
	test_pairs(&f);
	fixture_done(&f);
	return done_testing();
}
