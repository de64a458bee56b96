/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.c - reading, checking and printing values by a table. */
#include "base/param.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num_parse.h"

#define INTS_MAX 32

/* A choice's text between bars.  False behind the last. */
static bool choice_at(const char *choices, int position, const char **at, size_t *len)
{
	for (;;) {
		*len = strcspn(choices, "|");
		*at = choices;
		if (!position--)
			return true;
		if (!choices[*len])
			return false;
		choices += *len + 1;
	}
}

static int choice_find(const char *choices, const char *text)
{
	const char *at;
	size_t len;

	for (int i = 0; choice_at(choices, i, &at, &len); i++)
		if (strlen(text) == len && !memcmp(at, text, len))
			return i;
	return -1;
}

/* "" or ", did you mean NAME?" */
static void suggest(struct str *out, const char *word, const char *const *names, size_t n)
{
	const char *nearest = str_nearest(word, names, n);

	if (nearest)
		str_printf(out, "; did you mean \"%s\"?", nearest);
}

static bool unknown_name(const struct param_spec *specs, const char *name, struct err *err)
{
	const char *names[PARAM_MAX] = { NULL };
	struct str hint = STR_INIT;
	size_t n = 0;

	for (; specs[n].name && n < PARAM_MAX; n++)
		names[n] = specs[n].name;
	suggest(&hint, name, names, n);
	if (!hint.len && n) {
		str_puts(&hint, "; there are");
		for (size_t i = 0; i < n; i++)
			str_printf(&hint, "%s %s", i ? "," : "", names[i]);
	}
	err_set(err, ERR_USAGE, "no parameter \"%s\"%s", name, str_text(&hint));
	str_done(&hint);
	return false;
}

static bool refuse(const struct param_spec *spec, const char *text, enum err_code code, struct err *err)
{
	struct str range = STR_INIT;

	param_describe_range(spec, &range);
	err_set(err, code, "%s=\"%s\": expected %s", spec->name, text, str_text(&range));
	str_done(&range);
	return false;
}

static bool refuse_choice(const struct param_spec *spec, const char *text, struct err *err)
{
	char words[256];
	const char *names[32] = { NULL };
	struct str hint = STR_INIT;
	size_t n = 0;
	char *save = NULL;

	snprintf(words, sizeof(words), "%s", spec->choices);
	for (char *w = strtok_r(words, "|", &save); w && n < 32; w = strtok_r(NULL, "|", &save))
		names[n++] = w;
	suggest(&hint, text, names, n);
	err_set(err, ERR_RANGE, "%s=\"%s\": expected %s%s", spec->name, text, spec->choices, str_text(&hint));
	str_done(&hint);
	return false;
}

static bool set_int(const struct param_spec *spec, struct param_value *v, const char *text, struct err *err)
{
	int64_t i;

	if (!num_parse_i64(text, strlen(text), &i))
		return refuse(spec, text, ERR_SYNTAX, err);
	if ((double)i < spec->lo || (double)i > spec->hi)
		return refuse(spec, text, ERR_RANGE, err);
	v->num = (double)i;
	snprintf(v->text, sizeof(v->text), "%lld", (long long)i);
	return true;
}

static bool set_real(const struct param_spec *spec, struct param_value *v, const char *text, struct err *err)
{
	double d;

	if (!num_parse_double(text, strlen(text), &d))
		return refuse(spec, text, ERR_SYNTAX, err);
	if (!(d >= spec->lo && d <= spec->hi))
		return refuse(spec, text, ERR_RANGE, err);
	v->num = d;
	/* As typed: it says what was meant, and reads back to the same bits. */
	if (strlen(text) < sizeof(v->text))
		snprintf(v->text, sizeof(v->text), "%s", text);
	else
		snprintf(v->text, sizeof(v->text), "%.17g", d);
	return true;
}

static bool set_ints(const struct param_spec *spec, struct param_value *v, const char *text, struct err *err)
{
	struct str list = STR_INIT;
	const char *at = text;
	size_t n = 0;
	bool good = true;

	for (;;) {
		size_t len = strcspn(at, ",");
		int64_t i;

		if (!num_parse_i64(at, len, &i))
			good = refuse(spec, text, ERR_SYNTAX, err);
		else if ((double)i < spec->lo || (double)i > spec->hi)
			good = refuse(spec, text, ERR_RANGE, err);
		else
			str_printf(&list, "%s%lld", n++ ? "," : "", (long long)i);
		if (!good || !at[len])
			break;
		at += len + 1;
	}
	if (good && (n > INTS_MAX || list.len >= sizeof(v->text)))
		good = err_set(err, ERR_RANGE, "%s: too many numbers (%zu)", spec->name, n);
	if (good) {
		memcpy(v->text, list.s, list.len + 1);
		v->num = (double)n;
	}
	str_done(&list);
	return good;
}

