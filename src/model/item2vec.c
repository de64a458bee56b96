/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item2vec.c - items that are taken together: skip-gram over histories as if they were sentences.
 *
 * Barkan & Koenigstein 2016, arXiv:1603.04259.  A sentence is a user's events of x in their order; the
 * vectors are num/sgns_core.h's input vectors, the score model/history_cosine.h's.  Items without events in x
 * have no vector and score 0.
 */
#include "base/mem.h"
#include "model/history_cosine.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/sequences.h"
#include "model/skipgram.h"
#include "model/vectors.h"

struct item2vec {
	struct model_base base;
	struct skipgram gram;     /* training alone */
	struct sequences histories;
	uint64_t *count;          /* [I] of x */
	struct history_cosine of; /* frozen alone */
};

static const struct param_spec params[] = {
	SKIPGRAM_DIM("64", "the size most papers compare at"),
	SKIPGRAM_WINDOW("20", "events before and after, at most, that are learnt from", TUNED),
	SKIPGRAM_NEGATIVES("5", "items drawn against each pair", "Mikolov 2013"),
	SKIPGRAM_POWER("1", TUNED),
	SKIPGRAM_SUBSAMPLE("0.0001", TUNED),
	SKIPGRAM_EPOCHS("100", "passes over the histories, at most", TUNED),
	SKIPGRAM_LR("0.05", TUNED),
	SKIPGRAM_ORDER,
	SKIPGRAM_PATIENCE("0", "the best comes late, where the step has fallen"),
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct item2vec *m = (struct item2vec *)model;

	if (!m)
		return;
	skipgram_done(&m->gram);
	sequences_done(&m->histories);
	mem_free(m->count);
	history_cosine_done(&m->of);
	mem_free(m);
}

static struct item2vec *new_model(struct err *err)
{
	struct item2vec *m = mem_zeroed(1, sizeof(*m), err);

	if (m)
		m->base.ops = &item2vec_ops;
	return m;
}

