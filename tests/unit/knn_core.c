/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Neighbours against dense loops in double. */
#include "num/knn_core.h"

#include "num_case.h"

enum kind { COSINE, JACCARD, DOT };
static const char *const kind_names[] = { "cosine", "jaccard", "dot" };

struct data {
	struct csr x, xt;
	uint32_t n;
	float *a, *s;
	struct knn_rule rule;
	double *co; /* [n][n] */
};

static struct data data_new(uint32_t rows, uint32_t cols, double p, bool values, enum kind kind,
			    uint32_t K)
{
	struct data d = { .x = case_csr(rows, cols, p, values), .n = cols };
	struct err err;

	csr_transpose(&d.xt, &d.x, &task_null, &err);
	d.a = case_floats(cols);
	d.s = case_floats(cols);
	knn_norms(&d.xt, d.a);
	for (uint32_t i = 0; i < cols; i++)
		d.s[i] = kind == DOT ? 0.5f : (float)csr_row_n(&d.xt, i);
	d.rule = (struct knn_rule){ .a = kind == COSINE ? d.a : NULL,
				    .s = kind == COSINE ? NULL : d.s,
				    .e = kind == JACCARD ? 1 : 0,
				    .shrink = kind == DOT ? 0 : 2.5f,
				    .K = K };
	d.co = case_zeroed((size_t)cols * cols, sizeof(double));
	for (uint32_t u = 0; u < rows; u++)
		for (size_t b = d.x.ptr[u]; b < d.x.ptr[u + 1]; b++)
			for (size_t c = d.x.ptr[u]; c < d.x.ptr[u + 1]; c++)
				d.co[d.x.idx[b] * (size_t)cols + d.x.idx[c]] +=
					(double)csr_x(&d.x, b) * (double)csr_x(&d.x, c);
	return d;
}

static void data_done(struct data *d)
{
	csr_done(&d->x);
	csr_done(&d->xt);
	mem_free(d->a);
	mem_free(d->s);
	mem_free(d->co);
}

/* As knn_core.h says it, from the paper's formulas and not from the one they share. */
static double naive(const struct data *d, enum kind kind, uint32_t i, uint32_t j)
{
	double co = d->co[i * (size_t)d->n + j], shrink = (double)d->rule.shrink;

	if (kind == COSINE)
		return co / ((double)d->a[i] * (double)d->a[j] + shrink);
	if (kind == JACCARD)
		return co / ((double)d->s[i] + (double)d->s[j] - co + shrink);
	return co;
}

/* Row j: right values; nothing better was left out; no more and no fewer than there are. */
static bool right_row(const struct data *d, enum kind kind, const struct csr *got, uint32_t j)
{
	uint32_t have = (uint32_t)csr_row_n(got, j), possible = 0;
	double last = 1e300;

	for (size_t k = got->ptr[j]; k < got->ptr[j + 1]; k++) {
		double want = naive(d, kind, got->idx[k], j);

		if (got->idx[k] == j || (k > got->ptr[j] && got->idx[k - 1] >= got->idx[k]) ||
		    fabs((double)got->val[k] - want) > 1e-5 * fmax(1, want))
			return false;
		last = (double)got->val[k] < last ? (double)got->val[k] : last;
	}
	for (uint32_t i = 0; i < d->n; i++) {
		if (i == j || d->co[i * (size_t)d->n + j] == 0)
			continue;
		possible++;
		if (!csr_has(got, j, i) && naive(d, kind, i, j) > last * (1 + 1e-5))
			return false;
	}
	return have == (possible < d->rule.K ? possible : d->rule.K);
}

static void check(uint32_t rows, uint32_t cols, double p, bool values, enum kind kind, uint32_t K)
{
	struct data d = data_new(rows, cols, p, values, kind, K);
	struct task threads = case_task(2);
	struct csr one, two;
	struct err err;
	bool right = knn_fit(&one, &d.x, &d.xt, &d.rule, &task_null, &err);

	for (uint32_t j = 0; right && j < d.n; j++)
		right = right_row(&d, kind, &one, j);
	ok(right, "%s%s of %u x %u, K=%u", kind_names[kind], values ? " with values" : "", rows,
	   cols, K);
	ok(knn_fit(&two, &d.x, &d.xt, &d.rule, &threads, &err) && csr_n(&one) == csr_n(&two) &&
		   !memcmp(one.ptr, two.ptr, (d.n + 1) * sizeof(*one.ptr)) &&
		   !memcmp(one.idx, two.idx, csr_n(&one) * sizeof(*one.idx)) &&
		   !memcmp(one.val, two.val, csr_n(&one) * sizeof(*one.val)),
	   "  the same bits with two threads");
	csr_done(&one);
	csr_done(&two);
	case_task_done(&threads);
	data_done(&d);
}

/* Columns that are copies of each other tie exactly: the lower numbers stay. */
static void check_ties(void)
{
	struct csr x = { .rows = 1, .cols = 300 }, xt, got;
	struct knn_rule rule = { .K = 3, .shrink = 1 };
	bool right = true;
	struct err err;

	x.ptr = case_zeroed(2, sizeof(*x.ptr));
	x.idx = case_zeroed(300, sizeof(*x.idx));
	x.ptr[1] = 300;
	for (uint32_t i = 0; i < 300; i++)
		x.idx[i] = i;
	csr_transpose(&xt, &x, &task_null, &err);
	knn_fit(&got, &x, &xt, &rule, &task_null, &err);
	for (uint32_t j = 0; j < 300; j++)
		for (uint32_t k = 0; k < 3; k++)
			right &= csr_row(&got, j)[k] == (k < j ? k : k + 1);
	ok(right, "ties go to the lower number");
	csr_done(&x);
	csr_done(&xt);
	csr_done(&got);
}

