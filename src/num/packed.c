/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed.c - see packed.h. */
#include "num/packed.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"
#include "num/linalg.h"

const char *const precision_name[] = { "f32", "bf16", "int8" };

static const size_t number_size[] = { sizeof(float), sizeof(uint16_t), sizeof(int8_t) };

static uint16_t bf16_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float bf16_float(uint16_t half)
{
	uint32_t bits = (uint32_t)half << 16;
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* The largest size; NaN where a number is none or infinite. */
static float most_of(const float *v, size_t n)
{
	float most = 0, bad = 0;

	for (size_t k = 0; k < n; k++) {
		most = fabsf(v[k]) > most ? fabsf(v[k]) : most;
		bad += v[k] - v[k];
	}
	return most + bad;
}

/* 1 / scale, or 0 where there is nothing but 0, or too little to divide by, or no number: *scale is NaN then. */
static float divisor_of(const float *v, size_t n, float largest, float *scale)
{
	float by;

	*scale = most_of(v, n) / largest;
	by = 1 / *scale;
	if (isfinite(by))
		return by;
	if (!isnan(*scale))
		*scale = 0;
	return 0;
}

static float rounded(float x, float largest)
{
	x = rintf(x);
	return x > largest ? largest : x < -largest ? -largest : x;
}

float packed_quantise(const float *v, size_t n, int8_t *q)
{
	float scale, by = divisor_of(v, n, 127, &scale);

	for (size_t k = 0; k < n; k++)
		q[k] = (int8_t)(by > 0 ? rounded(v[k] * by, 127) : 0);
	return scale;
}

float packed_quantise_query(const float *v, size_t n, int16_t *q)
{
	float scale, by = divisor_of(v, n, PACKED_QUERY, &scale);

	for (size_t k = 0; k < n; k++)
		q[k] = (int16_t)(by > 0 ? rounded(v[k] * by, PACKED_QUERY) : 0);
	return scale;
}

bool packed_alloc(struct packed *out, enum precision p, uint32_t rows, uint32_t cols, struct err *err)
{
	size_t n = (size_t)rows * cols;

	*out = (struct packed){ .precision = p, .rows = rows, .cols = cols };
	out->data = mem_alloc(n ? n : 1, number_size[p], err);
	if (out->data && p == PRECISION_INT8)
		out->scale = mem_alloc(rows ? rows : 1, sizeof(*out->scale), err);
	if (out->data && (p != PRECISION_INT8 || out->scale))
		return true;
	packed_done(out);
	return false;
}

void packed_done(struct packed *p)
{
	mem_free(p->data);
	mem_free(p->scale);
	*p = (struct packed){ 0 };
}

static void write_row(const struct packed *p, uint32_t r, const float *v)
{
	size_t at = (size_t)r * p->cols;

	if (p->precision == PRECISION_INT8) {
		p->scale[r] = packed_quantise(v, p->cols, (int8_t *)p->data + at);
	} else if (p->precision == PRECISION_BF16) {
		uint16_t *to = (uint16_t *)p->data + at;

		for (uint32_t c = 0; c < p->cols; c++)
			to[c] = bf16_of(v[c]);
	} else {
		memcpy((float *)p->data + at, v, p->cols * sizeof(*v));
	}
}

/* Packed already: the same bits, whatever rounding them again would make of the scale. */
static void copy_numbers(struct packed *out, const struct packed *from)
{
	memcpy(out->data, from->data, (size_t)from->rows * from->cols * number_size[from->precision]);
	if (from->scale)
		memcpy(out->scale, from->scale, from->rows * sizeof(*out->scale));
}

bool packed_make_of(struct packed *out, const struct packed *from, uint32_t cols, enum precision to, struct err *err)
{
	float *row = mem_alloc(from->cols ? from->cols : 1, sizeof(*row), err);
	bool good = row && packed_alloc(out, to, from->rows, cols, err);

	if (good && to == from->precision && cols == from->cols) {
		copy_numbers(out, from);
	} else {
		for (uint32_t r = 0; good && r < from->rows; r++) {
			packed_row(from, r, row);
			write_row(out, r, row);
		}
	}
	mem_free(row);
	return good;
}

bool packed_make(struct packed *out, const struct packed *from, enum precision to, struct err *err)
{
	return packed_make_of(out, from, from->cols, to, err);
}

uint64_t packed_bytes_for(enum precision p, uint64_t rows, uint64_t cols)
{
	return rows * cols * number_size[p] + (p == PRECISION_INT8 ? rows * sizeof(float) : 0);
}

uint64_t packed_bytes(const struct packed *p)
{
	return p->data ? packed_bytes_for(p->precision, p->rows, p->cols) : 0;
}

void packed_row(const struct packed *p, uint32_t r, float *out)
{
	size_t at = (size_t)r * p->cols;

	if (p->precision == PRECISION_INT8) {
		const int8_t *q = (const int8_t *)p->data + at;
		float scale = p->scale[r];

		for (uint32_t c = 0; c < p->cols; c++)
			out[c] = scale * (float)q[c];
	} else if (p->precision == PRECISION_BF16) {
		const uint16_t *half = (const uint16_t *)p->data + at;

		for (uint32_t c = 0; c < p->cols; c++)
			out[c] = bf16_float(half[c]);
	} else {
		memcpy(out, (const float *)p->data + at, p->cols * sizeof(*out));
	}
}

float packed_at(const struct packed *p, uint32_t r, uint32_t c)
{
	size_t at = (size_t)r * p->cols + c;

	if (p->precision == PRECISION_INT8)
		return p->scale[r] * (float)((const int8_t *)p->data)[at];
	if (p->precision == PRECISION_BF16)
		return bf16_float(((const uint16_t *)p->data)[at]);
	return ((const float *)p->data)[at];
}

void packed_rows(const struct packed *p, const uint32_t *rows, size_t n, float *out, size_t ld)
{
	for (size_t t = 0; t < n; t++) {
		packed_row(p, rows[t], out + t * ld);
		memset(out + t * ld + p->cols, 0, (ld - p->cols) * sizeof(*out));
	}
}

bool packed_cosines(const struct packed *p, uint32_t of, float *out, struct err *err)
{
	float *a = mem_alloc(2 * (size_t)p->cols + 1, sizeof(*a), err), *b = a + p->cols, aa;

	if (!a)
		return false;
	packed_row(p, of, a);
	aa = linalg_dot(a, a, p->cols);
	for (uint32_t r = 0; r < p->rows; r++) {
		float bb;

		packed_row(p, r, b);
		bb = linalg_dot(b, b, p->cols);
		out[r] = aa > 0 && bb > 0 ? linalg_dot(a, b, p->cols) / (sqrtf(aa) * sqrtf(bb)) : 0;
	}
	mem_free(a);
	return true;
}

#define SUM_ROWS 256 /* scales multiplied at a time; a sum over more goes on from what is there */

static void sum_bytes(const struct packed *p, const uint32_t *rows, const float *f, size_t n, uint32_t lo,
		      uint32_t hi, float *out)
{
	float by[SUM_ROWS], room[1024];

	for (size_t t = 0; t < n || !t; t += SUM_ROWS) {
		size_t here = n - t < SUM_ROWS ? n - t : SUM_ROWS;

		for (size_t k = 0; k < here; k++)
			by[k] = (f ? f[t + k] : 1) * p->scale[rows[t + k]];
		if (!t) {
			kern()->sum_rows8(out, (const int8_t *)p->data + lo, p->cols, rows, by, here, hi - lo);
			continue;
		}
		for (uint32_t c = lo; c < hi; c += 1024) {
			uint32_t wide = hi - c < 1024 ? hi - c : 1024;

			kern()->sum_rows8(room, (const int8_t *)p->data + c, p->cols, rows + t, by, here, wide);
			for (uint32_t k = 0; k < wide; k++)
				out[c - lo + k] += room[k];
		}
	}
}

void packed_sum_rows(const struct packed *p, const uint32_t *rows, const float *f, size_t n, uint32_t lo,
		     uint32_t hi, float *out)
{
	if (p->precision == PRECISION_INT8)
		sum_bytes(p, rows, f, n, lo, hi, out);
	else if (p->precision == PRECISION_BF16)
		kern()->sum_rows16(out, (const uint16_t *)p->data + lo, p->cols, rows, f, n, hi - lo);
	else
		kern()->sum_rows32(out, (const float *)p->data + lo, p->cols, rows, f, n, hi - lo);
}

/* --- The dense weights of a network ---------------------------------------------------- */

bool packed_tensors_make(struct packed_tensors *out, const struct tensors *of, enum precision to, struct err *err)
{
	*out = (struct packed_tensors){ .of = of };
	out->t = mem_zeroed(of->n ? of->n : 1, sizeof(*out->t), err);
	for (size_t k = 0; out->t && k < of->n; k++) {
		const struct tensor *t = &of->tensor[k];
		struct packed whole = packed_view(of->w + t->at, t->cols ? (uint32_t)t->rows : 1,
						  (uint32_t)(t->cols ? t->cols : t->rows));

		if (!packed_make(&out->t[k], &whole, t->cols ? to : PRECISION_F32, err)) {
			packed_tensors_done(out);
			return false;
		}
	}
	return out->t != NULL;
}

void packed_tensors_done(struct packed_tensors *p)
{
	for (size_t k = 0; p->t && k < p->of->n; k++)
		packed_done(&p->t[k]);
	mem_free(p->t);
	*p = (struct packed_tensors){ 0 };
}

uint64_t packed_tensors_bytes(const struct packed_tensors *p)
{
	uint64_t sum = 0;

	for (size_t k = 0; p->t && k < p->of->n; k++)
		sum += packed_bytes(&p->t[k]);
	return sum;
}

void packed_tensors_read(const struct packed_tensors *p, float *w)
{
	for (size_t k = 0; k < p->of->n; k++)
		for (uint32_t r = 0; r < p->t[k].rows; r++)
			packed_row(&p->t[k], r, w + p->of->tensor[k].at + (size_t)r * p->t[k].cols);
}
