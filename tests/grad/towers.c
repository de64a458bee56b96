/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers.c - the whole of towers, tiny: the loss of a batch and every gradient held against the towers written from
 * their equations in double (tests/towers_case.h), for every loss and activation, with all that is drawn (events left
 * out, people and items unknown, dropout) taken from the same streams.
 */
#include "grad_case.h"
#include "model/towers_fit.h"
#include "model/towers_friends.h"
#include "num/dropout.h"
#include "num/linalg.h"
#include "towers_case.h"

enum { D = 6, N = 7, SEED = 11, EPOCH = 2, MOST_ROWS = 40 };

static struct fixture f;
static struct naive a;
static struct towers_rule rule;
static const struct towers_batch *batch;
static size_t k_batch;

/* --- What was drawn ----------------------------------------------------------------------- */

static bool drawn(const char *purpose, uint64_t b, size_t nth, float p)
{
	struct rng r = rng_stream(SEED, purpose, EPOCH, b);
	bool hit = false;

	for (size_t k = 0; k <= nth; k++)
		hit = rng_uniformf(&r) < p;
	return p > 0 && hit;
}

static uint64_t piece_key(size_t piece)
{
	return (uint64_t)k_batch << 32 | piece;
}

/* The dropout of a row's number d; blocks are larger than a chunk of this batch. */
static double kept(size_t piece, size_t row, size_t d, double x)
{
	uint16_t mask[MOST_ROWS * D];
	double least = floor((double)rule.dropout * 65536);
	size_t c = 0, first;
	struct rng r;

	if (!(rule.dropout > 0))
		return x;
	while (batch->n * (c + 1) / TOWERS_CHUNKS <= piece)
		c++;
	first = batch->n * c / TOWERS_CHUNKS;
	r = rng_stream(SEED, "towers.dropout", EPOCH, piece_key(first));
	dropout_draw(mask, (batch->row_of[batch->n * (c + 1) / TOWERS_CHUNKS] - batch->row_of[first]) * D, rule.dropout, &r);
	return mask[(row - batch->row_of[first]) * D + d] >= least ? x * 65536 / (65536 - least) : 0;
}

/* --- The loss, naively --------------------------------------------------------------------- */

static double score(const double *u, const double *r)
{
	double s = 0;

	for (size_t d = 0; d < D; d++)
		s += u[d] * r[d];
	return s;
}

static double row_loss(uint32_t user, const double *u, size_t event, double (*r)[D])
{
	double pos = score(u, r[event]), sum = 0, T = (double)rule.loss.temperature;
	size_t counted = 0;

	for (size_t j = 0; j < batch->N; j++) {
		double s = score(u, r[j]);

		if (csr_has(&f.x, user, batch->item[j]))
			continue;
		counted++;
		if (rule.loss.loss == TOWERS_CCL)
			sum += fmax(0, s - (double)rule.loss.margin);
		else if (rule.loss.loss == TOWERS_BPR)
			sum += log1p(exp(s - pos));
		else
			sum += exp(s / T) * batch->n_pool / batch->N;
	}
	if (rule.loss.loss == TOWERS_CCL)
		return 1 - pos + (double)rule.loss.weight * sum / (double)(counted ? counted : 1);
	if (rule.loss.loss == TOWERS_BPR)
		return sum / (double)(counted ? counted : 1);
	return log(exp(pos / T) + sum) - pos / T;
}

static double naive_loss(void *ctx)
{
	double r[N + MOST_ROWS][D], loss = 0;

	(void)ctx;
	for (size_t m = 0; m < batch->M; m++)
		naive_item(&a, batch->item[m], drawn("towers.unknown", k_batch, m, rule.drop_item), r[m]);
	for (size_t p = 0; p < batch->n; p++) {
		uint32_t user = batch->first[p].user, item[TC_PER_USER + 2];
		bool stranger = drawn("towers.strangers", piece_key(p), 0, rule.drop_user);
		float x[TC_PER_USER + 2];
		size_t n = naive_history(&a, user, item, x);

		for (size_t k = 0; k < n; k++)
			if (drawn("towers.drop", piece_key(p), k, rule.drop))
				x[k] = 0;
		for (size_t row = batch->row_of[p]; row < batch->row_of[p + 1]; row++) {
			double u[D];

			naive_person(&a, user, stranger, item, x, n, batch->item[batch->at[row]], u);
			for (size_t d = 0; d < D; d++)
				u[d] = kept(p, row, d, u[d]);
			naive_unit(a.net, u);
			loss += row_loss(user, u, batch->at[row], r);
		}
	}
	return loss / (double)batch->R;
}

