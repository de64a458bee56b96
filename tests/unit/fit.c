/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.c - a training as a whole: when it stops, what it keeps, and that going on equals never stopping. */
#include "train/fit.h"

#include <unistd.h>

#include "base/file.h"
#include "model_fixture.h"
#include "num/linalg.h"
#include "train/fit_state.h"

enum { U = 120, I = 60, PER_USER = 30, PLACES = 20000 };

static struct fixture f;

static struct fit_request request(const struct model_ops *ops, uint32_t epochs)
{
	struct fit_request r;

	fit_request_init(&r, ops);
	if (param_find(ops->params, "dim") >= 0)
		fixture_set(&r.params, "dim", "8");
	if (param_find(ops->params, "g-steps") >= 0) {
		fixture_set(&r.params, "layers", "8");
		fixture_set(&r.params, "g-steps", "1");
		fixture_set(&r.params, "d-steps", "1");
	}
	if (!strcmp(ops->name, "neumf")) { /* few and small steps an epoch: some tests stop at each */
		fixture_set(&r.params, "batch", "2048");
		fixture_set(&r.params, "layers", "16,8");
	}
	r.data = f.data;
	r.split = f.split;
	r.epochs = epochs;
	r.patience = 0;
	strcpy(r.run, "test#1");
	return r;
}

static bool same_scores(const struct snapshot *a, const struct snapshot *b)
{
	struct scratch s = { 0 };
	struct err err;
	float x[I], y[I];
	bool same = true;

	for (uint32_t u = 0; u < U; u += 7) {
		struct query q = fixture_query(&f, u);

		q.user = u;
		fixture_must(model_score_all(a->model, &q, &s, x, I, &err), &err);
		fixture_must(model_score_all(b->model, &q, &s, y, I, &err), &err);
		same = same && !memcmp(x, y, sizeof(x));
	}
	scratch_done(&s);
	return same;
}

static bool same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* All but the clock's columns. */
static bool same_curves(const struct curves *a, const struct curves *b)
{
	bool same = a->n == b->n && !strcmp(a->metric, b->metric) && a->n_loss == b->n_loss;

	for (size_t i = 0; same && i < a->n; i++) {
		same = a->point[i].epoch == b->point[i].epoch && same_number(a->point[i].valid, b->point[i].valid) &&
		       same_number(a->point[i].churn, b->point[i].churn);
		for (unsigned k = 0; k < a->n_loss; k++)
			same = same && same_number(a->point[i].loss[k], b->point[i].loss[k]);
	}
	return same;
}

static bool same_fit(const struct fit_result *a, const struct fit_result *b)
{
	return a->epochs == b->epochs && a->best_epoch == b->best_epoch && a->best && b->best &&
	       same_curves(&a->curves, &b->curves) && same_scores(a->best, b->best);
}

static struct fit_result run(const struct fit_request *r, const struct task *t)
{
	struct fit_result out;
	struct err err;

	fixture_must(fit_run(r, t, &out, &err), &err);
	return out;
}

/* --- What is told, and when it stops ------------------------------------------ */

struct told { uint32_t n; bool in_order; uint32_t last; bool watches; };

static void on_epoch(void *ctx, const struct curves *curves, const struct snapshot *take,
		     const struct epoch_lists *lists)
{
	const struct curve_point *p = &curves->point[curves->n - 1];
	struct told *t = ctx;

	t->in_order = t->in_order && p->epoch == t->n + 1 && take && take->epoch == p->epoch &&
		      (!lists || lists->epoch == p->epoch) && !lists == !t->watches;
	t->n++;
	t->last = p->epoch;
	snapshot_unref(take);
}

