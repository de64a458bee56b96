/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec.c - that it learns what follows what, by each loss; what of a history counts; how it fails. */
#include <unistd.h>

#include "base/pool.h"
#include "model/registry.h"
#include "model/sasrec_fit.h"
#include "model/sasrec_read.h"
#include "model_fixture.h"

enum { U = 300, I = 40, LEN = 12 };

static struct fixture f;

/* Everyone walks round the same circle from a start of their own, steps of 1 or 3 by the user. */
static uint32_t walk(uint32_t u, uint32_t k)
{
	return (u * 7 + k * (u % 2 ? 3 : 1)) % I;
}

static struct dataset *make_walks(bool has_order)
{
	struct err err;
	struct event_columns c = { 0 };
	struct strtab users, items;
	struct dataset *d;
	char id[16];

	strtab_init(&users);
	strtab_init(&items);
	c.user = mem_must(mem_alloc(U * LEN, sizeof(uint32_t), &err));
	c.item = mem_must(mem_alloc(U * LEN, sizeof(uint32_t), &err));
	for (uint32_t i = 0; i < I; i++)
		strtab_intern(&items, id, (size_t)snprintf(id, sizeof(id), "i%u", (unsigned)i), &err);
	for (uint32_t u = 0; u < U; u++) {
		strtab_intern(&users, id, (size_t)snprintf(id, sizeof(id), "u%u", (unsigned)u), &err);
		for (uint32_t k = 0; k < 3 + u % (LEN - 3); k++, c.n++) {
			c.user[c.n] = u;
			c.item[c.n] = walk(u, k);
		}
	}
	d = dataset_new_from("walks", &c, &users, &items, has_order, &task_null, &err);
	fixture_must(d != NULL, &err);
	return d;
}

static void make(bool has_order)
{
	struct err err;
	struct params p;

	f.data = make_walks(has_order);
	params_init(&p, split_params(has_order ? "leave-last" : "none"));
	f.split = split_make(f.data, has_order ? "leave-last" : "none", &p, 42, &task_null, &err);
	fixture_must(f.split != NULL, &err);
	f.x = f.split->train;
	fixture_must(csr_transpose(&f.xt, &f.x, &task_null, &err), &err);
	f.env = (struct build_env){ .data = f.data, .split = f.split, .x = &f.x, .xt = &f.xt, .seed = 42,
				    .task = &task_null };
}

static struct params small(const char *loss)
{
	struct params p;

	params_init(&p, sasrec_ops.params);
	fixture_set(&p, "dim", "16");
	fixture_set(&p, "heads", "2");
	fixture_set(&p, "max-len", "8");
	fixture_set(&p, "batch", "32");
	fixture_set(&p, "lr", "0.005");
	fixture_set(&p, "negatives", "16");
	fixture_set(&p, "loss", loss);
	return p;
}

static struct model *fit(const struct params *p, uint32_t epochs, const struct task *task)
{
	struct err err;
	struct params copy = *p;
	struct model *m = fixture_fit(&f, &sasrec_ops, &copy, epochs, task, &err);

	fixture_must(m != NULL, &err);
	return m;
}

static void scores(const struct model *m, const uint32_t *items, uint32_t n, float out[I])
{
	struct err err;
	struct scratch s = { 0 };
	struct query q = { .items = items, .n = n, .user = NO_USER };

	fixture_must(model_score_all(m, &q, &s, out, I, &err), &err);
	scratch_done(&s);
}

/* Of histories never trained on, how often the next item is among the best so many. */
static double share_right(const struct model *m, uint32_t among)
{
	uint32_t items[6], right = 0, asked = 0;
	float out[I];

	for (uint32_t u = U; u < U + 80; u++, asked++) {
		uint32_t better = 0;

		for (uint32_t k = 0; k < 6; k++)
			items[k] = walk(u, k);
		scores(m, items, 6, out);
		for (uint32_t i = 0; i < I; i++)
			better += out[i] > out[walk(u, 6)];
		right += better < among;
	}
	return (double)right / asked;
}