/* --- Held against the fast one ---------------------------------------------------------------- */

static double *doubles(float *v, size_t n, float sigma, struct rng *r)
{
	double *d = case_zeroed(n, sizeof(*d));

	for (size_t i = 0; v && i < n; i++)
		d[i] = (double)(v[i] = sigma * tc_number(r));
	return d;
}

static void make_net(struct towers_net *net, bool all)
{
	struct err err;
	struct rng r = rng_stream(9, "towers.weights", 0, 0);

	fixture_must(towers_features_init(&net->features, f.data, D, all, all, &err), &err);
	if (all)
		net->features.text = tc_text(D);
	fixture_must(towers_net_make(net, &err), &err);
	a = (struct naive){ .net = net, .f = &f };
	a.t = doubles(net->t.w, net->t.size, 0.4f, &r);
	a.users = doubles(net->users, TC_U * D, 0.7f, &r);
	a.items = doubles(net->items, TC_I * D, 0.7f, &r);
	a.past = doubles(net->past, TC_I * D, 0.7f, &r);
	a.tags = doubles(net->tags, TC_TAGS * D, 0.7f, &r);
}

static void free_net(struct towers_net *net)
{
	towers_net_done(net);
	mem_free(a.t), mem_free(a.users), mem_free(a.items), mem_free(a.past), mem_free(a.tags);
}

/* Whether nothing depends on it: what all items have alike changes no difference of scores. */
static bool is_unseen(const struct towers_net *net, const char *name)
{
	return net->activation == TOWERS_LINEAR && rule.loss.loss != TOWERS_CCL && !strcmp(name, "item.bias");
}

/* A tensor whose gradient is 0 throughout would be a test of nothing. */
static void held(const struct towers_net *net, double *w, size_t n, const float *grad, const char *what, const char *name)
{
	double size = 0, error;

	for (size_t k = 0; k < n; k++)
		size = fmax(size, fabs((double)grad[k]));
	if (is_unseen(net, name)) {
		ok(size < 1e-6, "%s: by %s is nothing (%.1e)", what, name, size);
		return;
	}
	error = grad_error(w, n, grad, NULL, naive_loss, NULL);
	ok(size > 1e-4 && error < GRAD_TOLERANCE, "%s: by %s is the numeric gradient (%.1e)", what, name, error);
}

/* A batch in which events are asked for and not, before and after each other. */
static size_t batch_with_runs(struct towers_fit *fit)
{
	struct towers_batch *b = towers_fit_batch(fit);

	for (size_t k = 0; k < b->n_batches; k++) {
		towers_batch_fill(b, k, SEED, EPOCH);
		for (size_t p = 0; p < b->n; p++)
			if (b->first[p].n > 2 && csr_row_n(&f.x, b->first[p].user) > b->first[p].n + 2)
				return k;
	}
	printf("Bail out! no batch has what is to be tested\n");
	exit(1);
}

static void compare(struct towers_net *net, struct towers_fit *fit, const char *what)
{
	struct err err;
	double loss, want, *of[N_TOWERS_TABLES] = { NULL, a.users, a.items, a.past, a.tags };
	float *grad = case_zeroed(net->t.size, sizeof(float)), *table[N_TOWERS_TABLES] = { NULL };
	size_t rows[N_TOWERS_TABLES] = { 0, TC_U, TC_I, net->past ? TC_I : 0, net->tags ? TC_TAGS : 0 };

	for (int t = TOWERS_USERS; t < N_TOWERS_TABLES; t++)
		table[t] = case_zeroed(rows[t] * D, sizeof(float));
	batch = towers_fit_batch(fit);
	towers_batch_shuffle(towers_fit_batch(fit), SEED, EPOCH);
	k_batch = batch_with_runs(fit);
	fixture_must(towers_fit_gradient(fit, net, SEED, EPOCH, k_batch, &loss, grad, table, &err), &err);
	want = naive_loss(NULL);
	ok(fabs(loss / (double)batch->R - want) < 2e-5 * fmax(1, want), "%s: the loss is the naive one (%.6f, %.6f)", what,
	   loss / (double)batch->R, want);
	for (size_t k = 0; k < net->t.n; k++)
		held(net, a.t + net->t.tensor[k].at, tensor_n(&net->t.tensor[k]), grad + net->t.tensor[k].at, what,
		     net->t.tensor[k].name);
	for (int t = TOWERS_USERS; t < N_TOWERS_TABLES; t++) {
		if (rows[t])
			held(net, of[t], rows[t] * D, table[t], what, towers_table_names[t]);
		mem_free(table[t]);
	}
	mem_free(grad);
}

