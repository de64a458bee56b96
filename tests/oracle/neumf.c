/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf.c - neumf as it trains, scores and folds in, held against one written pair by pair in double that shares
 * no code with it but the streams of random numbers and the drawn start.
 */
#include "model/neumf_fit.h"
#include "model/neumf_fold_in.h"
#include "model/neumf_score.h"
#include "model/fold_negatives.h"
#include "model/weights.h"
#include "model_fixture.h"
#include "num/linalg.h"

#include <unistd.h>

enum { U_MOST = 300, I_MOST = 400, G = 5, M = 4, D = G + M, L1 = 6, L2 = 3, DENSE = 2 * M * L1 + L1 + L1 * L2 + L2 + G + L2 + 1 };

/* A network by the names of its tensors: one run of numbers for the way of descent, in three parts. */
struct naive {
	uint32_t U, I;
	double P[U_MOST][D], Q[I_MOST][D];
	double Wu[M][L1], Wi[M][L1], b1[L1], W2[L1][L2], b2[L2], w[G + L2], c;
};

static void copy_in(double *to, const float *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (double)from[i];
}

static void read_net(struct naive *a, const struct neumf_net *n)
{
	const float *t = n->t.w;

	a->U = n->U;
	a->I = n->I;
	copy_in(&a->P[0][0], n->P, (size_t)n->U * D);
	copy_in(&a->Q[0][0], n->Q, (size_t)n->I * D);
	copy_in(&a->Wu[0][0], t + n->Wu, M * L1);
	copy_in(&a->Wi[0][0], t + n->Wi, M * L1);
	copy_in(a->b1, t + n->b[0], L1);
	copy_in(&a->W2[0][0], t + n->W[1], L1 * L2);
	copy_in(a->b2, t + n->b[1], L2);
	copy_in(a->w, t + n->w, G + L2);
	a->c = (double)t[n->c];
}

struct pass { double a1[L1], a2[L2]; };

static double score(const struct naive *a, const double p[D], uint32_t i, struct pass *of)
{
	const double *q = a->Q[i];
	double s = a->c;

	for (int l = 0; l < L1; l++) {
		double z = a->b1[l];

		for (int m = 0; m < M; m++)
			z += p[G + m] * a->Wu[m][l] + q[G + m] * a->Wi[m][l];
		of->a1[l] = fmax(z, 0);
	}
	for (int l = 0; l < L2; l++) {
		double z = a->b2[l];

		for (int k = 0; k < L1; k++)
			z += of->a1[k] * a->W2[k][l];
		of->a2[l] = fmax(z, 0);
	}
	for (int d = 0; d < G; d++)
		s += a->w[d] * p[d] * q[d];
	for (int l = 0; l < L2; l++)
		s += a->w[G + l] * of->a2[l];
	return s;
}

/* g += the gradient of ds s(u, i) by everything. */
static void add_gradient(const struct naive *a, struct naive *g, uint32_t u, uint32_t i, const struct pass *of, double ds)
{
	double d2[L2], d1[L1];

	g->c += ds;
	for (int d = 0; d < G; d++) {
		g->w[d] += ds * a->P[u][d] * a->Q[i][d];
		g->P[u][d] += ds * a->w[d] * a->Q[i][d];
		g->Q[i][d] += ds * a->w[d] * a->P[u][d];
	}
	for (int l = 0; l < L2; l++) {
		g->w[G + l] += ds * of->a2[l];
		d2[l] = of->a2[l] > 0 ? ds * a->w[G + l] : 0;
		g->b2[l] += d2[l];
	}
	for (int k = 0; k < L1; k++) {
		d1[k] = 0;
		for (int l = 0; l < L2; l++) {
			g->W2[k][l] += of->a1[k] * d2[l];
			d1[k] += of->a1[k] > 0 ? a->W2[k][l] * d2[l] : 0;
		}
		g->b1[k] += d1[k];
	}
	for (int m = 0; m < M; m++)
		for (int k = 0; k < L1; k++) {
			g->Wu[m][k] += a->P[u][G + m] * d1[k];
			g->Wi[m][k] += a->Q[i][G + m] * d1[k];
			g->P[u][G + m] += a->Wu[m][k] * d1[k];
			g->Q[i][G + m] += a->Wi[m][k] * d1[k];
		}
}

/* --- Training ------------------------------------------------------------------------ */

/* Adam of one run of numbers.  Rows that were not touched stand still where it is lazy, and deferred go on with a
 * gradient of 0, which is done here when it is due. */
