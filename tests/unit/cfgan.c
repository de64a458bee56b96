/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan.c - that it learns tastes by each masking, what it is shown, that it goes on as it was, how it fails. */
#include <unistd.h>

#include "base/pool.h"
#include "model/cfgan_fit.h"
#include "model/registry.h"
#include "model_fixture.h"

enum { U = 160, I = 80, PER_USER = 24 };

static struct fixture f;

static struct params small(const char *masking)
{
	struct params p;

	params_init(&p, cfgan_ops.params);
	fixture_set(&p, "masking", masking);
	fixture_set(&p, "layers", "24");
	fixture_set(&p, "d-layers", "16");
	fixture_set(&p, "lr", "0.003");
	fixture_set(&p, "d-lr", "0.03");
	fixture_set(&p, "zr-weight", "0.1");
	fixture_set(&p, "l2", "0.0001");
	fixture_set(&p, "batch", "40");
	fixture_set(&p, "g-steps", "2");
	fixture_set(&p, "d-steps", "1");
	return p;
}

static struct model *fit(const struct params *p, uint32_t epochs, const struct task *task)
{
	struct err err;
	struct params copy = *p;
	struct model *m = fixture_fit(&f, &cfgan_ops, &copy, epochs, task, &err);

	fixture_must(m != NULL, &err);
	return m;
}

static void scores(const struct model *m, const struct query *q, float out[I])
{
	struct err err;
	struct scratch s = { 0 };

	fixture_must(model_score_all(m, q, &s, out, I, &err), &err);
	scratch_done(&s);
}

/* How often an item of a person's own taste that they have not is above one of another taste: .5 by chance.
 * Items come in pairs next to each other, equally liked. */
static double share_right(const struct model *m)
{
	uint32_t right = 0, asked = 0;
	float out[I];

	for (uint32_t u = U / 2; u < U; u++) {
		struct query q = fixture_query(&f, u);

		scores(m, &q, out);
		for (uint32_t k = 0; k < I / TASTES; k++) {
			uint32_t own = k * TASTES + u % TASTES, other = k * TASTES + (u + 1) % TASTES;

			if (csr_has(&f.x, u, own) || csr_has(&f.x, u, other))
				continue;
			right += out[own] > out[other];
			asked++;
		}
	}
	return (double)right / asked;
}

static void test_learns(const char *masking, const char *drop, uint32_t epochs)
{
	struct params p = small(masking);
	struct model *m;
	double share;

	fixture_set(&p, "drop", drop);
	m = fit(&p, epochs, &task_null);
	share = share_right(m);
	ok(share > 0.85, "masking=%s: items of one's own taste come first (%.2f)", masking, share);
	cfgan_ops.destroy(m);
}

static void test_learns_nothing(void)
{
	struct params p = small("none");
	struct model *m = fit(&p, 100, &task_null);
	double share = share_right(m);

	ok(share < 0.75, "masking=none: nothing tells it what was not taken (%.2f)", share);
	cfgan_ops.destroy(m);
}

/* --- What it is shown ---------------------------------------------------------------- */

static bool distinct(const uint32_t *v, size_t n)
{
	bool seen[I] = { false };

	for (size_t k = 0; k < n; k++) {
		if (v[k] >= I || seen[v[k]])
			return false;
		seen[v[k]] = true;
	}
	return true;
}

