/* SPDX-License-Identifier: GPL-3.0-or-later */
/* word2vec.c - what is said of the items, and nothing else: items whose words are near are near.
 *
 * Mikolov et al. 2013, arXiv:1310.4546.  Each item's text (model/item_text.h) is a sentence of skip-gram
 * (num/sgns_core.h).  With z_w a word's input vector less c, the mean of the items' means, an item is
 *
 *	v_i = sum_w b_iw z_w / sum_w b_iw,     b: the text's bags
 *
 * and scored by the cosine to the history's mean (model/history_cosine.h).  By word, at the item's length and
 * the history's direction u held fixed, score = sum_w b_iw z_w.u / (|v_i| sum b_i).  Events are never learnt
 * from, so that an item without any is ranked as well as others.
 */
#include <string.h>

#include "base/mem.h"
#include "model/history_cosine.h"
#include "model/registry.h"
#include "model/skipgram.h"
#include "model/vectors.h"
#include "model/word_vectors.h"
#include "num/linalg.h"

enum { ASKED_WORDS = 256 }; /* distinct, of a text that is asked */

struct word2vec {
	struct model_base base;
	const struct item_text *text; /* a reference */
	struct skipgram gram;         /* frozen: gram.in holds the z */
	struct history_cosine of;     /* frozen alone */
	uint64_t text_hash;
	uint32_t min_items;
	bool centre;
};

static const struct param_spec params[] = {
	SKIPGRAM_DIM("64", "the size most papers compare at"),
	SKIPGRAM_WINDOW("5", "words before and after, at most, that are learnt from", TUNED),
	SKIPGRAM_NEGATIVES("5", "words drawn against each pair", "Mikolov 2013"),
	SKIPGRAM_POWER("0.75", "Mikolov 2013"),
	SKIPGRAM_SUBSAMPLE("0.001", TUNED),
	{ .name = "min-count", .type = PARAM_INT, .lo = 1, .hi = 1000000, .def = "2", .unit = "items",
	  .meaning = "that must have a word, else it is not read", .source = "one item's word says nothing of others" },
	{ .name = "centre", .type = PARAM_CHOICE, .def = "yes", .choices = "no|yes", .unit = "",
	  .meaning = "whether what all items have in common is taken out of the vectors", .source = TUNED },
	SKIPGRAM_EPOCHS("30", "passes over the texts, at most", TUNED),
	SKIPGRAM_LR("0.1", TUNED),
	SKIPGRAM_ORDER,
	SKIPGRAM_PATIENCE("10", "the metric wavers by a few epochs"),
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct word2vec *m = (struct word2vec *)model;

	if (!m)
		return;
	skipgram_done(&m->gram);
	history_cosine_done(&m->of);
	item_text_unref(m->text);
	mem_free(m);
}

static struct item_text_rule text_rule(const struct params *p)
{
	return (struct item_text_rule){ .min_items = (uint32_t)params_int(p, "min-count"), .titles = true, .tags = true,
					.texts = true };
}

static struct word2vec *new_model(const struct item_text *text, const struct params *p, bool training, struct err *err)
{
	struct word2vec *m = text ? mem_zeroed(1, sizeof(*m), err) : NULL;

	if (!m)
		return NULL;
	m->base.ops = &word2vec_ops;
	m->text = item_text_ref(text);
	m->text_hash = item_text_hash(text);
	m->min_items = (uint32_t)params_int(p, "min-count");
	m->centre = params_choice(p, "centre") == 1;
	m->gram = (struct skipgram){ .V = text->words.n, .D = (uint32_t)params_int(p, "dim"), .rule = skipgram_rule(p) };
	if (skipgram_make(&m->gram, training, err))
		return m;
	destroy((struct model *)m);
	return NULL;
}

/* The model, its text read from the data. */
static struct word2vec *read_model(const struct build_env *env, const struct params *p, bool training, struct err *err)
{
	struct item_text_rule rule = text_rule(p);
	const struct item_text *text = item_text_new(env->data, &rule, word2vec_ops.name, env->task, err);
	struct word2vec *m = new_model(text, p, training, err);

