/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sgns_core.c - see sgns_core.h. */
#include "num/sgns_core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

#define MAX_GROUPS 16
#define LEAST_WORDS 64        /* in a group */
#define SLAB_MOST ((size_t)1 << 19)  /* pairs that a slab could give, but for one sentence that is longer; */
#define SLAB_LEAST ((size_t)1 << 12) /* fewer than the most where steps are long: */
#define SLAB_WORK ((size_t)1 << 28)  /* pairs x vectors x D, so that a part is no long piece of work */
#define CHUNKS 16             /* of a slab, whose pairs are made at one time */
#define BATCH 128             /* pairs whose negatives are drawn before their steps are taken */

struct result { double loss; };

struct sgns_core {
	struct sgns_corpus corpus; /* what it points to is borrowed */
	struct sgns_rule rule;
	uint64_t seed;
	uint32_t P;
	size_t slab_pairs;
	uint32_t *keep;    /* [V] */
	float *weight;     /* [V] count^power */
	uint32_t *ranked;  /* [V] words by falling count */
	uint8_t *in_group, *out_group;   /* [V] */
	uint32_t *member;                /* [V] words by output group */
	struct alias_slot *alias;        /* [V] beside it */
	float *member_weight;            /* [V] */
	double *share;                   /* [V], alias_make's */
	uint32_t *stack;
	uint32_t member_at[MAX_GROUPS + 1];
	uint32_t *sentence;              /* [n_sentences] in this epoch's order */
	/* Of the present slab: */
	struct sgns_pair *made, *placed; /* [cap] */
	uint32_t *room;                  /* [cap_words] */
	size_t cap, cap_words;
	uint32_t first[CHUNKS + 1];      /* sentences of each chunk, places in the order */
	size_t pair_at[CHUNKS], word_at[CHUNKS], n_made[CHUNKS];
	size_t at[CHUNKS][MAX_GROUPS * MAX_GROUPS];
	size_t part_at[MAX_GROUPS * MAX_GROUPS + 1];
	double *loss; /* by part, or by chunk where order is free */
	/* Of the present epoch: */
	const struct sgns_tables *tables;
	uint32_t epoch, slab, round, begin, end; /* begin, end: the slab's sentences */
	float lr;
};

/* --- Making --------------------------------------------------------------------------- */

static size_t sentence_words(const struct sgns_core *s, uint32_t at)
{
	uint32_t n = s->sentence[at];

	return s->corpus.ptr[n + 1] - s->corpus.ptr[n];
}

struct ranked { uint64_t count; uint32_t word; };

static int falling_count(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->word > y->word) - (x->word < y->word);
}

static bool rank_words(struct sgns_core *s, struct err *err)
{
	uint32_t V = s->corpus.V;
	struct ranked *r = mem_alloc((size_t)V + 1, sizeof(*r), err);

	if (!r)
		return false;
	for (uint32_t w = 0; w < V; w++)
		r[w] = (struct ranked){ s->corpus.count[w], w };
	qsort(r, V, sizeof(*r), falling_count);
	for (uint32_t w = 0; w < V; w++)
		s->ranked[w] = r[w].word;
	mem_free(r);
	return true;
}

static uint32_t groups_for(uint32_t V, bool free_order)
{
	uint32_t P = V / LEAST_WORDS;

	return P < 1 || free_order ? 1 : P > MAX_GROUPS ? MAX_GROUPS : P;
}

/* A slab's arrays fit what the longest sentence can give, too. */
static void size_slab(struct sgns_core *s, uint32_t D)
{
	size_t n = SLAB_WORK / ((s->rule.negatives + 1) * (size_t)D);

	s->slab_pairs = n < SLAB_LEAST ? SLAB_LEAST : n > SLAB_MOST ? SLAB_MOST : n;
	s->cap = s->slab_pairs;
	for (uint32_t k = 0; k < s->corpus.n_sentences; k++) {
		size_t most = sgns_pairs_most(&s->corpus, k, s->rule.window);

		n = s->corpus.ptr[k + 1] - s->corpus.ptr[k];
		s->cap = most > s->cap ? most : s->cap;
		s->cap_words = n > s->cap_words ? n : s->cap_words;
	}
	/* A sentence of two words or more can give as many pairs as it has words; lone words take no room. */
	s->cap_words += s->cap;
}

