/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.c - what is said of rows whose figures are known. */
#include "train/verdict.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

static struct verdict_row row(const char *run, const char *model, double value, bool with_best, double seconds)
{
	return (struct verdict_row){ .run = run, .model = model, .value = value, .low = value - 0.01, .high = value + 0.01,
				     .with_best = with_best, .train_seconds = seconds, .ms_p50 = 0.5, .bytes = 1000000,
				     .int8_loss = NAN, .cold_value = NAN, .exact = true, .faithfulness = 0.9, .by_chance = 0.5, .faithful = true };
}

static bool says(const struct verdict *v, const char *what)
{
	for (size_t k = 0; k < v->n; k++)
		if (strstr(v->sentence[k], what))
			return true;
	return false;
}

static void told_apart(void)
{
	struct verdict_row r[3] = { row("ials#1", "ials", 0.20, true, 9), row("ease#1", "ease", 0.19, true, 2),
				    row("popularity#1", "popularity", 0.05, false, 0.1) };
	struct verdict v;

	verdict_make(r, 3, "ndcg@10", NULL, &v);
	ok(v.take == 1, "of those not told apart the one trained fastest is taken, not the best, nor the fastest of all");
	ok(says(&v, "2 of 3 are not told apart") && says(&v, "ease#1 0.1900 [0.1800, 0.2000]"), "with the figures: %s",
	   v.sentence[0]);
	ok(says(&v, "Take ease#1") && says(&v, "ials#1 9.0 s"), "and what the others cost: %s", v.sentence[1]);
	ok(says(&v, "26%") && says(&v, "0.0500 of 0.1900"), "how far popularity alone comes");
	ok(!says(&v, "int8") && !says(&v, "Elsewhere") && !says(&v, "Against") && !says(&v, "half"),
	   "nothing is said of what was not measured");
	verdict_done(&v);
	r[1].with_best = false;
	verdict_make(r, 3, "ndcg@10", NULL, &v);
	ok(v.take == 0 && says(&v, "ials#1 is the best of 3"), "a best one that is told apart is taken");
	verdict_done(&v);
	r[1].with_best = r[2].with_best = true;
	verdict_make(r, 3, "ndcg@10", NULL, &v);
	ok(says(&v, "too few to tell"), "data that tell nothing apart: it says so");
	verdict_done(&v);
}

static void measured(void)
{
	struct verdict_row r[2] = { row("ease#1", "ease", 0.20, true, 2), row("word2vec#1", "word2vec", 0.05, false, 1) };
	struct verdict v;

	r[0].n_slices = r[1].n_slices = 3;
	r[0].slice[0] = (struct verdict_slice){ "tail items", 20, 0.10 };
	r[1].slice[0] = (struct verdict_slice){ "tail items", 20, 0.12 };
	r[0].slice[1] = (struct verdict_slice){ "head items", 20, 0.100 };
	r[1].slice[1] = (struct verdict_slice){ "head items", 20, 0.105 };
	r[0].slice[2] = (struct verdict_slice){ "users with 1-4 events", 19, 0.10 };
	r[1].slice[2] = (struct verdict_slice){ "users with 1-4 events", 19, 0.50 };
	r[0].n_shares = 2;
	r[0].share[0] = 0.5, r[0].share_value[0] = 0.16;
	r[0].share[1] = 1, r[0].share_value[1] = 0.20;
	r[0].int8_bytes = 250000;
	r[0].int8_loss = 0.004;
	r[0].exact = false;
	r[0].faithful = false;
	verdict_make(r, 2, "ndcg@10", NULL, &v);
	ok(says(&v, "on tail items word2vec#1 has ndcg@10 0.1200 and ease#1 0.1000"), "where another has a tenth more");
	ok(!says(&v, "head items"), "not where it has less than that");
	ok(!says(&v, "1-4"), "nor where there are few users");
	ok(says(&v, "from 0.1600 to 0.2000 (+25%): more events would help"), "what more events would bring");
	ok(says(&v, "250 kB in place of 1.00 MB and loses 0.4%"), "what int8 costs");
	ok(says(&v, "leaving events out alone") && says(&v, "faithfulness 0.900, random orders 0.500"), "what speaks against it");
	verdict_done(&v);
	verdict_make(r, 0, "ndcg@10", NULL, &v);
	ok(!v.n, "of nothing, nothing");
	verdict_done(&v);
}

static void of_scenario_and_growth(void)
{
	struct verdict_row r[2] = { row("ease#1", "ease", 0.20, true, 2), row("word2vec#1", "word2vec", 0.05, false, 1) };
	struct scenario w = { .name = "mine", .weight = { [CRITERION_ACCURACY] = 1, [CRITERION_COLD_ITEMS] = 1 } };
	struct verdict v;

	for (int k = 0; k < 2; k++)
		for (int c = 0; c < N_CRITERIA; c++)
			r[k].figure[c] = c == CRITERION_ACCURACY ? r[k].value : NAN;
	r[1].figure[CRITERION_COLD_ITEMS] = r[1].cold_value = 0.1;
	r[0].noise = 0.1;
	r[0].noise_clean = 0.2;
	r[0].noise_value = 0.15;
	r[0].n_shares = 2;
	r[0].share[0] = 0.5;
	r[0].share[1] = 1;
	r[0].share_value[0] = r[0].share_value[1] = NAN;
	r[0].share_seconds[0] = 1;
	r[0].share_seconds[1] = 2;
	verdict_make(r, 2, "ndcg@10", &w, &v);
	ok(v.fits == 1 && fabs(v.fit[0] - 0.5) < 1e-12 && fabs(v.fit[1] - 0.625) < 1e-12, "the scenario has its own answer");
	ok(says(&v, "mine word2vec#1 fits best, 0.62 of 1, before ease#1 0.50 (weights accuracy 1, cold-items 1)"), "and says what it weighed");
	ok(says(&v, "10% random events mixed in its ndcg@10 goes from 0.2000 to 0.1500 (75% is left)"), "noise");
	ok(says(&v, "would take about 0:20") && says(&v, "to the power 1.00; not measured"), "ten times the events, said to be no measurement: %s", v.sentence[4]);
	ok(says(&v, "ranked best by word2vec#1, ndcg@10 0.1000") && says(&v, "ease#1 cannot tell them apart"), "new items");
	verdict_done(&v);
}

int main(void)
{
	told_apart();
	measured();
	of_scenario_and_growth();
	return done_testing();
}
