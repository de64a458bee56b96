/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foretell.c - see foretell.h. */
#include "app/foretell.h"

#include <stdlib.h>
#include <string.h>

#include "app/machine.h"
#include "app/session_private.h"
#include "base/mem.h"
#include "data/split.h"
#include "train/cost.h"

void foretelling_begin(struct foretelling *f, const struct session *s)
{
	*f = (struct foretelling){ .split = split_ref((struct split *)session_split(s)),
				   .home = mem_strdup(session_home(s)), .readonly = session_readonly(s) };
}

static struct foretold foretell(const struct foretelling *f, const struct model_ops *ops, const struct speed *speed,
				unsigned threads)
{
	struct fit_request r;
	struct cost c;

	fit_request_init(&r, ops);
	r.data = f->split->data;
	r.split = f->split;
	r.n_watched = WATCHED_SAMPLE;
	cost_tell(&r, speed, threads, !f->readonly, &c);
	return (struct foretold){ .model = ops->name, .epoch = c.epoch, .seconds = cost_seconds(&c, c.epochs),
				  .epochs = c.epochs, .bytes = c.bytes, .fits = c.bytes <= f->available };
}

bool foretelling_run(struct foretelling *f, const struct task *t, struct err *err)
{
	struct speed speed;
	size_t n = 0;

	while (model_registry[n])
		n++;
	f->of = mem_zeroed(n, sizeof(*f->of), err);
	if (!f->of || !machine_speed(f->home, f->readonly, t, &speed, err))
		return false;
	f->available = mem_bytes_available();
	for (; f->n < n; f->n++) {
		if (!task_keep_going(t))
			return task_cancelled(err);
		f->of[f->n] = foretell(f, model_registry[f->n], &speed, task_slots(t));
	}
	return true;
}

void foretelling_done(struct foretelling *f)
{
	mem_free(f->of);
	free(f->home);
	split_unref(f->split);
	*f = (struct foretelling){ 0 };
}

/* --- Behind the screen --------------------------------------------------------------------------------------- */

static bool work_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	(void)job;
	return foretelling_run(arg, task, err);
}

static void work_finish(struct session *s, void *arg, int end, const struct err *err)
{
	struct foretelling *f = arg;

	(void)err; /* a note stays short */
	if (end != JOB_DONE || f->split != s->split)
		return;
	mem_free(s->foretold);
	s->foretold = f->of;
	s->n_foretold = f->n;
	f->of = NULL;
	session_changed(s, CHANGED_RUNS);
}

static void work_release(void *arg)
{
	foretelling_done(arg);
	free(arg);
}

void session_foretell(struct session *s)
{
	struct work w = { .title = "foretell", .lane = LANE_ASK, .run = work_run, .finish = work_finish,
			  .release = work_release };
	struct foretelling *f;
	struct err ignored;
	uint32_t id;

	if (s->closing || !s->split || s->foretold_split == s->split->id)
		return;
	s->foretold_split = s->split->id;
	s->n_foretold = 0;
	f = mem_must(calloc(1, sizeof(*f)));
	foretelling_begin(f, s);
	w.arg = f;
	session_start(s, &w, &id, &ignored);
}

const struct foretold *session_foretold(const struct session *s, const char *model)
{
	for (size_t i = 0; i < s->n_foretold; i++)
		if (!strcmp(s->foretold[i].model, model))
			return &s->foretold[i];
	return NULL;
}
