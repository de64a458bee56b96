/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_features.h - what an item is known by besides its number: its text, its tags, its vectors.
 *
 *   c_i = W4 i' + sum over its tags of a t + sum over modalities it has of (P_m v + p_m)
 *
 * i' [D] is the idf-weighted mean of the vectors of the item's words, not trained further; a tag given n times has
 * the weight 1 + ln n, the weights a of an item having length 1; a modality's v is taken at a mean square length of
 * 1.  What an item lacks adds nothing.  A modality's P_m and p_m lie together as one
 * tensor [dim + 1][D], the last row p_m; the tags' table [n_tags][D] lies beside the dense weights, since a batch
 * touches few of its rows.
 * The dataset is held, as a model may outlive the one that it was trained on.  Thread: ANY to read.
 */
#ifndef MODEL_TOWERS_FEATURES_H
#define MODEL_TOWERS_FEATURES_H

#include "data/dataset.h"
#include "model/towers_text.h"
#include "num/embedding.h"
#include "num/tensors.h"

enum { TOWERS_MAX_MODALITIES = 64 };

struct towers_features {
	uint32_t I, D;
	const struct dataset *data; /* a reference */
	const struct towers_text *text; /* a reference, set by the caller after towers_features_init(); NULL: off */
	const struct csr *tags;     /* NULL: off */
	float *tag_weight;          /* [entries of tags] a */
	const struct modality *modality;
	size_t n_modalities;        /* 0: off */
	float *scale;               /* [n_modalities] */
	size_t W4;                  /* places in the block of tensors */
	size_t P[TOWERS_MAX_MODALITIES];
};
/* Which of the data's tags and modalities are used. */
bool towers_features_init(struct towers_features *f, const struct dataset *d, uint32_t D, bool tags, bool vectors,
			  struct err *err);
void towers_features_done(struct towers_features *f);
bool towers_features_copy(struct towers_features *to, const struct towers_features *from, struct err *err);
void towers_features_list(struct towers_features *f, struct tensors *t, bool text); /* adds their tensors */
static inline uint32_t towers_n_tags(const struct towers_features *f) { return f->tags ? f->tags->cols : 0; }

/* What of one item's content is left out, for explanations; NULL where none is. */
struct towers_without {
	uint32_t tag;        /* UINT32_MAX: none */
	size_t modality;     /* SIZE_MAX: none */
	const float *text;   /* [D] instead of its i'; NULL: its own */
	bool text_alone;     /* no tags and no modalities */
};
#define TOWERS_WITH_ALL (struct towers_without){ .tag = UINT32_MAX, .modality = SIZE_MAX }

/* y [M][D] += c of the items.  w: the block of tensors; tags: the table; work [D] or more floats. */
void towers_content(const struct towers_features *f, const float *w, const float *tags, const uint32_t *item, size_t M,
		    const struct towers_without *without, float *y, float *work);
/* dy [M][D]: adds to grad (a block of tensors), and writes an entry for each tag of each item, as many as
 * towers_tag_entries() says.  entry may be NULL where there are no tags. */
void towers_content_backward(const struct towers_features *f, float *grad, struct row_grad *entry, const float *dy,
			     const uint32_t *item, size_t M, float *work);
size_t towers_tag_entries(const struct towers_features *f, const uint32_t *item, size_t M);
size_t towers_content_work(const struct towers_features *f, size_t M); /* floats */

#endif
