/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_cosine.h - items as directions, scored by their cosine to the mean of a history's.
 *
 * With a_i the item's vector made 1 long (0 stays 0) and m = sum_{j in H} x_j a_j,
 *
 *	score(H, i) = a_i.m / |m|,      part_j = x_j a_i.a_j / |m|
 *
 * the parts exact with |m| held fixed.  An empty history, or one of items without vectors, scores all 0.
 * What the models whose vectors come from skip-gram share; its functions stand behind their vtables.
 * I items, D factors.  Immutable once made.  Thread: ANY.
 */
#ifndef MODEL_HISTORY_COSINE_H
#define MODEL_HISTORY_COSINE_H

#include "model/model.h"

struct history_cosine {
	uint32_t I, D;
	float *unit; /* [I][D] */
	struct packed packed; /* in fewer bits: in place of unit, which is NULL */
	struct rank_panels *panels;
};

/* Takes vectors [I][D] (mem_alloc'd; freed on failure) and makes them 1 long. */
bool history_cosine_make(struct history_cosine *c, float *take_vectors, uint32_t I, uint32_t D, struct err *err);
/* The same of vectors that came from a made one, which stay as they are. */
bool history_cosine_take(struct history_cosine *c, float *take_unit, uint32_t I, uint32_t D, struct err *err);
/* In fewer bits: of one made or packed; of a table from a file, taken in any case. */
bool history_cosine_pack(struct history_cosine *c, const struct history_cosine *from, enum precision to, struct err *err);
bool history_cosine_take_packed(struct history_cosine *c, struct packed *take, struct err *err);
static inline struct packed history_cosine_table(const struct history_cosine *c)
{
	return c->unit ? packed_view(c->unit, c->I, c->D) : c->packed;
}
void history_cosine_done(struct history_cosine *c); /* fine on a zeroed struct */
uint64_t history_cosine_bytes(uint64_t I, uint64_t D);
uint64_t history_cosine_held(const struct history_cosine *c);

/* The model's own of the same names; queries [B][D], 1 long or 0, come to lie at s->p. */
bool history_cosine_begin(const struct history_cosine *c, const struct query *q, size_t B, struct scratch *s,
			  struct err *err);
void history_cosine_score(const struct history_cosine *c, size_t B, uint32_t lo, uint32_t hi, const struct scratch *s,
			  float *out, size_t stride);
void history_cosine_dot_form(const struct history_cosine *c, const struct scratch *s, struct dot_form *out);
bool history_cosine_parts(const struct history_cosine *c, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, struct err *err);
/* out[I]: every item's cosine with a direction [D] that is 1 long or 0. */
void history_cosine_near(const struct history_cosine *c, const float *direction, float *out);
/* out[I]: every item's cosine with an item. */
bool history_cosine_similar(const struct history_cosine *c, uint32_t item, float *out, struct err *err);
/* v [D] becomes 1 long, 0 stays; returns how long it was. */
float history_cosine_unit(float *v, uint32_t D);

#endif