static bool make_arrays(struct sgns_core *s, struct err *err)
{
	size_t V = (size_t)s->corpus.V + 1;

	return (s->keep = mem_alloc(V, sizeof(*s->keep), err)) && (s->weight = mem_alloc(V, sizeof(*s->weight), err)) &&
	       (s->ranked = mem_alloc(V, sizeof(*s->ranked), err)) && (s->in_group = mem_zeroed(V, 1, err)) &&
	       (s->out_group = mem_zeroed(V, 1, err)) && (s->member = mem_alloc(V, sizeof(*s->member), err)) &&
	       (s->alias = mem_alloc(V, sizeof(*s->alias), err)) &&
	       (s->member_weight = mem_alloc(V, sizeof(*s->member_weight), err)) &&
	       (s->share = mem_alloc(V, sizeof(*s->share), err)) && (s->stack = mem_alloc(V, sizeof(*s->stack), err)) &&
	       (s->sentence = mem_alloc((size_t)s->corpus.n_sentences + 1, sizeof(*s->sentence), err)) &&
	       (s->made = mem_alloc(s->cap, sizeof(*s->made), err)) &&
	       (s->placed = mem_alloc(s->cap, sizeof(*s->placed), err)) &&
	       (s->room = mem_alloc(s->cap_words, sizeof(*s->room), err)) &&
	       (s->loss = mem_alloc(CHUNKS > MAX_GROUPS ? CHUNKS : MAX_GROUPS, sizeof(*s->loss), err));
}

struct sgns_core *sgns_core_new(const struct sgns_corpus *c, const struct sgns_rule *rule, uint32_t D, uint64_t seed,
				struct err *err)
{
	struct sgns_core *s = mem_zeroed(1, sizeof(*s), err);

	if (!s)
		return NULL;
	s->corpus = *c;
	s->rule = *rule;
	s->seed = seed;
	s->P = groups_for(c->V, rule->free_order);
	size_slab(s, D);
	if (!make_arrays(s, err) || !rank_words(s, err)) {
		sgns_core_free(s);
		return NULL;
	}
	sgns_keep(c, rule->subsample, s->keep);
	for (uint32_t w = 0; w < c->V; w++)
		s->weight[w] = (float)pow((double)c->count[w], rule->power);
	return s;
}

void sgns_core_free(struct sgns_core *s)
{
	if (!s)
		return;
	mem_free(s->keep);
	mem_free(s->weight);
	mem_free(s->ranked);
	mem_free(s->in_group);
	mem_free(s->out_group);
	mem_free(s->member);
	mem_free(s->alias);
	mem_free(s->member_weight);
	mem_free(s->share);
	mem_free(s->stack);
	mem_free(s->sentence);
	mem_free(s->made);
	mem_free(s->placed);
	mem_free(s->room);
	mem_free(s->loss);
	mem_free(s);
}

uint64_t sgns_core_bytes(uint32_t V, uint32_t n_sentences, size_t longest, uint32_t window)
{
	uint64_t near = longest < 2 * (uint64_t)window ? longest : 2 * (uint64_t)window, most = longest * near;
	uint64_t cap = most > SLAB_MOST ? most : SLAB_MOST;

	return sizeof(struct sgns_core) + (uint64_t)V * (5 * sizeof(uint32_t) + sizeof(struct alias_slot) +
							 sizeof(double) + sizeof(struct ranked) + 2) +
	       (uint64_t)n_sentences * sizeof(uint32_t) + cap * (2 * sizeof(struct sgns_pair) + sizeof(uint32_t)) +
	       longest * sizeof(uint32_t);
}

