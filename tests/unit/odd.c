/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd.c - oddities planted in made-up data: each kind found, with its precision and recall; and by hand. */
#include "explain/odd.h"

#include <unistd.h>

#include "base/file.h"
#include "data/load.h"
#include "data/synth.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { USERS = 500, ITEMS = 300, EVENTS = 15000, DAY = 86400 };

static struct err err;
static char home[] = "/tmp/whyrec-odd-XXXXXX";

/* --- the data, with what is planted ------------------------------------------------------------------------- */

/* Ids that ought to be flagged, a list a kind. */
struct plan {
	struct str events, items;
	char id[N_ODD][64][16];
	size_t n[N_ODD];
};

static bool is_expected(const struct plan *p, enum odd_kind kind, const char *id)
{
	for (size_t i = 0; i < p->n[kind]; i++)
		if (!strcmp(p->id[kind][i], id))
			return true;
	return false;
}

static void expect(struct plan *p, enum odd_kind kind, const char *id)
{
	if (!is_expected(p, kind, id))
		snprintf(p->id[kind][p->n[kind]++], sizeof(p->id[0][0]), "%s", id);
}

static void event(struct plan *p, const char *user, const char *item, int64_t time)
{
	str_printf(&p->events, "%s,%s,3.0,%lld\n", user, item, (long long)time);
}

static int64_t last_time(const struct dataset *d, uint32_t u)
{
	return d->time[d->user_ptr[u + 1] - 1];
}

static const char *user_id(const struct dataset *d, uint32_t u)
{
	return dataset_user_id(d, u);
}

static bool has(const struct dataset *d, uint32_t u, uint32_t item)
{
	for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
		if (d->item[e] == item)
			return true;
	return false;
}

/* n users who have no twin of the item take it early, so that it is there. */
static void give(struct plan *p, const struct dataset *d, const char *item, uint32_t twin, uint32_t first, uint32_t n)
{
	for (uint32_t u = first; n > 0; u++)
		if (!has(d, u, twin)) {
			event(p, user_id(d, u), item, d->time[d->user_ptr[u]] + 11);
			n--;
		}
}

static void plant_users(struct plan *p, const struct dataset *d)
{
	char id[16], item[16];

	for (int b = 0; b < 4; b++) { /* eleven events in ten seconds */
		snprintf(id, sizeof(id), "burst%d", b);
		for (int k = 0; k < 11; k++) {
			snprintf(item, sizeof(item), "f%d", 20 * b + 3 * k + 1);
			event(p, id, item, 1500000000 + b * DAY + k);
		}
		event(p, id, "f299", 1500000000 + b * DAY + 5 * DAY);
		expect(p, ODD_BURST, id);
	}
	for (uint32_t u = 10; u < 13; u++) { /* the first item five times: too few to give most of a pair */
		for (int k = 0; k < 4; k++)
			event(p, user_id(d, u), dataset_item_id(d, d->item[d->user_ptr[u]]),
			      d->time[d->user_ptr[u]] - DAY * (k + 1));
		expect(p, ODD_REPEAT, user_id(d, u));
	}
	for (uint32_t u = 20; u < 24; u++) { /* another user with the same items, a year later */
		snprintf(id, sizeof(id), "copy%u", u);
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
			event(p, id, dataset_item_id(d, d->item[e]), d->time[e] + 365 * DAY);
		expect(p, ODD_COPY, id);
		expect(p, ODD_COPY, user_id(d, u));
	}
	for (int k = 0; k < 290; k++) { /* nearly everything, once */
		snprintf(item, sizeof(item), "f%d", k + 1);
		event(p, "big", item, 1500000000 + 600 * k);
	}
	expect(p, ODD_DOMINANT, "big");
	for (uint32_t u = 30; u < 40; u++) { /* one more event in the second of the last one */
		for (uint32_t i = 0;; i++)
			if (!has(d, u, i)) {
				event(p, user_id(d, u), dataset_item_id(d, i), last_time(d, u));
				break;
			}
		expect(p, ODD_TIED, user_id(d, u));
	}
}

/* The title in another form: other marks, words in another order, a letter less. */
static void vary(const char *title, int how, char *out, size_t size)
{
	const char *blank = strchr(title, ' ');

	if (how == 0)
		snprintf(out, size, "%s!", title);
	else if (how == 1)
		snprintf(out, size, "%s, %.*s", blank + 1, (int)(blank - title), title);
	else
		snprintf(out, size, "%.*s%s", 2, title, title + 3);
}

