/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan.c - both whole networks, tiny: losses and every gradient held against a naive one in double, written
 * from the equations over dense vectors of all items, one history at a time.
 */
#include "grad_case.h"
#include "model/cfgan_loss.h"

enum { I = 11, S = 3, P = 7, PM = 5, ZR = 4, MOST = 8192 };

static const uint32_t start[S + 1] = { 0, 3, 4, 7 }, item[P] = { 1, 4, 9, 0, 2, 3, 10 };
static const uint32_t drawn[PM + ZR] = { 4, 7, 0, 8, 5, 7, 1, 6, 3 }; /* some are in a history */
static const float x[P] = { 1, 2, 0.5f, 1, 1, 3, 1 }, seen[P] = { 1, 0, 0.5f, 1, 2, 0, 1 };

static const struct cfgan_group group = { .S = S, .P = P, .n_pm = PM, .n_zr = ZR, .start = start, .item = item, .x = x,
					  .seen = seen, .drawn = drawn };
static const float zeros = 0.7f;

static struct cfgan_net net;
static double g_in[MOST], g_dense[MOST], out[MOST], d_in[MOST], d_dense[MOST];

/* --- The naive networks ------------------------------------------------------------------ */

static double curve(enum activation act, double v)
{
	return act == ACT_TANH ? tanh(v) : act == ACT_RELU ? fmax(v, 0) : 1 / (1 + exp(-v));
}

/* The last layer of a part for a dense input of all its rows. */
static void naive_part(const struct cfgan_part *p, const double *in, const double *dense, const double *f, double *a)
{
	double next[64];

	for (size_t m = 0; m < p->size[0]; m++) {
		a[m] = dense[p->b[0] + m];
		for (size_t r = 0; r < p->rows; r++)
			a[m] += f[r] * in[r * p->size[0] + m];
		a[m] = curve(p->act, a[m]);
	}
	for (size_t l = 1; l < p->n; l++) {
		for (size_t m = 0; m < p->size[l]; m++) {
			next[m] = dense[p->b[l] + m];
			for (size_t k = 0; k < p->size[l - 1]; k++)
				next[m] += a[k] * dense[p->W[l] + k * p->size[l] + m];
			next[m] = curve(p->act, next[m]);
		}
		memcpy(a, next, sizeof(next));
	}
}

static void naive_vector(const double *condition, double *y)
{
	size_t Z = cfgan_last(&net.G);
	double z[64];

	naive_part(&net.G, g_in, g_dense, condition, z);
	for (size_t i = 0; i < I; i++) {
		y[i] = out[i * (Z + 1) + Z];
		for (size_t k = 0; k < Z; k++)
			y[i] += z[k] * out[i * (Z + 1) + k];
	}
}

static double naive_logit(const double *condition, const double *vector)
{
	double f[2 * I], a[64], sum = d_dense[net.verdict_bias];

	memcpy(f, condition, I * sizeof(*f));
	memcpy(f + I, vector, I * sizeof(*f));
	naive_part(&net.D, d_in, d_dense, f, a);
	for (size_t k = 0; k < cfgan_last(&net.D); k++)
		sum += a[k] * d_dense[net.verdict + k];
	return sum;
}

static double naive_loss(bool judging)
{
	double loss = 0;

	for (size_t s = 0; s < S; s++) {
		double condition[I] = { 0 }, real[I] = { 0 }, masked[I], y[I];
		bool shown[I] = { false };

		for (size_t p = start[s]; p < start[s + 1]; p++) {
			condition[item[p]] = (double)seen[p];
			real[item[p]] = (double)x[p];
			shown[item[p]] = true;
		}
		for (size_t k = 0; k < PM; k++)
			shown[drawn[k]] = true;
		naive_vector(condition, y);
		for (size_t i = 0; i < I; i++)
			masked[i] = shown[i] ? y[i] : 0;
		for (size_t k = PM; k < PM + ZR && !judging; k++)
			loss += real[drawn[k]] > 0 ? 0 : (double)zeros * y[drawn[k]] * y[drawn[k]];
		if (judging)
			loss += log1p(exp(-naive_logit(condition, real))) + log1p(exp(naive_logit(condition, masked)));
		else
			loss += log1p(exp(-naive_logit(condition, masked)));
	}
	return loss / S;
}

static double judging_loss(void *ctx)
{
	(void)ctx;
	return naive_loss(true);
}

static double generating_loss(void *ctx)
{
	(void)ctx;
	return naive_loss(false);
}

/* --- Held against the fast ones --------------------------------------------------------------- */

