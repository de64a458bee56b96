/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bayesian personalised ranking: steps against the gradient in double, draws by counting, the
 * fold-in against its own optimality.
 */
#include "num/bpr_core.h"

#include "num/linalg.h"
#include "num_case.h"

/* --- Steps ------------------------------------------------------------------- */

static double naive_steps(double *W, double *H, double *bias, size_t D, const uint32_t *u,
			  const uint32_t *i, const uint32_t *j, size_t n, double lr, double l2)
{
	double loss = 0;

	for (size_t t = 0; t < n; t++) {
		double *w = W + u[t] * D, *p = H + i[t] * D, *q = H + j[t] * D;
		double x = bias[i[t]] - bias[j[t]], g;

		for (size_t d = 0; d < D; d++)
			x += w[d] * (p[d] - q[d]);
		loss += log1p(exp(-x));
		g = 1 / (1 + exp(x));
		for (size_t d = 0; d < D; d++) {
			double a = w[d], b = p[d], c = q[d];

			w[d] += lr * (g * (b - c) - l2 * a);
			p[d] += lr * (g * a - l2 * b);
			q[d] += lr * (-g * a - l2 * c);
		}
		bias[i[t]] += lr * (g - l2 * bias[i[t]]);
		bias[j[t]] += lr * (-g - l2 * bias[j[t]]);
	}
	return loss;
}

static double *doubled(const float *v, size_t n)
{
	double *d = case_zeroed(n, sizeof(*d));

	for (size_t k = 0; k < n; k++)
		d[k] = (double)v[k];
	return d;
}

static void check_steps(size_t D)
{
	enum { ROWS = 20, STEPS = 500 };
	float *W = case_floats(ROWS * D), *H = case_floats(ROWS * D), *bias = case_floats(ROWS);
	double *Wd = doubled(W, ROWS * D), *Hd = doubled(H, ROWS * D), *bd = doubled(bias, ROWS),
	       loss;
	uint32_t u[STEPS], i[STEPS], j[STEPS];
	struct kern_bpr b = { .W = W,
			      .H = H,
			      .bias = bias,
			      .stride = D,
			      .D = D,
			      .u = u,
			      .i = i,
			      .j = j,
			      .n = STEPS,
			      .lr = 0.1f,
			      .l2 = 0.01f };
	double worst;

	for (size_t t = 0; t < STEPS; t++) {
		u[t] = case_below(ROWS);
		i[t] = case_below(ROWS / 2);
		j[t] = ROWS / 2 + case_below(ROWS / 2);
	}
	kern()->bpr_steps(&b);
	loss = naive_steps(Wd, Hd, bd, D, u, i, j, STEPS, 0.1f, 0.01f);
	worst = fmax(case_apart(W, Wd, ROWS * D),
		     fmax(case_apart(H, Hd, ROWS * D), case_apart(bias, bd, ROWS)));
	ok(worst < 1e-4 && fabs(b.loss - loss) < 1e-4 * loss,
	   "D=%zu: steps off by %.1e, loss %.6g for %.6g", D, worst, b.loss, loss);
	mem_free(W);
	mem_free(H);
	mem_free(bias);
	mem_free(Wd);
	mem_free(Hd);
	mem_free(bd);
}

static void check_far(void)
{
	float W[2] = { 1000, 1 }, H[3] = { 1, 0, INFINITY }, bias[3] = { 0 };
	uint32_t u = 0, i = 1, j = 0;
	struct kern_bpr b = { .W = W,
			      .H = H,
			      .bias = bias,
			      .stride = 1,
			      .D = 1,
			      .u = &u,
			      .i = &i,
			      .j = &j,
			      .n = 1,
			      .lr = 1e-6f };

	kern()->bpr_steps(&b);
	ok(fabs(b.loss - 1000) < 1e-3, "a score far wrong costs its distance: %g", b.loss);
	u = 1;
	j = 2;
	kern()->bpr_steps(&b);
	ok(!isfinite(b.loss), "what is not finite makes the loss none");
}

/* --- Draws: with vectors 0 and a tiny lr, a bias moves by lr/2 for each draw ---------- */

struct world {
	struct csr x;
	struct bpr_tables t;
};

static struct world world_new(uint32_t U, uint32_t I, double p, uint32_t D)
{
	struct world w = { .x = case_csr(U, I, p, false) };

	w.t = (struct bpr_tables){ .W = case_zeroed(U * (size_t)D, 4),
				   .H = case_zeroed(I * (size_t)D, 4),
				   .bias = case_zeroed(I, 4),
				   .stride = D,
				   .D = D };
	return w;
}