static void plant_items(struct plan *p, const struct dataset *d)
{
	char id[16], title[300];

	for (uint32_t k = 0; k < 6; k++) {
		uint32_t item = 40 + 7 * k, takers = 0;
		const char *name = dataset_title(d, item);

		snprintf(id, sizeof(id), "dup%u", k);
		vary(name, strchr(name, ' ') ? (int)k % 3 : 0, title, sizeof(title));
		str_printf(&p->items, "%s,\"%s\",,\n", id, title);
		expect(p, ODD_TITLE, id);
		expect(p, ODD_TITLE, dataset_item_id(d, item));
		give(p, d, id, item, 100 + 8 * k, 5);
		for (uint32_t u = 200; u < USERS && takers < 2; u++) /* tested on what they had under another id */
			if (has(d, u, item) && !is_expected(p, ODD_LEAK, user_id(d, u)) && d->user_ptr[u + 1] - d->user_ptr[u] > 4 &&
			    d->item[d->user_ptr[u + 1] - 1] != item && d->item[d->user_ptr[u + 1] - 2] != item) {
				event(p, user_id(d, u), id, last_time(d, u) + DAY);
				expect(p, ODD_LEAK, user_id(d, u));
				takers++;
			}
	}
	for (int k = 0; k < 2; k++) {
		snprintf(id, sizeof(id), "both%d", k);
		str_printf(&p->items, "%s,\"%s\",,\n", id, k ? "Quite another one 17" : "Something of its own 4");
		give(p, d, id, NO_ITEM, 160, 7);
		expect(p, ODD_AUDIENCE, id);
	}
	for (int k = 0; k < 4; k++) /* three items taken together four times: 16 of each co-count */
		for (int i = 0; i < 3; i++) {
			snprintf(id, sizeof(id), "rare%d", i);
			event(p, user_id(d, 50), id, 1400000000 + 60 * k + 11 * i);
			if (k == 0)
				event(p, user_id(d, 51), id, 1400000000 + 11 * i);
			if (i < 2)
				expect(p, ODD_PAIR, id);
		}
}

static void append(const char *folder, const char *name, const struct str *text)
{
	char *path = file_join(folder, name);
	FILE *f = fopen(path, "a");

	fputs(text->s, f);
	fclose(f);
	free(path);
}

static struct dataset *load(const char *folder)
{
	struct load_options o;
	struct dataset *d;

	load_options_init(&o);
	o.dedupe = DEDUPE_NONE;
	d = dataset_load(&folder, 1, &o, &task_null, &err);
	fixture_must(d != NULL, &err);
	return d;
}

static struct dataset *make_data(struct plan *p)
{
	struct params params;
	struct dataset *clean;
	uint64_t users, items, events;

	params_init(&params, synth_params);
	fixture_set(&params, "users", "500");
	fixture_set(&params, "items", "300");
	fixture_set(&params, "events", "15000");
	fixture_must(synth_write(home, &params, 5, &task_null, &users, &items, &events, &err), &err);
	clean = load(home);
	plant_users(p, clean);
	plant_items(p, clean);
	append(home, "events.csv", &p->events);
	append(home, "items.csv", &p->items);
	dataset_unref(clean);
	return load(home);
}

static struct split *split_of(const struct dataset *d)
{
	struct params params;
	struct split *s;

	params_init(&params, split_params("leave-last"));
	s = split_make(d, "leave-last", &params, 42, &task_null, &err);
	fixture_must(s != NULL, &err);
	return s;
}

/* --- found and missed ------------------------------------------------------------------------------------------ */

static void judge(const struct plan *p, const struct dataset *d, const struct odd_flags *f, enum odd_kind kind)
{
	size_t right = 0, all = 0;
	struct str text = STR_INIT;

	for (size_t i = 0; i < f->n; i++) {
		const char *id;

		if (f->flag[i].kind != kind)
			continue;
		id = odd_table[kind].of_items ? dataset_item_id(d, f->flag[i].who) : dataset_user_id(d, f->flag[i].who);
		all++;
		right += is_expected(p, kind, id);
		str_clear(&text);
		odd_say(d, &f->flag[i], &text);
		if (all < 4 || !is_expected(p, kind, id))
			printf("# %s%s: %s\n", is_expected(p, kind, id) ? "" : "not planted: ", id, str_text(&text));
	}
	str_done(&text);
	ok(right == p->n[kind] && all && (double)right >= 0.9 * (double)all, "%s: precision %.3f (%zu of %zu), recall %.3f (%zu of %zu)",
	   odd_table[kind].name, all ? (double)right / (double)all : 0, right, all,
	   (double)right / (double)(p->n[kind] ? p->n[kind] : 1), right, p->n[kind]);
}

