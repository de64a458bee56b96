/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made-up data: the same bytes each time, and the properties it promises, measured. */
#include "eval/eval.h"
#include "num/linalg.h"
#include "synth_fixture.h"

static bool same_files(const char *a, const char *b)
{
	static const char *const names[] = { "events.csv", "items.csv", "truth.csv" };
	bool same = true;

	for (int i = 0; i < 3; i++) {
		size_t n_a, n_b;
		char *x = read_file(a, names[i], &n_a), *y = read_file(b, names[i], &n_b);

		same = same && n_a == n_b && !memcmp(x, y, n_a);
		mem_free(x);
		mem_free(y);
	}
	return same;
}

static void test_bytes(void)
{
	struct pool *pool = pool_new(2, &err);
	struct task two = { .pool = pool };
	char *a = generate("a", "users=300 items=200 events=6000", 1, &task_null);
	char *b = generate("b", "users=300 items=200 events=6000", 1, &two);
	char *c = generate("c", "users=300 items=200 events=6000", 2, &task_null);
	const char *src = getenv("top_srcdir");

	ok(a && b && same_files(a, b), "the same seed gives the same bytes, at one thread and two");
	ok(a && c && !same_files(a, c), "another seed gives others");
	free(a);
	free(b);
	free(c);
	if (src) {
		char *shipped = file_join(src, "data/films");

		a = generate("sample", "scenario=films", 42, &two);
		ok(a && same_files(a, shipped), "the sample in data/films is what generate makes");
		free(a);
		free(shipped);
	} else {
		ok(true, "the sample in data/films is what generate makes # SKIP top_srcdir is not set");
	}
	pool_free(pool);
}

/* Mean match of users with what they took, and with what anybody took. */
static void test_tastes(const struct truth *t, const struct dataset *d)
{
	struct rng rng = rng_stream(9, "test", 0, 0);
	double own = 0, chance = 0;

	ok(t->n_users == d->n_users && t->n_items == d->n_items, "truth.csv knows everybody and everything");
	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			own += match(t->user[u], t->item[d->item[e]]);
			chance += match(t->user[u], t->item[d->item[rng_below64(&rng, d->n_events)]]);
		}
	own /= (double)d->n_events;
	chance /= (double)d->n_events;
	ok(own > 2.5 * chance, "%s: events lie on their user's tastes (%.3f, by chance %.3f)", t->sc->name, own, chance);
}

/* Tastes move: the first and the last third of a user's events differ more than odd and even ones do. */
static void test_drift(const struct truth *t, const struct dataset *d)
{
	double moved = 0, still = 0;
	size_t n = 0;

	for (uint32_t u = 0; u < d->n_users; u++) {
		size_t len = d->user_ptr[u + 1] - d->user_ptr[u];
		double first[MOST_TASTES] = { 0 }, last[MOST_TASTES] = { 0 }, half[2][MOST_TASTES] = { { 0 } };

		if (len < 60)
			continue;
		for (size_t k = 0; k < len; k++)
			for (int s = 0; s < MOST_TASTES; s++) {
				double x = t->item[d->item[d->user_ptr[u] + k]][s] / (double)len;

				first[s] += k < len / 3 ? 3 * x : 0;
				last[s] += k >= len - len / 3 ? 3 * x : 0;
				half[k & 1][s] += 2 * x;
			}
		for (int s = 0; s < MOST_TASTES; s++) {
			moved += fabs(first[s] - last[s]);
			still += fabs(half[0][s] - half[1][s]);
		}
		n++;
	}
	ok(n > 50 && moved > 1.5 * still, "tastes drift (%.3f against %.3f)", moved / (double)n, still / (double)n);
}

/* --- Shapes ------------------------------------------------------------------------------ */

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* log(events) against log(rank), over the ranks from 1 in 50 to 1 in 2. */
static void test_power_law(const struct dataset *d)
{
	uint64_t *count = mem_must(mem_zeroed(d->n_items, sizeof(*count), &err));
	double n = 0, x1 = 0, y1 = 0, xx = 0, xy = 0, yy = 0, slope, r2;

	for (size_t e = 0; e < d->n_events; e++)
		count[d->item[e]]++;
	qsort(count, d->n_items, sizeof(*count), descending);
	for (uint32_t r = d->n_items / 50; r < d->n_items / 2; r++) {
		double x = log(r + 1.0), y = log((double)count[r]);

		n++;
		x1 += x;
		y1 += y;
		xx += x * x;
		xy += x * y;
		yy += y * y;
	}
	slope = (n * xy - x1 * y1) / (n * xx - x1 * x1);
	r2 = (n * xy - x1 * y1) * (n * xy - x1 * y1) / ((n * xx - x1 * x1) * (n * yy - y1 * y1));
	ok(slope < -0.6 && slope > -1.3 && r2 > 0.97, "popularity is a power law (exponent %.2f, R2 %.3f)", slope, r2);
	mem_free(count);
}

static bool no_pair_twice(const struct dataset *d)
{
	uint32_t *seen = mem_must(mem_zeroed(d->n_items, sizeof(*seen), &err));
	bool once = true;

	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			once &= seen[d->item[e]] != u + 1;
			seen[d->item[e]] = u + 1;
		}
	mem_free(seen);
	return once;
}

static bool titles_differ(const struct dataset *d)
{
	struct strtab seen;
	bool differ = true;

	strtab_init(&seen);
	for (uint32_t i = 0; i < d->n_items; i++) {
		const char *title = strtab_get(&d->titles, i);

		differ &= *title && !strchr(title, '%') && strtab_intern(&seen, title, strlen(title), &err) == i;
	}
	strtab_done(&seen);
	return differ;
}

