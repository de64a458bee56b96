/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval.c - one evaluation: whom to ask, their lists, what the lists are worth. */
#include "eval/eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "eval/eval_job.h"
#include "eval/sampled.h"

#define ALL_METRICS ((1u << N_METRICS) - 1)

void eval_options_init(struct eval_options *o)
{
	*o = (struct eval_options){ .n_k = 3, .k = { 5, 10, 20 }, .seed = 42 };
}

void eval_options_for(struct eval_options *o, const struct split *split)
{
	eval_options_init(o);
	o->all_candidates = split->cold_items;
}

static bool check_options(struct eval_job *job, struct err *err)
{
	const struct eval_options *o = job->o;

	if (job->snapshot->data_fingerprint != job->split->data->fingerprint)
		return err_set(err, ERR_UNSUPPORTED, "%s was trained on other data than %s", job->snapshot->run,
			       job->split->data->name);
	if (o->n_k < 1 || o->n_k > EVAL_KS)
		return err_set(err, ERR_RANGE, "k= takes 1 to %d lengths of list", EVAL_KS);
	for (unsigned i = 0; i < o->n_k; i++) {
		if (o->k[i] < 1 || o->k[i] > K_MOST)
			return err_set(err, ERR_RANGE, "k=%u: a list has 1 to %d items", o->k[i], K_MOST);
		if (o->k[i] > job->k_most)
			job->k_most = o->k[i];
	}
	if (o->sampled && o->negatives)
		return err_set(err, ERR_USAGE, "sampled= draws the items to rank against and negatives= gives them: "
			       "choose one");
	if (o->rerank.by && (o->sampled || o->negatives))
		return err_set(err, ERR_USAGE, "rerank= makes lists: it does not go with sampled= or negatives=");
	if (o->slice && (o->sampled || o->negatives))
		return err_set(err, ERR_USAGE, "slice= tells full rankings apart: it does not go with sampled= or negatives=");
	return dialect_parse(o->dialect, &job->dialect, err);
}

/* --- What lists are worth ------------------------------------------------------ */

static void judge_list(struct eval_job *job, size_t i, const uint32_t *item, uint32_t n)
{
	bool hit[K_MOST];
	struct judged_list l = { .hit = hit, .n = n, .n_test = targets_n(&job->targets, i) };

	for (uint32_t r = 0; r < n; r++)
		hit[r] = targets_has(&job->targets, i, item[r]);
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k; k++)
			if (job->metrics >> m & 1)
				tally_put(&job->tally, i, m, k, metric_of_list(m, &l, job->o->k[k], job->dialect));
}

static void judge_chance(struct eval_job *job, size_t i)
{
	struct chance c = { .candidates = job->lists.left[i], .n_test = targets_n(&job->targets, i) };
	const uint32_t *wanted = targets_of(&job->targets, i);

	for (uint32_t t = 0; t < c.n_test; t++)
		c.findable += !job->barred || !bits_has(job->barred, wanted[t]);
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k; k++)
			tally_chance(&job->tally, i, m, k, metric_by_chance(m, &c, job->o->k[k], job->dialect));
}

static void judge_novelty(struct eval_job *job, size_t i, const uint32_t *item, uint32_t n)
{
	for (unsigned k = 0; k < job->o->n_k; k++)
		tally_put(&job->tally, i, METRIC_NOVELTY, k,
			  metric_novelty(item, n < job->o->k[k] ? n : job->o->k[k], job->item_events,
					 job->all_events));
}

static void judge_diversity(struct eval_job *job, size_t i, const uint32_t *item, uint32_t n,
			    struct likeness_memo *memo)
{
	double sums[K_MOST];

	likeness_pair_sums(job->likeness, memo, item, n, sums);
	for (unsigned k = 0; k < job->o->n_k; k++) {
		uint32_t len = n < job->o->k[k] ? n : job->o->k[k];

		if (len >= 2)
			tally_put(&job->tally, i, METRIC_DIVERSITY, k, sums[len - 1] / (0.5 * len * (len - 1)));
	}
}

