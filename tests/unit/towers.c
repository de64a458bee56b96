/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers.c - how events are dealt; that each loss learns; strangers, friends and items never seen; resuming; how it
 * fails. */
#include <unistd.h>

#include "base/pool.h"
#include "model/registry.h"
#include "model/towers_batch.h"
#include "model/towers_fit.h"
#include "model/towers_params.h"
#include "num/linalg.h"
#include "towers_case.h"

enum { U = 240, I = 60, PER_USER = 24 };

static struct fixture f;

/* Each item is tagged with its taste, but for those whose number 7 divides. */
static void add_tastes(struct dataset *d)
{
	struct err err;
	struct csr *t = &d->item_tags;

	*t = (struct csr){ .rows = I, .cols = TASTES };
	t->ptr = mem_must(mem_zeroed(I + 1, sizeof(*t->ptr), &err));
	t->idx = mem_must(mem_alloc(I, sizeof(*t->idx), &err));
	for (uint32_t i = 0; i < I; i++) {
		t->ptr[i + 1] = t->ptr[i];
		if (i % 7)
			t->idx[t->ptr[i + 1]++] = i % TASTES;
	}
	for (uint32_t k = 0; k < TASTES; k++) {
		char name[16];

		strtab_intern(&d->tag_names, name, (size_t)snprintf(name, sizeof(name), "taste%u", (unsigned)k), &err);
	}
}

static bool is_cold(uint32_t item)
{
	return item % 15 / TASTES == 1;
}

/* The train events, but for those of the items that are to be cold. */
static void take_out_cold(void)
{
	struct err err;
	struct csr all = f.x;
	size_t n = 0;

	csr_done(&f.xt);
	f.x.ptr = mem_must(mem_zeroed(U + 1, sizeof(*f.x.ptr), &err));
	f.x.idx = mem_must(mem_alloc(csr_n(&all), sizeof(*f.x.idx), &err));
	for (uint32_t u = 0; u < U; u++) {
		for (size_t k = all.ptr[u]; k < all.ptr[u + 1]; k++)
			if (!is_cold(all.idx[k]))
				f.x.idx[n++] = all.idx[k];
		f.x.ptr[u + 1] = n;
	}
	fixture_must(csr_transpose(&f.xt, &f.x, &task_null, &err), &err);
}

static void make(void)
{
	fixture_make(&f, U, I, PER_USER, false);
	add_tastes(f.data);
	take_out_cold();
}

static struct params small(const char *loss)
{
	struct params p;

	params_init(&p, towers_ops.params);
	fixture_set(&p, "dim", "16");
	fixture_set(&p, "batch", "64");
	fixture_set(&p, "negatives", "20");
	fixture_set(&p, "negative-weight", "10");
	fixture_set(&p, "lr", "0.01");
	fixture_set(&p, "loss", loss);
	return p;
}

