/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_net.c - see neumf_net.h. */
#include "model/neumf_net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/vectors.h"
#include "num/dropout.h"
#include "num/kern.h"
#include "num/loss.h"

#define SIGMA 0.01 /* of the vectors at the start, as the authors have it */

/* --- The weights ------------------------------------------------------------------- */

static size_t add(struct neumf_net *n, unsigned layer, const char *name, size_t rows, size_t cols)
{
	char full[48];

	snprintf(full, sizeof(full), "layers.%u.%s", layer + 1, name);
	return tensors_add(&n->t, full, rows, cols);
}

static void list_tensors(struct neumf_net *n)
{
	n->Wu = add(n, 0, "users", n->M, n->L[0]);
	n->Wi = add(n, 0, "items", n->M, n->L[0]);
	n->b[0] = add(n, 0, "bias", n->L[0], 0);
	for (unsigned k = 1; k < n->n; k++) {
		n->W[k] = add(n, k, "weight", n->L[k - 1], n->L[k]);
		n->b[k] = add(n, k, "bias", n->L[k], 0);
	}
	n->w = tensors_add(&n->t, "output.weight", n->G + n->L[n->n - 1], 0);
	n->c = tensors_add(&n->t, "output.bias", 1, 0);
}

size_t neumf_dense_size(const struct neumf_net *n)
{
	struct neumf_net listed = *n;

	listed.t = (struct tensors){ 0 };
	list_tensors(&listed);
	return listed.t.size;
}

bool neumf_net_make_dense(struct neumf_net *n, struct err *err)
{
	n->t = (struct tensors){ 0 };
	list_tensors(n);
	n->P = n->Q = NULL;
	n->users = n->items = (struct packed){ 0 };
	n->dense = (struct packed_tensors){ 0 };
	return tensors_make(&n->t, err);
}

bool neumf_net_make(struct neumf_net *n, struct err *err)
{
	if (neumf_net_make_dense(n, err)) {
		n->P = mem_zeroed((size_t)n->U * n->D, sizeof(*n->P), err);
		n->Q = n->P ? mem_zeroed((size_t)n->I * n->D, sizeof(*n->Q), err) : NULL;
		if (n->Q)
			return true;
	}
	neumf_net_done(n);
	return false;
}

bool neumf_net_fill(struct neumf_net *n, uint64_t seed, const struct task *t, struct err *err)
{
	struct rng r = rng_stream(seed, "neumf.weights", 0, 0);
	double sigma = SIGMA * sqrt((double)n->D);
	float *w = n->t.w;

	tensors_fill_glorot(w + n->Wu, n->M, n->L[0], &r);
	tensors_fill_glorot(w + n->Wi, n->M, n->L[0], &r);
	for (unsigned k = 1; k < n->n; k++)
		tensors_fill_glorot(w + n->W[k], n->L[k - 1], n->L[k], &r);
	tensors_fill_glorot(w + n->w, n->G + n->L[n->n - 1], 1, &r);
	return vectors_draw(n->P, n->U, n->D, sigma, seed, "neumf.users", t, err) &&
	       vectors_draw(n->Q, n->I, n->D, sigma, seed, "neumf.items", t, err);
}

bool neumf_net_copy(struct neumf_net *to, const struct neumf_net *from, struct err *err)
{
	*to = *from;
	if (!neumf_net_make(to, err))
		return false;
	memcpy(to->P, from->P, (size_t)from->U * from->D * sizeof(*to->P));
	memcpy(to->Q, from->Q, (size_t)from->I * from->D * sizeof(*to->Q));
	memcpy(to->t.w, from->t.w, from->t.size * sizeof(*to->t.w));
	return true;
}

void neumf_net_done(struct neumf_net *n)
{
	mem_free(n->P);
	mem_free(n->Q);
	n->P = n->Q = NULL;
	packed_done(&n->users);
	packed_done(&n->items);
	packed_tensors_done(&n->dense);
	tensors_done(&n->t);
}

static void turn(float *to, const float *from, size_t rows, size_t cols)
{
	for (size_t r = 0; r < rows; r += 16) /* a line of each row at a time */
		for (size_t c = 0; c < cols; c++)
			for (size_t i = r; i < r + 16 && i < rows; i++)
				to[c * rows + i] = from[i * cols + c];
}

void neumf_turn(const struct neumf_net *n, float *turned)
{
	turn(turned + n->Wu, n->t.w + n->Wu, n->M, n->L[0]);
	turn(turned + n->Wi, n->t.w + n->Wi, n->M, n->L[0]);
	for (unsigned k = 1; k < n->n; k++)
		turn(turned + n->W[k], n->t.w + n->W[k], n->L[k - 1], n->L[k]);
}

/* --- Memory of a pass ----------------------------------------------------------------- */