	item_text_unref(text);
	return m;
}

static bool begin(struct word2vec *m, uint64_t seed, bool seeded, struct err *err)
{
	struct sgns_corpus corpus = word_vectors_corpus(m->text);

	return skipgram_begin(&m->gram, &corpus, seed, seeded, err);
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct word2vec *m = read_model(env, p, true, err);

	if (m && begin(m, env->seed, true, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	(void)env;
	return skipgram_epoch(&((struct word2vec *)model)->gram, word2vec_ops.name, ctx, err);
}

/* --- What scoring needs ------------------------------------------------------------------ */

static void item_mean(const struct word2vec *m, uint32_t i, float *v)
{
	const struct csr *bag = &m->text->bag;

	item_text_mean(csr_row(bag, i), csr_row_val(bag, i), csr_row_n(bag, i), m->gram.in, m->gram.D, v);
}

/* The mean of the means leaves every word. */
static bool take_out_mean(struct word2vec *m, struct err *err)
{
	uint32_t I = m->text->bag.rows, D = m->gram.D, n = 0;
	float *v = mem_zeroed(2 * (size_t)D, sizeof(*v), err), *sum = v + D;

	if (!v)
		return false;
	for (uint32_t i = 0; i < I; i++) {
		item_mean(m, i, v);
		linalg_axpy(1, v, sum, D);
		n += csr_row_n(&m->text->bag, i) > 0;
	}
	for (uint32_t w = 0; n && w < m->gram.V; w++)
		linalg_axpy(-1 / (float)n, sum, m->gram.in + (size_t)w * D, D);
	mem_free(v);
	return true;
}

static bool make_items(struct word2vec *m, struct err *err)
{
	uint32_t I = m->text->bag.rows, D = m->gram.D;
	float *v = mem_alloc((size_t)I * D, sizeof(*v), err);

	if (!v)
		return false;
	for (uint32_t i = 0; i < I; i++)
		item_mean(m, i, v + (size_t)i * D);
	return history_cosine_make(&m->of, v, I, D, err);
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct word2vec *m = (struct word2vec *)model, *frozen = mem_zeroed(1, sizeof(*frozen), err);
	bool done = frozen;

	if (frozen) {
		*frozen = *m;
		item_text_ref(m->text);
		frozen->gram.out = NULL;
		frozen->gram.core = NULL;
		frozen->gram.in = vectors_copy(m->gram.in, m->gram.V, m->gram.D, err);
		done = frozen->gram.in && (!m->centre || take_out_mean(frozen, err)) && make_items(frozen, err);
	}
	if (may_move)
		destroy(model);
	if (done)
		return (struct model *)frozen;
	destroy((struct model *)frozen);
	return NULL;
}

static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	return history_cosine_begin(&((const struct word2vec *)model)->of, q, B, s, err);
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	(void)q;
	history_cosine_score(&((const struct word2vec *)model)->of, B, lo, hi, s, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	(void)B;
	history_cosine_dot_form(&((const struct word2vec *)model)->of, s, out);
	return true;
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	*base = 0;
	return history_cosine_parts(&((const struct word2vec *)model)->of, q, item, s, parts, err);
}

static bool content(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
		    struct content *out, struct err *err)
{
	const struct word2vec *m = (const struct word2vec *)model;
	const struct csr *bag = &m->text->bag;
	uint32_t D = m->gram.D;
	float *v = scratch_need_aux(s, D * sizeof(*v), err), length, sum = 0;

	if (!v || !history_cosine_begin(&m->of, q, 1, s, err))
		return false;
	item_mean(m, item, v);
	length = history_cosine_unit(v, D);
	for (size_t k = bag->ptr[item]; k < bag->ptr[item + 1]; k++)
		sum += bag->val[k];
	out->exact = true;
	for (size_t k = bag->ptr[item]; k < bag->ptr[item + 1]; k++) {
		uint32_t w = bag->idx[k];
		float part = length > 0 ? bag->val[k] / (sum * length) * linalg_dot(m->gram.in + (size_t)w * D, s->p, D) : 0;

		if (!content_add(out, "word", strtab_get(&m->text->words, w), part, err))
			return false;
	}
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct history_cosine *c = &((const struct word2vec *)model)->of;

	(void)err;
	history_cosine_near(c, c->unit + (size_t)item * c->D, out);
	return true;
}

static bool similar_text(const struct model *model, const char *text, size_t n, float *out, struct err *err)
{
	const struct word2vec *m = (const struct word2vec *)model;
	uint32_t words[ASKED_WORDS];
	float weight[ASKED_WORDS], *v;
	size_t known = item_text_bag_of(m->text, text, n, words, weight, ASKED_WORDS);

	if (!known)
		return err_set(err, ERR_NOTFOUND, "no word of it is in the texts of %u items or more",
			       (unsigned)m->min_items);
	v = mem_alloc(m->gram.D, sizeof(*v), err);
	if (!v)
		return false;
	item_text_mean(words, weight, known, m->gram.in, m->gram.D, v);
	history_cosine_unit(v, m->gram.D);
	history_cosine_near(&m->of, v, out);
	mem_free(v);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct history_cosine *c = &((const struct word2vec *)model)->of;

	*D = *stride = c->D;
	return c->unit;
}

/* --- Files --------------------------------------------------------------------------- */

/* "words": the vocabulary, each word with a 0 behind it, in the order of the vectors.  "text" tells whether the
 * items still say what was learnt from. */
static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct word2vec *m = (const struct word2vec *)model;

	return skipgram_save(&m->gram, "word_vectors", what, w, err) &&
	       weights_add(w, "words", TENSOR_U8, m->text->words.bytes, m->text->words.used, 0, err) &&
	       weights_add(w, "text", TENSOR_U64, &m->text_hash, 1, 0, err);
}

static bool same_text(const struct word2vec *m, const struct weights *w, struct err *err)
{
	const uint64_t *hash = weights_get(w, "text", TENSOR_U64, 1, 0, NULL, NULL, err);

	return hash && (*hash == m->text_hash ||
			err_set(err, ERR_UNSUPPORTED, "the items' titles, texts or tags are no longer those this run learnt from"));
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	bool training = what == WEIGHTS_STATE;
	struct word2vec *m = read_model(env, p, training, err);

	if (m && same_text(m, w, err) && skipgram_take(&m->gram, "word_vectors", what, w, err) &&
	    (training ? begin(m, env->seed, false, err) : make_items(m, err)))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t held(const struct model *model)
{
	const struct word2vec *m = (const struct word2vec *)model;

	return sizeof(*m) + item_text_bytes(m->text) + skipgram_table_bytes(m->gram.V, m->gram.D) +
	       history_cosine_bytes(m->of.I, m->of.D);
}

/* Training, with the best and the newest frozen model beside it; they share the text. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	struct item_text_rule rule = text_rule(p);
	struct item_text_size text = item_text_guess(shape->data, &rule);
	uint64_t D = (uint64_t)params_int(p, "dim");
	uint32_t V = text.words < UINT32_MAX ? (uint32_t)text.words : UINT32_MAX;

	return 3 * sizeof(struct word2vec) + text.bytes + 4 * skipgram_table_bytes(V, D) +
	       2 * history_cosine_bytes(shape->n_items, D) +
	       sgns_core_bytes(V, shape->n_items, text.longest, (uint32_t)params_int(p, "window"));
}

const struct model_ops word2vec_ops = {
	.name = "word2vec",
	.title = "word2vec: items by the words of their titles, texts and tags",
	.cite = "Mikolov et al. 2013, arXiv:1310.4546",
	.caps = MODEL_ITERATIVE | MODEL_FROM_HISTORY | MODEL_ITEM_VECTORS | MODEL_EXACT | MODEL_NEEDS_TEXT |
		MODEL_RANKS_COLD,
	.example_unit = "words",
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.query_begin = query_begin,
	.score_block = score_block,
	.dot_form = dot_form,
	.contributions = contributions,
	.content = content,
	.similar = similar,
	.similar_text = similar_text,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.destroy = destroy,
};