static bool same_flags(const struct odd_flags *a, const struct odd_flags *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++) {
		const struct odd_flag *x = &a->flag[i], *y = &b->flag[i];

		same = x->kind == y->kind && x->who == y->who && x->user == y->user && x->item == y->item &&
		       x->other == y->other && x->n == y->n && x->of == y->of && x->time == y->time;
	}
	return same;
}

/* The same events with times in whole minutes: one minute holds an invoice, which is no burst. */
static void test_minutes(struct dataset *d, const struct split *s)
{
	struct odd_flags f = { 0 };
	size_t bursts = 0, others = 0;

	for (size_t e = 0; e < d->n_events; e++)
		d->time[e] -= d->time[e] % 60;
	fixture_must(odd_find(s, &task_null, &f, &err), &err);
	for (size_t i = 0; i < f.n; i++) {
		bursts += f.flag[i].kind == ODD_BURST;
		others += f.flag[i].kind != ODD_BURST;
	}
	ok(!bursts && others, "no bursts where no second is told");
	odd_done(&f);
}

static void test_planted(void)
{
	static const enum odd_kind judged[] = { ODD_BURST, ODD_REPEAT, ODD_COPY, ODD_DOMINANT, ODD_TIED, ODD_LEAK,
						ODD_TITLE, ODD_AUDIENCE, ODD_PAIR };
	struct plan *p = mem_must(calloc(1, sizeof(*p)));
	struct pool *pool = pool_new(2, &err);
	const struct task two = { .pool = pool };
	struct odd_flags one = { 0 }, both = { 0 };
	struct dataset *d = make_data(p);
	struct split *s = split_of(d);

	fixture_must(odd_find(s, &task_null, &one, &err) && odd_find(s, &two, &both, &err), &err);
	for (size_t k = 0; k < sizeof(judged) / sizeof(*judged); k++)
		judge(p, d, &one, judged[k]);
	ok(same_flags(&one, &both), "the same at two threads");
	test_minutes(d, s);
	odd_done(&one);
	odd_done(&both);
	split_unref(s);
	dataset_unref(d);
	str_done(&p->events);
	str_done(&p->items);
	free(p);
	pool_free(pool);
	file_remove_tree(home, &err);
}

/* --- by hand ------------------------------------------------------------------------------------------------------ */

/* Each "uiN": user, item, so many events, one after another. */
static struct dataset *data_of(const char *words)
{
	struct event_columns c = { 0 };
	struct strtab users, items;
	struct dataset *d;

	strtab_init(&users);
	strtab_init(&items);
	c.user = mem_must(mem_alloc(500, sizeof(uint32_t), &err));
	c.item = mem_must(mem_alloc(500, sizeof(uint32_t), &err));
	for (; *words; words += 3 + (words[3] == ' '))
		for (int k = 0; k < words[2] - '0'; k++) {
			c.user[c.n] = strtab_intern(&users, words, 1, &err);
			c.item[c.n++] = strtab_intern(&items, words + 1, 1, &err);
		}
	d = dataset_new_from("hand", &c, &users, &items, true, &task_null, &err);
	fixture_must(d != NULL, &err);
	return d;
}

static const struct odd_flag *find(const struct odd_flags *f, enum odd_kind kind, uint32_t who)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->flag[i].kind == kind && f->flag[i].who == who)
			return &f->flag[i];
	return NULL;
}

