/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_jobs.c - works started in their lanes, followed, and finished on the UI thread. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "base/mem.h"

#define ENTRIES_KEPT 300 /* ended ones beyond are forgotten, oldest first */
#define LEAST_SECONDS_FOR_LEFT 0.5

static const enum work_lane lane_of[LANES] = { LANE_LIGHT, LANE_HEAVY, LANE_ASK };
static const char *const lane_name[LANES] = { "light", "heavy", "ask" };

bool session_jobs_init(struct session *s, struct err *err)
{
	for (int i = 0; i < LANES; i++) {
		s->lane[i] = lane_new(lane_name[i], s->queue, s->pool, err);
		if (!s->lane[i])
			return false;
	}
	return true;
}

static struct lane *find_lane(struct session *s, enum work_lane which)
{
	for (int i = 0; i < LANES; i++) {
		if (lane_of[i] == which)
			return s->lane[i];
	}
	return NULL;
}

static struct entry *find_entry(const struct session *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		if (s->entry[i]->id == id)
			return s->entry[i];
	}
	return NULL;
}

static bool is_listed(const struct entry *e)
{
	return e->work.lane != LANE_ASK;
}

static void drop_entry(struct session *s, size_t i)
{
	free(s->entry[i]);
	memmove(&s->entry[i], &s->entry[i + 1], (s->n_entries - i - 1) * sizeof(*s->entry));
	s->n_entries--;
}

static void drop_old_entries(struct session *s)
{
	for (size_t i = 0; i < s->n_entries && s->n_entries > ENTRIES_KEPT;) {
		if (s->entry[i]->job)
			i++;
		else
			drop_entry(s, i);
	}
}

static bool run_entry(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct entry *e = arg;

	return e->work.run(job, task, e->work.arg, err);
}

static bool run_now(struct session *s, const struct work *w, struct err *err)
{
	struct task task = task_null;
	bool good;

	task.pool = s->pool;
	good = w->run(NULL, &task, w->arg, err);
	w->finish(s, w->arg, good ? JOB_DONE : JOB_FAILED, err);
	w->release(w->arg);
	return true;
}

bool session_start(struct session *s, const struct work *w, uint32_t *job_id, struct err *err)
{
	struct entry *e;
	struct run *run;

	*job_id = 0;
	err->code = ERR_OK;
	if (w->lane == LANE_NONE)
		return run_now(s, w, err);
	e = mem_must(calloc(1, sizeof(*e)));
	e->session = s;
	e->id = ++s->last_job;
	e->work = *w;
	e->job = s->closing ? NULL : job_submit(find_lane(s, w->lane), e->id, run_entry, e, err);
	if (!e->job) {
		if (s->closing)
			err_set(err, ERR_CANCELLED, "whyrec is ending");
		w->finish(s, w->arg, JOB_FAILED, err);
		w->release(w->arg);
		free(e);
		return false;
	}
	s->entry = mem_must(realloc(s->entry, (s->n_entries + 1) * sizeof(*s->entry)));
	s->entry[s->n_entries++] = e;
	*job_id = e->id;
	run = w->run_name[0] ? session_run_named(s, w->run_name) : NULL;
	if (run)
		session_train_began(s, run, e->id);
	if (is_listed(e))
		session_changed(s, CHANGED_JOBS);
	return true;
}

static void entry_ended(struct session *s, struct entry *e, struct message *m)
{
	e->end = m->end;
	e->seconds = job_seconds(e->job);
	job_free(e->job);
	e->job = NULL;
	if (m->end == JOB_CANCELLED)
		err_set(&m->err, ERR_CANCELLED, "cancelled");
	if (m->end != JOB_DONE)
		snprintf(e->message, sizeof(e->message), "%.*s", (int)sizeof(e->message) - 1, m->err.msg);
	e->work.finish(s, e->work.arg, m->end, &m->err);
	e->work.release(e->work.arg);
	e->work.arg = NULL;
}

void session_jobs_message(struct session *s, struct message *m)
{
	struct entry *e = find_entry(s, m->job_id);
	bool listed = e && is_listed(e);

	if (!e)
		return;
	if (m->kind == MESSAGE_JOB_ENDED) {
		entry_ended(s, e, m);
		for (size_t i = 0; i < s->n_entries && !listed; i++) {
			if (s->entry[i] == e)
				drop_entry(s, i);
		}
		drop_old_entries(s);
	} else if (m->kind == MESSAGE_WORK && e->work.message) {
		e->work.message(s, e->work.arg, m->payload);
	}
	if (listed)
		session_changed(s, CHANGED_JOBS);
}

