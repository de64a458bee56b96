/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_friends.c - see towers_friends.h. */
#include "model/towers_friends.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/u32.h"
#include "model/sequences.h"
#include "model/towers_past.h"

struct gathering {
	const struct build_env *env;
	struct sequences seq;
	float recency;
	float *sum;      /* [I] of the present person, 0 outside `item` */
	uint32_t *item;  /* the items that have a sum */
	size_t n;
	float *x, *f;    /* [longest] a friend's values, weights */
};

size_t towers_friends_most(const struct dataset *d)
{
	size_t most = 0;

	for (size_t k = 0; k < csr_n(&d->friends); k++)
		most += d->user_ptr[d->friends.idx[k] + 1] - d->user_ptr[d->friends.idx[k]];
	return most;
}

static void add_friend(struct gathering *g, uint32_t who, float share)
{
	const struct csr *x = g->env->x;
	const uint32_t *item = g->seq.item + g->seq.ptr[who];
	uint32_t n = sequences_n(&g->seq, who);
	double total = 0;

	for (uint32_t k = 0; k < n; k++)
		g->x[k] = csr_at(x, who, item[k]);
	towers_past_weights(g->recency, g->x, n, g->f);
	for (uint32_t k = 0; k < n; k++)
		total += (double)g->f[k];
	for (uint32_t k = 0; total > 0 && k < n; k++) {
		if (g->sum[item[k]] == 0)
			g->item[g->n++] = item[k];
		g->sum[item[k]] += (float)((double)(share * g->f[k]) / total);
	}
}

static size_t gather(struct gathering *g, uint32_t u, uint32_t *idx, float *val)
{
	const struct csr *friends = &g->env->data->friends;
	const uint32_t *who = csr_row(friends, u);
	size_t n = csr_row_n(friends, u), with_events = 0;

	g->n = 0;
	for (size_t k = 0; k < n; k++)
		with_events += sequences_n(&g->seq, who[k]) > 0;
	for (size_t k = 0; k < n; k++)
		add_friend(g, who[k], 1 / (float)with_events);
	qsort(g->item, g->n, sizeof(*g->item), u32_compare);
	for (size_t k = 0; k < g->n; k++) {
		idx[k] = g->item[k];
		val[k] = g->sum[g->item[k]];
		g->sum[g->item[k]] = 0;
	}
	return g->n;
}

static bool make_room(struct gathering *g, struct err *err)
{
	uint32_t longest = sequences_longest(&g->seq);

	return (g->sum = mem_zeroed(g->env->x->cols, sizeof(*g->sum), err)) &&
	       (g->item = mem_alloc(g->env->x->cols, sizeof(*g->item), err)) &&
	       (g->x = mem_alloc(longest, sizeof(*g->x), err)) && (g->f = mem_alloc(longest, sizeof(*g->f), err));
}

bool towers_friends_make(struct csr *out, const struct build_env *env, float recency, struct err *err)
{
	struct gathering g = { .env = env, .recency = recency };
	size_t most = towers_friends_most(env->data) + 1;
	bool done;

	*out = (struct csr){ .rows = env->x->rows, .cols = env->x->cols };
	done = sequences_make(&g.seq, env, UINT32_MAX, err) && make_room(&g, err) &&
	       (out->ptr = mem_zeroed((size_t)out->rows + 1, sizeof(*out->ptr), err)) &&
	       (out->idx = mem_alloc(most, sizeof(*out->idx), err)) &&
	       (out->val = mem_alloc(most, sizeof(*out->val), err));
	for (uint32_t u = 0; done && u < out->rows; u++) {
		out->ptr[u + 1] = out->ptr[u] + gather(&g, u, out->idx + out->ptr[u], out->val + out->ptr[u]);
		done = u % 256 || task_keep_going(env->task) || task_cancelled(err);
	}
	sequences_done(&g.seq);
	mem_free(g.sum);
	mem_free(g.item);
	mem_free(g.x);
	mem_free(g.f);
	if (!done)
		csr_done(out);
	return done;
}
