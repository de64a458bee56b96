/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_of_record.c - what trained a run, asked for again (fit.h). */
#include "eval/eval.h"
#include "train/fit.h"
#include "train/run_record.h"

bool fit_request_of(struct fit_request *r, const struct run_record *rec, const struct split *split, struct err *err)
{
	const struct model_ops *ops = model_find(rec->model, err);

	if (!ops)
		return false;
	fit_request_init(r, ops);
	r->data = split->data;
	r->split = split;
	r->seed = rec->seed;
	r->values = rec->values;
	r->refit = rec->refit;
	r->kept = rec->precision;
	r->valid_every = rec->valid_every;
	/* Popularity and the like watch nothing. */
	if (!params_from_json(&r->params, rec->params, err) ||
	    (rec->metric[0] && !metric_parse(rec->metric, &r->metric, &r->metric_k, err)))
		return err_wrap(err, "%s", rec->name);
	fit_request_follow(r);
	return true;
}
