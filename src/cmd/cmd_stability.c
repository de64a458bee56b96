/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_stability.c - stability: how much of a list, and of an explanation, is the seed's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/settings.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/person.h"
#include "cmd/stability_told.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "explain/overlap.h"
#include "train/stability.h"

enum { PARTS = 10 };

struct asked {
	struct hold hold;
	struct person who;
	uint32_t number; /* of the persona, or the user */
	uint64_t split_serial;
	struct fit_request fit;
	struct parts made_of;
	struct fit_request *part; /* [made_of.n] */
	struct stability_ask ask;
	struct stability found;
	double seconds;
	bool done;
};

static const struct param_spec stability_params[] = {
	{ .name = "seeds", .type = PARAM_INT, .lo = 1, .hi = STABILITY_SEEDS, .def = "5", .unit = "seeds",
	  .meaning = "how many trainings with other seeds" },
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 1000, .unit = "items",
	  .meaning = "length of the lists (default: set k)" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "whose settings (default: the current run)" },
	PERSONA_PARAM,
	{ .name = NULL },
};

/* The runs that the run is made of, where it is. */
static bool fill_parts(struct asked *a, struct session *s, struct err *err)
{
	if (!(a->fit.ops->caps & MODEL_OF_RUNS))
		return true;
	if (!parts_take_of(&a->made_of, s, &a->hold.record, err))
		return false;
	a->part = mem_must(calloc(a->made_of.n + 1, sizeof(*a->part)));
	for (; a->ask.n_parts < a->made_of.n; a->ask.n_parts++) {
		const struct run_record *rec = parts_record(&a->made_of, a->ask.n_parts);
		struct fit_request *r = &a->part[a->ask.n_parts];

		if (!fit_request_of(r, rec, a->hold.split, err))
			return false;
		snprintf(r->run, sizeof(r->run), "%s", rec->name);
	}
	a->ask.part = a->part;
	return true;
}

static uint32_t number_of(const struct call *c, const struct asked *a)
{
	const struct word *w = &c->words.w[0];
	const struct persona *p = NULL;
	struct err none;

	if (a->who.persona[0])
		p = session_find_persona(c->session, w->text, &none);
	return p ? p->number : a->who.user;
}

/* The others are trained to the end: an epoch on the way is not to be held against them. */
static bool is_trained(const struct call *c, const struct asked *a, struct err *err)
{
	const struct run *r = session_find_run(c->session, a->hold.record.name, err);

	return r && (!r->job || err_set(err, ERR_USAGE, "%s is still in training", r->rec.name));
}

static bool stability_prepare(struct call *c, struct err *err)
{
	struct asked *a = mem_must(calloc(1, sizeof(*a)));

	c->state = a;
	person_init(&a->who);
	a->ask = (struct stability_ask){ .fit = &a->fit, .item = NO_ITEM, .parts = PARTS, .p = OVERLAP_P };
	a->ask.k = (uint32_t)(params_is_set(&c->params, "k") ? params_int(&c->params, "k") : settings_int(c->session, "k"));
	a->ask.seeds = (unsigned)params_int(&c->params, "seeds");
	if (!hold_data(&a->hold, c, err) || !person_take(&a->who, c, err) ||
	    (c->words.n > 1 && !call_item(c, call_word(c, 1), &a->ask.item, err)) ||
	    !hold_run(&a->hold, c, call_text(c, "run"), err) || !is_trained(c, a, err) ||
	    !fit_request_of(&a->fit, &a->hold.record, a->hold.split, err) ||
	    !fill_parts(a, c->session, err))
		return false;
	a->number = number_of(c, a);
	a->split_serial = session_split_serial(c->session);
	return true;
}

static void stability_release(struct call *c)
{
	struct asked *a = c->state;

	stability_done(&a->found);
	parts_done(&a->made_of);
	free(a->part);
	hold_done(&a->hold);
	person_done(&a->who);
	free(a);
}

static bool stability_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct asked *a = c->state;
	const double began = clock_now();

	(void)job;
	a->ask.run = hold_snapshot(&a->hold, err);
	a->ask.user = a->who.user;
	a->ask.given = a->who.given ? &a->who.history : NULL;
	a->done = a->ask.run && stability_measure(&a->ask, t, &a->found, err);
	a->seconds = clock_now() - began;
	return a->done;
}

static json_t *spread_json(const struct spread *s)
{
	return json_pack("{s:o,s:o,s:o}", "mean", json_number(s->mean), "least", json_number(s->least), "most",
			 json_number(s->most));
}

static void say_spread(struct str *s, const char *what, const struct spread *x)
{
	if (isnan(x->mean))
		str_printf(s, "%s n/a", what);
	else
		str_printf(s, "%s %.3f (%.3f to %.3f)", what, x->mean, x->least, x->most);
}

