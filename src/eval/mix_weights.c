/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mix_weights.c - see mix_weights.h. */
#include "eval/mix_weights.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "eval/metrics.h"
#include "eval/rank_lists.h"
#include "eval/targets.h"
#include "num/linalg.h"
#include "num/rank.h"

enum { USERS_A_CHUNK = 8, RUNS_MOST = 16, POINTS_MOST = 160, K_MOST = 1000, TRIES = 3 };
#define LAST_STEP 0.01

struct search {
	const struct mixture_part *part;
	size_t n, n_users;
	uint32_t I, k;
	int metric;
	struct targets targets;
	struct asker *asker; /* [n] */
	uint64_t *barred;
	size_t words;
	size_t n_points;
	double (*point)[RUNS_MOST]; /* [POINTS_MOST] */
	double *chunk;              /* [chunks][POINTS_MOST] sums */
	struct search_slot {
		struct scratch scratch[RUNS_MOST];
		float *z;       /* [n][I] standardised scores */
		float *mixed;   /* [I] */
		uint64_t *skip; /* [words] */
		float *score;   /* [k] */
		uint32_t *item; /* [k] */
		struct err err;
	} *slot;
	_Atomic bool failed;
};

static size_t user_at(const struct search *s, size_t i)
{
	return s->targets.n * i / s->n_users;
}

static bool score_runs(struct search *s, struct search_slot *mine, unsigned slot, size_t u)
{
	struct query q = { .n = 0 };

	for (size_t r = 0; r < s->n; r++) {
		float *z = mine->z + r * s->I, mean = (float)s->part[r].mean, scale = (float)(1 / s->part[r].deviation);

		if (!asker_query(&s->asker[r], u, slot, &q, &mine->err) ||
		    !model_score_all(s->part[r].run->model, &q, &mine->scratch[r], z, s->I, &mine->err))
			return false;
		for (uint32_t i = 0; i < s->I; i++)
			z[i] = (z[i] - mean) * scale;
	}
	memset(mine->skip, 0, s->words * sizeof(*mine->skip));
	if (s->barred)
		memcpy(mine->skip, s->barred, s->words * sizeof(*mine->skip));
	for (uint32_t k = 0; k < q.n; k++)
		mine->skip[q.items[k] / 64] |= (uint64_t)1 << q.items[k] % 64;
	return true;
}

static double judge_point(const struct search *s, struct search_slot *mine, size_t u, const double *w)
{
	bool hit[K_MOST];
	struct topk best;
	struct judged_list list = { .hit = hit, .n_test = targets_n(&s->targets, u) };

	memset(mine->mixed, 0, s->I * sizeof(*mine->mixed));
	for (size_t r = 0; r < s->n; r++)
		if (w[r] > 0)
			linalg_axpy((float)w[r], mine->z + r * s->I, mine->mixed, s->I);
	topk_begin(&best, s->k, mine->score, mine->item);
	topk_offer(&best, mine->mixed, 0, s->I, mine->skip);
	topk_finish(&best);
	list.n = best.n;
	for (uint32_t k = 0; k < best.n; k++)
		hit[k] = targets_has(&s->targets, u, mine->item[k]);
	return metric_of_list(s->metric, &list, s->k, DIALECT_RECBOLE);
}

static void judge_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct search *s = ctx;
	struct search_slot *mine = &s->slot[slot];
	double *sum = s->chunk + chunk * POINTS_MOST;
	size_t end = (chunk + 1) * USERS_A_CHUNK < s->n_users ? (chunk + 1) * USERS_A_CHUNK : s->n_users;

	memset(sum, 0, s->n_points * sizeof(*sum));
	for (size_t i = chunk * USERS_A_CHUNK; i < end && !s->failed; i++) {
		size_t u = user_at(s, i);

		if (!score_runs(s, mine, slot, u)) {
			s->failed = true;
			return;
		}
		for (size_t p = 0; p < s->n_points; p++)
			sum[p] += judge_point(s, mine, u, s->point[p]);
	}
}

/* The best of the points, if it is better than *best: then *best and weights are its. */
static bool judge_points(struct search *s, const struct task *task, double *best, double *weights, bool *better,
			 struct err *err)
{
	size_t chunks = (s->n_users + USERS_A_CHUNK - 1) / USERS_A_CHUNK;

	*better = false;
	if (!task_chunks_shown(task, chunks, judge_chunk, s))
		return task_cancelled(err);
	for (unsigned i = 0; s->failed && i < task_slots(task); i++)
		if (s->slot[i].err.code != ERR_OK)
			*err = s->slot[i].err;
	if (s->failed)
		return false;
	for (size_t p = 0; p < s->n_points; p++) {
		double sum = 0;

		for (size_t c = 0; c < chunks; c++)
			sum += s->chunk[c * POINTS_MOST + p];
		if (sum > *best) {
			*best = sum;
			memcpy(weights, s->point[p], s->n * sizeof(*weights));
			*better = true;
		}
	}
	return true;
}

/* --- Which points ------------------------------------------------------------------------------------- */

static unsigned steps_for(size_t n)
{
	static const unsigned steps[] = { 0, 1, 20, 10, 6, 4, 3 };

	return n < sizeof(steps) / sizeof(*steps) ? steps[n] : 2;
}

