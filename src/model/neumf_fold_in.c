/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_fold_in.c - see neumf_fold_in.h.
 *
 * With v = [g | m Wu] and J_r = ds_r/dv, a row of G + L_1: the gradient is T' sum_r e_r J_r, the curvature
 * T' (sum_r q_r J_r J_r') T, T = dv/dp = [1 0; 0 Wu]': what is summed over the rows has no Wu in it.
 */
#include "model/neumf_fold_in.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"
#include "num/linalg.h"

#define STEPS 30
#define HALVINGS 12
#define LEAST_VARIANCE 1e-6
#define ENOUGH 1e-5 /* of the loss: a gain below that, promised or made, ends it */

bool neumf_people_make(struct neumf_people *p, const struct neumf_net *n, const uint8_t *trained, struct err *err)
{
	struct packed users = neumf_users(n);
	size_t D = n->D, count = 0;
	double *sum = mem_zeroed(2 * D, sizeof(*sum), err);

	p->mean = sum ? mem_zeroed(2 * D, sizeof(*p->mean), err) : NULL;
	for (uint32_t u = 0; p->mean && u < n->U; u++) {
		float *row = p->mean; /* until there is one */

		packed_row(&users, u, row);
		for (size_t d = 0; trained[u] && d < D; d++) {
			sum[d] += (double)row[d];
			sum[D + d] += (double)row[d] * (double)row[d];
		}
		count += trained[u];
	}
	p->weight = p->mean ? p->mean + D : NULL;
	for (size_t d = 0; p->mean && d < D; d++) {
		double mean = count ? sum[d] / (double)count : 0;
		double variance = count ? sum[D + d] / (double)count - mean * mean : 1;

		p->mean[d] = (float)mean;
		p->weight[d] = (float)(1 / (variance > LEAST_VARIANCE ? variance : LEAST_VARIANCE));
	}
	mem_free(sum);
	return p->mean != NULL;
}

void neumf_people_done(struct neumf_people *p)
{
	mem_free(p->mean);
	p->mean = p->weight = NULL;
}

struct fold {
	const struct neumf_net *net;
	const float *turned;
	const struct neumf_people *people;
	size_t n, N, D, C, P; /* N rows, n of them positive; C = G + L_1 and D, each padded: P of D */
	double each;
	struct neumf_work w;
	float *own;     /* [N][L_1] the items' halves of the first layer */
	float *J;       /* [N][C] */
	float *K;       /* [C][C] */
	float *X;       /* [C][P] */
	float *hess;    /* [P][P] */
	float *rhs;     /* [P] */
	float *try;     /* [P] a p */
	double *e, *q;  /* [N] slope and curvature of the loss by s */
	double *gv, *g; /* [C] by v, [P] by p */
};

