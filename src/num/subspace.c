/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subspace.c - see subspace.h.
 *
 * DESIGN: M is A'A or AA', n x n.  The basis V grows by blocks: W = M V_last, made orthogonal to all of V
 * and within itself, is the next block.  T = V M V' (V's vectors are rows) comes from the same inner
 * products, so that its eigenvectors are the best that the basis holds whatever happened on the way.
 * When the basis is full and not good enough, its best vectors become the start of a new one, followed by
 * the block that was due: a restart loses nothing (Wu & Simon).
 */
#include "num/subspace.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/blas.h"
#include "num/linalg.h"
#include "num/subspace_basis.h"

enum { PIECES = 32, PIECE_LEAST = 256, ROTATED = 64, CYCLES_MAX = 200 };
#define RANK 1e-11  /* an eigenvalue below, relative to the largest, is 0 */

/* --- One basis, filled and judged --------------------------------------------------------------------- */

static double largest(const struct krylov *k)
{
	double most = 0;

	for (size_t i = 0; i < k->m; i++)
		most = fmax(most, k->T[i * k->cap + i]);
	return most;
}

static void tell_progress(struct krylov *k)
{
	double here = (double)(k->m - k->keep) / (double)(k->cap - k->keep);

	/* How many bases it takes is not known; each takes half of what is left. */
	task_progress(k->task, (uint64_t)(1000 * (k->progress + (1 - k->progress) / 2 * fmax(here, 0))), 1000);
}

static bool fill(struct krylov *k, bool restarted, struct err *err)
{
	for (;;) {
		size_t next;

		if (!krylov_extend(k, restarted))
			return task_cancelled(err);
		restarted = false;
		tell_progress(k);
		next = k->n - k->m < S ? k->n - k->m : S;
		if (!next || (k->m + S > k->cap && k->cap < k->n))
			return true;
		if (!krylov_add_block(k, next, largest(k), err))
			return false;
	}
}

/* |M v - theta v| of the i-th vector: all of it lies in W, by the last block's share in v. */
static double residual(const struct krylov *k, size_t i)
{
	const double *s = k->vectors + i * k->m + k->m - k->w;
	double sum = 0;

	if (k->m == k->n)
		return 0;
	for (size_t r = 0; r < k->w; r++)
		for (size_t c = 0; c < k->w; c++)
			sum += s[r] * k->left_over[r * S + c] * s[c];
	return sqrt(fmax(sum, 0));
}

/* How far the projector on the leading ones may be off. */
static double projector_error(const struct krylov *k, size_t solved)
{
	double beyond = solved > k->want ? fmax(k->theta[k->want], 0) : 0, sum = 0, worst = 0;

	for (size_t i = 0; i < k->want && k->theta[i] > RANK * k->theta[0]; i++) {
		double r = residual(k, i), gap = fmax(k->theta[i] - beyond, 1e-14 * k->theta[0]);

		sum += r / gap * (r / gap);
		worst = fmax(worst, r);
	}
	return worst <= 1e-12 * k->theta[0] ? 0 : sqrt(sum); /* equal ones, as near as double tells */
}

static bool judge(struct krylov *k, size_t *solved, struct err *err)
{
	*solved = k->keep < k->m ? k->keep : k->m;
	for (size_t r = 0; r < k->m; r++)
		memcpy(k->a + r * k->m, k->T + r * k->cap, k->m * sizeof(*k->a));
	if (!linalg_eigen_leading(k->a, k->m, *solved, k->vectors, k->theta, k->task, err))
		return false;
	k->error = projector_error(k, *solved);
	return true;
}

static void rotate_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct krylov *k = ctx;
	size_t lo = chunk * ROTATED, n = k->n - lo < ROTATED ? k->n - lo : ROTATED;
	double *to = k->strip + slot * k->strip_size;

	blas_gemm_double(false, k->with_n, n, k->m, 1, k->vectors, k->m, k->V + lo, k->n, 0, to, n);
	for (size_t r = 0; r < k->with_n; r++)
		memcpy(k->V + r * k->n + lo, to + r * n, n * sizeof(*to));
}

/* The basis becomes its `many` best vectors. */
static bool rotate(struct krylov *k, size_t many)
{
	k->with_n = many;
	return task_chunks(k->task, chunks_of(k->n, ROTATED), rotate_chunk, k);
}

