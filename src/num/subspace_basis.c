/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subspace_basis.c - see subspace_basis.h.
 *
 * M times a block is two sparse products over rows of SUBSPACE_BLOCK doubles; all else is OpenBLAS over
 * pieces of n.
 */
#include "num/subspace_basis.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "num/blas.h"
#include "num/kern.h"
#include "num/linalg.h"

_Static_assert(S == KERN_STRIP, "a block is what sum_rows takes");
#define NOISE 1e-13 /* of what double leaves behind, relative to M's size */
#define LOUD 1e-9   /* noise that is worth another projection */

static size_t piece_lo(const struct krylov *k, size_t p)
{
	return k->n * p / k->pieces;
}

/* --- W = M (the last block) ------------------------------------------------------------------------- */

static void spread_chunk(void *ctx, size_t p, unsigned slot)
{
	struct krylov *k = ctx;
	const double *v = k->V + (k->m - k->w) * k->n;

	(void)slot;
	for (size_t i = piece_lo(k, p); i < piece_lo(k, p + 1); i++)
		for (size_t c = 0; c < S; c++)
			k->Z[i * S + c] = c < k->w ? v[c * k->n + i] * k->near[i] : 0;
}

static void sum_row(const struct csr *x, size_t r, const double *b, double *out)
{
	kern()->sum_rows(out, b, x->idx + x->ptr[r], x->val ? x->val + x->ptr[r] : NULL,
			 csr_row_n(x, (uint32_t)r));
}

static void first_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct krylov *k = ctx;
	size_t end = (chunk + 1) * ROWS_A_CHUNK < k->N ? (chunk + 1) * ROWS_A_CHUNK : k->N;

	(void)slot;
	for (size_t r = chunk * ROWS_A_CHUNK; r < end; r++) {
		double *y = k->Y + r * S, scale = k->far[r] * k->far[r];

		sum_row(k->first, r, k->Z, y);
		for (size_t c = 0; c < S; c++)
			y[c] *= scale;
	}
}

static void second_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct krylov *k = ctx;
	size_t end = (chunk + 1) * ROWS_A_CHUNK < k->n ? (chunk + 1) * ROWS_A_CHUNK : k->n;

	(void)slot;
	for (size_t r = chunk * ROWS_A_CHUNK; r < end; r++) {
		double sum[S];

		sum_row(k->second, r, k->Y, sum);
		for (size_t c = 0; c < S; c++)
			k->W[c * k->n + r] = sum[c] * k->near[r];
	}
}

bool krylov_first(struct krylov *k)
{
	return task_chunks(k->task, k->pieces, spread_chunk, k) &&
	       task_chunks(k->task, chunks_of(k->N, ROWS_A_CHUNK), first_chunk, k);
}

static bool multiply(struct krylov *k)
{
	k->blocks++;
	return krylov_first(k) && task_chunks(k->task, chunks_of(k->n, ROWS_A_CHUNK), second_chunk, k);
}

/* --- Inner products and what is done with them ------------------------------------------------------ */

static void inner_chunk(void *ctx, size_t p, unsigned slot)
{
	struct krylov *k = ctx;
	size_t lo = piece_lo(k, p);

	(void)slot;
	blas_gemm_double(true, k->w, k->with_n, piece_lo(k, p + 1) - lo, 1, k->W + lo, k->n, k->with + lo, k->n, 0,
			 k->part + p * S * ld_of(k), ld_of(k));
}

/* H [w][n_rows] = W rows'. */
static bool inner(struct krylov *k, const double *rows, size_t n_rows)
{
	size_t ld = ld_of(k);

	k->with = rows;
	k->with_n = n_rows;
	if (!task_chunks(k->task, k->pieces, inner_chunk, k))
		return false;
	for (size_t r = 0; r < k->w; r++) {
		memcpy(k->H + r * ld, k->part + r * ld, n_rows * sizeof(*k->H));
		for (size_t p = 1; p < k->pieces; p++)
			for (size_t c = 0; c < n_rows; c++)
				k->H[r * ld + c] += k->part[(p * S + r) * ld + c];
	}
	return true;
}

static void subtract_chunk(void *ctx, size_t p, unsigned slot)
{
	struct krylov *k = ctx;
	size_t lo = piece_lo(k, p);

	(void)slot;
	blas_gemm_double(false, k->w, piece_lo(k, p + 1) - lo, k->with_n, -1, k->H, ld_of(k), k->with + lo, k->n, 1,
			 k->W + lo, k->n);
}

/* Takes the vectors lo .. hi-1 of the basis out of W. */
static bool project(struct krylov *k, size_t lo, size_t hi)
{
	return inner(k, k->V + lo * k->n, hi - lo) && task_chunks(k->task, k->pieces, subtract_chunk, k);
}

/* What was taken out belongs to T: rows m-w .. m-1, mirrored. */
static void note(struct krylov *k, size_t lo, size_t hi)
{
	for (size_t r = 0; r < k->w; r++)
		for (size_t c = lo; c < hi; c++)
			k->T[(k->m - k->w + r) * k->cap + c] += k->H[r * ld_of(k) + c - lo];
}

static void mirror(struct krylov *k)
{
	for (size_t r = k->m - k->w; r < k->m; r++)
		for (size_t c = 0; c <= r; c++)
			k->T[c * k->cap + r] = k->T[r * k->cap + c];
}

