/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpr_fold_in.c - the vector of a person known by history alone; see bpr_core.h.
 *
 * With s = w.h + b, p_jk = 1/(1 + e^(s_j - s_k)) and q = p (1 - p), over n items j and m negatives
 * k:
 *
 *	gradient  n l2 w - sum_j r_j h_j + sum_k c_k h_k,   r_j = mean_k p_jk,  c_k = sum_j p_jk / m
 *	Hessian   n l2 E + J'R J + K'C K - J'Q K - (J'Q K)',   Q_jk = q_jk / m, R and C its sums,
 *
 * J and K the rows of items and negatives: pairs cost D multiply-adds each, not D^2, and n + m
 * exponentials do for all of them, p_jk being e^s_k / (e^s_j + e^s_k).  The gradient is double; the Hessian
 * is float, which bends the path and not the place it leads to.
 *
 * DESIGN: a step is judged by the gradient's norm, of which Newton's direction is one of descent too: the
 * loss, and with it a logarithm a pair, is never needed.  It is strictly convex (l2 > 0), so that the norm
 * is 0 in one place alone.
 */
#include "num/bpr_core.h"

#include <math.h>
#include <string.h>

#include "num/kern.h"

#define STEPS 100
#define HALVINGS 40
#define FARTHEST 1400 /* scores that lie apart further than that have no exponentials side by side */

struct fold {
	const struct kern *k;
	size_t n, m, D, M, P, N; /* M: m padded; P: D padded; N: n + M padded */
	double l2;
	/* double */
	double *e;    /* [N] scores, then their exponentials; 0 beyond n + m */
	double *p, *q; /* [n + M] sums over the pairs of each */
	double *b;    /* [N] */
	double *w, *w_new, *g, *g_new; /* [P] */
	/* float */
	float *rows;  /* [n + m][P] J, then K */
	float *cols;  /* [P][N] the same, transposed */
	float *heavy; /* [n + m][P] the rows, by the roots of R and C */
	float *root;  /* [n + m] */
	float *Q;     /* [n][M] */
	float *QK;    /* [n][P] */
	float *JQK;   /* [P][P] */
	float *hess;  /* [P][P] */
	float *rdiag; /* [P] */
	float *step;  /* [P] */
	float *ones;  /* [max(N, P)] */
	uint32_t *which; /* [n + m] */
};