static void adam(double *x, const double *g, double *m, double *v, size_t rows, size_t cols, const bool *touched,
		 enum neumf_adam kind, double t, double lr)
{
	for (size_t r = 0; r < rows; r++) {
		bool met = kind == NEUMF_DENSE_ADAM || touched[r];

		if (!met && kind == NEUMF_LAZY)
			continue;
		for (size_t k = r * cols; k < (r + 1) * cols; k++) {
			double d = met ? g[k] : 0;

			m[k] = 0.9 * m[k] + 0.1 * d;
			v[k] = 0.999 * v[k] + 0.001 * d * d;
			x[k] -= lr * (m[k] / (1 - pow(0.9, t))) / (sqrt(v[k] / (1 - pow(0.999, t))) + 1e-8);
		}
	}
}

static struct naive net, gradient, mean, square;
static bool user_touched[U_MOST], item_touched[I_MOST];

/* The events in the epoch's order: all of them as the matrix has them, shuffled by the stream. */
static size_t ordered(const struct csr *x, uint64_t seed, uint32_t epoch, uint32_t *order)
{
	struct rng r = rng_stream(seed, "neumf.order", epoch, 0);
	size_t n = 0;

	for (uint32_t e = 0; e < csr_n(x); e++)
		order[n++] = e;
	rng_shuffle_u32(&r, order, n);
	return n;
}

static uint32_t user_of(const struct csr *x, size_t e)
{
	uint32_t u = 0;

	while (x->ptr[u + 1] <= e)
		u++;
	return u;
}

/* The drawn rank among the items that u has no event with, by counting. */
static uint32_t absent(const struct csr *x, uint32_t u, struct rng *r)
{
	uint32_t rank = rng_below(r, x->cols - (uint32_t)csr_row_n(x, u));

	for (uint32_t i = 0; ; i++)
		if (!csr_has(x, u, i) && !rank--)
			return i;
}

struct naive_rule { uint32_t batch, negatives; enum neumf_adam adam; double lr, l2; };

static double naive_event(const struct csr *x, size_t e, uint32_t negatives, double l2, struct rng *r, double each)
{
	uint32_t u = user_of(x, e);
	double loss = 0;

	user_touched[u] = true;
	for (uint32_t k = 0; k <= negatives; k++) {
		uint32_t i = k ? absent(x, u, r) : x->idx[e];
		struct pass of;
		double s = score(&net, net.P[u], i, &of), label = k == 0;

		item_touched[i] = true;
		loss += log1p(exp(k ? s : -s));
		add_gradient(&net, &gradient, u, i, &of, each * (1 / (1 + exp(-s)) - label));
		for (int d = 0; d < D; d++) {
			gradient.P[u][d] += each * l2 * net.P[u][d];
			gradient.Q[i][d] += each * l2 * net.Q[i][d];
		}
	}
	return loss;
}

static void naive_step(const struct naive_rule *r, double t)
{
	double *x = &net.Wu[0][0], *g = &gradient.Wu[0][0], *m = &mean.Wu[0][0], *v = &square.Wu[0][0];

	adam(x, g, m, v, 1, DENSE, NULL, NEUMF_DENSE_ADAM, t, r->lr);
	adam(&net.P[0][0], &gradient.P[0][0], &mean.P[0][0], &square.P[0][0], net.U, D, user_touched, r->adam, t,
	     r->lr);
	adam(&net.Q[0][0], &gradient.Q[0][0], &mean.Q[0][0], &square.Q[0][0], net.I, D, item_touched, r->adam, t,
	     r->lr);
}

/* An epoch, a batch being one group (under 256 pairs). */
static double naive_epoch(const struct csr *x, const struct naive_rule *r, uint64_t seed, uint32_t epoch, double *t)
{
	uint32_t order[8192];
	size_t n = ordered(x, seed, epoch, order), per = r->batch / (1 + r->negatives);
	double loss = 0;

	for (size_t b = 0; b * per < n; b++) {
		struct rng draws = rng_stream(seed, "neumf.negatives", epoch, (uint64_t)b << 32);
		size_t end = (b + 1) * per < n ? (b + 1) * per : n, count = (end - b * per) * (1 + r->negatives);

		memset(&gradient, 0, sizeof(gradient));
		memset(user_touched, 0, sizeof(user_touched));
		memset(item_touched, 0, sizeof(item_touched));
		for (size_t e = b * per; e < end; e++)
			loss += naive_event(x, order[e], r->negatives, r->l2, &draws, 1.0 / (double)count);
		naive_step(r, ++*t);
	}
	return loss / (double)(n * (1 + r->negatives));
}

static struct neumf_net make_net(uint32_t U, uint32_t I, uint64_t seed)
{
	struct err err;
	struct neumf_net n = { .U = U, .I = I, .G = G, .M = M, .D = D, .L = { L1, L2 }, .n = 2 };

