/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of split against parts worked out by hand, and the properties that hold for any data. */
#include "data/split.h"

#include <math.h>

#include "base/rng.h"
#include "tap.h"
#include "split_case.h"

/* "TTVE ..": the parts of each user's events, users apart by a blank.  T train, V valid, E test, H history. */
static const char *parts_text(const struct split *s)
{
	static char text[256];
	size_t n = 0;

	for (uint32_t u = 0; u < s->data->n_users; u++) {
		if (u > 0)
			text[n++] = ' ';
		for (size_t e = s->data->user_ptr[u]; e < s->data->user_ptr[u + 1]; e++)
			text[n++] = "TVEH-"[s->part[e]];
	}
	text[n] = '\0';
	return text;
}

/* n events for each of three users with 2, 3 and 5 of them; times out of order in the input. */
static const struct event three_users[] = {
	{ .user = 0, .item = 0, .time = 20 }, { .user = 0, .item = 1, .time = 10 },
	{ .user = 1, .item = 0, .time = 5 },  { .user = 1, .item = 2, .time = 7 },
	{ .user = 1, .item = 3, .time = 6 },  { .user = 2, .item = 0, .time = 1 },
	{ .user = 2, .item = 1, .time = 1 },  { .user = 2, .item = 2, .time = 2 },
	{ .user = 2, .item = 3, .time = 2 },  { .user = 2, .item = 4, .time = 2 },
};

static void test_leave_last(void)
{
	struct dataset *d = dataset_of(three_users, 10, 3, 5, WITH_TIME);
	struct split *s = make(d, "leave-last", "", 42);

	is_str(parts_text(s), "TT TVE TTTVE", "leave-last: the last is test, the one before valid, under 3 stay");
	ok(s->n_train == 6 && s->n_valid == 2 && s->n_test == 2 && s->test_users == 2, "leave-last: counts");
	ok(s->test.idx[s->test.ptr[1]] == 2, "leave-last: the test event is the latest in time, not in the file");
	ok(s->test.idx[s->test.ptr[2]] == 4, "leave-last: equal times keep input order");
	ok(s->hazards.tied == 1, "leave-last: one test event shares its time with a train event (%llu)",
	   (unsigned long long)s->hazards.tied);
	ok(s->hazards.cold_test_items == 1, "leave-last: item 4 has no train event");
	is_str(s->text, "leave-last", "leave-last: is told as it is typed");
	split_unref(s);
	dataset_unref(d);

	d = dataset_of(three_users, 10, 3, 5, 0);
	s = make(d, "leave-last", "", 42);
	ok(!s && err.code == ERR_UNSUPPORTED, "leave-last: refused without times or order");
	s = split_make(d, NULL, NULL, 42, &task_null, &err);
	is_str(s ? s->kind : "", "ratio", "without order the default is ratio");
	split_unref(s);
	dataset_unref(d);
	d = dataset_of(three_users, 10, 3, 5, WITH_ORDER);
	s = split_make(d, NULL, NULL, 42, &task_null, &err);
	is_str(s ? s->kind : "", "leave-last", "with order the default is leave-last");
	split_unref(s);
	dataset_unref(d);
}

static size_t count_part(const struct split *s, uint32_t u, enum part part)
{
	size_t n = 0;

	for (size_t e = s->data->user_ptr[u]; e < s->data->user_ptr[u + 1]; e++)
		n += s->part[e] == part;
	return n;
}