static void world_done(struct world *w)
{
	csr_done(&w->x);
	mem_free(w->t.W);
	mem_free(w->t.H);
	mem_free(w->t.bias);
}

static void check_counts(enum bpr_negatives negatives)
{
	enum { EPOCHS = 400 };
	struct world w = world_new(100, 200, 0.05, 1);
	struct bpr_rule rule = { .lr = 1e-6f, .negatives = negatives };
	struct err err;
	struct bpr_core *b = bpr_core_new(&w.x, 7, &err);
	double *want = case_zeroed(200, sizeof(*want)), *count = case_zeroed(200, sizeof(*count)),
	       loss, worst = 0;

	for (uint32_t u = 0; u < 100; u++)
		for (size_t e = w.x.ptr[u]; e < w.x.ptr[u + 1]; e++)
			count[w.x.idx[e]]++;
	/* Each event of u draws each item outside H(u) alike, or by its events. */
	for (uint32_t u = 0; u < 100; u++) {
		double all = 0, n = (double)csr_row_n(&w.x, u);

		for (uint32_t i = 0; i < 200; i++)
			all += csr_has(&w.x, u, i) ? 0 : negatives == BPR_UNIFORM ? 1 : count[i];
		for (uint32_t i = 0; i < 200; i++)
			want[i] += csr_has(&w.x, u, i)
					   ? 0
					   : n / all * (negatives == BPR_UNIFORM ? 1 : count[i]);
	}
	for (uint32_t e = 0; e < EPOCHS; e++)
		bpr_epoch(b, &w.t, &rule, e, &loss, &task_null, &err);
	for (uint32_t i = 0; i < 200; i++) {
		double drawn = EPOCHS * count[i] - (double)w.t.bias[i] / 0.5e-6;
		double z = (drawn - EPOCHS * want[i]) / sqrt(EPOCHS * want[i] + 1);

		worst = fmax(worst, fabs(z));
	}
	ok(fabs(loss - log(2)) < 1e-3, "every loss is ln 2 at the start");
	ok(worst < 5.5, "%s negatives: counts within %.1f standard errors",
	   negatives == BPR_UNIFORM ? "uniform" : "popularity", worst);
	bpr_core_free(b);
	mem_free(want);
	mem_free(count);
	world_done(&w);
}

/* Every user has one of two items: the other one is the only negative. */
static void check_positives(void)
{
	struct world w = world_new(300, 2, 0, 1);
	struct bpr_rule rule = { .lr = 1e-6f };
	struct err err;
	struct bpr_core *b;
	double loss, apart = 0;

	for (uint32_t u = 0; u < 300; u++) {
		w.x.ptr[u + 1] = u + 1;
		w.x.idx[u] = u % 3 == 0;
		apart += w.x.idx[u] ? -1 : 1;
	}
	b = bpr_core_new(&w.x, 7, &err);
	bpr_epoch(b, &w.t, &rule, 0, &loss, &task_null, &err);
	ok(fabs((double)w.t.bias[0] / 0.5e-6 - apart) < 0.5 &&
		   fabs((double)w.t.bias[1] / 0.5e-6 + apart) < 0.5,
	   "every event once, never against an item of the history");
	bpr_core_free(b);
	world_done(&w);
}

/* --- Training --------------------------------------------------------------------- */

static void fill(struct world *w, uint32_t U, uint32_t I, uint32_t D)
{
	for (size_t k = 0; k < U * (size_t)D; k++)
		w->t.W[k] = 0.1f * case_float();
	for (size_t k = 0; k < I * (size_t)D; k++)
		w->t.H[k] = 0.1f * case_float();
}