/* Distinct, not empty, each short enough to be a run's. */
static bool set_runs(const struct param_spec *spec, struct param_value *v, const char *text, struct err *err)
{
	const char *at = text;

	if (strlen(text) >= sizeof(v->text))
		return err_set(err, ERR_RANGE, "%s: at most %zu bytes of names", spec->name, sizeof(v->text) - 1);
	for (;;) {
		size_t len = strcspn(at, ",");

		if (!len || len >= PARAM_RUN_SIZE)
			return refuse(spec, text, ERR_SYNTAX, err);
		for (const char *before = text; before < at; before += strcspn(before, ",") + 1)
			if (strcspn(before, ",") == len && !memcmp(before, at, len))
				return err_set(err, ERR_RANGE, "%s names %.*s twice", spec->name, (int)len, at);
		if (!at[len])
			break;
		at += len + 1;
	}
	memcpy(v->text, text, strlen(text) + 1);
	return true;
}

static bool set_value(const struct param_spec *spec, struct param_value *v, const char *text, struct err *err)
{
	int choice;

	switch (spec->type) {
	case PARAM_INT:
		return set_int(spec, v, text, err);
	case PARAM_REAL:
		return set_real(spec, v, text, err);
	case PARAM_INTS:
		return set_ints(spec, v, text, err);
	case PARAM_RUNS:
		return set_runs(spec, v, text, err);
	case PARAM_BOOL:
		if (strcmp(text, "yes") && strcmp(text, "no"))
			return refuse(spec, text, ERR_SYNTAX, err);
		v->num = text[0] == 'y';
		break;
	case PARAM_CHOICE:
		choice = choice_find(spec->choices, text);
		if (choice < 0)
			return refuse_choice(spec, text, err);
		v->num = choice;
		break;
	case PARAM_TEXT:
		if (strlen(text) >= sizeof(v->text))
			return err_set(err, ERR_RANGE, "%s: at most %zu bytes of text", spec->name,
				       sizeof(v->text) - 1);
		break;
	}
	memcpy(v->text, text, strlen(text) + 1);
	return true;
}

void params_init(struct params *p, const struct param_spec *specs)
{
	struct err err;

	memset(p, 0, sizeof(*p));
	p->specs = specs;
	for (int i = 0; specs[i].name; i++) {
		bool good = true;

		assert(i < PARAM_MAX);
		/* A default counts as set: getters need not know who chose a value. */
		if (specs[i].def)
			good = p->v[i].set = set_value(&specs[i], &p->v[i], specs[i].def, &err);
		assert(good);
		(void)good;
	}
}

int param_find(const struct param_spec *specs, const char *name)
{
	for (int i = 0; specs[i].name; i++)
		if (!strcmp(specs[i].name, name))
			return i;
	return -1;
}

bool params_set(struct params *p, const char *name, const char *text, struct err *err)
{
	int i = param_find(p->specs, name);
	struct param_value v = { .set = true };

	if (i < 0)
		return unknown_name(p->specs, name, err);
	if (!set_value(&p->specs[i], &v, text, err))
		return false;
	p->v[i] = v; /* only now: what was set before survives a refusal */
	return true;
}

static const struct param_value *value(const struct params *p, const char *name, enum param_type type)
{
	int i = param_find(p->specs, name);

	assert(i >= 0 && p->specs[i].type == type);
	(void)type;
	return &p->v[i];
}

int64_t params_int(const struct params *p, const char *name)
{
	return (int64_t)value(p, name, PARAM_INT)->num;
}

double params_real(const struct params *p, const char *name)
{
	return value(p, name, PARAM_REAL)->num;
}

bool params_bool(const struct params *p, const char *name)
{
	return value(p, name, PARAM_BOOL)->num != 0;
}

int params_choice(const struct params *p, const char *name)
{
	return (int)value(p, name, PARAM_CHOICE)->num;
}

const char *params_text(const struct params *p, const char *name)
{
	int i = param_find(p->specs, name);

	assert(i >= 0);
	return p->v[i].text;
}

size_t params_ints(const struct params *p, const char *name, int64_t *out, size_t max)
{
	const struct param_value *v = value(p, name, PARAM_INTS);
	const char *at = v->text;
	size_t n = 0;

	while (*at && n < max) {
		size_t len = strcspn(at, ",");

		if (!num_parse_i64(at, len, &out[n]))
			break;
		n++;
		at += len + (at[len] == ',');
	}
	return n;
}

