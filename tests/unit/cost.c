/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost.c - what trainings are told to take: counts against what is counted, growth with what grows, and the machine's
 * speed measured once and kept.  Never against a clock: what hangs on the machine proves nothing here.
 */
#include "train/cost.h"

#include <unistd.h>

#include "app/machine.h"
#include "base/file.h"
#include "model_fixture.h"
#include "num/linalg.h"
#include "num/sgns_pairs.h"

static struct speed even; /* all work goes alike */

static struct fit_request request_of(const struct model_ops *ops, const struct fixture *f)
{
	struct fit_request r;

	fit_request_init(&r, ops);
	r.data = f->data;
	r.split = f->split;
	return r;
}

static double told(const struct fit_request *r, uint32_t epochs)
{
	struct cost c;

	cost_tell(r, &even, 1, true, &c);
	return cost_seconds(&c, epochs);
}

static bool is_counted(const struct effort *e)
{
	for (int k = 0; k < EFFORT_KINDS; k++)
		if (!(e->shared[k] >= 0 && isfinite(e->shared[k]) && e->alone[k] >= 0 && isfinite(e->alone[k])))
			return false;
	return true;
}

static void grows(const struct model_ops *ops, const struct fixture *small, const struct fixture *large)
{
	struct fit_request r = request_of(ops, small), more = request_of(ops, large);
	struct effort once, epoch;
	double before = told(&r, 2);

	cost_count(&r, &once, &epoch);
	ok(is_counted(&once) && is_counted(&epoch) && before > 0, "%s: counts are numbers", ops->name);
	ok(told(&more, 2) > 1.2 * before, "%s: four times the events take longer (%g, %g)", ops->name, before, told(&more, 2));
	if (ops->caps & MODEL_ITERATIVE)
		ok(told(&r, 9) > told(&r, 2), "%s: more epochs take longer", ops->name);
	r.valid_every = 0;
	ok(told(&r, 2) < before, "%s: without valid it is quicker", ops->name);
	r.valid_every = 1;
	if (param_find(ops->params, "dim") < 0)
		return;
	fixture_set(&r.params, "dim", "8"); /* kernels pad below */
	before = told(&r, 2);
	fixture_set(&r.params, "dim", "32");
	ok(told(&r, 2) > before, "%s: longer vectors take longer (%g, %g)", ops->name, before, told(&r, 2));
}

/* Two models whose work can be counted by hand. */
static void by_hand(const struct fixture *f)
{
	struct fit_request r = request_of(model_find("ease", &(struct err){ 0 }), f);
	double pairs = 0, I = f->x.cols, asked = 0;
	struct effort once, epoch;

	for (uint32_t u = 0; u < f->x.rows; u++) {
		for (size_t a = f->x.ptr[u]; a < f->x.ptr[u + 1]; a++)
			for (size_t b = f->x.ptr[u]; b < f->x.ptr[u + 1]; b++)
				pairs++;
		asked += csr_row_n(&f->split->valid, u) > 0;
	}
	cost_count(&r, &once, &epoch);
	ok(once.shared[EFFORT_ADD] == pairs / 2, "ease: half of the pairs are added (%g of %g)", once.shared[EFFORT_ADD], pairs);
	ok(once.shared[EFFORT_DOUBLE] == I * I * I, "ease: an inverse of all items");
	r = request_of(model_find("item2vec", &(struct err){ 0 }), f);
	cost_count(&r, &once, &epoch);
	ok(fabs(epoch.shared[EFFORT_PRODUCT] / (asked * 0.8 * I * 64) - 1) < 1e-9,
	   "item2vec: each user of valid is scored against all items (%g)", epoch.shared[EFFORT_PRODUCT]);
}

