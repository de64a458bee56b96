/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ials.c - iALS against its normal equations in double, from the same start: no rotation, no Woodbury. */
#include "model/vectors.h"
#include "model/weights.h"
#include "model_fixture.h"
#include "num/linalg.h"

#include <unistd.h>

enum { U = 160, I = 70, PER_USER = 50, D = 8, SWEEPS = 3 };

static const double alpha0 = 0.3, lambda = 0.01;
static double W[U][D], H[I][D];

static double lambda_of(double events, double others, double nu)
{
	return lambda * pow(events + alpha0 * others, nu);
}

/* w = (sum x h h' + alpha0 G'G + l E)^-1 b by Gauss-Jordan with the largest pivot. */
static void solve(double A[D][D], const double b[D], double w[D])
{
	double M[D][D + 1];

	for (int i = 0; i < D; i++) {
		memcpy(M[i], A[i], sizeof(A[i]));
		M[i][D] = b[i];
	}
	for (int k = 0; k < D; k++) {
		int p = k;

		for (int i = k; i < D; i++)
			if (fabs(M[i][k]) > fabs(M[p][k]))
				p = i;
		for (int j = 0; j <= D; j++) {
			double t = M[k][j];

			M[k][j] = M[p][j];
			M[p][j] = t;
		}
		for (int i = 0; i < D; i++) {
			double by = M[i][k] / M[k][k];

			for (int j = k; j <= D && i != k; j++)
				M[i][j] -= by * M[k][j];
		}
	}
	for (int k = 0; k < D; k++)
		w[k] = M[k][D] / M[k][k];
}

static void normal_matrix(const double (*fixed)[D], uint32_t rows, const uint32_t *items, const float *x, size_t n,
			  double l, double A[D][D])
{
	memset(A, 0, sizeof(double) * D * D);
	for (int a = 0; a < D; a++) {
		for (int b = 0; b < D; b++) {
			for (uint32_t r = 0; r < rows; r++)
				A[a][b] += alpha0 * fixed[r][a] * fixed[r][b];
			for (size_t k = 0; k < n; k++)
				A[a][b] += (x ? (double)x[k] : 1) * fixed[items[k]][a] * fixed[items[k]][b];
		}
		A[a][a] += l;
	}
}

static void solve_row(const double (*fixed)[D], uint32_t rows, const uint32_t *items, const float *x, size_t n,
		      double l, double w[D])
{
	double A[D][D], b[D] = { 0 };

	normal_matrix(fixed, rows, items, x, n, l, A);
	for (size_t k = 0; k < n; k++)
		for (int a = 0; a < D; a++)
			b[a] += (x ? (double)x[k] : 1) * fixed[items[k]][a];
	solve(A, b, w);
}

static void half_sweep(const struct csr *x, const double (*fixed)[D], double (*free_side)[D], double nu)
{
	for (uint32_t r = 0; r < x->rows; r++)
		solve_row(fixed, x->cols, csr_row(x, r), csr_row_val(x, r), csr_row_n(x, r),
			  lambda_of((double)csr_row_n(x, r), x->cols, nu), free_side[r]);
}

static double objective(const struct csr *x, const struct csr *xt, double nu)
{
	double sum = 0;

	for (uint32_t u = 0; u < U; u++) {
		for (uint32_t i = 0; i < I; i++) {
			double s = 0, e = (double)csr_at(x, u, i);

			for (int d = 0; d < D; d++)
				s += W[u][d] * H[i][d];
			sum += alpha0 * s * s + e * (s - 1) * (s - 1);
		}
		for (int d = 0; d < D; d++)
			sum += lambda_of((double)csr_row_n(x, u), I, nu) * W[u][d] * W[u][d];
	}
	for (uint32_t i = 0; i < I; i++)
		for (int d = 0; d < D; d++)
			sum += lambda_of((double)csr_row_n(xt, i), U, nu) * H[i][d] * H[i][d];
	return sum / (double)csr_n(x);
}