static bool restart(struct krylov *k, struct err *err)
{
	double size = k->theta[0];

	if (!rotate(k, k->keep))
		return task_cancelled(err);
	memset(k->T, 0, k->cap * k->cap * sizeof(*k->T));
	for (size_t i = 0; i < k->keep; i++)
		k->T[i * k->cap + i] = k->theta[i];
	k->m = k->keep;
	k->progress += (1 - k->progress) / 2;
	return krylov_add_block(k, S, size, err);
}

static bool search(struct krylov *k, struct err *err)
{
	size_t solved;

	k->w = k->n < S ? k->n : S;
	for (size_t r = 0; r < k->w; r++)
		krylov_draw(k, r, 0);
	if (!krylov_add_block(k, k->w, 0, err))
		return false;
	for (unsigned cycle = 0; cycle < CYCLES_MAX; cycle++) {
		if (!fill(k, cycle > 0, err) || !judge(k, &solved, err))
			return false;
		if (k->error < SUBSPACE_TOLERANCE)
			return rotate(k, k->want) || task_cancelled(err);
		if (!restart(k, err))
			return false;
	}
	return err_set(err, ERR_NUMERIC, "the %zu leading singular vectors did not settle: another dim may help", k->want);
}

/* --- The whole ---------------------------------------------------------------------------------------- */

/* The basis's size: three times what is wanted restarts once or twice. */
static size_t cap_for(size_t n, size_t want)
{
	size_t cap = (3 * want + 4 * S + S - 1) / S * S;

	return cap < n ? cap : n;
}

static void plan(struct krylov *k, uint32_t dim)
{
	size_t strip;

	k->want = dim < k->n ? dim : k->n;
	k->cap = cap_for(k->n, k->want);
	k->keep = k->cap == k->n ? k->want : k->want + (k->cap - k->want) / 5;
	if (k->keep == k->want && k->want < k->cap)
		k->keep++; /* the first that is not wanted tells the gap */
	k->pieces = chunks_of(k->n, PIECE_LEAST) < PIECES ? chunks_of(k->n, PIECE_LEAST) : PIECES;
	strip = S * (k->n / k->pieces + 1);
	k->strip_size = strip > k->keep * ROTATED ? strip : k->keep * ROTATED;
}

static uint64_t doubles_for(const struct krylov *k, unsigned slots)
{
	uint64_t cap = k->cap, ld = cap + S;

	return (ld + S + S) * k->n + S * k->N + 2 * cap * cap + S * ld + k->pieces * S * ld + k->keep * cap + k->keep +
	       slots * k->strip_size;
}

static bool make_room(struct krylov *k, double **all, struct err *err)
{
	size_t cap = k->cap, ld = cap + S;
	double *at = mem_alloc(doubles_for(k, task_slots(k->task)), sizeof(*at), err);

	*all = at;
	if (!at)
		return false;
	k->V = at;
	k->W = k->V + ld * k->n;
	k->Z = k->W + S * k->n;
	k->Y = k->Z + S * k->n;
	k->T = k->Y + S * k->N;
	k->a = k->T + cap * cap;
	k->H = k->a + cap * cap;
	k->part = k->H + S * ld;
	k->vectors = k->part + k->pieces * S * ld;
	k->theta = k->vectors + k->keep * cap;
	k->strip = k->theta + k->keep;
	memset(k->T, 0, cap * cap * sizeof(*k->T));
	return true;
}

/* The vectors of A'A are V; of AA' they are W, and V = A' W / sigma: one more product, a block at a time. */
static bool give(struct krylov *k, bool by_rows, struct subspace *out, struct err *err)
{
	const double *of = k->V;
	size_t I = by_rows ? k->N : k->n, D = out->found;

	for (size_t d = 0; d < D; d += S) {
		k->w = D - d < S ? D - d : S;
		if (by_rows) {
			k->m = d + k->w;
			if (!krylov_first(k))
				return task_cancelled(err);
		}
		for (size_t i = 0; i < I; i++)
			for (size_t c = 0; c < k->w; c++) {
				/* krylov_first() scales by far twice, which is once too often here. */
				double v = by_rows ? (k->far[i] > 0 ? k->Y[i * S + c] / k->far[i] / out->sigma[d + c] : 0)
						   : of[(d + c) * k->n + i];

				out->vectors[i * D + d + c] = (float)v;
			}
	}
	return true;
}