static void test_ratio(void)
{
	struct dataset *d = staircase(40, WITH_TIME);
	struct split *s = make(d, "ratio", "order=time", 42), *same, *other;
	bool shares = true, newest = true;

	/* By hand: n=1: test round(.2)=0; n=3: test 1 (round .6), valid 0; n=5: 1 and 1 (round .5 up);
	 * n=13: 3 (2.6), 1 (1.3); n=25: 5, 3 (2.5 up). */
	static const size_t by_hand[][3] = { { 1, 0, 0 }, { 2, 0, 0 }, { 3, 1, 0 }, { 5, 1, 1 }, { 13, 3, 1 },
					     { 25, 5, 3 }, { 40, 8, 4 } };

	for (size_t k = 0; k < sizeof(by_hand) / sizeof(*by_hand); k++) {
		uint32_t u = (uint32_t)by_hand[k][0] - 1;

		shares &= count_part(s, u, PART_TEST) == by_hand[k][1];
		shares &= count_part(s, u, PART_VALID) == by_hand[k][2];
	}
	ok(shares, "ratio: shares of each user, rounded");
	for (uint32_t u = 0; u < 40; u++) /* T…TV…VE…E */
		for (size_t e = d->user_ptr[u]; e + 1 < d->user_ptr[u + 1]; e++)
			newest &= s->part[e] <= s->part[e + 1];
	ok(newest, "ratio order=time: the newest are test, those before valid");
	split_unref(s);

	s = make(d, "ratio", "test=0.9 valid=0.09", 42);
	shares = true;
	for (uint32_t u = 0; u < 40; u++)
		shares &= count_part(s, u, PART_TRAIN) >= 1;
	ok(shares, "ratio: a user keeps at least one train event");
	split_unref(s);

	s = make(d, "ratio", "", 1);
	same = make(d, "ratio", "", 1);
	other = make(d, "ratio", "", 2);
	ok(!memcmp(s->part, same->part, d->n_events), "ratio: the same seed gives the same parts");
	ok(memcmp(s->part, other->part, d->n_events) != 0, "ratio: another seed gives others");
	ok(s->fingerprint == same->fingerprint && s->fingerprint != other->fingerprint, "ratio: so fingerprints");
	is_str(s->text, "ratio order=random test=0.2 valid=0.1 seed=1", "ratio: says how to make it again");
	split_unref(s);
	split_unref(same);
	split_unref(other);

	s = make(d, "ratio", "test=0.7 valid=0.3", 42);
	ok(!s && err.code == ERR_RANGE, "ratio: shares that leave nothing are refused");
	dataset_unref(d);
}

static void test_random(void)
{
	struct dataset *d = staircase(40, 0);
	struct split *s = make(d, "random", "", 42);
	size_t first_half = 0;

	ok(s->n_test == 164 && s->n_valid == 82 && s->n_train == 574, "random: exact shares of 820 events");
	for (size_t e = 0; e < 410; e++)
		first_half += s->part[e] == PART_TEST;
	/* Hypergeometric: mean 82, deviation 5.7. */
	ok(first_half > 82 - 23 && first_half < 82 + 23, "random: half of the test events in the first half (%zu)",
	   first_half);
	split_unref(s);
	dataset_unref(d);
}

static void test_temporal(void)
{
	static const struct event e[] = {
		{ 0, 0, 1, 1, 0 }, { 0, 1, 2, 1, 0 }, { 0, 2, 3, 1, 0 }, { 0, 3, 8, 1, 0 }, { 1, 0, 4, 1, 0 },
		{ 1, 1, 5, 1, 0 }, { 1, 2, 7, 1, 0 }, { 1, 3, 8, 1, 0 }, { 1, 4, 8, 1, 0 }, { 1, 5, 9, 1, 0 },
	};
	struct dataset *d = dataset_of(e, 10, 2, 6, WITH_TIME);
	struct split *s = make(d, "temporal", "test=0.2 valid=0.1", 42);

	/* 2 of 10 are wanted: 9 and one of the 8s, which stay together: 4 events. */
	is_str(parts_text(s), "TTTE TTVEEE", "temporal: equal times on the same side");
	split_unref(s);
	s = make(d, "temporal", "at=5 valid=0.2", 42);
	is_str(parts_text(s), "TTVE VEEEEE", "temporal at=: from then on test, the last fifth before it valid");
	is_str(s->text, "temporal at=5 valid=0.2", "temporal at=: test= is not told, it says nothing");
	split_unref(s);
	s = make(d, "temporal", "at=1970-01-02 valid=0.3", 42);
	is_str(s ? parts_text(s) : err.msg, "TTTV TTTVVV", "temporal: a date; none after it, ties of valid together");
	split_unref(s);
	s = make(d, "temporal", "at=1", 42);
	ok(!s && err.code == ERR_RANGE, "temporal: nothing to train on is an error");
	s = make(d, "temporal", "at=soon", 42);
	ok(!s && err.code == ERR_SYNTAX, "temporal: at= must be a date");
	dataset_unref(d);
	d = dataset_of(e, 10, 2, 6, WITH_ORDER);
	s = make(d, "temporal", "", 42);
	ok(!s && err.code == ERR_UNSUPPORTED, "temporal: refused without times");
	dataset_unref(d);
}

