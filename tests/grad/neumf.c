/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf.c - the whole network, tiny: scores, loss and every gradient held against a naive one in double, written
 * pair by pair from the paper's equations, with its first layer over the two vectors side by side.
 */
#include "grad_case.h"
#include "model/neumf_score.h"
#include "num/dropout.h"
#include "num/embedding.h"
#include "num/loss.h"

enum { U = 4, I = 7, G = 5, M = 6, D = G + M, E = 3, EACH = 3, R = E * EACH, WIDEST = 10, SIZE = 1024 };

static const uint32_t user[E] = { 2, 0, 2 }, item[R] = { 1, 4, 2, 0, 3, 1, 5, 6, 1 };
static const uint32_t widths[3] = { 10, 7, 3 };

static struct neumf_net net;
static struct neumf_work work;
static double w[SIZE], P[U * D], Q[I * D], s[R];
static double kept[3][R * WIDEST]; /* dropout: 0 or 1/(1-p) */

/* --- The naive network ------------------------------------------------------------------ */

/* drop: what the hidden outputs are multiplied by, [3] [L_k] each; NULL: nothing. */
static double naive_score(size_t u, size_t i, const double *const *drop)
{
	const double *p = P + u * D, *q = Q + i * D;
	double x[2 * M], y[WIDEST], sum = w[net.c];
	size_t K = 2 * M;

	for (size_t m = 0; m < M; m++) {
		x[m] = p[G + m];
		x[M + m] = q[G + m];
	}
	for (unsigned k = 0; k < net.n; k++) {
		size_t L = net.L[k];

		for (size_t l = 0; l < L; l++) {
			y[l] = w[net.b[k] + l];
			for (size_t j = 0; j < K; j++) {
				size_t at = k ? net.W[k] + j * L : j < M ? net.Wu + j * L : net.Wi + (j - M) * L;

				y[l] += x[j] * w[at + l];
			}
		}
		for (size_t l = 0; l < L; l++)
			x[l] = y[l] > 0 ? y[l] * (drop ? drop[k][l] : 1) : 0;
		K = L;
	}
	for (size_t d = 0; d < G; d++)
		sum += w[net.w + d] * p[d] * q[d];
	for (size_t l = 0; l < K; l++)
		sum += w[net.w + G + l] * x[l];
	return sum;
}

/* The mean of the losses of both parts, each with c. */
static double naive_apart(void *ctx)
{
	double loss = 0;

	(void)ctx;
	for (size_t r = 0; r < R; r++) {
		const double *drop[3], *p = P + user[r / EACH] * D, *q = Q + item[r] * D;
		double g = 0, whole;

		for (unsigned k = 0; k < net.n; k++)
			drop[k] = kept[k] + r * net.L[k];
		for (size_t d = 0; d < G; d++)
			g += w[net.w + d] * p[d] * q[d];
		whole = naive_score(user[r / EACH], item[r], drop);
		loss += log1p(exp((r % EACH ? 1 : -1) * (whole - g))) + log1p(exp((r % EACH ? 1 : -1) * (g + w[net.c])));
	}
	return loss / R;
}

static double naive_loss(void *ctx)
{
	double loss = 0;

	(void)ctx;
	for (size_t r = 0; r < R; r++) {
		const double *drop[3];

		for (unsigned k = 0; k < net.n; k++)
			drop[k] = kept[k] + r * net.L[k];
		s[r] = naive_score(user[r / EACH], item[r], drop);
		loss += log1p(exp(r % EACH ? s[r] : -s[r]));
	}
	return loss / R;
}

/* --- Held against the fast one --------------------------------------------------------------- */

static void make_weights(void)
{
	for (size_t i = 0; i < net.t.size; i++)
		w[i] = (double)(net.t.w[i] = case_float());
}

static void make_net(unsigned layers, float dropout)
{
	struct err err;

	net = (struct neumf_net){ .U = U, .I = I, .G = G, .M = M, .D = D, .n = layers, .dropout = dropout };
	memcpy(net.L, widths, layers * sizeof(*widths));
	mem_must(neumf_net_make(&net, &err) ? &net : NULL);
	ok(net.t.size == neumf_dense_size(&net) && net.t.size <= SIZE, "%u layers: the dense weights are counted", layers);
	make_weights();
	for (size_t i = 0; i < U * D; i++)
		P[i] = (double)(net.P[i] = case_float());
	for (size_t i = 0; i < I * D; i++)
		Q[i] = (double)(net.Q[i] = case_float());
}

