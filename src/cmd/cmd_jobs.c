/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_jobs.c - jobs, pause, resume, cancel. */
#include <string.h>

#include "base/json.h"
#include "base/num_parse.h"
#include "cmd/tables.h"

static bool jobs_prepare(struct call *c, struct err *err)
{
	static const struct result_column columns[] = {
		{ "id", "job", COLUMN_INT },       { "title", "what", COLUMN_TEXT },
		{ "state", "state", COLUMN_TEXT }, { "share", "done", COLUMN_SHARE },
		{ "seconds", "took", COLUMN_SECONDS }, { "left", "left", COLUMN_SECONDS },
		{ "message", "", COLUMN_TEXT },    { NULL, NULL, 0 },
	};
	struct result *r = &c->result;
	size_t n = session_n_jobs(c->session);

	(void)err;
	r->rows_key = "rows";
	r->columns = columns;
	for (size_t i = 0; i < n; i++) {
		struct job_row j;
		json_t *row = result_add_row(r);

		session_job(c->session, i, &j);
		json_object_set_new(row, "id", json_integer(j.id));
		json_object_set_new(row, "title", json_text(j.title));
		json_object_set_new(row, "lane", json_text(j.heavy ? "heavy" : "light"));
		json_object_set_new(row, "state", json_text(j.state_text));
		json_object_set_new(row, "share", j.total ? json_number((double)j.done / (double)j.total) : json_null());
		json_object_set_new(row, "seconds", json_number(j.seconds));
		json_object_set_new(row, "left", json_number(j.left));
		json_object_set_new(row, "run", j.run[0] ? json_text(j.run) : json_null());
		json_object_set_new(row, "message", json_text(j.message));
	}
	result_set(r, "total", json_integer((json_int_t)n));
	result_say(r, "%s", n ? "" : "nothing has run\n");
	return true;
}

const struct command jobs_command = {
	.name = "jobs", .group = "Jobs", .synopsis = "jobs", .summary = "what runs or ran behind the screen",
	.prepare = jobs_prepare,
};

static bool find(const struct call *c, uint32_t *id, struct job_row *row, struct err *err)
{
	const char *text = call_word(c, 0);
	uint64_t n;

	if (!num_parse_u64(text, strlen(text), &n) || n > UINT32_MAX)
		return err_set(err, ERR_SYNTAX, "a job is a number, not \"%s\": the command jobs lists them", text);
	*id = (uint32_t)n;
	if (session_find_job(c->session, *id, row))
		return true;
	return err_set(err, ERR_NOTFOUND, "there is no job %u: the command jobs lists them", *id);
}

static bool change(struct call *c, bool (*how)(struct session *s, uint32_t id, struct err *err), const char *done,
		   struct err *err)
{
	struct job_row row;
	uint32_t id;

	if (!find(c, &id, &row, err) || !how(c->session, id, err))
		return false;
	result_set(&c->result, "ok", json_true());
	result_set(&c->result, "id", json_integer(id));
	result_say(&c->result, "%s %s\n", done, row.title);
	return true;
}

static bool pause_prepare(struct call *c, struct err *err)
{
	return change(c, session_job_pause, "paused:", err);
}

static bool resume_prepare(struct call *c, struct err *err)
{
	return change(c, session_job_resume, "goes on:", err);
}

static bool cancel_prepare(struct call *c, struct err *err)
{
	return change(c, session_job_cancel, "cancelled:", err);
}

static bool cancel_confirm(const struct call *c, struct str *question)
{
	struct job_row row;
	struct err ignored;
	uint32_t id;

	if (!find(c, &id, &row, &ignored) || !row.run[0])
		return false;
	str_printf(question, "Stop %s at epoch %u (kept, can be resumed)?", row.run, row.epoch);
	return true;
}

const struct command pause_command = {
	.name = "pause", .group = "Jobs", .synopsis = "pause JOB", .summary = "lets a job wait",
	.words = { WORD_JOB }, .least = 1, .most = 1, .prepare = pause_prepare,
	.keep = KEEP_COMMENT,
};
const struct command resume_command = {
	.name = "resume", .group = "Jobs", .synopsis = "resume JOB", .summary = "lets a paused job go on",
	.words = { WORD_JOB }, .least = 1, .most = 1, .prepare = resume_prepare,
	.keep = KEEP_COMMENT,
};
const struct command cancel_command = {
	.name = "cancel", .group = "Jobs", .synopsis = "cancel JOB", .summary = "stops a job; a training keeps its whole epochs",
	.words = { WORD_JOB }, .least = 1, .most = 1, .prepare = cancel_prepare, .confirm = cancel_confirm,
	.keep = KEEP_COMMENT,
};