size_t params_runs(const struct params *p, const char *name, char (*out)[PARAM_RUN_SIZE], size_t max)
{
	const char *at = value(p, name, PARAM_RUNS)->text;
	size_t n = 0;

	while (*at) {
		size_t len = strcspn(at, ",");

		if (n < max)
			snprintf(out[n], PARAM_RUN_SIZE, "%.*s", (int)len, at);
		n++;
		at += len + (at[len] == ',');
	}
	return n;
}

bool params_name_run(const struct params *p, const char *run)
{
	for (int i = 0; p->specs[i].name; i++) {
		const char *at = p->v[i].text;

		while (p->specs[i].type == PARAM_RUNS && *at) {
			size_t len = strcspn(at, ",");

			if (strlen(run) == len && !memcmp(at, run, len))
				return true;
			at += len + (at[len] == ',');
		}
	}
	return false;
}

bool params_is_set(const struct params *p, const char *name)
{
	int i = param_find(p->specs, name);

	assert(i >= 0);
	return p->v[i].set;
}

static json_t *ints_to_json(const struct params *p, const char *name)
{
	int64_t ints[INTS_MAX];
	size_t n = params_ints(p, name, ints, INTS_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(ints[i]));
	return list;
}

json_t *params_to_json(const struct params *p)
{
	json_t *j = json_object();

	for (int i = 0; p->specs[i].name; i++) {
		const struct param_spec *spec = &p->specs[i];
		const struct param_value *v = &p->v[i];
		json_t *one = NULL;

		if (!v->set)
			continue;
		switch (spec->type) {
		case PARAM_INT:
			one = json_integer((json_int_t)v->num);
			break;
		case PARAM_REAL:
			one = json_real(v->num);
			break;
		case PARAM_BOOL:
			one = json_boolean(v->num != 0);
			break;
		case PARAM_INTS:
			one = ints_to_json(p, spec->name);
			break;
		case PARAM_CHOICE:
		case PARAM_TEXT:
		case PARAM_RUNS:
			one = json_string(v->text);
			break;
		}
		json_object_set_new(j, spec->name, one);
	}
	return j;
}

/* The value as it would be typed. */
/* The fewest digits that read back to the same number: 0.2, not 0.20000000000000001. */
static void print_real(struct str *out, double v)
{
	char text[40];
	double back;

	for (int digits = 9; digits <= 17; digits += 2) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (num_parse_double(text, strlen(text), &back) && back == v)
			break;
	}
	str_puts(out, text);
}

static bool json_as_text(const json_t *v, struct str *out)
{
	size_t i;
	json_t *one;

	if (json_is_string(v)) {
		str_puts(out, json_string_value(v));
	} else if (json_is_boolean(v)) {
		str_puts(out, json_is_true(v) ? "yes" : "no");
	} else if (json_is_integer(v)) {
		str_printf(out, "%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		print_real(out, json_real_value(v));
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, one) {
			if (!json_is_integer(one))
				return false;
			str_printf(out, "%s%lld", i ? "," : "", (long long)json_integer_value(one));
		}
	} else {
		return false;
	}
	return true;
}

bool params_from_json(struct params *p, const json_t *j, struct err *err)
{
	struct params set = *p; /* all or nothing */
	const char *name;
	json_t *v;

	if (!json_is_object(j))
		return err_set(err, ERR_SYNTAX, "parameters are no JSON object");
	json_object_foreach((json_t *)j, name, v) {
		struct str text = STR_INIT;
		bool good;

		if (json_as_text(v, &text))
			good = params_set(&set, name, str_text(&text), err);
		else
			good = err_set(err, ERR_SYNTAX, "parameter \"%s\" has a value of no known kind", name);
		str_done(&text);
		if (!good)
			return false;
	}
	*p = set;
	return true;
}

static void describe_bounds(const struct param_spec *spec, const char *kind, struct str *out)
{
	bool from = isfinite(spec->lo), to = isfinite(spec->hi);

	str_puts(out, kind);
	if (from && to)
		str_printf(out, " %.9g..%.9g", spec->lo, spec->hi);
	else if (from)
		str_printf(out, " %.9g or more", spec->lo);
	else if (to)
		str_printf(out, " %.9g or less", spec->hi);
}

void param_describe_range(const struct param_spec *spec, struct str *out)
{
	switch (spec->type) {
	case PARAM_INT:
		describe_bounds(spec, "integer", out);
		break;
	case PARAM_REAL:
		describe_bounds(spec, "number", out);
		break;
	case PARAM_INTS:
		describe_bounds(spec, "integers separated by commas, each", out);
		break;
	case PARAM_BOOL:
		str_puts(out, "yes|no");
		break;
	case PARAM_CHOICE:
		str_puts(out, spec->choices);
		break;
	case PARAM_TEXT:
		str_puts(out, "text");
		break;
	case PARAM_RUNS:
		str_puts(out, "names of different runs separated by commas");
		break;
	}
}
