/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made-up data: the same bytes each time, and the properties it promises, measured. */
#include "data/synth.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "data/load.h"
#include "data/synth_words.h"
#include "eval/eval.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { MOST_TASTES = SYNTH_MOST_TASTES };

static struct err err;
static char home[] = "/tmp/whyrec-synth-XXXXXX";

/* --- Files ------------------------------------------------------------------------- */

static char *read_file(const char *folder, const char *name, size_t *n)
{
	char *path = file_join(folder, name), *bytes;

	fixture_must(file_read_whole(path, (size_t)1 << 30, &bytes, n, &err), &err);
	free(path);
	return bytes;
}

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

/* words: "name=value …" */
static char *generate(const char *name, const char *words, uint64_t seed, const struct task *task)
{
	char *folder = file_join(home, name), text[128], *word, *save = NULL;
	uint64_t users, items, events;
	struct params p;

	params_init(&p, synth_params);
	snprintf(text, sizeof(text), "%s", words);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '=');

		*eq = '\0';
		fixture_set(&p, word, eq + 1);
	}
	if (synth_write(folder, &p, seed, task, &users, &items, &events, &err))
		return folder;
	free(folder);
	return NULL;
}

static struct dataset *load(const char *folder)
{
	struct load_options o;
	struct dataset *d;