static void test(struct towers_net shape, const struct towers_rule *with, bool all, const char *what)
{
	struct err err;
	struct towers_net net = shape;
	struct towers_fit *fit;
	struct csr friends = { 0 };

	rule = *with;
	rule.batch = 24;
	rule.negatives = N;
	rule.lr = 0.01;
	optim_rule_init(&rule.optim, OPTIM_ADAM);
	net.U = TC_U, net.I = TC_I, net.D = D;
	net.cosine = rule.loss.loss == TOWERS_CCL;
	make_net(&net, all);
	if (net.social > 0)
		fixture_must(towers_friends_make(&friends, &f.env, net.recency, &err), &err);
	fit = towers_fit_new(&net, &rule, net.social > 0 ? &friends : NULL, &f.env, &err);
	fixture_must(fit != NULL, &err);
	compare(&net, fit, what);
	towers_fit_free(fit);
	csr_done(&friends);
	free_net(&net);
}

static void test_losses(const char *kernels)
{
	static const char *const losses[] = { "ccl", "softmax", "bpr" }, *const activations[] = { "seed", "tanh", "linear" };
	char what[80];

	for (int loss = 0; loss < 3; loss++)
		for (int activation = 0; activation < 3; activation++) {
			struct towers_net net = { .activation = (enum towers_activation)activation, .project = true,
						  .history = true, .recency = 1 };
			struct towers_rule r = { .loss = { (enum towers_loss)loss, -0.1f, 3, 0.7f } };

			snprintf(what, sizeof(what), "%s, %s, %s", kernels, losses[loss], activations[activation]);
			test(net, &r, true, what);
		}
}

static void test_options(const char *kernels)
{
	const struct towers_net net = { .activation = TOWERS_TANH, .project = true, .history = true, .recency = 0.8f };
	const struct towers_rule r = { .loss = { TOWERS_CCL, -0.1f, 3, 1 } };
	struct towers_net n = net;
	struct towers_rule with = r;
	char what[80];

	snprintf(what, sizeof(what), "%s, recency", kernels);
	test(n, &with, true, what);
	n.social = 0.4f;
	snprintf(what, sizeof(what), "%s, recency and friends", kernels);
	test(n, &with, true, what);
	with.drop = 0.3f;
	with.drop_item = 0.3f;
	with.drop_user = 0.2f;
	with.dropout = 0.3f;
	snprintf(what, sizeof(what), "%s, all that is left out", kernels);
	test(n, &with, true, what);
	n.before = true;
	snprintf(what, sizeof(what), "%s, what stands before, friends, all that is left out", kernels);
	test(n, &with, true, what);
	n = net;
	n.before = true;
	snprintf(what, sizeof(what), "%s, what stands before, recency", kernels);
	test(n, &r, true, what);
	n.recency = 1;
	snprintf(what, sizeof(what), "%s, what stands before", kernels);
	test(n, &r, true, what);
	n = net;
	n.project = false;
	snprintf(what, sizeof(what), "%s, project=no, no content", kernels);
	test(n, &r, false, what);
	n = net;
	n.history = false;
	snprintf(what, sizeof(what), "%s, history=no", kernels);
	test(n, &r, true, what);
}

int main(void)
{
	size_t before;

	linalg_init();
	for (int values = 0; values < 2; values++) {
		before = mem_bytes_now();
		tc_make(&f, values);
		CASE_EACH_TABLE(name) {
			test_losses(name);
			test_options(name);
		}
		fixture_done(&f);
		ok(mem_bytes_now() == before, "nothing is held at the end");
	}
	return done_testing();
}
