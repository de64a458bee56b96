/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_cosine.c - see history_cosine.h. */
#include "model/history_cosine.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/linalg.h"

float history_cosine_unit(float *v, uint32_t D)
{
	float length = sqrtf(linalg_dot(v, v, D));

	for (uint32_t d = 0; length > 0 && d < D; d++)
		v[d] /= length;
	return length;
}

bool history_cosine_make(struct history_cosine *c, float *take_vectors, uint32_t I, uint32_t D, struct err *err)
{
	for (uint32_t i = 0; i < I; i++)
		history_cosine_unit(take_vectors + (size_t)i * D, D);
	return history_cosine_take(c, take_vectors, I, D, err);
}

bool history_cosine_take(struct history_cosine *c, float *take_unit, uint32_t I, uint32_t D, struct err *err)
{
	*c = (struct history_cosine){ .I = I, .D = D, .unit = take_unit };
	c->panels = rank_panels_new(c->unit, D, I, D, NULL, err);
	if (c->panels)
		return true;
	history_cosine_done(c);
	return false;
}

bool history_cosine_take_packed(struct history_cosine *c, struct packed *take, struct err *err)
{
	*c = (struct history_cosine){ .I = take->rows, .D = take->cols, .packed = *take };
	*take = (struct packed){ 0 };
	c->panels = rank_panels_new_packed(&c->packed, NULL, err);
	if (c->panels)
		return true;
	history_cosine_done(c);
	return false;
}

bool history_cosine_pack(struct history_cosine *c, const struct history_cosine *from, enum precision to, struct err *err)
{
	struct packed was = history_cosine_table(from), is;

	return packed_make(&is, &was, to, err) && history_cosine_take_packed(c, &is, err);
}

void history_cosine_done(struct history_cosine *c)
{
	rank_panels_free(c->panels);
	mem_free(c->unit);
	packed_done(&c->packed);
	*c = (struct history_cosine){ 0 };
}

uint64_t history_cosine_bytes(uint64_t I, uint64_t D)
{
	return I * D * sizeof(float) + rank_panels_bytes((uint32_t)I, (uint32_t)D);
}

uint64_t history_cosine_held(const struct history_cosine *c)
{
	struct packed t = history_cosine_table(c);

	return packed_bytes(&t) + rank_panels_bytes_for(t.precision, c->I, c->D);
}

/* The history's direction; returns |m|. */
static float direction_of(const struct history_cosine *c, const struct query *q, float *m)
{
	if (!c->unit) {
		packed_sum_rows(&c->packed, q->items, q->x, q->n, 0, c->D, m);
		return history_cosine_unit(m, c->D);
	}
	memset(m, 0, c->D * sizeof(*m));
	for (uint32_t k = 0; k < q->n; k++)
		linalg_axpy(q->x ? q->x[k] : 1, c->unit + (size_t)q->items[k] * c->D, m, c->D);
	return history_cosine_unit(m, c->D);
}

bool history_cosine_begin(const struct history_cosine *c, const struct query *q, size_t B, struct scratch *s,
			  struct err *err)
{
	float *m = scratch_need(s, B * c->D * sizeof(*m), err);

	for (size_t b = 0; m && b < B; b++)
		direction_of(c, &q[b], m + b * c->D);
	return m != NULL;
}

void history_cosine_score(const struct history_cosine *c, size_t B, uint32_t lo, uint32_t hi, const struct scratch *s,
			  float *out, size_t stride)
{
	rank_scores(c->panels, s->p, c->D, B, lo, hi, out, stride);
}

void history_cosine_dot_form(const struct history_cosine *c, const struct scratch *s, struct dot_form *out)
{
	*out = (struct dot_form){ .panels = c->panels, .queries = s->p, .stride = c->D };
}

bool history_cosine_parts(const struct history_cosine *c, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, struct err *err)
{
	struct packed t = history_cosine_table(c);
	float *m = scratch_need(s, 3 * (size_t)c->D * sizeof(*m), err), length;

	if (!m)
		return false;
	length = direction_of(c, q, m);
	packed_row(&t, item, m + c->D);
	for (uint32_t k = 0; k < q->n; k++) {
		packed_row(&t, q->items[k], m + 2 * (size_t)c->D);
		parts[k] = length > 0 ? (q->x ? q->x[k] : 1) / length *
						linalg_dot(m + c->D, m + 2 * (size_t)c->D, c->D)
				      : 0;
	}
	return true;
}

void history_cosine_near(const struct history_cosine *c, const float *direction, float *out)
{
	struct packed t = history_cosine_table(c);
	float row[RANK_MAX_D];

	for (uint32_t i = 0; i < c->I; i++) {
		packed_row(&t, i, row);
		out[i] = linalg_dot(direction, row, c->D);
	}
}

bool history_cosine_similar(const struct history_cosine *c, uint32_t item, float *out, struct err *err)
{
	if (!c->unit)
		return packed_cosines(&c->packed, item, out, err);
	history_cosine_near(c, c->unit + (size_t)item * c->D, out);
	return true;
}
