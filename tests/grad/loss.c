/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.c - the losses and their slopes, held against their formulas in double. */
#include "num/loss.h"

#include "grad_case.h"

enum { N = 9, K = 5, C = 37, ROWS = 6, D = 21 };
#define WEIGHT 0.25f

static double s[N + N * K], label[N], logq_pos[N], logq_neg[N * K]; /* s: positives, then negatives */
static float sf[N + N * K], labelf[N], logq_posf[N], logq_negf[N * K];

static double softplus(double x)
{
	return log1p(exp(x));
}

static double bce(void *sum)
{
	double total = 0;

	for (size_t i = 0; i < N; i++)
		total -= label[i] * -softplus(-s[i]) + (1 - label[i]) * -softplus(s[i]);
	return sum ? total : (double)WEIGHT * total;
}

static double bpr(void *sum)
{
	double total = 0;

	for (size_t i = 0; i < N * K; i++)
		total += softplus(s[N + i] - s[i / K]) / K;
	return sum ? total : (double)WEIGHT * total;
}

static double ccl(void *sum)
{
	double total = 0;

	for (size_t i = 0; i < N; i++) {
		total += 1 - s[i];
		for (size_t k = 0; k < K; k++)
			total += 1.5 / K * fmax(0, s[N + i * K + k] - 0.2);
	}
	return sum ? total : (double)WEIGHT * total;
}

static double sampled(void *sum)
{
	double total = 0;

	for (size_t i = 0; i < N; i++) {
		double first = s[i] / 0.7 - logq_pos[i], z = exp(first);

		for (size_t k = i * K; k < (i + 1) * K; k++)
			z += exp(s[N + k] / 0.7 - logq_neg[k]);
		total += log(z) - first;
	}
	return sum ? total : (double)WEIGHT * total;
}

static void numbers(void)
{
	for (size_t i = 0; i < N + N * K; i++)
		s[i] = (double)(sf[i] = 2 * case_float());
	for (size_t i = 0; i < N * K; i++)
		logq_neg[i] = (double)(logq_negf[i] = case_float() - 2);
	for (size_t i = 0; i < N; i++) {
		label[i] = (double)(labelf[i] = (float)(i % 3) / 2);
		logq_pos[i] = (double)(logq_posf[i] = case_float() - 2);
	}
}

static void check(double got, const float *ds, size_t n, double (*f)(void *), const char *name)
{
	double want = f(s), error = grad_error(s, n, ds, NULL, f, NULL);

	ok(fabs(got - want) < 1e-5 * (1 + fabs(want)), "%s is its formula (%g, %g)", name, got, want);
	ok(error < GRAD_TOLERANCE, "%s's slope is numeric (%.1e)", name, error);
}

static void test_pairs(void)
{
	float ds[N + N * K] = { 0 };

	numbers();
	check(loss_bce(ds, sf, labelf, WEIGHT, N), ds, N, bce, "bce");
	memset(ds, 0, sizeof(ds));
	check(loss_bpr(ds, ds + N, sf, sf + N, WEIGHT, N, K), ds, N + N * K, bpr, "bpr");
	memset(ds, 0, sizeof(ds));
	check(loss_ccl(ds, ds + N, sf, sf + N, 0.2f, 1.5f, WEIGHT, N, K), ds, N + N * K, ccl, "ccl");
	memset(ds, 0, sizeof(ds));
	check(loss_sampled_softmax(ds, ds + N, sf, sf + N, logq_posf, logq_negf, 0.7f, WEIGHT, N, K), ds,
	      N + N * K, sampled, "sampled softmax");
	sf[N + 2] = -INFINITY;
	memset(ds, 0, sizeof(ds));
	loss_sampled_softmax(ds, ds + N, sf, sf + N, NULL, NULL, 1, 1, N, K);
	ok(ds[N + 2] == 0 && ds[N + 1] > 0, "a negative left out has no slope");
	sf[3] = NAN;
	memset(ds, 0, sizeof(ds));
	ok(isnan(loss_bce(ds, sf, labelf, 1, N)) && isnan(loss_bpr(ds, ds + N, sf, sf + N, 1, N, K)),
	   "NaN goes through");
}

static void test_far(void)
{
	float far[2] = { 500, -500 }, yes[2] = { 0, 1 }, ds[2] = { 0 };

	ok(fabs(loss_bce(ds, far, yes, 1, 2) - 1000) < 1e-3 && ds[0] == 1 && ds[1] == -1, "bce far out");
}

/* --- Softmax over columns ------------------------------------------------------ */

static double columns[ROWS * C], columns_logq[C];
static uint32_t target[ROWS];

static double softmax_rows(void *sum)
{
	double total = 0;

	for (size_t r = 0; r < ROWS; r++) {
		double z = 0;

		for (size_t c = 0; c < C; c++)
			z += exp(columns[r * C + c] - columns_logq[c]);
		total += log(z) - columns[r * C + target[r]] + columns_logq[target[r]];
	}
	return sum ? total : (double)WEIGHT * total;
}

static void test_rows(const char *kernels)
{
	float logits[ROWS * C], logq[C];
	double got, want;

	for (size_t i = 0; i < ROWS * C; i++)
		columns[i] = (double)(logits[i] = 5 * case_float());
	for (size_t c = 0; c < C; c++)
		columns_logq[c] = (double)(logq[c] = case_float());
	for (size_t r = 0; r < ROWS; r++)
		target[r] = case_below(C);
	want = softmax_rows(columns);
	got = loss_softmax_rows(logits, C, target, logq, WEIGHT, ROWS, C);
	ok(fabs(got - want) < 1e-5 * want, "%s: softmax over columns is its formula", kernels);
	grad_ok(grad_error(columns, ROWS * C, logits, NULL, softmax_rows, NULL), kernels, "its slope");
}

/* --- Rows of length 1 ---------------------------------------------------------- */

static double x[ROWS * D], w[ROWS * D];

static double unit_rows(void *ctx)
{
	double total = 0;

	(void)ctx;
	for (size_t r = 0; r < ROWS; r++) {
		double norm = 0, dot = 0;

		for (size_t d = r * D; d < (r + 1) * D; d++) {
			norm += x[d] * x[d];
			dot += x[d] * w[d];
		}
		total += dot / sqrt(norm);
	}
	return total;
}

static void test_unit(const char *kernels)
{
	float xf[ROWS * D], wf[ROWS * D], y[ROWS * D], norm[ROWS], dx[ROWS * D] = { 0 }, dot = 0;

	for (size_t i = 0; i < ROWS * D; i++) {
		x[i] = (double)(xf[i] = 3 * case_float());
		w[i] = (double)(wf[i] = case_float());
	}
	unit_rows_forward(y, norm, xf, ROWS, D);
	for (size_t i = 0; i < ROWS * D; i++)
		dot += y[i] * wf[i];
	ok(fabs((double)dot - unit_rows(NULL)) < 1e-4, "%s: rows become of length 1", kernels);
	unit_rows_backward(dx, wf, y, norm, ROWS, D);
	grad_ok(grad_error(x, ROWS * D, dx, NULL, unit_rows, NULL), kernels, "its slope");
	memset(xf, 0, sizeof(xf));
	unit_rows_forward(y, norm, xf, ROWS, D);
	ok(y[0] == 0 && y[D] == 0, "%s: a row of 0 stays 0", kernels);
}

int main(void)
{
	test_pairs();
	test_far();
	CASE_EACH_TABLE(name) {
		test_rows(name);
		test_unit(name);
	}
	return done_testing();
}
