/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_jobs.c - everything that runs or ran behind the screen, and the log below. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ui/text.h"
#include "ui/views.h"

enum { JOBS, LOG };

static const struct pane_spec panes[] = {
	[JOBS] = { .name = "jobs", .title = "Jobs", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1 },
	[LOG] = { .name = "log", .title = "Log", .column = 0, .row = 1, .group = 1, .least = 3 },
};

struct jobs_state {
	uint64_t newest, oldest; /* serials in the ring; newest 0: none */
	size_t n_jobs;
};

/* The ring tells its newest line only: the oldest is where asking fails. */
static void measure_log(struct jobs_state *st)
{
	struct log_line line;

	if (log_newest() == st->newest)
		return;
	st->newest = log_newest();
	for (st->oldest = st->newest; st->oldest > 1 && log_get(st->oldest - 1, &line);)
		st->oldest--;
}

static void jobs_sync(struct view *v, struct session *s)
{
	struct jobs_state *st = v->state;
	struct table *log = &v->table[LOG], *jobs = &v->table[JOBS];
	bool at_end = log->cursor + 1 >= log->n;
	size_t n = session_n_jobs(s);

	measure_log(st);
	if (n > st->n_jobs) /* a new job is the one to look at: newest first */
		jobs->cursor = 0;
	st->n_jobs = n;
	view_rows(v, JOBS, n);
	log->n = st->newest ? (size_t)(st->newest - st->oldest + 1) : 0;
	if (at_end && log->n)
		log->cursor = log->n - 1;
	view_rows(v, LOG, log->n);
}

static bool jobs_handle(struct view *v, struct session *s, const struct act *act)
{
	(void)v;
	(void)s;
	(void)act;
	return false;
}

static void job_at(const struct session *s, size_t row, struct job_row *out)
{
	session_job(s, session_n_jobs(s) - 1 - row, out);
}

static bool jobs_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	struct job_row job;

	if (v->table[JOBS].cursor >= session_n_jobs(s))
		return false;
	job_at(s, v->table[JOBS].cursor, &job);
	if (!strcmp(what, "job") && job_is_alive(&job)) {
		str_printf(out, "%u", job.id);
		return true;
	}
	if (!strcmp(what, "run") && job.run[0]) {
		str_puts(out, job.run);
		return true;
	}
	return false;
}

static void jobs_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct jobs_state *st = v->state;
	struct log_line line;
	struct job_row job;

	if (pane == LOG && log_get(st->oldest + row, &line)) {
		str_puts(out, line.text);
	} else if (pane == JOBS) {
		job_at(s, row, &job);
		str_printf(out, "%s %s", job.title, job.run);
	}
}

/* --- drawing --------------------------------------------------------------------------------------------------- */

enum { J_ID, J_TITLE, J_STATE, J_BAR, J_SHARE, J_TIME, J_LEFT, J_MESSAGE };

static uint16_t style_of(const struct job_row *job)
{
	return job_is_alive(job) ? STYLE_WARN
	       : !strcmp(job->state_text, "failed") ? STYLE_BAD
	       : !strcmp(job->state_text, "done") ? STYLE_GOOD : STYLE_DIM;
}

static void job_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	struct job_row job;
	double share;
	char a[32], b[32];

	job_at(ctx, row, &job);
	share = job.total ? (double)job.done / (double)job.total : 0;
	switch (column) {
	case J_ID:
		snprintf(out->text, sizeof out->text, "%u", job.id);
		break;
	case J_TITLE:
		snprintf(out->text, sizeof out->text, job.run[0] && !strstr(job.title, job.run) ? "%s (%s)" : "%s",
			 job.title, job.run);
		break;
	case J_STATE:
		snprintf(out->text, sizeof out->text, "%s", job.state_text);
		out->style = style_of(&job);
		break;
	case J_BAR:
		out->bar = job_is_alive(&job) ? share : 0;
		break;
	case J_SHARE:
		if (job_is_alive(&job) && job.total)
			snprintf(out->text, sizeof out->text, "%.0f%%", floor(share * 100));
		break;
	case J_TIME:
		text_seconds(out->text, sizeof out->text, job.seconds);
		break;
	case J_LEFT:
		if (job_is_alive(&job) && !isnan(job.left))
			text_seconds(out->text, sizeof out->text, job.left);
		break;
	case J_MESSAGE:
		if (job_is_alive(&job) && job.epochs > 1)
			snprintf(out->text, sizeof out->text, "epoch %s of %s", str_thousands(job.epoch, a),
				 str_thousands(job.epochs, b));
		else
			snprintf(out->text, sizeof out->text, "%s", job.message);
		break;
	}
}

static void log_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct jobs_state *st = ctx;
	struct log_line line;
	char when[32];

	if (!log_get(st->oldest + row, &line))
		return;
	if (column == 0)
		snprintf(out->text, sizeof out->text, "%s", clock_date_minute(line.wall, when) + 11);
	else
		snprintf(out->text, sizeof out->text, "%s", line.text);
	out->style = column == 0 ? STYLE_DIM
		     : line.level == LOG_ERROR ? STYLE_BAD
		     : line.level == LOG_WARN ? STYLE_WARN : STYLE_PLAIN;
}

static void jobs_draw(const struct view *v, const struct session *s, struct surface *out)
{
	static const struct table_column columns[] = {
		[J_ID] = { .title = "job", .width = 4, .right = true },
		[J_TITLE] = { .title = "", .least = 20 },
		[J_STATE] = { .title = "state", .width = 9 },
		[J_BAR] = { .title = "", .width = 16, .bar = true, .drop = 4 },
		[J_SHARE] = { .title = "", .width = 4, .right = true, .drop = 2 },
		[J_TIME] = { .title = "time", .width = 7, .right = true },
		[J_LEFT] = { .title = "left", .width = 7, .right = true, .drop = 1 },
		[J_MESSAGE] = { .title = "", .least = 30, .drop = 3 },
	};
	static const struct table_column log_columns[] = {
		{ .title = "", .width = 5 },
		{ .title = "", .least = 20 },
	};
	struct rect in;

	if (view_shows(v, JOBS)) {
		in = view_pane(v, out, JOBS, "Jobs");
		if (v->table[JOBS].n)
			view_table(v, out, JOBS, in, columns, 8, job_cell, s, false);
		else
			pane_say(out, in, "Nothing has run");
	}
	if (view_shows(v, LOG)) {
		in = view_pane(v, out, LOG, "Log");
		if (v->table[LOG].n)
			view_table(v, out, LOG, in, log_columns, 2, log_cell, v->state, false);
		else
			pane_say(out, in, "Nothing to tell yet");
	}
}

const struct view_kind view_jobs = {
	.name = "jobs",
	.title = "Jobs",
	.panes = panes,
	.n_panes = 2,
	.first_focus = JOBS,
	.state_size = sizeof(struct jobs_state),
	.sync = jobs_sync,
	.handle = jobs_handle,
	.draw = jobs_draw,
	.value = jobs_value,
	.row_text = jobs_row_text,
};
