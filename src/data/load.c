/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of things: members of the paths, what each is, which are the events, their rows, cleaning,
 * then what the other files say about users and items. */
#include "data/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "base/str.h"
#include "data/build.h"
#include "data/dataset_make.h"
#include "data/events.h"
#include "data/load_pieces.h"
#include "data/side.h"
#include "data/sniff.h"

#define WEIGHTS_MAX 64

struct loading {
	const struct load_options *o;
	const struct task *task;
	struct member_list members;
	struct sniffed *sniffed;   /* [members] */
	struct loaded_file *files; /* [members] */
	struct event_layout *layout; /* [members], of the events files */
	struct events events;
	struct event_weight weights[WEIGHTS_MAX];
	size_t n_weights;
	bool sequence, given;
};

static unsigned test_pieces;

void load_set_pieces(unsigned n)
{
	test_pieces = n;
}

void load_options_init(struct load_options *o)
{
	memset(o, 0, sizeof(*o));
	o->max_bad = 0.10;
}

static bool parse_weights(struct loading *w, struct err *err)
{
	const char *s = w->o->weights;

	while (s && *s) {
		const char *colon = strchr(s, ':'), *end = strchrnul(s, ',');
		struct event_weight *x = &w->weights[w->n_weights];

		if (!colon || colon > end || colon == s || w->n_weights == WEIGHTS_MAX ||
		    !num_parse_float(colon + 1, (size_t)(end - colon - 1), &x->weight) || x->weight <= 0)
			return err_set(err, ERR_USAGE, "weights=%s: want NAME:NUMBER,… with numbers above 0, as view:1,cart:2,buy:4",
				       w->o->weights);
		x->name = s;
		x->n = (size_t)(colon - s);
		w->n_weights++;
		s = *end ? end + 1 : end;
	}
	return true;
}

static bool check_options(struct loading *w, struct err *err)
{
	static const char *const formats[] = { "csv", "movielens", "atomic", "lists", "sequence" };
	const size_t n = sizeof(formats) / sizeof(*formats);
	const char *f = w->o->format, *near;

	for (size_t i = 0; f && i < n; i++)
		if (!strcmp(f, formats[i]))
			f = NULL;
	if (f) {
		near = str_nearest(f, formats, n);
		return err_set(err, ERR_USAGE, "format=%s: want csv, movielens, atomic, lists or sequence%s%s", f,
			       near ? "; did you mean " : "", near ? near : "");
	}
	if (w->o->max_bad < 0 || w->o->max_bad > 1)
		return err_set(err, ERR_USAGE, "max-bad=%g: want a share from 0 to 1 (or 0%% to 100%%)", w->o->max_bad);
	return parse_weights(w, err);
}

/* "/data/ml-1m/" -> "ml-1m"; "x/ratings.csv.gz" -> "ratings". */
static char *dataset_name(const char *path)
{
	static const char *const endings[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip", ".tar", ".tgz", ".7z",
					       ".csv", ".tsv", ".txt", ".dat", ".data", ".inter" };
	char *real = realpath(path, NULL), *name;
	bool cut = !file_is_folder(path);

	name = mem_strdup(file_base(real ? real : path));
	free(real);
	while (cut) {
		size_t n = strlen(name);

		cut = false;
		for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
			size_t k = strlen(endings[i]);

			if (n > k && !strcasecmp(name + n - k, endings[i])) {
				name[n - k] = '\0';
				cut = true;
				break;
			}
		}
	}
	return name;
}

static bool find_members(struct loading *w, const char *const *paths, size_t n_paths, struct err *err)
{
	size_t n;

	if (!n_paths)
		return err_set(err, ERR_USAGE, "load: name a file, a folder or an archive");
	for (size_t i = 0; i < n_paths; i++)
		if (!member_list_add_path(&w->members, paths[i], w->task, err) ||
		    !sniff_add_vector_ids(&w->members, paths, n_paths, i, w->task, err))
			return false;
	n = w->members.n;
	if (!n)
		return err_at(err, ERR_NOTFOUND, paths[0], 0, "holds no files: is it the right archive?");
	w->sniffed = mem_zeroed(n, sizeof(*w->sniffed), err);
	w->layout = w->sniffed ? mem_zeroed(n, sizeof(*w->layout), err) : NULL;
	w->files = w->layout ? mem_zeroed(n, sizeof(*w->files), err) : NULL;
	if (!w->files)
		return false;
	for (size_t i = 0; i < n; i++) {
		w->files[i].name = mem_strdup(w->members.v[i].name);
		w->files[i].note = mem_strdup("");
	}
	for (size_t i = 0; i < n; i++)
		if (!sniff_member(&w->sniffed[i], &w->members.v[i], w->o, err))
			return false;
	sniff_vector_ids(w->sniffed, w->members.v, n);
	return true;
}

