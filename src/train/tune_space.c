/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tune_space.c - ranges read, settings drawn. */
#include "train/tune_space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "base/rng.h"

static void axis_done(struct tune_axis *a)
{
	free(a->value);
	*a = (struct tune_axis){ 0 };
}

static bool is_number(const struct param_spec *spec)
{
	return spec->type == PARAM_INT || spec->type == PARAM_REAL;
}

/* The canonical text of one value, checked by the table. */
static bool take_value(const struct tune_space *s, const char *name, const char *text, size_t len, char out[96],
		       struct err *err)
{
	struct params p = s->base;
	char one[96];

	snprintf(one, sizeof(one), "%.*s", (int)(len < sizeof(one) ? len : sizeof(one) - 1), text);
	if (!params_set(&p, name, one, err))
		return false;
	snprintf(out, 96, "%s", params_text(&p, name));
	return true;
}

static bool read_bound(const struct tune_space *s, const char *name, const char *text, size_t len, double *out,
		       struct err *err)
{
	char checked[96];

	return take_value(s, name, text, len, checked, err) && num_parse_double(checked, strlen(checked), out);
}

static bool read_range(const struct tune_space *s, struct tune_axis *a, const struct param_spec *spec,
		       const char *text, const char *dots, struct err *err)
{
	if (!read_bound(s, spec->name, text, (size_t)(dots - text), &a->lo, err) ||
	    !read_bound(s, spec->name, dots + 2, strlen(dots + 2), &a->hi, err))
		return false;
	if (!(a->lo < a->hi))
		return err_set(err, ERR_RANGE, "%s=%s: a range goes from the smaller to the larger number", spec->name, text);
	a->by_factors = spec->log_scale && a->lo > 0;
	return true;
}

static bool read_list(const struct tune_space *s, struct tune_axis *a, const struct param_spec *spec,
		      const char *text, struct err *err)
{
	char mark = spec->type == PARAM_INTS ? '|' : ',';
	size_t most = 1;

	for (const char *c = text; *c; c++)
		most += *c == mark;
	a->value = mem_must(calloc(most, sizeof(*a->value)));
	for (const char *at = text;;) {
		const char *end = strchr(at, mark);
		size_t len = end ? (size_t)(end - at) : strlen(at);

		if (!take_value(s, spec->name, at, len, a->value[a->n++], err))
			return false;
		if (!end)
			return true;
		at = end + 1;
	}
}

static bool read_axis(const struct tune_space *s, int param, const char *text, struct tune_axis *a, struct err *err)
{
	const struct param_spec *spec = &s->base.specs[param];
	const char *dots = is_number(spec) ? strstr(text, "..") : NULL;

	*a = (struct tune_axis){ .param = param };
	if (dots ? read_range(s, a, spec, text, dots, err) : read_list(s, a, spec, text, err))
		return true;
	axis_done(a);
	return false;
}

static void drop_axis(struct tune_space *s, int param)
{
	for (size_t k = 0; k < s->n; k++) {
		if (s->axis[k].param != param)
			continue;
		axis_done(&s->axis[k]);
		s->n--;
		memmove(&s->axis[k], &s->axis[k + 1], (s->n - k) * sizeof(*s->axis));
		return;
	}
}

/* Axes stand in the table's order, so that the order of the words does not matter. */
static void put_axis(struct tune_space *s, const struct tune_axis *a)
{
	size_t at = s->n;

	while (at > 0 && s->axis[at - 1].param > a->param)
		at--;
	memmove(&s->axis[at + 1], &s->axis[at], (s->n - at) * sizeof(*s->axis));
	s->axis[at] = *a;
	s->n++;
}

bool tune_space_init(struct tune_space *s, const struct param_spec *specs, struct err *err)
{
	struct tune_axis a;

	*s = (struct tune_space){ 0 };
	params_init(&s->base, specs);
	for (int i = 0; specs[i].name; i++) {
		if (!specs[i].tune)
			continue;
		if (!read_axis(s, i, specs[i].tune, &a, err)) {
			tune_space_done(s);
			return false;
		}
		put_axis(s, &a);
	}
	return true;
}

void tune_space_done(struct tune_space *s)
{
	for (size_t k = 0; k < s->n; k++)
		axis_done(&s->axis[k]);
	s->n = 0;
}

