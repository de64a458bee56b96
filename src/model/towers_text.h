/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_text.h - the items' text as towers takes it: a vector for each word, and i' for each item.
 *
 *   i' = scale * (the idf-weighted mean of the vectors of the item's words)       model/item_text.h
 *
 * The words' vectors are those of skip-gram over the items' texts (model/word_vectors.h), trained once and then left
 * alone; with centre each is taken less the mean of all items' means, so that the i' have none.  scale brings i' to a
 * mean square length of 1.  Immutable and counted by references: a training and its frozen models share one.  Thread: WORKER to make, ANY to read.
 */
#ifndef MODEL_TOWERS_TEXT_H
#define MODEL_TOWERS_TEXT_H

#include "model/item_text.h"
#include "num/effort.h"

struct towers_text {
	const struct item_text *words;
	uint32_t I, D;
	float scale;
	float *vectors; /* [V][D] of the words */
	float *mean;    /* [I][D] i', 0 where an item has no words */
	_Atomic unsigned refs;
};
/* *out is NULL where the data has no text of which a word is kept: no error. */
bool towers_text_train(const struct dataset *d, uint32_t D, bool centre, uint64_t seed, const struct task *task,
		       const struct towers_text **out, struct err *err);
/* The words read again, the vectors set by read(ctx, vectors, V, D, err). */
typedef bool towers_vectors_fn(void *ctx, float *vectors, uint32_t V, uint32_t D, struct err *err);
bool towers_text_read(const struct dataset *d, uint32_t D, towers_vectors_fn *read, void *ctx, const struct task *task,
		      const struct towers_text **out, struct err *err);
const struct towers_text *towers_text_ref(const struct towers_text *t); /* NULL is fine, here and below */
void towers_text_unref(const struct towers_text *t);

/* i' of the item without its word number `left_out` in its bag, the mean of the others (held: each keeps the share it
 * has among all); of a text, false when no word of it is known. */
void towers_text_without(const struct towers_text *t, uint32_t item, size_t left_out, bool held, float *out);
bool towers_text_of(const struct towers_text *t, const char *s, size_t n, float *out);

size_t towers_text_bytes(const struct towers_text *t);
/* Before it is made: bytes while it is, of them those that stay, and of its words' vectors. */
struct towers_text_size { uint64_t making, kept, vectors; };
struct towers_text_size towers_text_guess(const struct dataset *d, uint32_t D);
void towers_text_effort(const struct dataset *d, uint32_t D, struct effort *e); /* of making it */

#endif