/* The trained vectors, as the state keeps them. */
static void read_state(const struct model *m, float got_w[U * D], float got_h[I * D])
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;
	char path[64];

	snprintf(path, sizeof(path), "oracle-ials-%d.safetensors", (int)getpid());
	fixture_must(w && model_ops_of(m)->save(m, WEIGHTS_STATE, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	memcpy(got_w, weights_get(file, "user_vectors", TENSOR_F32, U, D, NULL, NULL, &err), sizeof(float) * U * D);
	memcpy(got_h, weights_get(file, "item_vectors", TENSOR_F32, I, D, NULL, NULL, &err), sizeof(float) * I * D);
	weights_close(file);
	unlink(path);
}

static void test_scoring(const struct fixture *f, const struct model *m, double nu)
{
	struct scratch s = { 0 };
	double worst = 0, worst_part = 0;

	for (uint32_t u = 0; u < U; u += 3) {
		struct query q = fixture_query(f, u);
		struct err err;
		double l = lambda_of(q.n, I, nu), w[D], want[I] = { 0 }, A[D][D];
		float got[I], part[PER_USER], base;
		uint32_t item = u % I;

		if (q.n > 1)
			q.n--; /* a history that was never trained on */
		l = lambda_of(q.n, I, nu);
		solve_row((const double (*)[D])H, I, q.items, q.x, q.n, l, w);
		for (int i = 0; i < I; i++)
			for (int d = 0; d < D; d++)
				want[i] += w[d] * H[i][d];
		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		worst = fmax(worst, relative_difference(got, want, I));

		/* part_j = x_uj h_i' A^-1 h_j */
		normal_matrix((const double (*)[D])H, I, q.items, q.x, q.n, l, A);
		solve(A, H[item], w);
		fixture_must(model_ops_of(m)->contributions(m, &q, item, &s, part, &base, &err), &err);
		for (uint32_t k = 0; k < q.n; k++) {
			double wanted = 0;

			for (int d = 0; d < D; d++)
				wanted += (q.x ? (double)q.x[k] : 1) * w[d] * H[q.items[k]][d];
			worst_part = fmax(worst_part, fabs(wanted - (double)part[k]));
		}
	}
	ok(worst < 1e-3, "an unseen history scores as its own solve (%.1e)", worst);
	ok(worst_part < 1e-4, "parts are x h' A^-1 h (%.1e)", worst_part);
	scratch_done(&s);
}

static void test(bool values, const char *nu_text)
{
	struct fixture f;
	struct params p;
	struct err err;
	const struct model_ops *ops = model_find("ials", &err);
	double nu = strtod(nu_text, NULL), wanted_w[U * D], wanted_h[I * D];
	float start[U * D], got_w[U * D], got_h[I * D];
	struct fit_ctx ctx = { .task = &task_null };
	struct model *m;

	fixture_make(&f, U, I, PER_USER, values);
	params_init(&p, ops->params);
	fixture_set(&p, "dim", "8");
	fixture_set(&p, "lambda", "0.01");
	fixture_set(&p, "alpha0", "0.3");
	fixture_set(&p, "nu", nu_text);
	m = ops->create(&f.env, &p, &err);
	fixture_must(m != NULL, &err);
	read_state(m, start, got_h);
	for (int k = 0; k < U * D; k++)
		W[k / D][k % D] = (double)start[k];
	for (int sweep = 1; sweep <= SWEEPS; sweep++) {
		ctx.epoch = (uint32_t)sweep;
		fixture_must(ops->fit_epoch(m, &f.env, &ctx, &err), &err);
		half_sweep(&f.xt, (const double (*)[D])W, H, nu);
		half_sweep(&f.x, (const double (*)[D])H, W, nu);
	}
	read_state(m, got_w, got_h);
	memcpy(wanted_w, W, sizeof(W));
	memcpy(wanted_h, H, sizeof(H));
	printf("# %s, nu=%s\n", values ? "values" : "ones", nu_text);
	ok(relative_difference(got_w, wanted_w, U * D) < 1e-3, "users' vectors after 3 sweeps (%.1e)",
	   relative_difference(got_w, wanted_w, U * D));
	ok(relative_difference(got_h, wanted_h, I * D) < 1e-3, "items' vectors after 3 sweeps (%.1e)",
	   relative_difference(got_h, wanted_h, I * D));
	ok(fabs(ctx.loss[0] / objective(&f.x, &f.xt, nu) - 1) < 1e-5, "the loss is the objective: %.6f", ctx.loss[0]);
	m = ops->freeze(m, true, &err);
	fixture_must(m != NULL, &err);
	test_scoring(&f, m, nu);
	ops->destroy(m);
	fixture_done(&f);
}

/* The start is N(0, (0.1/sqrt D)^2): its spread, and that rows differ. */
static void test_start(void)
{
	static float v[2000 * D];
	double sum = 0, squares = 0;

	vectors_init(v, 2000, D, 0.1, 42, "test");
	for (int k = 0; k < 2000 * D; k++) {
		sum += (double)v[k];
		squares += (double)v[k] * (double)v[k];
	}
	sum /= 2000 * D;
	ok(fabs(sum) < 0.002 && fabs(sqrt(squares / (2000 * D)) / (0.1 / sqrt(D)) - 1) < 0.03 &&
	   memcmp(v, v + D, D * sizeof(*v)) != 0, "the start is spread as it should be");
}

int main(void)
{
	linalg_init();
	test_start();
	test(false, "1");
	test(true, "1");
	test(false, "0.5");
	return done_testing();
}