void sgns_tables_init(const struct sgns_tables *t, uint32_t V, uint64_t seed)
{
	for (uint32_t w = 0; w < V; w++) {
		struct rng rng = rng_stream(seed, "sgns.init", w, 0);

		for (uint32_t d = 0; d < t->D; d++)
			t->in[(size_t)w * t->D + d] = (rng_uniformf(&rng) - 0.5f) / (float)t->D;
	}
	memset(t->out, 0, (size_t)V * t->D * sizeof(*t->out));
}

/* --- The deal: groups for this epoch ---------------------------------------------------- */

static void deal(struct sgns_core *s, const char *purpose, uint8_t *group)
{
	struct rng rng = rng_stream(s->seed, purpose, s->epoch, 0);
	uint32_t hand[MAX_GROUPS];

	for (uint32_t k = 0; k < s->corpus.V; k++) {
		if (k % s->P == 0) {
			for (uint32_t g = 0; g < s->P; g++)
				hand[g] = g;
			rng_shuffle_u32(&rng, hand, s->P);
		}
		group[s->ranked[k]] = (uint8_t)hand[k % s->P];
	}
}

static void gather_members(struct sgns_core *s)
{
	uint32_t to[MAX_GROUPS + 1] = { 0 };

	for (uint32_t w = 0; w < s->corpus.V; w++)
		to[s->out_group[w] + 1]++;
	for (uint32_t g = 0; g < s->P; g++)
		to[g + 1] += to[g];
	memcpy(s->member_at, to, sizeof(to));
	for (uint32_t w = 0; w < s->corpus.V; w++) {
		uint32_t k = to[s->out_group[w]]++;

		s->member[k] = w;
		s->member_weight[k] = s->weight[w];
	}
}

static void alias_chunk(void *ctx, size_t g, unsigned slot)
{
	struct sgns_core *s = ctx;
	uint32_t lo = s->member_at[g], n = s->member_at[g + 1] - lo;

	(void)slot;
	if (n)
		alias_make(s->alias + lo, s->member_weight + lo, n, s->share + lo, s->stack + lo);
}

static bool begin_epoch(struct sgns_core *s, const struct task *t)
{
	struct rng rng = rng_stream(s->seed, "sgns.sentences", s->epoch, 0);

	deal(s, "sgns.in", s->in_group);
	deal(s, "sgns.out", s->out_group);
	gather_members(s);
	for (uint32_t k = 0; k < s->corpus.n_sentences; k++)
		s->sentence[k] = k;
	rng_shuffle_u32(&rng, s->sentence, s->corpus.n_sentences);
	return task_chunks(t, s->P, alias_chunk, s);
}

/* --- A slab: its pairs ------------------------------------------------------------------- */

/* The sentences from s->begin on that fit, cut into chunks of about as many pairs. */
static void cut_slab(struct sgns_core *s)
{
	size_t pairs = 0, words = 0, in_chunk = 0;
	unsigned chunk = 0;
	uint32_t k = s->begin;

	for (; k < s->corpus.n_sentences; k++) {
		size_t most = sgns_pairs_most(&s->corpus, s->sentence[k], s->rule.window);

		if (k > s->begin && pairs + most > s->slab_pairs)
			break;
		if (k == s->begin || (in_chunk >= s->slab_pairs / CHUNKS && chunk + 1 < CHUNKS)) {
			chunk += k > s->begin;
			s->first[chunk] = k;
			s->pair_at[chunk] = pairs;
			s->word_at[chunk] = words;
			in_chunk = 0;
		}
		pairs += most;
		in_chunk += most;
		words += most ? sentence_words(s, k) : 0;
	}
	s->end = k;
	for (chunk++; chunk <= CHUNKS; chunk++)
		s->first[chunk] = k;
}

