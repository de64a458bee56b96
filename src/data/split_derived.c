/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split_derived.c - splits made from another one: fewer train events, noise among them, drawn anew. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "data/split_private.h"
#include "data/split_rules.h"

static struct split *begin_as(const struct split *from, const struct dataset *d, char *take_text, struct err *err)
{
	struct split *s = split_begin(d, from->kind, take_text, err);

	if (s)
		s->cold_items = from->cold_items;
	return s;
}

static struct split *finished(struct split *s, const struct task *task, struct err *err)
{
	if (split_finish(s, task, err))
		return s;
	split_unref(s);
	return NULL;
}

/* --- fewer -------------------------------------------------------------------------------------------------- */

struct split *split_thin(const struct split *from, double share, uint64_t seed, const struct task *task, struct err *err)
{
	struct str text = STR_INIT;
	struct split *s;

	str_printf(&text, "%s, train on %.9g of its events seed=%llu", from->text, share, (unsigned long long)seed);
	s = begin_as(from, from->data, str_take(&text), err);
	if (!s)
		return NULL;
	for (size_t e = 0; e < from->data->n_events; e++) {
		struct rng r = rng_stream(seed, "thin", e, 0);

		s->part[e] = from->part[e];
		if (s->part[e] == PART_TRAIN && rng_uniform(&r) >= share)
			s->part[e] = PART_HISTORY;
	}
	return finished(s, task, err);
}

/* --- another valid ------------------------------------------------------------------------------------------- */

bool split_can_valid_anew(const struct split *from)
{
	return strcmp(from->kind, "users") != 0 && strcmp(from->kind, "cold-items") != 0 && strcmp(from->kind, "temporal") != 0;
}

/* Newest first: `skip` train events are left out, `wanted` become valid. */
static void hold_out_newest(const struct split *from, struct split *s, uint32_t u, size_t skip, size_t wanted)
{
	for (size_t e = s->data->user_ptr[u + 1]; e-- > s->data->user_ptr[u];) {
		if (from->part[e] == PART_VALID)
			s->part[e] = PART_OUT;
		if (from->part[e] != PART_TRAIN || !wanted)
			continue;
		s->part[e] = skip ? PART_OUT : PART_VALID;
		wanted -= !skip;
		skip -= skip > 0;
	}
}

/* Of `left` train events `wanted` become valid (Knuth, algorithm S). */
static void hold_out_drawn(const struct split *from, struct split *s, uint32_t u, size_t left, size_t wanted, struct rng *r)
{
	for (size_t e = s->data->user_ptr[u]; e < s->data->user_ptr[u + 1]; e++) {
		if (from->part[e] == PART_VALID)
			s->part[e] = PART_TRAIN;
		if (from->part[e] != PART_TRAIN)
			continue;
		if (rng_below64(r, left--) < wanted) {
			s->part[e] = PART_VALID;
			wanted--;
		}
	}
}

static void hold_out_anew(const struct split *from, struct split *s, uint32_t u, unsigned nth, bool newest, uint64_t seed)
{
	struct rng r = rng_stream(seed, "valid anew", u, nth);
	size_t n_train = 0, n_valid = 0;

	for (size_t e = s->data->user_ptr[u]; e < s->data->user_ptr[u + 1]; e++) {
		n_train += from->part[e] == PART_TRAIN;
		n_valid += from->part[e] == PART_VALID;
	}
	if (newest)
		hold_out_newest(from, s, u, (nth - 1) * n_valid, nth * n_valid < n_train ? n_valid : 0);
	else
		hold_out_drawn(from, s, u, n_train, n_valid < n_train ? n_valid : 0, &r);
}

struct split *split_valid_anew(const struct split *from, unsigned nth, uint64_t seed, const struct task *task, struct err *err)
{
	bool newest = split_in_time(from);
	struct str text = STR_INIT;
	struct split *s;

