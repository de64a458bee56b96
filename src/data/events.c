/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN: while pieces are read, the id tables only answer.  An id they do not know is a miss: the row is
 * kept with a hole, and the merge, in file order, interns the id and fills the hole.  So numbers follow the
 * first appearance in the file whatever the cut, and after the first waves misses are few.  What the events
 * say about items (a title, say) is taken the same way, from the first kept row of an item that says it. */
#include "data/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "base/str.h"

#define YEAR_2100 INT64_C(4102444800)
#define LATER 0x80000000u /* with the index of an id in the dense array: looked up at the end of the piece */
#define BAD_ENOUGH 1000 /* so many bad rows are judged before the end of the file */

const char *const aside_text[N_ASIDE] = {
	[ASIDE_NO_USER] = "no user",
	[ASIDE_NO_ITEM] = "no item",
	[ASIDE_NO_VALUE] = "no value",
	[ASIDE_NO_TIME] = "no time",
	[ASIDE_VALUE] = "value not above 0",
	[ASIDE_MIN_VALUE] = "value below min-value",
	[ASIDE_TIME] = "time outside 1970-2100",
	[ASIDE_EVENT] = "event without a weight",
	[ASIDE_DUPLICATE] = "duplicate",
	[ASIDE_CORE] = "user or item with too few events",
};

enum miss_kind { MISS_USER, MISS_ITEM, MISS_SAID /* + enum said */ };

struct miss {
	uint32_t row;
	uint8_t kind;
	uint32_t at, n; /* in the piece's texts */
};

/* Rows of a piece, until the wave is dealt; the room is used again by the next wave. */
struct event_rows {
	uint32_t *user, *item;
	float *value;
	int64_t *time, *order;
	size_t n, cap;
};

struct run { /* of rows with one unknown id */
	size_t miss; /* the first one's */
	uint32_t row, rows; /* the last one, how many */
};

struct event_piece {
	struct event_reading *r;
	struct event_rows *rows;
	struct miss *miss;
	size_t n_miss, cap_miss;
	struct run run[MISS_SAID];
	bool has_runs[MISS_SAID];
	char *text; /* of the misses */
	size_t n_text, cap_text;
	struct reject *rejects; /* the first REJECTS_KEPT; lines within the piece */
	size_t n_rejects, cap_rejects;
	struct absent absent;
	struct absent_item dropped; /* the last row that became no event */
	uint64_t rejected, n_rows, aside[N_ASIDE], left, orders_missing;
	bool times_missing, failed, day_first_only;
	bool later; /* ids that are numbers are looked up at the end */
	struct err err;
};

struct event_reading {
	struct events *e;
	const struct event_layout *l;
	const struct member *m;
	uint32_t file;
	struct event_rows *rows; /* [PIECES_MAX] */
	struct event_block block[PIECES_MAX]; /* merged, to be dealt */
	size_t n_blocks;
	uint64_t n_rows, bad;
	size_t first_reject;
};

void events_init(struct events *e)
{
	memset(e, 0, sizeof(*e));
	idmap_init(&e->users);
	idmap_init(&e->items);
	cards_init(&e->cards, false);
	absent_init(&e->absent);
	for (int i = 0; i < N_SAID; i++)
		strtab_init(&e->said[i].texts);
}

void events_done(struct events *e)
{
	idmap_done(&e->users);
	idmap_done(&e->items);
	cards_done(&e->cards);
	for (int i = 0; i < N_SAID; i++) {
		strtab_done(&e->said[i].texts);
		mem_free(e->said[i].of);
	}
	for (size_t i = 0; i < e->n_rejects; i++)
		free(e->rejects[i].reason);
	mem_free(e->rejects);
	absent_done(&e->absent);
	memset(e, 0, sizeof(*e));
}

static bool rows_room(struct event_rows *w, const struct events *e, struct err *err)
{
	size_t cap = w->cap ? 2 * w->cap : 16384;
	void *user, *item, *value, *time, *order;

	if (w->n < w->cap)
		return true;
	user = mem_resize(w->user, w->cap, cap, sizeof(*w->user), err);
	w->user = user ? user : w->user;
	item = user ? mem_resize(w->item, w->cap, cap, sizeof(*w->item), err) : NULL;
	w->item = item ? item : w->item;
	value = item && e->want_value ? mem_resize(w->value, w->cap, cap, sizeof(*w->value), err) : item;
	if (value && e->want_value)
		w->value = value;
	time = value && e->want_time ? mem_resize(w->time, w->cap, cap, sizeof(*w->time), err) : value;
	if (time && e->want_time)
		w->time = time;
	order = time && e->want_order ? mem_resize(w->order, w->cap, cap, sizeof(*w->order), err) : time;
	if (order && e->want_order)
		w->order = order;
	if (order)
		w->cap = cap;
	return order != NULL;
}