static size_t pad(size_t n)
{
	return (n + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
}

static size_t carve(struct fold *f, char *memory, const struct neumf_net *net, size_t N)
{
	size_t C = pad(net->G + net->L[0]), P = pad(net->D), at = (neumf_work_size(net, 1, N) + 63) / 64 * 64;

#define TAKE(field, count)                                                         \
	do {                                                                       \
		f->field = (void *)(memory ? memory + at : NULL);                  \
		at += ((count) * sizeof(*f->field) + 63) / 64 * 64;                \
	} while (0)
	*f = (struct fold){ .net = net, .N = N, .D = net->D, .C = C, .P = P };
	TAKE(own, N * net->L[0]);
	TAKE(J, N * C);
	TAKE(K, C * C);
	TAKE(X, C * P);
	TAKE(hess, P * P);
	TAKE(rhs, P);
	TAKE(try, P);
	TAKE(e, N);
	TAKE(q, N);
	TAKE(gv, C);
	TAKE(g, P);
#undef TAKE
	return at;
}

size_t neumf_fold_in_bytes(const struct neumf_net *n, size_t rows)
{
	struct fold f;

	return carve(&f, NULL, n, rows);
}

static void collect(struct fold *f, const uint32_t *items)
{
	const struct neumf_net *n = f->net;
	struct packed of = neumf_items(n);

	packed_rows(&of, items, f->N, f->w.q, f->D);
	kern()->gemm(&(struct kern_gemm){ .c = f->own, .ldc = n->L[0], .a = f->w.q + n->G, .a_row = n->D, .a_col = 1,
					  .b = n->t.w + n->Wi, .ldb = n->L[0], .bias = n->t.w + n->b[0], .m = f->N,
					  .n = n->L[0], .K = n->M });
}

/* The scores of all rows with p. */
static void scores(struct fold *f, const float *p)
{
	const struct neumf_net *n = f->net;
	size_t L = n->L[0];

	kern()->gemm(&(struct kern_gemm){ .c = f->w.u1, .ldc = L, .a = p + n->G, .a_row = n->M, .a_col = 1,
					  .b = n->t.w + n->Wu, .ldb = L, .m = 1, .n = L, .K = n->M });
	for (size_t r = 0; r < f->N; r++)
		for (size_t d = 0; d < L; d++)
			f->w.a[0][r * L + d] = f->own[r * L + d] + f->w.u1[d];
	neumf_upper_forward(n, &f->w, f->N, NULL);
	for (size_t d = 0; d < n->G; d++)
		f->w.wg[d] = n->t.w[n->w + d] * p[d];
	for (size_t r = 0; r < f->N; r++)
		f->w.s[r] += kern()->dot(f->w.wg, f->w.q + r * f->D, n->G);
}

/* The loss at p, its scores computed; with it e and q. */
static double loss_at(struct fold *f, const float *p)
{
	double sum = 0, far = 0;

	for (size_t r = 0; r < f->N; r++) {
		double s = (double)f->w.s[r], x = r < f->n ? -s : s, e = exp(-fabs(x)), by = r < f->n ? 1 : f->each;
		double slope = x > 0 ? 1 / (1 + e) : e / (1 + e);

		sum += by * ((x > 0 ? x : 0) + log1p(e));
		f->e[r] = r < f->n ? -slope : by * slope;
		f->q[r] = by * slope * (1 - slope);
	}
	for (size_t d = 0; d < f->D; d++) {
		double away = (double)p[d] - (double)f->people->mean[d];

		far += away * away * (double)f->people->weight[d];
	}
	return sum + far / 2;
}

/* J of every row: ds/dv = [w * g_i | da_1]. */
static void jacobian(struct fold *f)
{
	const struct neumf_net *n = f->net;

	for (size_t r = 0; r < f->N; r++)
		f->w.ds[r] = 1;
	neumf_upper_backward(n, f->turned, &f->w, f->N, false, NULL);
	for (size_t r = 0; r < f->N; r++) {
		float *J = f->J + r * f->C;

		for (size_t d = 0; d < n->G; d++)
			J[d] = n->t.w[n->w + d] * f->w.q[r * f->D + d];
		memcpy(J + n->G, f->w.da[0] + r * n->L[0], n->L[0] * sizeof(*J));
		memset(J + n->G + n->L[0], 0, (f->C - n->G - n->L[0]) * sizeof(*J));
	}
}

/* g at p, from e and J. */
static void gradient(struct fold *f, const float *p)
{
	const struct neumf_net *n = f->net;

	memset(f->gv, 0, f->C * sizeof(*f->gv));
	for (size_t r = 0; r < f->N; r++)
		for (size_t d = 0; d < f->C; d++)
			f->gv[d] += f->e[r] * (double)f->J[r * f->C + d];
	for (size_t d = 0; d < f->D; d++) {
		double g = ((double)p[d] - (double)f->people->mean[d]) * (double)f->people->weight[d];

		if (d < n->G)
			g += f->gv[d];
		for (size_t l = 0; d >= n->G && l < n->L[0]; l++)
			g += (double)n->t.w[n->Wu + (d - n->G) * n->L[0] + l] * f->gv[n->G + l];
		f->g[d] = g;
	}
}

/* hess = T' (J' q J) T + 1/var, J's rows being weighed in place. */
static void curvature(struct fold *f)
{
	const struct neumf_net *n = f->net;
	size_t G = n->G, L = n->L[0], C = f->C, P = f->P;

	for (size_t r = 0; r < f->N; r++)
		kern()->scale(f->J + r * C, C, sqrtf((float)f->q[r]));
	memset(f->K, 0, C * C * sizeof(*f->K));
	kern()->syrk(f->K, C, f->J, C, f->N, C);
	for (size_t c = 0; c < C; c++) /* its lower triangle by columns is our upper one by rows */
		for (size_t r = c + 1; r < C; r++)
			f->K[r * C + c] = f->K[c * C + r];
	for (size_t c = 0; c < G + L; c++)
		memcpy(f->X + c * P, f->K + c * C, G * sizeof(*f->X));
	kern()->gemm(&(struct kern_gemm){ .c = f->X + G, .ldc = P, .a = f->K + G, .a_row = C, .a_col = 1,
					  .b = f->turned + n->Wu, .ldb = n->M, .m = G + L, .n = n->M, .K = L });
	memcpy(f->hess, f->X, G * P * sizeof(*f->hess));
	kern()->gemm(&(struct kern_gemm){ .c = f->hess + G * P, .ldc = P, .a = n->t.w + n->Wu, .a_row = L, .a_col = 1,
					  .b = f->X + G * P, .ldb = P, .m = n->M, .n = f->D, .K = L });
	for (size_t d = 0; d < f->D; d++)
		f->hess[d * P + d] += f->people->weight[d];
}

/* Moves p along the step as far as the loss falls as it should; false when it no longer does, or hardly. */
static bool move(struct fold *f, float *p, double *loss)
{
	double slope = 0, length = 1, gained;

	for (size_t d = 0; d < f->D; d++)
		slope += f->g[d] * (double)f->rhs[d];
	if (!(-slope > ENOUGH * *loss))
		return false;
	for (int t = 0; t < HALVINGS; t++, length /= 2) {
		double now;

		for (size_t d = 0; d < f->D; d++)
			f->try[d] = (float)((double)p[d] + length * (double)f->rhs[d]);
		scores(f, f->try);
		now = loss_at(f, f->try);
		if (!(now <= *loss + 1e-4 * length * slope))
			continue;
		gained = *loss - now;
		*loss = now;
		memcpy(p, f->try, f->D * sizeof(*p));
		return gained > ENOUGH * now;
	}
	return false;
}

bool neumf_fold_in(const struct neumf_net *net, const float *turned, const struct neumf_people *people,
		   const uint32_t *items, uint32_t n, uint32_t n_items, float each, float *p, void *work)
{
	struct fold f;
	double loss;

	memcpy(p, people->mean, net->D * sizeof(*p));
	if (!n)
		return true;
	carve(&f, work, net, n_items);
	neumf_work_lay(&f.w, work, net, 1, n_items);
	f.turned = turned;
	f.people = people;
	f.n = n;
	f.each = (double)each;
	collect(&f, items);
	scores(&f, p);
	loss = loss_at(&f, p);
	for (int t = 0; t < STEPS; t++) {
		jacobian(&f);
		gradient(&f, p);
		curvature(&f);
		for (size_t d = 0; d < f.D; d++)
			f.rhs[d] = (float)-f.g[d];
		if (!linalg_solve_small(f.hess, f.P, f.D, f.rhs) || !move(&f, p, &loss))
			break;
	}
	return isfinite(loss);
}