	str_printf(&text, "%s, another valid nth=%u seed=%llu", from->text, nth, (unsigned long long)seed);
	s = begin_as(from, from->data, str_take(&text), err);
	if (!s)
		return NULL;
	memcpy(s->part, from->part, from->data->n_events);
	for (uint32_t u = 0; u < from->data->n_users; u++)
		hold_out_anew(from, s, u, nth, newest, seed);
	return finished(s, task, err);
}

/* --- noise -------------------------------------------------------------------------------------------------- */

struct noise {
	size_t n;
	uint32_t *behind_n; /* [n_events] how many come behind each event */
	uint32_t *item;     /* [n] by the event that they come behind, in order */
};

static void noise_done(struct noise *z)
{
	mem_free(z->behind_n);
	mem_free(z->item);
}

/* Each draws the train event it comes behind: who is active gets more of it. */
static bool draw_places(struct noise *z, const struct split *from, uint64_t seed, struct err *err)
{
	size_t *train = mem_alloc(from->n_train + 1, sizeof(*train), err);
	struct rng r = rng_stream(seed, "noise", 0, 0);
	size_t n = 0;

	z->behind_n = train ? mem_zeroed(from->data->n_events + 1, sizeof(*z->behind_n), err) : NULL;
	z->item = z->behind_n ? mem_alloc(z->n + 1, sizeof(*z->item), err) : NULL;
	if (z->item) {
		for (size_t e = 0; e < from->data->n_events; e++)
			if (from->part[e] == PART_TRAIN)
				train[n++] = e;
		for (size_t i = 0; i < z->n; i++)
			z->behind_n[train[rng_below64(&r, n)]]++;
	}
	mem_free(train);
	return z->item != NULL;
}

/* For a user who has nearly every item: after so many draws NO_ITEM, and the event is left out. */
#define DRAWS 64

static uint32_t draw_item(const struct split *from, const uint32_t *mine, uint32_t user, struct rng *r)
{
	for (int k = 0; k < DRAWS; k++) {
		uint32_t item = rng_below(r, from->data->n_items);

		if (from->item_train[item] && mine[item] != user + 1)
			return item;
	}
	return NO_ITEM;
}

/* Of every user in order: the same at any place in the list of events.  mine: the last user, + 1, who has the item. */
static bool draw_items(struct noise *z, const struct split *from, uint64_t seed, const struct task *task, struct err *err)
{
	const struct dataset *d = from->data;
	uint32_t *mine = mem_zeroed((size_t)d->n_items + 1, sizeof(*mine), err);
	size_t at = 0;
	bool going = mine != NULL;

	for (uint32_t u = 0; going && u < d->n_users; u++) {
		struct rng r = rng_stream(seed, "noise items", u, 0);

		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
			mine[d->item[e]] = u + 1;
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
			for (uint32_t k = 0; k < z->behind_n[e]; k++) {
				z->item[at] = draw_item(from, mine, u, &r);
				if (z->item[at] != NO_ITEM)
					mine[z->item[at]] = u + 1;
				at++;
			}
		if (u % 1024 == 0 && !task_keep_going(task))
			going = task_cancelled(err);
	}
	mem_free(mine);
	return going;
}

static bool rows_alloc(struct user_rows *rows, const struct dataset *d, size_t n, struct err *err)
{
	rows->user_ptr = mem_alloc((size_t)d->n_users + 1, sizeof(*rows->user_ptr), err);
	rows->item = rows->user_ptr ? mem_alloc(n + 1, sizeof(*rows->item), err) : NULL;
	rows->value = rows->item && d->value ? mem_alloc(n + 1, sizeof(*rows->value), err) : NULL;
	rows->time = rows->item && d->time ? mem_alloc(n + 1, sizeof(*rows->time), err) : NULL;
	return rows->item && !rows->value == !d->value && !rows->time == !d->time;
}

static void rows_done(struct user_rows *rows)
{
	mem_free(rows->user_ptr);
	mem_free(rows->item);
	mem_free(rows->value);
	mem_free(rows->time);
}

