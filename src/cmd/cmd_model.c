/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_model.c - models, params: what can be trained, and its parameters. */
#include <stdlib.h>

#include "app/foretell.h"
#include "app/session_change.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "model/model.h"

static const struct { unsigned cap; const char *name; } caps[] = {
	{ MODEL_ITERATIVE, "iterative" },       { MODEL_FROM_HISTORY, "from-history" },
	{ MODEL_USER_VECTORS, "user-vectors" }, { MODEL_ITEM_VECTORS, "item-vectors" },
	{ MODEL_EXACT, "exact" },               { MODEL_SEQUENTIAL, "sequential" },
	{ MODEL_NEEDS_TEXT, "needs-text" },     { MODEL_RANKS_COLD, "ranks-cold" },
	{ MODEL_OF_RUNS, "of-runs" },         { MODEL_VECTOR_AND_HISTORY, "vector-and-history" },
};

static bool models_prepare(struct call *c, struct err *err)
{
	struct foretelling *f = mem_must(calloc(1, sizeof(*f)));

	(void)err;
	c->state = f;
	if (session_split(c->session))
		foretelling_begin(f, c->session);
	return true;
}

/* Of a training with default parameters on the data that are loaded; of: NULL without data. */
static void add_model(struct result *r, const struct model_ops *ops, const struct foretold *of)
{
	json_t *row = result_add_row(r), *can = json_array();

	json_put(row, "name", json_text(ops->name));
	json_put(row, "title", json_text(ops->title));
	json_put(row, "cite", json_text(ops->cite ? ops->cite : ""));
	json_put(row, "explanation", json_text(ops->caps & MODEL_OF_RUNS ? "as its runs"
					       : ops->contributions          ? "exact"
									     : "leave-one-out"));
	json_put(row, "bytes", of ? json_integer((json_int_t)of->bytes) : json_null());
	json_put(row, "fits", of ? json_boolean(of->fits) : json_null());
	json_put(row, "seconds_per_epoch", of ? json_number(of->epoch) : json_null());
	json_put(row, "seconds", of ? json_number(of->seconds) : json_null());
	json_put(row, "epochs", of ? json_integer(of->epochs) : json_null());
	for (size_t k = 0; k < sizeof(caps) / sizeof(*caps); k++) {
		if (ops->caps & caps[k].cap)
			json_array_append_new(can, json_text(caps[k].name));
	}
	if (ops->pack)
		json_array_append_new(can, json_text("fewer-bits"));
	json_put(row, "caps", can);
}

static const char *largest(const struct foretelling *f)
{
	const struct foretold *most = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (f->of[i].fits && (!most || f->of[i].bytes > most->bytes))
			most = &f->of[i];
	return most ? most->model : NULL;
}

static bool models_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	static const struct result_column columns[] = {
		{ "name", "model", COLUMN_TEXT }, { "explanation", "explanation", COLUMN_TEXT },
		{ "bytes", "memory", COLUMN_BYTES }, { "fits", "fits", COLUMN_YES },
		{ "seconds_per_epoch", "an epoch", COLUMN_SECONDS }, { "seconds", "at most", COLUMN_SECONDS },
		{ "title", "what it is", COLUMN_TEXT }, { "cite", "source", COLUMN_TEXT }, { NULL, NULL, 0 },
	};
	struct foretelling *f = c->state;
	struct result *r = &c->result;
	size_t n = 0;
	char bytes[32];

	(void)job;
	if (f->split && !foretelling_run(f, t, err))
		return false;
	r->rows_key = "rows";
	r->columns = columns;
	for (; model_registry[n]; n++)
		add_model(r, model_registry[n], f->split ? &f->of[n] : NULL);
	result_set(r, "total", json_integer((json_int_t)n));
	result_set(r, "available", f->split ? json_integer((json_int_t)f->available) : json_null());
	result_set(r, "largest", f->n && largest(f) ? json_text(largest(f)) : json_null());
	if (f->split)
		result_say(r, "with default parameters on %s, at most all epochs; %s of memory are free:\n",
			   f->split->data->name, str_bytes(f->available, bytes));
	else
		result_say(r, "%s", "");
	return true;
}

static void models_release(struct call *c)
{
	foretelling_done(c->state);
	free(c->state);
}

const struct command models_command = {
	.name = "models", .group = "Models", .synopsis = "models",
	.summary = "what can be trained, and the memory and time it would take",
	.lane = LANE_ASK, .prepare = models_prepare, .run = models_run, .release = models_release,
};

static bool params_prepare(struct call *c, struct err *err)
{
	const struct model_ops *ops = model_find(call_word(c, 0), err);

	if (!ops)
		return false;
	result_params(&c->result, ops->params);
	result_set(&c->result, "model", json_text(ops->name));
	result_set(&c->result, "total", json_integer((json_int_t)json_array_size(c->result.rows)));
	result_say(&c->result, "%s: %s%s%s\n", ops->name, ops->title, ops->cite && ops->cite[0] ? "; " : "",
		   ops->cite ? ops->cite : "");
	return true;
}

const struct command params_command = {
	.name = "params", .group = "Models", .synopsis = "params MODEL", .summary = "the parameters of a model",
	.words = { WORD_MODEL }, .least = 1, .most = 1, .prepare = params_prepare,
};

const char *model_listed(size_t i, const char **title)
{
	for (size_t k = 0; k <= i; k++)
		if (!model_registry[k])
			return NULL;
	*title = model_registry[i]->title;
	return model_registry[i]->name;
}
