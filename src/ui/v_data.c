/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_data.c - what came in, what was thrown out and why, and what the data look like. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "ui/bars.h"
#include "ui/text.h"
#include "ui/views.h"

enum { FILES, CLEANING, PROFILE, REJECTED };

static const struct pane_spec panes[] = {
	[FILES] = { .name = "files", .title = "Files", .column = 0, .row = 0, .group = 1, .least = 3, .head = 1 },
	[CLEANING] = { .name = "cleaning", .title = "Cleaning", .column = 0, .row = 1, .group = 1, .least = 4 },
	[PROFILE] = { .name = "profile", .title = "Profile", .column = 1, .row = 0, .group = 0, .least = 5 },
	[REJECTED] = { .name = "rejected", .title = "Rejected", .column = 1, .row = 1, .group = 1, .least = 3,
		       .want = 9, .head = 1 },
};

#define MAX_FACTS 64
struct fact { char name[224], value[32]; bool heading, inner; }; /* heading: over both columns */

struct data_state {
	uint64_t data_id;
	struct fact fact[MAX_FACTS];
	size_t n_facts;
};

/* --- cleaning and split as names and values ------------------------------------------------------------ */

static struct fact *add_fact(struct data_state *st, const char *name)
{
	struct fact *f = &st->fact[st->n_facts < MAX_FACTS - 1 ? st->n_facts++ : MAX_FACTS - 1];

	memset(f, 0, sizeof *f);
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

static void add_count(struct data_state *st, const char *name, uint64_t n)
{
	struct fact *f = add_fact(st, name);

	text_count(f->value, sizeof f->value, n);
}

static void add_inner(struct data_state *st, const char *name, uint64_t n)
{
	add_count(st, name, n);
	st->fact[st->n_facts - 1].inner = true;
}

static void list_cleaning(struct data_state *st, const struct dataset *d)
{
	const struct load_report *r = &d->report;
	struct fact *f;

	add_count(st, "kept", d->n_events);
	add_count(st, "set aside", r->set_aside_total);
	for (size_t i = 0; i < r->n_set_aside; i++)
		add_inner(st, r->set_aside[i].reason, r->set_aside[i].n);
	add_count(st, "rejected", r->rejected_total);
	if (d->time) {
		f = add_fact(st, "tied in time");
		text_share(f->value, sizeof f->value, r->timestamp_ties);
	}
	if (!isnan(r->seconds) && r->seconds > 0) {
		f = add_fact(st, "loaded in");
		snprintf(f->value, sizeof f->value, "%.2f s", r->seconds);
	}
}

/* What there is beside events, titles and tags: how many items, how many pairs of users. */
static void list_more(struct data_state *st, const struct dataset *d)
{
	char name[64];

	if (d->n_modalities) {
		add_fact(st, "");
		add_fact(st, "items that have");
	}
	for (size_t k = 0; k < d->n_modalities; k++) {
		const struct modality *m = &d->modalities[k];

		if (m->column)
			snprintf(name, sizeof name, "%.60s", m->name);
		else
			snprintf(name, sizeof name, "%.40s (%u numbers)", m->name, m->dim);
		add_inner(st, name, m->n_has);
	}
	if (d->friends.ptr) {
		add_fact(st, "");
		add_count(st, "friendships", csr_n(&d->friends) / 2);
	}
}

static void list_split(struct data_state *st, const struct session *s)
{
	struct split_facts facts;
	struct fact *f;

	if (!session_split(s))
		return;
	session_split_facts(s, &facts);
	add_fact(st, "");
	f = add_fact(st, "");
	snprintf(f->name, sizeof f->name, "split %s", facts.text);
	f->heading = true;
	add_inner(st, "train", facts.n_train);
	add_inner(st, "valid", facts.n_valid);
	add_inner(st, "test", facts.n_test);
	add_inner(st, "test users", facts.test_users);
	if (facts.tied)
		add_inner(st, "tied with history", facts.tied);
	if (facts.cold_test_items)
		add_inner(st, "never in train", facts.cold_test_items);
	if (facts.repeats_removed)
		add_inner(st, "also in history", facts.repeats_removed);
	if (facts.users_dropped)
		add_inner(st, "without history", facts.users_dropped);
}

static void data_sync(struct view *v, struct session *s)
{
	struct data_state *st = v->state;
	const struct dataset *d = session_data(s);

	st->n_facts = 0;
	if (!d)
		return;
	if (st->data_id != d->id) {
		st->data_id = d->id;
		for (int i = 0; i < v->kind->n_panes; i++)
			table_init(&v->table[i]);
	}
	list_cleaning(st, d);
	list_split(st, s);
	list_more(st, d);
	view_rows(v, FILES, d->report.n_files);
	view_rows(v, CLEANING, st->n_facts);
	view_rows(v, REJECTED, d->report.n_rejects);
}

static bool data_handle(struct view *v, struct session *s, const struct act *act)
{
	(void)v;
	(void)s;
	(void)act;
	return false;
}

/* --- drawing ------------------------------------------------------------------------------------------------ */

enum { F_NAME, F_ROWS, F_BAD };

static void file_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct loaded_file *f = &((const struct dataset *)ctx)->report.files[row];