/* bce never draws what the walker meets later, so nothing tells it apart from what comes next. */
static void test_learns(const char *loss, const char *adam, uint32_t epochs, uint32_t among)
{
	struct params p = small(loss);
	struct model *m;
	double share;

	fixture_set(&p, "adam", adam);
	fixture_set(&p, "dropout", "0.05");
	m = fit(&p, epochs, &task_null);
	share = share_right(m, among);
	ok(share > 0.9, "loss=%s adam=%s: learns which step each walker takes (%.2f)", loss, adam, share);
	sasrec_ops.destroy(m);
}

/* --- What counts ------------------------------------------------------------------ */

static void test_history(void)
{
	struct params p = small("ce");
	struct model *m = fit(&p, 5, &task_null);
	uint32_t items[12] = { 30, 31, 32, 33, 0, 1, 2, 3, 4, 5, 6, 7 }, turned[8] = { 1, 0, 2, 3, 4, 5, 6, 7 };
	float a[I], b[I];

	scores(m, items, 12, a);
	scores(m, items + 4, 8, b);
	ok(!memcmp(a, b, sizeof(a)), "events older than max-len count for nothing");
	scores(m, items + 5, 7, a);
	ok(memcmp(a, b, sizeof(a)), "the oldest within it does count");
	scores(m, turned, 8, a);
	ok(memcmp(a, b, sizeof(a)), "the order counts");
	sasrec_ops.destroy(m);
}

static void test_batches(void)
{
	struct err err;
	struct sasrec_batch b;
	size_t all = 0, positions = 0;
	bool follows = true;

	fixture_must(sasrec_batch_make(&b, &f.env, 64, 8, &err), &err);
	sasrec_batch_shuffle(&b, 1, 1);
	for (size_t k = 0; k < sasrec_batch_count(&b); k++) {
		sasrec_batch_fill(&b, k, 0, 1, 1);
		all += b.P;
		for (size_t g = 0, at = 0; g < b.n_groups; g++) {
			follows = follows && b.group[g].first == at && b.group[g].start[b.group[g].S] == b.group[g].P;
			at += b.group[g].P;
			for (size_t s = 0; s < b.group[g].S; s++)
				for (size_t r = b.group[g].start[s]; r + 1 < b.group[g].start[s + 1]; r++)
					follows = follows && b.target[b.group[g].first + r] == b.item[b.group[g].first + r + 1];
		}
	}
	for (uint32_t u = 0; u < U; u++)
		if (csr_row_n(&f.x, u) > 1)
			positions += csr_row_n(&f.x, u) - 1 < 8 ? csr_row_n(&f.x, u) - 1 : 8;
	ok(all == positions, "an epoch asks once for every event that has one before it (%zu)", all);
	ok(follows, "each position is asked for the event after it");
	for (size_t k = all = 0; k < sasrec_batch_count(&b); k++) {
		sasrec_batch_fill(&b, k, 0.3f, 1, 1);
		all += b.P;
	}
	ok(all < positions * 8 / 10 && all > positions * 5 / 10, "drop=0.3 leaves events out (%zu)", all);
	sasrec_batch_done(&b);
}

/* The softmax of the newest event's query with all keys, a mean over two heads, written out. */
static void naive_attention(const struct sasrec_net *n, const uint32_t *items, uint32_t len, double *weight)
{
	enum { D = 8, H = 2 };
	const float *t = n->t.w;
	double q[D], k[D], norm[D], score[H][16];

	for (uint32_t at = len; at-- > 0; ) {
		double mean = 0, square = 0;

		for (int d = 0; d < D; d++) {
			norm[d] = sqrt(D) * (double)n->E[items[at] * D + (uint32_t)d] +
				  (double)t[n->position + (len - 1 - at) * D + (uint32_t)d];
			mean += norm[d] / D;
		}
		for (int d = 0; d < D; d++)
			square += (norm[d] - mean) * (norm[d] - mean) / D;
		for (int d = 0; d < D; d++)
			norm[d] = (norm[d] - mean) / sqrt(square + 1e-8) * (double)t[n->block[0].gain1 + (size_t)d] +
				  (double)t[n->block[0].bias1 + (size_t)d];
		for (size_t c = 0; c < D; c++) {
			q[c] = at == len - 1 ? (double)t[n->block[0].qkv_bias + c] : q[c];
			k[c] = (double)t[n->block[0].qkv_bias + D + c];
			for (size_t d = 0; d < D; d++) {
				if (at == len - 1)
					q[c] += norm[d] * (double)t[n->block[0].qkv + d * 3 * D + c];
				k[c] += norm[d] * (double)t[n->block[0].qkv + d * 3 * D + D + c];
			}
		}
		for (int h = 0; h < H; h++) {
			score[h][at] = 0;
			for (int c = h * D / H; c < (h + 1) * D / H; c++)
				score[h][at] += q[c] * k[c] / sqrt(D / H);
		}
	}
	for (int h = 0; h < H; h++) {
		double sum = 0;

		for (uint32_t at = 0; at < len; at++)
			sum += exp(score[h][at]);
		for (uint32_t at = 0; at < len; at++)
			weight[at] += exp(score[h][at]) / sum / H;
	}
}