static void test_users(void)
{
	struct dataset *d = staircase(40, WITH_TIME);
	struct split *s = make(d, "users", "", 42);
	size_t n_test = 0, n_valid = 0, n_mixed = 0, wrong = 0, whole = 0;
	uint32_t items[64];

	for (uint32_t u = 0; u < 40; u++) {
		size_t n = u + 1, test = count_part(s, u, PART_TEST), valid = count_part(s, u, PART_VALID);
		size_t history = count_part(s, u, PART_HISTORY), train = count_part(s, u, PART_TRAIN);
		size_t holdout = (size_t)floor(0.2 * (double)n + 0.5);

		n_test += test + history > 0 && valid == 0;
		n_valid += valid > 0;
		n_mixed += train > 0 && train < n;
		if (train == 0 && n > 1)
			wrong += test + valid != (holdout ? holdout : 1) || history + test + valid != n;
		if (train == 0 && test > 0)
			wrong += split_history(s, u, false, items, NULL, NULL) != history;
		whole += valid > 0 && csr_row_n(&s->train_valid, u) == n;
		wrong += test > 0 && csr_row_n(&s->train_valid, u) != 0;
	}
	ok(n_test == 8 && n_valid == 4, "users: 8 and 4 of 40 users (%zu, %zu)", n_test, n_valid);
	ok(n_mixed == 0, "users: none of their events are in train");
	ok(wrong == 0, "users: a fifth are targets, the rest is history");
	ok(whole == 4, "users: for refit a valid user counts whole");
	split_unref(s);
	s = make(d, "users", "test=0.5 holdout=0.001", 42);
	wrong = 0;
	for (uint32_t u = 1; u < 40; u++) {
		size_t out = count_part(s, u, PART_TEST) + count_part(s, u, PART_VALID);

		wrong += count_part(s, u, PART_TRAIN) == 0 && out != 1;
	}
	ok(wrong == 0, "users: a small holdout still leaves one target");
	split_unref(s);
	s = make(d, "users", "order=time holdout=0.5", 42);
	wrong = 0;
	for (uint32_t u = 0; u < 40; u++)
		for (size_t e = d->user_ptr[u]; e + 1 < d->user_ptr[u + 1]; e++)
			wrong += s->part[e] == PART_TEST && s->part[e + 1] == PART_HISTORY;
	ok(wrong == 0, "users order=time: the newest are targets");
	split_unref(s);
	dataset_unref(d);
}

/* Which part the events of item i fall into; -1: into more than one. */
static int part_of_item(const struct split *s, uint32_t i)
{
	int part = -2;

	for (size_t e = 0; e < s->data->n_events; e++)
		if (s->data->item[e] == i)
			part = part == -2 || part == s->part[e] ? s->part[e] : -1;
	return part;
}