static size_t carve(struct neumf_work *w, char *memory, const struct neumf_net *n, size_t E, size_t R)
{
	size_t at = 0, most = 0;

#define TAKE(field, count)                                                         \
	do {                                                                       \
		w->field = (void *)(memory ? memory + at : NULL);                  \
		at += ((count) * sizeof(*w->field) + 63) / 64 * 64;                \
	} while (0)
	TAKE(p, E * n->D);
	TAKE(q, R * n->D);
	TAKE(wg, E * n->G);
	TAKE(u1, E * n->L[0]);
	TAKE(du1, E * n->L[0]);
	for (unsigned k = 0; k < n->n; k++) {
		TAKE(a[k], R * n->L[k]);
		TAKE(da[k], R * n->L[k]);
		most = n->L[k] > most ? n->L[k] : most;
	}
	TAKE(s, R);
	TAKE(ds, R);
	TAKE(g, R);
	TAKE(dg_apart, R);
	TAKE(label, R);
	TAKE(item, R);
	TAKE(mask, n->dropout > 0 ? R * most : 0);
#undef TAKE
	w->dg = w->ds;
	return at;
}

size_t neumf_work_size(const struct neumf_net *n, size_t E, size_t R)
{
	struct neumf_work w;

	return carve(&w, NULL, n, E, R);
}

void neumf_work_lay(struct neumf_work *w, void *memory, const struct neumf_net *n, size_t E, size_t R)
{
	carve(w, memory, n, E, R);
}

/* --- Forward ------------------------------------------------------------------------- */

static void drop(const struct neumf_net *n, struct neumf_work *w, float *a, size_t count, struct rng *r)
{
	if (!r)
		return;
	dropout_draw(w->mask, count, n->dropout, r);
	dropout_forward(a, a, w->mask, count, n->dropout);
}

void neumf_upper_forward(const struct neumf_net *n, struct neumf_work *w, size_t R, struct rng *dropout)
{
	const float *t = n->t.w, *wa = t + n->w + n->G;
	unsigned last = n->n - 1;

	kern()->relu(w->a[0], w->a[0], R * n->L[0]);
	drop(n, w, w->a[0], R * n->L[0], dropout);
	for (unsigned k = 1; k < n->n; k++) {
		kern()->gemm(&(struct kern_gemm){ .c = w->a[k], .ldc = n->L[k], .a = w->a[k - 1], .a_row = n->L[k - 1],
						  .a_col = 1, .b = t + n->W[k], .ldb = n->L[k], .bias = t + n->b[k],
						  .m = R, .n = n->L[k], .K = n->L[k - 1], .relu = true });
		drop(n, w, w->a[k], R * n->L[k], dropout);
	}
	for (size_t r = 0; r < R; r++)
		w->s[r] = t[n->c] + kern()->dot(wa, w->a[last] + r * n->L[last], n->L[last]);
}

void neumf_forward(const struct neumf_net *n, struct neumf_work *w, size_t E, size_t each, struct rng *dropout)
{
	const float *t = n->t.w;
	size_t R = E * each, L = n->L[0];

	kern()->gemm(&(struct kern_gemm){ .c = w->u1, .ldc = L, .a = w->p + n->G, .a_row = n->D, .a_col = 1,
					  .b = t + n->Wu, .ldb = L, .bias = t + n->b[0], .m = E, .n = L, .K = n->M });
	for (size_t r = 0; r < R; r++)
		memcpy(w->a[0] + r * L, w->u1 + r / each * L, L * sizeof(float));
	kern()->gemm(&(struct kern_gemm){ .c = w->a[0], .ldc = L, .a = w->q + n->G, .a_row = n->D, .a_col = 1,
					  .b = t + n->Wi, .ldb = L, .m = R, .n = L, .K = n->M, .add = true });
	neumf_upper_forward(n, w, R, dropout);
	for (size_t e = 0; e < E; e++)
		for (size_t d = 0; d < n->G; d++)
			w->wg[e * n->G + d] = t[n->w + d] * w->p[e * n->D + d];
	for (size_t r = 0; r < R; r++) {
		w->g[r] = kern()->dot(w->wg + r / each * n->G, w->q + r * n->D, n->G);
		w->s[r] += w->g[r];
	}
}

/* --- Backward ------------------------------------------------------------------------ */

/* dW [K][M] += x' dy,  db [M] += the sum of dy's rows; x [R][ldx]. */
static void add_weights(float *dW, float *db, const float *x, size_t ldx, const float *dy, size_t R, size_t K, size_t M)
{
	static const float one = 1;

	kern()->gemm(&(struct kern_gemm){ .c = dW, .ldc = M, .a = x, .a_row = 1, .a_col = ldx, .b = dy, .ldb = M,
					  .m = K, .n = M, .K = R, .add = true });
	if (db)
		kern()->gemm(&(struct kern_gemm){ .c = db, .ldc = M, .a = &one, .b = dy, .ldb = M, .m = 1, .n = M,
						  .K = R, .add = true });
}

