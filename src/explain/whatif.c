/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whatif.c - see whatif.h.
 *
 * DESIGN: a rank move needs the ranks of a handful of items in both lists, wherever these lie.  So both
 * histories score the whole catalogue once, a row of I floats each, and ranks are counted in the rows. */
#include "explain/whatif.h"

#include <string.h>

#include "base/mem.h"
#include "explain/catalogue.h"

/* --- The edited history -------------------------------------------------------- */

static uint32_t place_of(const struct edited_history *h, uint32_t item)
{
	for (uint32_t k = 0; k < h->n; k++)
		if (h->items[k] == item)
			return k;
	return h->n;
}

static bool history_room(struct edited_history *h, uint32_t cap, struct err *err)
{
	if (cap <= h->cap)
		return true;
	edited_history_done(h);
	h->items = mem_alloc(cap, sizeof(*h->items), err);
	h->x = h->items ? mem_alloc(cap, sizeof(*h->x), err) : NULL;
	if (!h->x) {
		edited_history_done(h);
		return false;
	}
	h->cap = cap;
	return true;
}

static bool apply(struct edited_history *h, const struct edit *e, struct err *err)
{
	uint32_t at = place_of(h, e->item);

	switch (e->kind) {
	case EDIT_ADD:
		if (at < h->n)
			return err_set(err, ERR_USAGE, "it is in the history already: ITEM=VALUE gives it another value");
		h->items[h->n] = e->item;
		h->x[h->n++] = e->value;
		return true;
	case EDIT_RATE:
		if (at == h->n)
			return err_set(err, ERR_USAGE, "it is not in the history: +ITEM adds it");
		h->x[at] = e->value;
		return true;
	case EDIT_REMOVE:
		break;
	}
	if (at == h->n)
		return err_set(err, ERR_USAGE, "it is not in the history, so it cannot be taken out");
	h->n--;
	memmove(h->items + at, h->items + at + 1, (h->n - at) * sizeof(*h->items));
	memmove(h->x + at, h->x + at + 1, (h->n - at) * sizeof(*h->x));
	return true;
}

bool history_edit(struct edited_history *out, const uint32_t *items, const float *x, uint32_t n,
		  const struct edit *edit, size_t n_edits, size_t *bad, struct err *err)
{
	if (!history_room(out, n + (uint32_t)n_edits + 1, err)) {
		*bad = n_edits;
		return false;
	}
	out->n = n;
	for (uint32_t k = 0; k < n; k++) {
		out->items[k] = items[k];
		out->x[k] = x ? x[k] : 1.0f;
	}
	for (*bad = 0; *bad < n_edits; ++*bad)
		if (!apply(out, &edit[*bad], err))
			return false;
	return true;
}

void edited_history_done(struct edited_history *h)
{
	mem_free(h->items);
	mem_free(h->x);
	*h = (struct edited_history){ 0 };
}

/* --- Two lists ------------------------------------------------------------------ */

static bool in_items(const uint32_t *items, uint32_t n, uint32_t item)
{
	for (uint32_t k = 0; k < n; k++)
		if (items[k] == item)
			return true;
	return false;
}

static bool compare_lists(struct whatif *w, const struct catalogue *before, const struct catalogue *after,
			  const struct query *given, const struct edited_history *edited, uint32_t k,
			  const struct task *task, struct err *err)
{
	float *score = mem_alloc(2 * (size_t)k, sizeof(*score), err);
	uint32_t *item = score ? mem_alloc(2 * (size_t)k, sizeof(*item), err) : NULL;
	uint32_t n = item ? catalogue_best(after, k, score, item) : 0, n_before = item ? catalogue_best(before, k, score + k, item + k) : 0;
	bool fine = item && (w->row = mem_alloc((size_t)n + 1, sizeof(*w->row), err)) &&
		    (w->gone = mem_alloc((size_t)n_before + 1, sizeof(*w->gone), err));

	for (uint32_t r = 0; fine && r < n; r++) {
		bool was_history = in_items(given->items, given->n, item[r]);

		w->row[w->n++] = (struct whatif_row){
			.item = item[r], .score = score[r], .rank = r + 1, .was = catalogue_rank(before, item[r]),
			.removed = was_history && !in_items(edited->items, edited->n, item[r]),
		};
		if (!task_keep_going(task))
			fine = task_cancelled(err);
	}
	for (uint32_t r = 0; fine && r < n_before; r++)
		if (!in_items(item, n, item[k + r]))
			w->gone[w->n_gone++] = (struct whatif_row){
				.item = item[k + r], .score = after->score[item[k + r]],
				.rank = catalogue_rank(after, item[k + r]), .was = r + 1,
			};
	mem_free(score);
	mem_free(item);
	return fine;
}

struct whatif *whatif_rank(const struct snapshot *s, uint32_t n_items, const struct query *given,
			   const struct edited_history *edited, const struct rank_options *o,
			   const struct task *task, struct err *err)
{
	const bool folds = model_folds_in(s->model);
	struct catalogue before = { 0 }, after = { 0 };
	struct query old = *given, new = *given;
	struct whatif *w = mem_zeroed(1, sizeof(*w), err);
	struct scratch scratch = { 0 };
	bool fine;

	if (!w)
		return NULL;
	w->method = folds ? "fold-in" : "exact";
	w->values_idle = !s->values;
	old.fold_in = new.fold_in = folds;
	new.items = edited->items;
	new.x = given->x ? edited->x : NULL;
	new.n = edited->n;
	fine = catalogue_score(&before, s, n_items, &old, o, &scratch, err) &&
	       (task_keep_going(task) || task_cancelled(err)) && catalogue_score(&after, s, n_items, &new, o, &scratch, err) &&
	       compare_lists(w, &before, &after, given, edited, o->k ? o->k : 1, task, err);
	catalogue_done(&before);
	catalogue_done(&after);
	scratch_done(&scratch);
	if (fine)
		return w;
	whatif_free(w);
	return NULL;
}

void whatif_free(struct whatif *w)
{
	if (!w)
		return;
	mem_free(w->row);
	mem_free(w->gone);
	mem_free(w);
}