static void test_batches(void)
{
	struct err err;
	struct model_shape shape = { .n_users = U, .n_items = I, .n_events = csr_n(&f.x), .longest = PER_USER };
	struct cfgan_limits most = cfgan_limits(&shape, 40, 1.5f, 100);
	struct cfgan_draw d = { .pm = 1.5f, .zr = 100, .drop = 0.4f, .seed = 1, .epoch = 2 };
	struct cfgan_batch b;
	size_t events = 0, histories = 0, unseen = 0;
	bool fits = true, all = true, fair = true;

	fixture_must(cfgan_batch_make(&b, &f.x, &most, &err), &err);
	cfgan_batch_shuffle(&b, &d);
	for (size_t k = 0; k < cfgan_batch_count(&b); k++) {
		cfgan_batch_fill(&b, k, &d);
		events += b.P;
		histories += b.S;
		fits = fits && b.P <= most.events && b.N <= most.drawn && b.n_groups <= most.groups;
		for (size_t g = 0; g < b.n_groups; g++) {
			const struct cfgan_group *of = &b.group[g];

			fits = fits && of->P <= most.group_events && of->n_pm + of->n_zr <= most.group_drawn;
			fair = fair && of->n_pm == (size_t)ceil(1.5 * (double)of->P / (double)of->S) && of->n_zr == I;
			all = all && distinct(of->drawn, of->n_pm) && distinct(of->drawn + of->n_pm, of->n_zr);
			for (size_t p = 0; p < of->P; p++)
				unseen += of->seen[p] == 0;
		}
	}
	ok(events == csr_n(&f.x) && histories == U, "a pass has every event once (%zu)", events);
	ok(fits, "no batch is larger than what was made for it");
	ok(fair, "a group draws by the mean length of its histories, and at most all items");
	ok(all, "what is drawn is distinct");
	ok(unseen > events * 35 / 100 && unseen < events * 45 / 100, "drop=0.4 leaves events out (%zu of %zu)", unseen,
	   events);
	cfgan_batch_done(&b);
}

/* --- Going on ----------------------------------------------------------------------- */

