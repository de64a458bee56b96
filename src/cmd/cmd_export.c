/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_export.c - export WHAT FILE. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/comparison.h"
#include "app/session_change.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/comparison_table.h"
#include "cmd/export_files.h"
#include "cmd/hold.h"
#include "cmd/packed_say.h"
#include "cmd/report.h"
#include "cmd/tables.h"

struct export {
	struct hold hold;
	const char *path; /* of the call's words */
	uint64_t rows;
	json_t *metrics;  /* [{run, metrics}] for WHAT metrics */
	json_t *compared; /* the rows of what was compared last, for WHAT comparison */
	struct model_export model;
	struct report report;
};

static const struct param_spec export_params[] = {
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "20", .unit = "items",
	  .meaning = "recommendations, report (there 10): length of the lists" },
	{ .name = "on", .type = PARAM_CHOICE, .choices = "test|valid", .def = "test",
	  .meaning = "recommendations: to every user with events of this part" },
	{ .name = "layout", .type = PARAM_CHOICE, .choices = "pca|neighbours", .def = "pca",
	  .meaning = "map: principal components of all items, or t-SNE of the 1,500 most popular" },
	{ .name = "users", .type = PARAM_TEXT, .meaning = "report: USER,… whose lists are told (default: three with test events)" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "of which run (default: the current one)" },
	{ .name = "precision", .type = PARAM_CHOICE, .choices = PRECISION_CHOICES,
	  .meaning = "model: of its large tables (default: as the run is kept)" },
	{ .name = "force", .type = PARAM_BOOL, .def = "no", .meaning = "replaces what is there" },
	{ .name = NULL },
};

/* One row each: what is written, from what, by which endings. */
static bool write_recommendations(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	const struct snapshot *s = hold_snapshot(&x->hold, err);

	return s && export_recommendations(x->path, s, x->hold.split, params_choice(&c->params, "on") == 1,
					   (uint32_t)params_int(&c->params, "k"), t, &x->rows, err);
}

static bool write_split(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	(void)c;
	return export_split(x->path, x->hold.split, t, &x->rows, err);
}

static bool write_rejected(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	(void)c, (void)t;
	return export_rejected(x->path, x->hold.data, &x->rows, err);
}

static bool write_vectors(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	const struct snapshot *s = hold_snapshot(&x->hold, err);

	(void)c, (void)t;
	return s && export_vectors(x->path, s, x->hold.data, &x->rows, err);
}

static bool write_curves(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	(void)c, (void)t;
	return export_curves(x->path, x->hold.record.name, &x->hold.record.curves, &x->rows, err);
}

static bool write_model(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	const struct snapshot *s = hold_snapshot(&x->hold, err);

	if (!s)
		return false;
	x->model.to = params_is_set(&c->params, "precision") ? (enum precision)params_choice(&c->params, "precision")
							     : s->precision;
	x->rows = x->hold.data->n_items;
	return export_model(x->path, s, &x->hold.record, x->hold.split, t, &x->model, err);
}

static bool write_metrics(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	struct csv_out o;
	json_t *run, *value;
	const char *metric;
	size_t i;
	bool good;

	(void)c, (void)t;
	if (!csv_begin(&o, x->path, "run,metric,value", err))
		return false;
	json_array_foreach(x->metrics, i, run) {
		json_object_foreach(json_object_get(run, "metrics"), metric, value) {
			csv_text(&o, json_string_value(json_object_get(run, "run")));
			csv_text(&o, metric);
			csv_number(&o, json_is_number(value) ? json_number_value(value) : (double)NAN);
			csv_end_row(&o);
		}
	}
	good = csv_commit(&o, err);
	x->rows = o.rows;
	csv_abandon(&o);
	return good;
}

static void put_cell(struct csv_out *o, const json_t *v)
{
	if (json_is_string(v))
		csv_text(o, json_string_value(v));
	else if (json_is_boolean(v))
		csv_text(o, json_is_true(v) ? "yes" : "no");
	else if (json_is_integer(v))
		csv_integer(o, json_integer_value(v));
	else if (json_is_real(v))
		csv_number(o, json_real_value(v));
	else
		csv_empty(o);
}

static bool write_comparison(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	struct comparison_column *column;
	struct str header = STR_INIT;
	struct csv_out o;
	json_t *row;
	size_t i, n;
	bool good;

	(void)c, (void)t;
	column = comparison_columns(x->compared, &n);
	for (size_t k = 0; k < n; k++)
		str_printf(&header, "%s%s", k ? "," : "", column[k].name);
	good = csv_begin(&o, x->path, str_text(&header), err);
	str_done(&header);
	if (good) {
		json_array_foreach(x->compared, i, row) {
			for (size_t k = 0; k < n; k++)
				put_cell(&o, comparison_cell(row, &column[k]));
			csv_end_row(&o);
		}
		good = csv_commit(&o, err);
		x->rows = o.rows;
		csv_abandon(&o);
	}
	free(column);
	return good;
}