static bool solve(struct krylov *k, bool by_rows, size_t I, struct subspace *out, struct err *err)
{
	if (!search(k, err))
		return false;
	while (out->found < k->want && k->theta[out->found] > RANK * k->theta[0])
		out->found++;
	out->blocks = k->blocks;
	out->sigma = mem_alloc(out->found + 1, sizeof(*out->sigma), err);
	out->vectors = out->sigma ? mem_alloc(I * out->found + 1, sizeof(*out->vectors), err) : NULL;
	if (!out->vectors)
		return false;
	for (size_t i = 0; i < out->found; i++)
		out->sigma[i] = sqrt(k->theta[i]);
	return give(k, by_rows, out, err);
}

static struct krylov krylov_of(const struct subspace_of *a, uint32_t dim)
{
	bool by_rows = a->x->rows < a->x->cols;
	struct krylov k = { .first = by_rows ? a->xt : a->x, .second = by_rows ? a->x : a->xt,
			    .near = by_rows ? a->left : a->right, .far = by_rows ? a->right : a->left };

	k.n = by_rows ? a->x->rows : a->x->cols;
	k.N = by_rows ? a->x->cols : a->x->rows;
	plan(&k, dim);
	return k;
}

bool subspace_right(const struct subspace_of *a, uint32_t dim, uint64_t seed, const struct task *t,
		    struct subspace *out, struct err *err)
{
	struct krylov k = krylov_of(a, dim);
	double *all;
	bool done;

	*out = (struct subspace){ 0 };
	k.task = t;
	k.seed = seed;
	done = make_room(&k, &all, err) && solve(&k, a->x->rows < a->x->cols, a->x->cols, out, err);
	mem_free(all);
	if (!done)
		subspace_done(out);
	return done;
}

void subspace_done(struct subspace *s)
{
	mem_free(s->vectors);
	mem_free(s->sigma);
	*s = (struct subspace){ 0 };
}

uint64_t subspace_bytes(uint32_t U, uint32_t I, uint32_t dim, unsigned slots)
{
	struct csr x = { .rows = U, .cols = I }, xt = { .rows = I, .cols = U };
	struct subspace_of a = { .x = &x, .xt = &xt };
	struct krylov k;
	uint64_t eigen, given;

	if (!U || !I)
		return 0;
	k = krylov_of(&a, dim);
	eigen = 3 * k.cap + k.cap * k.cap + 1 + 6 * k.cap + 2 * k.cap * k.cap; /* of linalg_eigen_leading() */
	given = ((uint64_t)I * k.want + 1) * sizeof(float) + (k.want + 1) * sizeof(double);
	eigen = eigen * sizeof(double) + (3 + 5 * k.cap) * sizeof(int);
	return doubles_for(&k, slots) * sizeof(double) + (eigen > given ? eigen : given);
}

void subspace_effort(const struct csr *x, uint32_t dim, struct effort *e)
{
	struct subspace_of a = { .x = x, .xt = x };
	struct krylov k = krylov_of(&a, dim);
	double n = (double)(x->rows < x->cols ? x->rows : x->cols), cap, keep, blocks, restarts;

	k.n = (size_t)n;
	plan(&k, dim);
	cap = (double)k.cap;
	keep = (double)k.keep;
	restarts = k.cap == k.n ? 0 : 0.5 + n / (6 * cap);
	blocks = (cap + restarts * (cap - keep)) / S;
	e->shared[EFFORT_NEAR] += 1.5 * blocks * 2 * (double)csr_n(x) * 2 * S;      /* M V: S doubles an event, twice */
	e->shared[EFFORT_DOUBLE] += 1.5 * blocks * 2 * S * (0.6 * cap + 3 * S) * n; /* made orthogonal to what there is */
	e->shared[EFFORT_DOUBLE] += (1 + restarts) * keep * cap * n;                /* turned to its best */
	e->alone[EFFORT_DOUBLE] += (1 + restarts) * 7.5 * cap * cap * cap;          /* eigenvectors of T */
}