	if (column == F_NAME) {
		snprintf(out->text, sizeof out->text, "%s", file_base(f->name));
	} else if (!*f->format) { /* lies there, and is not used */
		snprintf(out->text, sizeof out->text, "%s", column == F_BAD ? "unused" : "");
		out->style = STYLE_DIM;
	} else if (column == F_ROWS) {
		text_count(out->text, sizeof out->text, f->rows);
	} else if (f->bad) {
		char n[32];

		text_count(n, sizeof n, f->bad);
		snprintf(out->text, sizeof out->text, "%s bad", n);
		out->style = STYLE_WARN;
	} else {
		snprintf(out->text, sizeof out->text, "ok");
		out->style = STYLE_GOOD;
	}
}

static void draw_files(const struct view *v, const struct dataset *d, struct surface *out)
{
	static const struct table_column column[] = {
		[F_NAME] = { .title = "file", .least = 10 },
		[F_ROWS] = { .title = "rows", .width = 11, .right = true },
		[F_BAD] = { .title = "", .width = 7, .right = true },
	};
	struct rect in = view_pane(v, out, FILES, "Files");
	const struct table *t = &v->table[FILES];
	const struct loaded_file *f;
	int used = 1 + (t->n < (size_t)in.h ? (int)t->n : in.h);

	view_table(v, out, FILES, in, column, 3, file_cell, d, false);
	if (!t->n) {
		pane_say(out, in, "Made here, not read from files");
		return;
	}
	/* What was taken for what, where there is room under the rows. */
	f = &d->report.files[t->cursor];
	if (in.h - used >= 3) {
		struct rect note = { in.x + 1, in.y + used + 1, in.w - 2, in.h - used - 1 };
		char text[512];

		snprintf(text, sizeof text, "%s: %s%s%s%s%s", file_base(f->name), f->role, *f->format ? ", " : "",
			 f->format, *f->note ? ", " : "", f->note);
		pane_wrap(out, note, STYLE_DIM, text);
	}
}

static void fact_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct fact *f = &((const struct data_state *)ctx)->fact[row];

	if (column == 0)
		snprintf(out->text, sizeof out->text, f->inner ? "  %s" : "%s", f->name);
	else
		snprintf(out->text, sizeof out->text, "%s", f->value);
	out->span = f->heading;
	if (f->inner)
		out->style = STYLE_DIM;
}

static void draw_cleaning(const struct view *v, struct surface *out)
{
	const struct data_state *st = v->state;
	static const struct table_column column[] = {
		{ .title = "", .least = 14 },
		{ .title = "", .width = 11, .right = true },
	};
	struct rect in = view_pane(v, out, CLEANING, "Cleaning and split");

	view_table(v, out, CLEANING, in, column, 2, fact_cell, st, false);
}

static void reject_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct dataset *d = ctx;
	const struct reject *r = &d->report.rejects[row];
	char line[32];

	if (column == 0) {
		text_count(line, sizeof line, r->line);
		snprintf(out->text, sizeof out->text, "%s:%s",
			 r->file < d->report.n_files ? file_base(d->report.files[r->file].name) : "", line);
	} else {
		snprintf(out->text, sizeof out->text, "%.300s", r->reason);
	}
}

