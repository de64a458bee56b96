/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form.c - see form.h.  Models and their tables are asked of cmd/, so that ui/ knows none by name. */
#include "ui/form.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/command.h"

/* The table of a model's parameters, as `train MODEL` would read it. */
static const struct param_spec *specs_of(struct session *s, const char *model)
{
	struct err err = { 0 };
	struct word word = { .text = mem_strdup(model) };
	struct call call = { .command = command_find("train", &err), .session = s, .words = { 1, &word } };
	const struct param_spec *specs = call.command && call.command->more_params
						 ? call.command->more_params(&call) : NULL;

	free(word.text);
	return specs;
}

static void choose(struct form *f, struct session *s, int model)
{
	static const struct param_spec none[] = { { .name = NULL } };
	const struct param_spec *specs = specs_of(s, f->model[model]);

	f->chosen = model;
	params_init(&f->own, specs ? specs : none);
}

void form_fill(struct form *f, struct session *s)
{
	struct err err = { 0 };
	const struct command *train = command_find("train", &err);
	const char *name, *title;

	if (f->ready || !train)
		return;
	f->ready = true;
	for (size_t i = 0; f->n_models < FORM_MODELS && (name = model_listed(i, &title)); i++, f->n_models++) {
		snprintf(f->model[f->n_models], sizeof f->model[0], "%s", name);
		snprintf(f->title[f->n_models], sizeof f->title[0], "%s", title);
	}
	if (train->params)
		params_init(&f->of_train, train->params);
	if (!f->n_models)
		return;
	choose(f, s, 0);
	for (int i = 0; i < f->n_models; i++) /* the first to try: quick, strong, nothing to tune */
		if (!strcmp(f->model[i], "ease"))
			choose(f, s, i);
}

static size_t count(const struct params *p)
{
	size_t n = 0;

	while (p->specs && p->specs[n].name)
		n++;
	return n;
}

size_t form_rows(const struct form *f)
{
	return f->n_models ? 1 + count(&f->own) + count(&f->of_train) : 0;
}

/* The set and the place in it that a row stands for; row > 0. */
static struct params *find(const struct form *f, size_t row, size_t *at)
{
	size_t own = count(&f->own);

	*at = row - 1 < own ? row - 1 : row - 1 - own;
	return (struct params *)(row - 1 < own ? &f->own : &f->of_train);
}

const struct param_spec *form_spec(const struct form *f, size_t row)
{
	size_t at;
	const struct params *p;

	if (row == 0)
		return NULL;
	p = find(f, row, &at);
	return &p->specs[at];
}

const char *form_value(const struct form *f, size_t row)
{
	size_t at;
	const struct params *p;

	if (row == 0)
		return f->model[f->chosen];
	p = find(f, row, &at);
	return p->v[at].set || p->specs[at].def ? p->v[at].text : "";
}

bool form_is_changed(const struct form *f, size_t row)
{
	const struct param_spec *spec = form_spec(f, row);
	const char *value = form_value(f, row);

	return spec && *value && (!spec->def || strcmp(spec->def, value));
}

bool form_set(struct form *f, size_t row, const char *text, struct err *err)
{
	size_t at;
	struct params *p = find(f, row, &at);

	if (!*text) { /* back to the default */
		struct params fresh;

		params_init(&fresh, p->specs);
		p->v[at] = fresh.v[at];
		return true;
	}
	return params_set(p, p->specs[at].name, text, err);
}

static bool step_choice(struct form *f, size_t row, const struct param_spec *spec, int step)
{
	const char *choices = spec->type == PARAM_BOOL ? "yes|no" : spec->choices, *value = form_value(f, row);
	char word[32][48];
	int n = 0, now = 0;
	struct err err = { 0 };

	for (const char *at = choices; at && *at && n < 32;) {
		size_t len = strcspn(at, "|");

		snprintf(word[n], sizeof word[n], "%.*s", (int)len, at);
		if (!strcmp(word[n], value))
			now = n;
		n++;
		at += len + (at[len] == '|');
	}
	return n && form_set(f, row, word[(now + step + n) % n], &err);
}

static bool step_number(struct form *f, size_t row, const struct param_spec *spec, int step)
{
	size_t at;
	const struct params *p = find(f, row, &at);
	double v = p->v[at].num;
	struct err err = { 0 };
	char text[32];

	if (!*form_value(f, row))
		return false;
	if (spec->log_scale && v > 0)
		v = step > 0 ? v * 2 : v / 2;
	else if (spec->type == PARAM_INT)
		v += step;
	else
		v += step * (fabs(v) >= 1 ? 0.1 * pow(10, floor(log10(fabs(v)))) : 0.05);
	if (spec->type == PARAM_INT)
		v = step > 0 ? ceil(v) : floor(v);
	v = fmin(spec->hi, fmax(spec->lo, v));
	snprintf(text, sizeof text, spec->type == PARAM_INT ? "%.0f" : "%.6g", v);
	return form_set(f, row, text, &err);
}

bool form_step(struct form *f, struct session *s, size_t row, int step)
{
	const struct param_spec *spec = form_spec(f, row);

	if (!spec) {
		choose(f, s, (f->chosen + step + f->n_models) % f->n_models);
		return true;
	}
	switch (spec->type) {
	case PARAM_BOOL:
	case PARAM_CHOICE:
		return step_choice(f, row, spec, step);
	case PARAM_INT:
	case PARAM_REAL:
		return step_number(f, row, spec, step);
	default:
		return false;
	}
}

void form_words(const struct form *f, struct str *out)
{
	str_puts(out, f->model[f->chosen]);
	for (size_t row = 1; row < form_rows(f); row++)
		if (form_is_changed(f, row)) {
			str_printf(out, " %s=", form_spec(f, row)->name);
			word_quote(out, form_value(f, row));
		}
}