static struct model *fit(const struct params *p, uint32_t epochs, const struct task *task)
{
	struct err err;
	struct params copy = *p;
	struct model *m = fixture_fit(&f, &towers_ops, &copy, epochs, task, &err);

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

/* --- Batches ------------------------------------------------------------------------------ */

static void test_batches(void)
{
	struct err err;
	struct towers_batch b;
	uint8_t *seen = mem_must(mem_zeroed((size_t)U * I, 1, &err));
	bool once = true, fits = true, distinct = true, places = true;
	size_t all = 0, shortest = SIZE_MAX;

	fixture_must(towers_batch_make(&b, &f.env, 50, 12, &err), &err);
	for (uint32_t e = 1; e <= 2; e++) {
		towers_batch_shuffle(&b, 9, e);
		for (size_t k = 0; k < b.n_batches; k++) {
			towers_batch_fill(&b, k, 9, e);
			fits = fits && b.R <= 50;
			shortest = k + 1 < b.n_batches && b.R < shortest ? b.R : shortest;
			all += b.R;
			for (size_t m = 0; m < b.M; m++)
				places = places && b.place_of[b.item[m]] == m;
			for (uint32_t m = 0; m < b.N; m++)
				distinct = distinct && csr_row_n(&f.xt, b.item[m]) > 0;
			for (size_t p = 0; p < b.n; p++)
				for (size_t r = b.row_of[p]; r < b.row_of[p + 1]; r++)
					once = ++seen[b.first[p].user * I + b.item[b.at[r]]] == e && once;
		}
	}
	for (uint32_t u = 0; u < U; u++)
		for (uint32_t i = 0; i < I; i++)
			once = once && seen[u * I + i] == (csr_has(&f.x, u, i) ? 2 : 0);
	ok(once && all == 2 * csr_n(&f.x), "every event is asked for once an epoch (%zu)", all / 2);
	ok(fits && shortest > 50 - TOWERS_PIECE, "batches are full (%zu and more of 50)", shortest);
	ok(places && distinct, "negatives have events, and no item stands twice");
	towers_batch_done(&b);
	mem_free(seen);
}

/* --- Learning -------------------------------------------------------------------------------- */

/* How often an item of the user's taste, unknown to them, stands above one of another: of items that are cold or
 * not; known: with the user's own vector. */
static double share_right(const struct model *m, bool cold, bool known)
{
	size_t right = 0, asked = 0;

	for (uint32_t u = 0; u < U; u += 3) {
		struct query q = fixture_query(&f, u);
		float out[I];

		if (q.n < 5)
			continue;
		q.user = known ? u : NO_USER;
		scores(m, &q, out);
		for (uint32_t i = u % TASTES; i < I; i += TASTES)
			for (uint32_t j = 0; j < I; j++) {
				if (j % TASTES == u % TASTES || is_cold(i) != cold || is_cold(j) != cold || !(i % 7) ||
				    !(j % 7) || csr_has(&f.x, u, i) || csr_has(&f.x, u, j))
					continue;
				asked++;
				right += out[i] > out[j];
			}
	}
	return (double)right / (double)asked;
}

static void test_learns(const char *loss, const char *activation)
{
	struct params p = small(loss);
	struct model *m;
	double warm, cold, known;

	fixture_set(&p, "activation", activation);
	fixture_set(&p, "project", strcmp(activation, "linear") ? "yes" : "no");
	fixture_set(&p, "item-dropout", "0.3");
	fixture_set(&p, "user-dropout", "0.5");
	m = fit(&p, 30, &task_null);
	warm = share_right(m, false, false);
	known = share_right(m, false, true);
	cold = share_right(m, true, false);
	ok(warm > 0.85, "%s, %s: strangers get what is of their taste (%.2f)", loss, activation, warm);
	ok(known > 0.85, "%s, %s: known people too (%.2f)", loss, activation, known);
	ok(cold > 0.85, "%s, %s: and so among items without an event, by their tags (%.2f)", loss, activation, cold);
	towers_ops.destroy(m);
}

static void test_ablations(void)
{
	struct params p = small("ccl");
	struct model *m;
	double share;

	fixture_set(&p, "text", "no");
	fixture_set(&p, "tags", "no");
	m = fit(&p, 20, &task_null);
	share = share_right(m, true, false);
	ok(share == 0, "without content nothing tells cold items apart (%.2f)", share);
	towers_ops.destroy(m);
	fixture_set(&p, "history", "no");
	fixture_set(&p, "user-dropout", "0");
	m = fit(&p, 30, &task_null);
	share = share_right(m, false, false);
	ok(share < 0.7, "without a history strangers are all alike (%.2f)", share);
	share = share_right(m, false, true);
	ok(share > 0.8, "known people are not (%.2f)", share);
	towers_ops.destroy(m);
}

/* --- Who asks ---------------------------------------------------------------------------------- */

static void test_people(void)
{
	struct params p = small("ccl");
	struct model *m;
	struct query q = fixture_query(&f, U - 1), turned;
	uint32_t items[PER_USER + 2];
	float stranger[I], known[I], folded[I], again[I];

	fixture_set(&p, "recency", "1");
	m = fit(&p, 5, &task_null);
	scores(m, &q, stranger);
	q.user = U - 1;
	scores(m, &q, known);
	q.fold_in = true;
	scores(m, &q, folded);
	ok(memcmp(stranger, known, sizeof(known)), "a known user's own vector counts");
	ok(!memcmp(stranger, folded, sizeof(folded)), "unless the history is to be folded in");
	turned = q;
	for (uint32_t k = 0; k < q.n; k++)
		items[k] = q.items[q.n - 1 - k];
	turned.items = items;
	scores(m, &turned, again);
	ok(memcmp(again, folded, sizeof(again)) == 0 || fabsf(again[3] - folded[3]) < 1e-5f,
	   "with recency=1 the order does not count");
	towers_ops.destroy(m);
	fixture_set(&p, "recency", "0.5");
	m = fit(&p, 5, &task_null);
	scores(m, &q, folded);
	scores(m, &turned, again);
	ok(fabsf(again[3] - folded[3]) > 1e-4f, "with recency=0.5 it does");
	towers_ops.destroy(m);
}

static void test_friends(void)
{
	struct params p;
	struct model *m;
	struct query q = { .user = 0 };
	float with[TC_I], nobody[TC_I];
	struct scratch s = { 0 };
	struct err err;

	tc_make(&f, false);
	params_init(&p, towers_ops.params);
	fixture_set(&p, "dim", "8");
	fixture_set(&p, "social", "0.5");
	m = fit(&p, 3, &task_null);
	q.fold_in = true;
	fixture_must(model_score_all(m, &q, &s, with, TC_I, &err), &err);
	q.user = TC_U - 1;
	fixture_must(model_score_all(m, &q, &s, nobody, TC_I, &err), &err);
	ok(memcmp(with, nobody, sizeof(with)), "who has no history has their friends'");
	q.user = NO_USER;
	fixture_must(model_score_all(m, &q, &s, with, TC_I, &err), &err);
	ok(!memcmp(with, nobody, sizeof(with)), "who has no friends either is a stranger");
	scratch_done(&s);
	towers_ops.destroy(m);
	fixture_done(&f);
}

/* --- Going on ----------------------------------------------------------------------------------- */

static struct model *through_a_file(struct model *m, const struct params *p)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;
	char path[64];

