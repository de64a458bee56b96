/* SPDX-License-Identifier: GPL-3.0-or-later */
/* comparison_table.c - see comparison_table.h. */
#include "cmd/comparison_table.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What each row may have, whatever the data; name NULL: as the path. */
static const struct { const char *path, *name; enum column_type type; } fixed[] = {
	{ "run", NULL, COLUMN_TEXT }, { "model", NULL, COLUMN_TEXT }, { "precision", NULL, COLUMN_TEXT },
	{ "metric", NULL, COLUMN_TEXT }, { "value", NULL, COLUMN_SCORE }, { "low", NULL, COLUMN_SCORE },
	{ "high", NULL, COLUMN_SCORE }, { "p", NULL, COLUMN_SCORE }, { "with_best", NULL, COLUMN_YES },
	{ "users", NULL, COLUMN_INT }, { "train_seconds", NULL, COLUMN_SECONDS }, { "peak_bytes", NULL, COLUMN_BYTES },
	{ "ms_per_user", NULL, COLUMN_SCORE }, { "ms_p50", NULL, COLUMN_SCORE }, { "ms_p99", NULL, COLUMN_SCORE },
	{ "bytes", NULL, COLUMN_BYTES }, { "int8/bytes", "int8_bytes", COLUMN_BYTES },
	{ "int8/whole", "int8_whole", COLUMN_SCORE }, { "int8/packed", "int8_packed", COLUMN_SCORE }, { "noise/value", "noise_value", COLUMN_SCORE },
	{ "noise/without", "noise_without", COLUMN_SCORE }, { "repeats", NULL, COLUMN_SCORE },
	{ "cold_items", NULL, COLUMN_SCORE }, { "explanation", NULL, COLUMN_TEXT }, { "faithfulness", NULL, COLUMN_SCORE },
	{ "faithfulness_random", NULL, COLUMN_SCORE }, { "faithful", NULL, COLUMN_YES },
};

const json_t *comparison_at(const json_t *row, const char *path)
{
	for (const char *at = path; row && *at;) {
		size_t len = strcspn(at, "/");
		char key[96];

		snprintf(key, sizeof(key), "%.*s", (int)len, at);
		row = json_is_array(row) ? json_array_get(row, strtoul(key, NULL, 10)) : json_object_get(row, key);
		at += len + (at[len] == '/');
	}
	return json_is_null(row) ? NULL : row;
}

double comparison_number(const json_t *row, const char *path)
{
	const json_t *v = comparison_at(row, path);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

bool comparison_on_front(const json_t *rows, size_t i, double least)
{
	const json_t *mine = json_array_get(rows, i), *other;
	double value = comparison_number(mine, "value"), seconds = fmax(comparison_number(mine, "train_seconds"), least);
	size_t k;

	json_array_foreach(rows, k, other) {
		double its = comparison_number(other, "value"), took = fmax(comparison_number(other, "train_seconds"), least);

		if (k != i && its >= value && took <= seconds && (its > value || took < seconds))
			return false;
	}
	return true;
}

const json_t *comparison_cell(const json_t *row, const struct comparison_column *c)
{
	const json_t *list = c->named[0] ? comparison_at(row, "slices") : NULL, *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *name = json_string_value(json_object_get(one, "name"));

		if (name && !strcmp(name, c->named))
			return comparison_at(one, c->path);
	}
	return c->named[0] ? NULL : comparison_at(row, c->path);
}

struct columns { struct comparison_column *c; size_t n; };

/* NULL: there is one of that name already. */
static struct comparison_column *add(struct columns *to, const char *name, enum column_type type)
{
	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->c[i].name, name))
			return NULL;
	to->c = mem_must(realloc(to->c, (to->n + 1) * sizeof(*to->c)));
	to->c[to->n] = (struct comparison_column){ .type = type };
	snprintf(to->c[to->n].name, sizeof(to->c[to->n].name), "%s", name);
	return &to->c[to->n++];
}

static void add_metrics(struct columns *to, const json_t *metrics)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)metrics, name, value) {
		struct comparison_column *c = add(to, name, COLUMN_SCORE);

		if (c)
			snprintf(c->path, sizeof(c->path), "metrics/%s", name);
	}
}

/* "share_50", "share_50_seconds" */
static void add_share(struct columns *to, size_t at, double share)
{
	char name[64];
	struct comparison_column *c;

	snprintf(name, sizeof(name), "share_%.3g", 100 * share);
	if ((c = add(to, name, COLUMN_SCORE)))
		snprintf(c->path, sizeof(c->path), "shares/%zu/value", at);
	snprintf(name, sizeof(name), "share_%.3g_seconds", 100 * share);
	if ((c = add(to, name, COLUMN_SECONDS)))
		snprintf(c->path, sizeof(c->path), "shares/%zu/seconds", at);
}

static void add_fold(struct columns *to, size_t at)
{
	char name[64];
	struct comparison_column *c;

	snprintf(name, sizeof(name), "fold_%zu", at + 1);
	if ((c = add(to, name, COLUMN_SCORE)))
		snprintf(c->path, sizeof(c->path), "folds/%zu", at);
}

static void add_slice(struct columns *to, const char *name)
{
	struct comparison_column *c = name ? add(to, name, COLUMN_SCORE) : NULL;

	if (!c)
		return;
	snprintf(c->named, sizeof(c->named), "%s", name);
	snprintf(c->path, sizeof(c->path), "value");
}

/* The first row's lists are those of all but for slices that some have nobody in. */
static void add_parts(struct columns *to, const json_t *row)
{
	const json_t *one;
	size_t i;

	add_metrics(to, json_object_get(row, "metrics"));
	json_array_foreach(json_object_get(row, "shares"), i, one)
		add_share(to, i, comparison_number(one, "share"));
	for (i = 0; i < json_array_size(json_object_get(row, "folds")); i++)
		add_fold(to, i);
	json_array_foreach(json_object_get(row, "slices"), i, one)
		add_slice(to, json_string_value(json_object_get(one, "name")));
}

static bool any_has(const json_t *rows, const struct comparison_column *c)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (comparison_cell(row, c))
			return true;
	return false;
}

struct comparison_column *comparison_columns(const json_t *rows, size_t *n)
{
	struct columns all = { NULL, 0 };
	const json_t *row;
	size_t i;

	for (i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
		struct comparison_column *c = add(&all, fixed[i].name ? fixed[i].name : fixed[i].path, fixed[i].type);

		snprintf(c->path, sizeof(c->path), "%s", fixed[i].path);
	}
	json_array_foreach(rows, i, row)
		add_parts(&all, row);
	*n = 0;
	for (i = 0; i < all.n; i++)
		if (any_has(rows, &all.c[i]))
			all.c[(*n)++] = all.c[i];
	return all.c;
}
