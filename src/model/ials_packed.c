/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ials_packed.c - see ials_packed.h. */
#include "model/ials_packed.h"

#include "base/mem.h"
#include "model/packed_tensors.h"
#include "model/vectors.h"
#include "num/kern.h"

void ials_packed_done(struct ials_packed *p)
{
	packed_done(&p->items);
	mem_free(p->common);
	*p = (struct ials_packed){ 0 };
}

static bool take_common(struct ials_packed *out, const float *common, struct err *err)
{
	out->common = common ? vectors_copy(common, 1, (uint32_t)out->P, err) : NULL;
	if (!out->common)
		ials_packed_done(out);
	return out->common != NULL;
}

bool ials_packed_make(struct ials_packed *out, const struct ials_side *side, uint32_t I, uint32_t D,
		      enum precision to, struct err *err)
{
	const float *common, *rotated;
	struct packed rows;

	*out = (struct ials_packed){ .D = D };
	rotated = ials_side_rotated(side, &common, &out->P);
	rows = packed_view(rotated, I, (uint32_t)out->P);
	return packed_make_of(&out->items, &rows, D, to, err) && take_common(out, common, err);
}

bool ials_packed_make_from(struct ials_packed *out, const struct ials_packed *from, enum precision to,
			   struct err *err)
{
	*out = (struct ials_packed){ .D = from->D, .P = from->P };
	return packed_make(&out->items, &from->items, to, err) && take_common(out, from->common, err);
}

/* The history's rows as floats, and what a solve needs. */
struct unpacked {
	struct ials_rows rows;
	float *target; /* [P] */
	void *work;
};

static bool unpack(const struct ials_packed *p, const struct query *q, struct unpacked *u, struct scratch *s,
		   struct err *err)
{
	size_t work = ials_scratch_bytes(p->D), rows = ((size_t)q->n + 1) * p->P * sizeof(float);
	char *at = scratch_need_aux(s, work + rows + q->n * sizeof(uint32_t), err);
	uint32_t *iota;

	if (!at)
		return false;
	u->work = at;
	u->target = (float *)(void *)(at + work);
	iota = (uint32_t *)(void *)(at + work + rows);
	for (uint32_t k = 0; k < q->n; k++)
		iota[k] = k;
	packed_rows(&p->items, q->items, q->n, u->target + p->P, p->P);
	u->rows = (struct ials_rows){ .D = p->D, .common = p->common, .rows = u->target + p->P, .iota = iota };
	err->code = ERR_OK;
	return true;
}

bool ials_packed_solve(const struct ials_packed *p, const struct query *q, float lambda, float *w,
		       struct scratch *s, struct err *err)
{
	struct unpacked u;

	return unpack(p, q, &u, s, err) && ials_solve_rotated(&u.rows, q->x, q->n, lambda, w, u.work);
}

bool ials_packed_parts(const struct ials_packed *p, const struct query *q, float lambda, uint32_t item,
		       float *parts, struct scratch *s, struct err *err)
{
	struct unpacked u;

	if (!unpack(p, q, &u, s, err))
		return false;
	packed_rows(&p->items, &item, 1, u.target, p->P);
	return ials_parts_rotated(&u.rows, q->x, q->n, lambda, u.target, parts, u.work);
}

bool ials_packed_add(struct weights_writer *w, const struct ials_packed *p, struct err *err)
{
	return packed_add(w, "item_vectors", &p->items, err) &&
	       weights_add(w, "item_common", TENSOR_F32, p->common, p->P, 0, err);
}

bool ials_packed_get(const struct weights *w, uint32_t I, uint32_t D, struct ials_packed *out, struct err *err)
{
	*out = (struct ials_packed){ .D = D, .P = ((size_t)D + KERN_PAD - 1) / KERN_PAD * KERN_PAD };
	return packed_get(w, "item_vectors", I, D, &out->items, err) &&
	       take_common(out, weights_get(w, "item_common", TENSOR_F32, out->P, 0, NULL, NULL, err), err);
}
