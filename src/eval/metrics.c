/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.c - the table of metrics and what each is of one list. */
#include "eval/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num_parse.h"
#include "base/str.h"

const struct metric_info metric_table[N_METRICS] = {
	[METRIC_RECALL] = { "recall", true, true, "hits / number of test items" },
	[METRIC_PRECISION] = { "precision", true, true, "hits / K, also for shorter lists" },
	[METRIC_HIT] = { "hit", true, true, "1 if any hit" },
	[METRIC_NDCG] = { "ndcg", true, true, "sum over hits of 1/log2(rank+1), over the same sum for "
			  "min(K, number of test items) at the top" },
	[METRIC_MAP] = { "map", true, true, "sum over hits of precision at their rank / min(K, number of test "
			 "items)" },
	[METRIC_MRR] = { "mrr", true, true, "1/rank of the first hit, else 0" },
	[METRIC_COVERAGE] = { "coverage", false, true, "distinct recommended items / candidates" },
	[METRIC_GINI] = { "gini", false, false, "inequality of how often each candidate is recommended; higher = "
			  "more unequal" },
	[METRIC_NOVELTY] = { "novelty", true, true, "mean of -log2(share of the train events) over the list" },
	[METRIC_DIVERSITY] = { "diversity", true, true, "mean of 1 - cosine of train columns over the list's "
			       "pairs" },
};

