/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ials_packed.h - the items of ials in fewer bits: one table in the rotated coordinates of num/ials_core.h,
 * where H'H is diagonal, does for scores, for solves and for cosines, none of which a rotation changes.
 *
 * Owns its memory; never changes once made: ANY thread.
 */
#ifndef MODEL_IALS_PACKED_H
#define MODEL_IALS_PACKED_H

#include "model/model.h"
#include "num/ials_core.h"

struct ials_packed {
	uint32_t D;
	size_t P;            /* D padded: the length of a query's vector */
	struct packed items; /* [I][D] */
	float *common;       /* [P] alpha0 times the diagonal of H'H; NULL: there is none of all this */
};
/* From a set side of I items, or from one that is packed already. */
bool ials_packed_make(struct ials_packed *out, const struct ials_side *side, uint32_t I, uint32_t D,
		      enum precision to, struct err *err);
bool ials_packed_make_from(struct ials_packed *out, const struct ials_packed *from, enum precision to,
			   struct err *err);
void ials_packed_done(struct ials_packed *p);

/* w [P], rotated; scratch's second block is used.  Failing with ERR_OK: the system cannot be solved. */
bool ials_packed_solve(const struct ials_packed *p, const struct query *q, float lambda, float *w,
		       struct scratch *s, struct err *err);
bool ials_packed_parts(const struct ials_packed *p, const struct query *q, float lambda, uint32_t item,
		       float *parts, struct scratch *s, struct err *err);

/* Tensors item_vectors (and its scales) and item_common. */
bool ials_packed_add(struct weights_writer *w, const struct ials_packed *p, struct err *err);
bool ials_packed_get(const struct weights *w, uint32_t I, uint32_t D, struct ials_packed *out, struct err *err);

#endif