static void spread(float *v, double *d, size_t n)
{
	mem_must(n <= MOST ? d : NULL);
	for (size_t i = 0; i < n; i++)
		d[i] = (double)(v[i] = 0.6f * case_float());
}

static void make_net(uint32_t layers, enum activation act)
{
	struct err err;

	net = (struct cfgan_net){ .I = I, .G = { .n = layers, .size = { 6, 5, 7 }, .act = act },
				  .D = { .n = layers, .size = { 4, 6, 3 }, .act = act } };
	mem_must(cfgan_net_make(&net, &err) ? &net : NULL);
	spread(net.G.in, g_in, (size_t)I * net.G.size[0]);
	spread(net.G.t.w, g_dense, net.G.t.size);
	spread(net.out, out, (size_t)I * cfgan_width(&net));
	spread(net.D.in, d_in, 2 * (size_t)I * net.D.size[0]);
	spread(net.D.t.w, d_dense, net.D.t.size);
}

static void check_tensors(const struct tensors *t, double *w, const float *grad, double (*loss)(void *),
			  const char *kernels)
{
	for (size_t k = 0; k < t->n; k++) {
		double error = grad_error(w + t->tensor[k].at, tensor_n(&t->tensor[k]), grad + t->tensor[k].at, NULL, loss,
					  NULL);

		grad_ok(error, kernels, t->tensor[k].name);
	}
}

/* The entries' sum, as a whole table. */
static float *whole(struct row_grads *g)
{
	struct err err;
	float *dense = case_zeroed((size_t)g->n_rows * g->D, sizeof(*dense));

	mem_must(row_grads_sum(g, &task_null, &err) ? g : NULL);
	row_grads_add_to(g, dense);
	return dense;
}

static struct row_grads *entries(uint32_t rows, uint32_t D, size_t n)
{
	struct err err;
	struct row_grads *g = mem_must(row_grads_new(rows, D, &err));

	mem_must(row_grads_begin(g, n, &err) ? g : NULL);
	return g;
}

static void test(uint32_t layers, enum activation act, const char *kernels)
{
	struct cfgan_work w;
	struct cfgan_run run = { .net = &net, .g = &group, .w = &w, .weight = 1.0f / S, .zeros = zeros };
	struct row_grads *in, *of_out, *judged;
	float *memory, *table;
	double got;

	make_net(layers, act);
	memory = case_zeroed(cfgan_work_size(&net, S, P, PM + ZR), 1);
	cfgan_work_lay(&w, memory, &net, S, P, PM + ZR);
	run.z = case_floats((size_t)S * cfgan_width(&net));
	run.e = case_floats(3 * (size_t)S * 8);
	run.drawn = case_floats((PM + ZR) * 8);
	judged = entries(2 * I, net.D.size[0], 3 * P + PM);
	in = entries(I, net.G.size[0], P);
	of_out = entries(I, cfgan_width(&net), P + PM + ZR);

	run.in = judged->entry;
	run.grad = case_zeroed(net.D.t.size, sizeof(float));
	got = cfgan_judge(&run) / S;
	ok(fabs(got - naive_loss(true)) < 1e-5, "%s: the discriminator's loss is the naive one (%g)", kernels, got);
	check_tensors(&net.D.t, d_dense, run.grad, judging_loss, kernels);
	table = whole(judged);
	grad_ok(grad_error(d_in, 2 * (size_t)I * net.D.size[0], table, NULL, judging_loss, NULL), kernels,
		"discriminator.in");
	mem_free(table), mem_free(run.grad);

	run.in = in->entry;
	run.out = of_out->entry;
	run.grad = case_zeroed(net.G.t.size, sizeof(float));
	got = cfgan_generate(&run) / S;
	ok(fabs(got - naive_loss(false)) < 1e-5, "%s: the generator's loss is the naive one (%g)", kernels, got);
	check_tensors(&net.G.t, g_dense, run.grad, generating_loss, kernels);
	table = whole(in);
	grad_ok(grad_error(g_in, (size_t)I * net.G.size[0], table, NULL, generating_loss, NULL), kernels, "generator.in");
	mem_free(table);
	table = whole(of_out);
	grad_ok(grad_error(out, (size_t)I * cfgan_width(&net), table, NULL, generating_loss, NULL), kernels,
		"generator.out");
	mem_free(table), mem_free(run.grad);

	row_grads_free(in), row_grads_free(of_out), row_grads_free(judged);
	mem_free(run.z), mem_free(run.e), mem_free(run.drawn), mem_free(memory);
	cfgan_net_done(&net);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test(1, ACT_SIGMOID, name);
		test(2, ACT_TANH, name);
		test(3, ACT_SIGMOID, name);
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