static void make_chunk(struct sgns_core *s, size_t chunk)
{
	struct rng rng = rng_stream(s->seed, "sgns.pairs", s->epoch, (uint64_t)s->slab * CHUNKS + chunk);
	struct sgns_pair *out = s->made + s->pair_at[chunk];

	s->n_made[chunk] = 0;
	for (uint32_t k = s->first[chunk]; k < s->first[chunk + 1]; k++)
		s->n_made[chunk] += sgns_pairs_make(&s->corpus, s->sentence[k], s->rule.window, s->keep, &rng,
						    s->room + s->word_at[chunk], out + s->n_made[chunk]);
}

static size_t part_of(const struct sgns_core *s, struct sgns_pair p)
{
	return (size_t)s->out_group[p.out] * s->P + s->in_group[p.in];
}

static void make_and_count_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct sgns_core *s = ctx;

	(void)slot;
	make_chunk(s, chunk);
	memset(s->at[chunk], 0, sizeof(s->at[chunk]));
	for (size_t k = 0; k < s->n_made[chunk]; k++)
		s->at[chunk][part_of(s, s->made[s->pair_at[chunk] + k])]++;
}

static void place_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct sgns_core *s = ctx;

	(void)slot;
	for (size_t k = 0; k < s->n_made[chunk]; k++) {
		struct sgns_pair p = s->made[s->pair_at[chunk] + k];

		s->placed[s->at[chunk][part_of(s, p)]++] = p;
	}
}

static bool deal_slab(struct sgns_core *s, const struct task *t)
{
	size_t parts = (size_t)s->P * s->P, sum = 0;

	if (!task_chunks(t, CHUNKS, make_and_count_chunk, s))
		return false;
	for (size_t p = 0; p < parts; p++) {
		s->part_at[p] = sum;
		for (size_t c = 0; c < CHUNKS; c++) {
			size_t n = s->at[c][p];

			s->at[c][p] = sum;
			sum += n;
		}
	}
	s->part_at[parts] = sum;
	return task_chunks(t, CHUNKS, place_chunk, s);
}

/* --- Steps ------------------------------------------------------------------------------- */

/* The steps of n pairs in order, against negatives of one group; returns their loss. */
static double take_steps(const struct sgns_core *s, const struct sgns_pair *pair, size_t n, uint32_t group,
			 struct rng *rng)
{
	uint32_t in[BATCH], out[BATCH * (SGNS_MAX_NEGATIVES + 1)], lo = s->member_at[group];
	uint32_t members = s->member_at[group + 1] - lo;
	uint8_t n_out[BATCH];
	struct kern_sgns steps = { .in_table = s->tables->in, .out_table = s->tables->out, .D = s->tables->D, .in = in,
				   .out = out, .n_out = n_out, .most = s->rule.negatives + 1, .lr = s->lr };
	double loss = 0;

	for (size_t at = 0; at < n; at += steps.n) {
		steps.n = n - at < BATCH ? n - at : BATCH;
		for (size_t k = 0; k < steps.n; k++) {
			uint32_t *row = out + k * steps.most;
			unsigned m = 0;

			in[k] = pair[at + k].in;
			row[m++] = pair[at + k].out;
			for (uint32_t d = 0; d < s->rule.negatives; d++) {
				uint32_t w = s->member[lo + alias_draw(s->alias + lo, members, rng)];

				row[m] = w;
				m += w != row[0];
			}
			n_out[k] = (uint8_t)m;
		}
		kern()->sgns_steps(&steps);
		loss += steps.loss;
	}
	return loss;
}

static void part_chunk(void *ctx, size_t p, unsigned slot)
{
	struct sgns_core *s = ctx;
	uint32_t group = ((uint32_t)p + s->round) % s->P;
	size_t part = (size_t)group * s->P + p;
	struct rng rng = rng_stream(s->seed, "sgns.part", s->epoch,
				    ((uint64_t)s->slab * s->P + s->round) * s->P + p);

	(void)slot;
	s->loss[p] = take_steps(s, s->placed + s->part_at[part], s->part_at[part + 1] - s->part_at[part], group, &rng);
}