static bool piece_fails(struct event_piece *p)
{
	p->failed = true;
	return false;
}

/* Notes a row that cannot be read; the row function returns what this returns. */
__attribute__((format(printf, 3, 4)))
static bool reject(struct event_piece *p, uint64_t line, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	p->rejected++;
	p->dropped = (struct absent_item){ .rejected = true };
	if (p->n_rejects >= REJECTS_KEPT)
		return true;
	if (!mem_grow((void **)&p->rejects, &p->cap_rejects, p->n_rejects + 1, sizeof(*p->rejects), &p->err))
		return piece_fails(p);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->rejects[p->n_rejects++] = (struct reject){ p->r->file, line, mem_strdup(text) };
	return true;
}

static bool set_aside(struct event_piece *p, enum aside why)
{
	p->aside[why]++;
	p->dropped = (struct absent_item){ .aside = aside_text[why] };
	return true;
}

/* Files are often sorted by user: the rows that follow a miss with the same id keep their holes without one,
 * and are filled from the row before. */
static bool is_run(struct event_piece *p, uint32_t row, int kind, const struct field *f)
{
	const struct miss *m = &p->miss[p->run[kind].miss];

	if (!p->run[kind].rows || row != p->run[kind].row + 1 || m->n != f->n ||
	    memcmp(p->text + m->at, f->s, f->n) != 0)
		return false;
	p->run[kind].row = row;
	p->run[kind].rows++;
	return p->has_runs[kind] = true;
}

static bool add_miss(struct event_piece *p, uint32_t row, int kind, const struct field *f)
{
	if (kind < MISS_SAID && (kind == MISS_USER || p->later)) {
		if (is_run(p, row, kind, f))
			return true;
		p->run[kind] = (struct run){ .miss = p->n_miss, .row = row, .rows = 1 };
	}
	if (!mem_grow((void **)&p->miss, &p->cap_miss, p->n_miss + 1, sizeof(*p->miss), &p->err) ||
	    !mem_grow((void **)&p->text, &p->cap_text, p->n_text + f->n + 1, 1, &p->err))
		return piece_fails(p);
	p->miss[p->n_miss++] = (struct miss){ row, (uint8_t)kind, (uint32_t)p->n_text, f->n };
	memcpy(p->text + p->n_text, f->s, f->n);
	p->n_text += f->n;
	return true;
}

/* Looks both ids up, and keeps the row. */
static bool keep_row(struct event_piece *p, const struct field *f, const struct field *user, const struct field *item,
		     float value, int64_t time, int64_t order)
{
	struct events *e = p->r->e;
	const struct event_layout *l = p->r->l;
	struct event_rows *w = p->rows;
	const uint32_t row = (uint32_t)w->n;
	uint32_t u, i;

	if (!rows_room(w, e, &p->err))
		return piece_fails(p);
	if (p->later && idmap_dense(&e->users, user->s, user->n, &u))
		u |= LATER;
	else
		u = idmap_find(&e->users, user->s, user->n);
	if (p->later && idmap_dense(&e->items, item->s, item->n, &i))
		i |= LATER;
	else
		i = idmap_find(&e->items, item->s, item->n);
	w->user[row] = u;
	w->item[row] = i;
	if (e->want_value)
		w->value[row] = value;
	if (e->want_time)
		w->time[row] = time;
	if (e->want_order)
		w->order[row] = order;
	w->n++;
	if ((u == STRTAB_NONE && !add_miss(p, row, MISS_USER, user)) ||
	    (i == STRTAB_NONE && !add_miss(p, row, MISS_ITEM, item)))
		return false;
	for (int k = 0; k < N_SAID; k++)
		if (l->said[k] >= 0 && f[l->said[k]].n &&
		    (i == STRTAB_NONE || i >= e->said[k].cap || e->said[k].of[i] == STRTAB_NONE) &&
		    !add_miss(p, row, MISS_SAID + k, &f[l->said[k]]))
			return false;
	return !p->left || w->n < p->left;
}

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Ratings are mostly "4" or "3.5"; the quotient rounds once, as num_parse_float() does. */
static inline bool parse_value(const struct field *f, float *out)
{
	if (f->n == 1 && is_digit(f->s[0])) {
		*out = (float)(f->s[0] - '0');
		return true;
	}
	if (f->n == 3 && f->s[1] == '.' && is_digit(f->s[0]) && is_digit(f->s[2])) {
		*out = (float)((double)((f->s[0] - '0') * 10 + (f->s[2] - '0')) / 10);
		return true;
	}
	return num_parse_float(f->s, f->n, out);
}