static bool format_fits(const struct sniffed *s, const char *format)
{
	if (!format)
		return true;
	if (!strcmp(format, "csv"))
		return s->format == FORMAT_CSV || s->format == FORMAT_DAT;
	if (!strcmp(format, "movielens"))
		return s->movielens || (s->format == FORMAT_CSV && s->header);
	if (!strcmp(format, "atomic"))
		return s->format == FORMAT_ATOMIC;
	return s->format == FORMAT_WORDS || s->format == FORMAT_LISTS || s->format == FORMAT_SEQUENCE;
}

static void leave_out(struct loading *w, size_t i, const char *why)
{
	free(w->sniffed[i].why);
	w->sniffed[i].why = mem_strdup(why);
	w->sniffed[i].role = ROLE_NONE;
}

/* How well a file's look says "events": known by name, a header with both columns, rows by place. */
static int event_rank(const struct sniffed *s, const struct member *m)
{
	if (s->movielens)
		return 4;
	if (s->format == FORMAT_ATOMIC || s->header)
		return !strncmp(m->base, "ratings", 7) || !strncmp(m->base, "events", 6) || !strncmp(m->base, "interactions", 12) ? 3 : 2;
	return 1;
}

static bool same_columns(const struct sniffed *a, const struct sniffed *b)
{
	if (a->format != b->format || a->n_cols != b->n_cols || a->n_names != b->n_names || a->table.delim != b->table.delim)
		return false;
	for (size_t i = 0; i < a->n_names; i++)
		if (strcmp(a->names[i], b->names[i]))
			return false;
	return true;
}

static bool nothing_found(struct loading *w, const char *path, struct err *err)
{
	struct str why = STR_INIT;

	if (w->members.n == 1) {
		const char *reason = w->sniffed[0].why;

		if (!reason)
			reason = w->sniffed[0].role == ROLE_EVENTS ? "is not of the format that was asked for"
								   : "tells about users or items, but holds no events";
		return err_at(err, ERR_SYNTAX, w->members.v[0].name, 0, "%s%s", reason,
			      w->sniffed[0].n_names ? "; name the columns (user= item=)" : "");
	}
	for (size_t i = 0; i < w->members.n; i++)
		if (!strcmp(w->members.v[i].base, "workbook.xml"))
			return err_at(err, ERR_UNSUPPORTED, path, 0, "is a spreadsheet: export its sheet as csv");
	for (size_t i = 0; i < w->members.n && i < 4; i++)
		str_printf(&why, "%s%s: %s", i ? "; " : "", w->members.v[i].base,
			   w->sniffed[i].why ? w->sniffed[i].why : role_text[w->sniffed[i].role]);
	err_at(err, ERR_NOTFOUND, path, 0,
	       "no file of events among %zu; give a file itself, format=, or the columns (user= item=) (%s%s)",
	       w->members.n, str_text(&why), w->members.n > 4 ? "; …" : "");
	str_done(&why);
	return false;
}

/* train.txt with test.txt: only these are the events. */
static bool find_given(struct loading *w)
{
	bool train = false, other = false;

	for (size_t i = 0; i < w->members.n; i++)
		if (w->sniffed[i].role == ROLE_EVENTS && w->sniffed[i].part_said) {
			train |= w->sniffed[i].part == GIVEN_TRAIN;
			other |= w->sniffed[i].part != GIVEN_TRAIN;
		}
	return train && other;
}