bool tune_space_give(struct tune_space *s, const char *name, const char *text, struct err *err)
{
	struct params checked = s->base;
	int param = param_find(s->base.specs, name);
	struct tune_axis a;

	if (param < 0)
		return params_set(&checked, name, text, err); /* names the nearest right one */
	if (strlen(text) >= sizeof(s->given[param]))
		return err_set(err, ERR_RANGE, "%s=: longer than %zu bytes", name, sizeof(s->given[param]) - 1);
	if (!read_axis(s, param, text, &a, err))
		return false;
	drop_axis(s, param);
	snprintf(s->given[param], sizeof(s->given[param]), "%s", text);
	if (a.n != 1) {
		put_axis(s, &a);
		return true;
	}
	params_set(&s->base, name, a.value[0], err);
	axis_done(&a);
	return true;
}

json_t *tune_space_to_json(const struct tune_space *s)
{
	json_t *j = mem_must(json_object());

	for (int i = 0; s->base.specs[i].name; i++) {
		if (s->given[i][0] && json_object_set_new(j, s->base.specs[i].name, json_string(s->given[i])) != 0)
			mem_must(NULL);
	}
	return j;
}

/* --- settings drawn --------------------------------------------------------------------------------------- */

static void set_text(struct params *p, const struct param_spec *spec, const char *text)
{
	struct err err;

	if (!params_set(p, spec->name, text, &err))
		mem_must(NULL); /* both ends were checked */
}

/* The number at 0..1 of a range, in three digits without an exponent: what is told can be typed again. */
static void set_share(struct params *p, const struct param_spec *spec, const struct tune_axis *a, double share)
{
	double v = a->by_factors ? a->lo * pow(a->hi / a->lo, share) : a->lo + (a->hi - a->lo) * share;
	char text[32];

	if (spec->type == PARAM_INT)
		snprintf(text, sizeof(text), "%.0f", v);
	else
		snprintf(text, sizeof(text), "%.3g", v);
	num_parse_double(text, strlen(text), &v);
	v = v < a->lo ? a->lo : v > a->hi ? a->hi : v; /* rounded out of the range */
	snprintf(text, sizeof(text), "%.9g", v);
	set_text(p, spec, text);
}

static bool holds(const struct tune_axis *a, const struct param_value *v)
{
	if (!a->n)
		return v->set && v->num >= a->lo && v->num <= a->hi;
	for (size_t k = 0; k < a->n; k++)
		if (v->set && !strcmp(a->value[k], v->text))
			return true;
	return false;
}

bool tune_space_has_default(const struct tune_space *s)
{
	for (size_t k = 0; k < s->n; k++)
		if (!holds(&s->axis[k], &s->base.v[s->axis[k].param]))
			return false;
	return true;
}

void tune_draw_random(const struct tune_space *s, uint64_t seed, uint32_t trial, struct params *out)
{
	*out = s->base;
	if (!trial && tune_space_has_default(s))
		return;
	for (size_t k = 0; k < s->n; k++) {
		const struct tune_axis *a = &s->axis[k];
		const struct param_spec *spec = &s->base.specs[a->param];
		struct rng r = rng_stream(seed, "tune", trial, (uint64_t)a->param);

		if (a->n)
			set_text(out, spec, a->value[rng_below(&r, (uint32_t)a->n)]);
		else
			set_share(out, spec, a, rng_uniform(&r));
	}
}

static size_t points_of(const struct tune_axis *a)
{
	return a->n ? a->n : TUNE_GRID_POINTS;
}

uint64_t tune_grid_size(const struct tune_space *s)
{
	uint64_t size = 1;

	for (size_t k = 0; k < s->n; k++)
		size = size > TUNE_GRID_MOST ? size : size * points_of(&s->axis[k]);
	return size;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Steps through the whole grid without a list of it: start + trial * step, step without a common divisor.  A grid
 * is under 2^32, so that the product fits. */
static uint64_t grid_place(uint64_t size, uint64_t seed, uint32_t trial)
{
	struct rng r = rng_stream(seed, "tune grid", size, 0);
	uint64_t start = rng_below64(&r, size), step = 1 + rng_below64(&r, size);

	while (common_divisor(step, size) != 1)
		step++;
	return (trial % size * (step % size) + start) % size;
}

void tune_draw_grid(const struct tune_space *s, uint64_t seed, uint32_t trial, struct params *out)
{
	uint64_t size = tune_grid_size(s), at = size ? grid_place(size, seed, trial) : 0;

	*out = s->base;
	for (size_t k = 0; k < s->n; k++) {
		const struct tune_axis *a = &s->axis[k];
		const struct param_spec *spec = &s->base.specs[a->param];
		size_t n = points_of(a), point = at % n;

		if (a->n)
			set_text(out, spec, a->value[point]);
		else
			set_share(out, spec, a, (double)point / (TUNE_GRID_POINTS - 1));
		at /= n;
	}
}
