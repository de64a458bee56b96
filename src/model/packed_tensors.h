/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_tensors.h - tables of num/packed.h in weights files: NAME as F32, BF16 or I8; of I8 the scales of the
 * rows stand beside it, NAME.scale (F32 [rows]): value = scale[row] * number.
 */
#ifndef MODEL_PACKED_TENSORS_H
#define MODEL_PACKED_TENSORS_H

#include "model/weights.h"
#include "num/packed.h"

/* The table is borrowed until the file is written. */
bool packed_add(struct weights_writer *w, const char *name, const struct packed *p, struct err *err);
bool packed_is(const struct weights *w, const char *name); /* kept as BF16 or I8 */
/* A copy in the precision that the file has; packed_done() it.  cols PACKED_ANY: as many as there are. */
#define PACKED_ANY UINT32_MAX
bool packed_get(const struct weights *w, const char *name, uint32_t rows, uint32_t cols, struct packed *out,
		struct err *err);
/* The same; of floats the data becomes *whole, which is the caller's.  found: how many columns (may be NULL). */
bool packed_take(const struct weights *w, const char *name, uint32_t rows, uint32_t cols, float **whole,
		 struct packed *packed, uint32_t *found, struct err *err);

/* The dense weights of a network: matrices as above, tensors of one dimension as F32. */
bool packed_tensors_add(struct weights_writer *w, const struct packed_tensors *p, struct err *err);
bool packed_tensors_get(const struct weights *w, const struct tensors *of, struct packed_tensors *out,
			struct err *err);

#endif