/* Pairs of sentences of 30 words, half of them frequent, as they are made and as they are foretold. */
static void pairs_made(double subsample)
{
	enum { SENTENCES = 400, WORDS = 30, V = 200 };
	static uint32_t word[SENTENCES * WORDS], keep[V], room[WORDS];
	static size_t ptr[SENTENCES + 1];
	static uint64_t count[V];
	static struct sgns_pair pair[WORDS * WORDS];
	struct sgns_corpus c = { SENTENCES, V, ptr, word, count };
	struct rng r = rng_stream(3, "cost.pairs", 0, 0);
	double kept = 0, foretold, made = 0;

	memset(count, 0, sizeof(count));
	for (size_t k = 0; k < SENTENCES * WORDS; k++)
		count[word[k] = k % 2 ? 0 : rng_below(&r, V)]++;
	for (size_t s = 0; s <= SENTENCES; s++)
		ptr[s] = s * WORDS;
	sgns_keep(&c, subsample, keep);
	for (uint32_t w = 0; w < V; w++)
		kept += (double)count[w] * sgns_kept((double)count[w], SENTENCES * WORDS, subsample);
	foretold = SENTENCES * sgns_pairs_expected(kept / SENTENCES, 5);
	for (uint32_t s = 0; s < SENTENCES; s++)
		made += (double)sgns_pairs_make(&c, s, 5, keep, &r, room, pair);
	ok(fabs(made / foretold - 1) < 0.06, "pairs with subsample=%g: %g made, %g foretold", subsample, made, foretold);
}

static void memory(const struct fixture *f)
{
	struct fit_request r = request_of(model_find("popularity", &(struct err){ 0 }), f);
	struct cost c;

	cost_tell(&r, NULL, 1, true, &c);
	ok(isnan(c.epoch) && c.bytes > 0, "without a speed memory alone is told");
	ok(fit_bytes(&r, 2, true) > fit_bytes(&r, 1, true), "more threads take more memory");
}

static double sum_of(const struct speed *s)
{
	double sum = 0;

	for (int k = 0; k < EFFORT_KINDS; k++)
		sum += s->shared[k] + s->alone[k];
	return sum;
}

/* Another number of threads lets the process forget what it knows. */
static void forget(void)
{
	machine_set_speed(99, &even);
}

static void kept(void)
{
	char home[] = "cost-test-XXXXXX", *path, *text;
	struct err err = { 0 };
	struct speed first, again;
	size_t n;

	ok(mkdtemp(home) != NULL, "a home");
	path = file_join(home, "machine.json");
	forget();
	ok(machine_speed(home, true, &task_null, &first, &err) && !file_exists(path), "--readonly keeps nothing %s", err.msg);
	ok(sum_of(&first) > 0 && isfinite(sum_of(&first)), "rates are numbers");
	forget();
	ok(machine_speed(home, false, &task_null, &first, &err) && file_exists(path), "measured and kept %s", err.msg);
	forget();
	ok(machine_speed(home, false, &task_null, &again, &err) && fabs(sum_of(&again) / sum_of(&first) - 1) < 1e-6,
	   "another process takes what was kept");
	ok(file_read_whole(path, 1 << 16, &text, &n, &err) && strstr(text, "\"threads\": 1"), "it says of what");
	*strstr(text, "\"threads\": 1") = ' ';
	ok(file_write_whole(path, text, n / 2, 0644, &err), "a damaged file");
	mem_free(text);
	forget();
	ok(machine_speed(home, false, &task_null, &again, &err), "is no error");
	ok(file_read_whole(path, 1 << 16, &text, &n, &err) && text[n - 1] == '}', "and written anew");
	mem_free(text);
	free(path);
	file_remove_tree(home, &err);
}

int main(void)
{
	struct fixture small, large;

	linalg_init();
	for (int k = 0; k < EFFORT_KINDS; k++)
		even.shared[k] = even.alone[k] = 1e9;
	fixture_make(&small, 200, 120, 30, false);
	fixture_make(&large, 800, 120, 30, false);
	for (size_t m = 0; model_registry[m]; m++)
		if (model_registry[m]->effort)
			grows(model_registry[m], &small, &large);
	by_hand(&small);
	pairs_made(0);
	pairs_made(0.01);
	memory(&small);
	kept();
	fixture_done(&small);
	fixture_done(&large);
	return done_testing();
}
