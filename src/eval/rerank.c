/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rerank.c - see rerank.h.
 *
 * DESIGN: mmr keeps for each item of the pool its largest cosine to what is chosen, so that a choice costs one cosine
 * an item.  The columns of the train matrix are made of the items alone that are in a pool: for one list that is a
 * pass over the events and nothing more.
 */
#include "eval/rerank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "eval/metrics.h"

enum { LISTS_A_CHUNK = 16 };

static const char *const by_name[] = { [RERANK_NONE] = "", [RERANK_MMR] = "mmr", [RERANK_POPULARITY] = "popularity" };

bool rerank_parse(const char *text, struct rerank *out, struct err *err)
{
	size_t name = strcspn(text, ":");

	*out = (struct rerank){ .by = RERANK_NONE };
	for (enum rerank_by by = RERANK_MMR; by <= RERANK_POPULARITY; by++)
		if (strlen(by_name[by]) == name && !strncmp(text, by_name[by], name))
			out->by = by;
	if (out->by && text[name] && num_parse_double(text + name + 1, strlen(text + name + 1), &out->weight) &&
	    out->weight >= 0 && out->weight <= 1)
		return true;
	return err_set(err, ERR_SYNTAX, "rerank=\"%s\": expected mmr:W or popularity:W, W from 0 to 1, such as mmr:0.3", text);
}

void rerank_text(const struct rerank *r, char out[32])
{
	if (r->by)
		snprintf(out, 32, "%s:%.9g", by_name[r->by], r->weight);
	else
		out[0] = '\0';
}

uint32_t rerank_pool(uint32_t k, uint32_t n_items)
{
	uint64_t pool = 10 * (uint64_t)k > RERANK_POOL ? 10 * (uint64_t)k : RERANK_POOL;

	return pool < n_items ? (uint32_t)pool : n_items;
}

struct reranking {
	const struct rerank *rule;
	const struct split *split;
	struct ranked_lists wide, *out;
	uint64_t *wanted;             /* [I] bits: in a pool */
	struct csr columns;           /* I x U, of what is wanted */
	struct likeness *likeness;
	struct likeness_memo **memo;  /* [n_slots] */
	unsigned n_slots;
	double *room;                 /* [n_slots][2 pool] */
	double most;                  /* ln(1 + the most train events an item has) */
};

/* --- What items have in common ------------------------------------------------------------------------------- */

static void want_pools(struct reranking *g)
{
	for (size_t i = 0; i < g->wide.n; i++)
		for (uint32_t k = 0; k < g->wide.count[i]; k++)
			bits_add(g->wanted, g->wide.item[i * g->wide.k + k]);
}

static bool make_columns(struct reranking *g, struct err *err)
{
	const struct csr *x = &g->split->train;
	struct csr *c = &g->columns;
	size_t *at;

	*c = (struct csr){ .rows = x->cols, .cols = x->rows };
	c->ptr = mem_zeroed((size_t)x->cols + 1, sizeof(*c->ptr), err);
	at = c->ptr ? mem_alloc((size_t)x->cols + 1, sizeof(*at), err) : NULL;
	if (!at)
		return false;
	for (uint32_t i = 0; i < x->cols; i++)
		c->ptr[i + 1] = c->ptr[i] + (bits_has(g->wanted, i) ? g->split->item_train[i] : 0);
	memcpy(at, c->ptr, ((size_t)x->cols + 1) * sizeof(*at));
	c->idx = mem_alloc(c->ptr[x->cols] + 1, sizeof(*c->idx), err);
	for (uint32_t u = 0; c->idx && u < x->rows; u++)
		for (size_t e = x->ptr[u]; e < x->ptr[u + 1]; e++)
			if (bits_has(g->wanted, x->idx[e]))
				c->idx[at[x->idx[e]]++] = u;
	mem_free(at);
	return c->idx != NULL;
}

static bool make_likeness(struct reranking *g, struct err *err)
{
	g->wanted = mem_zeroed(bits_words(g->split->data->n_items), sizeof(*g->wanted), err);
	if (!g->wanted)
		return false;
	want_pools(g);
	if (!make_columns(g, err) || !(g->likeness = likeness_new(&g->columns, err)) ||
	    !(g->memo = mem_zeroed(g->n_slots, sizeof(*g->memo), err)))
		return false;
	for (unsigned s = 0; g->wide.n > LISTS_A_CHUNK && s < g->n_slots; s++) /* few lists meet a pair twice */
		if (!(g->memo[s] = likeness_memo_new(err)))
			return false;
	return true;
}

static double popularity(const struct reranking *g, uint32_t item)
{
	return g->most > 0 ? log1p((double)g->split->item_train[item]) / g->most : 0;
}