static void test_early(const struct model_ops *ops)
{
	struct fit_request r = request(ops, 400);
	struct told told = { .in_order = true };
	struct fit_result out;
	double best = -1;
	uint32_t best_at = 0;

	r.patience = 3;
	r.on_epoch = on_epoch;
	r.ctx = &told;
	out = run(&r, &task_null);
	for (size_t i = 0; i < out.curves.n; i++) {
		if (out.curves.point[i].valid > best) {
			best = out.curves.point[i].valid;
			best_at = out.curves.point[i].epoch;
		}
	}
	ok(out.stopped == FIT_EARLY && out.epochs == out.best_epoch + 3, "%s: stops when patience is out (%u of %u)",
	   ops->name, (unsigned)out.best_epoch, (unsigned)out.epochs);
	ok(out.best_epoch == best_at && out.best_metric == best && out.best->epoch == best_at,
	   "%s: the best epoch answers", ops->name);
	ok(told.in_order && told.n == out.epochs, "%s: every epoch is told in order", ops->name);
	ok(out.bytes > 0 && out.curves.point[0].rate > 0, "%s: size and rate are told", ops->name);
	fit_result_done(&out);
	r.on_epoch = NULL;
	r.seconds = 1e-9;
	out = run(&r, &task_null);
	ok(out.stopped == FIT_TIME && out.epochs == 1 && out.best, "%s: ends with the epoch in which its time is over", ops->name);
	fit_result_done(&out);
}

static void test_valid_every(const struct model_ops *ops)
{
	struct fit_request r = request(ops, 7);
	struct fit_result out;
	unsigned measured = 0;

	r.valid_every = 3;
	out = run(&r, &task_null);
	for (size_t i = 0; i < out.curves.n; i++)
		measured += !isnan(out.curves.point[i].valid);
	ok(measured == 3 && !isnan(out.curves.point[6].valid), "%s: measured every third epoch and at the end",
	   ops->name);
	fit_result_done(&out);
	r.valid_every = 0;
	out = run(&r, &task_null);
	ok(out.best_epoch == 7 && isnan(out.best_metric), "%s: unwatched, the last epoch is the best", ops->name);
	fit_result_done(&out);
}

/* --- Going on ------------------------------------------------------------------ */

/* The loss on valid events is the last part of the curves, where it was measured. */
static void test_valid_loss(const struct model_ops *ops)
{
	struct fit_request r = request(ops, 5);
	struct fit_result out;
	const struct curves *c = &out.curves;
	bool right = true;
	int part;

	r.valid_every = 2;
	out = run(&r, &task_null);
	part = curves_valid_part(c);
	ok((part >= 0) == (ops->valid_loss != NULL), "%s: tells a loss on valid events where it can", ops->name);
	for (size_t i = 0; i < c->n && part >= 0; i++)
		right = right && isfinite(c->point[i].loss[part]) == (c->point[i].epoch % 2 == 0 || c->point[i].epoch == 5);
	if (part >= 0)
		ok(right && c->n == 5 && curves_gap(c) == c->point[4].loss[part] - c->point[4].loss[0],
		   "%s: measured with the metric; its gap to train is %.3g", ops->name, curves_gap(c));
	fit_result_done(&out);
	r.valid_every = 0;
	out = run(&r, &task_null);
	ok(curves_valid_part(c) < 0 && isnan(curves_gap(c)), "%s: none where nothing is measured", ops->name);
	fit_result_done(&out);
}

/* Stopped two epochs after the best: the best and what is left of patience come from the state. */
static void test_resume(const struct model_ops *ops, const char *folder, enum precision kept)
{
	struct fit_request r = request(ops, 400);
	struct told told = { .in_order = true };
	static const uint32_t watched[] = { 0, 7, 50, U - 1 };
	struct fit_result straight, first, rest;

	r.kept = kept;
	r.patience = 3;
	r.watched = watched;
	r.n_watched = 4;
	told.watches = true;
	straight = run(&r, &task_null);
	ok(isnan(straight.curves.point[0].churn) && straight.curves.point[1].churn >= 0 &&
	   straight.curves.point[1].churn <= 1, "%s: churn is told from the second epoch on (%.2f)", ops->name,
	   straight.curves.point[1].churn);
	r.epochs = told.n = straight.best_epoch + 2;
	r.save_dir = folder;
	first = run(&r, &task_null);
	r.epochs = 400;
	r.resume_dir = folder;
	r.on_epoch = on_epoch;
	r.ctx = &told;
	rest = run(&r, &task_null);
	ok(first.stopped == FIT_DONE && same_fit(&straight, &rest) && rest.stopped == FIT_EARLY,
	   "%s: kept in %s, resumed after %u epochs, %u are the same bits", ops->name, precision_name[kept],
	   (unsigned)first.epochs, (unsigned)rest.epochs);
	ok(straight.best->precision == kept && rest.best->precision == kept, "%s: the best is in %s", ops->name,
	   precision_name[kept]);
	ok(told.in_order && told.last == rest.epochs, "%s: only the new epochs are told", ops->name);
	fit_result_done(&first);
	fit_result_done(&rest);
	rest = run(&r, &task_null);
	ok(same_fit(&straight, &rest) && rest.stopped == FIT_EARLY, "%s: nothing left to do changes nothing", ops->name);
	fit_result_done(&rest);
	fit_result_done(&straight);
}

