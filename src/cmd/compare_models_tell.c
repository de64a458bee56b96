/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_models_tell.c - what compare MODEL… tells: further keys of the rows, the verdict, the scenario, what was
 * left out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/compare_models_private.h"

static void add_slices(const struct models *m, const struct eval_result *e, const char *before, const char *behind,
		       json_t *list)
{
	for (size_t k = 0; k < e->n_slices; k++) {
		const struct eval_slice *s = &e->slice[k];
		char name[64];

		snprintf(name, sizeof(name), "%s%s%s", before, s->name, behind);
		json_array_append_new(list, mem_must(json_pack("{s:s,s:I,s:o}", "name", name, "users", (json_int_t)s->n_users,
							       "value", json_number(s->value[m->plan.metric][0]))));
	}
}

static json_t *int8_of(const struct suit *s)
{
	const struct packed_cost *c = &s->packed;

	if (!s->has_packed)
		return json_null();
	return mem_must(json_pack("{s:I,s:I,s:o,s:o}", "bytes", (json_int_t)c->packed.bytes, "bytes_whole",
				  (json_int_t)c->whole.bytes, "whole", json_number(c->whole.got.value), "packed",
				  json_number(c->packed.got.value)));
}

static json_t *shares_of(const struct models *m, const struct suit *s)
{
	json_t *list = mem_must(json_array());

	for (size_t k = 0; m->plan.n_shares && k <= m->plan.n_shares; k++)
		json_array_append_new(list, mem_must(json_pack("{s:o,s:o,s:o}", "share",
							       json_number(k < m->plan.n_shares ? m->plan.share[k] : 1), "value",
							       json_number(s->share_value[k]), "seconds",
							       json_number(s->share_seconds[k]))));
	return list;
}

static json_t *noise_of(const struct models *m, const struct suit *s)
{
	return m->plan.noise > 0 ? mem_must(json_pack("{s:o,s:o,s:o}", "share", json_number(m->plan.noise), "value",
						      json_number(s->noise_value), "without", json_number(s->share_value[m->plan.n_shares])))
				 : json_null();
}

static json_t *folds_of(const struct models *m, const struct suit *s)
{
	json_t *list = mem_must(json_array());

	for (unsigned k = 0; m->plan.folds > 1 && k < m->plan.folds; k++)
		json_array_append_new(list, json_number(s->fold_value[k]));
	return list;
}

static json_t *took_of(const struct suit *s)
{
	json_t *o = mem_must(json_object());

	for (int k = 0; k < N_SUIT_PARTS; k++)
		json_put(o, suit_part_name[k], json_number(s->took[k]));
	return o;
}

void compare_models_row(const struct models *m, size_t i, json_t *row)
{
	const struct suit *s = &m->entry[i].suit;
	json_t *slices = mem_must(json_array());

	add_slices(m, s->history, "users with ", "", slices);
	add_slices(m, s->popularity, "", " items", slices);
	json_put(row, "slices", slices);
	json_put(row, "ms_p50", json_number(s->ms_p50));
	json_put(row, "ms_p99", json_number(s->ms_p99));
	json_put(row, "int8", int8_of(s));
	json_put(row, "shares", shares_of(m, s));
	json_put(row, "noise", noise_of(m, s));
	json_put(row, "folds", folds_of(m, s));
	json_put(row, "repeats", json_number(s->repeats));
	json_put(row, "cold_items", json_number(s->cold_value));
	json_put(row, "faithfulness", json_number(s->audit.faithfulness.mean));
	json_put(row, "faithfulness_random", json_number(s->audit.random.mean));
	json_put(row, "measured_seconds", took_of(s));
	json_put(row, "cut_after_epochs", m->entry[i].cut ? json_integer(m->entry[i].epochs) : json_null());
	json_put(row, "faithful", json_boolean(s->audit.faithful));
}

