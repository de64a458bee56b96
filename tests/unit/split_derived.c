/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splits made from another one: fewer train events, noise among them, drawn anew. */
#include "data/split.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "split_case.h"

/* In time: the event before, then the one before that; what is newer is left out. */
static void test_valid_anew(void)
{
	struct dataset *d = staircase(300, WITH_TIME), *loose = staircase(300, 0);
	struct split *whole = split_make(d, "leave-last", NULL, 42, &task_null, &err);
	struct split *second = split_valid_anew(whole, 2, 7, &task_null, &err);
	struct split *drawn = split_make(loose, "ratio", NULL, 42, &task_null, &err);
	struct split *first = split_valid_anew(drawn, 1, 7, &task_null, &err);
	struct split *again = split_valid_anew(drawn, 1, 7, &task_null, &err);
	struct split *other = split_valid_anew(drawn, 2, 7, &task_null, &err);
	size_t wrong = 0, same = 0, asked = 0;

	for (uint32_t u = 0; u < d->n_users; u++) {
		size_t first_event = d->user_ptr[u], n = d->user_ptr[u + 1] - first_event;

		if (n < 5) /* test, valid, one left out, valid anew, and a train event */
			wrong += csr_row_n(&second->valid, u) != 0;
		else
			wrong += second->part[first_event + n - 4] != PART_VALID || second->part[first_event + n - 3] != PART_OUT ||
				 second->part[first_event + n - 2] != PART_OUT || second->part[first_event + n - 1] != PART_TEST ||
				 second->part[first_event + n - 5] != PART_TRAIN;
		asked += n >= 5;
	}
	ok(!wrong && asked > 100, "in time the newest before those of the draw before, %zu users", asked);
	for (size_t e = 0; e < loose->n_events; e++) {
		wrong += (first->part[e] == PART_TEST) != (drawn->part[e] == PART_TEST);
		wrong += first->part[e] == PART_VALID && drawn->part[e] == PART_VALID;
		wrong += first->part[e] != again->part[e];
		same += first->part[e] == PART_VALID && other->part[e] == PART_VALID;
	}
	ok(!wrong && first->n_valid == drawn->n_valid && first->n_train == drawn->n_train,
	   "without time as many others are drawn, and the former are train: %zu", first->n_valid);
	ok(same < first->n_valid / 2, "another draw, others: %zu in both", same);
	ok(split_can_valid_anew(whole) && split_can_valid_anew(drawn), "both can be drawn again");
	split_unref(whole);
	split_unref(second);
	split_unref(drawn);
	split_unref(first);
	split_unref(again);
	split_unref(other);
	dataset_unref(d);
	dataset_unref(loose);
}

/* A share of the train events, a smaller one within a larger one; all else, and the histories, as before. */
static void test_thin(void)
{
	struct dataset *d = staircase(1500, WITH_TIME);
	struct split *whole = split_make(d, "leave-last", NULL, 42, &task_null, &err);
	struct split *half = split_thin(whole, 0.5, 7, &task_null, &err);
	struct split *less = split_thin(whole, 0.25, 7, &task_null, &err);
	struct split *other = split_thin(whole, 0.5, 8, &task_null, &err);
	size_t wrong = 0, same = 0;
	uint32_t *a = mem_alloc(d->n_events, sizeof(*a), &err), *b = mem_alloc(d->n_events, sizeof(*b), &err);
	double share = (double)half->n_train / (double)whole->n_train;

	ok(share > 0.48 && share < 0.52, "half of the train events: %.3f", share);
	for (size_t e = 0; e < d->n_events; e++) {
		wrong += less->part[e] == PART_TRAIN && half->part[e] != PART_TRAIN;
		wrong += (half->part[e] == PART_TEST) != (whole->part[e] == PART_TEST);
		wrong += (half->part[e] == PART_VALID) != (whole->part[e] == PART_VALID);
		same += half->part[e] == other->part[e];
	}
	ok(!wrong, "a quarter lies within the half; valid and test stay");
	ok(same < d->n_events, "another seed draws others");
	for (uint32_t u = 0; u < d->n_users; u++) {
		uint32_t n = split_history(whole, u, false, a, NULL, NULL);

		wrong += split_history(half, u, false, b, NULL, NULL) != n || memcmp(a, b, n * sizeof(*a)) != 0;
	}
	ok(!wrong, "every history is whole");
	ok(half->fingerprint != whole->fingerprint && half->fingerprint != other->fingerprint, "it is another split");
	mem_free(a);
	mem_free(b);
	split_unref(whole);
	split_unref(half);
	split_unref(less);
	split_unref(other);
	dataset_unref(d);
}