struct limited { unsigned left; };

static bool until_none_left(void *ctx)
{
	struct limited *l = ctx;

	return l->left && l->left--;
}

/* Cancelled at every place where it is asked: the partial epoch is gone, the rest can be gone on from. */
static void test_cancel(const struct model_ops *ops, const char *folder, bool refit)
{
	struct fit_request r = request(ops, 3);
	struct fit_result straight, out, rest;
	bool fine = true;
	unsigned n, with_state = 0;
	char *state = file_join(folder, STATE_FILE);

	r.refit = refit;
	straight = run(&r, &task_null);

	r.save_dir = folder;
	/* Every place of the first ones; then, in a training that begins with another, one in thirteen. */
	for (n = 0; n < PLACES; n += n < 200 ? 1 : 13) {
		struct limited l = { n };
		const struct task t = { .keep_going = until_none_left, .ctx = &l };

		unlink(state);
		r.resume_dir = NULL;
		out = run(&r, &t);
		if (out.stopped != FIT_CANCELLED) {
			fit_result_done(&out);
			break;
		}
		fine = fine && out.epochs < (refit ? 4u : 3u) && out.curves.n == out.epochs && !out.best == !out.epochs;
		fine = fine && file_exists(state) == (out.epochs > 0);
		if (out.epochs) {
			r.resume_dir = folder;
			rest = run(&r, &task_null);
			fine = fine && same_fit(&straight, &rest);
			fit_result_done(&rest);
			with_state++;
		}
		fit_result_done(&out);
	}
	ok(fine && n > 5 && n < PLACES && with_state > 1,
	   "%s%s: cancelled at any of %u places and gone on from, the same bits", ops->name,
	   refit ? ", refit" : "", n);
	fit_result_done(&straight);
	free(state);
}

/* Memory failing at any place of an unwatched training: told, and nothing leaks. */
static void test_memory(const struct model_ops *ops, const char *folder)
{
	struct fit_request r = request(ops, 2);
	size_t held = mem_bytes_now();
	bool fine = true, done = false;
	unsigned n;

	r.valid_every = 0;
	r.save_dir = folder;
	for (n = 1; n < 500 && !done; n++) {
		struct fit_result out;
		struct err err = { 0 };

		mem_fail_at(n);
		done = fit_run(&r, &task_null, &out, &err);
		mem_fail_at(0);
		fine = fine && (done || err.code == ERR_NOMEM);
		fit_result_done(&out);
		fine = fine && mem_bytes_now() == held;
	}
	ok(fine && done && n > 10, "%s: out of memory at any of %u places is told, nothing leaks", ops->name, n);
}

static void test_refit(const struct model_ops *ops)
{
	struct fit_request r = request(ops, 12);
	struct fit_result chosen, out, direct;

	chosen = run(&r, &task_null);
	r.refit = true;
	out = run(&r, &task_null);
	ok(out.best && out.best->refit && out.best_epoch == chosen.best_epoch &&
	   same_curves(&chosen.curves, &out.curves), "%s: refit chooses on valid", ops->name);
	r.valid_every = 0;
	r.epochs = chosen.best_epoch;
	direct = run(&r, &task_null);
	/* word2vec learns from texts alone: more events are nothing new to it. */
	ok(same_scores(direct.best, out.best) && same_scores(chosen.best, out.best) == !strcmp(ops->name, "word2vec"),
	   "%s: and fits afresh on train and valid for as many epochs", ops->name);
	fit_result_done(&chosen);
	fit_result_done(&out);
	fit_result_done(&direct);
}