static void test_cold_items(void)
{
	struct dataset *d = staircase(40, 0);
	struct split *s = make(d, "cold-items", "", 42), *same = make(d, "cold-items", "", 42),
		     *other = make(d, "cold-items", "", 7);
	size_t n[4] = { 0 };
	bool whole = true;

	for (uint32_t i = 0; i < 40; i++) {
		int part = part_of_item(s, i);

		whole &= part >= 0;
		if (part >= 0)
			n[part]++;
		whole &= (s->item_train[i] > 0) == (part == PART_TRAIN);
	}
	ok(whole, "cold-items: an item with all its events in one part");
	ok(n[PART_TEST] == 8 && n[PART_VALID] == 4 && n[PART_TRAIN] == 28, "cold-items: a fifth of the items is test, a tenth valid");
	ok(s->hazards.cold_test_items == 8 && s->cold_items, "cold-items: no test item has a train event");
	ok(!memcmp(s->part, same->part, d->n_events) && memcmp(s->part, other->part, d->n_events),
	   "cold-items: the seed alone decides");
	is_str(s->text, "cold-items test=0.2 valid=0.1 seed=42", "cold-items: is told as it is typed");
	split_unref(other);
	split_unref(same);
	split_unref(s);
	s = make(d, "cold-items", "test=0.6 valid=0.5", 42);
	ok(!s && err.code == ERR_RANGE, "cold-items: shares that leave nothing are refused");
	dataset_unref(d);
}

static void test_kfold(void)
{
	struct dataset *d = staircase(40, 0);
	uint8_t covered[820] = { 0 };
	size_t wrong = 0;
	struct split *s;

	for (int fold = 1; fold <= 7; fold++) {
		char args[32];

		snprintf(args, sizeof(args), "k=7 fold=%d", fold);
		s = make(d, "kfold", args, 42);
		for (size_t e = 0; e < 820; e++)
			covered[e] = (uint8_t)(covered[e] + (s->part[e] == PART_TEST));
		wrong += s->n_test != 117 && s->n_test != 118; /* 820 / 7 = 117.1 */
		wrong += s->n_valid != 82 || s->n_train != 820 - 82 - s->n_test;
		split_unref(s);
	}
	ok(wrong == 0, "kfold: sizes");
	for (size_t e = 0; e < 820; e++)
		wrong += covered[e] != 1;
	ok(wrong == 0, "kfold: the test parts cover every event exactly once");
	s = make(d, "kfold", "k=3 fold=4", 42);
	ok(!s && err.code == ERR_RANGE, "kfold: fold 4 of 3 is refused");
	dataset_unref(d);
}

static void test_given(void)
{
	static const struct event e[] = {
		{ 0, 0, 1, 1, GIVEN_TRAIN }, { 0, 1, 2, 1, GIVEN_TEST }, { 0, 2, 3, 1, GIVEN_TRAIN },
		{ 1, 0, 1, 1, GIVEN_TRAIN }, { 1, 1, 2, 1, GIVEN_TRAIN }, { 1, 2, 3, 1, GIVEN_TEST },
	};
	static const struct event with_valid[] = {
		{ 0, 0, 1, 1, GIVEN_TRAIN }, { 0, 1, 2, 1, GIVEN_VALID }, { 0, 2, 3, 1, GIVEN_TEST },
	};
	struct dataset *d = dataset_of(e, 6, 2, 3, WITH_TIME | WITH_GIVEN);
	struct split *s = split_make(d, NULL, NULL, 42, &task_null, &err);

	is_str(s->kind, "given", "given: the default where the files say it");
	ok(s->n_test == 2 && s->part[1] == PART_TEST && s->part[5] == PART_TEST, "given: test as given");
	split_unref(s);
	s = make(d, "given", "valid=0.5", 42);
	ok(s->n_test == 2 && s->n_valid == 2 && s->n_train == 2, "given: valid is a share of train");
	split_unref(s);
	dataset_unref(d);
	d = dataset_of(with_valid, 3, 1, 3, WITH_TIME | WITH_GIVEN);
	s = make(d, "given", "valid=0.5", 42);
	is_str(parts_text(s), "TVE", "given: a valid file is taken as it is");
	split_unref(s);
	dataset_unref(d);
	d = dataset_of(e, 6, 2, 3, WITH_TIME);
	s = make(d, "given", "", 42);
	ok(!s && err.code == ERR_UNSUPPORTED, "given: refused where the files do not say");
	s = make(d, "none", "", 42);
	is_str(parts_text(s), "TTT TTT", "none: all is history");
	split_unref(s);
	s = split_make(d, "temporla", NULL, 42, &task_null, &err);
	ok(!s && strstr(err.msg, "did you mean temporal"), "an unknown kind: %s", err.msg);
	dataset_unref(d);
}

