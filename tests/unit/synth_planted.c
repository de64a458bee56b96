/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made-up data: what order=, text=, social= and noise= plant, measured on the files. */
#include "num/linalg.h"
#include "synth_fixture.h"

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

int main(void)
{
	linalg_init();
	if (!mkdtemp(home)) {
		puts("Bail out! no folder for tests");
		return 1;
	}
	test_order();
	test_text();
	test_friends();
	test_noise();
	fixture_must(file_remove_tree(home, &err), &err);
	return done_testing();
}
