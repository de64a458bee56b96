/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_content.c - see towers_content.h. */
#include "model/towers_content.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/linalg.h"

struct asking {
	const struct towers_net *n;
	const float *u;
	uint32_t item;
	bool linear;
	struct tower t; /* of one row */
	float *text, *work, score;
	struct content *out;
};

size_t towers_content_floats(const struct towers_net *n)
{
	return 4 * (size_t)n->D + 1 + towers_content_work(&n->features, 1);
}

/* The rest of `work`: the text's [D], then the content's. */
static struct tower lay(const struct towers_net *n, float *work, float **rest)
{
	size_t D = n->D;

	*rest = work + 3 * D + 1;
	return (struct tower){ .in = work, .act = work + D, .out = work + 2 * D, .norm = work + 3 * D };
}

static float score_without(const struct asking *a, const struct towers_without *without)
{
	towers_items(a->n, &a->t, &a->item, 1, without, a->work);
	return linalg_dot(a->u, a->t.out, a->n->D);
}

static bool leave_out(const struct asking *a, const struct towers_without *without, const char *kind, const char *name,
		      struct err *err)
{
	return content_add(a->out, kind, name, a->score - score_without(a, without), err);
}

static bool add_words(const struct asking *a, struct err *err)
{
	const struct towers_text *text = a->n->features.text;
	struct towers_without w = TOWERS_WITH_ALL;

	w.text = a->text;
	for (size_t k = 0; text && k < csr_row_n(&text->words->bag, a->item); k++) {
		uint32_t word = csr_row(&text->words->bag, a->item)[k];

		towers_text_without(text, a->item, k, a->linear, a->text);
		if (!leave_out(a, &w, "word", strtab_get(&text->words->words, word), err))
			return false;
	}
	return true;
}

static bool add_tags(const struct asking *a, struct err *err)
{
	const struct towers_features *f = &a->n->features;
	struct towers_without w = TOWERS_WITH_ALL;

	for (size_t k = 0; f->tags && k < csr_row_n(f->tags, a->item); k++) {
		w.tag = csr_row(f->tags, a->item)[k];
		if (!leave_out(a, &w, "tag", strtab_get(&f->data->tag_names, w.tag), err))
			return false;
	}
	return true;
}

static bool add_modalities(const struct asking *a, struct err *err)
{
	const struct towers_features *f = &a->n->features;
	struct towers_without w = TOWERS_WITH_ALL;

	for (w.modality = 0; w.modality < f->n_modalities; w.modality++)
		if (f->modality[w.modality].has[a->item] && !leave_out(a, &w, "modality", f->modality[w.modality].name, err))
			return false;
	return true;
}

/* From here on without e_i. */
static bool add_id(const struct asking *a, struct err *err)
{
	size_t D = a->n->D;
	bool has = linalg_dot(a->t.in, a->t.in, D) > 0; /* not without a train event */

	memset(a->t.in, 0, D * sizeof(float));
	return !has || leave_out(a, NULL, "id", dataset_item_id(a->n->features.data, a->item), err);
}

static float score_of_nothing(const struct asking *a)
{
	struct towers_without all = { .text = a->text, .text_alone = true };

	memset(a->text, 0, a->n->D * sizeof(float));
	return score_without(a, &all);
}

bool towers_content_parts(const struct towers_net *n, const float *u, uint32_t item, float *work, struct content *out,
			  struct err *err)
{
	size_t D = n->D;
	struct asking a = { .n = n, .u = u, .item = item, .out = out,
			    .linear = towers_g(n) == ACT_LINEAR && !n->cosine };

	a.t = lay(n, work, &a.text);
	a.work = a.text + D;
	memcpy(a.t.in, n->items + item * D, D * sizeof(float));
	a.score = score_without(&a, NULL);
	out->exact = a.linear;
	if (!add_words(&a, err) || !add_tags(&a, err) || !add_modalities(&a, err) || !add_id(&a, err))
		return false;
	out->base = a.linear ? score_of_nothing(&a) : NAN;
	out->rest = a.linear ? 0 : NAN;
	return true;
}

bool towers_near_text(const struct towers_net *n, const float *r, const char *text, size_t length, float *out,
		      struct err *err)
{
	struct towers_without alone = { .text_alone = true };
	size_t D = n->D;
	uint32_t any = 0;
	float *work, *words, own;
	struct tower t;

	if (!n->features.text)
		return err_set(err, ERR_UNSUPPORTED, "this run of towers reads no text: text=no, or the data has none");
	work = mem_zeroed(towers_content_floats(n), sizeof(*work), err);
	if (!work)
		return false;
	t = lay(n, work, &words);
	if (!towers_text_of(n->features.text, text, length, words)) {
		mem_free(work);
		return err_set(err, ERR_NOTFOUND, "no word of it is in the texts of enough items");
	}
	alone.text = words;
	towers_items(n, &t, &any, 1, &alone, words + D);
	own = sqrtf(linalg_dot(t.out, t.out, D));
	for (uint32_t i = 0; i < n->I; i++) {
		const float *v = r + i * D;
		float size = own * sqrtf(linalg_dot(v, v, D));

		out[i] = size > 0 ? linalg_dot(t.out, v, D) / size : 0;
	}
	mem_free(work);
	return true;
}
