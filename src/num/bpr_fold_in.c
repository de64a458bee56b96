/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpr_fold_in.c - the vector of a person known by history alone; see bpr_core.h.
 *
 * With s = w.h + b, p_jk = 1/(1 + e^(s_j - s_k)) and q = p (1 - p), over n items j and m negatives
 * k:
 *
 *	gradient  n l2 w - sum_j r_j h_j + sum_k c_k h_k,   r_j = mean_k p_jk,  c_k = sum_j p_jk / m
 *	Hessian   n l2 E + J'(R J - Q K) + K'(C K - Q'J),   Q_jk = q_jk / m, R and C its sums,
 *
 * J and K the rows of items and negatives: pairs cost D multiply-adds each, not D^2.  Loss and
 * gradient are double; the Hessian is float, which bends the path and not the place it leads to.
 */
#include "num/bpr_core.h"

#include <math.h>
#include <string.h>

#include "num/kern.h"
#include "num/linalg.h"

#define STEPS 100
#define HALVINGS 40

struct fold {
	const struct kern *k;
	size_t n, m, D, P, N; /* P: D padded; N: n + m padded */
	double l2;
	/* double */
	double *s, *s_new;  /* [n + m] scores */
	double *p;          /* [n + m] r, then c */
	double *b;          /* [n + m] */
	double *w, *w_new, *g, *step; /* [P] */
	/* float */
	float *rows;  /* [n + m][P] J, then K */
	float *cols;  /* [P][N] the same, transposed */
	float *L;     /* [n + m][N] the Laplacian: R, C on the diagonal, -Q and -Q' beside it */
	float *LV;    /* [n + m][P] L times the rows */
	float *hess;  /* [P][P] */
	float *rhs;   /* [P] */
	float *ones;  /* [max(n + m, P)] */
	uint32_t *which; /* [n + m] */
};

static size_t pad(size_t n)
{
	return (n + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
}

static size_t carve(struct fold *f, char *memory, size_t n, size_t m, size_t D)
{
	size_t all = n + m, P = pad(D), N = pad(all), at = 0;
	size_t most = N > P ? N : P;

#define TAKE(field, count)                                                      \
	do {                                                                    \
		if (memory)                                                     \
			f->field = (void *)(memory + at);                       \
		at += ((count) * sizeof(*f->field) + 63) / 64 * 64;             \
	} while (0)
	*f = (struct fold){ .k = kern(), .n = n, .m = m, .D = D, .P = P, .N = N };
	TAKE(s, all);
	TAKE(s_new, all);
	TAKE(p, all);
	TAKE(b, all);
	TAKE(w, P);
	TAKE(w_new, P);
	TAKE(g, P);
	TAKE(step, P);
	TAKE(rows, all * P);
	TAKE(cols, P * N);
	TAKE(L, all * N);
	TAKE(LV, all * P);
	TAKE(hess, P * P);
	TAKE(rhs, P);
	TAKE(ones, most);
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
	for (size_t t = 0; t < all; t++) {
		uint32_t row = t < f->n ? items[t] : negatives[t - f->n];

		f->which[t] = (uint32_t)t;
		f->b[t] = bias ? (double)bias[row] : 0;
		memcpy(f->rows + t * f->P, H + row * stride, f->D * sizeof(*H));
		memset(f->rows + t * f->P + f->D, 0, (f->P - f->D) * sizeof(*H));
	}
	f->k->gather_t(f->cols, f->N, f->rows, f->P, f->which, f->ones, all, f->ones, f->P);
}

static void scores(const struct fold *f, const double *w, double *s)
{
	for (size_t t = 0; t < f->n + f->m; t++) {
		double sum = f->b[t];

		for (size_t d = 0; d < f->D; d++)
			sum += w[d] * (double)f->rows[t * f->P + d];
		s[t] = sum;
	}
}

/* softplus(-x) */
static double pair_loss(double x)
{
	return x > 0 ? log1p(exp(-x)) : log1p(exp(x)) - x;
}

static double loss_at(const struct fold *f, const double *w, const double *s)
{
	double sum = 0, norm = 0;

	for (size_t j = 0; j < f->n; j++)
		for (size_t k = f->n; k < f->n + f->m; k++)
			sum += pair_loss(s[j] - s[k]);
	for (size_t d = 0; d < f->D; d++)
		norm += w[d] * w[d];
	return sum / (double)f->m + 0.5 * f->l2 * norm;
}

/* g, and with it p and L; returns |g|. */
static double gradient(struct fold *f)
{
	size_t n = f->n, all = n + f->m;
	double norm = 0, each = 1.0 / (double)f->m;

	memset(f->p, 0, all * sizeof(*f->p));
	memset(f->L, 0, all * f->N * sizeof(*f->L));
	for (size_t j = 0; j < n; j++) {
		for (size_t k = n; k < all; k++) {
			double p = 1.0 / (1.0 + exp(f->s[j] - f->s[k]));
			float q = (float)(p * (1.0 - p) * each);

			f->p[j] += p * each;
			f->p[k] += p * each;
			f->L[j * f->N + k] = f->L[k * f->N + j] = -q;
			f->L[j * f->N + j] += q;
			f->L[k * f->N + k] += q;
		}
	}
	for (size_t d = 0; d < f->D; d++)
		f->g[d] = f->l2 * f->w[d];
	for (size_t t = 0; t < all; t++)
		for (size_t d = 0; d < f->D; d++)
			f->g[d] += (t < n ? -f->p[t] : f->p[t]) * (double)f->rows[t * f->P + d];
	for (size_t d = 0; d < f->D; d++)
		norm += f->g[d] * f->g[d];
	return sqrt(norm);
}

/* step = -Hessian^-1 g */
static bool newton_step(struct fold *f)
{
	size_t all = f->n + f->m;

	f->k->product(f->LV, f->P, f->L, f->N, f->rows, f->P, all, all, f->P);
	f->k->product(f->hess, f->P, f->cols, f->N, f->LV, f->P, f->P, all, f->P);
	for (size_t d = 0; d < f->D; d++) {
		f->hess[d * f->P + d] += (float)f->l2;
		f->rhs[d] = (float)-f->g[d];
	}
	if (!linalg_solve_small(f->hess, f->P, f->D, f->rhs))
		return false;
	for (size_t d = 0; d < f->D; d++)
		f->step[d] = (double)f->rhs[d];
	return true;
}

/* Moves w along the step as far as the loss falls as it should; false when it no longer does. */
static bool move(struct fold *f, double *loss)
{
	double slope = 0, length = 1;

	for (size_t d = 0; d < f->D; d++)
		slope += f->g[d] * f->step[d];
	for (int t = 0; t < HALVINGS; t++, length /= 2) {
		double now, *swap;

		for (size_t d = 0; d < f->D; d++)
			f->w_new[d] = f->w[d] + length * f->step[d];
		scores(f, f->w_new, f->s_new);
		now = loss_at(f, f->w_new, f->s_new);
		if (!(now <= *loss + 1e-4 * length * slope))
			continue;
		*loss = now;
		swap = f->w, f->w = f->w_new, f->w_new = swap;
		swap = f->s, f->s = f->s_new, f->s_new = swap;
		return true;
	}
	return false;
}

bool bpr_fold_in(const float *H, const float *bias, size_t stride, uint32_t D,
		 const uint32_t *items, uint32_t n, const uint32_t *negatives, uint32_t m, float l2,
		 float *w, void *scratch)
{
	double loss, norm, enough;
	struct fold f;

	memset(w, 0, D * sizeof(*w));
	if (!n || !m)
		return true;
	carve(&f, scratch, n, m, D);
	f.l2 = (double)l2 * n;
	collect(&f, H, bias, stride, items, negatives);
	memset(f.w, 0, D * sizeof(*f.w));
	scores(&f, f.w, f.s);
	loss = loss_at(&f, f.w, f.s);
	norm = gradient(&f);
	enough = 1e-6 * (norm < 1 ? 1 : norm);
	for (int t = 0; t < STEPS && norm > enough; t++) {
		/* Where no step shows a gain, what is left is the loss's own rounding. */
		if (!newton_step(&f) || !move(&f, &loss))
			break;
		norm = gradient(&f);
	}
	for (uint32_t d = 0; d < D; d++)
		w[d] = (float)f.w[d];
	return norm <= 1e3 * enough;
}