/* One event more for ten, of nobody's own items; everything else stays where it was. */
static void test_noisy(void)
{
	struct dataset *d = staircase(300, WITH_TIME);
	struct split *whole = split_make(d, "leave-last", NULL, 42, &task_null, &err);
	struct split *noisy = split_noisy(whole, 0.1, 7, &task_null, &err);
	struct split *same = split_noisy(whole, 0.1, 7, &task_null, &err), *other = split_noisy(whole, 0.1, 8, &task_null, &err);
	const struct dataset *nd = noisy->data;
	size_t wrong = 0, of_own = 0, added = 0, n_noise = noisy->n_train - whole->n_train;

	/* the last users of the staircase have nearly every item */
	ok(n_noise <= whole->n_train / 10 + 1 && n_noise >= whole->n_train / 12, "a tenth more, where there is room for it: %zu and %zu",
	   whole->n_train, n_noise);
	ok(noisy->n_valid == whole->n_valid && noisy->n_test == whole->n_test && nd->n_events == d->n_events + n_noise,
	   "valid and test are as many");
	for (uint32_t u = 0; u < d->n_users; u++) {
		size_t k = d->user_ptr[u];

		for (size_t e = nd->user_ptr[u]; e < nd->user_ptr[u + 1]; e++) {
			bool known = k < d->user_ptr[u + 1] && nd->item[e] == d->item[k] && noisy->part[e] == whole->part[k];

			wrong += e > nd->user_ptr[u] && nd->time[e] < nd->time[e - 1];
			if (known) {
				wrong += nd->time[e] != d->time[k];
				k++;
				continue;
			}
			added++;
			wrong += noisy->part[e] != PART_TRAIN;
			for (size_t i = d->user_ptr[u]; i < d->user_ptr[u + 1]; i++)
				of_own += d->item[i] == nd->item[e];
		}
		wrong += k != d->user_ptr[u + 1];
	}
	ok(!wrong && added == n_noise, "all events are there in their order, the noise among them: %zu, %zu wrong", added, wrong);
	ok(!of_own, "none is of an item that its user has: neither known nor to be found");
	ok(same->fingerprint == noisy->fingerprint && same->data->fingerprint == nd->fingerprint, "one seed, one noise");
	ok(other->data->fingerprint != nd->fingerprint, "another seed, another noise");
	split_unref(whole);
	dataset_unref(d);
	ok(dataset_find_user(nd, strtab_get(&nd->user_ids, 0)) == 0, "ids are lent, and stay");
	split_unref(noisy);
	split_unref(same);
	split_unref(other);
}

static void test_anew(void)
{
	struct dataset *d = staircase(200, WITH_TIME);
	struct split *first = make(d, "kfold", "k=3 fold=2", 42), *third = split_anew(first, 1, &task_null, &err);
	struct split *again = split_anew(first, 2, &task_null, &err), *last = make(d, "leave-last", "", 42);
	struct split *ratio = make(d, "ratio", "", 42), *other = split_anew(ratio, 1, &task_null, &err);
	struct split *want = make(d, "ratio", "", 43), *in_time = make(d, "ratio", "order=time", 42);
	size_t twice = 0, never_test = 0;

	for (size_t e = 0; e < d->n_events; e++) {
		int n = (first->part[e] == PART_TEST) + (third->part[e] == PART_TEST) + (again->part[e] == PART_TEST);

		twice += n > 1;
		never_test += n == 0;
	}
	ok(!twice && !never_test, "the folds of a kfold cover all, each once");
	ok(!split_anew(first, 3, &task_null, &err) && strstr(err.msg, "3 folds"), "and then there are no more");
	ok(other && !memcmp(other->part, want->part, d->n_events) && !strcmp(other->text, want->text), "ratio: the next seed");
	ok(!split_anew(last, 1, &task_null, &err) && err.code == ERR_USAGE && strstr(err.msg, "draws nothing"), "leave-last: only one");
	ok(!split_anew(in_time, 1, &task_null, &err) && err.code == ERR_USAGE, "nor by time: %s", err.msg);
	split_unref(first);
	split_unref(third);
	split_unref(again);
	split_unref(last);
	split_unref(ratio);
	split_unref(other);
	split_unref(want);
	split_unref(in_time);
	dataset_unref(d);
}

static atomic_bool held_enough;

static void *hold_and_drop(void *d)
{
	while (!atomic_load(&held_enough))
		dataset_unref(dataset_ref(d));
	return NULL;
}

/* A worker derives a split while the screen takes and drops its references: told by the thread sanitizer alone. */
static void test_held_meanwhile(void)
{
	struct dataset *d = staircase(300, WITH_TIME);
	struct split *whole = split_make(d, "leave-last", NULL, 42, &task_null, &err);
	pthread_t other;
	bool good = thread_start(&other, "holder", hold_and_drop, d, &err);

	for (int i = 0; good && i < 20; i++) {
		struct split *noisy = split_noisy(whole, 0.1, 7, &task_null, &err);

		good = noisy && noisy->data->of == d;
		split_unref(noisy);
	}
	atomic_store(&held_enough, true);
	ok(good && pthread_join(other, NULL) == 0, "data are derived while others hold what they come from");
	split_unref(whole);
	dataset_unref(d);
}

int main(void)
{
	test_held_meanwhile();
	test_thin();
	test_valid_anew();
	test_noisy();
	test_anew();
	return done_testing();
}
