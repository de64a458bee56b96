/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frame.c - what surrounds every view: the line on top, the tabs, the last line, the list of candidates. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/prompt.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

/* --- line 1: what is loaded, which run answers, what is running --------------------------------------- */

/* The job in front: a heavy one before a light one, a running one before a waiting one. */
bool screen_front_job(const struct session *s, struct job_row *out)
{
	int best = -1;

	for (size_t i = 0; i < session_n_jobs(s); i++) {
		struct job_row row;
		int rank;

		session_job(s, i, &row);
		if (!job_is_alive(&row))
			continue;
		rank = (strcmp(row.state_text, "queued") ? 2 : 0) + row.heavy;
		if (rank > best) {
			best = rank;
			*out = row;
		}
	}
	return best >= 0;
}

static void say_job(const struct job_row *job, bool with_epoch, char *out, size_t size)
{
	char left[32] = "", when[48] = "", share[24] = "", epoch[96] = "", a[32], b[32];
	const char *name = job->run[0] ? job->run : job->title;

	if (!strcmp(job->state_text, "paused") || !strcmp(job->state_text, "queued"))
		snprintf(when, sizeof when, " %s", job->state_text);
	else if (!isnan(job->left))
		snprintf(when, sizeof when, " left %s", str_seconds(job->left, left));
	if (job->total)
		snprintf(share, sizeof share, " %.0f%%", floor(100.0 * (double)job->done / (double)job->total));
	if (with_epoch && job->epochs > 1)
		snprintf(epoch, sizeof epoch, " epoch %s of %s", str_thousands(job->epoch, a),
			 str_thousands(job->epochs, b));
	snprintf(out, size, "%s%s%s%s", name, epoch, share, when);
}

/* The parts of the line at one of four lengths; the shortest keeps dataset, run and job. */
static void make_parts(const struct screen *sc, int length, char *data, char *run, char *job, size_t size)
{
	const struct session *s = sc->session;
	const struct dataset *d = session_data(s);
	const struct run *r = session_answering(s);
	struct job_row front;
	char a[32], b[32], c[32];

	*data = *run = *job = '\0';
	if (d && length >= 3)
		snprintf(data, size, "%s · %s users · %s items · %s events", d->name, str_thousands(d->n_users, a),
			 str_thousands(d->n_items, b), str_thousands(d->n_events, c));
	else
		snprintf(data, size, "%s", d ? d->name : "no data");
	if (r && r->rec.epochs > 1 && length >= 2 && r->job)
		snprintf(run, size, "model %s epoch %s", r->rec.name, str_thousands(r->rec.epochs, a));
	else if (r)
		snprintf(run, size, "%s%s", length >= 1 ? "model " : "", r->label);
	if (screen_front_job(s, &front))
		say_job(&front, length >= 2, job, size);
}

void frame_draw_header(const struct screen *sc, struct surface *out, struct rect r)
{
	char data[256], run[128], job[256];
	int w_data, w_run, w_job, x = r.x + 1, room;

	surface_fill(out, r, ' ', STYLE_PLAIN);
	x += surface_text(out, x, r.y, 6, STYLE_TAB_ON, "whyrec") + 2;
	room = r.x + r.w - x - 1;
	for (int length = 3; length >= 0; length--) {
		make_parts(sc, length, data, run, job, sizeof run);
		w_data = surface_width(out, data);
		w_run = surface_width(out, run);
		w_job = surface_width(out, job);
		if (w_data + w_run + w_job + 6 <= room)
			break;
	}
	if (w_job > room / 2)
		w_job = room / 2;
	if (w_run > (room - w_job) / 2)
		w_run = (room - w_job) / 2;
	room -= w_job + (w_job ? 3 : 0) + w_run + 3;
	surface_text(out, x, r.y, room, STYLE_TITLE, data);
	surface_text_right(out, r.x + r.w - 1 - w_job, r.y, w_job, STYLE_WARN, job);
	surface_text_right(out, r.x + r.w - 1 - w_job - (w_job ? 3 : 0) - w_run, r.y, w_run, STYLE_PLAIN, run);
}

/* --- line 2: the tabs ------------------------------------------------------------------------------------ */

/* "[2 Train]", or blanks for brackets; where they do not fit one blank does for two tabs. */
static int tab_width(int i, int w)
{
	int all = 0;

	for (int k = 0; view_list[k]; k++)
		all += (int)strlen(view_list[k]->title) + 4;
	return (int)strlen(view_list[i]->title) + (all <= w ? 4 : 3);
}

void frame_draw_tabs(const struct screen *sc, struct surface *out, struct rect r)
{
	surface_fill(out, r, ' ', STYLE_PLAIN);
	for (int on = 0; on < 2; on++) /* the one that is on last: its brackets stay */
		for (int i = 0, x = r.x; view_list[i]; x += tab_width(i++, r.w))
			if ((i == sc->current) == on)
				surface_printf(out, x, r.y, r.x + r.w - x, on ? STYLE_TAB_ON : STYLE_TAB,
					       on ? "[%d %s]" : " %d %s ", i + 1, view_list[i]->title);
}