	snprintf(path, sizeof(path), "towers-%d.safetensors", (int)getpid());
	fixture_must(w && towers_ops.save(m, WEIGHTS_STATE, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	towers_ops.destroy(m);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	m = towers_ops.load(&f.env, p, file, WEIGHTS_STATE, &err);
	fixture_must(m != NULL, &err);
	weights_close(file);
	unlink(path);
	return m;
}

static void test_resume(const char *loss, struct pool *two)
{
	static const char *const all[][2] = { { "dropout", "0.3" }, { "drop", "0.2" }, { "item-dropout", "0.2" },
					      { "user-dropout", "0.4" }, { "recency", "0.9" }, { "l2", "0.001" } };
	struct err err;
	struct params p = small(loss);
	struct task on_two = { .pool = two };
	struct model *straight, *m;
	struct query q = fixture_query(&f, 100);
	float a[I], b[I];

	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
		fixture_set(&p, all[k][0], all[k][1]);
	straight = fit(&p, 6, &task_null);
	m = towers_ops.create(&f.env, &p, &err);
	fixture_must(m != NULL, &err);
	for (uint32_t e = 1; e <= 6; e++) {
		struct fit_ctx ctx = { .task = &on_two, .epoch = e, .seed = 42 };

		fixture_must(towers_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
		if (e == 3)
			m = through_a_file(m, &p);
	}
	m = towers_ops.freeze(m, true, &err);
	q.user = 100;
	scores(straight, &q, a);
	scores(m, &q, b);
	ok(!memcmp(a, b, sizeof(a)), "loss=%s: stopped, kept and gone on from, on two threads: the same bits", loss);
	towers_ops.destroy(straight);
	towers_ops.destroy(m);
}

/* --- Failures --------------------------------------------------------------------------------------- */

static void test_spoilt(void)
{
	struct err err;
	struct towers_net net = { .U = U, .I = I, .D = 16, .activation = TOWERS_LINEAR, .cosine = true, .project = true, .history = true, .recency = 1 };
	struct towers_rule rule = { .loss = { TOWERS_CCL, 0.4f, 10, 1 }, .batch = 64, .negatives = 20, .lr = 0.001 };
	struct fit_ctx ctx = { .task = &task_null, .epoch = 3, .seed = 1 };
	struct towers_fit *fit;

	optim_rule_init(&rule.optim, OPTIM_ADAM);
	fixture_must(towers_features_init(&net.features, f.data, 16, true, true, &err) && towers_net_make(&net, &err), &err);
	fit = towers_fit_new(&net, &rule, NULL, &f.env, &err);
	fixture_must(fit != NULL, &err);
	towers_net_fill(&net, &f.x, &f.xt, 1);
	ok(towers_fit_epoch(fit, &net, &ctx, &err), "sound");
	net.t.w[net.W2 + 5] = NAN;
	ok(!towers_fit_epoch(fit, &net, &ctx, &err) && err.code == ERR_NUMERIC && strstr(err.msg, "epoch 3, batch 1") &&
	   strstr(err.msg, "history.weight"), "%s", err.msg);
	net.t.w[net.W2 + 5] = 0;
	net.past[7] = INFINITY;
	ok(!towers_fit_epoch(fit, &net, &ctx, &err) && err.code == ERR_NUMERIC && strstr(err.msg, "past"), "%s", err.msg);
	towers_fit_free(fit);
	towers_net_done(&net);
}

static void test_memory(const char *loss)
{
	struct params p = small(loss);
	const struct model_shape shape = { .n_users = U, .n_items = I, .n_events = csr_n(&f.x), .longest = PER_USER,
					   .data = f.data };
	size_t before = mem_bytes_now();
	uint64_t told = towers_ops.bytes(&shape, &p);

	mem_reset_peak();
	towers_ops.destroy(fit(&p, 1, &task_null));
	ok(mem_bytes_peak() - before <= told, "%s: takes at most what it told (%zu of %zu)", loss,
	   mem_bytes_peak() - before, (size_t)told);
}

static void test_no_order(void)
{
	struct err err;
	struct params p = small("ccl");
	bool order = f.data->has_order;

	f.data->has_order = false;
	fixture_set(&p, "recency", "0.9");
	ok(!towers_ops.create(&f.env, &p, &err) && err.code == ERR_UNSUPPORTED, "recency without an order: %s", err.msg);
	p = small("ccl");
	fixture_set(&p, "past", "before");
	ok(!towers_ops.create(&f.env, &p, &err) && err.code == ERR_UNSUPPORTED, "past=before without an order: %s", err.msg);
	f.data->has_order = order;
}

static void time_is(const struct split *s, const char *past, const char *recency, bool before, float fades)
{
	struct towers_net n = { 0 };
	struct params p = small("ccl");
	struct err err;

	if (past)
		fixture_set(&p, "past", past);
	if (recency)
		fixture_set(&p, "recency", recency);
	ok(towers_set_time(&n, s, &p, &err) && n.before == before && n.recency == fades, "%s, past=%s recency=%s: %s, %.2f",
	   s->text, past ? past : "auto", recency ? recency : "", before ? "before" : "others", (double)fades);
}

/* past=auto asks the split; a run keeps what it was trained with, whatever the split it is opened beside. */
static void test_time(void)
{
	struct err err;
	struct split *random = split_make(f.data, "ratio", NULL, 42, &task_null, &err);
	struct params p = small("ccl");
	struct build_env other = f.env;
	struct query q = fixture_query(&f, U - 1);
	float was[I], is[I];
	struct weights_writer *w;
	struct weights *file;
	struct model *m;
	char path[64];

	fixture_must(random != NULL, &err);
	time_is(f.split, NULL, NULL, true, 0.8f);
	time_is(f.split, NULL, "0.9", true, 0.9f);
	time_is(f.split, "others", NULL, false, 1);
	time_is(random, NULL, NULL, false, 1);
	time_is(random, "before", NULL, true, 0.8f);
	m = fit(&p, 2, &task_null);
	snprintf(path, sizeof(path), "towers-%d.safetensors", (int)getpid());
	w = weights_writer_new(&err);
	fixture_must(w && towers_ops.save(m, WEIGHTS_SCORING, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	scores(m, &q, was);
	towers_ops.destroy(m);
	file = weights_open(path, &err);
	other.split = random;
	m = file ? towers_ops.load(&other, &p, file, WEIGHTS_SCORING, &err) : NULL;
	fixture_must(m != NULL, &err);
	scores(m, &q, is);
	ok(!memcmp(was, is, sizeof(was)), "opened beside another split it answers alike");
	weights_close(file);
	unlink(path);
	towers_ops.destroy(m);
	split_unref(random);
}

/* The mean of all i', and their mean square length. */
static float length_of_mean(const struct dataset *d, bool centre, double *square)
{
	enum { D = 16 };
	struct err err;
	const struct towers_text *t;
	float sum[D] = { 0 };

	fixture_must(towers_text_train(d, D, centre, 3, &task_null, &t, &err) && t, &err);
	*square = 0;
	for (uint32_t i = 0; i < d->n_items; i++) {
		linalg_axpy(1 / (float)d->n_items, t->mean + (size_t)i * D, sum, D);
		*square += (double)linalg_dot(t->mean + (size_t)i * D, t->mean + (size_t)i * D, D) / d->n_items;
	}
	towers_text_unref(t);
	return sqrtf(linalg_dot(sum, sum, D));
}

static void test_centre(void)
{
	struct dataset *d = fixture_data(20, I, 10, 4);
	float whole, centred;
	double square;

	fixture_titles(d, 4);
	whole = length_of_mean(d, false, &square);
	ok(whole > 0.1f && fabs(square - 1) < 1e-4, "items' texts have something in common (%g)", (double)whole);
	centred = length_of_mean(d, true, &square);
	ok(centred < 1e-5f && fabs(square - 1) < 1e-4, "which centre takes out of them (%g)", (double)centred);
	dataset_unref(d);
}

/* Where whole items are held out, items are known by their content alone, unless the data has none. */
static void test_cold_split(void)
{
	struct err err;
	struct split *cold = split_make(f.data, "cold-items", NULL, 42, &task_null, &err);
	struct params p = small("softmax"), plain = p;
	struct fixture g = f;
	struct str told = STR_INIT;
	struct model *m;
	const float *v;
	size_t D, stride, same = 0;

	fixture_must(cold != NULL, &err);
	fixture_set(&plain, "text", "no");
	fixture_set(&plain, "tags", "no");
	ok(towers_drop_item(f.split, &p) < 0.2f && towers_drop_item(cold, &p) == 1 && towers_drop_item(cold, &plain) < 0.2f,
	   "the split decides what share of the items is known by content alone");
	fixture_set(&p, "text", "no");
	g.env.split = cold;
	m = fixture_fit(&g, &towers_ops, &p, 6, &task_null, &err);
	fixture_must(m != NULL, &err);
	towers_ops.tell(m, &told);
	ok(strstr(str_text(&told), "item-dropout=1") != NULL, "and it is told: %s", str_text(&told));
	str_done(&told);
	v = towers_ops.item_vectors(m, &D, &stride);
	for (uint32_t i = 0; i < I; i++) /* 1 and 5 are of a taste and tagged with it */
		same += i % TASTES == 1 && i % 7 && !memcmp(v + i * stride, v + 5 * stride, D * sizeof(*v));
	ok(same > 1 && memcmp(v + stride, v + 2 * stride, D * sizeof(*v)), "items of one tag are one to it (%zu are)", same);
	towers_ops.destroy(m);
	fixture_set(&p, "item-dropout", "0.3");
	ok(towers_drop_item(cold, &p) == 0.3f, "what is given stands");
	split_unref(cold);
}

int main(void)
{
	struct err err;
	struct pool *two;

	linalg_init();
	two = pool_new(2, &err);
	fixture_must(two != NULL, &err);
	test_friends();
	make();
	test_batches();
	test_learns("ccl", "linear");
	test_learns("ccl", "seed");
	test_learns("softmax", "tanh");
	test_learns("bpr", "linear");
	test_ablations();
	test_people();
	test_resume("ccl", two);
	test_resume("softmax", two);
	test_resume("bpr", two);
	test_spoilt();
	test_memory("ccl");
	test_memory("softmax");
	test_no_order();
	test_time();
	test_cold_split();
	test_centre();
	csr_done(&f.x);
	fixture_done(&f);
	pool_free(two);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
