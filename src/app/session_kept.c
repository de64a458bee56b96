/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_kept.c - the runs under --home: the store opened when first needed, its list, names, snapshots read,
 * runs deleted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/parts.h"
#include "app/session_private.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num_parse.h"

/* Where runs would be kept, when it is there already: nothing is made only by looking. */
static bool home_is_there(const struct session *s)
{
	return s->home && file_is_folder(s->home);
}

struct run_store *session_store(struct session *s, struct err *err)
{
	err->code = ERR_OK;
	if (s->store)
		return s->store;
	if (s->options.readonly && !home_is_there(s))
		return NULL;
	if (!s->home) {
		err_set(err, ERR_IO, "there is no place to keep runs: HOME is not set; give --home DIR, or --readonly");
		return NULL;
	}
	s->store = run_store_open(s->home, s->options.readonly, err);
	return s->store;
}

/* A kept run of this session that the store no longer lists was deleted by another process. */
static bool is_listed(const struct run *r, const struct run_record *rec, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(r->rec.name, rec[i].name))
			return true;
	}
	return false;
}

static void merge(struct session *s, struct run_record *rec, size_t n)
{
	for (size_t i = s->n_runs; i-- > 0;) {
		struct run *r = s->run[i];

		if (!r->in_memory && !r->job && !is_listed(r, rec, n))
			session_forget_run(s, r);
	}
	for (size_t i = 0; i < n; i++) {
		struct run *r = session_run_named(s, rec[i].name);

		/* What this process knows of its own run is newer than the file. */
		if (!r || (!r->job && !r->in_memory && r->rec.made != rec[i].made))
			session_put_run(s, &rec[i], false);
	}
}

/* What the store has, listed by whichever thread; put in place on the UI thread. */
struct listing {
	char *home; /* of a worker's own store */
	bool readonly;
	struct run_record *run;
	char **damaged;
	size_t n, n_damaged;
};

static bool list(struct listing *l, struct run_store *store, struct err *err)
{
	return run_store_list(store, &l->run, &l->n, &l->damaged, &l->n_damaged, err);
}

static void put_in_place(struct session *s, struct listing *l)
{
	merge(s, l->run, l->n);
	for (size_t i = 0; i < l->n_damaged; i++)
		session_tell(s, LOG_WARN, "%s", l->damaged[i]);
}

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		run_record_done(&l->run[i]);
	for (size_t i = 0; i < l->n_damaged; i++)
		free(l->damaged[i]);
	mem_free(l->run);
	free(l->damaged);
	free(l->home);
}

bool session_refresh_runs(struct session *s, struct err *err)
{
	struct run_store *store = NULL;
	struct listing l = { 0 };
	bool good;

	err->code = ERR_OK;
	if (home_is_there(s))
		store = session_store(s, err);
	if (!store)
		return err->code == ERR_OK;
	good = list(&l, store, err);
	if (good)
		put_in_place(s, &l);
	listing_done(&l);
	return good;
}

/* --- listed behind the first screen ------------------------------------------------------------------------ */

static bool listing_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct listing *l = arg;
	struct run_store *store = run_store_open(l->home, l->readonly, err);
	bool good = store && list(l, store, err);

	(void)job, (void)task;
	run_store_free(store);
	return good;
}

static void listing_finish(struct session *s, void *arg, int end, const struct err *err)
{
	if (end == JOB_DONE)
		put_in_place(s, arg);
	else if (end == JOB_FAILED)
		session_tell(s, LOG_WARN, "kept runs cannot be listed: %s", err->msg);
	session_runs_changed(s);
}

static void listing_release(void *arg)
{
	listing_done(arg);
	free(arg);
}

/* A script needs the list before its first command; a screen can be drawn first. */
void session_runs_init(struct session *s)
{
	struct work w = { .title = "list runs", .lane = LANE_ASK, .run = listing_run, .finish = listing_finish,
			  .release = listing_release };
	struct listing *l;
	struct err err;
	uint32_t id;

	if (!home_is_there(s))
		return;
	if (!s->options.screen) {
		if (!session_refresh_runs(s, &err))
			session_tell(s, LOG_WARN, "kept runs cannot be listed: %s", err.msg);
		return;
	}
	l = mem_must(calloc(1, sizeof(*l)));
	l->home = mem_strdup(s->home);
	l->readonly = s->options.readonly;
	w.arg = l;
	session_start(s, &w, &id, &err);
}

