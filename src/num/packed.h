/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed.h - a table of numbers, kept whole or in fewer bits.
 *
 *	F32   as they are
 *	BF16  the upper 16 bits of each float, rounded to nearest, ties to even: within 2^-8 of each number
 *	INT8  a scale a row: v = scale[r] q, q a whole number of -127 .. 127, scale[r] = max |v| / 127 of the
 *	      row: within scale[r] / 2 of each number
 *
 * Numbers are finite.  A packed table never changes: reading is ANY thread.  Row r lies at data + r * cols,
 * without gaps.
 */
#ifndef NUM_PACKED_H
#define NUM_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "num/tensors.h"

enum precision { PRECISION_F32, PRECISION_BF16, PRECISION_INT8 }; /* as the parameters list them */
extern const char *const precision_name[]; /* "f32", "bf16", "int8" */

struct packed {
	enum precision precision;
	uint32_t rows, cols;
	void *data;   /* float, uint16_t or int8_t [rows][cols]; owned unless it is a view */
	float *scale; /* [rows] of INT8 */
};

static inline struct packed packed_view(const float *v, uint32_t rows, uint32_t cols)
{
	return (struct packed){ PRECISION_F32, rows, cols, (void *)(uintptr_t)v, NULL };
}
/* A table of its own in `to`, from one in any precision; packed_done() it. */
bool packed_make(struct packed *out, const struct packed *from, enum precision to, struct err *err);
/* Of the first `cols` columns alone. */
bool packed_make_of(struct packed *out, const struct packed *from, uint32_t cols, enum precision to, struct err *err);
bool packed_alloc(struct packed *out, enum precision p, uint32_t rows, uint32_t cols, struct err *err); /* unfilled */
void packed_done(struct packed *p); /* fine on a zeroed one */
uint64_t packed_bytes_for(enum precision p, uint64_t rows, uint64_t cols);
uint64_t packed_bytes(const struct packed *p);

void packed_row(const struct packed *p, uint32_t r, float *out);   /* out[cols] */
float packed_at(const struct packed *p, uint32_t r, uint32_t c);
/* out[n][ld]: the rows named, what is behind cols becomes 0. */
void packed_rows(const struct packed *p, const uint32_t *rows, size_t n, float *out, size_t ld);
/* out[rows]: cosine of every row with row `of`; 0 where either is zero. */
bool packed_cosines(const struct packed *p, uint32_t of, float *out, struct err *err);
/* out[hi - lo] = sum over t of f[t] (NULL: 1) * row rows[t], columns lo..hi-1, each summed in the order of t: the same bits
 * whatever lo and hi. */
void packed_sum_rows(const struct packed *p, const uint32_t *rows, const float *f, size_t n, uint32_t lo,
		     uint32_t hi, float *out);
/* One row of INT8: q [n] times the scale that it returns stand for v. */
float packed_quantise(const float *v, size_t n, int8_t *q);
/* The same in 15 bits, for the other side of a product: -PACKED_QUERY .. PACKED_QUERY.  A sum of 1,024 products
 * of the two fits 32 bits. */
#define PACKED_QUERY 16255 /* 127 * 128 - 1: whole parts and rests of 128 fit 8 bits each */
float packed_quantise_query(const float *v, size_t n, int16_t *q);

/* The dense weights of a network: matrices packed, tensors of one dimension whole. */
struct packed_tensors {
	const struct tensors *of; /* names and places, borrowed; their block of floats is not read */
	struct packed *t;         /* [of->n] */
};
bool packed_tensors_make(struct packed_tensors *out, const struct tensors *of, enum precision to, struct err *err);
void packed_tensors_done(struct packed_tensors *p);
uint64_t packed_tensors_bytes(const struct packed_tensors *p);
void packed_tensors_read(const struct packed_tensors *p, float *w); /* a block of of->size floats */

#endif