static void test_attention(void)
{
	struct err err;
	struct sasrec_net net = { .I = I, .D = 8, .blocks = 1, .heads = 2, .max_len = 6 };
	uint32_t items[9] = { 9, 1, 8, 2, 7, 3, 6, 4, 5 };
	struct query q = { .items = items, .n = 9, .user = NO_USER };
	struct scratch s = { 0 };
	double want[6] = { 0 }, worst = 0;
	float got[9];
	struct rng r = rng_stream(3, "test", 0, 0);

	fixture_must(sasrec_net_make(&net, &err), &err);
	sasrec_net_fill(&net, 1);
	for (size_t k = 0; k < net.t.size; k++)
		net.t.w[k] += (float)(0.3 * rng_normal(&r));
	naive_attention(&net, items + 3, 6, want);
	fixture_must(sasrec_attention(&net, &q, got, &s, &err), &err);
	for (int k = 0; k < 6; k++)
		worst = fmax(worst, fabs((double)got[k + 3] - want[k]));
	ok(worst < 1e-5 && got[0] == 0 && got[2] == 0 && got[3] > 0, "attention is what its equation says (%.1e)", worst);
	q.n = 0;
	ok(sasrec_attention(&net, &q, got, &s, &err), "nothing looks at nothing");
	scratch_done(&s);
	sasrec_net_done(&net);
}

/* --- Going on ----------------------------------------------------------------------- */