static size_t pad(size_t n)
{
	return (n + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
}

static size_t carve(struct fold *f, char *memory, size_t n, size_t m, size_t D)
{
	size_t all = n + m, M = pad(m), P = pad(D), N = pad(n + M), at = 0;

#define TAKE(field, count)                                                      \
	do {                                                                    \
		if (memory)                                                     \
			f->field = (void *)(memory + at);                       \
		at += ((count) * sizeof(*f->field) + 63) / 64 * 64;             \
	} while (0)
	*f = (struct fold){ .k = kern(), .n = n, .m = m, .D = D, .M = M, .P = P, .N = N };
	TAKE(e, N);
	TAKE(p, N);
	TAKE(q, N);
	TAKE(b, N);
	TAKE(w, P);
	TAKE(w_new, P);
	TAKE(g, P);
	TAKE(g_new, P);
	TAKE(rows, all * P);
	TAKE(cols, P * N);
	TAKE(heavy, all * P);
	TAKE(root, all);
	TAKE(Q, n * M);
	TAKE(QK, n * P);
	TAKE(JQK, P * P);
	TAKE(hess, P * P);
	TAKE(rdiag, P);
	TAKE(step, P);
	TAKE(ones, N > P ? N : P);
	TAKE(which, all);
#undef TAKE
	return at;
}

size_t bpr_fold_in_bytes(uint32_t n, uint32_t m, uint32_t D)
{
	struct fold f;

	return carve(&f, NULL, n, m, D);
}

static void collect(struct fold *f, const float *H, const float *bias, size_t stride,
		    const uint32_t *items, const uint32_t *negatives)
{
	size_t all = f->n + f->m;

	for (size_t t = 0; t < (f->N > f->P ? f->N : f->P); t++)
		f->ones[t] = 1.0f;
	memset(f->b, 0, f->N * sizeof(*f->b));
	for (size_t t = 0; t < all; t++) {
		uint32_t row = t < f->n ? items[t] : negatives[t - f->n];

		f->which[t] = (uint32_t)t;
		f->b[t] = bias ? (double)bias[row] : 0;
		memcpy(f->rows + t * f->P, H + row * stride, f->D * sizeof(*H));
		memset(f->rows + t * f->P + f->D, 0, (f->P - f->D) * sizeof(*H));
	}
	f->k->gather_t(f->cols, f->N, f->rows, f->P, f->which, f->ones, all, f->ones, f->P);
	for (size_t d = 0; d < f->P; d++) /* what gather_t leaves: it pads n + m, not n + M */
		for (size_t t = pad(all); t < f->N; t++)
			f->cols[d * f->N + t] = 0;
}

/* e at w; false when it would not fit a double. */
static bool exponentials(const struct fold *f, const double *w)
{
	size_t all = f->n + f->m;
	double least = INFINITY, most = -INFINITY, middle;

	memcpy(f->e, f->b, f->N * sizeof(*f->e));
	f->k->mix_rows(f->e, w, f->cols, f->N, f->P, f->N);
	for (size_t t = 0; t < all; t++) {
		least = f->e[t] < least ? f->e[t] : least;
		most = f->e[t] > most ? f->e[t] : most;
	}
	if (!(most - least < FARTHEST))
		return false;
	middle = least + (most - least) / 2;
	for (size_t t = 0; t < all; t++)
		f->e[t] = exp(f->e[t] - middle);
	memset(f->e + all, 0, (f->N - all) * sizeof(*f->e));
	return true;
}

/* g at w, and with it p, q and Q; returns |g|, NaN when it cannot be told. */
static double gradient(struct fold *f, const double *w, double *g)
{
	double norm = 0, each = 1.0 / (double)f->m;

	if (!exponentials(f, w))
		return NAN;
	f->k->pairs(&(struct kern_pairs){ .a = f->e, .b = f->e + f->n, .p = f->p, .q = f->q, .each = f->Q,
					  .n = f->n, .m = f->M });
	for (size_t t = 0; t < f->n + f->m; t++)
		f->p[t] *= t < f->n ? -each : each;
	for (size_t d = 0; d < f->P; d++)
		g[d] = f->l2 * w[d];
	f->k->mix_rows(g, f->p, f->rows, f->P, f->n + f->m, f->P);
	for (size_t d = 0; d < f->D; d++)
		norm += g[d] * g[d];
	return sqrt(norm);
}

/* step = -Hessian^-1 g.  The Hessian is kept as its lower triangle by columns. */
static bool newton_step(struct fold *f)
{
	const struct kern *k = f->k;
	size_t all = f->n + f->m, P = f->P;
	float each = 1.0f / (float)f->m;

	for (size_t t = 0; t < all; t++)
		f->root[t] = sqrtf((float)f->q[t] * each);
	k->gather(f->heavy, P, f->rows, P, f->which, f->root, all, f->ones, P);
	memset(f->hess, 0, P * P * sizeof(*f->hess));
	k->syrk(f->hess, P, f->heavy, P, all, f->D);
	k->product(f->QK, P, f->Q, f->M, f->rows + f->n * P, P, f->n, f->m, P);
	k->product(f->JQK, P, f->cols, f->N, f->QK, P, P, f->n, P);
	for (size_t c = 0; c < f->D; c++) {
		for (size_t r = c; r < f->D; r++)
			f->hess[c * P + r] -= each * (f->JQK[c * P + r] + f->JQK[r * P + c]);
		f->hess[c * P + c] += (float)f->l2;
		f->step[c] = (float)-f->g[c];
	}
	if (!k->chol(f->hess, P, f->D, f->rdiag))
		return false;
	k->chol_solve(f->hess, P, f->D, f->rdiag, f->step);
	return true;
}

/* Moves w along the step as far as the gradient's norm falls as it should; false when it no longer does. */
static bool move(struct fold *f, double *norm)
{
	double length = 1;

	for (int t = 0; t < HALVINGS; t++, length /= 2) {
		double now, *swap;

		for (size_t d = 0; d < f->D; d++)
			f->w_new[d] = f->w[d] + length * (double)f->step[d];
		now = gradient(f, f->w_new, f->g_new);
		if (!(now <= *norm * (1 - 1e-4 * length)))
			continue;
		*norm = now;
		swap = f->w, f->w = f->w_new, f->w_new = swap;
		swap = f->g, f->g = f->g_new, f->g_new = swap;
		return true;
	}
	return false;
}

bool bpr_fold_in(const float *H, const float *bias, size_t stride, uint32_t D,
		 const uint32_t *items, uint32_t n, const uint32_t *negatives, uint32_t m, float l2,
		 float *w, void *scratch)
{
	double norm, enough;
	struct fold f;

	memset(w, 0, D * sizeof(*w));
	if (!n || !m)
		return true;
	carve(&f, scratch, n, m, D);
	f.l2 = (double)l2 * n;
	collect(&f, H, bias, stride, items, negatives);
	memset(f.w, 0, f.P * sizeof(*f.w));
	memset(f.w_new, 0, f.P * sizeof(*f.w_new));
	norm = gradient(&f, f.w, f.g);
	enough = 1e-6 * (norm < 1 ? 1 : norm);
	/* Where no step shows a gain, what is left is rounding. */
	for (int t = 0; t < STEPS && norm > enough; t++)
		if (!newton_step(&f) || !move(&f, &norm))
			break;
	for (uint32_t d = 0; d < D; d++)
		w[d] = (float)f.w[d];
	return norm <= 1e3 * enough;
}
