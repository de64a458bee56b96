/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict_elsewhere.c - where another row has more than the taken one, and whether chance can be left out of it. */
#include <math.h>
#include <string.h>

#include "train/verdict.h"

#define LEVEL 0.05
#define KEEPS_MORE 0.05 /* of the metric's share that noise leaves */

static const struct verdict_slice *slice_of(const struct verdict_row *r, const char *name)
{
	for (size_t k = 0; k < r->n_slices; k++)
		if (!strcmp(r->slice[k].name, name))
			return &r->slice[k];
	return NULL;
}

static double noise_left(const struct verdict_row *r)
{
	return r->noise > 0 && r->noise_clean > 0 ? r->noise_value / r->noise_clean : NAN;
}

/* --- comparisons that could be named ------------------------------------------------------------------------------- */

static bool is_looked_at(const struct verdict_slice *mine, const struct verdict_slice *other)
{
	return mine->users >= VERDICT_USERS && other && !isnan(mine->value) && !isnan(other->value);
}

static bool both_noisy(const struct verdict_row *a, const struct verdict_row *b)
{
	return b->with_best && !isnan(noise_left(a)) && !isnan(noise_left(b));
}

static bool both_cold(const struct verdict_row *a, const struct verdict_row *b)
{
	return !isnan(a->cold_value) && !isnan(b->cold_value);
}

static size_t count(const struct verdict_row *rows, size_t n, size_t take)
{
	const struct verdict_row *taken = &rows[take];
	size_t looked = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == take)
			continue;
		for (size_t k = 0; k < taken->n_slices; k++)
			looked += is_looked_at(&taken->slice[k], slice_of(&rows[i], taken->slice[k].name));
		looked += (size_t)both_noisy(taken, &rows[i]) + (size_t)both_cold(taken, &rows[i]);
	}
	return looked;
}

/* --- differences user by user -------------------------------------------------------------------------------------- */

struct two { const float *other, *mine; };

static double difference(const void *ctx, size_t i)
{
	const struct two *t = ctx;

	return (double)t->other[i] - (double)t->mine[i];
}

/* What is left of a ratio of means after it was made linear (the delta method): its mean over the users is the ratio. */
static double linear(const struct verdict_row *r, size_t i)
{
	double ratio = noise_left(r);

	return ratio + ((double)r->noise_user[i] - ratio * (double)r->clean_user[i]) / r->noise_clean;
}

struct two_rows { const struct verdict_row *other, *mine; };

static double difference_left(const void *ctx, size_t i)
{
	const struct two_rows *t = ctx;

	return linear(t->other, i) - linear(t->mine, i);
}

/* --- the best of those that are ahead, first of those told apart ------------------------------------------------------ */

static void take_better(struct verdict_elsewhere *best, struct verdict_elsewhere e)
{
	e.apart = e.told.p < LEVEL && e.told.mean > 0;
	if (!best->where || e.apart > best->apart || (e.apart == best->apart && e.other > best->other))
		*best = e;
}

static void add(struct verdict *v, const struct verdict_elsewhere *e)
{
	if (e->where && v->n_elsewhere < VERDICT_ELSEWHERE)
		v->elsewhere[v->n_elsewhere++] = *e;
}

static void look_in_slice(const struct verdict_row *rows, size_t n, size_t k, struct verdict *v)
{
	const struct verdict_slice *mine = &rows[v->take].slice[k];
	struct verdict_elsewhere best = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct verdict_slice *other = slice_of(&rows[i], mine->name);
		struct verdict_elsewhere e = { .where = mine->name, .row = i, .told = { NAN, NAN, NAN, NAN, mine->users } };
		struct two t;

		if (i == v->take || !is_looked_at(mine, other) || !(other->value > mine->value) ||
		    other->value < mine->value * (1 + VERDICT_GAIN))
			continue;
		e.mine = mine->value;
		e.other = other->value;
		t = (struct two){ other->user, mine->user };
		if (t.other && t.mine && other->n_user == mine->n_user)
			interval_among(difference, &t, mine->n_user, v->looked, &e.told);
		take_better(&best, e);
	}
	add(v, &best);
}

static void look_at_noise(const struct verdict_row *rows, size_t n, struct verdict *v)
{
	const struct verdict_row *mine = &rows[v->take];
	struct verdict_elsewhere best = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct two_rows t = { &rows[i], mine };
		struct verdict_elsewhere e = { .where = "noise", .row = i, .mine = noise_left(mine), .other = noise_left(&rows[i]),
					       .told = { NAN, NAN, NAN, NAN, 0 } };

		if (i == v->take || !both_noisy(mine, &rows[i]) || !(e.other > e.mine + KEEPS_MORE))
			continue;
		if (mine->noise_user && rows[i].noise_user && mine->clean_user && rows[i].clean_user && mine->n_noise == rows[i].n_noise)
			interval_among(difference_left, &t, mine->n_noise, v->looked, &e.told);
		take_better(&best, e);
	}
	add(v, &best);
}

static void look_at_new_items(const struct verdict_row *rows, size_t n, struct verdict *v)
{
	const struct verdict_row *mine = &rows[v->take];
	struct verdict_elsewhere best = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct two t = { rows[i].cold_user, mine->cold_user };
		struct verdict_elsewhere e = { .where = "new items", .row = i, .mine = mine->cold_value, .other = rows[i].cold_value,
					       .told = { NAN, NAN, NAN, NAN, 0 } };

		if (i == v->take || !both_cold(mine, &rows[i]) || !(e.other > e.mine))
			continue;
		if (t.other && t.mine && mine->n_cold == rows[i].n_cold)
			interval_among(difference, &t, mine->n_cold, v->looked, &e.told);
		take_better(&best, e);
	}
	add(v, &best);
}

void verdict_look_elsewhere(const struct verdict_row *rows, size_t n, struct verdict *v)
{
	v->looked = count(rows, n, v->take);
	look_at_noise(rows, n, v);
	look_at_new_items(rows, n, v);
	for (size_t k = 0; k < rows[v->take].n_slices; k++)
		look_in_slice(rows, n, k, v);
}
