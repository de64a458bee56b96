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
 *
 * DESIGN: the bags are more than what is packed.  A model in fewer bits keeps the words with their vectors, and the
 * vectors of the items; what one item says is read again from its data when an explanation asks for it.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/history_cosine.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/skipgram.h"
#include "model/vectors.h"
#include "model/word_vectors.h"
#include "num/linalg.h"

enum { ASKED_WORDS = 256 }; /* distinct, of a text that is asked */

struct word2vec {
	struct model_base base;
	const struct dataset *data;   /* a reference: a run may outlive the data that it was trained on */
	struct item_text_rule rule;   /* what is read of it */
	const struct item_text *text; /* a reference; in fewer bits the words alone */
	struct skipgram gram;         /* frozen: gram.in holds the z */
	struct history_cosine of;     /* frozen alone */
	struct packed packed;         /* in fewer bits: in place of gram.in, which is NULL */
	uint64_t text_hash;
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
	packed_done(&m->packed);
	item_text_unref(m->text);
	dataset_unref(m->data);
	mem_free(m);
}

static struct item_text_rule text_rule(const struct params *p)
{
	return (struct item_text_rule){ .min_items = (uint32_t)params_int(p, "min-count"), .titles = true, .tags = true,
					.texts = true };
}

static struct word2vec *new_model(const struct dataset *d, const struct item_text *text, const struct params *p,
				  bool training, struct err *err)
{
	struct word2vec *m = text ? mem_zeroed(1, sizeof(*m), err) : NULL;

	if (!m)
		return NULL;
	m->base.ops = &word2vec_ops;
	m->data = dataset_ref(d);
	m->rule = text_rule(p);
	m->text = item_text_ref(text);
	m->text_hash = item_text_hash(text);
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
	struct word2vec *m = new_model(env->data, text, p, training, err);

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

/* The words of an item with their weights, borrowed: kept, or read again into *own. */
struct bag {
	const uint32_t *words;
	const float *weight;
	size_t n;
};

static bool bag_of(const struct word2vec *m, uint32_t i, struct item_bag *own, struct bag *out, struct err *err)
{
	const struct csr *kept = &m->text->bag;

	if (kept->ptr) {
		*out = (struct bag){ csr_row(kept, i), csr_row_val(kept, i), csr_row_n(kept, i) };
		return true;
	}
	if (!item_text_read_bag(m->text, m->data, &m->rule, i, own, err))
		return false;
	*out = (struct bag){ own->words, own->weight, own->n };
	return true;
}

/* The mean of the means leaves every word. */
static bool take_out_mean(struct word2vec *m, struct err *err)
{
	const struct csr *bag = &m->text->bag;
	uint32_t D = m->gram.D, n = 0;
	float *v = mem_zeroed(2 * (size_t)D, sizeof(*v), err), *sum = v + D;

	if (!v)
		return false;
	for (uint32_t i = 0; i < bag->rows; i++) {
		item_text_mean(csr_row(bag, i), csr_row_val(bag, i), csr_row_n(bag, i), m->gram.in, D, v);
		linalg_axpy(1, v, sum, D);
		n += csr_row_n(bag, i) > 0;
	}
	for (uint32_t w = 0; n && w < m->gram.V; w++)
		linalg_axpy(-1 / (float)n, sum, m->gram.in + (size_t)w * D, D);
	mem_free(v);
	return true;
}

static struct packed words_of(const struct word2vec *m)
{
	return m->gram.in ? packed_view(m->gram.in, m->gram.V, m->gram.D) : m->packed;
}

static bool make_items(struct word2vec *m, struct err *err)
{
	uint32_t I = m->data->n_items, D = m->gram.D;
	float *v = mem_alloc((size_t)I * D, sizeof(*v), err);
	struct item_bag own = { 0 };
	bool done = v;

	for (uint32_t i = 0; done && i < I; i++) {
		struct bag bag;

		done = bag_of(m, i, &own, &bag, err);
		if (done)
			item_text_mean(bag.words, bag.weight, bag.n, m->gram.in, D, v + (size_t)i * D);
	}
	item_bag_done(&own);
	if (done)
		return history_cosine_make(&m->of, v, I, D, err);
	mem_free(v);
	return false;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct word2vec *m = (struct word2vec *)model, *frozen = mem_zeroed(1, sizeof(*frozen), err);
	bool done = frozen;

	if (frozen) {
		*frozen = *m;
		item_text_ref(m->text);
		dataset_ref(m->data);
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

/* Of a model whose words are packed: the items' vectors, of the rounded words, and rounded too. */
static bool make_packed_items(struct word2vec *m, struct err *err)
{
	struct word2vec whole = { .data = m->data, .rule = m->rule, .text = m->text, .gram = m->gram };
	bool done;

	whole.gram.in = mem_alloc((size_t)m->gram.V * m->gram.D + 1, sizeof(float), err);
	for (uint32_t w = 0; whole.gram.in && w < m->gram.V; w++)
		packed_row(&m->packed, w, whole.gram.in + (size_t)w * m->gram.D);
	done = whole.gram.in && make_items(&whole, err) &&
	       history_cosine_pack(&m->of, &whole.of, m->packed.precision, err);
	history_cosine_done(&whole.of);
	mem_free(whole.gram.in);
	return done;
}

static bool leave_items(struct word2vec *m, struct err *err)
{
	const struct item_text *words = item_text_words_of(m->text, err);

	if (!words)
		return false;
	item_text_unref(m->text);
	m->text = words;
	return true;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct word2vec *m = (const struct word2vec *)model;
	struct word2vec *out = mem_alloc(1, sizeof(*out), err);
	struct packed words = words_of(m);

	if (!out)
		return NULL;
	*out = *m;
	item_text_ref(m->text);
	dataset_ref(m->data);
	out->gram.in = NULL;
	out->of = (struct history_cosine){ 0 };
	out->packed = (struct packed){ 0 };
	if (packed_make(&out->packed, &words, to, err) && make_packed_items(out, err) && leave_items(out, err))
		return (struct model *)out;
	destroy((struct model *)out);
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

/* The weighted mean of some words' vectors; row [D]: work. */
static void mean_of(const struct word2vec *m, const uint32_t *words, const float *weight, size_t n, float *mean, float *row)
{
	struct packed t = words_of(m);
	float sum = 0;

	memset(mean, 0, m->gram.D * sizeof(*mean));
	for (size_t k = 0; k < n; k++)
		sum += weight[k];
	for (size_t k = 0; sum > 0 && k < n; k++) {
		packed_row(&t, words[k], row);
		linalg_axpy(weight[k] / sum, row, mean, m->gram.D);
	}
}

/* The query's direction lies at s->p. */
static bool content_of(const struct word2vec *m, const struct bag *bag, struct scratch *s, struct content *out,
		       struct err *err)
{
	struct packed words = words_of(m);
	uint32_t D = m->gram.D;
	float *v = scratch_need_aux(s, 2 * (size_t)D * sizeof(*v), err), length, sum = 0;

	if (!v)
		return false;
	mean_of(m, bag->words, bag->weight, bag->n, v, v + D);
	length = history_cosine_unit(v, D);
	for (size_t k = 0; k < bag->n; k++)
		sum += bag->weight[k];
	out->exact = true;
	for (size_t k = 0; k < bag->n; k++) {
		uint32_t w = bag->words[k];
		float part;

		packed_row(&words, w, v);
		part = length > 0 ? bag->weight[k] / (sum * length) * linalg_dot(v, s->p, D) : 0;
		if (!content_add(out, "word", strtab_get(&m->text->words, w), part, err))
			return false;
	}
	return true;
}

static bool content(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
		    struct content *out, struct err *err)
{
	const struct word2vec *m = (const struct word2vec *)model;
	struct item_bag own = { 0 };
	struct bag bag;
	bool done = history_cosine_begin(&m->of, q, 1, s, err) && bag_of(m, item, &own, &bag, err) &&
		    content_of(m, &bag, s, out, err);

	item_bag_done(&own);
	if (done && m->packed.data) { /* what was rounded off after the words were added up */
		float score, told = 0;

		for (size_t k = 0; k < out->n; k++)
			told += out->part[k].value;
		history_cosine_score(&m->of, 1, item, item + 1, s, &score, 1);
		out->rest = score - told;
	}
	return done;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	return history_cosine_similar(&((const struct word2vec *)model)->of, item, out, err);
}

static bool similar_text(const struct model *model, const char *text, size_t n, float *out, struct err *err)
{
	const struct word2vec *m = (const struct word2vec *)model;
	uint32_t words[ASKED_WORDS];
	float weight[ASKED_WORDS], *v;
	size_t known = item_text_bag_of(m->text, text, n, words, weight, ASKED_WORDS);

	if (!known)
		return err_set(err, ERR_NOTFOUND, "no word of it is in the texts of %u items or more",
			       (unsigned)m->rule.min_items);
	v = mem_alloc(2 * (size_t)m->gram.D, sizeof(*v), err);
	if (!v)
		return false;
	mean_of(m, words, weight, known, v, v + m->gram.D);
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

	return (m->packed.data ? packed_add(w, "word_vectors", &m->packed, err)
			       : skipgram_save(&m->gram, "word_vectors", what, w, err)) &&
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

	if (m && !training && packed_is(w, "word_vectors")) {
		skipgram_done(&m->gram);
		if (same_text(m, w, err) && packed_get(w, "word_vectors", m->gram.V, m->gram.D, &m->packed, err) &&
		    make_packed_items(m, err) && leave_items(m, err))
			return (struct model *)m;
		destroy((struct model *)m);
		return NULL;
	}
	if (m && same_text(m, w, err) && skipgram_take(&m->gram, "word_vectors", what, w, err) &&
	    (training ? begin(m, env->seed, false, err) : make_items(m, err)))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t held(const struct model *model)
{
	const struct word2vec *m = (const struct word2vec *)model;
	struct packed words = words_of(m);

	return sizeof(*m) + item_text_bytes(m->text) + packed_bytes(&words) + history_cosine_held(&m->of);
}

/* Training, with the best and the newest frozen model beside it; they share the text. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	struct item_text_rule rule = text_rule(p);
	struct item_text_size text = item_text_guess(shape->data, &rule);
	uint64_t D = (uint64_t)params_int(p, "dim");
	uint32_t V = text.words < UINT32_MAX ? (uint32_t)text.words : UINT32_MAX;
	uint64_t rest;

	rest = 2 * skipgram_table_bytes(V, D) + shape_state(shape, 2 * skipgram_table_bytes(V, D), skipgram_table_bytes(V, D)) +
	       shape_snapshots(shape) * (skipgram_table_bytes(V, D) + history_cosine_bytes(shape->n_items, D)) +
	       sgns_core_bytes(V, shape->n_items, text.longest, (uint32_t)params_int(p, "window"));
	return 4 * sizeof(struct word2vec) + text.bytes + (rest > text.making ? rest : text.making);
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	struct item_text_rule rule = text_rule(p);
	struct item_text_size text = item_text_guess(shape->data, &rule);
	struct sgns_rule gram = skipgram_rule(p);
	double I = (double)shape->n_items, D = (double)params_int(p, "dim"), words = (double)text.standing, V = (double)text.words;

	word_vectors_effort(&text, I, &gram, (uint32_t)D, &out->epoch);
	effort_copies(&out->epoch, (3 * I + 3 * V) * D);
	out->epoch.alone[effort_rows(V * D * sizeof(float))] += words * D + 2 * I * D; /* items from their words */
	out->once.alone[EFFORT_DRAW] += 40 * words + 2 * V * D; /* the text cut into words, each looked up */
	effort_dots(&out->asked, I, D, rows_mean(shape));
	out->asked.shared[effort_rows(I * D * sizeof(float))] += rows_mean(shape) * D;
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
	.pack = pack,
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
	.effort = effort,
	.destroy = destroy,
};
