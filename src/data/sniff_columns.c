/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which column of an events file is what: as told, else by name, else (without a header) by place. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "data/sniff.h"

struct choice {
	const struct sniffed *s;
	const struct member *m;
	struct err *err;
};

static void list_columns(const struct sniffed *s, struct str *out)
{
	if (!s->n_names)
		str_printf(out, "no header, %u columns: give numbers from 1", s->n_cols);
	else
		str_puts(out, "it has ");
	for (size_t i = 0; i < s->n_names && i < 16; i++)
		str_printf(out, "%s%s", i ? ", " : "", s->names[i]);
	if (s->n_names > 16)
		str_puts(out, ", …");
}

/* *col: the column given by name or number, or -1 when nothing (or "none") was given. */
static bool told(const struct choice *c, const char *what, const char *given, int *col)
{
	struct str have = STR_INIT;
	uint64_t number;

	*col = -1;
	if (!given || !strcmp(given, "none"))
		return true;
	for (int fold = 0; fold < 2; fold++)
		for (size_t i = 0; i < c->s->n_names && *col < 0; i++)
			if (fold ? !strcasecmp(c->s->names[i], given) : !strcmp(c->s->names[i], given))
				*col = (int)i;
	if (*col < 0 && num_parse_u64(given, strlen(given), &number) && number >= 1 && number <= c->s->n_cols)
		*col = (int)number - 1;
	if (*col >= 0)
		return true;
	list_columns(c->s, &have);
	err_at(c->err, ERR_NOTFOUND, c->m->name, c->s->header ? 1 : 0, "%s=%s: no such column; %s", what, given,
	       str_text(&have));
	str_done(&have);
	return false;
}

static bool taken(const struct event_layout *l, int col)
{
	return col == l->user || col == l->item || col == l->value || col == l->time || col == l->order ||
	       col == l->event;
}

/* By name, where nothing was told. */
static int named(const struct choice *c, const struct event_layout *l, enum column what, const char *given)
{
	int col;

	if (given || !c->s->header)
		return -1;
	col = column_find(what, (const char *const *)c->s->names, c->s->n_names);
	return col >= 0 && !taken(l, col) ? col : -1;
}

static size_t first_row(const struct sniffed *s)
{
	return s->header ? 1 : 0;
}