/* Repeats, values and hazards of a user who comes back to the same items. */
static void test_repeats(void)
{
	static const struct event e[] = {
		{ 0, 0, 1, 1, GIVEN_TRAIN }, { 0, 1, 2, 2, GIVEN_TRAIN }, { 0, 0, 3, 4, GIVEN_TRAIN },
		{ 0, 2, 4, 8, GIVEN_VALID }, { 0, 0, 5, 1, GIVEN_TEST }, { 0, 3, 5, 1, GIVEN_TEST },
		{ 0, 3, 6, 1, GIVEN_TEST }, { 1, 1, 1, 1, GIVEN_TEST }, { 2, 0, 1, 1, GIVEN_TRAIN },
	};
	struct dataset *d = dataset_of(e, 9, 3, 4, WITH_TIME | WITH_VALUE | WITH_GIVEN);
	struct split *s = make(d, "given", "", 42);
	uint32_t item[8];
	float value[8];
	int64_t time[8];
	uint32_t n;

	ok(s->repeats, "repeats are noticed");
	ok(csr_row_n(&s->train, 0) == 2 && s->train.idx[0] == 0 && s->train.idx[1] == 1, "rows: distinct, ascending");
	ok(s->train.val && s->train.val[0] == 5.0f && s->train.val[1] == 2.0f, "rows: a pair's values are summed");
	ok(csr_row_n(&s->test, 0) == 2 && s->test.idx[0] == 0 && s->test.idx[1] == 3 && !s->test.val,
	   "test rows: repeats folded, no values");
	ok(s->item_train[0] == 2 && s->item_train[1] == 1 && s->item_train[3] == 0, "distinct train users of items");
	ok(s->hazards.repeats_removed == 1, "hazard: one test pair is history already");
	ok(s->hazards.users_dropped == 1, "hazard: one test user has no history");
	ok(s->hazards.cold_test_items == 1, "hazard: one test item was never trained on");
	ok(s->test_users == 1, "one user is left to evaluate");
	n = split_history(s, 0, false, item, value, time);
	ok(n == 3 && item[0] == 1 && item[1] == 0 && item[2] == 2, "history: repeats folded into the newest");
	ok(value[1] == 5.0f && time[1] == 3, "history: values summed, the newest time");
	n = split_history(s, 0, true, item, NULL, NULL);
	ok(n == 2 && item[0] == 1 && item[1] == 0, "history for valid: without valid");
	ok(split_history(s, 1, false, item, NULL, NULL) == 0, "history: empty for a user with test events alone");
	split_unref(s);
	dataset_unref(d);
}

/* A user's long history takes the sorted road; it must fold as the obvious loop does. */
static void test_long_history(void)
{
	enum { N = 5000, I = 900 };
	struct rng rng = rng_stream(7, "test", 0, 0);
	struct event *e = mem_must(mem_zeroed(N, sizeof(*e), &err));
	uint32_t *got = mem_must(mem_alloc(N, sizeof(*got), &err)), n, want = 0;
	int64_t newest[I];
	size_t wrong = 0;
	struct dataset *d;
	struct split *s;

	for (int k = 0; k < N; k++)
		e[k] = (struct event){ .item = rng_below(&rng, I), .time = k };
	d = dataset_of(e, N, 1, I, WITH_TIME);
	s = make(d, "none", "", 42);
	n = split_history(s, 0, false, got, NULL, NULL);
	for (int k = 0; k < N; k++)
		newest[d->item[k]] = k;
	for (int k = 0; k < N; k++)
		if (newest[d->item[k]] == k)
			wrong += want >= n || got[want++] != d->item[k];
	ok(wrong == 0 && want == n && n > 800, "a history of %d events folds to %u as the obvious loop does", N, n);
	ok(s->train.val && csr_n(&s->train) == n, "rows fold the same, and count");
	split_unref(s);
	dataset_unref(d);
	mem_free(got);
	mem_free(e);
}