int frame_tab_at(const struct screen *sc, int w, int x)
{
	int from = 0;

	(void)sc;
	for (int i = 0; view_list[i] && from < w; from += tab_width(i++, w))
		if (x >= from && x < from + tab_width(i, w))
			return i;
	return -1;
}

/* --- the last line ----------------------------------------------------------------------------------------- */

/* Draws "key hint" when it fits before `end`; returns the columns used. */
static int draw_hint(struct surface *out, int x, int y, int end, const char *key, const char *hint)
{
	int w_key = surface_width(out, key), w_hint = surface_width(out, hint);

	if (x + w_key + 1 + w_hint > end)
		return 0; /* whole hints only: help has them all */
	surface_text(out, x, y, w_key, STYLE_KEY, key);
	surface_text(out, x + w_key + 1, y, w_hint, STYLE_HINT, hint);
	return w_key + w_hint + 3;
}

static void draw_hints(const struct screen *sc, struct surface *out, struct rect r)
{
	const struct view *v = &sc->view[sc->current];
	const struct binding *b, *help = NULL;
	int x = r.x + 1, end = r.x + r.w - 1;

	for (size_t i = 0; (b = keymap_list(sc->keys, v->kind->name, view_pane_name(v), i)); i++)
		if (b->hint && !strcmp(b->text, "keys"))
			help = b;
	if (help) /* the one that leads to all others keeps its place */
		end -= surface_width(out, help->key) + surface_width(out, help->hint) + 3;
	for (size_t i = 0; (b = keymap_list(sc->keys, v->kind->name, view_pane_name(v), i)); i++)
		if (b->hint && b != help)
			x += draw_hint(out, x, r.y, end, b->key, b->hint);
	if (help)
		draw_hint(out, x, r.y, r.x + r.w, help->key, help->hint);
}

void frame_draw_last(const struct screen *sc, struct surface *out, struct rect r)
{
	surface_fill(out, r, ' ', STYLE_PLAIN);
	if (prompt_is_open()) {
		prompt_draw(out, r);
	} else if (sc->question[0]) {
		int x = r.x + 1 + surface_text(out, r.x + 1, r.y, r.w - 8, STYLE_WARN, sc->question);

		x += surface_text(out, x, r.y, r.x + r.w - x, STYLE_KEY, " y/N ");
		out->cursor_x = x < r.x + r.w ? x : r.x + r.w - 1;
		out->cursor_y = r.y;
	} else if (sc->has_message) {
		surface_text(out, r.x + 1, r.y, r.w - 2,
			     sc->message_level == LOG_ERROR ? STYLE_ERROR
			     : sc->message_level == LOG_WARN ? STYLE_WARN : STYLE_MESSAGE, sc->message);
	} else {
		draw_hints(sc, out, r);
	}
}

/* Above the prompt, as many as fit, around the chosen one. */
void frame_draw_candidates(struct surface *out, struct rect body)
{
	size_t n, rows, from = 0;
	int chosen, width = 12;
	const struct candidate *found = prompt_candidates(&n, &chosen);
	struct pane_box box = { .top = true, .low = true };
	struct rect in;
	char title[64];

	if (n < 2)
		return;
	rows = n < (size_t)(body.h - 2) / 2 + 1 ? n : (size_t)(body.h - 2) / 2 + 1;
	if (chosen >= 0 && (size_t)chosen >= rows)
		from = (size_t)chosen - rows + 1;
	for (size_t i = 0; i < n; i++) {
		int w = utf8_text_width(found[i].text, strlen(found[i].text));

		width = w > width ? w : width;
	}
	if (width > body.w / 2)
		width = body.w / 2;
	snprintf(title, sizeof title, n == PROMPT_CANDIDATES ? "The first %zu" : "%zu found, Tab goes on", n);
	box.r = (struct rect){ body.x, body.y + body.h - (int)rows - 2, body.w, (int)rows + 2 };
	surface_fill(out, box.r, ' ', STYLE_PLAIN);
	in = pane_draw(out, &box, title, true, NULL);
	pane_draw_thumb(out, &box, &(struct table){ .n = n, .top = from, .rows = (int)rows });
	for (size_t i = from; i < from + rows; i++) {
		int y = in.y + (int)(i - from);
		uint16_t over = (int)i == chosen ? STYLE_REVERSE : 0;

		if (over)
			surface_fill(out, (struct rect){ in.x, y, in.w, 1 }, ' ', STYLE_PLAIN | over);
		surface_text(out, in.x + 1, y, width, STYLE_PLAIN | over, found[i].text);
		if (found[i].hint)
			surface_text(out, in.x + width + 3, y, in.w - width - 4, over ? STYLE_PLAIN | over : STYLE_DIM,
				     found[i].hint);
	}
}