static bool all_numbers(const struct sniffed *s, int col, double *median)
{
	double v[400], x;
	size_t n = 0;

	for (size_t r = first_row(s); r < s->sample.n_rows && n < 400; r++) {
		const char *cell = sample_cell(&s->sample, r, (size_t)col);

		if (!*cell)
			continue;
		if (!num_parse_double(cell, strlen(cell), &x))
			return false;
		size_t at = n++;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
	*median = n ? v[n / 2] : 0;
	return n > 0;
}

/* Seconds are below 10^11 until the year 5138; milliseconds above it since 1973. */
static enum time_kind number_kind(double median)
{
	return median < 1e11 ? TIME_SECONDS : median < 1e14 ? TIME_MILLI : median < 1e17 ? TIME_MICRO : TIME_NANO;
}

/* 20140407: as seconds, such numbers would all be of 1970. */
static bool all_digit_dates(const struct sniffed *s, int col)
{
	int64_t t;

	for (size_t r = first_row(s); r < s->sample.n_rows; r++) {
		const char *cell = sample_cell(&s->sample, r, (size_t)col);

		if (*cell && (!events_parse_time(cell, strlen(cell), TIME_DATE_DIGITS, &t) || t < 0 || t >= 4102444800))
			return false;
	}
	return true;
}

static enum time_kind sniff_time(const struct sniffed *s, int col, bool *unsure)
{
	double median;
	size_t month_first = 0, day_first = 0;

	if (all_numbers(s, col, &median))
		return all_digit_dates(s, col) ? TIME_DATE_DIGITS : number_kind(median);
	for (size_t r = first_row(s); r < s->sample.n_rows; r++) {
		const char *cell = sample_cell(&s->sample, r, (size_t)col);
		int64_t t;

		month_first += events_parse_time(cell, strlen(cell), TIME_DATE, &t);
		day_first += events_parse_time(cell, strlen(cell), TIME_DATE_DAY_FIRST, &t);
	}
	*unsure = day_first == month_first;
	return day_first > month_first ? TIME_DATE_DAY_FIRST : TIME_DATE;
}

static bool any_date(const struct sniffed *s, int col)
{
	int64_t t;

	for (size_t r = first_row(s); r < s->sample.n_rows; r++) {
		const char *cell = sample_cell(&s->sample, r, (size_t)col);

		if (events_parse_time(cell, strlen(cell), TIME_DATE, &t) ||
		    events_parse_time(cell, strlen(cell), TIME_DATE_DAY_FIRST, &t))
			return true;
	}
	return false;
}

/* Without a header: user, item, and behind them in any order a value (small numbers), a time (large numbers
 * or dates), and with weights= the kind of event (words). */
static bool by_place(const struct choice *c, const struct load_options *o, struct event_layout *l)
{
	const struct sniffed *s = c->s;
	double median;

	if (s->n_cols < 2 || s->n_cols > 4)
		return err_at(c->err, ERR_USAGE, c->m->name, 0,
			      "has no header, and %u columns: say which is what, as user=1 item=2 value=3 time=4",
			      s->n_cols);
	if ((any_date(s, 0) || any_date(s, 1)) && !o->time)
		return err_at(c->err, ERR_USAGE, c->m->name, 0,
			      "has no header, and dates where user and item are looked for: say which is what, as "
			      "user=1 time=2 item=3");
	l->user = 0;
	l->item = 1;
	for (int col = 2; col < (int)s->n_cols; col++) {
		bool number = all_numbers(s, col, &median);

		if (number && median < 1e8 && l->value < 0)
			l->value = col;
		else if ((number || any_date(s, col)) && l->time < 0)
			l->time = col;
		else if (!number && o->weights && l->event < 0)
			l->event = col;
	}
	if (o->value && !strcmp(o->value, "none"))
		l->value = -1;
	if (o->time && !strcmp(o->time, "none"))
		l->time = -1;
	return true;
}

static bool missing(const struct choice *c, const char *what)
{
	struct str have = STR_INIT;

	list_columns(c->s, &have);
	err_at(c->err, ERR_NOTFOUND, c->m->name, c->s->header ? 1 : 0, "no column for the %s is known by its name: give %s=COLUMN; %s",
	       what, what, str_text(&have));
	str_done(&have);
	return false;
}

static bool choose(const struct choice *c, const struct load_options *o, struct event_layout *l)
{
	bool nothing_told = !o->user && !o->item;

	l->user = l->item = l->value = l->time = l->order = l->event = -1;
	for (int k = 0; k < N_SAID; k++)
		l->said[k] = -1;
	if (!c->s->header && nothing_told) {
		if (!by_place(c, o, l))
			return false;
	} else if (!told(c, "user", o->user, &l->user) || !told(c, "item", o->item, &l->item)) {
		return false;
	}
	if (l->user < 0)
		l->user = named(c, l, COL_USER, o->user);
	if (l->item < 0)
		l->item = named(c, l, COL_ITEM, o->item);
	if (l->user < 0)
		return missing(c, "user");
	if (l->item < 0)
		return missing(c, "item");
	if ((o->value && !told(c, "value", o->value, &l->value)) || (o->time && !told(c, "time", o->time, &l->time)) ||
	    (o->event && !told(c, "event", o->event, &l->event)))
		return false;
	if (l->value < 0 && !o->weights)
		l->value = named(c, l, COL_VALUE, o->value);
	if (l->time < 0)
		l->time = named(c, l, COL_TIME, o->time);
	l->order = named(c, l, COL_ORDER, NULL);
	if (l->event < 0)
		l->event = named(c, l, COL_EVENT, o->event);
	if (o->weights)
		l->value = -1;
	if (o->weights && l->event < 0)
		return missing(c, "event");
	for (int k = 0; k < N_SAID; k++)
		l->said[k] = named(c, l, (enum column)(COL_TITLE + k), NULL);
	if (l->said[SAID_TITLE] < 0) { /* a shop's "Description" is the product's name */
		l->said[SAID_TITLE] = l->said[SAID_TEXT];
		l->said[SAID_TEXT] = -1;
	}
	if (l->time >= 0)
		l->time_kind = sniff_time(c->s, l->time, &l->dates_unsure);
	return true;
}

static void say_column(struct str *note, const struct sniffed *s, const char *what, int col)
{
	if (col < 0)
		return;
	if (s->header)
		str_printf(note, ", %s = %s", what, s->names[col]);
	else
		str_printf(note, ", %s = column %d", what, col + 1);
}

static void say_all(struct str *note, const struct sniffed *s, const struct event_layout *l)
{
	static const char *const kinds[] = { "seconds", "milliseconds", "microseconds", "nanoseconds", "dates",
					     "dates, day first", "dates as YYYYMMDD" };
	static const char *const said[N_SAID] = { "item title", "item text", "item tags" };

	if (s->table.kind == TABLE_DAT)
		str_puts(note, "'::'");
	else if (s->table.delim == '\t')
		str_puts(note, "tab");
	else if (s->table.delim == ' ')
		str_puts(note, "blank");
	else
		str_printf(note, "'%c'", s->table.delim);
	str_puts(note, s->header ? ", header" : ", no header");
	say_column(note, s, "user", l->user);
	say_column(note, s, "item", l->item);
	say_column(note, s, "value", l->value);
	say_column(note, s, "time", l->time);
	if (l->time >= 0 && l->time_kind != TIME_SECONDS)
		str_printf(note, " (%s)", kinds[l->time_kind]);
	say_column(note, s, "order", l->order);
	say_column(note, s, "event", l->event);
	for (int k = 0; k < N_SAID; k++)
		say_column(note, s, said[k], l->said[k]);
}

bool sniff_event_columns(const struct sniffed *s, const struct member *m, const struct load_options *o,
			 struct event_layout *l, struct str *note, struct err *err)
{
	const struct choice c = { s, m, err };

	memset(l, 0, sizeof(*l));
	l->table = s->table;
	l->part = s->part;
	l->n_cols = s->n_cols;
	if (s->format == FORMAT_LISTS || s->format == FORMAT_SEQUENCE || s->format == FORMAT_WORDS) {
		l->user = 0;
		l->item = 1;
		l->value = l->time = l->order = l->event = -1;
		for (int k = 0; k < N_SAID; k++)
			l->said[k] = -1;
		l->n_cols = 0;
		str_puts(note, s->format == FORMAT_SEQUENCE ? "user, then items in time order"
							    : "user, then items in no order");
		return true;
	}
	if (!choose(&c, o, l))
		return false;
	say_all(note, s, l);
	return true;
}