	load_options_init(&o);
	d = dataset_load(&folder, 1, &o, &task_null, &err);
	fixture_must(d != NULL, &err);
	return d;
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

/* --- What truth.csv says -------------------------------------------------------------- */

struct truth {
	const struct synth_scenario *sc;
	double (*user)[MOST_TASTES], (*item)[MOST_TASTES]; /* by the dataset's numbers */
	uint32_t n_users, n_items;                         /* found */
};

static void read_tastes(const struct synth_scenario *sc, char *text, double *weight)
{
	char *word, *save = NULL;

	for (word = strtok_r(text, "|", &save); word; word = strtok_r(NULL, "|", &save))
		for (uint32_t t = 0; t < sc->n_tastes; t++) {
			size_t n = strlen(sc->taste[t].name);

			if (!strncmp(word, sc->taste[t].name, n) && word[n] == ':')
				weight[t] = strtod(word + n + 1, NULL);
		}
}

static void read_truth(struct truth *t, const char *folder, const struct dataset *d)
{
	size_t n;
	char *bytes = read_file(folder, "truth.csv", &n), *line, *save = NULL;

	t->user = mem_must(mem_zeroed(d->n_users, sizeof(*t->user), &err));
	t->item = mem_must(mem_zeroed(d->n_items, sizeof(*t->item), &err));
	for (line = strtok_r(bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *id = strchr(line, ',') + 1, *tastes = strchr(id, ',') + 1;
		uint32_t u, i;

		tastes[-1] = '\0';
		u = *line == 'u' ? dataset_find_user(d, id) : NO_USER;
		i = *line == 'i' ? dataset_find_item(d, id) : NO_ITEM;
		if (u != NO_USER) {
			read_tastes(t->sc, tastes, t->user[u]);
			t->n_users++;
		}
		if (i != NO_ITEM) {
			read_tastes(t->sc, tastes, t->item[i]);
			t->n_items++;
		}
	}
	mem_free(bytes);
}

static double match(const double *user, const double *item)
{
	double sum = 0;

	for (int t = 0; t < MOST_TASTES; t++)
		sum += user[t] * item[t];
	return sum;
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

/* --- What is planted ----------------------------------------------------------------------- */

#define SMALL "users=300 items=300 events=9000 "

struct planted {
	char *folder;
	struct dataset *d;
	struct truth t;
};

static void plant(struct planted *p, const char *words)
{
	char text[160];

	snprintf(text, sizeof(text), SMALL "%s", words);
	*p = (struct planted){ .t = { .sc = &synth_scenarios[0] } };
	p->folder = generate(words, text, 5, &task_null);
	fixture_must(p->folder != NULL, &err);
	p->d = load(p->folder);
	read_truth(&p->t, p->folder, p->d);
}

static void pull_up(struct planted *p)
{
	mem_free(p->t.user);
	mem_free(p->t.item);
	dataset_unref(p->d);
	free(p->folder);
}

/* [I] the item that follows each, from truth.csv. */
static uint32_t *read_next(const struct planted *p)
{
	size_t n;
	char *bytes = read_file(p->folder, "truth.csv", &n), *line, *save = NULL;
	uint32_t *next = mem_must(mem_alloc(p->d->n_items, sizeof(*next), &err));

	for (uint32_t i = 0; i < p->d->n_items; i++)
		next[i] = NO_ITEM;
	for (line = strtok_r(bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char from[16], to[16];
		uint32_t i;

		if (sscanf(line, "next,%15[^,],%15s", from, to) == 2 && (i = dataset_find_item(p->d, from)) != NO_ITEM)
			next[i] = dataset_find_item(p->d, to);
	}
	mem_free(bytes);
	return next;
}

/* Of the events whose follower is still free, the share that it follows on. */
static double follow_rate(const struct dataset *d, const uint32_t *next)
{
	uint32_t *taken = mem_must(mem_zeroed(d->n_items, sizeof(*taken), &err));
	size_t could = 0, did = 0;

	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			uint32_t follower = e > d->user_ptr[u] ? next[d->item[e - 1]] : NO_ITEM;

			if (follower != NO_ITEM && taken[follower] != u + 1) {
				could++;
				did += d->item[e] == follower;
			}
			taken[d->item[e]] = u + 1;
		}
	mem_free(taken);
	return (double)did / (double)could;
}

static void test_order(void)
{
	struct planted half, none;
	uint32_t *next, *of;
	double with, without;

	plant(&half, "order=0.5 noise=0.2");
	plant(&none, "order=0 noise=0.2");
	next = read_next(&half);
	with = follow_rate(half.d, next);
	ok(fabs(with - 0.4) < 0.03, "order=0.5 noise=0.2: %.3f follow from the item before", with);
	/* The same relation, by the other's numbers. */
	of = next;
	next = mem_must(mem_alloc(none.d->n_items, sizeof(*next), &err));
	for (uint32_t i = 0; i < none.d->n_items; i++) {
		uint32_t there = dataset_find_item(half.d, dataset_true_item_id(none.d, i));
		uint32_t to = there == NO_ITEM ? NO_ITEM : of[there];

		next[i] = to == NO_ITEM ? NO_ITEM : dataset_find_item(none.d, dataset_true_item_id(half.d, to));
	}
	mem_free(of);
	without = follow_rate(none.d, next);
	ok(without < 0.02, "order=0: %.3f", without);
	mem_free(next);
	pull_up(&half);
	pull_up(&none);
}

static int main_taste(const double *weight)
{
	int best = 0;

	for (int t = 1; t < MOST_TASTES; t++)
		best = weight[t] > weight[best] ? t : best;
	return best;
}

/* Bits that a tag tells of its item's main taste: sum p(w,t) log2(p(w,t) / p(w) p(t)). */
static double tag_bits(const struct planted *p)
{
	const struct csr *tags = &p->d->item_tags;
	double (*count)[MOST_TASTES] = mem_must(mem_zeroed(tags->cols, sizeof(*count), &err));
	double of_taste[MOST_TASTES] = { 0 }, all = 0, bits = 0;

	for (uint32_t i = 0; i < tags->rows; i++)
		for (size_t k = tags->ptr[i]; k < tags->ptr[i + 1]; k++) {
			int t = main_taste(p->t.item[i]);

			count[tags->idx[k]][t]++;
			of_taste[t]++;
			all++;
		}
	for (uint32_t w = 0; w < tags->cols; w++) {
		double of_word = 0;

		for (int t = 0; t < MOST_TASTES; t++)
			of_word += count[w][t];
		for (int t = 0; t < MOST_TASTES; t++)
			if (count[w][t] > 0)
				bits += count[w][t] / all * log2(count[w][t] * all / (of_word * of_taste[t]));
	}
	mem_free(count);
	return bits;
}

static void test_text(void)
{
	static const char *const words[] = { "text=0", "text=0.5", "text=1" };
	double bits[3];

	for (int k = 0; k < 3; k++) {
		struct planted p;

		plant(&p, words[k]);
		bits[k] = tag_bits(&p);
		pull_up(&p);
	}
	ok(bits[2] > 2 && bits[1] < 0.6 * bits[2] && bits[0] < 0.6 * bits[1], "a tag tells %.2f bits of the taste with "
	   "text=0 (few items count for much), %.2f with 0.5, %.2f with 1", bits[0], bits[1], bits[2]);
}

static double alike(const double *a, const double *b)
{
	double ab = match(a, b), aa = match(a, a), bb = match(b, b);

	return ab / sqrt(aa * bb);
}

static void test_friends(void)
{
	static const char *const words[] = { "social=0", "social=0.5", "social=1" };
	double friends[3], others = 0;
	char *events[3];
	size_t n[3];

	for (int k = 0; k < 3; k++) {
		struct rng rng = rng_stream(3, "test", 0, 0);
		struct planted p;
		size_t pairs;

		plant(&p, words[k]);
		friends[k] = others = 0;
		pairs = csr_n(&p.d->friends);
		for (uint32_t u = 0; u < p.d->n_users; u++)
			for (size_t f = p.d->friends.ptr[u]; f < p.d->friends.ptr[u + 1]; f++) {
				friends[k] += alike(p.t.user[u], p.t.user[p.d->friends.idx[f]]) / (double)pairs;
				others += alike(p.t.user[u], p.t.user[rng_below(&rng, p.d->n_users)]) / (double)pairs;
			}
		events[k] = read_file(p.folder, "events.csv", &n[k]);
		pull_up(&p);
	}
	ok(fabs(friends[0] - others) < 0.05 && friends[2] > 0.9 && fabs(friends[1] - (friends[0] + friends[2]) / 2) < 0.1,
	   "friends are as like as %.2f with social=0 (any two: %.2f), %.2f with 0.5, %.2f with 1", friends[0], others,
	   friends[1], friends[2]);
	ok(n[0] == n[2] && n[0] == n[1] && !memcmp(events[0], events[2], n[0]) && !memcmp(events[0], events[1], n[0]),
	   "the events are the same whoever is whose friend");
	for (int k = 0; k < 3; k++)
		mem_free(events[k]);
}

/* The share of events of items that have no taste of their user's. */
static double off_taste(const char *words)
{
	struct planted p;
	size_t off = 0;
	double rate;

	plant(&p, words);
	for (uint32_t u = 0; u < p.d->n_users; u++)
		for (size_t e = p.d->user_ptr[u]; e < p.d->user_ptr[u + 1]; e++)
			off += !(match(p.t.user[u], p.t.item[p.d->item[e]]) > 0);
	rate = (double)off / (double)p.d->n_events;
	pull_up(&p);
	return rate;
}

static void test_noise(void)
{
	double none = off_taste("order=0 noise=0"), third = off_taste("order=0 noise=0.3"), all = off_taste("order=0 noise=1");

	ok(all > 0.5 && fabs((third - none) / (all - none) - 0.3) < 0.05,
	   "%.3f of the events are off their user's tastes with noise=0, %.3f with 0.3, %.3f with 1", none, third, all);
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
	test_order();
	test_text();
	test_friends();
	test_noise();
	test_errors();
	fixture_must(file_remove_tree(home, &err), &err);
	return done_testing();
}
