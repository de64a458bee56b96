/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec.c - the whole network, tiny: states, losses and every gradient held against a naive one in double,
 * written from the equations row by row, dropout's masks as the fast one drew them.
 */
#include "grad_case.h"
#include "model/sasrec_loss.h"
#include "model/sasrec_net.h"

enum { I = 7, D = 6, H = 2, BLOCKS = 2, MAX_LEN = 5, S = 3, P = 9, N = 4, SIZE = 4096 };

static const uint32_t start[S + 1] = { 0, 3, 4, 9 }, user[S] = { 0, 1, 2 };
static const uint32_t item[P] = { 1, 4, 2, 0, 3, 1, 5, 6, 2 }, target[P] = { 4, 2, 6, 3, 1, 5, 6, 2, 0 };

static struct sasrec_net net;
static struct sasrec_work work;
static double w[SIZE], E[I * D], state[P * D];
static bool drops;
static enum sasrec_loss kind;
static uint32_t drawn[N + P];

/* --- The naive network ------------------------------------------------------------------ */

static double kept(const uint16_t *mask, size_t at, double x)
{
	double least = floor((double)net.dropout * 65536);

	return !drops ? x : mask[at] >= least ? x * 65536 / (65536 - least) : 0;
}

static void norm(double *y, const double *x, size_t gain, size_t bias)
{
	double mean = 0, var = 0;

	for (int d = 0; d < D; d++)
		mean += x[d] / D;
	for (int d = 0; d < D; d++)
		var += (x[d] - mean) * (x[d] - mean) / D;
	for (int d = 0; d < D; d++)
		y[d] = (x[d] - mean) / sqrt(var + 1e-8) * w[gain + (size_t)d] + w[bias + (size_t)d];
}

static void product(double *y, const double *x, size_t W, size_t b, size_t M)
{
	for (size_t m = 0; m < M; m++) {
		y[m] = w[b + m];
		for (size_t k = 0; k < D; k++)
			y[m] += x[k] * w[W + k * M + m];
	}
}

static void attend(double *x, double (*qkv)[3 * D], size_t n, const uint16_t *mask)
{
	size_t d = D / H;

	for (size_t t = 0; t < n; t++)
		for (size_t h = 0; h < H; h++) {
			double e[MAX_LEN], sum = 0;

			for (size_t j = 0; j <= t; j++) {
				e[j] = 0;
				for (size_t c = h * d; c < (h + 1) * d; c++)
					e[j] += qkv[t][c] * qkv[j][D + c] / sqrt((double)d);
				sum += e[j] = exp(e[j]);
			}
			for (size_t j = 0; j <= t; j++)
				for (size_t c = h * d; c < (h + 1) * d; c++)
					x[t * D + c] += kept(mask, h * n * n + t * n + j, e[j] / sum) * qkv[j][2 * D + c];
		}
}

static void block(double *x, size_t row, size_t n, const struct sasrec_block *k, const struct sasrec_layer *l,
		  size_t cache)
{
	double y[D], f[D], out[D], qkv[MAX_LEN][3 * D];

	for (size_t t = 0; t < n; t++) {
		norm(y, x + t * D, k->gain1, k->bias1);
		product(qkv[t], y, k->qkv, k->qkv_bias, 3 * D);
	}
	attend(x, qkv, n, l->mask_prob + (drops ? cache : 0));
	for (size_t t = 0; t < n; t++) {
		norm(y, x + t * D, k->gain2, k->bias2);
		product(f, y, k->W1, k->b1, D);
		for (size_t d = 0; d < D; d++)
			f[d] = kept(l->mask_f1, (row + t) * D + d, f[d] > 0 ? f[d] : 0);
		product(out, f, k->W2, k->b2, D);
		for (size_t d = 0; d < D; d++)
			x[t * D + d] += kept(l->mask_f2, (row + t) * D + d, out[d]);
	}
}

static void naive_states(void)
{
	size_t cache = 0;

	for (size_t s = 0; s < S; s++) {
		size_t row = start[s], n = start[s + 1] - row;
		double x[MAX_LEN * D];

		for (size_t t = 0; t < n; t++)
			for (size_t d = 0; d < D; d++)
				x[t * D + d] = kept(work.mask_x, (row + t) * D + d,
						    sqrt(D) * E[item[row + t] * D + d] +
						    w[net.position + (n - 1 - t) * D + d]);
		for (size_t b = 0; b < BLOCKS; b++)
			block(x, row, n, &net.block[b], &work.layer[b], cache);
		cache += H * n * n;
		for (size_t t = 0; t < n; t++)
			norm(state + (row + t) * D, x + t * D, net.gain, net.bias);
	}
}

static double score(size_t row, uint32_t i)
{
	double sum = 0;

	for (size_t d = 0; d < D; d++)
		sum += state[row * D + d] * E[i * D + d];
	return sum;
}

