/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whatif.c - edits make the history they say; lists after them are what asking with that history gives. */
#include "explain/whatif.h"

#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 90, I = 60, PER_USER = 25, K = 10 };

static struct fixture f;
static uint64_t *barred;

static void test_edits(void)
{
	static const uint32_t items[] = { 5, 6, 7 };
	static const float x[] = { 1, 2, 3 };
	const struct edit edits[] = { { EDIT_REMOVE, 6, 1 }, { EDIT_ADD, 9, 4 }, { EDIT_RATE, 5, 2 }, { EDIT_ADD, 6, 1 } };
	const struct edit bad[] = { { EDIT_REMOVE, 5, 1 }, { EDIT_REMOVE, 5, 1 } }, twice[] = { { EDIT_ADD, 7, 1 } },
			  unrated[] = { { EDIT_RATE, 8, 1 } };
	struct edited_history h = { 0 };
	struct err err;
	size_t at;

	ok(history_edit(&h, items, x, 3, edits, 4, &at, &err) && h.n == 4, "edits are applied");
	ok(h.items[0] == 5 && h.items[1] == 7 && h.items[2] == 9 && h.items[3] == 6, "in order, added ones newest");
	ok(h.x[0] == 2 && h.x[1] == 3 && h.x[2] == 4 && h.x[3] == 1, "with their values");
	ok(history_edit(&h, items, NULL, 3, NULL, 0, &at, &err) && h.n == 3 && h.x[2] == 1, "none leaves it as it is");
	ok(!history_edit(&h, items, x, 3, bad, 2, &at, &err) && at == 1 && err.code == ERR_USAGE, "twice removed: %s",
	   err.msg);
	ok(!history_edit(&h, items, x, 3, twice, 1, &at, &err) && at == 0, "added though there: %s", err.msg);
	ok(!history_edit(&h, items, x, 3, unrated, 1, &at, &err), "rated though not there: %s", err.msg);
	edited_history_done(&h);
}

static const struct snapshot *fit(const struct model_ops *ops)
{
	return fixture_snapshot(&f, ops, 3);
}

static bool one_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = *(const struct query *)ctx;
	return true;
}

/* The list that the ordinary road gives. */
static uint32_t list_of(const struct snapshot *s, const struct query *q, uint32_t k, uint32_t *item, float *score)
{
	const struct rank_options o = { .k = k, .barred = barred };
	struct ranked_lists l;
	struct query copy = *q;
	struct err err;
	uint32_t n;

	fixture_must(rank_lists(s->model, I, one_query, &copy, 1, &o, &task_null, &l, &err), &err);
	n = l.count[0];
	memcpy(item, l.item, n * sizeof(*item));
	memcpy(score, l.score, n * sizeof(*score));
	ranked_lists_done(&l);
	return n;
}

static uint32_t place(const uint32_t *list, uint32_t n, uint32_t item)
{
	for (uint32_t r = 0; r < n; r++)
		if (list[r] == item)
			return r + 1;
	return 0;
}

static void test_model(const struct model_ops *ops)
{
	const struct snapshot *s = fit(ops);
	const struct rank_options o = { .k = K, .barred = barred };
	const bool folds = model_folds_in(s->model);
	struct history_buf buf = { 0 };
	struct edited_history h = { 0 };
	struct query given, edited;
	uint32_t before[I], after[I], n_before, n_after;
	float was[I], now[I];
	struct edit edits[2];
	struct whatif *w;
	struct err err;
	bool same = true, moves = true, gone = true;
	size_t at;

	fixture_must(history_query(s, f.split, U - 1, false, &buf, &given, &err), &err);
	given.fold_in = folds;
	n_before = list_of(s, &given, I, before, was);
	edits[0] = (struct edit){ EDIT_REMOVE, given.items[given.n / 2], 1 };
	edits[1] = (struct edit){ EDIT_ADD, before[0], 1 };
	fixture_must(history_edit(&h, given.items, given.x, given.n, edits, 2, &at, &err), &err);
	edited = (struct query){ .items = h.items, .n = h.n, .user = given.user, .fold_in = folds };
	n_after = list_of(s, &edited, I, after, now);
	given.fold_in = false;
	w = whatif_rank(s, I, &given, &h, &o, &task_null, &err);
	fixture_must(w != NULL, &err);
	for (size_t r = 0; r < w->n; r++) {
		same &= w->row[r].item == after[r] && w->row[r].score == now[r] && w->row[r].rank == r + 1;
		moves &= w->row[r].was == place(before, n_before, after[r]);
		moves &= w->row[r].removed == (after[r] == edits[0].item);
	}
	for (size_t r = 0; r < w->n_gone; r++) {
		gone &= w->gone[r].was == place(before, n_before, w->gone[r].item) && w->gone[r].was <= K;
		gone &= w->gone[r].rank == place(after, n_after, w->gone[r].item) &&
			(w->gone[r].rank == 0 || w->gone[r].rank > K);
	}
	ok(w->n == (n_after < K ? n_after : K) && same, "%s: the list is what that history gets, to the bit", ops->name);
	ok(moves && place(after, n_after, edits[0].item), "%s: ranks before; what was removed is a candidate again", ops->name);
	ok(gone && w->n_gone >= 1 && w->gone[0].item == before[0] && w->gone[0].rank == 0,
	   "%s: what is gone, with the item that was added", ops->name);
	ok(!strcmp(w->method, folds ? "fold-in" : "exact") && w->values_idle, "%s: says how", ops->name);
	whatif_free(w);
	edited_history_done(&h);
	history_buf_done(&buf);
	snapshot_unref(s);
}

int main(void)
{
	struct err err;
	uint32_t n;

	linalg_init(); /* OpenBLAS on one thread, as everywhere */
	fixture_make(&f, U, I, PER_USER, false);
	fixture_must(rank_barred(f.split, false, &barred, &n, &err), &err);
	test_edits();
	test_model(&popularity_ops);
	test_model(&item_knn_ops);
	test_model(&ease_ops);
	test_model(&ials_ops);
	test_model(&bpr_ops);
	test_model(&sasrec_ops);
	test_model(&towers_ops);
	mem_free(barred);
	fixture_done(&f);
	return done_testing();
}
