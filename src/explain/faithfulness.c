/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faithfulness.c - see faithfulness.h.
 *
 * DESIGN: a step of an order is a chunk: the score of one shorter history.  It depends on the order alone, so that
 * it does not matter which thread takes it. */
#include "explain/faithfulness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "explain/changed_history.h"

enum { ORDERS = 1 + FAITHFULNESS_ORDERS }; /* the explanation's own is the first */

struct deleting {
	const struct snapshot *s;
	struct query q;
	uint32_t item, steps;
	double whole;                                /* the score of the whole history */
	uint32_t first[ORDERS][FAITHFULNESS_STEPS];  /* places in the history, as they go */
	double drop[ORDERS][FAITHFULNESS_STEPS];
	struct changed_history less;
};

/* --- orders --------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	const struct explain_part *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static bool order_by_parts(struct deleting *d, const struct explanation *e, struct err *err)
{
	struct explain_part *part = mem_alloc(e->n_parts, sizeof(*part), err);

	if (!part)
		return false;
	memcpy(part, e->parts, e->n_parts * sizeof(*part));
	qsort(part, e->n_parts, sizeof(*part), by_value);
	for (uint32_t k = 0; k < d->steps; k++)
		d->first[0][k] = part[k].place;
	mem_free(part);
	return true;
}

static bool order_at_random(struct deleting *d, uint64_t seed, struct err *err)
{
	const uint32_t n = d->q.n;
	uint32_t *place = mem_alloc(n, sizeof(*place), err);

	for (uint32_t o = 1; place && o < ORDERS; o++) {
		struct rng r = rng_stream(seed, "explain.faithfulness", (uint64_t)d->q.user << 32 | d->item, o);

		for (uint32_t k = 0; k < n; k++)
			place[k] = k;
		for (uint32_t k = 0; k < d->steps; k++) { /* the first steps of a shuffle */
			uint32_t other = k + rng_below(&r, n - k);

			d->first[o][k] = place[other];
			place[other] = place[k];
		}
	}
	mem_free(place);
	return place != NULL;
}

/* --- deletions ------------------------------------------------------------------------------------------------ */

static void delete_some(void *ctx, size_t chunk, unsigned slot)
{
	struct deleting *d = ctx;
	struct changed_slot *mine = &d->less.slot[slot];
	const size_t order = chunk / d->steps, step = chunk % d->steps;
	struct query q = changed_without(&d->less, slot, 0, d->first[order], (uint32_t)step + 1);
	float score;

	if (model_score_one(d->s->model, &q, d->item, &mine->scratch, &score, &mine->err))
		d->drop[order][step] = d->whole - (double)score;
	else
		atomic_store(&d->less.failed, true);
}

static bool delete_all(struct deleting *d, const struct task *task, struct err *err)
{
	if (!task_chunks(task, (size_t)ORDERS * d->steps, delete_some, d))
		return task_cancelled(err);
	return changed_history_fine(&d->less, err);
}

/* --- the figures ---------------------------------------------------------------------------------------------- */

static double mean_drop(const struct deleting *d, uint32_t order)
{
	double sum = 0;

	for (uint32_t k = 0; k < d->steps; k++)
		sum += d->drop[order][k];
	return sum / d->steps;
}

static void tell(const struct deleting *d, struct faithfulness *out)
{
	double dropped = 0, rose = 0, random = 0, greatest;

	for (uint32_t o = 0; o < ORDERS; o++)
		for (uint32_t k = 0; k < d->steps; k++) {
			dropped = fmax(dropped, d->drop[o][k]);
			rose = fmax(rose, -d->drop[o][k]);
		}
	if (!(dropped > 0)) {
		out->why_not = "no deletion lowers the score";
		return;
	}
	greatest = fmax(dropped, rose);
	for (uint32_t o = 1; o < ORDERS; o++)
		random += mean_drop(d, o);
	out->value = mean_drop(d, 0) / greatest;
	out->random = random / FAITHFULNESS_ORDERS / greatest;
	out->steps = d->steps;
}

bool faithfulness_measure(const struct snapshot *s, const struct query *given, const struct explanation *e,
			  uint64_t seed, const struct task *task, struct faithfulness *out, struct err *err)
{
	struct deleting d = { .s = s, .q = *given, .item = e->item, .whole = e->score };
	bool fine;

	*out = (struct faithfulness){ .value = NAN, .random = NAN };
	if (given->n < FAITHFULNESS_LEAST)
		out->why_not = "a history under 3 events";
	else if (e->n_parts < given->n)
		out->why_not = "the score has no parts";
	if (out->why_not)
		return true;
	d.q.fold_in = given->fold_in || model_folds_in(s->model);
	d.steps = given->n < FAITHFULNESS_STEPS ? given->n : FAITHFULNESS_STEPS;
	fine = order_by_parts(&d, e, err) && order_at_random(&d, seed, err) &&
	       changed_history_init(&d.less, &d.q, 0, 1, task, err) && delete_all(&d, task, err);
	if (fine)
		tell(&d, out);
	changed_history_done(&d.less);
	return fine;
}