/* Titles in pairs: a twin of each other or not. */
static void test_titles(void)
{
	static const struct { const char *a, *b; bool twins; } pairs[] = {
		{ "Marilyn Manson", "Marilyn Mansoon", true },      { "Simon Le Bon", "Simon LeBon", true },
		{ "Jonas Brothers", "Brothers, Jonas!", true },
		{ "Торба на круче", "Торба на круче!", true },      { "The Gun Club", "The Gin Club", false },
		{ "Nymphomaniac Volume I", "Nymphomaniac Volume II", false },
		{ "The Chronicle of Kings VII", "The Chronicle of Kings VIII", false },
		{ "Superman and Friends 2", "Superman and Friends 3", false },
		{ "量子力学导论基础（上）", "量子力学导论基础（下）", false }, { "量子力学", "《量子力学》", true },
		{ "Quantum theory", "Quantum theoyr", true },
	};
	enum { N = sizeof(pairs) / sizeof(*pairs) };
	struct dataset *d = data_of("aa1 ab1 ac1 ad1 ae1 af1 ag1 ah1 ai1 aj1 ak1 al1 am1 an1 ao1 ap1 aq1 ar1 as1 at1 au1 av1");
	struct split *s = split_of(d);
	struct odd_flags f = { 0 };

	fixture_must(d->n_items == 2 * N, &err);
	for (size_t i = 0; i < N; i++)
		fixture_must(strtab_push(&d->titles, pairs[i].a, strlen(pairs[i].a), &err) != UINT32_MAX &&
			     strtab_push(&d->titles, pairs[i].b, strlen(pairs[i].b), &err) != UINT32_MAX, &err);
	fixture_must(odd_find(s, &task_null, &f, &err), &err);
	for (uint32_t i = 0; i < N; i++) {
		const struct odd_flag *a = find(&f, ODD_TITLE, 2 * i), *b = find(&f, ODD_TITLE, 2 * i + 1);

		ok(pairs[i].twins ? a && b && a->item == 2 * i + 1 && b->item == 2 * i : !a && !b, "%s, %s: %s", pairs[i].a,
		   pairs[i].b, pairs[i].twins ? "twins" : "none");
	}
	odd_done(&f);
	split_unref(s);
	dataset_unref(d);
}

/* User a has x four times and y three: 12 of the co-count 12 + 1 + 2 = 15; of x and z there is b's 1 alone, of y
 * and z b's 1 and c's 2. */
static void test_pairs(void)
{
	struct dataset *d = data_of("ax4 ay3 bx1 by1 bz1 cx1 cy2 cz1 dx1 dy0");
	struct split *s = split_of(d);
	struct odd_flags f = { 0 };
	const struct odd_flag *x, *a, *b;

	fixture_must(odd_find(s, &task_null, &f, &err), &err);
	x = find(&f, ODD_PAIR, dataset_find_item(d, "x"));
	ok(x && x->user == dataset_find_user(d, "a") && x->item == dataset_find_item(d, "y") && x->n == 12 && x->of == 15,
	   "a pair's co-count and who gives most of it");
	ok(!find(&f, ODD_PAIR, dataset_find_item(d, "y")) && !find(&f, ODD_PAIR, dataset_find_item(d, "z")),
	   "others have too little");
	/* Pairs: xy (a: 12 of 15), xz (b 1, c 1: neither more than half), yz (c: 2 of 3). */
	a = find(&f, ODD_DOMINANT, dataset_find_user(d, "a"));
	b = find(&f, ODD_DOMINANT, dataset_find_user(d, "c"));
	ok(a && b && a->n == 1 && a->of == 3 && b->n == 1 && !find(&f, ODD_DOMINANT, dataset_find_user(d, "b")),
	   "who gives more than half of how many pairs");
	odd_done(&f);
	split_unref(s);
	dataset_unref(d);
}