static double naive_loss(void *ctx)
{
	double loss = 0;

	(void)ctx;
	naive_states();
	for (size_t r = 0; r < P; r++) {
		double of_target = score(r, target[r]), z = kind == SASREC_SAMPLED_CE ? exp(of_target) : 0;

		if (kind == SASREC_BCE) {
			loss += log1p(exp(-of_target)) + log1p(exp(score(r, drawn[r])));
			continue;
		}
		for (uint32_t i = 0; kind == SASREC_CE && i < I; i++)
			z += exp(score(r, i));
		for (uint32_t j = 0; kind == SASREC_SAMPLED_CE && j < N; j++)
			z += drawn[j] == target[r] ? 0 : exp(score(r, drawn[j])) * (I - 1) / N;
		loss += log(z) - of_target;
	}
	return loss / P;
}

/* --- Held against the fast one --------------------------------------------------------------- */

static void make_net(float dropout)
{
	struct err err;

	net = (struct sasrec_net){ .I = I, .D = D, .blocks = BLOCKS, .heads = H, .max_len = MAX_LEN, .dropout = dropout };
	mem_must(sasrec_net_make(&net, &err) ? &net : NULL);
	for (size_t i = 0; i < net.t.size; i++)
		w[i] = (double)(net.t.w[i] += 0.5f * case_float());
	for (size_t i = 0; i < I * D; i++)
		E[i] = (double)(net.E[i] = case_float());
}

static const char *const kinds[] = { "ce", "sampled-ce", "bce" };

static void test(enum sasrec_loss loss, float dropout, const char *kernels)
{
	struct err err;
	const struct sasrec_pack pack = { .item = item, .start = start, .S = S, .P = P };
	const struct sasrec_group group = { .P = P, .S = S, .squares = 9 + 1 + 25, .start = start, .user = user };
	struct csr x = { .rows = S, .cols = I, .ptr = (size_t[]){ 0, 0, 0, 0 } };
	struct rng r = rng_stream(5, "test", 0, 0);
	float h[P * D], dh[P * D] = { 0 }, dx[P * D], dneg[N * D], dE[I * D] = { 0 };
	float *grad, *memory, *scores = case_floats(sasrec_loss_floats(loss, I, D, N, P));
	struct row_grads *g = mem_must(row_grads_new(I, D, &err));
	struct softmax_all *all = mem_must(softmax_all_new(I, D, &err));
	struct sasrec_loss_run run = { .I = I, .D = D, .N = N, .x = &x, .g = &group, .target = target,
				       .weight = 1.0f / P, .h = h, .dh = dh, .rng = r, .scores = scores, .item = drawn,
				       .dneg = dneg, .all = all, .dE = dE };
	size_t negatives = loss == SASREC_CE ? 0 : loss == SASREC_BCE ? P : N;
	double got;
	char what[64];

	make_net(dropout);
	kind = loss;
	drops = dropout > 0;
	memory = case_zeroed(sasrec_work_size(&net, P, group.squares, true), 1);
	grad = case_zeroed(net.t.size, sizeof(*grad));
	sasrec_work_lay(&work, memory, &net, P, group.squares, true);
	sasrec_forward(&net, &work, &pack, h, drops ? &r : NULL);
	naive_states();
	snprintf(what, sizeof(what), "%s, dropout=%g: state", kinds[loss], (double)dropout);
	grad_near(h, state, P * D, kernels, what);
	mem_must(row_grads_begin(g, 2 * P + negatives, &err) ? g : NULL);
	for (size_t e = 0; e < g->n; e++)
		g->entry[e].row = ROW_GRADS_NONE;
	run.E = net.E;
	run.of_target = g->entry + P;
	run.of_negative = g->entry + 2 * P;
	softmax_all_pack(all, net.E, &task_null);
	got = sasrec_loss(loss, &run) / P;
	ok(fabs(got - naive_loss(NULL)) < 1e-5, "%s: %s: the loss is the naive one (%g)", kernels, kinds[loss], got);
	sasrec_backward(&net, &work, &pack, dh, dx, grad, drops);
	for (size_t k = 0; k < P; k++)
		g->entry[k] = (struct row_grad){ .from = dx + k * D, .row = item[k], .coef = sqrtf(D) };
	mem_must(row_grads_sum(g, &task_null, &err) ? g : NULL);
	row_grads_add_to(g, dE);
	grad_ok(grad_error(E, I * D, dE, NULL, naive_loss, NULL), kernels, "by the items");
	for (size_t k = 0; k < net.t.n; k++) {
		const struct tensor *t = &net.t.tensor[k];
		double error = grad_error(w + t->at, tensor_n(t), grad + t->at, NULL, naive_loss, NULL);

		/* What softmax does not see has a gradient of 0: noise alone. */
		snprintf(what, sizeof(what), "by %s", t->name);
		grad_ok(error, kernels, what);
	}
	sasrec_net_done(&net);
	row_grads_free(g);
	softmax_all_free(all);
	mem_free(memory), mem_free(grad), mem_free(scores);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		for (int loss = SASREC_CE; loss <= SASREC_BCE; loss++) {
			test((enum sasrec_loss)loss, 0, name);
			test((enum sasrec_loss)loss, 0.3f, name);
		}
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
