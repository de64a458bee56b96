/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpr.c - BPR's steps against numeric gradients of its loss; its fold-in against the loss it minimises. */
#include "model/weights.h"
#include "model_fixture.h"
#include "num/bpr_core.h"
#include "num/linalg.h"

#include <unistd.h>

static double softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* --- One step -------------------------------------------------------------------- */

enum { DS = 5, N_PARAMS = 3 * DS + 2 }; /* w, h_0, h_1, b_0, b_1 */

static double step_loss(const double p[N_PARAMS], double l2)
{
	double s = p[3 * DS] - p[3 * DS + 1], squares = 0;

	for (int d = 0; d < DS; d++)
		s += p[d] * (p[DS + d] - p[2 * DS + d]);
	for (int k = 0; k < N_PARAMS; k++)
		squares += p[k] * p[k];
	return softplus(-s) + l2 / 2 * squares;
}

/* One user, one event with item 0: the negative can only be item 1, so an epoch is one known step. */
static void test_step(double l2)
{
	size_t ptr[] = { 0, 1 };
	uint32_t idx[] = { 0 };
	const struct csr x = { .rows = 1, .cols = 2, .ptr = ptr, .idx = idx };
	float *W, *H, bias[2];
	struct bpr_tables t = { .bias = bias, .stride = 16, .D = DS };
	const struct bpr_rule rule = { .lr = 0.01f, .l2 = (float)l2 };
	struct err err;
	struct bpr_core *core = bpr_core_new(&x, 42, &err);
	double p[N_PARAMS], loss, worst = 0;

	t.W = W = mem_must(mem_zeroed(16, sizeof(float), &err));
	t.H = H = mem_must(mem_zeroed(32, sizeof(float), &err));
	for (int k = 0; k < N_PARAMS; k++)
		p[k] = (double)(float)sin(3.7 * k + 1);
	for (int d = 0; d < DS; d++) {
		W[d] = (float)p[d];
		H[d] = (float)p[DS + d];
		H[16 + d] = (float)p[2 * DS + d];
	}
	bias[0] = (float)p[3 * DS];
	bias[1] = (float)p[3 * DS + 1];
	fixture_must(core && bpr_epoch(core, &t, &rule, 0, &loss, &task_null, &err), &err);
	for (int k = 0; k < N_PARAMS; k++) {
		double q[N_PARAMS], up, down, now, h = 1e-5;

		memcpy(q, p, sizeof(q));
		q[k] = p[k] + h;
		up = step_loss(q, l2);
		q[k] = p[k] - h;
		down = step_loss(q, l2);
		now = (double)(k < DS ? W[k] : k < 2 * DS ? H[k - DS] : k < 3 * DS ? H[16 + k - 2 * DS] : bias[k - 3 * DS]);
		worst = fmax(worst, fabs((p[k] - now) / 0.01 - (up - down) / (2 * h)));
	}
	ok(worst < 1e-4, "l2=%g: a step is lr times the gradient of the loss (%.1e)", l2, worst);
	ok(fabs(loss - step_loss(p, 0)) < 1e-6, "and the loss told is that of the pair");
	bpr_core_free(core);
	mem_free(W);
	mem_free(H);
}

/* --- The fold-in -------------------------------------------------------------------- */

enum { D = 8, I_MOST = 400 };

struct table {
	uint32_t I, n_negatives;
	double H[I_MOST][D], bias[I_MOST];
	uint32_t negatives[I_MOST];
};

static struct table table;

