/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watched_rank.c - the lists of watched users from a snapshot, and who is watched where nobody chose. */
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "eval/rank_lists.h"
#include "model/snapshot.h"
#include "train/watched.h"

struct asker {
	const struct snapshot *snapshot;
	const struct split *split;
	const uint32_t *user;
	struct history_buf *buf; /* [slots] */
};

static bool give_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	const struct asker *a = ctx;

	return history_query(a->snapshot, a->split, a->user[i], false, &a->buf[slot], out, err);
}

static struct epoch_lists *keep(const struct ranked_lists *lists, const uint32_t *user, uint32_t epoch, struct err *err)
{
	uint32_t U = (uint32_t)lists->n, k = lists->k;
	struct epoch_lists *l = epoch_lists_new(epoch, U, k, err);

	if (!l)
		return NULL;
	memcpy(l->user, user, U * sizeof(*user));
	memcpy(l->count, lists->count, U * sizeof(*l->count));
	for (uint32_t u = 0; u < U; u++) { /* what is not filled stays 0 */
		size_t at = (size_t)u * k;

		memcpy(l->item + at, lists->item + at, l->count[u] * sizeof(*l->item));
		memcpy(l->score + at, lists->score + at, l->count[u] * sizeof(*l->score));
	}
	return l;
}

struct epoch_lists *watched_rank(const struct snapshot *s, const struct split *split, const uint32_t *user,
				 uint32_t n_users, uint32_t k, const struct task *task, struct err *err)
{
	unsigned n_slots = task_slots(task);
	struct asker a = { s, split, user, mem_zeroed(n_slots, sizeof(*a.buf), err) };
	struct rank_options o = { .k = k };
	struct ranked_lists lists = { 0 };
	struct epoch_lists *out = NULL;
	uint64_t *barred = NULL;
	uint32_t n_candidates;

	if (a.buf && rank_barred(split, rank_all_items(split, s->model), &barred, &n_candidates, err)) {
		o.barred = barred;
		if (rank_lists(s->model, split->data->n_items, give_query, &a, n_users, &o, task, &lists, err))
			out = keep(&lists, user, s->epoch, err);
	}
	for (unsigned i = 0; a.buf && i < n_slots; i++)
		history_buf_done(&a.buf[i]);
	mem_free(a.buf);
	mem_free(barred);
	ranked_lists_done(&lists);
	return out;
}

/* Selection by a running quota (Knuth, TAOCP 2, 3.4.2 algorithm S): each set of users is equally likely. */
uint32_t watched_sample(const struct split *split, uint64_t seed, uint32_t most, uint32_t *out)
{
	struct rng rng = rng_stream(seed, "watched", 0, 0);
	uint32_t n_users = split->data->n_users, left = 0, n = 0;

	for (uint32_t u = 0; u < n_users; u++)
		left += csr_row_n(&split->train, u) > 0;
	for (uint32_t u = 0; u < n_users && n < most; u++) {
		if (!csr_row_n(&split->train, u))
			continue;
		if (rng_below(&rng, left--) < most - n)
			out[n++] = u;
	}
	return n;
}