/* --- Refusals ------------------------------------------------------------------- */

static void refused(const struct fit_request *r, enum err_code code, const char *word, const char *what)
{
	struct fit_result out;
	struct err err = { 0 };
	bool done = fit_run(r, &task_null, &out, &err);

	ok(!done && err.code == code && strstr(err.msg, word), "%s: %s", what, err.msg);
	fit_result_done(&out);
}

static void test_refusals(const char *folder)
{
	struct err err;
	struct fit_request r = request(model_find("ials", &err), 2);
	struct fit_result out;

	r.save_dir = folder;
	out = run(&r, &task_null);
	fit_result_done(&out);
	r.resume_dir = folder;
	r.seed = 43;
	refused(&r, ERR_RANGE, "seed", "another seed");
	r.seed = 42;
	r.values = true;
	refused(&r, ERR_RANGE, "matrix", "values instead of ones");
	r.values = false;
	fixture_set(&r.params, "dim", "9");
	refused(&r, ERR_RANGE, "item_vectors", "other dimensions");
	r = request(model_find("ials", &err), 2);
	r.resume_dir = "no such folder";
	refused(&r, ERR_USAGE, "imported", "no state");
	r.resume_dir = NULL;
	r.save_dir = "no such folder";
	refused(&r, ERR_NOTFOUND, "written", "nowhere to keep the state");
	r = request(model_find("ease", &err), 1);
	r.resume_dir = folder;
	refused(&r, ERR_UNSUPPORTED, "one pass", "resuming a model of one pass");
}

/* Steps so long that the vectors leave the numbers: told with epoch and tensor, and what was good before
 * stays. */
static void test_divergence(const char *folder)
{
	struct err err = { 0 };
	struct fit_request r = request(model_find("bpr", &err), 50);
	struct told told = { .in_order = true };
	struct fit_result out;
	char *state = file_join(folder, STATE_FILE);
	bool done;

	unlink(state);
	fixture_set(&r.params, "lr", "0.5");
	fixture_set(&r.params, "l2", "4.4"); /* each draw turns and stretches its vectors */
	r.save_dir = folder;
	r.on_epoch = on_epoch;
	r.ctx = &told;
	done = fit_run(&r, &task_null, &out, &err);
	ok(!done && err.code == ERR_NUMERIC && strstr(err.msg, "epoch"), "divergence is told: %s", err.msg);
	ok(told.n > 1 && told.n == out.epochs && out.best && file_exists(state),
	   "the %u epochs before it stay good", (unsigned)told.n);
	fit_result_done(&out);
	free(state);
}

static void test_one_pass(void)
{
	struct err err;
	struct fit_request r = request(model_find("ease", &err), 1);
	struct fit_result out = run(&r, &task_null);

	ok(out.epochs == 1 && out.best_epoch == 1 && out.best_metric > 0 && out.stopped == FIT_DONE,
	   "a model of one pass is measured on valid");
	ok(fit_bytes(&r, 0, true) > out.bytes, "what it takes is told before");
	fit_result_done(&out);
}

int main(void)
{
	char folder[] = "fit-XXXXXX";
	size_t held;

	linalg_init();
	if (!mkdtemp(folder))
		return 1;
	fixture_make(&f, U, I, PER_USER, false);
	held = mem_bytes_now();
	for (size_t k = 0; model_registry[k]; k++) {
		if (!(model_registry[k]->caps & MODEL_ITERATIVE))
			continue;
		test_early(model_registry[k]);
		test_valid_every(model_registry[k]);
		test_valid_loss(model_registry[k]);
		test_resume(model_registry[k], folder, PRECISION_F32);
		if (model_registry[k]->pack)
			test_resume(model_registry[k], folder, PRECISION_BF16);
		test_cancel(model_registry[k], folder, false);
		test_cancel(model_registry[k], folder, true);
		test_memory(model_registry[k], folder);
		test_refit(model_registry[k]);
	}
	test_refusals(folder);
	test_divergence(folder);
	test_one_pass();
	ok(mem_bytes_now() == held, "nothing leaks");
	file_remove_tree(folder, &(struct err){ 0 });
	fixture_done(&f);
	return done_testing();
}
