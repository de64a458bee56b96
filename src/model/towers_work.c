/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_work.c - the memory of a training of towers: made, freed and counted. */
#include "model/towers_work.h"

#include <math.h>

#include "base/mem.h"
#include "model/rows.h"
#include "model/towers_past.h"
#include "model/towers_valid.h"

static size_t item_chunk_most(const struct towers_fit *f)
{
	return ((size_t)f->batch.N + f->batch.rows_most) / TOWERS_CHUNKS + 1;
}

static void free_slots(struct towers_fit *f)
{
	for (unsigned s = 0; s < f->n_slots; s++) {
		mem_free(f->slot[s].scores);
		mem_free(f->slot[s].f);
		mem_free(f->slot[s].sums);
		mem_free(f->slot[s].content);
		mem_free(f->slot[s].out);
	}
	mem_free(f->slot);
	f->slot = NULL;
	f->n_slots = 0;
}

bool towers_fit_slots(struct towers_fit *f, unsigned n_slots, struct err *err)
{
	size_t D = f->net->D;

	if (f->n_slots >= n_slots)
		return true;
	free_slots(f);
	f->slot = mem_zeroed(n_slots, sizeof(*f->slot), err);
	if (!f->slot)
		return false;
	f->n_slots = n_slots;
	for (unsigned k = 0; k < n_slots; k++) {
		struct towers_slot *s = &f->slot[k];

		if (!(s->scores = mem_alloc((TOWERS_BLOCK + TOWERS_PIECE) * f->ld, sizeof(float), err)) ||
		    !(s->f = mem_alloc(f->longest, sizeof(float), err)) ||
		    !(s->sums = mem_alloc((TOWERS_PIECE + TOWERS_PAST_SPARE) * D, sizeof(float), err)) ||
		    !(s->content = mem_alloc(towers_content_work(&f->net->features, item_chunk_most(f)) + 1, sizeof(float),
					     err)) ||
		    !(s->out = mem_alloc(f->batch.N, sizeof(uint32_t), err))) {
			free_slots(f);
			return false;
		}
	}
	return true;
}

static bool make_tower(struct tower *t, size_t rows, size_t D, bool mean, bool mask, float dropout, struct err *err)
{
	t->dropout = dropout;
	return (t->in = mem_alloc(rows * D, sizeof(float), err)) && (t->act = mem_alloc(rows * D, sizeof(float), err)) &&
	       (t->out = mem_alloc(rows * D, sizeof(float), err)) && (t->norm = mem_alloc(rows, sizeof(float), err)) &&
	       (!mean || (t->mean = mem_alloc(rows * D, sizeof(float), err))) &&
	       (!mask || (t->mask = mem_alloc(rows * D, sizeof(uint16_t), err)));
}

static void tower_done(struct tower *t)
{
	mem_free(t->in);
	mem_free(t->act);
	mem_free(t->out);
	mem_free(t->norm);
	mem_free(t->mean);
	mem_free(t->mask);
}

static bool make_work(struct towers_fit *f, const struct towers_net *n, struct err *err)
{
	size_t R = f->batch.rows_most, M = f->batch.N + R, D = n->D, N = f->batch.N;
	bool h = n->history;

	for (size_t c = 0; c < TOWERS_CHUNKS; c++)
		if (!(f->grad[c] = mem_alloc(n->t.size + 1, sizeof(float), err)) ||
		    !(f->dneg[c] = mem_alloc(towers_round_up(N * D), sizeof(float), err)))
			return false;
	return make_tower(&f->people, R, D, h, f->rule.dropout > 0, f->rule.dropout, err) &&
	       make_tower(&f->items, M, D, false, false, 0, err) &&
	       (f->dpeople = mem_alloc(R * D, sizeof(float), err)) && (f->dmean = mem_alloc(R * D, sizeof(float), err)) &&
	       (f->duser = mem_alloc(R * D, sizeof(float), err)) && (f->ditems = mem_alloc(M * D, sizeof(float), err)) &&
	       (f->ditem_pre = mem_alloc(M * D, sizeof(float), err)) &&
	       (f->ditem_in = mem_alloc(M * D, sizeof(float), err)) &&
	       (f->across = mem_alloc(N * D, sizeof(float), err)) &&
	       (!h || ((f->vector = mem_alloc(4 * R * D, sizeof(float), err)) &&
		       (f->own = mem_alloc(2 * R, sizeof(float), err)))) &&
	       (f->past_at = mem_alloc(R + 1, sizeof(size_t), err)) &&
	       (f->tag_at = mem_alloc(TOWERS_CHUNKS + 1, sizeof(size_t), err)) &&
	       (f->dropped = mem_alloc(M, sizeof(bool), err)) && (f->kept = mem_alloc(M, sizeof(uint32_t), err));
}

static bool make_table(struct towers_fit *f, enum towers_table t, uint32_t rows, uint32_t D, bool sums, struct err *err)
{
	if (!rows)
		return true;
	return (!sums || (f->table[t] = row_grads_new(rows, D, err))) &&
	       optim_init(&f->optim[t], &f->rule.optim, (size_t)rows * D, err);
}

static bool make_tables(struct towers_fit *f, const struct towers_net *n, struct err *err)
{
	uint32_t M = f->batch.N + f->batch.rows_most;

	return optim_init(&f->optim[TOWERS_DENSE], &f->rule.optim, n->t.size, err) &&
	       (f->of_event = row_grads_new(M, n->D, err)) && make_table(f, TOWERS_USERS, n->U, n->D, true, err) &&
	       make_table(f, TOWERS_ITEMS, n->I, n->D, false, err) &&
	       make_table(f, TOWERS_PAST, n->history ? n->I : 0, n->D, true, err) &&
	       make_table(f, TOWERS_TAGS, towers_n_tags(&n->features), n->D, true, err);
}

