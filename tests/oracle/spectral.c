/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectral.c - the two filters against their formula in double, with a full singular value decomposition. */
#include "model_fixture.h"
#include "num/linalg.h"

void dgesvd_(const char *jobu, const char *jobvt, const int *m, const int *n, double *a, const int *lda, double *s,
	     double *u, const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *info);

static void *zeroed(size_t n)
{
	struct err err;

	return mem_must(mem_zeroed(n, sizeof(double), &err));
}

/* What an event with j adds to item i: K[j][i], dense. */
struct oracle {
	size_t U, I;
	double *K, gap; /* gap: to the next singular value; where there is none, any vectors are right */
};

/* R = left x right, by rows: LAPACK, which reads columns, sees R' [I][U], whose left vectors are ours. */
static double *decompose(const double *R, size_t U, size_t I, double *sigma)
{
	size_t least = U < I ? U : I;
	int m = (int)I, n = (int)U, lwork = 5 * (m + n) * 8, ld = (int)least, info;
	double *a = zeroed(U * I), *u = zeroed(I * least), *vt = zeroed(least * U), *work = zeroed((size_t)lwork);

	memcpy(a, R, U * I * sizeof(*a));
	dgesvd_("S", "S", &m, &n, a, &m, sigma, u, &m, vt, &ld, work, &lwork, &info);
	if (info)
		exit(1);
	mem_free(a);
	mem_free(vt);
	mem_free(work);
	return u; /* [least][I] by our rows */
}

static struct oracle solve(const struct csr *x, size_t dim, double alpha)
{
	struct oracle o = { x->rows, x->cols, NULL, 1 };
	size_t U = o.U, I = o.I, least = U < I ? U : I, D = 0;
	double *R = zeroed(U * I), *du = zeroed(U), *di = zeroed(I), *sigma = zeroed(least), *v;

	for (size_t u = 0; u < U; u++)
		for (size_t k = x->ptr[u]; k < x->ptr[u + 1]; k++) {
			R[u * I + x->idx[k]] = (double)csr_x(x, k);
			du[u] += (double)csr_x(x, k);
			di[x->idx[k]] += (double)csr_x(x, k);
		}
	for (size_t u = 0; u < U; u++)
		for (size_t i = 0; i < I; i++)
			R[u * I + i] = du[u] > 0 && di[i] > 0 ? R[u * I + i] / sqrt(du[u] * di[i]) : 0;
	v = decompose(R, U, I, sigma);
	while (D < dim && D < least && sigma[D] > 1e-5 * sigma[0])
		D++;
	if (D < least)
		o.gap = sigma[D - 1] - sigma[D];
	o.K = zeroed(I * I);
	for (size_t j = 0; j < I; j++)
		for (size_t i = 0; i < I; i++) {
			double linear = 0, low = 0;

			for (size_t u = 0; u < U; u++)
				linear += R[u * I + j] * R[u * I + i];
			for (size_t d = 0; d < D; d++)
				low += v[d * I + j] * v[d * I + i];
			o.K[j * I + i] = linear + (di[j] > 0 ? alpha * low * sqrt(di[i] / di[j]) : 0);
		}
	mem_free(R);
	mem_free(du);
	mem_free(di);
	mem_free(sigma);
	mem_free(v);
	return o;
}

static double worst_of(const struct fixture *f, const struct oracle *o, const struct model *m)
{
	struct scratch s = { 0 };
	struct err err;
	float *got = zeroed(o->I);
	double *want = zeroed(o->I), worst = 0;

	for (uint32_t u = 0; u < o->U; u++) {
		struct query q = fixture_query(f, u);

		fixture_must(model_score_all(m, &q, &s, got, (uint32_t)o->I, &err), &err);
		for (size_t i = 0; i < o->I; i++) {
			want[i] = 0;
			for (uint32_t k = 0; k < q.n; k++)
				want[i] += (q.x ? (double)q.x[k] : 1) * o->K[q.items[k] * o->I + i];
		}
		worst = fmax(worst, relative_difference(got, want, o->I));
	}
	scratch_done(&s);
	mem_free(got);
	mem_free(want);
	return worst;
}

static void test(uint32_t U, uint32_t I, uint32_t per_user, bool values, const char *dim, const char *alpha)
{
	static const char *const products[] = { "items", "users" };
	struct fixture f;
	struct oracle o;
	struct err err;
	const struct model_ops *ops = model_find("spectral", &err);

	fixture_make(&f, U, I, per_user, values);
	o = solve(&f.x, strtoul(dim, NULL, 10), strtod(alpha, NULL));
	for (size_t k = 0; k < 2; k++) {
		struct params p;
		struct model *m, *copy;
		double worst;

		params_init(&p, ops->params);
		fixture_set(&p, "dim", dim);
		fixture_set(&p, "alpha", alpha);
		fixture_set(&p, "product", products[k]);
		m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
		fixture_must(m != NULL, &err);
		worst = worst_of(&f, &o, m);
		ok(worst < 1e-5 && o.gap > 1e-6, "%u x %u, dim=%s alpha=%s, %s, by %s: scores agree with the formula (%.1e)",
		   (unsigned)U, (unsigned)I, dim, alpha, values ? "values" : "ones", products[k], worst);
		copy = ops->freeze(m, false, &err);
		fixture_must(copy != NULL, &err);
		ops->destroy(m);
		ok(worst_of(&f, &o, copy) == worst, "  and so do a copy's");
		ops->destroy(copy);
	}
	mem_free(o.K);
	fixture_done(&f);
}

int main(void)
{
	linalg_init();
	test(300, 120, 60, false, "16", "0.3"); /* a whole matrix of items */
	test(300, 120, 60, true, "40", "2");
	test(300, 120, 60, false, "256", "0.3"); /* more than the rank */
	test(90, 400, 8, false, "30", "0.3"); /* few pairs of items share a user */
	test(90, 400, 8, true, "40", "1");
	test(90, 400, 8, false, "90", "0");
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