static void draw_rejected(const struct view *v, const struct dataset *d, struct surface *out)
{
	static const struct table_column column[] = {
		{ .title = "where", .least = 12 },
		{ .title = "why it could not be read", .least = 24 },
	};
	char title[96], n[32], all[32];
	struct rect in;

	text_count(all, sizeof all, d->report.rejected_total);
	text_count(n, sizeof n, d->report.n_rejects);
	if (d->report.n_rejects < d->report.rejected_total)
		snprintf(title, sizeof title, "Rejected: the first %s of %s", n, all);
	else
		snprintf(title, sizeof title, d->report.rejected_total ? "Rejected: %s could not be read" : "Rejected",
			 all);
	in = view_pane(v, out, REJECTED, title);
	if (d->report.n_rejects)
		view_table(v, out, REJECTED, in, column, 2, reject_cell, d, false);
	else
		pane_say(out, in, "Every row could be read");
}

/* "events a user  20 ▁▃▇█▅▂▁ 737 (median 65, gini 0.47)"; returns the columns used. */
static int draw_histogram(struct surface *out, int x, int y, int cols, const char *name,
			  const struct profile_histogram *h)
{
	char text[64], gini[24];
	int at = x, bars = (int)h->n_bins < 24 ? (int)h->n_bins : 24;

	at += surface_text(out, at, y, x + cols - at, STYLE_DIM, name) + 1;
	text_count(text, sizeof text, h->least);
	at += surface_text(out, at, y, x + cols - at, STYLE_PLAIN, text) + 1;
	if (bars > x + cols - at)
		bars = x + cols - at;
	bars_draw_columns(out, (struct rect){ at, y, bars, 1 }, h->count, h->n_bins, STYLE_BAR);
	at += bars + 1;
	text_count(text, sizeof text, h->most);
	at += surface_text(out, at, y, x + cols - at, STYLE_PLAIN, text) + 1;
	text_count(text, sizeof text, h->median);
	text_real(gini, sizeof gini, h->gini, 2);
	at += surface_printf(out, at, y, x + cols - at, STYLE_DIM, "(median %s, gini %s)", text, gini);
	return at - x;
}

static void draw_counts(struct surface *out, struct rect line, const struct dataset *d)
{
	const struct { const char *name; uint64_t n; } count[] = {
		{ "users", d->n_users }, { "items", d->n_items }, { "events", d->n_events },
	};
	char n[32];
	int x = line.x, end = line.x + line.w;

	for (size_t i = 0; i < 3; i++) {
		x += surface_text(out, x, line.y, end - x, STYLE_DIM, count[i].name) + 1;
		text_count(n, sizeof n, count[i].n);
		x += surface_text(out, x, line.y, end - x, STYLE_TITLE, n) + 3;
	}
	text_share(n, sizeof n, d->profile.density);
	x += surface_text(out, x, line.y, end - x, STYLE_DIM, "density") + 1;
	surface_text(out, x, line.y, end - x, STYLE_TITLE, n);
}

static void draw_values(struct surface *out, struct rect line, const struct dataset *d)
{
	const struct profile *p = &d->profile;
	char a[32], b[32], mean[32];
	int x = line.x, end = line.x + line.w;

	x += surface_text(out, x, line.y, end - x, STYLE_DIM, d->weighted ? "weights" : "values") + 1;
	if (!d->value || !p->n_values) {
		surface_text(out, x, line.y, end - x, STYLE_PLAIN, "none: every event counts 1");
		return;
	}
	text_value(a, sizeof a, p->value[0]);
	text_value(b, sizeof b, p->value[p->n_values - 1]);
	text_short(mean, sizeof mean, p->value_mean);
	x += surface_text(out, x, line.y, end - x, STYLE_PLAIN, a) + 1;
	bars_draw_columns(out, (struct rect){ x, line.y, (int)p->n_values, 1 }, p->value_count, p->n_values, STYLE_BAR);
	x += (int)p->n_values + 1;
	x += surface_printf(out, x, line.y, end - x, STYLE_PLAIN, "%s%s", b, p->values_binned ? "…" : "") + 1;
	surface_printf(out, x, line.y, end - x, STYLE_DIM, "(mean %s)", mean);
}