static bool write_map(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	const struct snapshot *s = hold_snapshot(&x->hold, err);

	return s && export_map(x->path, s, x->hold.split, params_choice(&c->params, "layout") == 1, t, &x->rows, err);
}

static bool write_report(const struct call *c, struct export *x, const struct task *t, struct err *err)
{
	(void)c;
	x->rows = x->report.n_users;
	return report_write(x->path, &x->report, &x->hold, t, err);
}

static const struct export_kind {
	const char *name, *endings; /* endings NULL: a folder */
	bool (*take_run)(struct hold *h, const struct call *c, const char *name, struct err *err); /* NULL: needs none */
	bool (*write)(const struct call *c, struct export *x, const struct task *t, struct err *err);
} kinds[] = {
	{ "recommendations", ".csv", hold_run, write_recommendations },
	{ "split", NULL, NULL, write_split },
	{ "rejected", ".csv", NULL, write_rejected },
	{ "vectors", ".npy .csv", hold_whole_run, write_vectors },
	{ "model", ".safetensors", hold_whole_run, write_model },
	{ "metrics", ".csv", NULL, write_metrics },
	{ "comparison", ".csv", NULL, write_comparison },
	{ "curves", ".csv", hold_run, write_curves },
	{ "map", ".csv", hold_whole_run, write_map },
	{ "report", ".html", hold_run, write_report },
};

const struct name_meaning export_whats[] = {
	{ "recommendations", "user,rank,item,score of every user with test items" },
	{ "split", "a folder: train.csv valid.csv test.csv" },
	{ "rejected", "file,line,reason of the rows that could not be read" },
	{ "vectors", "the item vectors of a run, .npy or .csv" },
	{ "model", "what a run scores with, .safetensors; precision= makes it smaller" },
	{ "metrics", "run,metric,value of the runs that were evaluated" },
	{ "comparison", "what was compared last, .csv: a run a row, a column for all that was measured" },
	{ "curves", "loss and validation metric by epoch" },
	{ "map", "item,x,y of the item vectors of a run, as the Items screen maps them" },
	{ "report", "a page to show, .html: data, metrics, what was compared last, curves, and users with lists and reasons" },
	{ NULL, NULL },
};

static const struct export_kind *find_kind(const char *name, struct err *err)
{
	const char *names[sizeof(kinds) / sizeof(*kinds)], *near;
	size_t n = 0;

	for (; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (!strcmp(kinds[n].name, name))
			return &kinds[n];
		names[n] = kinds[n].name;
	}
	near = str_nearest(name, names, n);
	if (near)
		err_set(err, ERR_RANGE, "export knows no %s: did you mean %s?", name, near);
	else
		err_set(err, ERR_RANGE, "export knows no %s: recommendations, split, rejected, vectors, model, metrics, comparison, curves, map or report",
			name);
	return NULL;
}

static bool ending_fits(const struct export_kind *k, const char *path)
{
	const char *dot = strrchr(file_base(path), '.');
	const char *at = dot && k->endings ? strstr(k->endings, dot) : NULL;

	if (!k->endings)
		return true;
	return at && strchr(" ", at[strlen(dot)]) != NULL; /* a whole one of the list */
}

/* What would be lost.  A split's folder may be there, its files may not. */
static bool may_write(const struct call *c, const struct export_kind *k, const char *path, struct err *err)
{
	static const char *const parts[] = { "train.csv", "valid.csv", "test.csv", "history.csv" };

	if (params_bool(&c->params, "force"))
		return true;
	if (k->endings && file_exists(path))
		return err_set(err, ERR_EXISTS, "%s is there already: force=yes replaces it", path);
	for (size_t i = 0; !k->endings && i < sizeof(parts) / sizeof(*parts); i++) {
		char *file = file_join(path, parts[i]);
		bool there = file_exists(file);

		if (there)
			err_set(err, ERR_EXISTS, "%s is there already: force=yes replaces it", file);
		free(file);
		if (there)
			return false;
	}
	return true;
}

static bool collect_metrics(const struct call *c, struct export *x, struct err *err)
{
	const char *only = call_text(c, "run");

	if (only && !session_find_run(c->session, only, err))
		return false;
	x->metrics = json_array();
	for (size_t i = 0; i < session_n_runs(c->session); i++) {
		const struct run *r = session_run(c->session, i);

		/* Metrics of different splits never stand in one table. */
		if (!r->rec.metrics || !r->of_split || (only && strcmp(only, r->rec.name) != 0))
			continue;
		json_array_append_new(x->metrics, json_pack("{s:o,s:O}", "run", json_text(r->rec.name), "metrics",
							    r->rec.metrics));
	}
	if (json_array_size(x->metrics))
		return true;
	return err_set(err, ERR_USAGE, "no metrics to export: evaluate comes first");
}