static void turn_chunk(void *ctx, size_t p, unsigned slot)
{
	struct krylov *k = ctx;
	size_t lo = piece_lo(k, p), n = piece_lo(k, p + 1) - lo;
	double *to = k->strip + slot * k->strip_size;

	blas_gemm_double(false, k->w, n, k->w, 1, k->turn, S, k->W + lo, k->n, 0, to, n);
	for (size_t r = 0; r < k->w; r++)
		memcpy(k->W + r * k->n + lo, to + r * n, n * sizeof(*to));
}

/* --- W within itself -------------------------------------------------------------------------------- */

void krylov_draw(struct krylov *k, size_t r, uint64_t again)
{
	struct rng rng = rng_stream(k->seed, "subspace", (uint64_t)k->blocks * S + r, again);

	for (size_t i = 0; i < k->n; i++)
		k->W[r * k->n + i] = rng_normal(&rng);
}

/* Rows of W that are no more than the rounding of what made them say nothing: others are drawn. */
static bool revive(struct krylov *k, double *noise, unsigned pass, bool *any)
{
	bool drawn = false;

	for (size_t r = 0; r < k->w; r++) {
		double norm = sqrt(k->H[r * ld_of(k) + r]);

		if (norm > noise[r])
			continue;
		drawn = true;
		krylov_draw(k, r, pass);
		noise[r] = NOISE;
	}
	*any = drawn;
	return !drawn || (project(k, 0, k->m) && project(k, 0, k->m));
}

/* The turn of W's rows, at unit length, to the axes of their Gram matrix, longest first; what is noise in
 * them is turned too. */
static bool find_turn(struct krylov *k, double *noise, double *off, struct err *err)
{
	double g[S * S], axis[S], length[S], turned[S];
	size_t w = k->w;

	*off = 0;
	for (size_t r = 0; r < w; r++)
		length[r] = sqrt(k->H[r * ld_of(k) + r]);
	for (size_t r = 0; r < w; r++)
		for (size_t c = 0; c < w; c++) {
			g[r * w + c] = k->H[(r > c ? r : c) * ld_of(k) + (r > c ? c : r)] / (length[r] * length[c]);
			*off = fmax(*off, fabs(g[r * w + c] - (r == c)));
		}
	if (!linalg_eigen(g, axis, w, err))
		return false;
	for (size_t r = 0; r < w; r++) {
		const double *q = g + (w - 1 - r) * w;

		turned[r] = 0;
		for (size_t c = 0; c < w; c++) {
			k->turn[r * S + c] = q[c] / length[c];
			turned[r] += k->turn[r * S + c] * noise[c] * k->turn[r * S + c] * noise[c];
		}
		turned[r] = fmax(sqrt(turned[r]), NOISE / 10);
	}
	memcpy(noise, turned, w * sizeof(*noise));
	return true;
}

/* What the rows were before, they were next to the basis: short ones that grew show what of it stayed. */
static bool clean(struct krylov *k, double *noise)
{
	double most = 0;

	for (size_t r = 0; r < k->w; r++)
		most = fmax(most, noise[r]);
	if (most < LOUD)
		return true;
	for (size_t r = 0; r < k->w; r++)
		noise[r] = NOISE;
	return project(k, 0, k->m);
}

static void unit_rows(struct krylov *k)
{
	for (size_t r = 0; r < k->w; r++)
		for (size_t c = 0; c < S; c++)
			k->turn[r * S + c] = r == c ? 1 / sqrt(k->H[r * ld_of(k) + r]) : 0;
}

/* DESIGN: to divide by the root of a small eigenvalue of a Gram matrix is to divide by
 * rounding.  So the rows are only turned apart, measured anew, and scaled by their measured lengths. */
bool krylov_add_block(struct krylov *k, size_t next, double size, struct err *err)
{
	double noise[S], off = INFINITY;

	for (size_t r = 0; r < S; r++)
		noise[r] = NOISE * size;
	for (unsigned pass = 0; pass < 16; pass++) {
		bool drawn;

		if (!inner(k, k->W, k->w) || !revive(k, noise, pass, &drawn))
			return task_cancelled(err);
		if (drawn)
			continue;
		if (!find_turn(k, noise, &off, err))
			return false;
		if (off < 1e-14 * S || pass == 15)
			break;
		if (!task_chunks(k->task, k->pieces, turn_chunk, k) || !clean(k, noise))
			return task_cancelled(err);
		k->w = k->w < next ? k->w : next;
	}
	if (!(off < 1e-10))
		return err_set(err, ERR_NUMERIC, "the vectors of a subspace could not be told apart");
	unit_rows(k);
	if (!task_chunks(k->task, k->pieces, turn_chunk, k))
		return task_cancelled(err);
	memcpy(k->V + k->m * k->n, k->W, k->w * k->n * sizeof(*k->W));
	k->m += k->w;
	return true;
}

/* --- One block more ----------------------------------------------------------------------------------- */

bool krylov_extend(struct krylov *k, bool restarted)
{
	size_t lo = restarted || k->m < 2 * S ? 0 : k->m - k->w - S;

	if (!multiply(k) || !project(k, lo, k->m))
		return false;
	note(k, lo, k->m);
	if (!project(k, 0, k->m))
		return false;
	note(k, 0, k->m);
	mirror(k);
	if (!inner(k, k->W, k->w))
		return false;
	for (size_t r = 0; r < k->w; r++)
		for (size_t c = 0; c < k->w; c++)
			k->left_over[r * S + c] = k->H[r * ld_of(k) + c];
	return true;
}
