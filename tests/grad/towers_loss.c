/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_loss.c - the losses of towers on rows of any length, and their gradients, against naive ones in double. */
#include "grad_case.h"
#include "model/towers_loss.h"

enum { R = 3, MOST = 2000 };

static const char *const names[] = { "ccl", "softmax", "bpr" };

static struct towers_loss_rule rule;
static size_t N;
static bool out_of[MOST];
static double logq;

static double naive_row(const double *s)
{
	double sum = 0, T = (double)rule.temperature;
	size_t n = 0;

	for (size_t k = 0; k < N; k++) {
		if (out_of[k])
			continue;
		n++;
		if (rule.loss == TOWERS_CCL)
			sum += fmax(0, s[k] - (double)rule.margin);
		else if (rule.loss == TOWERS_BPR)
			sum += s[k] - s[N] > 30 ? s[k] - s[N] : log1p(exp(s[k] - s[N]));
		else
			sum += exp((s[k] - s[N]) / T - logq);
	}
	if (rule.loss == TOWERS_SOFTMAX)
		return log1p(sum);
	return rule.loss == TOWERS_CCL ? 1 - s[N] + (double)rule.weight * sum / (double)(n ? n : 1) :
					 sum / (double)(n ? n : 1);
}

static double loss_of(void *ctx)
{
	return naive_row(ctx);
}

struct rows {
	float *s;
	double *d, *numeric; /* [R][ld]: the same in double; the gradient of their losses, the same for every table */
	size_t ld, n_out;
	uint32_t out[MOST];
	double want, size;
};

static void test_table(const struct rows *x, const char *kernels)
{
	size_t ld = x->ld, all = R * ld;
	float *slopes = case_zeroed(all, sizeof(*slopes));
	double got, error;
	bool none = true;

	memcpy(slopes, x->s, all * sizeof(*slopes));
	got = towers_loss_rows(&rule, slopes, ld, R, N, (float)logq, x->out, x->n_out, 1);
	for (size_t r = 0; r < R; r++) {
		for (size_t k = 0; k < x->n_out; k++)
			none = none && slopes[r * ld + x->out[k]] == 0;
		slopes[r * ld + N + 1] = slopes[r * ld + N + 2] = 0; /* padding */
	}
	error = grad_apart(x->numeric, all, slopes, NULL);
	ok(fabs(got - x->want) < 1e-5 * fmax(1, fabs(x->want)), "%s: %s of %zu, to %g: the naive loss (%g)", kernels,
	   names[rule.loss], N, x->size, x->want);
	ok(none && error < GRAD_TOLERANCE, "%s: %s of %zu, to %g: the numeric gradient (%.1e)", kernels,
	   names[rule.loss], N, x->size, error);
	mem_free(slopes);
}

/* Scores up to `size`; every seventh column is out. */
static void test(enum towers_loss loss, size_t negatives, double size)
{
	struct rows x = { .ld = negatives + 3, .size = size };
	size_t all = R * x.ld;

	rule = (struct towers_loss_rule){ .loss = loss, .margin = 0.1f, .weight = 7, .temperature = 0.5f };
	N = negatives;
	logq = -1.5;
	for (size_t k = 0; k < N; k++)
		if ((out_of[k] = k % 7 == 3))
			x.out[x.n_out++] = (uint32_t)k;
	x.d = grad_numbers(&x.s, all);
	x.numeric = case_zeroed(all, sizeof(*x.numeric));
	for (size_t k = 0; k < all; k++)
		x.d[k] = (double)(x.s[k] *= (float)size);
	for (size_t r = 0; r < R; r++) {
		double *g = grad_numeric(x.d + r * x.ld, x.ld, loss_of, x.d + r * x.ld);

		memcpy(x.numeric + r * x.ld, g, x.ld * sizeof(*g));
		x.want += naive_row(x.d + r * x.ld);
		mem_free(g);
	}
	CASE_EACH_TABLE(name)
		test_table(&x, name);
	mem_free(x.s), mem_free(x.d), mem_free(x.numeric);
}

static void test_nan(enum towers_loss loss, const char *kernels)
{
	float s[40] = { 0 };

	rule.loss = loss;
	s[17] = NAN;
	ok(isnan(towers_loss_rows(&rule, s, 40, 1, 38, 0, NULL, 0, 1)), "%s: %s: NaN goes through", kernels, names[loss]);
}

int main(void)
{
	static const size_t lengths[] = { 1, 15, 16, 33, 64, MOST };

	for (int loss = TOWERS_CCL; loss <= TOWERS_BPR; loss++) {
		for (size_t k = 0; k < sizeof(lengths) / sizeof(*lengths); k++)
			test((enum towers_loss)loss, lengths[k], 1);
		test((enum towers_loss)loss, 100, 20);
		CASE_EACH_TABLE(name)
			test_nan((enum towers_loss)loss, name);
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