static bool choose_events(struct loading *w, const char *path, struct err *err)
{
	const struct sniffed *best = NULL;
	int rank = 0;

	for (size_t i = 0; i < w->members.n; i++)
		if (w->sniffed[i].role == ROLE_EVENTS && !format_fits(&w->sniffed[i], w->o->format))
			leave_out(w, i, "not of the format that was asked for");
	w->given = find_given(w);
	for (size_t i = 0; i < w->members.n; i++) {
		struct sniffed *s = &w->sniffed[i];
		int r;

		if (s->role != ROLE_EVENTS)
			continue;
		if (w->given && !s->part_said) {
			leave_out(w, i, "the split is given by other files");
			continue;
		}
		r = event_rank(s, &w->members.v[i]);
		if (r > rank) {
			rank = r;
			best = s;
		}
	}
	if (!best)
		return nothing_found(w, path, err);
	for (size_t i = 0; i < w->members.n; i++) {
		struct sniffed *s = &w->sniffed[i];

		if (s->role != ROLE_EVENTS || s == best)
			continue;
		if (event_rank(s, &w->members.v[i]) < rank)
			leave_out(w, i, "another file is the events");
		else if (!w->given && !same_columns(s, best))
			return err_at(err, ERR_USAGE, path, 0,
				      "%s and %s could both be the events, and their columns differ: load one of them",
				      w->members.v[best - w->sniffed].base, w->members.v[i].base);
	}
	return true;
}

/* Rows of `user item item …`: what their order means must be said, or follow from train and test. */
static bool settle_words(struct loading *w, struct err *err)
{
	for (size_t i = 0; i < w->members.n; i++) {
		struct sniffed *s = &w->sniffed[i];

		if (s->role != ROLE_EVENTS)
			continue;
		if (s->format == FORMAT_WORDS && w->given)
			s->format = FORMAT_LISTS;
		if (s->format == FORMAT_WORDS)
			return err_at(err, ERR_USAGE, w->members.v[i].name, 0,
				      "has rows of \"user item item …\", in time order or in none: give format=sequence "
				      "or format=lists");
		w->sequence |= s->format == FORMAT_SEQUENCE;
	}
	return true;
}

static void want_columns(struct loading *w)
{
	struct events *e = &w->events;
	bool all_times = true, all_orders = true;

	for (size_t i = 0; i < w->members.n; i++) {
		const struct event_layout *l = &w->layout[i];

		if (w->sniffed[i].role != ROLE_EVENTS)
			continue;
		e->want_value |= l->value >= 0;
		all_times &= l->time >= 0;
		all_orders &= l->order >= 0;
	}
	e->want_value |= w->n_weights > 0;
	e->want_time = all_times;
	e->want_order = all_orders;
	cards_init(&e->cards, all_orders);
	for (size_t i = 0; i < w->members.n; i++) {
		if (!all_times)
			w->layout[i].time = -1;
		if (!all_orders)
			w->layout[i].order = -1;
	}
}

static bool lay_out_events(struct loading *w, struct err *err)
{
	for (size_t i = 0; i < w->members.n; i++) {
		struct str note = STR_INIT;
		bool fine;

		if (w->sniffed[i].role != ROLE_EVENTS)
			continue;
		fine = sniff_event_columns(&w->sniffed[i], &w->members.v[i], w->o, &w->layout[i], &note, err);
		free(w->files[i].note);
		w->files[i].note = mem_strdup(str_text(&note));
		str_done(&note);
		if (!fine)
			return false;
	}
	want_columns(w);
	return true;
}

static void add_note(struct loaded_file *f, const char *text)
{
	struct str note = STR_INIT;

	str_printf(&note, "%s%s%s", f->note, *f->note ? ", " : "", text);
	free(f->note);
	f->note = str_take(&note);
}

static void apply_rules(struct loading *w)
{
	struct events *e = &w->events;

	e->weights = w->weights;
	e->n_weights = w->n_weights;
	e->has_min_value = w->o->has_min_value;
	e->min_value = w->o->min_value;
	e->max_bad = w->o->max_bad;
	e->limit = w->o->limit;
	e->pieces = test_pieces;
}

static bool read_file(struct loading *w, size_t i, uint64_t *done, uint64_t total, struct err *err)
{
	struct loaded_file *f = &w->files[i];
	struct event_layout *l = &w->layout[i];

	if ((w->o->limit && w->events.n_events >= w->o->limit) || w->events.day_first_wanted)
		return true;
	if (!events_read(&w->events, &w->members.v[i], (uint32_t)i, l, &f->rows, &f->bad, *done, total, w->task, err))
		return false;
	if (l->table.encoding == ENCODING_LATIN1)
		add_note(f, "Latin-1");
	*done += w->members.v[i].bytes;
	return true;
}

