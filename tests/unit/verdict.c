/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.c - what is said of rows whose figures are known. */
#include "train/verdict.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
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
	ok(!says(&v, "may be chance") && !says(&v, "Cut short"), "the best lies near, and none was cut short: nothing is said of it");
	verdict_done(&v);
	r[1].value = 0.16;
	r[1].users = 50;
	r[0].cut = true;
	r[0].epochs = 3;
	r[0].of_epochs = 20;
	verdict_make(r, 3, "ndcg@10", NULL, &v);
	ok(says(&v, "ials#1 has 25% more ndcg@10 than ease#1: that may be chance, 50 users do not tell"), "a best one that lies far "
	   "ahead of the taken one is named");
	ok(says(&v, "limit=, and perhaps better with more time: ials#1 after 3 of at most 20 epochs, 9.0 s."), "and what the clock ended");
	verdict_done(&v);
	r[1].value = 0.19;
	r[0].cut = false;
	r[1].with_best = false;
	verdict_make(r, 3, "ndcg@10", NULL, &v);
	ok(v.take == 0 && says(&v, "ials#1 is the best of 3"), "a best one that is told apart is taken");
	verdict_done(&v);
	r[1].with_best = r[2].with_best = true;
	verdict_make(r, 3, "ndcg@10", NULL, &v);
	ok(says(&v, "too few to tell"), "data that tell nothing apart: it says so");
	verdict_done(&v);
}

/* Values around the mean, whose differences from another such row go up and down. */
static void fill(float *v, double mean, double spread)
{
	for (int i = 0; i < 20; i++)
		v[i] = (float)(mean + (i % 2 ? spread : -spread) * (mean > 0.11 ? 1 : 1.1));
}

static void measured(void)
{
	struct verdict_row r[2] = { row("ease#1", "ease", 0.20, true, 2), row("word2vec#1", "word2vec", 0.05, false, 1) };
	struct verdict v;

	static float mine[20], more[20], wild[20];

	r[0].n_slices = r[1].n_slices = 4;
	fill(mine, 0.10, 0.02);
	fill(more, 0.12, 0.02);
	fill(wild, 0.12, 0.40);
	r[0].slice[0] = (struct verdict_slice){ "tail items", 20, 0.10, mine, 20 };
	r[1].slice[0] = (struct verdict_slice){ "tail items", 20, 0.12, more, 20 };
	r[0].slice[1] = (struct verdict_slice){ "head items", 20, 0.100, mine, 20 };
	r[1].slice[1] = (struct verdict_slice){ "head items", 20, 0.105, more, 20 };
	r[0].slice[2] = (struct verdict_slice){ "users with 1-4 events", 19, 0.10, mine, 20 };
	r[1].slice[2] = (struct verdict_slice){ "users with 1-4 events", 19, 0.50, more, 20 };
	r[0].slice[3] = (struct verdict_slice){ "users with 5-9 events", 20, 0.10, mine, 20 };
	r[1].slice[3] = (struct verdict_slice){ "users with 5-9 events", 20, 0.12, wild, 20 };
	r[0].n_shares = 2;
	r[0].share[0] = 0.5, r[0].share_value[0] = 0.16;
	r[0].share[1] = 1, r[0].share_value[1] = 0.20;
	r[0].int8_bytes = 250000;
	r[0].int8_loss = 0.004;
	r[0].exact = false;
	r[0].faithful = false;
	verdict_make(r, 2, "ndcg@10", NULL, &v);
	ok(says(&v, "on tail items word2vec#1 has ndcg@10 0.1200 and ease#1 0.1000, +0.0200 [") && says(&v, "of 20 users (95% over 3 comp"),
	   "where another has a tenth more, told apart for all that was looked at: %s", v.sentence[v.n - 2]);
	ok(says(&v, "Not told apart elsewhere (over 3 comparisons of slices and models), though ahead by a tenth or more: on users with 5-9 "
		    "events word2vec#1 0.1200 and it 0.1000 (20 users)."), "where that may be chance it says so: %s", v.sentence[v.n - 1]);
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
	r[0].share[0] = 0.25;
	r[0].share[1] = 0.5;
	r[0].share[2] = 1;
	r[0].n_shares = 3;
	r[0].share_seconds[0] = 1;
	r[0].share_seconds[1] = 2;
	r[0].share_seconds[2] = 4;
	r[0].share_value[2] = NAN;
	verdict_make(r, 2, "ndcg@10", &w, &v);
	ok(says(&v, "the timings of single trainings (1.0 s on 25%, 2.0 s on 50%, 4.0 s on 100%"), "growth by as many timings as there are");
	verdict_done(&v);
	r[0].n_shares = 2;
	r[0].share[0] = 0.5;
	r[0].share[1] = 1;
	r[0].share_seconds[0] = 1;
	r[0].share_seconds[1] = 2;
	verdict_make(r, 2, "ndcg@10", &w, &v);
	ok(v.fits == 1 && fabs(v.fit[0] - 0.5) < 1e-12 && fabs(v.fit[1] - 0.625) < 1e-12, "the scenario has its own answer");
	ok(says(&v, "mine word2vec#1 fits best, 0.62 of 1, before ease#1 0.50 (weights accuracy 1, cold-items 1)"), "and says what it weighed");
	ok(says(&v, "10% random events mixed in its ndcg@10 goes from 0.2000 to 0.1500 (75% is left)"), "noise");
	ok(says(&v, "would take about 0:20") && says(&v, "two timings alone (1.0 s on 50%, 2.0 s on 100% of the events: as events to the power 1.00), not measured"), "ten times the events, said to be no measurement: %s", v.sentence[4]);
	ok(says(&v, "can be ranked by word2vec#1, ndcg@10 0.1000") && says(&v, "ease#1 cannot tell them apart"), "new items");
	verdict_done(&v);
}