void session_cancel_questions(struct session *s)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		if (s->entry[i]->job && !is_listed(s->entry[i]))
			job_cancel(s->entry[i]->job);
	}
}

void session_jobs_stop(struct session *s)
{
	bool alive = true;

	while (alive && s->queue) {
		struct pollfd p = { .fd = message_queue_fd(s->queue), .events = POLLIN };

		alive = false;
		for (size_t i = 0; i < s->n_entries; i++) {
			if (s->entry[i]->job) {
				alive = true;
				job_cancel(s->entry[i]->job);
			}
		}
		if (alive && (poll(&p, 1, -1) >= 0 || errno == EINTR))
			session_take_messages(s);
	}
}

void session_jobs_done(struct session *s)
{
	for (int i = 0; i < LANES; i++) {
		if (s->lane[i])
			lane_free(s->lane[i]);
	}
	while (s->n_entries)
		drop_entry(s, s->n_entries - 1);
	free(s->entry);
}

/* --- asked by the screen and the commands ----------------------------------------------------------- */

static const char *state_text(int state)
{
	static const char *const text[] = {
		[JOB_QUEUED] = "queued", [JOB_RUNNING] = "running", [JOB_PAUSED] = "paused",
		[JOB_DONE] = "done",     [JOB_FAILED] = "failed",   [JOB_CANCELLED] = "cancelled",
	};

	return text[state];
}

static void fill_training(const struct session *s, struct job_row *out)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		if (strcmp(s->run[i]->rec.name, out->run) != 0)
			continue;
		out->epoch = s->run[i]->rec.epochs;
		out->epochs = s->run[i]->rec.epochs_asked;
	}
}

static void fill_row(const struct session *s, const struct entry *e, struct job_row *out)
{
	*out = (struct job_row){ .id = e->id, .heavy = e->work.lane == LANE_HEAVY, .left = NAN };
	snprintf(out->title, sizeof(out->title), "%s", e->work.title);
	snprintf(out->run, sizeof(out->run), "%s", e->work.run_name);
	snprintf(out->message, sizeof(out->message), "%s", e->message);
	if (e->job) {
		out->state = job_state(e->job);
		out->rests = job_rests(e->job);
		out->seconds = job_seconds(e->job);
		job_progress(e->job, &out->done, &out->total);
		if (out->done && out->total >= out->done && out->seconds > LEAST_SECONDS_FOR_LEFT)
			out->left = out->seconds * (double)(out->total - out->done) / (double)out->done;
	} else {
		out->state = e->end;
		out->seconds = e->seconds;
		out->done = out->total = e->end == JOB_DONE;
	}
	out->state_text = state_text(out->state);
	if (out->run[0])
		fill_training(s, out);
}

size_t session_n_jobs(const struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_entries; i++)
		n += is_listed(s->entry[i]);
	return n;
}

void session_job(const struct session *s, size_t want, struct job_row *out)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		if (is_listed(s->entry[i]) && want-- == 0) {
			fill_row(s, s->entry[i], out);
			return;
		}
	}
	*out = (struct job_row){ .state_text = "" };
}

bool session_find_job(const struct session *s, uint32_t id, struct job_row *out)
{
	const struct entry *e = find_entry(s, id);

	if (e)
		fill_row(s, e, out);
	return e != NULL;
}

size_t session_jobs_alive(const struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_entries; i++)
		n += s->entry[i]->job && is_listed(s->entry[i]);
	return n;
}

static struct entry *find_alive(struct session *s, uint32_t id, struct err *err)
{
	struct entry *e = find_entry(s, id);

	if (!e || !is_listed(e)) {
		err_set(err, ERR_NOTFOUND, "there is no job %u: the command jobs lists them", id);
		return NULL;
	}
	if (!e->job) {
		err_set(err, ERR_USAGE, "job %u (%s) is over already: %s", id, e->work.title, state_text(e->end));
		return NULL;
	}
	return e;
}

bool session_job_pause(struct session *s, uint32_t id, struct err *err)
{
	struct entry *e = find_alive(s, id, err);

	if (!e)
		return false;
	job_pause(e->job);
	session_changed(s, CHANGED_JOBS);
	return true;
}

bool session_job_resume(struct session *s, uint32_t id, struct err *err)
{
	struct entry *e = find_alive(s, id, err);

	if (!e)
		return false;
	job_resume(e->job);
	session_changed(s, CHANGED_JOBS);
	return true;
}

bool session_job_cancel(struct session *s, uint32_t id, struct err *err)
{
	struct entry *e = find_alive(s, id, err);

	if (!e)
		return false;
	job_cancel(e->job);
	session_changed(s, CHANGED_JOBS);
	return true;
}