/* Rows at one and two threads, and out of memory at every allocation. */
static void test_threads_and_memory(void)
{
	struct dataset *d = staircase(1500, WITH_TIME);
	struct pool *pool = pool_new(2, &err);
	struct task two = { .pool = pool };
	struct split *a = split_make(d, "ratio", NULL, 42, &task_null, &err);
	struct split *b = split_make(d, "ratio", NULL, 42, &two, &err);
	uint64_t failed = 0;
	size_t held;

	ok(a && b && csr_n(&a->train) == csr_n(&b->train) &&
	   !memcmp(a->train.idx, b->train.idx, csr_n(&a->train) * sizeof(*a->train.idx)) &&
	   !memcmp(a->train.ptr, b->train.ptr, (d->n_users + 1) * sizeof(*a->train.ptr)),
	   "one thread and two give the same rows");
	split_unref(a);
	split_unref(b);
	pool_free(pool);
	dataset_unref(d);

	d = staircase(30, WITH_TIME);
	held = mem_bytes_now();
	for (uint64_t n = 2;; n++) { /* the first is the fixed small struct, which must not fail */
		mem_fail_at(n);
		a = split_make(d, "users", NULL, 42, &task_null, &err);
		mem_fail_at(0);
		if (a)
			break;
		failed += err.code == ERR_NOMEM && mem_bytes_now() == held;
		if (n > 100)
			break;
	}
	ok(a && failed >= 10, "out of memory at each of %llu allocations: an error, nothing lost",
	   (unsigned long long)failed);
	split_unref(a);
	ok(mem_bytes_now() == held, "nothing is lost when a split ends");
	dataset_unref(d);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void test_cancel(void)
{
	struct dataset *d = staircase(40, WITH_TIME);
	struct task task = { .keep_going = never };
	bool all = true;

	for (int i = 0; split_kinds[i]; i++) {
		struct split *s = split_make(d, split_kinds[i], NULL, 42, &task, &err);

		all &= !s && (err.code == ERR_CANCELLED || !strcmp(split_kinds[i], "given"));
		split_unref(s);
	}
	ok(all, "every kind can be cancelled");
	dataset_unref(d);
}

/* Whether all that is held out comes last, of each kind. */
static void test_in_time(void)
{
	static const struct { const char *kind, *args; bool in_time; } all[] = {
		{ "leave-last", "", true },      { "ratio", "order=time", true }, { "ratio", "", false },
		{ "temporal", "", true },        { "none", "", true },            { "random", "", false },
		{ "kfold", "", false },          { "cold-items", "", false },     { "users", "order=time", true },
		{ "users", "order=random", false },
	};
	struct dataset *d = staircase(40, WITH_TIME), *without = staircase(40, 0);
	struct split *s;

	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
		s = make(d, all[k].kind, all[k].args, 42);
		ok(s && split_in_time(s) == all[k].in_time, "%s %s: what is held out comes %s", all[k].kind, all[k].args,
		   all[k].in_time ? "last" : "anywhere");
		split_unref(s);
	}
	s = split_make(without, "none", NULL, 42, &task_null, &err);
	ok(s && !split_in_time(s), "without an order nothing does");
	split_unref(s);
	dataset_unref(d);
	dataset_unref(without);
}

int main(void)
{
	test_in_time();
	test_leave_last();
	test_ratio();
	test_random();
	test_temporal();
	test_users();
	test_kfold();
	test_cold_items();
	test_given();
	test_repeats();
	test_long_history();
	test_threads_and_memory();
	test_cancel();
	return done_testing();
}