/* --- one run -------------------------------------------------------------------------------------------- */

/* The next MODEL#N of runs that live in memory alone. */
static void next_name(const struct session *s, const char *model, char name[64])
{
	size_t len = strlen(model);
	uint64_t last = strcmp(model, "popularity") == 0 ? 1 : 0;

	for (size_t i = 0; i < s->n_runs; i++) {
		const char *have = s->run[i]->rec.name;
		uint64_t n;

		if (strncmp(have, model, len) == 0 && have[len] == '#' &&
		    num_parse_u64(have + len + 1, strlen(have + len + 1), &n) && n > last)
			last = n;
	}
	snprintf(name, 64, "%s#%llu", model, (unsigned long long)last + 1);
}

bool session_may_name_run(const struct session *s, const char *wanted, struct err *err)
{
	struct err none;
	const struct run *old = session_find_run(s, wanted, &none);

	if (old && old->job)
		return err_set(err, ERR_EXISTS, "%s is in training: cancel it first, or choose another name", wanted);
	if (old && parts_user_of(s, wanted))
		return err_set(err, ERR_EXISTS, "%s is part of %s, which needs it as it is: choose another name", wanted,
			       parts_user_of(s, wanted));
	return strcmp(wanted, POPULARITY_RUN) != 0 ||
	       err_set(err, ERR_EXISTS, "%s is the run made with every load: choose another name", wanted);
}

bool session_take_run_name(struct session *s, const char *model, const char *wanted, bool replace, char name[64],
			   bool *kept, struct err *err)
{
	struct run_store *store;
	const struct run *old = wanted ? session_run_named(s, wanted) : NULL;

	*kept = false;
	if (wanted && !session_may_name_run(s, wanted, err))
		return false;
	if (!s->options.readonly) {
		store = session_store(s, err);
		if (!store)
			return err_wrap(err, "the run could not be kept (--readonly keeps runs in memory)");
		*kept = true;
		return run_store_take_name(store, model, wanted, replace, name, err);
	}
	if (!wanted) {
		next_name(s, model, name);
		return true;
	}
	if (old && !replace)
		return err_set(err, ERR_EXISTS, "there is a run %s already: replace=yes trains it anew", wanted);
	if (old && !old->in_memory)
		return err_set(err, ERR_USAGE, "%s is kept, and --readonly replaces nothing: choose another name", wanted);
	snprintf(name, 64, "%s", wanted);
	return true;
}

const struct snapshot *session_snapshot(struct session *s, const struct run *r, struct err *err)
{
	const struct snapshot *snapshot = NULL;
	struct run_store *store;
	struct parts parts;

	if (!r->of_data) {
		err_set(err, ERR_USAGE, "%s was trained on %s, not on the data that are loaded", r->rec.name,
			r->rec.data_name);
		return NULL;
	}
	if (r->snapshot)
		return snapshot_ref(r->snapshot);
	if (r->job || !r->rec.readable) {
		err_set(err, ERR_USAGE, r->job ? "%s has not finished its first epoch" : "%s has no weights to answer with",
			r->rec.name);
		return NULL;
	}
	store = session_store(s, err);
	if (!store)
		return NULL;
	if (parts_take_of(&parts, s, &r->rec, err))
		snapshot = run_store_load(store, &r->rec, s->data, s->split, parts_resolve, &parts, err);
	parts_done(&parts);
	return snapshot;
}

bool session_drop_run(struct session *s, struct run *r, struct err *err)
{
	if (r->job)
		return err_set(err, ERR_USAGE, "%s is in training: cancel job %u first", r->rec.name, r->job);
	if (!strcmp(r->rec.name, POPULARITY_RUN))
		return err_set(err, ERR_USAGE, "%s comes with the data and cannot be deleted", POPULARITY_RUN);
	if (parts_user_of(s, r->rec.name))
		return err_set(err, ERR_USAGE, "%s is part of %s and cannot be deleted: delete %s first", r->rec.name,
			       parts_user_of(s, r->rec.name), parts_user_of(s, r->rec.name));
	if (!r->in_memory) {
		struct run_store *store;

		if (s->options.readonly)
			return err_set(err, ERR_USAGE, "--readonly deletes nothing");
		store = session_store(s, err);
		if (!store || !run_store_delete(store, r->rec.name, err))
			return false;
	}
	session_forget_run(s, r);
	session_runs_changed(s);
	return true;
}