/* ndcg@10 of one held-out item: found at a rank within 10 by a share of the users, else 0. */
static float draw(struct rng *r, double found)
{
	return rng_uniform(r) < found ? (float)(1 / log2(2 + (double)rng_below(r, 10))) : 0;
}

#define USERS 400
#define SLICES 8
#define MODELS 5
static float value[MODELS][SLICES][USERS], cold[MODELS][USERS], noisy[MODELS][USERS], clean[MODELS][USERS];

static double mean(const float *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)v[i];
	return sum / (double)n;
}

/* A table of models that are the same by construction: each user's value of each is drawn alike, in slices of 25 to 400. */
static bool claims(unsigned seed, double found, double extra)
{
	static const size_t users[SLICES] = { 25, 40, 60, 100, 150, 200, 400, 400 };
	struct rng r = rng_stream(seed, "equal", 0, 0);
	struct verdict_row rows[MODELS];
	struct verdict v;
	bool claimed;

	for (int m = 0; m < MODELS; m++) {
		rows[m] = row("a#1", "a", 0.2, m < 3, m ? 9 : 1);
		rows[m].n_slices = SLICES;
		for (int s = 0; s < SLICES; s++) {
			for (size_t i = 0; i < users[s]; i++)
				value[m][s][i] = draw(&r, found + (m == 4 && s == 7 ? extra : 0));
			rows[m].slice[s] = (struct verdict_slice){ "x", users[s], mean(value[m][s], users[s]), value[m][s], users[s] };
			rows[m].slice[s].name = (const char *[]){ "1", "2", "3", "4", "5", "6", "7", "8" }[s];
		}
		for (int i = 0; i < USERS; i++) {
			cold[m][i] = draw(&r, found);
			clean[m][i] = draw(&r, found);
			noisy[m][i] = draw(&r, found * 0.8);
		}
		rows[m].cold_user = cold[m];
		rows[m].noise_user = noisy[m];
		rows[m].clean_user = clean[m];
		rows[m].n_cold = rows[m].n_noise = USERS;
		rows[m].cold_value = mean(cold[m], USERS);
		rows[m].noise = 0.1;
		rows[m].noise_value = mean(noisy[m], USERS);
		rows[m].noise_clean = mean(clean[m], USERS);
	}
	verdict_make(rows, MODELS, "ndcg@10", NULL, &v);
	claimed = says(&v, "Elsewhere");
	if (seed == 0 && extra <= 0)
		ok(v.take == 0 && v.looked == (MODELS - 1) * (SLICES + 1) + 2, "what could have been named is counted: %zu", v.looked);
	verdict_done(&v);
	return claimed;
}

static void equal(void)
{
	static const double found[] = { 0.1, 0.3 };

	for (int c = 0; c < 2; c++) {
		unsigned wrong = 0, right = 0;

		for (unsigned seed = 0; seed < 200; seed++)
			wrong += claims(seed, found[c], 0);
		for (unsigned seed = 0; seed < 40; seed++)
			right += claims(seed, found[c], 0.3);
		ok(wrong <= 14, "equal models, found by %.0f%%: a claim in %u of 200 tables, 7%% at most", 100 * found[c], wrong);
		ok(right >= 36, "one that is better somewhere is named: %u of 40", right);
	}
}

int main(void)
{
	equal();
	told_apart();
	measured();
	of_scenario_and_growth();
	return done_testing();
}