/* A query that is a row of the matrix finds what the fit of rows finds. */
static void check_nearest(void)
{
	struct data d = data_new(60, 150, 0.1, true, COSINE,
				 8); /* rows of xt are "items" of length 60 */
	float *acc = case_zeroed(d.n, sizeof(*acc)), sim[8];
	uint32_t nearest[8];
	bool right = true, clean = true;
	struct csr fit;
	struct err err;

	/* Here the "rows" to be near to are the columns of x: users of a matrix xt. */
	knn_fit(&fit, &d.x, &d.xt, &d.rule, &task_null, &err);
	for (uint32_t j = 0; j < d.n; j++) {
		uint32_t n = knn_nearest(&d.x, &d.rule, csr_row(&d.xt, j), csr_row_val(&d.xt, j),
					 (uint32_t)csr_row_n(&d.xt, j), d.a[j], 0, j, acc, nearest,
					 sim);

		right &= n == csr_row_n(&fit, j);
		for (uint32_t k = 0; k < n; k++)
			right &= csr_has(&fit, j, nearest[k]) && (!k || sim[k - 1] >= sim[k]);
	}
	for (uint32_t j = 0; j < d.n; j++)
		clean &= acc[j] == 0;
	ok(right, "a query's nearest are the fit's");
	ok(clean, "  and the accumulator is left clean");
	csr_done(&fit);
	mem_free(acc);
	data_done(&d);
}

static void check_score(void)
{
	struct data d = data_new(60, 40, 0.2, true, COSINE, 10);
	float *got = case_zeroed(40, sizeof(*got));
	double *want = case_zeroed(40, sizeof(*want));
	struct csr sims;
	struct err err;

	knn_fit(&sims, &d.x, &d.xt, &d.rule, &task_null, &err);
	knn_score(&sims, csr_row(&d.x, 3), csr_row_val(&d.x, 3), (uint32_t)csr_row_n(&d.x, 3), got);
	for (size_t e = d.x.ptr[3]; e < d.x.ptr[4]; e++)
		for (uint32_t i = 0; i < 40; i++)
			if (csr_has(&sims, d.x.idx[e], i))
				want[i] += (double)d.x.val[e] * naive(&d, COSINE, i, d.x.idx[e]);
	ok(case_apart(got, want, 40) < 1e-5, "scores of a history");
	csr_done(&sims);
	mem_free(got);
	mem_free(want);
	data_done(&d);
}

/* By hand: 2 users x 2 items, x = 2 where u0 has both, u1 has the second with 1. */
static void check_weights(void)
{
	size_t ptr[] = { 0, 2, 3 };
	uint32_t idx[] = { 0, 1, 1 };
	float val[] = { 2, 2, 1 };
	struct csr x = { .rows = 2, .cols = 2, .ptr = ptr, .idx = idx, .val = val }, w;
	double idf0 = log(2.0 / 3), idf1 = log(2.0 / 2), mean = 2.5;
	struct err err;

	ok(knn_weigh(&w, &x, KNN_TFIDF, &err) && fabs((double)w.val[0] - sqrt(2) * idf0) < 1e-6 &&
	   fabs((double)w.val[2] - idf1) < 1e-6, "tf-idf by hand");
	csr_done(&w);
	ok(knn_weigh(&w, &x, KNN_BM25, &err) &&
	   fabs((double)w.val[0] - 2 * 2.2 / (1.2 * (0.25 + 0.75 * 2 / mean) + 2) * idf0) < 1e-6 &&
	   fabs((double)w.val[1] - 2 * 2.2 / (1.2 * (0.25 + 0.75 * 3 / mean) + 2) * idf0) < 1e-6,
	   "bm25 by hand");
	csr_done(&w);
}

static bool try_fit(struct data *d, struct err *err)
{
	struct csr out;

	if (!knn_fit(&out, &d->x, &d->xt, &d->rule, &task_null, err))
		return false;
	csr_done(&out);
	return true;
}

static void check_memory(void)
{
	struct data d = data_new(60, 40, 0.2, true, COSINE, 10);
	size_t before = mem_bytes_now();
	uint64_t at = 0;
	bool clean = true;
	struct err err;

	do {
		mem_fail_at(++at);
		err.code = ERR_OK;
		if (try_fit(&d, &err))
			break;
		clean &= err.code == ERR_NOMEM && mem_bytes_now() == before;
	} while (at < 100);
	mem_fail_at(0);
	ok(clean && at > 10 && at < 100, "each of %d allocations may fail", (int)at - 1);
	data_done(&d);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		check(300, 200, 0.1, false, COSINE, 20);
		check(300, 200, 0.1, true, COSINE, 5);
		check(300, 200, 0.1, false, JACCARD, 20);
		check(300, 200, 0.1, true, DOT, 200);
		check(40, 2000, 0.003, false, COSINE, 10); /* few touched of many */
		check(2000, 333, 0.2, false, COSINE, 3);
	}
	check_ties();
	check_nearest();
	check_score();
	check_weights();
	check_memory();
	return done_testing();
}