static void check_training(void)
{
	enum { U = 400, I = 640, D = 16 };
	struct world a = world_new(U, I, 0, D), b;
	struct bpr_rule rule = { .lr = 0.1f, .l2 = 0.001f };
	struct task threads = case_task(2);
	struct bpr_core *one, *two;
	double first = 0, last = 0, other = 0;
	bool fine = true;
	struct err err;
	size_t n = 0;

	for (uint32_t u = 0; u < U; u++) { /* users like the items of their own eighth */
		for (uint32_t i = u % 8; i < I; i += 8)
			if (case_below(3) == 0)
				a.x.idx[n++] = i;
		a.x.ptr[u + 1] = n;
	}
	fill(&a, U, I, D);
	b = a;
	b.t.W = case_floats(U * D);
	b.t.H = case_floats(I * D);
	b.t.bias = case_zeroed(I, 4);
	memcpy(b.t.W, a.t.W, U * D * sizeof(float));
	memcpy(b.t.H, a.t.H, I * D * sizeof(float));
	one = bpr_core_new(&a.x, 1, &err);
	two = bpr_core_new(&a.x, 1, &err);
	for (uint32_t e = 0; e < 20; e++) {
		fine &= bpr_epoch(one, &a.t, &rule, e, e ? &last : &first, &task_null, &err);
		if (e == 10) { /* a core made afresh goes on as if nothing had happened */
			bpr_core_free(two);
			two = bpr_core_new(&a.x, 1, &err);
		}
		fine &= bpr_epoch(two, &b.t, &rule, e, &other, &threads, &err);
	}
	ok(fine && first > 0.6 && last < 0.15, "planted tastes are learnt: loss %.3f, then %.3f",
	   first, last);
	ok(last == other && !memcmp(a.t.W, b.t.W, U * D * 4) && !memcmp(a.t.H, b.t.H, I * D * 4) &&
	   !memcmp(a.t.bias, b.t.bias, I * 4), "two threads and a resumed core: the same bits");
	rule.lr = 1e20f;
	fine = bpr_epoch(one, &a.t, &rule, 0, &last, &threads, &err);
	ok(!fine && err.code == ERR_NUMERIC && strstr(err.msg, "epoch 1,") &&
		   strstr(err.msg, "batch 1."),
	   "divergence: %s", err.msg);
	bpr_core_free(one);
	bpr_core_free(two);
	mem_free(b.t.W);
	mem_free(b.t.H);
	mem_free(b.t.bias);
	world_done(&a);
	case_task_done(&threads);
}

/* --- The fold-in --------------------------------------------------------------------- */

/* The gradient of what bpr_core.h says is minimised, in double, by its own loops. */
static double gradient_norm(const float *H, const float *bias, size_t D, const uint32_t *items,
			    uint32_t n, const uint32_t *neg, uint32_t m, double l2, const float *w)
{
	double *g = case_zeroed(D, sizeof(*g)), norm = 0;

	for (size_t d = 0; d < D; d++)
		g[d] = n * l2 * (double)w[d];
	for (uint32_t j = 0; j < n; j++) {
		for (uint32_t k = 0; k < m; k++) {
			const float *a = H + items[j] * D, *b = H + neg[k] * D;
			double x = (double)bias[items[j]] - (double)bias[neg[k]];

			for (size_t d = 0; d < D; d++)
				x += (double)w[d] * ((double)a[d] - (double)b[d]);
			for (size_t d = 0; d < D; d++)
				g[d] -= ((double)a[d] - (double)b[d]) / (1 + exp(x)) / m;
		}
	}
	for (size_t d = 0; d < D; d++)
		norm += g[d] * g[d];
	mem_free(g);
	return sqrt(norm);
}

static void check_fold_in(uint32_t n, uint32_t m, uint32_t D, float l2)
{
	uint32_t I = n + m;
	float *H = case_floats(I * (size_t)D), *bias = case_floats(I), *w = case_floats(D),
	      *zero = case_floats(D);
	uint32_t *all = case_zeroed(I, sizeof(*all));
	void *scratch = case_zeroed(bpr_fold_in_bytes(n, m, D), 1);
	double start, end;
	bool fine;

	memset(zero, 0, D * sizeof(*zero));
	for (uint32_t i = 0; i < I; i++)
		all[i] = i;
	fine = bpr_fold_in(H, bias, D, D, all, n, all + n, m, l2, w, scratch);
	start = gradient_norm(H, bias, D, all, n, all + n, m, (double)l2, zero);
	end = gradient_norm(H, bias, D, all, n, all + n, m, (double)l2, w);
	ok(fine && end <= 1e-5 * fmax(start, 1),
	   "fold-in of %u against %u, D=%u: gradient %.1e of %.1e", n, m, D, end, start);
	mem_free(H);
	mem_free(bias);
	mem_free(w);
	mem_free(zero);
	mem_free(all);
	mem_free(scratch);
}

int main(void)
{
	linalg_init();
	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		check_steps(64);
		check_steps(37);
		check_steps(1);
		check_far();
		check_fold_in(1, 1, 3, 0.1f);
		check_fold_in(30, 100, 16, 0.01f);
		check_fold_in(200, 64, 64, 0.05f);
	}
	check_counts(BPR_UNIFORM);
	check_counts(BPR_POPULARITY);
	check_positives();
	check_training();
	return done_testing();
}