/* In the order that add_slices() made the JSON's list in: the names are the JSON's, the users' values the suit's. */
static void users_in(const struct eval_result *e, size_t from, struct verdict_row *out)
{
	for (size_t k = 0; k < e->n_slices && from + k < out->n_slices; k++) {
		out->slice[from + k].user = e->slice[k].per_user;
		out->slice[from + k].n_user = e->n_users;
	}
}

static void slices_in(const json_t *row, struct verdict_row *out)
{
	const json_t *one;
	size_t k;

	json_array_foreach(json_object_get(row, "slices"), k, one) {
		if (k == VERDICT_SLICES)
			break;
		out->slice[out->n_slices++] = (struct verdict_slice){
			.name = json_string_value(json_object_get(one, "name")),
			.users = (size_t)json_integer_value(json_object_get(one, "users")), .value = json_number_in(one, "value"),
		};
	}
}

static double slice_value(const struct verdict_row *r, const char *starts)
{
	for (size_t k = 0; k < r->n_slices; k++)
		if (!strncmp(r->slice[k].name, starts, strlen(starts)) && r->slice[k].users)
			return r->slice[k].value;
	return NAN;
}

/* What the scenarios weigh.  The first slice of users has the shortest histories. */
static void figures_in(const struct suit *s, const json_t *row, struct verdict_row *out)
{
	double *f = out->figure;
	const json_t *metrics = json_object_get(row, "metrics");

	f[CRITERION_ACCURACY] = out->value;
	f[CRITERION_COLD_USERS] = slice_value(out, "users with ");
	f[CRITERION_TAIL] = slice_value(out, "tail");
	f[CRITERION_COLD_ITEMS] = s->cold_value;
	f[CRITERION_REPEATS] = s->repeats;
	f[CRITERION_COVERAGE] = json_number_in(row, "coverage@10");
	f[CRITERION_DIVERSITY] = json_number_in(metrics, "diversity@10");
	f[CRITERION_NOISE] = out->noise_value / out->noise_clean;
	f[CRITERION_LATENCY] = s->ms_p99;
	f[CRITERION_TRAINING] = out->train_seconds;
	f[CRITERION_MEMORY] = (double)out->bytes;
	f[CRITERION_EXPLANATION] = s->audit.faithfulness.mean;
}

static struct verdict_row verdict_row_of(const struct models *m, const struct model_entry *e, const json_t *row)
{
	const struct suit *s = &e->suit;
	const struct packed_cost *c = &s->packed;
	struct verdict_row out = {
		.run = json_string_value(json_object_get(row, "run")),
		.model = json_string_value(json_object_get(row, "model")),
		.value = json_number_in(row, "value"), .low = json_number_in(row, "low"), .high = json_number_in(row, "high"),
		.with_best = json_is_true(json_object_get(row, "with_best")),
		.train_seconds = json_number_in(row, "train_seconds"), .ms_p50 = s->ms_p50,
		.bytes = (uint64_t)json_integer_value(json_object_get(row, "bytes")),
		.exact = !strcmp(json_string_value(json_object_get(row, "explanation")), "exact"),
		.faithfulness = s->audit.faithfulness.mean, .by_chance = s->audit.random.mean,
		.faithful = s->audit.faithful, .int8_loss = NAN, .noise = m->plan.noise, .noise_value = s->noise_value,
		.noise_clean = s->share_value[m->plan.n_shares], .cold_value = s->cold_value,
		.noise_user = s->noise_user, .clean_user = s->clean_user, .n_noise = s->n_noise, .cold_user = s->cold_user,
		.n_cold = s->n_cold, .folds = m->plan.folds,
		.users = (size_t)json_integer_value(json_object_get(row, "users")), .cut = e->cut, .epochs = e->epochs,
		.of_epochs = e->of_epochs,
	};