/* Where order is free: a chunk's pairs are made and stepped at once. */
static void free_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct sgns_core *s = ctx;
	struct rng rng = rng_stream(s->seed, "sgns.free", s->epoch, (uint64_t)s->slab * CHUNKS + chunk);

	(void)slot;
	make_chunk(s, chunk);
	s->loss[chunk] = take_steps(s, s->made + s->pair_at[chunk], s->n_made[chunk], 0, &rng);
}

/* --- An epoch ------------------------------------------------------------------------------ */

static bool all_finite(const float *v, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (!isfinite(v[k]))
			return false;
	return true;
}

static const char *spoilt_tensor(const struct sgns_core *s)
{
	size_t n = (size_t)s->corpus.V * s->tables->D;

	if (!all_finite(s->tables->in, n))
		return "the input vectors";
	return all_finite(s->tables->out, n) ? NULL : "the output vectors";
}

static bool diverged(const struct sgns_core *s, const char *who, const char *tensor, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "%s: epoch %u, batch %u.%u: %s grew beyond all numbers: a smaller lr helps", who,
		       (unsigned)s->epoch + 1, (unsigned)s->slab + 1, (unsigned)s->round + 1,
		       tensor ? tensor : "the scores");
}

static bool take_losses(struct sgns_core *s, size_t n, const char *who, double *sum, struct err *err)
{
	for (size_t k = 0; k < n; k++) {
		if (!isfinite(s->loss[k]))
			return diverged(s, who, spoilt_tensor(s), err);
		*sum += s->loss[k];
	}
	return true;
}

static bool run_slab(struct sgns_core *s, const char *who, double *loss, const struct task *t, struct err *err)
{
	s->round = 0;
	if (s->rule.free_order)
		return task_chunks(t, CHUNKS, free_chunk, s) ? take_losses(s, CHUNKS, who, loss, err)
							     : task_cancelled(err);
	if (!deal_slab(s, t))
		return task_cancelled(err);
	for (; s->round < s->P; s->round++) {
		if (!task_chunks(t, s->P, part_chunk, s))
			return task_cancelled(err);
		if (!take_losses(s, s->P, who, loss, err))
			return false;
	}
	s->round = s->P - 1;
	return true;
}

/* The share of the whole training that is done when this slab begins. */
static float step_length(const struct sgns_core *s, size_t words_done)
{
	size_t all = s->corpus.ptr[s->corpus.n_sentences];
	double done = ((double)s->epoch + (all ? (double)words_done / (double)all : 0)) / s->rule.epochs;

	return s->rule.lr * (float)fmax(1 - done, 1e-4);
}

bool sgns_epoch(struct sgns_core *s, const struct sgns_tables *w, uint32_t epoch, const char *who,
		struct sgns_told *told, const struct task *t, struct err *err)
{
	const char *tensor;
	size_t words = 0;
	double loss = 0;

	*told = (struct sgns_told){ 0 };
	s->tables = w;
	s->epoch = epoch;
	if (!begin_epoch(s, t))
		return task_cancelled(err);
	s->begin = 0;
	for (s->slab = 0; s->begin < s->corpus.n_sentences; s->slab++) {
		cut_slab(s);
		s->lr = step_length(s, words);
		if (!run_slab(s, who, &loss, t, err))
			return false;
		for (unsigned c = 0; c < CHUNKS; c++)
			told->pairs += s->n_made[c];
		for (; s->begin < s->end; s->begin++)
			words += sentence_words(s, s->begin);
		task_progress(t, s->begin, s->corpus.n_sentences);
	}
	told->loss = told->pairs ? loss / (double)told->pairs : 0;
	told->words = words;
	told->lr = (double)step_length(s, words);
	tensor = spoilt_tensor(s); /* what overflowed and was not read again */
	return !tensor || diverged(s, who, tensor, err);
}
