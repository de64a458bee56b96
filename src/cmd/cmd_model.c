/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_model.c - models, params: what can be trained, and its parameters. */
#include "app/session_change.h"
#include "base/json.h"
#include "cmd/tables.h"
#include "model/model.h"
#include "train/fit.h"

static const struct { unsigned cap; const char *name; } caps[] = {
	{ MODEL_ITERATIVE, "iterative" },       { MODEL_FROM_HISTORY, "from-history" },
	{ MODEL_USER_VECTORS, "user-vectors" }, { MODEL_ITEM_VECTORS, "item-vectors" },
	{ MODEL_EXACT, "exact" },               { MODEL_SEQUENTIAL, "sequential" },
	{ MODEL_NEEDS_TEXT, "needs-text" },     { MODEL_RANKS_COLD, "ranks-cold" },
	{ MODEL_OF_RUNS, "of-runs" },         { MODEL_VECTOR_AND_HISTORY, "vector-and-history" },
};

static bool models_prepare(struct call *c, struct err *err)
{
	static const struct result_column columns[] = {
		{ "name", "model", COLUMN_TEXT }, { "explanation", "explanation", COLUMN_TEXT },
		{ "bytes", "memory", COLUMN_BYTES }, { "title", "what it is", COLUMN_TEXT },
		{ "cite", "source", COLUMN_TEXT }, { NULL, NULL, 0 },
	};
	const struct split *split = session_split(c->session);
	struct result *r = &c->result;

	(void)err;
	r->rows_key = "rows";
	r->columns = columns;
	for (size_t i = 0; model_registry[i]; i++) {
		const struct model_ops *ops = model_registry[i];
		json_t *row = result_add_row(r), *can = json_array();
		struct params p;

		params_init(&p, ops->params);
		json_object_set_new(row, "name", json_text(ops->name));
		json_object_set_new(row, "title", json_text(ops->title));
		json_object_set_new(row, "cite", json_text(ops->cite ? ops->cite : ""));
		json_object_set_new(row, "explanation",
				    json_text(ops->caps & MODEL_OF_RUNS ? "as its runs"
					      : ops->contributions          ? "exact"
									    : "leave-one-out"));
		/* Of a training with default parameters on the data that are loaded. */
		json_object_set_new(row, "bytes", split ? json_integer((json_int_t)fit_bytes(ops, &p, split, false, PRECISION_F32))
							: json_null());
		for (size_t k = 0; k < sizeof(caps) / sizeof(*caps); k++) {
			if (ops->caps & caps[k].cap)
				json_array_append_new(can, json_text(caps[k].name));
		}
		if (ops->pack)
			json_array_append_new(can, json_text("fewer-bits"));
		json_object_set_new(row, "caps", can);
	}
	result_set(r, "total", json_integer((json_int_t)json_array_size(r->rows)));
	result_say(r, "%s", "");
	return true;
}

const struct command models_command = {
	.name = "models", .group = "Models", .synopsis = "models", .summary = "what can be trained, and the memory it would take",
	.prepare = models_prepare,
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