/* dx [R][ldx] = dy W', W' [M][K] */
static void take_back(float *dx, size_t ldx, const float *dy, const float *turned, size_t R, size_t K, size_t M)
{
	kern()->gemm(&(struct kern_gemm){ .c = dx, .ldc = ldx, .a = dy, .a_row = M, .a_col = 1, .b = turned, .ldb = K,
					  .m = R, .n = K, .K = M });
}

void neumf_upper_backward(const struct neumf_net *n, const float *turned, struct neumf_work *w, size_t R,
			  bool dropped, float *grad)
{
	const float *wa = n->t.w + n->w + n->G;
	unsigned last = n->n - 1;
	float grow = dropped ? dropout_grow(n->dropout) : 1;

	/* forward: s = w . [g_u * g_i | a_n] + c */
	for (size_t r = 0; r < R; r++)
		for (size_t d = 0; d < n->L[last]; d++)
			w->da[last][r * n->L[last] + d] = w->ds[r] * wa[d];
	if (grad) {
		add_weights(grad + n->w + n->G, NULL, w->ds, 1, w->a[last], R, 1, n->L[last]);
		for (size_t r = 0; r < R; r++)
			grad[n->c] += w->ds[r];
	}
	for (unsigned k = last; ; k--) {
		/* forward: a_k = drop(relu(a_(k-1) W_k + b_k)) */
		kern()->relu_mask(w->da[k], w->a[k], R * n->L[k], grow);
		if (!k)
			break;
		if (grad)
			add_weights(grad + n->W[k], grad + n->b[k], w->a[k - 1], n->L[k - 1], w->da[k], R, n->L[k - 1],
				    n->L[k]);
		take_back(w->da[k - 1], n->L[k - 1], w->da[k], turned + n->W[k], R, n->L[k - 1], n->L[k]);
	}
}

double neumf_loss_apart(const struct neumf_net *n, struct neumf_work *w, float weight, size_t R)
{
	double loss;

	for (size_t r = 0; r < R; r++) {
		w->s[r] -= w->g[r];
		w->g[r] += n->t.w[n->c];
	}
	memset(w->ds, 0, R * sizeof(*w->ds));
	memset(w->dg_apart, 0, R * sizeof(*w->dg_apart));
	w->dg = w->dg_apart;
	loss = loss_bce(w->ds, w->s, w->label, weight, R);
	return (loss + loss_bce(w->dg_apart, w->g, w->label, weight, R)) / 2;
}

void neumf_join(struct neumf_net *n)
{
	for (size_t k = 0; k < n->G + n->L[n->n - 1]; k++)
		n->t.w[n->w + k] /= 2;
}

/* forward: s = … + sum_d w_d g_u,d g_i,d */
static void product_backward(const struct neumf_net *n, const struct neumf_work *w, size_t E, size_t each,
			     float *dp, float *dq, float *dw)
{
	const float *wg = n->t.w + n->w;

	for (size_t e = 0; e < E; e++) {
		const float *p = w->p + e * n->D;
		float *sum = dp + e * n->D; /* of ds g_i, at first */

		memset(sum, 0, n->G * sizeof(*sum));
		for (size_t r = e * each; r < (e + 1) * each; r++) {
			const float *q = w->q + r * n->D, ds = w->dg[r];

			for (size_t d = 0; d < n->G; d++) {
				sum[d] += ds * q[d];
				dq[r * n->D + d] = ds * w->wg[e * n->G + d];
			}
		}
		for (size_t d = 0; d < n->G; d++) {
			dw[d] += p[d] * sum[d];
			sum[d] *= wg[d];
		}
	}
}

void neumf_backward(const struct neumf_net *n, const float *turned, struct neumf_work *w, size_t E, size_t each,
		    bool dropped, float *dp, float *dq, float *grad)
{
	size_t R = E * each, L = n->L[0];

	neumf_upper_backward(n, turned, w, R, dropped, grad);
	for (size_t r = 0; w->dg != w->ds && r < R; r++) /* forward, apart: c + g */
		grad[n->c] += w->dg[r];
	product_backward(n, w, E, each, dp, dq, grad + n->w);
	/* forward: a_1 = drop(relu(m_u Wu + m_i Wi + b_1)) */
	for (size_t e = 0; e < E; e++) {
		memcpy(w->du1 + e * L, w->da[0] + e * each * L, L * sizeof(float));
		for (size_t r = e * each + 1; r < (e + 1) * each; r++)
			for (size_t d = 0; d < L; d++)
				w->du1[e * L + d] += w->da[0][r * L + d];
	}
	add_weights(grad + n->Wi, NULL, w->q + n->G, n->D, w->da[0], R, n->M, L);
	add_weights(grad + n->Wu, grad + n->b[0], w->p + n->G, n->D, w->du1, E, n->M, L);
	take_back(dq + n->G, n->D, w->da[0], turned + n->Wi, R, n->M, L);
	take_back(dp + n->G, n->D, w->du1, turned + n->Wu, E, n->M, L);
}
