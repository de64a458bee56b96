/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spd_inverse.c - the inverse of a large symmetric positive definite matrix, in place, over the pool.
 *
 * DESIGN: symmetric block Gauss-Jordan (the "sweep operator", Beaton 1964), lower tiles only.  For each
 * diagonal tile k, with P = A_kk^-1 and every other tile row i's part in column k, A_ik:
 *
 *	A_ij -= A_ik P A_kj   for all i, j != k,      A_ik = A_ik P,      A_kk = -P
 *
 * and -A is the inverse at the end.  n^3 multiply-adds halved by symmetry, the same as Cholesky and its
 * inverse, but nearly all of it in one kind of large product with no order among its tiles: two waits a
 * step.  Each pivot tile is a Schur complement of a positive definite matrix, so it is one itself.  Each
 * tile's sum runs over k in order: the bits do not depend on who computes it.
 */
#include "num/linalg.h"

#include <string.h>

#include "base/mem.h"
#include "num/blas.h"

#define TILE 256

struct inverse {
	float *a;
	size_t n, tiles, k;
	float *before; /* [n][TILE] column k of A, full, before the step */
	float *after;  /* [n][TILE] the same times P */
	float *pivot;  /* [TILE][TILE] P, full */
};

static size_t tile_n(const struct inverse *v, size_t i)
{
	return v->n - i * TILE < TILE ? v->n - i * TILE : TILE;
}

static float *tile_at(const struct inverse *v, size_t i, size_t j)
{
	return v->a + i * TILE * v->n + j * TILE;
}

/* P, and both triangles of it. */
static bool invert_pivot(struct inverse *v, struct err *err)
{
	size_t n = tile_n(v, v->k), row;
	float *a = tile_at(v, v->k, v->k);

	for (size_t i = 0; i < n; i++)
		memcpy(v->pivot + i * TILE, a + i * v->n, (i + 1) * sizeof(*a));
	if (!blas_spd_inverse(n, v->pivot, TILE, &row))
		return err_set(err, ERR_NUMERIC, "a matrix of size %zu is not positive definite at its "
			       "row %zu: a larger lambda helps", v->n, v->k * TILE + row + 1);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			v->pivot[j * TILE + i] = v->pivot[i * TILE + j];
		for (size_t j = 0; j <= i; j++)
			a[i * v->n + j] = -v->pivot[i * TILE + j];
	}
	return true;
}

/* Tile i of column k: kept, and its product with P. */
static void panel_chunk(void *ctx, size_t i, unsigned slot)
{
	struct inverse *v = ctx;
	size_t k = v->k, rows = tile_n(v, i), cols = tile_n(v, k);
	float *before = v->before + i * TILE * TILE, *after = v->after + i * TILE * TILE;

	(void)slot;
	if (i == k)
		return;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c++)
			before[r * TILE + c] = i > k ? tile_at(v, i, k)[r * v->n + c]
						     : tile_at(v, k, i)[c * v->n + r];
	blas_gemm(false, rows, cols, cols, 1.0f, before, TILE, v->pivot, TILE, 0.0f, after, TILE);
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < cols; c++) {
			if (i > k)
				tile_at(v, i, k)[r * v->n + c] = after[r * TILE + c];
			else
				tile_at(v, k, i)[c * v->n + r] = after[r * TILE + c];
		}
	}
}

/* One lower tile (i,j), i >= j, of the rest. */
static void update_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct inverse *v = ctx;
	size_t i = chunk / v->tiles, j = chunk % v->tiles;

	(void)slot;
	if (j > i || i == v->k || j == v->k)
		return;
	blas_gemm(true, tile_n(v, i), tile_n(v, j), tile_n(v, v->k), -1.0f, v->after + i * TILE * TILE, TILE,
		  v->before + j * TILE * TILE, TILE, 1.0f, tile_at(v, i, j), v->n);
}

static void finish_chunk(void *ctx, size_t i, unsigned slot)
{
	struct inverse *v = ctx;
	size_t lo = i * TILE, hi = lo + tile_n(v, i);

	(void)slot;
	for (size_t r = lo; r < hi; r++)
		for (size_t c = 0; c <= r; c++)
			v->a[r * v->n + c] = -v->a[r * v->n + c];
}

static void mirror_chunk(void *ctx, size_t i, unsigned slot)
{
	struct inverse *v = ctx;
	size_t lo = i * TILE, hi = lo + tile_n(v, i);

	(void)slot;
	for (size_t cb = lo; cb < v->n; cb += 64)
		for (size_t r = lo; r < hi; r++)
			for (size_t c = cb > r ? cb : r + 1; c < cb + 64 && c < v->n; c++)
				v->a[r * v->n + c] = v->a[c * v->n + r];
}

static bool invert(struct inverse *v, const struct task *t, struct err *err)
{
	for (v->k = 0; v->k < v->tiles; v->k++) {
		if (!invert_pivot(v, err))
			return false;
		if (!task_chunks(t, v->tiles, panel_chunk, v) ||
		    !task_chunks(t, v->tiles * v->tiles, update_chunk, v))
			return task_cancelled(err);
		task_progress(t, v->k + 1, v->tiles);
	}
	return (task_chunks(t, v->tiles, finish_chunk, v) && task_chunks(t, v->tiles, mirror_chunk, v)) ||
	       task_cancelled(err);
}

bool linalg_spd_inverse(float *a, size_t n, const struct task *t, struct err *err)
{
	struct inverse v = { .a = a, .n = n, .tiles = (n + TILE - 1) / TILE };
	bool fine = false;

	v.before = mem_alloc(v.tiles * TILE, TILE * sizeof(float), err);
	v.after = v.before ? mem_alloc(v.tiles * TILE, TILE * sizeof(float), err) : NULL;
	v.pivot = v.after ? mem_alloc(TILE, TILE * sizeof(float), err) : NULL;
	if (v.pivot)
		fine = invert(&v, t, err);
	mem_free(v.before);
	mem_free(v.after);
	mem_free(v.pivot);
	return fine;
}
