/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_watched.c - whose lists trainings keep by epoch, and those of kept runs read when they are looked at. */
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "base/mem.h"

static uint32_t n_watched(const struct session *s)
{
	return s->data && s->watched_data == s->data->id ? s->n_watched : 0;
}

const uint32_t *session_watched(const struct session *s, uint32_t *n)
{
	*n = n_watched(s);
	return s->watched;
}

/* The place of the user, or the one where it would stand. */
static uint32_t seek(const struct session *s, uint32_t user)
{
	uint32_t at = 0;

	while (at < n_watched(s) && s->watched[at] < user)
		at++;
	return at;
}

bool session_is_watched(const struct session *s, uint32_t user)
{
	uint32_t at = seek(s, user);

	return at < n_watched(s) && s->watched[at] == user;
}

bool session_watch_user(struct session *s, uint32_t user, bool on)
{
	uint32_t at = seek(s, user), n = n_watched(s);

	if (!s->data || session_is_watched(s, user) == on)
		return true;
	if (on && n == WATCHED_USERS_MOST)
		return false;
	if (on)
		memmove(s->watched + at + 1, s->watched + at, (n - at) * sizeof(*s->watched));
	else
		memmove(s->watched + at, s->watched + at + 1, (n - at - 1) * sizeof(*s->watched));
	if (on)
		s->watched[at] = user;
	s->n_watched = on ? n + 1 : n - 1;
	s->watched_data = s->data->id;
	return true;
}

/* --- the lists of a kept run ------------------------------------------------------------------------------- */

struct reading {
	char *home, run[64];
	struct run_record record; /* its name and the data alone */
	const struct dataset *data;
	struct watched lists;
};

static bool reading_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct reading *r = arg;
	struct run_store *store = run_store_open(r->home, true, err);
	bool good = store && run_store_load_lists(store, &r->record, r->data, &r->lists, err);

	(void)job, (void)task;
	run_store_free(store);
	return good;
}

static void reading_finish(struct session *s, void *arg, int end, const struct err *err)
{
	struct reading *r = arg;
	struct run *run = session_run_named(s, r->run);

	if (end == JOB_FAILED)
		session_tell(s, LOG_WARN, "the lists of %s cannot be read: %s", r->run, err->msg);
	/* One in training has newer ones of its own. */
	if (end == JOB_DONE && run && !run->job && !run->lists.n &&
	    run->rec.data_fingerprint == r->record.data_fingerprint) {
		run->lists = r->lists;
		r->lists = (struct watched){ 0 };
	}
	session_runs_changed(s);
}

static void reading_release(void *arg)
{
	struct reading *r = arg;

	watched_done(&r->lists);
	dataset_unref(r->data);
	free(r->home);
	free(r);
}

bool session_need_lists(struct session *s, const struct run *run)
{
	struct work w = { .title = "read lists", .lane = LANE_ASK, .run = reading_run, .finish = reading_finish,
			  .release = reading_release };
	struct run *mine = session_run_named(s, run->rec.name);
	struct reading *r;
	struct err ignored;
	uint32_t id;

	if (run->lists.n)
		return true;
	if (!mine || mine->lists_read || run->job || !run->of_data)
		return false;
	mine->lists_read = true; /* once: what is not there does not come by asking again */
	r = mem_must(calloc(1, sizeof(*r)));
	r->home = mem_strdup(s->home);
	r->data = dataset_ref(s->data);
	r->record.data_fingerprint = run->rec.data_fingerprint;
	memcpy(r->run, run->rec.name, sizeof(r->run));
	memcpy(r->record.name, run->rec.name, sizeof(r->record.name));
	w.arg = r;
	return session_start(s, &w, &id, &ignored);
}