static bool begin(struct item2vec *m, const struct build_env *env, const struct params *p, bool seeded, struct err *err)
{
	uint32_t I = env->x->cols;
	struct sgns_corpus corpus;

	m->gram = (struct skipgram){ .V = I, .D = (uint32_t)params_int(p, "dim"), .rule = skipgram_rule(p) };
	m->count = mem_alloc(I, sizeof(*m->count), err);
	if (!m->count || !skipgram_make(&m->gram, true, err) || !sequences_make(&m->histories, env, UINT32_MAX, err))
		return false;
	for (uint32_t i = 0; i < I; i++)
		m->count[i] = csr_row_n(env->xt, i);
	corpus = (struct sgns_corpus){ .n_sentences = m->histories.U, .V = I, .ptr = m->histories.ptr,
				       .word = m->histories.item, .count = m->count };
	return skipgram_begin(&m->gram, &corpus, env->seed, seeded, err);
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct item2vec *m = new_model(err);

	if (m && begin(m, env, p, true, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	(void)env;
	return skipgram_epoch(&((struct item2vec *)model)->gram, item2vec_ops.name, ctx, err);
}

/* The vectors of the items that have events; what the others were drawn as says nothing. */
static float *item_vectors_of(const struct item2vec *m, struct err *err)
{
	float *v = vectors_copy(m->gram.in, m->gram.V, m->gram.D, err);

	for (size_t k = 0; v && k < (size_t)m->gram.V * m->gram.D; k++)
		if (!m->count[k / m->gram.D])
			v[k] = 0;
	return v;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct item2vec *m = (struct item2vec *)model, *frozen = new_model(err);
	float *v = frozen ? item_vectors_of(m, err) : NULL;
	bool done = v && history_cosine_make(&frozen->of, v, m->gram.V, m->gram.D, err);

	if (may_move)
		destroy(model);
	if (done)
		return (struct model *)frozen;
	destroy((struct model *)frozen);
	return NULL;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	struct item2vec *out = new_model(err);

	if (out && history_cosine_pack(&out->of, &((const struct item2vec *)model)->of, to, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	return history_cosine_begin(&((const struct item2vec *)model)->of, q, B, s, err);
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	(void)q;
	history_cosine_score(&((const struct item2vec *)model)->of, B, lo, hi, s, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	(void)B;
	history_cosine_dot_form(&((const struct item2vec *)model)->of, s, out);
	return true;
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	*base = 0;
	return history_cosine_parts(&((const struct item2vec *)model)->of, q, item, s, parts, err);
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	return history_cosine_similar(&((const struct item2vec *)model)->of, item, out, err);
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct history_cosine *c = &((const struct item2vec *)model)->of;

	*D = *stride = c->D;
	return c->unit;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct item2vec *m = (const struct item2vec *)model;
	struct packed vectors = history_cosine_table(&m->of);

	if (what == WEIGHTS_STATE)
		return skipgram_save(&m->gram, "input_vectors", what, w, err);
	return packed_add(w, "item_vectors", &vectors, err);
}

static bool take_vectors(struct item2vec *m, uint32_t I, const struct params *p, const struct weights *w,
			 struct err *err)
{
	uint32_t D = (uint32_t)params_int(p, "dim");
	struct packed packed;
	float *v = NULL;

	return packed_take(w, "item_vectors", I, D, &v, &packed, NULL, err) &&
	       (v ? history_cosine_take(&m->of, v, I, D, err) : history_cosine_take_packed(&m->of, &packed, err));
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	struct item2vec *m = new_model(err);
	bool done;

	if (!m)
		return NULL;
	if (what == WEIGHTS_SCORING)
		done = take_vectors(m, env->data->n_items, p, w, err);
	else
		done = begin(m, env, p, false, err) && skipgram_take(&m->gram, "input_vectors", what, w, err);
	if (done)
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t held(const struct model *model)
{
	return sizeof(struct item2vec) + history_cosine_held(&((const struct item2vec *)model)->of);
}

/* Training with its state as it is kept, the best and the newest frozen model beside it. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	uint64_t I = shape->n_items, D = (uint64_t)params_int(p, "dim");

	return sizeof(struct item2vec) + 2 * skipgram_table_bytes(I, D) +
	       shape_state(shape, 2 * skipgram_table_bytes(I, D), skipgram_table_bytes(I, D)) +
	       shape_snapshots(shape) * history_cosine_bytes(I, D) +
	       I * sizeof(uint64_t) + sequences_bytes(shape->n_users, shape->n_events) +
	       sgns_core_bytes(shape->n_items, shape->n_users, shape->longest, (uint32_t)params_int(p, "window"));
}

struct kept { double total, subsample; };

/* Occurrences of an item that are kept, of so many (num/sgns_pairs.h). */
static double occurrences_kept(double count, const void *ctx)
{
	const struct kept *k = ctx;

	return count * sgns_kept(count, k->total, k->subsample);
}

struct spoken { double share; uint32_t window; };

static double pairs_of(double events, const void *ctx)
{
	const struct spoken *s = ctx;

	return sgns_pairs_expected(events * s->share, s->window);
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	struct sgns_rule rule = skipgram_rule(p);
	double I = (double)shape->n_items, E = (double)shape->n_events, D = (double)params_int(p, "dim");
	struct kept kept = { E, rule.subsample };
	struct spoken spoken = { E > 0 ? rows_items(shape, occurrences_kept, &kept) / E : 0, rule.window };

	skipgram_effort(&out->epoch, &rule, (uint32_t)D, I, E, rows_users(shape, pairs_of, &spoken));
	effort_copies(&out->epoch, 3 * I * D);
	out->epoch.alone[EFFORT_NEAR] += 2 * I * D; /* made 1 long */
	out->once.alone[EFFORT_DRAW] += 2 * I * D + effort_sort(E);
	effort_dots(&out->asked, I, D, rows_mean(shape));
	out->asked.shared[effort_rows(I * D * sizeof(float))] += rows_mean(shape) * D;
}

const struct model_ops item2vec_ops = {
	.name = "item2vec",
	.title = "item2vec: skip-gram over histories as sentences",
	.cite = "Barkan & Koenigstein 2016, arXiv:1603.04259",
	.caps = MODEL_ITERATIVE | MODEL_FROM_HISTORY | MODEL_ITEM_VECTORS | MODEL_EXACT,
	.example_unit = "events",
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.pack = pack,
	.query_begin = query_begin,
	.score_block = score_block,
	.dot_form = dot_form,
	.contributions = contributions,
	.similar = similar,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