struct towers_fit *towers_fit_new(const struct towers_net *n, const struct towers_rule *r, const struct csr *friends,
				  const struct build_env *env, struct err *err)
{
	struct towers_fit *f = mem_zeroed(1, sizeof(*f), err);

	if (!f)
		return NULL;
	f->rule = *r;
	f->friends = friends;
	if (!towers_batch_make(&f->batch, env, r->batch, r->negatives, err)) {
		mem_free(f);
		return NULL;
	}
	f->ld = towers_round_up((size_t)f->batch.N + 1);
	f->logq = logf((float)f->batch.N / (float)f->batch.n_pool);
	f->longest = sequences_longest(&f->batch.seq);
	if (make_work(f, n, err) && make_tables(f, n, err))
		return f;
	towers_fit_free(f);
	return NULL;
}

void towers_fit_free(struct towers_fit *f)
{
	if (!f)
		return;
	free_slots(f);
	towers_batch_done(&f->batch);
	tower_done(&f->people);
	tower_done(&f->items);
	for (size_t c = 0; c < TOWERS_CHUNKS; c++) {
		mem_free(f->grad[c]);
		mem_free(f->dneg[c]);
	}
	mem_free(f->dpeople);
	mem_free(f->dmean);
	mem_free(f->duser);
	mem_free(f->ditems);
	mem_free(f->ditem_pre);
	mem_free(f->ditem_in);
	mem_free(f->across);
	mem_free(f->vector);
	mem_free(f->own);
	mem_free(f->past_at);
	mem_free(f->tag_at);
	mem_free(f->dropped);
	mem_free(f->kept);
	row_grads_free(f->of_event);
	for (int t = 0; t < N_TOWERS_TABLES; t++) {
		row_grads_free(f->table[t]);
		optim_done(&f->optim[t]);
	}
	mem_free(f);
}

static double events_read(double events, const void *ctx)
{
	(void)ctx;
	return events * ceil(events / TOWERS_PIECE);
}

/* Entries of `past` in a batch, at most: each full piece has its whole history, and each user one piece that is
 * not full.  Where the users are known: what their pieces, dealt at random, read in the mean, and a fifth. */
static uint64_t past_most(const struct model_shape *s, uint64_t rows)
{
	uint64_t full = (rows / TOWERS_PIECE + 1) * s->longest + s->n_events, each = rows * s->longest;
	uint64_t most = full < each ? full : each;
	double mean = s->x && s->n_events ? 1.2 * (double)rows * rows_users(s, events_read, NULL) / (double)s->n_events : INFINITY;

	return mean < (double)most ? (uint64_t)mean : most;
}

static uint64_t tags_most(const struct towers_net *n, uint64_t M)
{
	const struct csr *tags = n->features.tags;
	uint64_t longest = tags ? csr_longest_row(tags) : 0;

	return !tags ? 0 : M * longest < csr_n(tags) ? M * longest : csr_n(tags);
}

/* Friends: what a batch's pieces add, at most all there is for each. */
static uint64_t friends_most(const struct towers_net *n, const struct model_shape *s, uint64_t rows)
{
	const struct csr *friends = &s->data->friends;
	uint64_t longest = 0;

	for (uint32_t u = 0; n->social > 0 && u < n->U; u++) {
		uint64_t here = 0;

		for (size_t k = friends->ptr[u]; k < friends->ptr[u + 1]; k++)
			here += s->data->user_ptr[friends->idx[k] + 1] - s->data->user_ptr[friends->idx[k]];
		longest = here > longest ? here : longest;
	}
	return rows * (longest < n->I ? longest : n->I);
}

uint64_t towers_fit_bytes(const struct towers_net *n, const struct towers_rule *r, const struct model_shape *s,
			  unsigned slots)
{
	uint64_t R = r->batch > TOWERS_PIECE ? r->batch : TOWERS_PIECE, D = n->D;
	uint64_t N = r->negatives < n->I ? r->negatives : n->I, M = N + R, n_tags = towers_n_tags(&n->features);
	uint64_t past = n->history ? past_most(s, R) + friends_most(n, s, R) : 0;
	uint64_t dense = towers_net_bytes(n) / sizeof(float); /* and the tables: adam's two moments of all */
	uint64_t floats = 2 * dense + (R * (11 * D + 8) + M * (6 * D + 4)) + (TOWERS_CHUNKS + 1) * (N * D + 16) +
			  TOWERS_CHUNKS * (dense - (n->U + n->I * (n->history ? 2 : 1) + n_tags) * D + 16);

	floats += slots * ((TOWERS_BLOCK + TOWERS_PIECE) * (N + 17) + s->longest + (TOWERS_PIECE + 3) * D + N +
			   towers_content_work(&n->features, M / TOWERS_CHUNKS + 1));
	return floats * sizeof(float) + towers_batch_bytes(s, r->batch, r->negatives) +
	       row_grads_bytes((uint32_t)M, n->D, R) + row_grads_bytes(n->U, n->D, R) +
	       (n->history ? row_grads_bytes(n->I, n->D, past) : 0) +
	       (n->tags || n_tags ? row_grads_bytes((uint32_t)n_tags, n->D, tags_most(n, M)) : 0) +
	       towers_valid_bytes(n, r, s, slots) + sizeof(struct towers_fit) + slots * sizeof(struct towers_slot);
}