static bool collect_comparison(const struct call *c, struct export *x, struct err *err)
{
	const struct comparison *last = session_comparison(c->session);

	if (!last || !last->n)
		return err_set(err, ERR_USAGE, "nothing was compared on this split: compare comes first");
	x->compared = mem_must(json_deep_copy(last->rows));
	return true;
}

static bool export_prepare(struct call *c, struct err *err)
{
	struct export *x = mem_must(calloc(1, sizeof(*x)));
	const struct export_kind *k = find_kind(call_word(c, 0), err);

	c->state = x;
	x->path = call_word(c, 1);
	if (!k)
		return false;
	if (session_readonly(c->session))
		return err_set(err, ERR_USAGE, "--readonly writes nothing");
	if (!ending_fits(k, x->path))
		return err_set(err, ERR_RANGE, "%s: %s is written as %s", x->path, k->name, k->endings);
	if (!hold_data(&x->hold, c, err) || !may_write(c, k, x->path, err))
		return false;
	if (k->take_run && !k->take_run(&x->hold, c, call_text(c, "run"), err))
		return false;
	snprintf(c->title, sizeof(c->title), "export %s", k->name);
	if (k->write == write_report)
		return report_collect(&x->report, c, err);
	if (k->write == write_comparison)
		return collect_comparison(c, x, err);
	return k->write != write_metrics || collect_metrics(c, x, err);
}

static bool export_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct export *x = c->state;

	(void)job;
	return find_kind(call_word(c, 0), err)->write(c, x, t, err);
}

static void say_model(struct call *c, const struct export *x)
{
	const struct model_export *m = &x->model;
	struct str text = STR_INIT;
	char a[32], b[32];

	str_printf(&text, "%s in %s: ", x->hold.record.name, precision_name[m->to]);
	if (m->packed)
		packed_cost_line(&m->cost, (double)m->whole_bytes / (double)m->file_bytes, &text);
	else
		str_puts(&text, str_bytes(m->file_bytes, a));
	str_printf(&text, " in %s\n", x->path);
	if (m->packed)
		str_printf(&text, "file: %s, %s in %s\n", str_bytes(m->file_bytes, a), str_bytes(m->whole_bytes, b),
			   precision_name[m->cost.whole.precision]);
	result_set(&c->result, "file_bytes", json_integer((json_int_t)m->file_bytes));
	result_set(&c->result, "file_bytes_whole", json_integer((json_int_t)m->whole_bytes));
	if (m->packed) {
		packed_cost_json(&c->result, &m->cost);
		packed_cost_text(&m->cost, &text);
	} else {
		result_set(&c->result, "precision", json_text(precision_name[m->to]));
	}
	result_say(&c->result, "%s", text.s);
	str_done(&text);
}

static bool export_finish(struct call *c, struct err *err)
{
	const struct export *x = c->state;
	char n[32];

	(void)err;
	result_set(&c->result, "what", json_text(call_word(c, 0)));
	result_set(&c->result, "file", json_text(x->path));
	result_set(&c->result, "rows", json_integer((json_int_t)x->rows));
	if (x->model.written) {
		say_model(c, x);
		return true;
	}
	result_say(&c->result, "%s: %s rows in %s\n", call_word(c, 0), str_thousands(x->rows, n), x->path);
	return true;
}

static void export_release(struct call *c)
{
	struct export *x = c->state;

	hold_done(&x->hold);
	report_done(&x->report);
	json_decref(x->metrics);
	json_decref(x->compared);
	free(x);
}

static const char *export_again(const struct call *c, struct str *line)
{
	if (!params_bool(&c->params, "force"))
		str_puts(line, " force=yes");
	return NULL;
}

const struct command export_command = {
	.name = "export", .group = "Data", .synopsis = "export WHAT FILE [k=20] [on=test|valid] [run=RUN] [precision=f32|bf16|int8] [layout=pca|neighbours] [users=USER,…] [force=yes]",
	.summary = "writes recommendations, split, rejected, vectors, model, metrics, comparison, curves, map or report",
	.lane = LANE_LIGHT, .words = { WORD_WHAT, WORD_FILE }, .least = 2, .most = 2, .params = export_params,
	.prepare = export_prepare, .run = export_run, .finish = export_finish, .release = export_release,
	.again = export_again,
};
