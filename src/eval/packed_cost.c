/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_cost.c - see packed_cost.h. */
#include "eval/packed_cost.h"

#include <math.h>

#include "base/clock.h"

/* In turn, the best of each counts, so that what else the machine does tells less: at least LEAST_ROUNDS, more
 * where they are short, and no second one where the first was long. */
enum { LEAST_ROUNDS = 2, MOST_ROUNDS = 20 };
#define SHORT_SECONDS 0.5
#define LONG_SECONDS 5.0

static bool measure(const struct snapshot *s, const struct split *split, bool on_valid, const struct task *task,
		    struct packed_cost_side *side, struct err *err)
{
	struct eval_quick got;

	if (!eval_quick(s, split, on_valid, METRIC_NDCG, 10, task, &got, err))
		return false;
	if (side->got.n_users)
		got.users_per_second = fmax(got.users_per_second, side->got.users_per_second);
	side->got = got;
	return true;
}

bool packed_cost_measure(const struct snapshot *whole, const struct snapshot *packed, const struct split *split,
			 const struct task *task, struct packed_cost *out, struct err *err)
{
	bool on_valid = split->n_valid > 0 && !whole->refit;
	double began = clock_now();

	*out = (struct packed_cost){
		.whole = { whole->precision, whole->ops->held(whole->model), { .value = NAN } },
		.packed = { packed->precision, packed->ops->held(packed->model), { .value = NAN } },
	};
	if (whole->split_fingerprint != split->fingerprint) {
		out->why = "it was trained on another split";
		return true;
	}
	for (int round = 0; round < MOST_ROUNDS; round++) {
		double spent = clock_now() - began;

		if (spent > LONG_SECONDS || (round >= LEAST_ROUNDS && spent > SHORT_SECONDS))
			break;
		if (!measure(whole, split, on_valid, task, &out->whole, err) ||
		    !measure(packed, split, on_valid, task, &out->packed, err))
			return false;
	}
	if (out->whole.got.n_users)
		out->on = on_valid ? "valid" : "test";
	else
		out->why = "the split leaves no user to measure with";
	return true;
}