/* Scores by panels of items, of every user; the network without dropout. */
static void test_panels(const char *kernels)
{
	struct err err;
	struct neumf_panels *panels;
	float queries[2 * (WIDEST + G)], scores[2 * I], *memory;
	double want[2 * I];

	panels = mem_must(neumf_panels_new(&net, &err));
	memory = case_zeroed(neumf_score_floats(&net), sizeof(*memory));
	for (size_t u = 0; u < 2; u++) {
		neumf_query(&net, net.P + u * D, queries + u * neumf_query_floats(&net));
		for (uint32_t i = 0; i < I; i++)
			want[u * I + i] = naive_score(u, i, NULL);
	}
	neumf_score(&net, panels, queries, 2, 0, I, memory, scores, I);
	grad_near(scores, want, 2 * I, kernels, "a score by panels");
	neumf_panels_free(panels);
	mem_free(memory);
}

/* The masks as forward draws them, layer by layer. */
static void draw_kept(struct rng r)
{
	for (unsigned k = 0; k < net.n; k++) {
		size_t n = R * net.L[k];
		uint16_t mask[R * WIDEST];
		float ones[R * WIDEST], out[R * WIDEST];

		dropout_draw(mask, n, net.dropout, &r);
		for (size_t i = 0; i < n; i++)
			ones[i] = 1;
		dropout_forward(out, ones, mask, n, net.dropout);
		for (size_t i = 0; i < n; i++)
			kept[k][i] = (double)out[i];
	}
}

static void add_rows(float *dense, const float *d, const uint32_t *rows, size_t n)
{
	for (size_t r = 0; r < n; r++)
		for (size_t k = 0; k < D; k++)
			dense[rows[r] * D + k] += d[r * D + k];
}

static void by_each(float *dp, float *dq, const float *grad, double (*naive)(void *), const char *kernels, const char *of)
{
	float dP[U * D] = { 0 }, dQ[I * D] = { 0 };
	char what[64];

	add_rows(dP, dp, user, E);
	add_rows(dQ, dq, item, R);
	snprintf(what, sizeof(what), "%s by the users", of);
	grad_ok(grad_error(P, U * D, dP, NULL, naive, NULL), kernels, what);
	snprintf(what, sizeof(what), "%s by the items", of);
	grad_ok(grad_error(Q, I * D, dQ, NULL, naive, NULL), kernels, what);
	for (size_t k = 0; k < net.t.n; k++) {
		const struct tensor *t = &net.t.tensor[k];
		double error = grad_error(w + t->at, tensor_n(t), grad + t->at, NULL, naive, NULL);

		snprintf(what, sizeof(what), "%s by %s", of, t->name);
		grad_ok(error, kernels, what);
	}
}

static void test(unsigned layers, float dropout, const char *kernels)
{
	struct rng r = rng_stream(5, "test", 0, 0);
	float dp[E * D], dq[R * D], label[R];
	float *grad, *turned;
	void *memory;
	double loss;
	char what[64];

	make_net(layers, dropout);
	memory = case_zeroed(neumf_work_size(&net, E, R), 1);
	grad = case_zeroed(net.t.size, sizeof(*grad));
	turned = case_zeroed(net.t.size, sizeof(*turned));
	neumf_work_lay(&work, memory, &net, E, R);
	embedding_forward(work.p, net.P, user, 1, E, D);
	embedding_forward(work.q, net.Q, item, 1, R, D);
	draw_kept(r);
	neumf_turn(&net, turned);
	neumf_forward(&net, &work, E, EACH, dropout > 0 ? &r : NULL);
	naive_loss(NULL);
	snprintf(what, sizeof(what), "%u layers, dropout=%g: the score", layers, (double)dropout);
	grad_near(work.s, s, R, kernels, what);
	for (size_t k = 0; k < R; k++)
		label[k] = k % EACH == 0;
	loss = loss_bce(work.ds, work.s, label, 1.0f / R, R) / R;
	ok(fabs(loss - naive_loss(NULL)) < 1e-6, "%s: the loss is the naive one (%g)", kernels, loss);
	neumf_backward(&net, turned, &work, E, EACH, dropout > 0, dp, dq, grad);
	by_each(dp, dq, grad, naive_loss, kernels, "whole:");
	memset(grad, 0, net.t.size * sizeof(*grad));
	memcpy(work.label, label, sizeof(label));
	loss = 2 * neumf_loss_apart(&net, &work, 1.0f / R, R) / R;
	ok(fabs(loss - naive_apart(NULL)) < 1e-6, "%s: the loss of the parts is the naive one (%g)", kernels, loss);
	neumf_backward(&net, turned, &work, E, EACH, dropout > 0, dp, dq, grad);
	by_each(dp, dq, grad, naive_apart, kernels, "apart:");
	neumf_join(&net);
	neumf_forward(&net, &work, E, EACH, NULL);
	for (size_t k = 0; k < R; k++) /* c as it was, the rest halved */
		s[k] = (naive_score(user[k / EACH], item[k], NULL) + w[net.c]) / 2;
	grad_near(work.s, s, R, kernels, "joined: the score");
	make_weights();
	test_panels(kernels);
	neumf_net_done(&net);
	mem_free(memory), mem_free(grad), mem_free(turned);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test(3, 0, name);
		test(3, 0.3f, name);
		test(1, 0, name);
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