/* A short piece of a field for a reason. */
static int shown(const struct field *f)
{
	return f->n > 40 ? 40 : (int)f->n;
}

static bool weigh(const struct events *e, const struct field *f, float *out)
{
	for (size_t i = 0; i < e->n_weights; i++)
		if (e->weights[i].n == f->n && !memcmp(e->weights[i].name, f->s, f->n)) {
			*out = e->weights[i].weight;
			return true;
		}
	return false;
}

static bool words_row(struct event_piece *p, const struct field *f, size_t n)
{
	if (n == 1)
		return set_aside(p, ASIDE_NO_ITEM);
	for (size_t k = 1; k < n; k++)
		if (!keep_row(p, NULL, &f[0], &f[k], 1.0f, NO_TIME, INT64_MIN))
			return false;
	return true;
}

static bool read_row(struct event_piece *p, uint64_t line, const struct field *f, size_t n, const char *bad)
{
	const struct event_layout *l = p->r->l;
	const struct events *e = p->r->e;
	const struct field *user = &f[l->user], *item = &f[l->item], *value = NULL, *time = NULL;
	float v = 1.0f;
	int64_t t = NO_TIME, order = INT64_MIN;

	p->n_rows++;
	if (bad)
		return reject(p, line, "%s", bad);
	if (!l->n_cols)
		return words_row(p, f, n);
	if (n != l->n_cols)
		return reject(p, line, "%zu field%s where %u are due", n, n == 1 ? "" : "s", l->n_cols);
	if (l->value >= 0) {
		value = &f[l->value];
		if (value->n && !parse_value(value, &v))
			return reject(p, line, "\"%.*s\" is not a number", shown(value), value->s);
	}
	if (l->time >= 0) {
		time = &f[l->time];
		if (time->n && !events_parse_time(time->s, time->n, l->time_kind, &t)) {
			p->day_first_only |= l->dates_unsure &&
					     events_parse_time(time->s, time->n, TIME_DATE_DAY_FIRST, &t);
			return reject(p, line, "\"%.*s\" is not a %s", shown(time), time->s,
				      l->time_kind >= TIME_DATE ? "date" : "time");
		}
	}
	if (l->order >= 0) {
		const struct field *rank = &f[l->order];

		if (rank->n && !num_parse_i64(rank->s, rank->n, &order))
			return reject(p, line, "\"%.*s\" is not a whole number", shown(rank), rank->s);
		p->orders_missing += !rank->n;
	}
	if (!user->n)
		return set_aside(p, ASIDE_NO_USER);
	if (!item->n)
		return set_aside(p, ASIDE_NO_ITEM);
	if (e->n_weights && !weigh(e, &f[l->event], &v))
		return set_aside(p, ASIDE_EVENT);
	if (value && !value->n)
		return set_aside(p, ASIDE_NO_VALUE);
	if (v <= 0)
		return set_aside(p, ASIDE_VALUE);
	if (e->has_min_value && (double)v < e->min_value)
		return set_aside(p, ASIDE_MIN_VALUE);
	if (time && !time->n) {
		if (l->order < 0)
			return set_aside(p, ASIDE_NO_TIME);
		p->times_missing = true;
	} else if (time && (t < 0 || t >= YEAR_2100)) {
		return set_aside(p, ASIDE_TIME);
	}
	return keep_row(p, f, user, item, v, t, order);
}

/* An item of which only such rows are known is told of when it is asked for. */
static bool note_dropped(struct event_piece *p, uint64_t line, const struct field *item)
{
	p->dropped.has_row = true;
	p->dropped.file = p->r->file;
	p->dropped.line = line;
	return absent_note(&p->absent, item->s, item->n, p->dropped, &p->err) || piece_fails(p);
}

static bool event_row(void *out, uint64_t line, const struct field *f, size_t n, const char *bad)
{
	struct event_piece *p = out;
	const size_t kept = p->rows->n, item = (size_t)p->r->l->item;
	bool good = read_row(p, line, f, n, bad);

	if (good && p->rows->n == kept && p->r->l->n_cols && !bad && item < n && f[item].n)
		good = note_dropped(p, line, &f[item]);
	return good;
}

/* DESIGN: each lookup in a large array waits for memory.  A loop of nothing else has many of them under way
 * at once, which the parsing of a row between two of them prevents. */
