/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events.h - rows of a file into events: which column is what, which rows count, and ids into numbers.
 *
 * A row that cannot be read is rejected, with line and reason; one that is not usable by rule is set aside
 * and counted.  WORKER; pieces are read in parallel and merged in file order (see table.h).
 */
#ifndef DATA_EVENTS_H
#define DATA_EVENTS_H

#include "base/err.h"
#include "base/task.h"
#include "data/build.h"
#include "data/idmap.h"
#include "data/table.h"

enum time_kind {
	TIME_SECONDS, TIME_MILLI, TIME_MICRO, TIME_NANO, /* since 1970 */
	TIME_DATE, TIME_DATE_DAY_FIRST, TIME_DATE_DIGITS /* 20140407 */,
};

enum aside {
	ASIDE_NO_USER, ASIDE_NO_ITEM, ASIDE_NO_VALUE, ASIDE_NO_TIME, ASIDE_VALUE, ASIDE_MIN_VALUE, ASIDE_TIME,
	ASIDE_EVENT, ASIDE_DUPLICATE, ASIDE_CORE, N_ASIDE,
};
extern const char *const aside_text[N_ASIDE];

/* Texts about items that stand among the events. */
enum said { SAID_TITLE, SAID_TEXT, SAID_TAGS, N_SAID };

struct event_weight {
	const char *name; /* borrowed */
	size_t n;
	float weight;
};

struct event_layout {
	struct table_layout table;
	int user, item, value, time, order, event; /* columns from 0; -1: none */
	int said[N_SAID];
	unsigned n_cols; /* of a row; 0: user, then any number of items (TABLE_BLANKS) */
	enum time_kind time_kind;
	bool dates_unsure; /* the first rows' dates read well both ways, month first or day first */
	enum given_part part;
};

struct said_texts {
	struct strtab texts;
	uint32_t *of; /* [cap] text of the item, by its number; STRTAB_NONE */
	size_t cap;
};

struct events {
	struct idmap users, items;
	struct cards cards; /* of the waves read so far */
	size_t n_events;
	bool want_value, want_time, want_order; /* any file has such a column */
	bool times_missing; /* rows without a time were kept: an order stands for it */
	uint64_t orders_missing;
	bool day_first_wanted; /* a date that only day first can be: reading stopped, to be begun again so */
	struct said_texts said[N_SAID];
	uint64_t aside[N_ASIDE];
	struct reject *rejects;
	size_t n_rejects, cap_rejects;
	uint64_t rejected;
	struct absent absent; /* items of rows that were rejected or set aside */
	/* rules */
	const struct event_weight *weights;
	size_t n_weights;
	bool has_min_value;
	double min_value, max_bad;
	uint64_t limit; /* 0: none */
	unsigned pieces; /* a wave; 0: as many as the threads want.  Changes nothing but speed. */
};

void events_init(struct events *e);
void events_done(struct events *e);

/* Reads one file; settles l->table.encoding.  *rows and *bad are its counts.  Stops with an error when too many are bad. */
bool events_read(struct events *e, const struct member *m, uint32_t file, struct event_layout *l, uint64_t *rows,
		 uint64_t *bad, uint64_t progress_done, uint64_t progress_total, const struct task *task,
		 struct err *err);
bool events_parse_time(const char *s, size_t n, enum time_kind kind, int64_t *out);

#endif