bool metric_parse(const char *text, int *metric, uint32_t *k, struct err *err)
{
	const char *at = strchr(text, '@'), *names[N_METRICS], *near;
	size_t len = at ? (size_t)(at - text) : strlen(text);
	uint64_t depth = 10;
	char word[32];

	snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), text);
	for (int m = 0; m < N_METRICS; m++) {
		names[m] = metric_table[m].name;
		if (strcmp(word, metric_table[m].name))
			continue;
		if (at && (!num_parse_u64(at + 1, strlen(at + 1), &depth) || depth < 1 || depth > 1000))
			return err_set(err, ERR_RANGE, "%s: after @ stands a length of list from 1 to 1000, such "
				       "as %s@10", text, word);
		*metric = m;
		*k = (uint32_t)depth;
		return true;
	}
	near = str_nearest(word, names, N_METRICS);
	return err_set(err, ERR_NOTFOUND, "no metric is called %s%s%s%s; there are recall, precision, hit, ndcg, "
		       "map, mrr, coverage, gini, novelty and diversity, with @K behind", word,
		       near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

bool dialect_parse(const char *name, enum dialect *out, struct err *err)
{
	static const char *const names[] = { "recbole", "lenskit", "vae" };

	*out = DIALECT_RECBOLE;
	if (!name)
		return true;
	for (int d = 0; d < 3; d++)
		if (!strcmp(name, names[d])) {
			*out = (enum dialect)d;
			return true;
		}
	return err_set(err, ERR_NOTFOUND, "no dialect is called %s; there are recbole, lenskit and vae", name);
}

const char *dialect_note(enum dialect d)
{
	switch (d) {
	case DIALECT_LENSKIT:
		return "lenskit: recall over min(K, test items), ndcg discounts by max(1, log2(rank))";
	case DIALECT_VAE:
		return "vae: recall over min(K, test items)";
	case DIALECT_RECBOLE:
		break;
	}
	return "";
}

/* LensKit 0.x discounts by log2(rank), but never by less than 1: ranks 1 and 2 weigh the same. */
static double discount(uint32_t rank, enum dialect d)
{
	if (d == DIALECT_LENSKIT)
		return rank <= 2 ? 1 : 1 / log2((double)rank);
	return 1 / log2((double)rank + 1);
}

static double ndcg(const struct judged_list *l, uint32_t n, uint32_t n_ideal, enum dialect d)
{
	double sum = 0, ideal = 0;

	for (uint32_t r = 0; r < n; r++)
		if (l->hit[r])
			sum += discount(r + 1, d);
	for (uint32_t r = 0; r < n_ideal; r++)
		ideal += discount(r + 1, d);
	return sum / ideal;
}

static double average_precision(const struct judged_list *l, uint32_t n, uint32_t n_ideal)
{
	uint32_t hits = 0;
	double sum = 0;

	for (uint32_t r = 0; r < n; r++)
		if (l->hit[r])
			sum += (double)++hits / (r + 1);
	return sum / n_ideal;
}

static double reciprocal_rank(const struct judged_list *l, uint32_t n)
{
	for (uint32_t r = 0; r < n; r++)
		if (l->hit[r])
			return 1.0 / (r + 1);
	return 0;
}

double metric_of_list(int metric, const struct judged_list *l, uint32_t k, enum dialect d)
{
	uint32_t n = l->n < k ? l->n : k, n_ideal = l->n_test < k ? l->n_test : k, hits = 0;

	for (uint32_t r = 0; r < n; r++)
		hits += l->hit[r];
	switch (metric) {
	case METRIC_RECALL:
		return (double)hits / (d == DIALECT_RECBOLE ? l->n_test : n_ideal);
	case METRIC_PRECISION:
		return (double)hits / k;
	case METRIC_HIT:
		return hits > 0;
	case METRIC_NDCG:
		return ndcg(l, n, n_ideal, d);
	case METRIC_MAP:
		return average_precision(l, n, n_ideal);
	case METRIC_MRR:
		return reciprocal_rank(l, n);
	default:
		return NAN;
	}
}

/* --- By chance ---------------------------------------------------------------- */

/* Each rank holds a test item with the same chance, one and any other together as they are drawn without return. */
static double chance_precision(const struct chance *c, uint32_t n)
{
	double hit = (double)c->findable / c->candidates, sum = 0;
	double other = c->candidates > 1 ? (c->findable - 1.0) / (c->candidates - 1.0) : 0;

	for (uint32_t r = 1; r <= n; r++)
		sum += hit * (1 + (r - 1) * other) / r;
	return sum;
}

/* sum over the ranks of the chance that the first hit is there, over the rank, or over 1 */
static double chance_first(const struct chance *c, uint32_t n, bool reciprocal)
{
	double none = 1, sum = 0;

	for (uint32_t r = 1; r <= n; r++) {
		double hit = (double)c->findable / (c->candidates - (r - 1));

		sum += none * hit / (reciprocal ? r : 1);
		none *= 1 - hit;
	}
	return sum;
}

double metric_by_chance(int metric, const struct chance *c, uint32_t k, enum dialect d)
{
	uint32_t n = c->candidates < k ? c->candidates : k, n_ideal = c->n_test < k ? c->n_test : k;
	double hit, ndcg_of_all = 0, ideal = 0;

	if (!c->findable)
		return 0;
	hit = (double)c->findable / c->candidates;
	switch (metric) {
	case METRIC_RECALL:
		return n * hit / (d == DIALECT_RECBOLE ? c->n_test : n_ideal);
	case METRIC_PRECISION:
		return n * hit / k;
	case METRIC_HIT:
		return chance_first(c, n, false);
	case METRIC_NDCG:
		for (uint32_t r = 1; r <= n; r++)
			ndcg_of_all += discount(r, d);
		for (uint32_t r = 1; r <= n_ideal; r++)
			ideal += discount(r, d);
		return hit * ndcg_of_all / ideal;
	case METRIC_MAP:
		return chance_precision(c, n) / n_ideal;
	case METRIC_MRR:
		return chance_first(c, n, true);
	default:
		return NAN;
	}
}

double metric_novelty(const uint32_t *item, uint32_t n, const uint64_t *item_events, uint64_t all_events)
{
	double sum = 0;
	uint32_t known = 0;

	for (uint32_t r = 0; r < n; r++) {
		if (item_events[item[r]] == 0)
			continue;
		sum -= log2((double)item_events[item[r]] / (double)all_events);
		known++;
	}
	return known ? sum / known : NAN;
}