static void judge_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct eval_job *job = ctx;
	size_t i = chunk * TALLY_USERS, end = i + TALLY_USERS;

	for (; i < end && i < job->targets.n; i++) {
		const uint32_t *item = job->lists.item + i * job->lists.k;
		uint32_t n = job->lists.count[i];

		judge_list(job, i, item, n);
		if (job->chance)
			judge_chance(job, i);
		if (job->metrics >> METRIC_NOVELTY & 1)
			judge_novelty(job, i, item, n);
		if (job->metrics >> METRIC_DIVERSITY & 1)
			judge_diversity(job, i, item, n, job->memo[slot]);
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Coverage and gini at k: how often each candidate was recommended.  times: [I] scratch. */
static void judge_all(struct eval_job *job, unsigned k, uint64_t *times)
{
	uint32_t n_items = job->split->data->n_items, n = 0, distinct = 0;

	memset(times, 0, n_items * sizeof(*times));
	for (size_t i = 0; i < job->lists.n; i++)
		for (uint32_t r = 0; r < job->lists.count[i] && r < job->o->k[k]; r++)
			times[job->lists.item[i * job->lists.k + r]]++;
	for (uint32_t i = 0; i < n_items; i++) { /* candidates only, moved together */
		distinct += times[i] > 0;
		if (!job->barred || !bits_has(job->barred, i))
			times[n++] = times[i];
	}
	qsort(times, n, sizeof(*times), by_size);
	job->r->value[METRIC_COVERAGE][k] = n ? (double)distinct / n : NAN;
	job->r->value[METRIC_GINI][k] = profile_gini(times, n);
}

static bool judge_overall(struct eval_job *job, struct err *err)
{
	uint64_t *times = mem_alloc((size_t)job->split->data->n_items + 1, sizeof(*times), err);

	for (unsigned k = 0; times && k < job->o->n_k; k++)
		judge_all(job, k, times);
	mem_free(times);
	return times != NULL;
}

static bool prepare_novelty(struct eval_job *job, struct err *err)
{
	const struct split *s = job->split;

	job->item_events = mem_zeroed((size_t)s->data->n_items + 1, sizeof(*job->item_events), err);
	if (!job->item_events)
		return false;
	for (size_t e = 0; e < s->data->n_events; e++)
		job->item_events[s->data->item[e]] += s->part[e] == PART_TRAIN;
	job->all_events = s->n_train;
	return true;
}

static bool prepare_diversity(struct eval_job *job, struct err *err)
{
	struct csr pairs = job->split->train;
	unsigned n = task_slots(job->task);

	pairs.val = NULL; /* columns are binary; the arrays stay the split's */
	if (!csr_transpose(&job->columns, &pairs, job->task, err) ||
	    !(job->likeness = likeness_new(&job->columns, err)) ||
	    !(job->memo = mem_zeroed(n, sizeof(*job->memo), err)))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!(job->memo[i] = likeness_memo_new(err)))
			return false;
	return true;
}

static bool run_full(struct eval_job *job, struct err *err)
{
	struct rank_options ro = { .k = job->k_most, .keep_seen = job->o->keep_seen, .barred = job->barred };
	const unsigned overall = 1u << METRIC_COVERAGE | 1u << METRIC_GINI;
	size_t n = job->targets.n;
	double began = clock_now();

	if (!rerank_lists(&job->o->rerank, job->split, job->snapshot->model, asker_query, &job->asker, n, &ro, job->task,
			  &job->lists, err))
		return false;
	job->r->ranking_seconds = clock_now() - began;
	if ((job->metrics >> METRIC_NOVELTY & 1) && !prepare_novelty(job, err))
		return false;
	if ((job->metrics >> METRIC_DIVERSITY & 1) && !prepare_diversity(job, err))
		return false;
	if (!task_chunks(job->task, (n + TALLY_USERS - 1) / TALLY_USERS, judge_chunk, job))
		return task_cancelled(err);
	return (!(job->metrics & overall) || judge_overall(job, err)) && slices_make(job, err);
}

/* --- Against few --------------------------------------------------------------- */

static void add_note(struct eval_result *r, const char *text)
{
	size_t len = strlen(r->note);

	if (*text)
		snprintf(r->note + len, sizeof(r->note) - len, "%s%s", len ? "; " : "", text);
}

static bool run_sampled(struct eval_job *job, struct err *err)
{
	struct negatives *negatives = NULL;
	struct sampled_job few = { .asker = &job->asker, .targets = &job->targets, .barred = job->barred,
				   .o = job->o, .dialect = job->dialect, .tally = &job->tally };
	char text[96];
	bool done;

	if (job->o->negatives && !(negatives = negatives_read(job->o->negatives, job->split->data, err)))
		return false;
	few.negatives = negatives;
	done = sampled_run(&few, job->task, err);
	add_note(job->r, "sampled: not comparable");
	if (few.pairs_without > 0) {
		snprintf(text, sizeof(text), "%llu test items without negatives left out",
			 (unsigned long long)few.pairs_without);
		add_note(job->r, text);
	}
	if (negatives && negatives_unknown(negatives) > 0) {
		snprintf(text, sizeof(text), "%llu negatives unknown to the data left out",
			 (unsigned long long)negatives_unknown(negatives));
		add_note(job->r, text);
	}
	negatives_free(negatives);
	return done;
}

/* --- The whole ------------------------------------------------------------------ */

static bool describe(struct eval_job *job, struct err *err)
{
	struct eval_result *r = job->r;

	snprintf(r->run, sizeof(r->run), "%s", job->snapshot->run);
	r->on_valid = job->o->on_valid;
	r->split_fingerprint = job->split->fingerprint;
	r->options = *job->o;
	r->options.negatives = r->options.dialect = NULL;
	r->hazards = job->targets.hazards;
	r->n_users = job->targets.n;
	r->blind_to_cold = r->hazards.cold_test_items > 0 && job->o->all_candidates &&
			   !(model_caps(job->snapshot->model) & MODEL_RANKS_COLD);
	r->ranking_seconds = NAN;
	r->precision = job->snapshot->precision;
	add_note(r, dialect_note(job->dialect));
	if (job->o->rerank.by) {
		char rule[32], text[64];

		rerank_text(&job->o->rerank, rule);
		snprintf(text, sizeof(text), "reranked by %s", rule);
		add_note(r, text);
	}
	if (job->snapshot->split_fingerprint != job->split->fingerprint)
		add_note(r, "trained on another split");
	if (job->snapshot->refit && job->o->on_valid)
		add_note(r, "refit: valid was trained on");
	r->user = mem_alloc(r->n_users + 1, sizeof(*r->user), err);
	if (!r->user)
		return false;
	memcpy(r->user, job->targets.user, r->n_users * sizeof(*r->user));
	return true;
}