static struct model *through_a_file(struct model *m, const struct params *p)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;
	char path[64];

	snprintf(path, sizeof(path), "sasrec-%d.safetensors", (int)getpid());
	fixture_must(w && sasrec_ops.save(m, WEIGHTS_STATE, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	sasrec_ops.destroy(m);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	m = sasrec_ops.load(&f.env, p, file, WEIGHTS_STATE, &err);
	fixture_must(m != NULL, &err);
	weights_close(file);
	unlink(path);
	return m;
}

static void test_resume(const char *loss, struct pool *two)
{
	struct err err;
	struct params p = small(loss);
	struct task on_two = { .pool = two };
	struct model *straight, *m;
	uint32_t items[3] = { 1, 2, 3 };
	float a[I], b[I];
	double lr = 0;

	fixture_set(&p, "dropout", "0.4");
	fixture_set(&p, "drop", "0.2");
	fixture_set(&p, "clip", "0.5");
	fixture_set(&p, "warmup", "50");
	straight = fit(&p, 6, &task_null);
	m = sasrec_ops.create(&f.env, &p, &err);
	fixture_must(m != NULL, &err);
	for (uint32_t e = 1; e <= 6; e++) {
		struct fit_ctx ctx = { .task = &on_two, .epoch = e, .seed = 42 };

		fixture_must(sasrec_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
		if (e == 3) {
			lr = ctx.lr; /* of its last step */
			m = through_a_file(m, &p);
		}
	}
	m = sasrec_ops.freeze(m, true, &err);
	scores(straight, items, 3, a);
	scores(m, items, 3, b);
	ok(fabs(lr - 0.005 * 27 / 50) < 1e-8, "loss=%s: after 27 of 50 steps of warm-up (%g)", loss, lr);
	ok(!memcmp(a, b, sizeof(a)), "loss=%s: stopped, kept and gone on from, on two threads: the same bits", loss);
	sasrec_ops.destroy(straight);
	sasrec_ops.destroy(m);
}

/* --- Failures --------------------------------------------------------------------------- */

static bool epoch_of(struct sasrec_net *net, struct sasrec_fit *fit, struct err *err)
{
	struct fit_ctx ctx = { .task = &task_null, .epoch = 3, .seed = 1 };

	*err = (struct err){ 0 };
	return sasrec_fit_epoch(fit, net, &ctx, err);
}

static void test_spoilt(enum sasrec_loss loss, const char *name)
{
	struct err err;
	struct sasrec_net net = { .I = I, .D = 16, .blocks = 2, .heads = 1, .max_len = 8 };
	struct sasrec_rule rule = { .loss = loss, .batch = 32, .negatives = 8, .lazy = true, .lr = 0.001 };
	struct sasrec_fit *fit;

	optim_rule_init(&rule.optim, OPTIM_ADAM);
	fixture_must(sasrec_net_make(&net, &err), &err);
	fit = sasrec_fit_new(&net, &rule, &f.env, &err);
	fixture_must(fit != NULL, &err);
	sasrec_net_fill(&net, 1);
	ok(epoch_of(&net, fit, &err), "%s: sound", name);
	net.t.w[net.block[1].W2 + 5] = NAN;
	ok(!epoch_of(&net, fit, &err) && err.code == ERR_NUMERIC && strstr(err.msg, "epoch 3, batch 1") &&
	   strstr(err.msg, "blocks.1.feed.2.weight"), "%s: %s", name, err.msg);
	net.t.w[net.block[1].W2 + 5] = 0;
	net.E[7] = INFINITY;
	ok(!epoch_of(&net, fit, &err) && err.code == ERR_NUMERIC && strstr(err.msg, "items"), "%s: %s", name, err.msg);
	sasrec_fit_free(fit);
	sasrec_net_done(&net);
}

static void test_refusals(void)
{
	struct err err;
	struct params p = small("ce");

	fixture_set(&p, "heads", "3");
	ok(!sasrec_ops.create(&f.env, &p, &err) && err.code == ERR_RANGE && strstr(err.msg, "heads=3"), "%s", err.msg);
}

static void test_no_order(void)
{
	struct err err;
	struct params p = small("ce");

	ok(!sasrec_ops.create(&f.env, &p, &err) && err.code == ERR_UNSUPPORTED, "without an order: %s", err.msg);
}

static void test_memory(const char *loss)
{
	struct params p = small(loss);
	const struct model_shape shape = { .n_users = U, .n_items = I, .n_events = csr_n(&f.x), .longest = LEN,
					    .data = f.data };
	size_t before = mem_bytes_now();
	uint64_t told = sasrec_ops.bytes(&shape, &p);

	mem_reset_peak();
	sasrec_ops.destroy(fit(&p, 1, &task_null));
	ok(mem_bytes_peak() - before <= told, "%s: takes at most what it told (%zu of %zu)", loss,
	   mem_bytes_peak() - before, (size_t)told);
}

int main(void)
{
	struct err err;
	struct pool *two = pool_new(2, &err);

	fixture_must(two != NULL, &err);
	make(true);
	test_learns("ce", "dense", 80, 1);
	test_learns("sampled-ce", "lazy", 150, 1);
	test_learns("bce", "lazy", 150, 4);
	test_learns("bce", "dense", 150, 4);
	test_history();
	test_batches();
	test_attention();
	test_resume("bce", two);
	test_resume("ce", two);
	test_resume("sampled-ce", two);
	test_spoilt(SASREC_CE, "ce");
	test_spoilt(SASREC_SAMPLED_CE, "sampled-ce");
	test_spoilt(SASREC_BCE, "bce");
	test_memory("ce");
	test_memory("sampled-ce");
	test_memory("bce");
	test_refusals();
	fixture_done(&f);
	make(false);
	test_no_order();
	fixture_done(&f);
	pool_free(two);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