/* Every way to share `left` steps of `all` among the runs from r on. */
static void add_grid(struct search *s, double *at, size_t r, unsigned left, unsigned all)
{
	if (r + 1 == s->n) {
		at[r] = (double)left / all;
		memcpy(s->point[s->n_points++], at, s->n * sizeof(*at));
		return;
	}
	for (unsigned here = 0; here <= left; here++) {
		at[r] = (double)here / all;
		add_grid(s, at, r + 1, left - here, all);
	}
}

static void add_steps(struct search *s, const double *from, double step)
{
	s->n_points = 0;
	for (size_t r = 0; r < s->n; r++)
		for (int up = 1; up >= -1; up -= 2) {
			double *to = s->point[s->n_points], sum = 0;

			memcpy(to, from, s->n * sizeof(*to));
			to[r] = fmax(0, to[r] + up * step);
			for (size_t k = 0; k < s->n; k++)
				sum += to[k];
			if (!(sum > 0))
				continue;
			for (size_t k = 0; k < s->n; k++)
				to[k] /= sum;
			s->n_points++;
		}
}

static bool run_search(struct search *s, const struct task *task, double *weights, struct err *err)
{
	unsigned steps = steps_for(s->n);
	double at[RUNS_MOST], best = -1;
	bool better;

	add_grid(s, at, 0, steps, steps);
	if (!judge_points(s, task, &best, weights, &better, err))
		return false;
	for (double step = 0.5 / steps; step >= LAST_STEP / 2; step /= 2) {
		better = true;
		for (int tries = 0; better && tries < TRIES; tries++) {
			add_steps(s, weights, step);
			if (!judge_points(s, task, &best, weights, &better, err))
				return false;
		}
	}
	return true;
}

/* --- The whole ---------------------------------------------------------------------------------------- */

static bool make_slots(struct search *s, unsigned slots, struct err *err)
{
	s->slot = mem_zeroed(slots, sizeof(*s->slot), err);
	for (unsigned i = 0; s->slot && i < slots; i++) {
		struct search_slot *one = &s->slot[i];

		one->z = mem_alloc(s->n * s->I, sizeof(float), err);
		one->mixed = one->z ? mem_alloc(s->I, sizeof(float), err) : NULL;
		one->skip = one->mixed ? mem_alloc(s->words, sizeof(*one->skip), err) : NULL;
		one->score = one->skip ? mem_alloc(s->k, sizeof(float), err) : NULL;
		one->item = one->score ? mem_alloc(s->k, sizeof(*one->item), err) : NULL;
		if (!one->item)
			return false;
	}
	return s->slot != NULL;
}

static bool begin(struct search *s, const struct split *split, const struct task *task, struct err *err)
{
	struct eval_options o;
	uint32_t n_candidates;

	eval_options_init(&o);
	o.on_valid = true;
	s->I = split->data->n_items;
	s->words = (s->I + 63) / 64;
	if (s->k > s->I)
		s->k = s->I;
	if (!targets_make(&s->targets, split, true, false, task, err) ||
	    !rank_barred(split, false, &s->barred, &n_candidates, err))
		return false;
	if (!s->targets.n)
		return err_set(err, ERR_UNSUPPORTED, "no user has both a history and valid events to choose weights on: give "
			       "weights=");
	s->n_users = s->targets.n < MIX_USERS ? s->targets.n : MIX_USERS;
	s->asker = mem_zeroed(s->n, sizeof(*s->asker), err);
	for (size_t r = 0; s->asker && r < s->n; r++)
		if (!asker_init(&s->asker[r], s->part[r].run, split, &s->targets, &o, task, err))
			return false;
	s->point = s->asker ? mem_alloc(POINTS_MOST, sizeof(*s->point), err) : NULL;
	s->chunk = s->point ? mem_alloc(s->n_users / USERS_A_CHUNK + 1, POINTS_MOST * sizeof(*s->chunk), err) : NULL;
	return s->chunk && make_slots(s, task_slots(task), err);
}

static void end(struct search *s, unsigned slots)
{
	for (unsigned i = 0; s->slot && i < slots; i++) {
		struct search_slot *one = &s->slot[i];

		for (size_t r = 0; r < s->n; r++)
			scratch_done(&one->scratch[r]);
		mem_free(one->z);
		mem_free(one->mixed);
		mem_free(one->skip);
		mem_free(one->score);
		mem_free(one->item);
	}
	mem_free(s->slot);
	for (size_t r = 0; s->asker && r < s->n; r++)
		asker_done(&s->asker[r]);
	mem_free(s->asker);
	mem_free(s->point);
	mem_free(s->chunk);
	mem_free(s->barred);
	targets_done(&s->targets);
}

bool mix_weights(const struct mixture_part *part, size_t n, const struct split *split, int metric, uint32_t k,
		 const struct task *task, double *weights, struct err *err)
{
	struct search s = { .part = part, .n = n, .metric = metric, .k = k };
	bool done;

	if (metric > METRIC_MRR || k > K_MOST || n > RUNS_MOST)
		return err_set(err, ERR_UNSUPPORTED, "weights are chosen by a metric of each user's list, such as ndcg@10, at "
			       "most @%d and for at most %d runs: give weights=, or another metric=", K_MOST, RUNS_MOST);
	done = begin(&s, split, task, err) && run_search(&s, task, weights, err);
	end(&s, task_slots(task));
	return done;
}
