/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_knn.c - user-knn against its definition in double: scores, parts, neighbours. */
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 120, I = 60, PER_USER = 40, K = 8 };

static double X[U][I];

struct near { int who; double sim; };

static double dot(const double a[I], const double b[I])
{
	double sum = 0;

	for (int i = 0; i < I; i++)
		sum += a[i] * b[i];
	return sum;
}

/* The K users most like the query, never the user asked for, ties to the lower. */
static int nearest(const double q[I], int self, double shrink, struct near out[K])
{
	bool taken[U] = { false };
	int n = 0;

	for (; n < K; n++) {
		struct near best = { -1, 0 };

		for (int v = 0; v < U; v++) {
			double sim = dot(q, X[v]) / (sqrt(dot(q, q)) * sqrt(dot(X[v], X[v])) + shrink);

			if (v != self && !taken[v] && sim > best.sim + 1e-12)
				best = (struct near){ v, sim };
		}
		if (best.who < 0)
			break;
		taken[best.who] = true;
		out[n] = best;
	}
	return n;
}

static void load_matrix(const struct csr *x)
{
	memset(X, 0, sizeof(X));
	for (uint32_t u = 0; u < U; u++)
		for (size_t k = x->ptr[u]; k < x->ptr[u + 1]; k++)
			X[u][x->idx[k]] = (double)csr_x(x, k);
}

static double parts_error(const struct model *m, const struct query *q, const double row[I],
			  const struct near *near, int n, double shrink, struct scratch *s)
{
	double worst = 0;

	for (uint32_t i = 0; i < I; i++) {
		float part[PER_USER], base;
		double want[PER_USER] = { 0 };
		struct err err;

		fixture_must(model_ops_of(m)->contributions(m, q, i, s, part, &base, &err), &err);
		for (int r = 0; r < n; r++) {
			const double *v = X[near[r].who];

			for (uint32_t k = 0; k < q->n; k++)
				want[k] += row[q->items[k]] * v[q->items[k]] * v[i] /
					   (sqrt(dot(row, row)) * sqrt(dot(v, v)) + shrink);
		}
		worst = fmax(worst, relative_difference(part, want, q->n));
	}
	return worst;
}

static bool neighbours_agree(const struct model *m, const struct query *q, const struct near *near, int n,
			     uint32_t item, struct scratch *s)
{
	struct neighbour got[K];
	struct err err;
	size_t told = model_ops_of(m)->neighbours(m, q, item, s, got, K, &err), want = 0;
	double sum = 0, want_sum = 0;
	bool known = true;

	for (int r = 0; r < n; r++) {
		want += X[near[r].who][item] != 0;
		want_sum += near[r].sim * X[near[r].who][item];
	}
	for (size_t k = 0; k < told; k++) {
		known = known && X[got[k].who][item] != 0 && (!k || got[k].weight <= got[k - 1].weight);
		sum += (double)got[k].weight;
	}
	return told == want && known && fabs(sum - want_sum) <= 1e-5 * (1 + want_sum);
}

static void test(const char *shrink, bool values, bool known)
{
	struct fixture f;
	struct params p;
	struct err err;
	struct scratch s = { 0 };
	struct model *m;
	const struct model_ops *ops = model_find("user-knn", &err);
	double worst = 0, worst_part = 0;
	bool agree = true;

	fixture_make(&f, U, I, PER_USER, values);
	params_init(&p, ops->params);
	fixture_set(&p, "neighbours", "8");
	fixture_set(&p, "shrink", shrink);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	load_matrix(&f.x);
	for (uint32_t u = 0; u < U; u++) {
		struct query q = fixture_query(&f, u);
		struct near near[K];
		float got[I];
		double want[I] = { 0 };
		int n = nearest(X[u], known ? (int)u : -1, strtod(shrink, NULL), near);

		q.user = known ? u : NO_USER;
		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		for (int r = 0; r < n; r++)
			for (int i = 0; i < I; i++)
				want[i] += near[r].sim * X[near[r].who][i];
		worst = fmax(worst, relative_difference(got, want, I));
		worst_part = fmax(worst_part, parts_error(m, &q, X[u], near, n, strtod(shrink, NULL), &s));
		agree = agree && neighbours_agree(m, &q, near, n, u % I, &s);
	}
	ok(worst < 1e-5, "shrink=%s, %s, %s: scores agree with the formula in double (%.1e)", shrink,
	   values ? "values" : "ones", known ? "known users" : "bare histories", worst);
	ok(worst_part < 1e-5, "and so do the parts (%.1e)", worst_part);
	ok(agree, "and the neighbours behind an item");
	scratch_done(&s);
	ops->destroy(m);
	fixture_done(&f);
}

int main(void)
{
	linalg_init();
	test("10", false, true);
	test("10", true, true);
	test("2.5", true, false);
	return done_testing();
}