/* taste and everybody against a dense reckoning. */
static void test_lists(void)
{
	struct fixture f;
	struct params p;
	const struct model_ops *ops = model_find("item-knn", &err);
	struct model *m;
	struct snapshot *snap;
	struct odd_flags flags = { 0 };
	struct history_buf buf = { 0 };
	struct scratch scratch = { 0 };
	uint32_t user[40], in_lists[64] = { 0 };
	float taste[40], score[64];
	double worst = 0;
	bool right = true;

	fixture_make(&f, 80, 64, 20, false);
	params_init(&p, ops->params);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	snap = snapshot_new(m, "knn#1", 1, f.split, false, false, &err);
	for (uint32_t i = 0; i < 40; i++)
		user[i] = 2 * i + 1;
	fixture_must(odd_lists(snap, f.split, user, 40, 5, &task_null, &flags, taste, &err), &err);
	for (uint32_t i = 0; i < 40; i++) {
		double A[80] = { 0 }, B[80] = { 0 }, ab = 0, aa = 0, bb = 0;
		uint32_t list[5], n = 0;
		struct query q;

		fixture_must(history_query(snap, f.split, user[i], false, &buf, &q, &err) &&
			     model_score_all(m, &q, &scratch, score, 64, &err), &err);
		for (uint32_t k = 0; k < 64; k++)
			if (!f.split->item_train[k])
				score[k] = -INFINITY;
		for (uint32_t k = 0; k < q.n; k++)
			score[q.items[k]] = -INFINITY;
		for (; n < 5; n++) {
			uint32_t best = 0;

			for (uint32_t k = 1; k < 64; k++)
				best = score[k] > score[best] ? k : best;
			list[n] = best;
			in_lists[best]++;
			score[best] = -INFINITY;
		}
		for (uint32_t u = 0; u < 80; u++) {
			if (u == user[i])
				continue;
			for (size_t k = f.split->train.ptr[user[i]]; k < f.split->train.ptr[user[i] + 1]; k++)
				A[u] += csr_has(&f.split->train, u, f.split->train.idx[k])
					? 1 / sqrt(f.split->item_train[f.split->train.idx[k]]) : 0;
			for (uint32_t k = 0; k < n; k++)
				B[u] += csr_has(&f.split->train, u, list[k]) ? 1 / sqrt(f.split->item_train[list[k]]) : 0;
			ab += A[u] * B[u];
			aa += A[u] * A[u];
			bb += B[u] * B[u];
		}
		if (aa > 0 && bb > 0)
			worst = fmax(worst, fabs((double)taste[i] - (1 - ab / sqrt(aa * bb))));
		else
			right &= isnan(taste[i]);
	}
	ok(right && worst < 1e-6, "how far a list is from the taste (%.2g off at most)", worst);
	right = true;
	for (uint32_t k = 0; k < 64; k++) {
		const struct odd_flag *e = find(&flags, ODD_EVERYBODY, k);

		right &= !e == (in_lists[k] < 20) && (!e || (e->n == in_lists[k] && e->of == 40));
	}
	ok(right, "items in half of the lists or more, and only these (%zu)", flags.n);
	odd_done(&flags);
	history_buf_done(&buf);
	scratch_done(&scratch);
	snapshot_unref(snap);
	fixture_done(&f);
}

/* By popularity h (4 events) is the best for the six who have not taken it, s (3) for the four who have: lists of one
 * item, h in 6 of 10, s in 4 of 10. */
static void test_everybody(void)
{
	struct fixture f = { .data = data_of("ah1 bh1 ch1 dh1 es1 fs1 gs1 ht1 it1 ju1") };
	const struct model_ops *ops = model_find("popularity", &err);
	struct params p;
	struct model *m;
	struct snapshot *snap;
	struct odd_flags flags = { 0 };
	uint32_t user[10];
	float taste[10];
	const struct odd_flag *h;

	f.split = split_of(f.data); /* users of one event: all is train */
	f.x = f.split->train;
	f.x.val = NULL;
	fixture_must(csr_transpose(&f.xt, &f.x, &task_null, &err), &err);
	f.env = (struct build_env){ .data = f.data, .split = f.split, .x = &f.x, .xt = &f.xt, .seed = 42,
				    .task = &task_null };
	params_init(&p, ops->params);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	snap = snapshot_new(m, "popularity#1", 1, f.split, false, false, &err);
	for (uint32_t u = 0; u < 10; u++)
		user[u] = u;
	fixture_must(odd_lists(snap, f.split, user, 10, 1, &task_null, &flags, taste, &err), &err);
	h = find(&flags, ODD_EVERYBODY, dataset_find_item(f.data, "h"));
	ok(h && h->n == 6 && h->of == 10, "an item in 6 of 10 lists is recommended to nearly everybody");
	ok(flags.n == 1, "one in 4 of 10 is not");
	odd_done(&flags);
	snapshot_unref(snap);
	fixture_done(&f);
}

int main(void)
{
	size_t held;

	linalg_init();
	if (!mkdtemp(home))
		return 1;
	held = mem_bytes_now();
	test_planted();
	test_titles();
	test_pairs();
	test_lists();
	test_everybody();
	ok(mem_bytes_now() == held, "nothing leaks");
	return done_testing();
}