static void read_table(const struct model *m, uint32_t I)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;
	const float *H, *bias;
	const uint32_t *negatives;
	size_t n;
	char path[64];

	snprintf(path, sizeof(path), "oracle-bpr-%d.safetensors", (int)getpid());
	fixture_must(w && model_ops_of(m)->save(m, WEIGHTS_SCORING, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	H = weights_get(file, "item_vectors", TENSOR_F32, I, D, NULL, NULL, &err);
	bias = weights_get(file, "item_bias", TENSOR_F32, I, 0, NULL, NULL, &err);
	negatives = weights_get(file, "fold_in_negatives", TENSOR_U32, SIZE_MAX, 0, &n, NULL, &err);
	fixture_must(H && bias && negatives, &err);
	for (size_t k = 0; k < (size_t)I * D; k++)
		table.H[k / D][k % D] = (double)H[k];
	for (uint32_t i = 0; i < I; i++)
		table.bias[i] = (double)bias[i];
	memcpy(table.negatives, negatives, n * sizeof(*negatives));
	table.n_negatives = (uint32_t)n;
	table.I = I;
	weights_close(file);
	unlink(path);
}

static double dot(const double *w, uint32_t i)
{
	double s = table.bias[i];

	for (int d = 0; d < D; d++)
		s += w[d] * table.H[i][d];
	return s;
}

static bool has(const struct query *q, uint32_t item)
{
	for (uint32_t k = 0; k < q->n; k++)
		if (q->items[k] == item)
			return true;
	return false;
}

/* sum over the history of the mean over the negatives outside it, and n l2/2 |w|^2 */
static double fold_loss(const struct query *q, double l2, const double w[D])
{
	double sum = 0, squares = 0;

	for (uint32_t j = 0; j < q->n; j++) {
		double of_event = 0, m = 0;

		for (uint32_t k = 0; k < table.n_negatives; k++) {
			if (has(q, table.negatives[k]))
				continue;
			of_event += softplus(-(dot(w, q->items[j]) - dot(w, table.negatives[k])));
			m++;
		}
		sum += of_event / m;
	}
	for (int d = 0; d < D; d++)
		squares += w[d] * w[d];
	return sum + q->n * l2 / 2 * squares;
}

static void folded(const struct model *m, const struct query *q, struct scratch *s, double w[D])
{
	struct err err;
	struct dot_form form;

	fixture_must(model_ops_of(m)->query_begin(m, q, 1, s, &err), &err);
	model_ops_of(m)->dot_form(m, 1, s, &form);
	for (int d = 0; d < D; d++)
		w[d] = (double)form.queries[d];
}

/* The largest component of the numeric gradient at the fold-in, against that at zero. */
static double gradient_left(const struct query *q, double l2, const double at[D])
{
	double worst = 0, start = 0, zero[D] = { 0 };

	for (int d = 0; d < D; d++) {
		double w[D], up, down, h = 1e-4;

		memcpy(w, at, sizeof(w));
		w[d] = at[d] + h;
		up = fold_loss(q, l2, w);
		w[d] = at[d] - h;
		down = fold_loss(q, l2, w);
		worst = fmax(worst, fabs(up - down) / (2 * h));
		memcpy(w, zero, sizeof(w));
		w[d] = h;
		up = fold_loss(q, l2, w);
		w[d] = -h;
		down = fold_loss(q, l2, w);
		start = fmax(start, fabs(up - down) / (2 * h));
	}
	return worst / start;
}

static void test_fold_in(uint32_t U, uint32_t I, uint32_t per_user)
{
	struct fixture f;
	struct params p;
	struct err err;
	struct scratch s = { 0 };
	const struct model_ops *ops = model_find("bpr", &err);
	struct model *m;
	double worst = 0, again[D], w[D], worst_score = 0;
	bool same = true, trained = true;

	fixture_make(&f, U, I, per_user, false);
	params_init(&p, ops->params);
	fixture_set(&p, "dim", "8");
	fixture_set(&p, "l2", "0.02");
	m = fixture_fit(&f, ops, &p, 5, &task_null, &err);
	fixture_must(m != NULL, &err);
	read_table(m, I);
	for (uint32_t u = 3; u < U; u += 11) {
		struct query q = fixture_query(&f, u);
		float got[I_MOST];

		folded(m, &q, &s, w);
		worst = fmax(worst, gradient_left(&q, (double)0.02f, w));
		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		for (uint32_t i = 0; i < I; i++)
			worst_score = fmax(worst_score, fabs((double)got[i] - dot(w, i)));
		folded(m, &q, &s, again);
		same = same && !memcmp(w, again, sizeof(w));
		q.user = u; /* the trained vector is another one, and is not used when folding in */
		folded(m, &q, &s, again);
		trained = trained && memcmp(w, again, sizeof(w)) != 0;
		q.fold_in = true;
		folded(m, &q, &s, again);
		trained = trained && !memcmp(w, again, sizeof(w));
	}
	ok(worst < 1e-5, "%u items: the fold-in is a minimum of its loss (gradient %.1e of its start)", (unsigned)I, worst);
	ok(worst_score < 1e-5, "its score is w.h + b (%.1e)", worst_score);
	ok(same, "the same history, the same bits");
	ok(trained, "a known user has a trained vector, unless folding in is asked for");
	scratch_done(&s);
	ops->destroy(m);
	fixture_done(&f);
}

int main(void)
{
	linalg_init();
	test_step(0);
	test_step(0.3);
	test_fold_in(100, 60, 30);
	test_fold_in(300, 400, 40); /* more items than negatives kept */
	return done_testing();
}
