/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the data reward: what is planted is found, what is not is denied, and it is the same at any thread count. */
#include "train/rewards.h"

#include <stdio.h>

#include "num/linalg.h"
#include "synth_fixture.h"

#define SIZE "users=200 items=100 events=2400 noise=0 "
#define SMALL "users=40 items=50 events=300 "

/* words: what generate takes. */
static void measure(const char *words, const struct task *task, struct rewards *out)
{
	char *folder = generate("data", words, 3, &task_null);
	struct dataset *d;

	fixture_must(folder != NULL, &err);
	d = load(folder);
	fixture_must(rewards_measure(d, 42, task, out, &err), &err);
	dataset_unref(d);
	fixture_must(file_remove_tree(folder, &err), &err);
	free(folder);
}

static bool is(const struct rewards *w, enum reward_of which, enum reward_told told)
{
	printf("# %s\n", w->of[which].text);
	return w->of[which].told == told;
}

static bool same(const struct rewards *a, const struct rewards *b)
{
	for (int k = 0; k < N_REWARDS; k++)
		if (strcmp(a->of[k].text, b->of[k].text) != 0 || a->of[k].n != b->of[k].n || a->of[k].told != b->of[k].told)
			return false;
	return true;
}

static void test_planted(void)
{
	struct pool *pool = pool_new(2, &err);
	const struct task two = { .pool = pool };
	struct rewards with, without, again;

	measure(SIZE "order=0.5 text=1 social=1", &two, &with);
	measure(SIZE "order=0 text=0 social=0", &two, &without);
	ok(is(&with, REWARD_ORDER, REWARD_YES), "order is found where it is planted");
	ok(is(&without, REWARD_ORDER, REWARD_NO), "and denied where it is not");
	ok(is(&with, REWARD_NEW_ITEMS, REWARD_YES) || is(&with, REWARD_NEW_ITEMS, REWARD_LITTLE), "text is found, by new items");
	ok(!is(&without, REWARD_NEW_ITEMS, REWARD_YES) && !is(&without, REWARD_NEW_ITEMS, REWARD_LITTLE), "and not where words are drawn at random");
	ok(is(&with, REWARD_NEW_PEOPLE, REWARD_YES), "friends are found, by new people");
	ok(!is(&without, REWARD_NEW_PEOPLE, REWARD_YES) && !is(&without, REWARD_FRIENDS, REWARD_YES), "and not where they are "
	   "drawn at random");
	measure(SMALL "order=0.5 social=1", &two, &with);
	measure(SMALL "order=0.5 social=1", &task_null, &again);
	ok(same(&with, &again), "the same at one and two threads");
	pool_free(pool);
}

static bool few_times(void *ctx)
{
	return ++*(int *)ctx < 20;
}

static void test_absent(void)
{
	struct dataset *d = fixture_data(40, 20, 10, 7);
	int asked = 0;
	const struct task cancelled = { .keep_going = few_times, .ctx = &asked };
	struct rewards w;

	fixture_must(rewards_measure(d, 42, &task_null, &w, &err), &err);
	ok(is(&w, REWARD_TEXT, REWARD_ABSENT) && is(&w, REWARD_FRIENDS, REWARD_ABSENT), "data without text and friends: none");
	ok(!rewards_measure(d, 42, &cancelled, &w, &err) && err.code == ERR_CANCELLED, "cancelled");
	dataset_unref(d);
}

static void test_judge(void)
{
	struct reward r = { .n = 100, .with = 0.12, .without = 0.1, .low = 0.01, .high = 0.03 };
	char said[48];

	ok(reward_judge(&r, 0.05) == REWARD_YES, "above 0 by more than the margin: yes");
	ok(reward_judge(&r, 0.5) == REWARD_LITTLE, "above 0, by less than the margin: a little");
	r.low = -0.01;
	ok(reward_judge(&r, 0.05) == REWARD_NOT_TOLD, "0 is within, and the margin: not told");
	ok((r.told = reward_judge(&r, 0.5)) == REWARD_NO && !strcmp(reward_verdict(&r, said), "gains no more than 30%"),
	   "0 is within, the margin is not: no, with what it may be at most");
	r.high = -0.005;
	ok((r.told = reward_judge(&r, 0.5)) == REWARD_NO && !strcmp(reward_verdict(&r, said), "not rewarded"), "below 0: no");
}

int main(void)
{
	linalg_init();
	if (!mkdtemp(home)) {
		puts("Bail out! no folder for tests");
		return 1;
	}
	test_judge();
	test_planted();
	test_absent();
	fixture_must(file_remove_tree(home, &err), &err);
	return done_testing();
}