static bool bar_items(struct eval_job *job, struct err *err)
{
	const uint32_t n_items = job->split->data->n_items;
	const bool cold = job->o->cold_candidates;

	if (!rank_barred(job->split, job->o->all_candidates && !cold, &job->barred, &job->n_candidates, err))
		return false;
	if (!cold)
		return true;
	if (!(model_caps(job->snapshot->model) & MODEL_RANKS_COLD)) /* ties go by an item's place in the data, which tells of it */
		return err_set(err, ERR_UNSUPPORTED, "candidates=cold: %s cannot tell items without a train event apart",
			       job->snapshot->run);
	if (job->n_candidates == n_items)
		return err_set(err, ERR_UNSUPPORTED, "candidates=cold: every item has a train event in split %s", job->split->text);
	for (uint32_t i = 0; i < n_items; i++)
		bits_flip(job->barred, i);
	job->n_candidates = n_items - job->n_candidates;
	return true;
}

static void job_done(struct eval_job *job)
{
	for (unsigned i = 0; job->memo && i < task_slots(job->task); i++)
		likeness_memo_free(job->memo[i]);
	mem_free(job->memo);
	likeness_free(job->likeness);
	csr_done(&job->columns);
	mem_free(job->item_events);
	ranked_lists_done(&job->lists);
	mem_free(job->barred);
	asker_done(&job->asker);
	mem_free(job->tally.chunk);
	targets_done(&job->targets);
}

bool eval_job_run(struct eval_job *job, struct err *err)
{
	double start = clock_now();
	bool few = job->o->sampled || job->o->negatives;
	bool done;

	done = check_options(job, err) &&
	       targets_make(&job->targets, job->split, job->o->on_valid, job->o->keep_seen, job->task, err) &&
	       describe(job, err) && tally_open(&job->tally, job->r, job->metrics, err) &&
	       bar_items(job, err) &&
	       asker_init(&job->asker, job->snapshot, job->split, &job->targets, job->o, job->task, err);
	if (done && job->targets.n > 0)
		done = few ? run_sampled(job, err) : run_full(job, err);
	if (done)
		tally_close(&job->tally);
	job_done(job);
	job->r->seconds = clock_now() - start;
	return done;
}

struct eval_result *eval_run(const struct snapshot *s, const struct split *split, const struct eval_options *o,
			     const struct task *task, struct err *err)
{
	struct eval_result *r = mem_zeroed(1, sizeof(*r), err);
	struct eval_job job = { .snapshot = s, .split = split, .o = o, .task = task, .r = r,
				.metrics = ALL_METRICS, .chance = true };
	bool done = r && eval_job_run(&job, err);

	if (done && r->n_users > 0)
		return r;
	if (done)
		err_set(err, ERR_UNSUPPORTED, "split %s leaves no user with a history and %s events: there is "
			"nothing to evaluate on", split->text, o->on_valid ? "valid" : "test");
	eval_result_free(r);
	return NULL;
}

void eval_result_free(struct eval_result *r)
{
	if (!r)
		return;
	for (int m = 0; m < N_METRICS; m++)
		for (unsigned k = 0; k < EVAL_KS; k++)
			mem_free(r->per_user[m][k]);
	mem_free(r->user);
	for (size_t s = 0; s < r->n_slices; s++)
		mem_free(r->slice[s].per_user);
	mem_free(r->slice);
	mem_free(r);
}

bool eval_quick(const struct snapshot *s, const struct split *split, bool on_valid, int metric, uint32_t k,
		const struct task *task, struct eval_quick *out, struct err *err)
{
	struct eval_result *r = mem_zeroed(1, sizeof(*r), err);
	struct eval_options o;
	struct eval_job job = { .snapshot = s, .split = split, .o = &o, .task = task, .r = r,
				.metrics = 1u << metric };
	bool done;

	eval_options_for(&o, split);
	o.on_valid = on_valid;
	o.n_k = 1;
	o.k[0] = k;
	done = r && eval_job_run(&job, err);
	*out = (struct eval_quick){ .value = NAN, .users_per_second = NAN };
	if (done)
		*out = (struct eval_quick){ r->value[metric][0], (double)r->n_users / r->ranking_seconds, r->n_users };
	eval_result_free(r);
	return done;
}

bool eval_one(const struct snapshot *s, const struct split *split, bool on_valid, int metric, uint32_t k,
	      const struct task *task, double *out, struct err *err)
{
	struct eval_quick quick;
	bool done = eval_quick(s, split, on_valid, metric, k, task, &quick, err);

	*out = quick.value;
	return done;
}
