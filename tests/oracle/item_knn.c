/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_knn.c - item-knn against its definitions, written out densely in double. */
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 150, I = 80, PER_USER = 40, K = 10 };

static double X[U][I], sim[I][I], kept[I][I];

/* x with the weights of tf-idf or bm25 on. */
static void weigh(const char *similarity)
{
	double len[I] = { 0 }, mean = 0, n[U] = { 0 };

	for (int u = 0; u < U; u++) {
		for (int i = 0; i < I; i++) {
			len[i] += X[u][i];
			n[u] += X[u][i] != 0;
		}
	}
	for (int i = 0; i < I; i++)
		mean += len[i] / I;
	for (int u = 0; u < U; u++) {
		for (int i = 0; i < I; i++) {
			double x = X[u][i];

			if (!strcmp(similarity, "tf-idf"))
				X[u][i] = sqrt(x) * (log(U) - log(1 + n[u]));
			if (!strcmp(similarity, "bm25") && x != 0)
				X[u][i] = x * 2.2 / (1.2 * (0.25 + 0.75 * len[i] / mean) + x) * log(U / (1 + n[u]));
		}
	}
}

static double similarity_of(const char *similarity, double shrink, int i, int j)
{
	double dot = 0, ii = 0, jj = 0, together = 0, a = 0, b = 0;

	for (int u = 0; u < U; u++) {
		dot += X[u][i] * X[u][j];
		ii += X[u][i] * X[u][i];
		jj += X[u][j] * X[u][j];
		together += X[u][i] != 0 && X[u][j] != 0;
		a += X[u][i] != 0;
		b += X[u][j] != 0;
	}
	if (!strcmp(similarity, "jaccard"))
		return together > 0 ? together / (a + b - together + shrink) : 0;
	if (!strcmp(similarity, "bm25"))
		return dot;
	return dot != 0 ? dot / (sqrt(ii) * sqrt(jj) + shrink) : 0;
}

/* Each j keeps its K most similar i != j, ties to the lower i; pairs that share nothing are none.  Equal
 * fractions of different numbers may differ in their last bit: no tie is called within 1e-12. */
static void keep_nearest(int j)
{
	for (int k = 0; k < K; k++) {
		int best = -1;

		for (int i = 0; i < I; i++)
			if (i != j && sim[j][i] != 0 && kept[j][i] == 0 &&
			    (best < 0 || sim[j][i] > sim[j][best] + 1e-12))
				best = i;
		if (best >= 0)
			kept[j][best] = sim[j][best];
	}
}

static void reference(const struct csr *x, const char *similarity, double shrink)
{
	memset(X, 0, sizeof(X));
	memset(kept, 0, sizeof(kept));
	for (uint32_t u = 0; u < U; u++)
		for (size_t k = x->ptr[u]; k < x->ptr[u + 1]; k++)
			X[u][x->idx[k]] = (double)csr_x(x, k);
	weigh(similarity);
	for (int j = 0; j < I; j++)
		for (int i = 0; i < I; i++)
			sim[j][i] = similarity_of(similarity, shrink, i, j);
	for (int j = 0; j < I; j++)
		keep_nearest(j);
}

static void test(const char *similarity, const char *shrink, bool values, bool by_candidate)
{
	struct fixture f;
	struct params p;
	struct err err;
	struct scratch s = { 0 };
	struct model *m;
	const struct model_ops *ops = model_find("item-knn", &err);
	double worst = 0;

	fixture_make(&f, U, I, PER_USER, values);
	params_init(&p, ops->params);
	fixture_set(&p, "neighbours", "10");
	fixture_set(&p, "similarity", similarity);
	fixture_set(&p, "shrink", shrink);
	fixture_set(&p, "keep", by_candidate ? "candidate" : "history");
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	reference(&f.x, similarity, strtod(shrink, NULL));
	for (uint32_t u = 0; u < U; u++) {
		struct query q = fixture_query(&f, u);
		float got[I];
		double want[I];

		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		for (int i = 0; i < I; i++) {
			want[i] = 0;
			for (uint32_t k = 0; k < q.n; k++)
				want[i] += (q.x ? (double)q.x[k] : 1) *
					   (by_candidate ? kept[i][q.items[k]] : kept[q.items[k]][i]);
		}
		worst = fmax(worst, relative_difference(got, want, I));
	}
	ok(worst < 1e-5, "%s, shrink=%s, %s%s: scores agree with the formula in double (%.1e)", similarity, shrink,
	   values ? "values" : "ones", by_candidate ? ", by candidate" : "", worst);
	scratch_done(&s);
	ops->destroy(m);
	fixture_done(&f);
}

int main(void)
{
	static const char *const similarities[] = { "cosine", "jaccard", "tf-idf", "bm25" };

	linalg_init();
	for (int k = 0; k < 4; k++) {
		test(similarities[k], "0", false, false);
		test(similarities[k], "10", false, false);
		test(similarities[k], "3.5", true, false);
		test(similarities[k], "10", false, true);
	}
	return done_testing();
}