	fixture_must(neumf_net_make(&n, &err) && neumf_net_fill(&n, seed, &task_null, &err), &err);
	/* From sizes that make every part count, which the start's small vectors would need long for. */
	for (size_t k = 0; k < (size_t)U * D; k++)
		n.P[k] *= 30;
	for (size_t k = 0; k < (size_t)I * D; k++)
		n.Q[k] *= 30;
	return n;
}

/* The largest difference of scores, and of what they are made of. */
static double worst_score(const struct neumf_net *n)
{
	struct err err;
	struct neumf_panels *panels = neumf_panels_new(n, &err);
	float query[L1 + G], work[1024], out[I_MOST];
	double worst = 0;
	struct pass of;

	fixture_must(panels && neumf_score_floats(n) <= 1024, &err);
	for (uint32_t u = 0; u < n->U; u++) {
		neumf_query(n, n->P + u * D, query);
		neumf_score(n, panels, query, 1, 0, n->I, work, out, I_MOST);
		for (uint32_t i = 0; i < n->I; i++)
			worst = fmax(worst, fabs((double)out[i] - score(&net, net.P[u], i, &of)));
	}
	neumf_panels_free(panels);
	return worst;
}

static void test_training(enum neumf_adam adam, double l2)
{
	static const char *const names[] = { "deferred", "lazy", "dense" };
	struct fixture f;
	struct err err;
	struct naive_rule naive = { .batch = 100, .negatives = 3, .adam = adam, .lr = 0.01, .l2 = l2 };
	struct neumf_rule rule = { .batch = 100, .negatives = 3, .adam = adam, .lr = 0.01 };
	struct neumf_net n;
	struct neumf_fit *fit;
	double t = 0, first = 0, last = 0, apart = 0;

	fixture_make(&f, 60, 70, 20, false);
	optim_rule_init(&rule.optim, OPTIM_ADAM);
	rule.l2 = (float)l2;
	n = make_net(60, 70, 42);
	read_net(&net, &n);
	memset(&mean, 0, sizeof(mean));
	memset(&square, 0, sizeof(square));
	fit = neumf_fit_new(&n, &rule, &f.x, &err);
	fixture_must(fit != NULL, &err);
	for (uint32_t epoch = 1; epoch <= 3; epoch++) {
		struct fit_ctx ctx = { .task = &task_null, .epoch = epoch, .seed = 42 };

		fixture_must(neumf_fit_epoch(fit, &n, &ctx, &err), &err);
		last = naive_epoch(&f.x, &naive, 42, epoch, &t);
		apart = fmax(apart, fabs(last - ctx.loss[0]));
		first = epoch == 1 ? last : first;
	}
	ok(apart < 1e-5 && last < first, "adam=%s l2=%g: three epochs lose what the naive ones lose (%g to %g, apart %.1e)",
	   names[adam], l2, first, last, apart);
	ok(worst_score(&n) < 2e-3, "and lead to the same scores (apart %.1e)", worst_score(&n));
	neumf_fit_free(fit);
	neumf_net_done(&n);
	fixture_done(&f);
}

/* --- Folding in ---------------------------------------------------------------------- */

static double softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

struct seen { const uint32_t *items; uint32_t n, n_items; double each, mean[D], weight[D]; };

static double fold_loss(const struct seen *h, const double p[D])
{
	double sum = 0;
	struct pass of;

	for (uint32_t r = 0; r < h->n_items; r++) {
		double s = score(&net, p, h->items[r], &of);

		sum += r < h->n ? softplus(-s) : h->each * softplus(s);
	}
	for (int d = 0; d < D; d++)
		sum += 0.5 * (p[d] - h->mean[d]) * (p[d] - h->mean[d]) * h->weight[d];
	return sum;
}

/* What an unhurried descent by coordinates finds below the loss at p: each by golden steps that shrink. */
static double searched_below(const struct seen *h, double p[D])
{
	double best = fold_loss(h, p);

	for (double size = 0.1; size > 1e-5; size /= 2)
		for (int round = 0; round < 20; round++) {
			double before = best;

			for (int d = 0; d < D; d++)
				for (int sign = -1; sign <= 1; sign += 2) {
					double was = p[d], now;

					p[d] = was + sign * size;
					now = fold_loss(h, p);
					if (now < best)
						best = now;
					else
						p[d] = was;
				}
			if (best == before)
				break;
		}
	return best;
}

static void people_naively(struct seen *h, const struct fixture *f)
{
	double count = 0, square_sum[D] = { 0 };

	memset(h->mean, 0, sizeof(h->mean));
	for (uint32_t u = 0; u < net.U; u++) {
		if (!csr_row_n(&f->x, u))
			continue;
		for (int d = 0; d < D; d++)
			h->mean[d] += net.P[u][d];
		count++;
	}
	for (int d = 0; d < D; d++)
		h->mean[d] /= count;
	for (uint32_t u = 0; u < net.U; u++)
		for (int d = 0; d < D && csr_row_n(&f->x, u); d++)
			square_sum[d] += (net.P[u][d] - h->mean[d]) * (net.P[u][d] - h->mean[d]);
	for (int d = 0; d < D; d++)
		h->weight[d] = count / square_sum[d];
}