/* In the order of their names, but train before valid before test. */
static bool read_all(struct loading *w, struct err *err)
{
	uint64_t done = 0, total = 0;

	for (size_t i = 0; i < w->members.n; i++)
		total += w->sniffed[i].role == ROLE_EVENTS ? w->members.v[i].bytes : 0;
	for (enum given_part part = GIVEN_TRAIN; part <= GIVEN_TEST; part++)
		for (size_t i = 0; i < w->members.n; i++)
			if (w->sniffed[i].role == ROLE_EVENTS && w->sniffed[i].part == part &&
			    !read_file(w, i, &done, total, err))
				return false;
	return true;
}

/* Whether 01/02 is January is open until a date has a 13th month; then all is read once more. */
static bool read_events(struct loading *w, struct err *err)
{
	apply_rules(w);
	if (!read_all(w, err))
		return false;
	if (!w->events.day_first_wanted)
		return true;
	events_done(&w->events);
	events_init(&w->events);
	for (size_t i = 0; i < w->members.n; i++)
		if (w->layout[i].dates_unsure) {
			w->layout[i].time_kind = TIME_DATE_DAY_FIRST;
			w->layout[i].dates_unsure = false;
			add_note(&w->files[i], "days come first in its dates");
		}
	want_columns(w);
	apply_rules(w);
	return read_all(w, err);
}

static bool no_events(struct loading *w, const char *path, struct err *err)
{
	struct str why = STR_INIT;
	uint64_t rows = 0;

	for (size_t i = 0; i < w->members.n; i++)
		if (w->sniffed[i].role == ROLE_EVENTS) {
			rows += w->files[i].rows;
			path = w->members.v[i].name;
		}
	if (!rows)
		return err_at(err, ERR_SYNTAX, path, 0, "holds no rows of events: is it complete?");
	for (int i = 0; i < N_ASIDE; i++)
		if (w->events.aside[i])
			str_printf(&why, "%s%llu: %s", why.len ? ", " : "", (unsigned long long)w->events.aside[i],
				   aside_text[i]);
	if (w->events.rejected)
		str_printf(&why, "%s%llu cannot be read", why.len ? ", " : "", (unsigned long long)w->events.rejected);
	err_at(err, ERR_SYNTAX, path, 0, "none of its %llu rows is usable (%s): are the columns right? give user= item= value= time=",
	       (unsigned long long)rows, str_text(&why));
	str_done(&why);
	return false;
}

/* Times that only some rows have cannot order anything; the order column then stands for them. */
static void settle_order(struct loading *w, struct dataset *d)
{
	const bool time = w->events.want_time && !w->events.times_missing;

	d->has_order = time || w->events.want_order || w->sequence;
	d->weighted = w->n_weights > 0;
	for (size_t i = 0; i < w->members.n; i++) {
		if (w->sniffed[i].role != ROLE_EVENTS)
			continue;
		if (w->events.times_missing)
			add_note(&w->files[i], "times are left out, for not every row has one");
		if (w->events.orders_missing) {
			char n[32];
			struct str text = STR_INIT;

			str_printf(&text, "%s rows without an order count as the oldest",
				   str_thousands(w->events.orders_missing, n));
			add_note(&w->files[i], str_text(&text));
			str_done(&text);
		}
	}
}

static struct clean_rules clean_rules(const struct loading *w)
{
	struct clean_rules r = { w->o->dedupe, w->o->min_user, w->o->min_item };

	if (r.dedupe == DEDUPE_DEFAULT)
		r.dedupe = w->sequence ? DEDUPE_NONE : DEDUPE_LAST;
	return r;
}

static bool fill_report(struct loading *w, struct dataset *d, const struct clean_counts *counts, struct err *err)
{
	struct load_report *r = &d->report;
	struct events *e = &w->events;

	r->rejects = e->rejects;
	r->n_rejects = e->n_rejects;
	r->rejected_total = e->rejected;
	e->rejects = NULL;
	e->n_rejects = e->cap_rejects = 0;
	r->min_user = w->o->min_user;
	r->min_item = w->o->min_item;
	d->absent = e->absent;
	absent_init(&e->absent);
	r->duplicates = counts->duplicates;
	e->aside[ASIDE_DUPLICATE] = counts->duplicates;
	e->aside[ASIDE_CORE] = counts->outside_core;
	r->set_aside = mem_zeroed(N_ASIDE, sizeof(*r->set_aside), err);
	if (!r->set_aside)
		return false;
	for (int i = 0; i < N_ASIDE; i++)
		if (e->aside[i]) {
			r->set_aside[r->n_set_aside++] = (struct set_aside){ aside_text[i], e->aside[i] };
			r->set_aside_total += e->aside[i];
		}
	return true;
}