	slices_in(row, &out);
	users_in(s->history, 0, &out);
	users_in(s->popularity, s->history->n_slices, &out);
	figures_in(s, row, &out);
	for (size_t k = 0; m->plan.n_shares && k <= m->plan.n_shares; k++) {
		out.share[k] = k < m->plan.n_shares ? m->plan.share[k] : 1;
		out.share_value[k] = s->share_value[k];
		out.share_seconds[k] = s->share_seconds[k];
		out.n_shares++;
	}
	if (s->has_packed && c->whole.got.value > 0) {
		out.int8_bytes = c->packed.bytes;
		out.int8_loss = 1 - c->packed.got.value / c->whole.got.value;
	}
	return out;
}

static void tell_scenario(const struct models *m, const struct verdict_row *rows, size_t n, const struct verdict *v,
			  struct result *r)
{
	json_t *weights, *fit;

	if (!v->fit)
		return;
	weights = mem_must(json_object());
	fit = mem_must(json_array());
	for (int c = 0; c < N_CRITERIA; c++)
		if (m->scenario.weight[c] > 0)
			json_put(weights, criterion_table[c].name, json_number(m->scenario.weight[c]));
	for (size_t k = 0; k < n; k++)
		json_array_append_new(fit, mem_must(json_pack("{s:o,s:o}", "run", json_text(rows[k].run), "fit",
							      json_number(v->fit[k]))));
	result_set(r, "scenario", mem_must(json_pack("{s:o,s:o,s:o,s:o}", "name", json_text(m->scenario.name), "weights", weights,
						     "takes", json_text(rows[v->fits].run), "fit", fit)));
}

static void tell_elsewhere(const struct verdict_row *rows, const struct verdict *v, struct result *r)
{
	json_t *list = mem_must(json_array());

	for (size_t k = 0; k < v->n_elsewhere; k++) {
		const struct verdict_elsewhere *e = &v->elsewhere[k];

		json_array_append_new(list, mem_must(json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:I}", "where", e->where, "run",
							       json_text(rows[e->row].run), "value", json_number(e->other), "taken",
							       json_number(e->mine), "difference", json_number(e->told.mean), "low",
							       json_number(e->told.lo), "high", json_number(e->told.hi), "p",
							       json_number(e->told.p), "apart", e->apart, "users",
							       (json_int_t)e->told.users)));
	}
	result_set(r, "elsewhere", list);
	result_set(r, "comparisons", json_integer((json_int_t)v->looked));
}

static void tell_left_out(const struct models *m, struct result *r, struct str *text)
{
	json_t *list = mem_must(json_array());

	for (size_t i = 0; i < m->n; i++) {
		const struct model_entry *e = &m->entry[i];

		if (!e->left_out[0])
			continue;
		json_array_append_new(list, mem_must(json_pack("{s:s,s:o}", "model", e->ops->name, "why",
							       json_text(e->left_out))));
		str_printf(text, "left out: %s: %s\n", e->ops->name, e->left_out);
	}
	result_set(r, "left_out", list);
}

void compare_models_tell(const struct models *m, const size_t *which, size_t n, const json_t *rows, const char *metric,
			 struct result *r, struct str *text)
{
	struct verdict_row *row = mem_must(calloc(n + 1, sizeof(*row)));
	json_t *sentences = mem_must(json_array());
	struct verdict v;

	for (size_t k = 0; k < n; k++)
		row[k] = verdict_row_of(m, &m->entry[which[k]], json_array_get(rows, k));
	verdict_make(row, n, metric, m->weighs ? &m->scenario : NULL, &v);
	for (size_t k = 0; k < v.n; k++) {
		json_array_append_new(sentences, json_text(v.sentence[k]));
		str_printf(text, "%s\n", v.sentence[k]);
	}
	result_set(r, "rule", json_text(m->budget > 0 ? "tuned" : "defaults"));
	result_set(r, "take", n ? json_text(row[v.take].run) : json_null());
	result_set(r, "verdict", sentences);
	tell_elsewhere(row, &v, r);
	tell_scenario(m, row, n, &v, r);
	tell_left_out(m, r, text);
	verdict_done(&v);
	free(row);
}