static void test_shapes(const struct synth_scenario *sc, const struct dataset *d)
{
	size_t close = 0, together = 0, foreign = 0;

	ok(d->n_users == 1000 && d->n_items > 790 && d->n_items <= 800 && d->n_events == 40000 &&
	   d->report.rejected_total == 0 && d->report.set_aside_total == 0, "%s: loads whole", sc->name);
	ok(no_pair_twice(d) && d->profile.tied_share == 0, "%s: no pair comes twice, no times tie", sc->name);
	ok(d->titles.n == d->n_items && d->texts.n == d->n_items && titles_differ(d),
	   "%s: everything has a title of its own", sc->name);
	for (uint32_t i = 0; i < d->n_items; i++) {
		const char *title = strtab_get(&d->titles, i);

		while (*title && !(*title & 0x80))
			title++;
		foreign += *title != '\0';
	}
	ok(foreign > 10 && foreign < 300, "%s: some titles have accents or are Chinese (%zu)", sc->name, foreign);
	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u] + 1; e < d->user_ptr[u + 1]; e++) {
			close += d->time[e] - d->time[e - 1] <= (int64_t)sc->gap;
			together++;
		}
	ok(fabs((double)close / (double)together - (1 - 1 / sc->session_mean)) < 0.1,
	   "%s: events come in sessions of about %.1f", sc->name, sc->session_mean);
}

static double ndcg_of(const char *name, const struct fixture *f)
{
	const struct model_ops *ops = model_find(name, &err);
	const struct snapshot *s;
	struct params p;
	struct model *m;
	double ndcg = 0;

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	s = snapshot_new(m, name, 1, f->split, false, false, &err);
	fixture_must(s && eval_one(s, f->split, false, METRIC_NDCG, 10, &task_null, &ndcg, &err), &err);
	snapshot_unref(s);
	return ndcg;
}

static void test_models(struct dataset *d)
{
	struct fixture f = { .data = d, .split = split_make(d, NULL, NULL, 42, &task_null, &err) };
	double popularity, knn, ease;

	fixture_must(f.split != NULL, &err);
	f.x = f.split->train;
	f.x.val = NULL;
	fixture_must(csr_transpose(&f.xt, &f.x, &task_null, &err), &err);
	f.env = (struct build_env){ .data = d, .split = f.split, .x = &f.x, .xt = &f.xt, .seed = 42,
				    .task = &task_null };
	popularity = ndcg_of("popularity", &f);
	knn = ndcg_of("item-knn", &f);
	ease = ndcg_of("ease", &f);
	ok(knn > 2 * popularity && ease > 2 * popularity, "item-knn and ease learn it (ndcg@10 %.3f, %.3f; popularity "
	   "%.3f)", knn, ease, popularity);
	csr_done(&f.xt);
	split_unref(f.split);
}

static void test_scenario(int which)
{
	struct truth t = { .sc = &synth_scenarios[which] };
	char words[64], *folder;
	struct dataset *d;

	snprintf(words, sizeof(words), "scenario=%s", t.sc->name);
	folder = generate(t.sc->name, words, 42, &task_null);
	fixture_must(folder != NULL, &err);
	d = load(folder);
	read_truth(&t, folder, d);
	test_shapes(t.sc, d);
	test_power_law(d);
	test_tastes(&t, d);
	test_drift(&t, d);
	test_models(d);
	mem_free(t.user);
	mem_free(t.item);
	dataset_unref(d);
	free(folder);
}

/* --- What goes wrong ------------------------------------------------------------------------ */

static bool twice(void *ctx)
{
	return ++*(int *)ctx < 3;
}

static void test_errors(void)
{
	int asked = 0;
	struct task task = { .keep_going = twice, .ctx = &asked };
	char *folder = generate("kept", "users=300 items=200 events=6000", 1, &task_null);
	char *again = generate("copy", "users=300 items=200 events=6000", 1, &task_null), *in_file;
	uint64_t failed = 0;
	size_t held = mem_bytes_now();

	ok(!generate("kept", "users=5000 items=2000 events=100000", 2, &task) && err.code == ERR_CANCELLED &&
	   same_files(folder, again), "a cancelled one leaves what was there");
	ok(!generate("many", "users=100 items=100 events=9000", 1, &task_null) && err.code == ERR_RANGE,
	   "more events than pairs: %s", err.msg);
	in_file = file_join("kept", "items.csv");
	free(generate("friends", "users=100 items=100 events=500 social=1", 1, &task_null));
	ok(!generate("friends", "users=100 items=100 events=500", 1, &task_null) && err.code == ERR_EXISTS,
	   "friends of other users are not left behind: %s", err.msg);
	ok(!generate(in_file, "users=100 items=100 events=500", 1, &task_null), "a folder that is a file: %s",
	   err.msg);
	for (uint64_t n = 1; n < 200; n++) {
		char *made;

		mem_fail_at(n);
		made = generate("memory", "users=20 items=60 events=200 order=1 social=1", 1, &task_null);
		mem_fail_at(0);
		if (made) {
			free(made);
			break;
		}
		failed += err.code == ERR_NOMEM && mem_bytes_now() == held;
	}
	ok(failed > 20 && mem_bytes_now() == held, "out of memory at each of %llu allocations: an error, nothing lost",
	   (unsigned long long)failed);
	free(in_file);
	free(folder);
	free(again);
}

int main(void)
{
	linalg_init();
	if (!mkdtemp(home)) {
		puts("Bail out! no folder for tests");
		return 1;
	}
	test_bytes();
	for (int s = 0; s < 4; s++)
		test_scenario(s);
	test_errors();
	fixture_must(file_remove_tree(home, &err), &err);
	return done_testing();
}