static void draw_times(struct surface *out, struct rect line, const struct dataset *d)
{
	char from[32], to[32], tied[32];

	if (!d->time || d->profile.first_time == NO_TIME) {
		surface_text(out, line.x, line.y, line.w, STYLE_DIM,
			     d->has_order ? "no times: the order of the file is the order in time"
					  : "no times, and no order in time");
		return;
	}
	text_share(tied, sizeof tied, d->profile.tied_share);
	surface_printf(out, line.x, line.y, line.w, STYLE_PLAIN, "%s … %s (%s tied in time)",
		       clock_date(d->profile.first_time, from), clock_date(d->profile.last_time, to), tied);
}

/* Two pictures side by side: the long tail, and time. */
static void draw_pictures(struct surface *out, struct rect r, const struct dataset *d)
{
	const struct profile *p = &d->profile;
	int gap = 3, w = d->time ? (r.w - gap) / 2 : r.w;

	if (r.h < 2)
		return;
	surface_text(out, r.x, r.y, w, STYLE_DIM, "events by item, most popular first");
	bars_draw_columns(out, (struct rect){ r.x, r.y + 1, w, r.h - 1 }, p->tail, 60, STYLE_BAR);
	if (!d->time)
		return;
	surface_text(out, r.x + w + gap, r.y, r.w - w - gap, STYLE_DIM, "events over time");
	bars_draw_columns(out, (struct rect){ r.x + w + gap, r.y + 1, r.w - w - gap, r.h - 1 }, p->time_count, 60,
			  STYLE_SERIES_2);
}

static void draw_profile(const struct view *v, const struct dataset *d, struct surface *out)
{
	char title[160];
	struct rect in, line;
	int used;

	snprintf(title, sizeof title, "Profile of %.120s", d->name);
	in = view_pane(v, out, PROFILE, title);
	in.x += 1;
	in.w -= 2;
	line = (struct rect){ in.x, in.y, in.w, 1 };
	draw_counts(out, line, d);
	if (++line.y < in.y + in.h)
		draw_times(out, line, d);
	if (++line.y < in.y + in.h)
		draw_values(out, line, d);
	if (++line.y >= in.y + in.h)
		return;
	used = draw_histogram(out, in.x, line.y, in.w, "events a user", &d->profile.user_events);
	if (used * 2 + 4 <= in.w) {
		draw_histogram(out, in.x + in.w / 2, line.y, in.w - in.w / 2, "events an item",
			       &d->profile.item_events);
	} else if (++line.y < in.y + in.h) {
		draw_histogram(out, in.x, line.y, in.w, "events an item", &d->profile.item_events);
	}
	line.y += 2;
	draw_pictures(out, (struct rect){ in.x, line.y, in.w, in.y + in.h - line.y }, d);
}

static void data_draw(const struct view *v, const struct session *s, struct surface *out)
{
	const struct dataset *d = session_data(s);

	if (!d) {
		for (int i = 0; i < v->kind->n_panes; i++)
			if (view_shows(v, i)) {
				struct rect in = view_pane(v, out, i, panes[i].title);

				if (i == PROFILE)
					pane_say(out, in, session_jobs_alive(s) ? "Loading …"
						      : "No data yet: Enter, then the path of a file, folder or archive");
			}
		return;
	}
	if (view_shows(v, FILES))
		draw_files(v, d, out);
	if (view_shows(v, CLEANING))
		draw_cleaning(v, out);
	if (view_shows(v, PROFILE))
		draw_profile(v, d, out);
	if (view_shows(v, REJECTED))
		draw_rejected(v, d, out);
}

static void data_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct data_state *st = v->state;
	const struct dataset *d = session_data(s);

	if (pane == FILES)
		str_puts(out, d->report.files[row].name);
	else if (pane == CLEANING)
		str_puts(out, st->fact[row].name);
	else if (pane == REJECTED)
		str_puts(out, d->report.rejects[row].reason);
}

const struct view_kind view_data = {
	.name = "data",
	.title = "Data",
	.panes = panes,
	.n_panes = 4,
	.first_focus = FILES,
	.state_size = sizeof(struct data_state),
	.sync = data_sync,
	.handle = data_handle,
	.draw = data_draw,
	.row_text = data_row_text,
};