static bool look_up(struct event_piece *p, uint32_t *id, const struct idmap *m, int kind)
{
	uint32_t last = STRTAB_NONE; /* what the row before asked for */

	for (size_t row = 0; row < p->rows->n; row++) {
		const uint32_t asked = id[row], at = asked & ~LATER;
		const bool again = asked == last;

		last = asked;
		if (!(asked & LATER) || asked == STRTAB_NONE)
			continue;
		id[row] = again ? id[row - 1] : m->dense[at];
		if (id[row] == STRTAB_NONE && again)
			p->has_runs[kind] = true;
		if (id[row] == STRTAB_NONE && !again) {
			char text[16];
			const struct field f = { text, (uint32_t)snprintf(text, sizeof(text), "%u", at) };

			if (!add_miss(p, (uint32_t)row, kind, &f))
				return false;
		}
	}
	return true;
}

static int by_row(const void *a, const void *b)
{
	const struct miss *x = a, *y = b;

	return x->row != y->row ? (x->row < y->row ? -1 : 1) : x->kind - y->kind;
}

static bool look_up_later(struct event_piece *p)
{
	const struct events *e = p->r->e;

	if (!p->later)
		return true;
	if (!look_up(p, p->rows->user, &e->users, MISS_USER) || !look_up(p, p->rows->item, &e->items, MISS_ITEM))
		return false;
	/* Ids that are no numbers were missed before: bring all into file order. */
	if (p->n_miss)
		qsort(p->miss, p->n_miss, sizeof(*p->miss), by_row);
	return true;
}

static void piece_discard(void *ctx, void *out)
{
	struct event_piece *p = out;

	(void)ctx;
	for (size_t i = 0; i < p->n_rejects; i++)
		free(p->rejects[i].reason);
	mem_free(p->rejects);
	absent_done(&p->absent);
	mem_free(p->miss);
	mem_free(p->text);
	free(p);
}

static void *piece_begin(void *ctx, unsigned slot, size_t piece, struct err *err)
{
	struct event_reading *r = ctx;
	struct event_piece *p = mem_must(calloc(1, sizeof(*p)));

	(void)slot;
	(void)err;
	p->r = r;
	absent_init(&p->absent);
	p->rows = &r->rows[piece];
	p->rows->n = 0;
	p->later = r->l->said[SAID_TITLE] < 0 && r->l->said[SAID_TEXT] < 0 && r->l->said[SAID_TAGS] < 0 &&
		   r->e->users.tab.n < LATER && r->e->items.tab.n < LATER;
	p->left = r->e->limit ? r->e->limit - r->e->n_events : 0;
	return p;
}

static bool piece_end(void *ctx, void *out, struct err *err)
{
	struct event_piece *p = out;

	(void)ctx;
	if (!p->failed && look_up_later(p))
		return true;
	*err = p->err;
	return false;
}

static bool say(struct said_texts *t, uint32_t item, const char *s, size_t n, struct err *err)
{
	size_t cap = t->cap;

	if (item >= cap) {
		if (!mem_grow((void **)&t->of, &t->cap, (size_t)item + 1, sizeof(*t->of), err))
			return false;
		memset(t->of + cap, 0xff, (t->cap - cap) * sizeof(*t->of));
	}
	if (t->of[item] == STRTAB_NONE)
		t->of[item] = strtab_push(&t->texts, s, n, err);
	return t->of[item] != STRTAB_NONE;
}

static void fill_runs(bool has_runs, uint32_t *id, size_t n)
{
	for (size_t row = 1; has_runs && row < n; row++)
		if (id[row] == STRTAB_NONE)
			id[row] = id[row - 1];
}

static bool fill_holes(struct event_piece *p, struct err *err)
{
	struct events *e = p->r->e;

	for (size_t k = 0; k < p->n_miss; k++) {
		const struct miss *m = &p->miss[k];
		const char *s = p->text + m->at;
		uint32_t number;

		if (m->kind >= MISS_SAID) {
			if (!say(&e->said[m->kind - MISS_SAID], p->rows->item[m->row], s, m->n, err))
				return false;
			continue;
		}
		number = idmap_intern(m->kind == MISS_USER ? &e->users : &e->items, s, m->n, err);
		if (number == STRTAB_NONE)
			return false;
		(m->kind == MISS_USER ? p->rows->user : p->rows->item)[m->row] = number;
	}
	fill_runs(p->has_runs[MISS_USER], p->rows->user, p->rows->n);
	fill_runs(p->has_runs[MISS_ITEM], p->rows->item, p->rows->n);
	return true;
}