static void say(struct call *c, const struct asked *a)
{
	const struct stability *f = &a->found;
	struct str s = STR_INIT;

	str_printf(&s, "%s and its model with %u other seed%s, to ", a->hold.record.name, f->n - 1, f->n == 2 ? "" : "s");
	person_say(&a->who, a->hold.data, &s);
	if (f->same)
		str_puts(&s, ": the same for every seed\n");
	else {
		str_puts(&s, ": ");
		say_spread(&s, "overlap", &f->overlap);
		say_spread(&s, ", rank-biased overlap", &f->rbo);
		str_puts(&s, "\n");
	}
	if (a->ask.item != NO_ITEM && !f->same) {
		str_printf(&s, "why %s: ", dataset_title(a->hold.data, a->ask.item));
		say_spread(&s, "strongest parts overlap", &f->parts);
		say_spread(&s, ", rank correlation of all", &f->correlation);
		str_puts(&s, "; rank");
		for (unsigned i = 0; i < f->n; i++)
			str_printf(&s, f->rank[i] ? "%s%u" : "%s-", i ? ", " : " ", f->rank[i]);
		str_puts(&s, "\n");
	}
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static json_t *ranks_json(const struct stability *f)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < f->n; i++)
		json_array_append_new(list, f->rank[i] ? json_integer(f->rank[i]) : json_null());
	return list;
}

static json_t *explained_json(const struct asked *a)
{
	json_t *o;

	if (a->ask.item == NO_ITEM)
		return json_null();
	o = json_object();
	json_put(o, "item", json_text(dataset_item_id(a->hold.data, a->ask.item)));
	json_put(o, "title", json_text(dataset_title(a->hold.data, a->ask.item)));
	json_put(o, "ranks", ranks_json(&a->found));
	json_put(o, "parts", json_integer(a->ask.parts));
	json_put(o, "overlap", spread_json(&a->found.parts));
	json_put(o, "correlation", spread_json(&a->found.correlation));
	return o;
}

static bool stability_finish(struct call *c, struct err *err)
{
	static const struct result_column columns[] = {
		{ "item", "item", COLUMN_ID },       { "title", "title", COLUMN_TEXT },
		{ "lists", "in lists", COLUMN_INT }, { "best", "best rank", COLUMN_INT },
		{ "worst", "worst", COLUMN_INT },    { NULL, NULL, 0 },
	};
	const struct asked *a = c->state;
	const struct stability *f = &a->found;
	struct result *r = &c->result;
	json_t *seeds = json_array();

	(void)err;
	for (unsigned i = 0; i < f->n; i++)
		json_array_append_new(seeds, json_integer((json_int_t)(a->fit.seed + i)));
	person_put(&a->who, a->hold.data, r);
	result_set(r, "run", json_text(a->hold.record.name));
	result_set(r, "k", json_integer(a->ask.k));
	result_set(r, "p", json_number(a->ask.p));
	result_set(r, "seeds", seeds);
	result_set(r, "same", json_boolean(f->same));
	result_set(r, "overlap", spread_json(&f->overlap));
	result_set(r, "rbo", spread_json(&f->rbo));
	result_set(r, "explained", explained_json(a));
	r->rows_key = "items";
	r->columns = columns;
	for (uint32_t i = 0; i < f->n_rows; i++) {
		json_t *o = result_add_row(r);

		json_put(o, "item", json_text(dataset_item_id(a->hold.data, f->row[i].item)));
		json_put(o, "title", json_text(dataset_title(a->hold.data, f->row[i].item)));
		json_put(o, "lists", json_integer(f->row[i].lists));
		json_put(o, "best", json_integer(f->row[i].best));
		json_put(o, "worst", json_integer(f->row[i].worst));
	}
	result_set(r, "seconds", json_number(a->seconds));
	say(c, a);
	return true;
}

bool stability_told(const struct call *c, struct stability_told *out)
{
	const struct asked *a = c->state;

	if (c->command != &stability_command || !a->done)
		return false;
	*out = (struct stability_told){ .data_id = a->hold.data->id, .split = a->split_serial, .who = a->number,
					.item = a->ask.item, .found = a->found };
	snprintf(out->run, sizeof(out->run), "%s", a->hold.record.name);
	out->found.row = NULL;
	out->found.n_rows = 0;
	return true;
}

static void say_range(struct str *s, const char *what, const struct spread *x)
{
	if (isnan(x->mean))
		str_printf(s, "%s n/a", what);
	else
		str_printf(s, "%s %.2f (%.2f-%.2f)", what, x->mean, x->least, x->most);
}

void say_stability(struct str *out, const struct stability_told *t)
{
	const unsigned others = t->found.n - 1;

	if (t->found.same) {
		str_puts(out, "Stable: the same with every seed");
		return;
	}
	str_printf(out, "%u other seed%s: ", others, others == 1 ? "" : "s");
	say_range(out, "lists overlap", &t->found.overlap);
	say_range(out, ", rank-biased", &t->found.rbo);
}

void say_stability_item(struct str *out, const struct stability_told *t)
{
	say_range(out, "Its strongest parts overlap", &t->found.parts);
	str_puts(out, "; rank");
	for (unsigned i = 0; i < t->found.n; i++)
		str_printf(out, t->found.rank[i] ? "%s%u" : "%s-", i ? ", " : " ", t->found.rank[i]);
}

const struct command stability_command = {
	.name = "stability", .group = "Questions",
	.synopsis = "stability USER|persona=NAME [ITEM] [seeds=5] [k=10] [run=RUN]",
	.summary = "how much of a list, and of an explanation, stays when the run's model is trained with other seeds",
	.lane = LANE_HEAVY, .words = { WORD_USER, WORD_ITEM }, .least = 1, .most = 2, .params = stability_params,
	.prepare = stability_prepare, .run = stability_run, .finish = stability_finish, .release = stability_release,
};