static struct model *through_a_file(struct model *m, const struct params *p)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;
	char path[64];

	snprintf(path, sizeof(path), "cfgan-%d.safetensors", (int)getpid());
	fixture_must(w && cfgan_ops.save(m, WEIGHTS_STATE, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	cfgan_ops.destroy(m);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	m = cfgan_ops.load(&f.env, p, file, WEIGHTS_STATE, &err);
	fixture_must(m != NULL, &err);
	weights_close(file);
	unlink(path);
	return m;
}

static void test_resume(const char *layers, struct pool *two)
{
	struct err err;
	struct params p = small("zp");
	struct task on_two = { .pool = two };
	struct query q = fixture_query(&f, 90);
	struct model *straight, *m;
	float a[I], b[I];

	fixture_set(&p, "layers", layers);
	fixture_set(&p, "d-layers", layers);
	fixture_set(&p, "drop", "0.3");
	straight = fit(&p, 6, &task_null);
	m = cfgan_ops.create(&f.env, &p, &err);
	fixture_must(m != NULL, &err);
	for (uint32_t e = 1; e <= 6; e++) {
		struct fit_ctx ctx = { .task = &on_two, .epoch = e, .seed = 42 };

		fixture_must(cfgan_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
		if (e == 3)
			m = through_a_file(m, &p);
	}
	m = cfgan_ops.freeze(m, true, &err);
	scores(straight, &q, a);
	scores(m, &q, b);
	ok(!memcmp(a, b, sizeof(a)), "layers=%s: stopped, kept and gone on from, on two threads: the same bits", layers);
	cfgan_ops.destroy(straight);
	cfgan_ops.destroy(m);
}

static void test_losses(void)
{
	struct err err;
	struct params p = small("zp");
	struct model *m = cfgan_ops.create(&f.env, &p, &err);
	struct fit_ctx ctx = { .task = &task_null, .epoch = 1, .seed = 42 };

	fixture_must(m && cfgan_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
	ok(ctx.n_loss == 3 && !strcmp(ctx.loss_name[0], "generator") && !strcmp(ctx.loss_name[1], "discriminator") &&
	   !strcmp(ctx.loss_name[2], "zeros") && ctx.loss[2] > 0 && ctx.loss[2] < ctx.loss[0],
	   "the losses of both sides are told (%g, %g, %g)", ctx.loss[0], ctx.loss[1], ctx.loss[2]);
	ok(ctx.examples == 3 * U, "three passes of all histories (%u)", (unsigned)ctx.examples);
	cfgan_ops.destroy(m);
	p = small("pm");
	m = cfgan_ops.create(&f.env, &p, &err);
	ctx = (struct fit_ctx){ .task = &task_null, .epoch = 1, .seed = 42 };
	fixture_must(m && cfgan_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
	ok(ctx.n_loss == 2, "without zr there are no zeros");
	cfgan_ops.destroy(m);
}

/* --- Failures --------------------------------------------------------------------------- */

static bool epoch_of(struct cfgan_net *net, struct cfgan_fit *fit, const struct task *t, struct err *err)
{
	struct fit_ctx ctx = { .task = t, .epoch = 3, .seed = 1 };

	*err = (struct err){ 0 };
	return cfgan_fit_epoch(fit, net, &ctx, err);
}

static bool names(struct cfgan_net *net, struct cfgan_fit *fit, float *v, const char *tensor)
{
	struct err err;
	float kept = *v;
	bool named;

	*v = NAN;
	named = !epoch_of(net, fit, &task_null, &err) && err.code == ERR_NUMERIC && strstr(err.msg, "epoch 3, batch 1") &&
		strstr(err.msg, tensor);
	*v = kept;
	if (!named)
		printf("# %s\n", err.msg);
	return named;
}

static bool not_now(void *ctx)
{
	uint32_t *left = ctx;

	return *left && (*left)--;
}

static void test_spoilt(void)
{
	struct err err;
	struct cfgan_net net = { .I = I, .G = { .n = 2, .size = { 16, 12 }, .act = ACT_SIGMOID },
				 .D = { .n = 2, .size = { 8, 6 }, .act = ACT_SIGMOID } };
	struct cfgan_rule rule = { .batch = 40, .d_passes = 1, .g_passes = 1, .pm = 1, .zr = 1, .zeros = 0.1f,
				   .lr = 0.001, .d_lr = 0.001 };
	uint32_t left = 3;
	struct task stops = { .keep_going = not_now, .ctx = &left };
	struct cfgan_fit *fit;

	optim_rule_init(&rule.g, OPTIM_ADAM);
	optim_rule_init(&rule.d, OPTIM_ADAM);
	fixture_must(cfgan_net_make(&net, &err), &err);
	fit = cfgan_fit_new(&net, &rule, &f.env, &err);
	fixture_must(fit != NULL, &err);
	cfgan_net_fill(&net, 1);
	ok(!epoch_of(&net, fit, &stops, &err) && err.code == ERR_CANCELLED, "cancelled within a pass");
	ok(epoch_of(&net, fit, &task_null, &err), "sound");
	ok(names(&net, fit, net.G.t.w + net.G.W[1] + 3, "generator.1.weight"), "NaN in the generator's layer is named");
	/* What was spoilt has spread: a fresh start for each. */
	cfgan_net_fill(&net, 1);
	ok(names(&net, fit, net.D.t.w + net.D.b[1], "discriminator.1.bias"), "NaN in the discriminator's layer is named");
	cfgan_net_fill(&net, 1);
	ok(names(&net, fit, net.G.in + (size_t)f.x.idx[0] * 16, "generator.in"), "NaN in the input's rows is named");
	cfgan_fit_free(fit);
	cfgan_net_done(&net);
}

static void test_refusals(void)
{
	struct err err;
	struct params p = small("zp");

	fixture_set(&p, "layers", "8,8,8,8,8");
	ok(!cfgan_ops.create(&f.env, &p, &err) && err.code == ERR_RANGE && strstr(err.msg, "layers"), "%s", err.msg);
}

static void test_memory(const char *masking)
{
	struct params p = small(masking);
	const struct model_shape shape = { .n_users = U, .n_items = I, .n_events = csr_n(&f.x), .longest = PER_USER,
					   .data = f.data };
	size_t before = mem_bytes_now();
	uint64_t told = cfgan_ops.bytes(&shape, &p);

	mem_reset_peak();
	cfgan_ops.destroy(fit(&p, 1, &task_null));
	ok(mem_bytes_peak() - before <= told, "%s: takes at most what it told (%zu of %zu)", masking,
	   mem_bytes_peak() - before, (size_t)told);
}

int main(void)
{
	struct err err;
	struct pool *two = pool_new(2, &err);

	fixture_must(two != NULL, &err);
	fixture_make(&f, U, I, PER_USER, false);
	test_learns("zp", "0.5", 100);
	test_learns("zr", "0.5", 40);
	test_learns("pm", "0", 160);
	test_learns_nothing();
	test_batches();
	test_resume("24", two);
	test_resume("16,12", two);
	test_losses();
	test_spoilt();
	test_refusals();
	test_memory("zp");
	test_memory("none");
	fixture_done(&f);
	pool_free(two);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