static bool merge_rejects(struct event_piece *p, uint64_t first_line, struct err *err)
{
	struct events *e = p->r->e;

	for (size_t i = 0; i < p->n_rejects && e->n_rejects < REJECTS_KEPT; i++) {
		if (!mem_grow((void **)&e->rejects, &e->cap_rejects, e->n_rejects + 1, sizeof(*e->rejects), err))
			return false;
		e->rejects[e->n_rejects] = p->rejects[i];
		e->rejects[e->n_rejects++].line += first_line;
		p->rejects[i].reason = NULL;
	}
	e->rejected += p->rejected;
	return true;
}

static bool too_bad(const struct event_reading *r, struct err *err)
{
	const struct events *e = r->e;
	const struct reject *first = &e->rejects[r->first_reject];

	if (r->first_reject >= e->n_rejects) /* all kept ones are of earlier files */
		return err_at(err, ERR_SYNTAX, r->m->name, 0,
			      "%.0f%% of its rows cannot be read: the format was likely misread; give format= or name the columns",
			      100.0 * (double)r->bad / (double)r->n_rows);
	return err_at(err, ERR_SYNTAX, r->m->name, first->line,
		      "%.0f%% of the rows cannot be read (here: %s): the format was likely misread; "
		      "give format=, name the columns (user= item= value= time=), or raise max-bad=",
		      100.0 * (double)r->bad / (double)r->n_rows, first->reason);
}

static bool piece_merge(void *ctx, void *out, uint64_t first_line, bool *stop, struct err *err)
{
	struct event_reading *r = ctx;
	struct event_piece *p = out;
	struct events *e = r->e;
	const struct event_rows *w = p->rows;
	bool fine = merge_rejects(p, first_line, err) && absent_merge(&e->absent, &p->absent, first_line, err) &&
		    fill_holes(p, err);

	if (fine) {
		r->block[r->n_blocks++] = (struct event_block){
			.n = w->n, .user = w->user, .item = w->item, .value = w->value,
			.time = w->time, .order = w->order, .part = (uint8_t)r->l->part,
		};
		e->n_events += w->n;
		r->n_rows += p->n_rows;
		r->bad += p->rejected;
		for (int i = 0; i < N_ASIDE; i++)
			e->aside[i] += p->aside[i];
		e->times_missing |= p->times_missing;
		e->orders_missing += p->orders_missing;
		e->day_first_wanted |= p->day_first_only;
		*stop = e->day_first_wanted || (e->limit && e->n_events >= e->limit);
		if (!*stop && r->bad > BAD_ENOUGH && (double)r->bad > e->max_bad * (double)r->n_rows)
			fine = too_bad(r, err);
	}
	piece_discard(NULL, p);
	return fine;
}

static bool wave_end(void *ctx, const struct task *task, struct err *err)
{
	struct event_reading *r = ctx;
	size_t n = r->n_blocks;

	r->n_blocks = 0;
	return cards_deal(&r->e->cards, r->block, n, r->e->users.tab.n, task, err);
}

bool events_read(struct events *e, const struct member *m, uint32_t file, struct event_layout *l, uint64_t *rows,
		 uint64_t *bad, uint64_t progress_done, uint64_t progress_total, const struct task *task,
		 struct err *err)
{
	struct event_reading *r = mem_must(calloc(1, sizeof(*r)));
	const struct table_reader reader = {
		.ctx = r, .begin = piece_begin, .row = event_row, .end = piece_end, .merge = piece_merge,
		.discard = piece_discard, .wave = wave_end, .pieces = e->limit ? 1 : e->pieces,
	};
	bool fine;

	r->e = e;
	r->l = l;
	r->m = m;
	r->file = file;
	r->first_reject = e->n_rejects;
	r->rows = mem_must(calloc(PIECES_MAX, sizeof(*r->rows)));
	fine = table_read(m, &l->table, &reader, progress_done, progress_total, task, err);
	for (unsigned k = 0; k < PIECES_MAX; k++) {
		mem_free(r->rows[k].user);
		mem_free(r->rows[k].item);
		mem_free(r->rows[k].value);
		mem_free(r->rows[k].time);
		mem_free(r->rows[k].order);
	}
	*rows = r->n_rows;
	*bad = r->bad;
	if (fine && !e->day_first_wanted && r->bad && (double)r->bad > e->max_bad * (double)r->n_rows)
		fine = too_bad(r, err);
	free(r->rows);
	free(r);
	return fine;
}