/* part: of the new events, in their order. */
static void mix(const struct noise *z, const struct split *from, struct user_rows *rows, uint8_t *part)
{
	const struct dataset *d = from->data;
	size_t n = 0, noise = 0;

	for (uint32_t u = 0; u < d->n_users; u++) {
		rows->user_ptr[u] = n;
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			for (uint32_t k = 0; k <= z->behind_n[e]; k++) {
				uint32_t item = k ? z->item[noise++] : d->item[e];

				if (item == NO_ITEM)
					continue;
				rows->item[n] = item;
				if (d->value)
					rows->value[n] = d->value[e];
				if (d->time)
					rows->time[n] = d->time[e];
				part[n++] = from->part[e];
			}
		}
	}
	rows->user_ptr[d->n_users] = n;
}

static struct split *split_of_rows(const struct split *from, struct user_rows *rows, const uint8_t *part, double share,
				   uint64_t seed, const struct task *task, struct err *err)
{
	struct str text = STR_INIT;
	struct dataset *d = dataset_with_events(from->data, rows, task, err);
	struct split *s;

	if (!d)
		return NULL;
	str_printf(&text, "%s, with %.9g of noise seed=%llu", from->text, share, (unsigned long long)seed);
	s = begin_as(from, d, str_take(&text), err);
	if (s) {
		memcpy(s->part, part, d->n_events);
		s = finished(s, task, err);
	}
	dataset_unref(d);
	return s;
}

struct split *split_noisy(const struct split *from, double share, uint64_t seed, const struct task *task, struct err *err)
{
	struct noise z = { .n = (size_t)llround(share * (double)from->n_train) };
	struct user_rows rows = { 0 };
	struct split *s = NULL;
	uint8_t *part = mem_alloc(from->data->n_events + z.n + 1, 1, err);

	if (part && draw_places(&z, from, seed, err) && draw_items(&z, from, seed, task, err) &&
	    rows_alloc(&rows, from->data, from->data->n_events + z.n, err)) {
		mix(&z, from, &rows, part);
		s = split_of_rows(from, &rows, part, share, seed, task, err);
	}
	rows_done(&rows);
	noise_done(&z);
	mem_free(part);
	return s;
}

/* --- anew --------------------------------------------------------------------------------------------------- */

bool split_can_draw(const struct split *s, unsigned n, struct err *err)
{
	const struct split_rule *rule = split_rule_find(s->kind);
	int order, folds;

	if (n < 2)
		return true;
	order = s->params.specs ? param_find(s->params.specs, "order") : -1;
	folds = s->params.specs ? param_find(s->params.specs, "fold") : -1;
	if (!s->params.specs || !rule->draws || !strcmp(s->kind, "given") || (order >= 0 && !strcmp(s->params.v[order].text, "time")))
		return err_set(err, ERR_USAGE, "split %s draws nothing, there is only one of it: split ratio, random, users, kfold or "
			       "cold-items can be drawn anew", s->text);
	if (folds >= 0 && n > params_int(&s->params, "k"))
		return err_set(err, ERR_USAGE, "split %s has %lld folds", s->text, (long long)params_int(&s->params, "k"));
	return true;
}

struct split *split_anew(const struct split *from, unsigned nth, const struct task *task, struct err *err)
{
	struct params p = from->params;
	char text[24];

	if (!split_can_draw(from, nth + 1, err))
		return NULL;
	if (param_find(p.specs, "fold") < 0)
		return split_make(from->data, from->kind, &p, from->seed + nth, task, err);
	snprintf(text, sizeof(text), "%lld", (long long)((params_int(&p, "fold") - 1 + nth) % params_int(&p, "k") + 1));
	return params_set(&p, "fold", text, err) ? split_make(from->data, from->kind, &p, from->seed, task, err) : NULL;
}

/* --- given -------------------------------------------------------------------------------------------------- */

struct split *split_of_parts(const struct dataset *d, const char *text, const uint8_t *part, const struct task *task,
			     struct err *err)
{
	struct split *s = split_begin(d, "given", mem_strdup(text), err);

	if (!s)
		return NULL;
	memcpy(s->part, part, d->n_events);
	return finished(s, task, err);
}