static bool attach_sides(struct loading *w, struct dataset *d, const uint32_t *item_map, struct err *err)
{
	struct side_file *side = mem_alloc(w->members.n, sizeof(*side), err);
	size_t n = 0;
	bool fine;

	if (!side)
		return false;
	for (size_t i = 0; i < w->members.n; i++)
		if (w->sniffed[i].role != ROLE_NONE && w->sniffed[i].role != ROLE_EVENTS)
			side[n++] = (struct side_file){ &w->members.v[i], &w->sniffed[i], &w->files[i], (uint32_t)i };
	fine = side_attach(d, &w->events, item_map, side, n, w->task, err);
	mem_free(side);
	return fine;
}

static void name_files(struct loading *w, struct dataset *d)
{
	for (size_t i = 0; i < w->members.n; i++) {
		if (!w->files[i].role)
			w->files[i].role = role_text[w->sniffed[i].role];
		w->files[i].format = w->files[i].role == role_text[ROLE_NONE] ? "" : format_text[w->sniffed[i].format];
		if (w->sniffed[i].why && !*w->files[i].note)
			add_note(&w->files[i], w->sniffed[i].why);
	}
	d->report.files = w->files;
	d->report.n_files = w->members.n;
	w->files = NULL;
}

static struct dataset *make_dataset(struct loading *w, const char *path, struct err *err)
{
	const struct clean_rules rules = clean_rules(w);
	const struct event_has has = {
		.value = w->events.want_value,
		.time = w->events.want_time && !w->events.times_missing,
		.given = w->given,
	};
	struct clean_counts counts = { .absent = &w->events.absent };
	char *name = dataset_name(path);
	struct dataset *d = dataset_begin(name);
	uint32_t *item_map = NULL;
	bool fine;

	free(name);
	settle_order(w, d);
	fine = build_events(d, &w->events.cards, has, &w->events.users.tab, &w->events.items.tab, &rules, &counts,
			    &item_map, w->task, err);
	if (fine && !d->n_events)
		fine = err_at(err, ERR_RANGE, path, 0, "no event is left: min-user=%u and min-item=%u ask for too many",
			      rules.min_user, rules.min_item);
	fine = fine && fill_report(w, d, &counts, err) && attach_sides(w, d, item_map, err);
	mem_free(item_map);
	if (fine)
		name_files(w, d);
	if (!fine || !dataset_finish(d, w->task, err)) {
		dataset_unref(d);
		return NULL;
	}
	return d;
}

static void loading_done(struct loading *w)
{
	for (size_t i = 0; i < w->members.n; i++) {
		if (w->sniffed)
			sniffed_done(&w->sniffed[i]);
		if (w->files) {
			free(w->files[i].name);
			free(w->files[i].note);
		}
	}
	mem_free(w->sniffed);
	mem_free(w->files);
	mem_free(w->layout);
	member_list_done(&w->members);
	events_done(&w->events);
	free(w);
}

struct dataset *dataset_load(const char *const *paths, size_t n_paths, const struct load_options *o,
			     const struct task *task, struct err *err)
{
	struct loading *w = mem_must(calloc(1, sizeof(*w)));
	double began = clock_now();
	struct dataset *d = NULL;

	w->o = o;
	w->task = task;
	events_init(&w->events);
	if (!check_options(w, err) || !find_members(w, paths, n_paths, err) || !choose_events(w, paths[0], err) ||
	    !settle_words(w, err) || !lay_out_events(w, err))
		goto out;
	if (!read_events(w, err))
		goto out;
	if (!w->events.n_events) {
		no_events(w, paths[0], err);
		goto out;
	}
	d = make_dataset(w, paths[0], err);
	if (d)
		d->report.seconds = clock_now() - began;
out:
	loading_done(w);
	return d;
}