/* --- One list ------------------------------------------------------------------------------------------------ */

/* The pool's scores, from 0 to 1; a pool of equal scores has 0. */
static void scale_scores(const float *score, uint32_t n, double *scaled)
{
	double best = n ? (double)score[0] : 0, span = n ? best - (double)score[n - 1] : 0;

	for (uint32_t i = 0; i < n; i++)
		scaled[i] = span > 0 && isfinite(span) ? ((double)score[i] - best) / span + 1 : 0;
}

static void choose(const struct reranking *g, size_t list, unsigned slot)
{
	uint32_t n = g->wide.count[list], k = g->out->k < n ? g->out->k : n;
	const uint32_t *item = g->wide.item + list * g->wide.k;
	const float *score = g->wide.score + list * g->wide.k;
	double *worth = g->room + (size_t)slot * 2 * g->wide.k, *like = worth + g->wide.k, w = g->rule->weight;

	scale_scores(score, n, worth);
	for (uint32_t i = 0; i < n; i++) {
		like[i] = g->rule->by == RERANK_MMR ? 0 : popularity(g, item[i]);
		worth[i] *= g->rule->by == RERANK_MMR ? 1 - w : 1;
	}
	for (uint32_t at = 0; at < k; at++) {
		uint32_t best = n;

		for (uint32_t i = 0; i < n; i++)
			if (!isnan(worth[i]) && (best == n || worth[i] - w * like[i] > worth[best] - w * like[best]))
				best = i;
		g->out->item[list * g->out->k + at] = item[best];
		g->out->score[list * g->out->k + at] = score[best];
		worth[best] = NAN; /* chosen */
		for (uint32_t i = 0; g->rule->by == RERANK_MMR && at + 1 < k && i < n; i++)
			if (!isnan(worth[i]))
				like[i] = fmax(like[i], likeness_cosine(g->likeness, g->memo[slot], item[i], item[best]));
	}
	g->out->count[list] = k;
	g->out->left[list] = g->wide.left[list];
}

static void choose_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct reranking *g = ctx;
	size_t end = (chunk + 1) * LISTS_A_CHUNK;

	for (size_t i = chunk * LISTS_A_CHUNK; i < end && i < g->wide.n; i++)
		choose(g, i, slot);
}

/* --- All ------------------------------------------------------------------------------------------------------ */

static bool make_out(struct reranking *g, uint32_t k, struct err *err)
{
	struct ranked_lists *out = g->out;
	size_t n = g->wide.n;

	*out = (struct ranked_lists){ .n = n, .k = k };
	return (out->count = mem_zeroed(n + 1, sizeof(*out->count), err)) &&
	       (out->left = mem_zeroed(n + 1, sizeof(*out->left), err)) &&
	       (out->item = mem_zeroed(n * k + 1, sizeof(*out->item), err)) &&
	       (out->score = mem_zeroed(n * k + 1, sizeof(*out->score), err)) &&
	       (g->room = mem_alloc((size_t)g->n_slots * 2 * g->wide.k + 1, sizeof(*g->room), err));
}

static bool choose_all(struct reranking *g, uint32_t k, const struct task *task, struct err *err)
{
	for (uint32_t i = 0; i < g->split->data->n_items; i++)
		g->most = fmax(g->most, log1p((double)g->split->item_train[i]));
	if (!make_out(g, k, err) || (g->rule->by == RERANK_MMR && !make_likeness(g, err)))
		return false;
	return task_chunks(task, (g->wide.n + LISTS_A_CHUNK - 1) / LISTS_A_CHUNK, choose_chunk, g) || task_cancelled(err);
}

bool rerank_lists(const struct rerank *r, const struct split *split, const struct model *m, query_source *source,
		  void *ctx, size_t n, const struct rank_options *o, const struct task *task, struct ranked_lists *out,
		  struct err *err)
{
	struct reranking g = { .rule = r, .split = split, .out = out, .n_slots = task_slots(task) };
	struct rank_options wide = *o;
	bool done;

	if (!r->by)
		return rank_lists(m, split->data->n_items, source, ctx, n, o, task, out, err);
	wide.k = rerank_pool(o->k, split->data->n_items);
	if (!rank_lists(m, split->data->n_items, source, ctx, n, &wide, task, &g.wide, err))
		return false;
	done = choose_all(&g, o->k, task, err);
	ranked_lists_done(&g.wide);
	for (unsigned s = 0; g.memo && s < g.n_slots; s++)
		likeness_memo_free(g.memo[s]);
	mem_free(g.memo);
	likeness_free(g.likeness);
	csr_done(&g.columns);
	mem_free(g.wanted);
	mem_free(g.room);
	if (!done)
		ranked_lists_done(out);
	return done;
}
