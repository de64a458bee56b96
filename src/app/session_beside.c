/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_beside.c - the second run, which the screen holds against the one that answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/parts.h"
#include "app/session_private.h"
#include "base/mem.h"
#include "data/split.h"

const struct run *session_beside(const struct session *s)
{
	struct err none;
	const struct run *r = s->beside[0] ? session_find_run(s, s->beside, &none) : NULL;

	return r && r->of_data && r->snapshot ? r : NULL;
}

/* --- read by a worker ---------------------------------------------------------------------------------------- */

struct reading {
	struct run_record record;
	struct parts parts;
	const struct dataset *data;
	const struct split *split;
	const struct snapshot *snapshot;
	char *home;
	bool readonly;
};

static bool reading_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct reading *l = arg;
	struct run_store *store = run_store_open(l->home, l->readonly, err);

	(void)job, (void)task;
	l->snapshot = store ? run_store_load(store, &l->record, l->data, l->split, parts_resolve, &l->parts, err) : NULL;
	run_store_free(store);
	return l->snapshot != NULL;
}

static void reading_finish(struct session *s, void *arg, int end, const struct err *err)
{
	struct reading *l = arg;
	struct run *r = session_run_named(s, l->record.name);

	if (end == JOB_FAILED)
		session_tell(s, LOG_ERROR, "%s", err->msg);
	if (end != JOB_DONE || !r || !r->of_data || r->snapshot || strcmp(s->beside, r->rec.name) != 0)
		return;
	session_set_run_snapshot(s, r, l->snapshot);
	l->snapshot = NULL;
	session_runs_changed(s);
}

static void reading_release(void *arg)
{
	struct reading *l = arg;

	snapshot_unref(l->snapshot);
	parts_done(&l->parts);
	split_unref(l->split);
	dataset_unref(l->data);
	run_record_done(&l->record);
	free(l->home);
	free(l);
}

static bool read_it(struct session *s, const struct run *r, struct err *err)
{
	struct work w = { .title = "read a run", .lane = LANE_ASK, .run = reading_run, .finish = reading_finish,
			  .release = reading_release };
	struct reading *l = mem_must(calloc(1, sizeof(*l)));
	uint32_t id;

	run_record_init(&l->record);
	l->data = dataset_ref(s->data);
	l->split = split_ref(s->split);
	l->home = mem_strdup(s->home);
	l->readonly = s->options.readonly;
	w.arg = l;
	if (run_record_copy(&l->record, &r->rec, err) && parts_take_of(&l->parts, s, &r->rec, err))
		return session_start(s, &w, &id, err);
	reading_release(l);
	return false;
}

bool session_set_beside(struct session *s, const char *name, struct err *err)
{
	const struct run *r = name ? session_find_run(s, name, err) : NULL;

	if (name && !r)
		return false;
	if (r && !r->of_data)
		return err_set(err, ERR_USAGE, "%s was trained on %s, not on the data that are loaded", name, r->rec.data_name);
	if (r && !r->snapshot && (r->job || r->in_memory || !r->rec.readable))
		return err_set(err, ERR_USAGE, "%s has no weights to answer with yet", name);
	snprintf(s->beside, sizeof(s->beside), "%s", name ? name : "");
	return !r || r->snapshot || read_it(s, r, err);
}