static void test_fold_in(uint32_t U, uint32_t I, uint32_t per_user)
{
	struct fixture f;
	struct err err;
	struct neumf_rule rule = { .batch = 64, .negatives = 4, .adam = NEUMF_LAZY, .lr = 0.01 };
	struct neumf_net n;
	struct neumf_fit *fit;
	struct neumf_people people = { 0 };
	struct fold_negatives negatives;
	uint8_t trained[U_MOST];
	uint32_t items[I_MOST + FOLD_NEGATIVES];
	float turned[1024], p[D], again[D];
	double below = 0, gained = 0, least_gain = INFINITY;
	bool same = true, found = true;
	void *work = mem_must(mem_alloc(1 << 22, 1, &err));

	fixture_make(&f, U, I, per_user, false);
	optim_rule_init(&rule.optim, OPTIM_ADAM);
	n = make_net(U, I, 42);
	fit = neumf_fit_new(&n, &rule, &f.x, &err);
	fixture_must(fit != NULL && n.t.size <= 1024, &err);
	for (uint32_t epoch = 1; epoch <= 10; epoch++) {
		struct fit_ctx ctx = { .task = &task_null, .epoch = epoch, .seed = 42 };

		fixture_must(neumf_fit_epoch(fit, &n, &ctx, &err), &err);
	}
	for (uint32_t u = 0; u < U; u++)
		trained[u] = csr_row_n(&f.x, u) > 0;
	read_net(&net, &n);
	neumf_turn(&n, turned);
	fixture_must(fold_negatives_draw(&negatives, I, 42, "test", &err) &&
		     neumf_people_make(&people, &n, trained, &err), &err);
	for (uint32_t u = 3; u < U; u += 11) {
		struct seen h = { .items = items, .n = (uint32_t)csr_row_n(&f.x, u) };
		double at[D], start, end;

		memcpy(items, csr_row(&f.x, u), h.n * sizeof(*items));
		h.n_items = h.n + fold_negatives_for(&negatives, items, h.n, items + h.n);
		h.each = 4.0 * h.n / (h.n_items - h.n);
		people_naively(&h, &f);
		found = found && neumf_fold_in_bytes(&n, h.n_items) <= 1 << 22 &&
			neumf_fold_in(&n, turned, &people, items, h.n, h.n_items, (float)h.each, p, work);
		neumf_fold_in(&n, turned, &people, items, h.n, h.n_items, (float)h.each, again, work);
		same = same && !memcmp(p, again, sizeof(p));
		copy_in(at, p, D);
		start = fold_loss(&h, h.mean);
		end = fold_loss(&h, at);
		gained = start - end;
		least_gain = fmin(least_gain, gained / start);
		below = fmax(below, (end - searched_below(&h, at)) / gained);
	}
	ok(found && least_gain > 0 && below < 0.01, "%u items: a long search finds at most %.4f more of what each fold-in gained",
	   (unsigned)I, below);
	ok(same, "the same history, the same bits");
	neumf_fold_in(&n, turned, &people, items, 0, 0, 0, p, work);
	ok(!memcmp(p, people.mean, sizeof(p)), "no history: the mean of the people");
	mem_free(work);
	neumf_people_done(&people);
	neumf_fit_free(fit);
	neumf_net_done(&n);
	fixture_done(&f);
}

/* --- Negatives ----------------------------------------------------------------------- */

static void test_absent(void)
{
	struct fixture f;
	bool right = true;

	fixture_make(&f, 60, 48, 40, false);
	for (uint32_t u = 0; u < 60; u++) {
		uint32_t rank = 0;

		for (uint32_t i = 0; i < 48; i++)
			if (!csr_has(&f.x, u, i))
				right = right && neumf_absent_item(&f.x, u, rank++) == i;
		right = right && rank == 48 - csr_row_n(&f.x, u);
	}
	ok(right, "every item that a user lacks has its rank, in order, and no other");
	fixture_done(&f);
}

int main(void)
{
	linalg_init();
	test_absent();
	test_training(NEUMF_LAZY, 0);
	test_training(NEUMF_LAZY, 0.1);
	test_training(NEUMF_DENSE_ADAM, 0);
	test_training(NEUMF_DEFERRED, 0);
	test_training(NEUMF_DEFERRED, 0.1);
	test_training(NEUMF_DENSE_ADAM, 0.1);
	test_fold_in(100, 60, 30);
	test_fold_in(300, 400, 40); /* more items than negatives kept */
	return done_testing();
}
