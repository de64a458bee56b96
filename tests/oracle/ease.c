/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ease.c - EASE against its formula in double: dense Gram, Gauss-Jordan, no tricks. */
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 500, I = 300, PER_USER = 80 };

static double P[I][I], B[I][I];

/* P becomes its inverse; the matrix is small and positive definite, so no pivot is looked for. */
static void invert(void)
{
	for (int k = 0; k < I; k++) {
		double d = 1 / P[k][k];

		P[k][k] = 1;
		for (int j = 0; j < I; j++)
			P[k][j] *= d;
		for (int i = 0; i < I; i++) {
			double by = P[i][k];

			if (i == k || by == 0)
				continue;
			P[i][k] = 0;
			for (int j = 0; j < I; j++)
				P[i][j] -= by * P[k][j];
		}
	}
}

static void reference(const struct csr *x, double lambda)
{
	memset(P, 0, sizeof(P));
	for (uint32_t u = 0; u < x->rows; u++)
		for (size_t a = x->ptr[u]; a < x->ptr[u + 1]; a++)
			for (size_t b = x->ptr[u]; b < x->ptr[u + 1]; b++)
				P[x->idx[a]][x->idx[b]] += (double)csr_x(x, a) * (double)csr_x(x, b);
	for (int i = 0; i < I; i++)
		P[i][i] += lambda;
	invert();
	for (int i = 0; i < I; i++)
		for (int j = 0; j < I; j++)
			B[i][j] = i == j ? 0 : -P[i][j] / P[j][j];
}

static void scores(const struct query *q, double out[I])
{
	for (int i = 0; i < I; i++) {
		out[i] = 0;
		for (uint32_t k = 0; k < q->n; k++)
			out[i] += (q->x ? (double)q->x[k] : 1) * B[q->items[k]][i];
	}
}

static void test(const char *lambda, bool values, const char *inverse)
{
	struct fixture f;
	struct params p;
	struct err err;
	struct scratch s = { 0 };
	struct model *m;
	double worst = 0;

	fixture_make(&f, U, I, PER_USER, values);
	params_init(&p, model_find("ease", &err)->params);
	fixture_set(&p, "lambda", lambda);
	fixture_set(&p, "inverse", inverse);
	m = fixture_fit(&f, model_find("ease", &err), &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	reference(&f.x, strtod(lambda, NULL));
	for (uint32_t u = 0; u < U; u++) {
		struct query q = fixture_query(&f, u);
		float got[I];
		double want[I];

		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		scores(&q, want);
		worst = fmax(worst, relative_difference(got, want, I));
	}
	ok(worst < (!strcmp(inverse, "float") ? 1e-4 : 1e-6), "lambda=%s, %s, %s: scores agree with the formula (%.1e)",
	   lambda, values ? "values" : "ones", inverse, worst);
	scratch_done(&s);
	model_ops_of(m)->destroy(m);
	fixture_done(&f);
}

int main(void)
{
	linalg_init();
	test("200", false, "auto");
	test("200", true, "float");
	test("5", false, "float");
	test("5", true, "double");
	test("0.1", true, "auto");
	return done_testing();
}
