/* SPDX-License-Identifier: GPL-3.0-or-later */
/* standing.c - split, then fit popularity on it. */
#include "app/standing.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "train/fit.h"

/* Popularity is measured on valid like any other run where that costs well under a second. */
#define CHEAP_SCORES 200e6
#define COUNTED_AT_ONCE 1000000 /* events between two questions whether to go on: a few ms */

static void describe(struct standing *st, const struct fit_request *r, struct fit_result *f)
{
	struct run_record *rec = &st->record;

	snprintf(rec->name, sizeof(rec->name), "%s", r->run);
	snprintf(rec->model, sizeof(rec->model), "%s", r->ops->name);
	rec->params = params_to_json(&r->params);
	snprintf(rec->data_name, sizeof(rec->data_name), "%s", st->data->name);
	rec->data_fingerprint = st->data->fingerprint;
	rec->split_fingerprint = st->split->fingerprint;
	snprintf(rec->split_text, sizeof(rec->split_text), "%s", st->split->text);
	rec->seed = r->seed;
	rec->readable = true;
	rec->epochs_asked = r->epochs;
	rec->valid_every = r->valid_every;
	rec->epochs = f->epochs;
	rec->best_epoch = f->best_epoch;
	snprintf(rec->stopped, sizeof(rec->stopped), "%s", fit_stopped_text[f->stopped]);
	snprintf(rec->metric, sizeof(rec->metric), "%s@%u", metric_table[r->metric].name, r->metric_k);
	rec->best_metric = f->best_metric;
	rec->seconds = f->seconds;
	rec->bytes = f->bytes;
	rec->made = clock_wall();
	rec->curves = f->curves;
	curves_init(&f->curves);
}

static bool fit_popularity(struct standing *st, uint64_t seed, const struct task *task, struct err *err)
{
	const struct model_ops *ops = model_find("popularity", err);
	struct fit_request r;
	struct fit_result f;

	if (!ops)
		return false;
	fit_request_init(&r, ops);
	r.data = st->data;
	r.split = st->split;
	r.seed = seed;
	snprintf(r.run, sizeof(r.run), "%s", POPULARITY_RUN);
	r.valid_every = (double)st->data->n_users * st->data->n_items < CHEAP_SCORES ? 1 : 0;
	if (!fit_run(&r, task, &f, err))
		return false;
	if (!f.best) {
		fit_result_done(&f);
		return task_cancelled(err);
	}
	st->popularity = snapshot_ref(f.best);
	describe(st, &r, &f);
	fit_result_done(&f);
	return true;
}

/* A dataset lies by users: what a list of items shows of each is counted here, once. */
static bool count_items(struct standing *st, const struct task *task, struct err *err)
{
	const struct dataset *d = st->data;

	st->item_events = mem_zeroed(d->n_items, sizeof(*st->item_events), err);
	if (d->value)
		st->item_mean = mem_zeroed(d->n_items, sizeof(*st->item_mean), err);
	if (!st->item_events || (d->value && !st->item_mean))
		return false;
	for (size_t e = 0; e < d->n_events; e++) {
		if (e % COUNTED_AT_ONCE == 0 && !task_keep_going(task))
			return task_cancelled(err);
		st->item_events[d->item[e]]++;
		if (d->value)
			st->item_mean[d->item[e]] += d->value[e];
	}
	for (uint32_t i = 0; d->value && i < d->n_items; i++)
		st->item_mean[i] /= st->item_events[i];
	return true;
}

bool standing_make(struct standing *out, const struct dataset *data, const char *kind, const struct params *params,
		   uint64_t seed, const struct task *task, struct err *err)
{
	*out = (struct standing){ .data = dataset_ref(data) };
	run_record_init(&out->record);
	out->split = split_make(data, kind, params, seed, task, err);
	if (out->split && count_items(out, task, err) && fit_popularity(out, seed, task, err))
		return true;
	standing_done(out);
	return false;
}

void standing_done(struct standing *st)
{
	snapshot_unref(st->popularity);
	split_unref(st->split);
	dataset_unref(st->data);
	run_record_done(&st->record);
	mem_free(st->item_events);
	mem_free(st->item_mean);
	*st = (struct standing){ 0 };
}
