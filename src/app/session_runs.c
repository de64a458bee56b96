/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_runs.c - the runs: those kept under --home and those in memory, and which one answers.
 *
 * popularity#1 belongs to the data that stand and is never kept.  In memory are the snapshots of the run
 * that answers, of the one in training and of runs that are not kept; others are read when used.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num_parse.h"

/* --- the table of runs -------------------------------------------------------------------------------- */

static void run_free(struct session *s, struct run *r)
{
	session_let_go(s, r->snapshot, NULL, NULL);
	eval_result_free(r->test);
	run_record_done(&r->rec);
	free(r);
}

struct run *session_run_named(struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		if (!strcmp(s->run[i]->rec.name, name))
			return s->run[i];
	}
	return NULL;
}

static const struct run *find_const(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		if (!strcmp(s->run[i]->rec.name, name))
			return s->run[i];
	}
	return NULL;
}

static void mark(const struct session *s, struct run *r)
{
	r->of_data = s->data && r->rec.data_fingerprint == s->data->fingerprint;
	r->of_split = r->of_data && s->split && r->rec.split_fingerprint == s->split->fingerprint;
}

void session_mark_runs(struct session *s)
{
	for (size_t i = 0; i < s->n_runs; i++)
		mark(s, s->run[i]);
}

struct run *session_put_run(struct session *s, struct run_record *take, bool in_memory)
{
	const struct model_ops *ops;
	struct run *r = session_run_named(s, take->name);
	struct err ignored;

	if (r) {
		session_let_go(s, r->snapshot, NULL, NULL);
		eval_result_free(r->test);
		run_record_done(&r->rec);
		r->snapshot = NULL;
		r->test = NULL;
	} else {
		r = mem_must(calloc(1, sizeof(*r)));
		s->run = mem_must(realloc(s->run, (s->n_runs + 1) * sizeof(*s->run)));
		s->run[s->n_runs++] = r;
	}
	r->rec = *take;
	run_record_init(take);
	r->in_memory = in_memory;
	r->job = 0;
	r->rate_now = NAN;
	ops = model_find(r->rec.model, &ignored);
	r->rate_unit = ops && ops->example_unit ? ops->example_unit : "";
	mark(s, r);
	return r;
}

static void remove_at(struct session *s, size_t i)
{
	run_free(s, s->run[i]);
	memmove(&s->run[i], &s->run[i + 1], (s->n_runs - i - 1) * sizeof(*s->run));
	s->n_runs--;
}

static void forget(struct session *s, const struct run *r)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->run[i] == r) {
			remove_at(s, i);
			return;
		}
	}
}

size_t session_n_runs(const struct session *s)
{
	return s->n_runs;
}

const struct run *session_run(const struct session *s, size_t i)
{
	return i < s->n_runs ? s->run[i] : NULL;
}

const struct run *session_find_run(const struct session *s, const char *name, struct err *err)
{
	const struct run *r = find_const(s, name);
	const char **names, *near;

	if (r)
		return r;
	names = mem_must(calloc(s->n_runs + 1, sizeof(*names)));
	for (size_t i = 0; i < s->n_runs; i++)
		names[i] = s->run[i]->rec.name;
	near = str_nearest(name, names, s->n_runs);
	if (near)
		err_set(err, ERR_NOTFOUND, "there is no run %s: did you mean %s?", name, near);
	else
		err_set(err, ERR_NOTFOUND, "there is no run %s: the command runs lists them", name);
	free(names);
	return NULL;
}

/* --- which one answers -------------------------------------------------------------------------------- */

static bool can_answer(const struct run *r)
{
	return r && r->of_data && r->snapshot;
}

const struct run *session_answering(const struct session *s)
{
	const struct run *r;

	if (s->follow && s->followed[0]) {
		r = find_const(s, s->followed);
		if (can_answer(r))
			return r;
	}
	r = find_const(s, s->chosen);
	if (can_answer(r))
		return r;
	r = find_const(s, POPULARITY_RUN);
	return can_answer(r) ? r : NULL;
}

/* Keeps in memory what answers; the rest of what is kept on disk is read again when used. */
static void drop_idle_snapshots(struct session *s)
{
	const struct run *answers = session_answering(s);

	for (size_t i = 0; i < s->n_runs; i++) {
		struct run *r = s->run[i];

		if (r == answers || r->in_memory || r->job || !r->rec.readable)
			continue;
		session_let_go(s, r->snapshot, NULL, NULL);
		r->snapshot = NULL;
	}
}

static void set_user_metric(struct session *s)
{
	const struct run *r = session_answering(s);
	const struct eval_result *e = r ? r->test : NULL;

	mem_free(s->user_metric);
	s->user_metric = NULL;
	if (!e || !s->data)
		return;
	for (unsigned k = 0; k < e->options.n_k; k++) {
		struct err err;

		if (e->options.k[k] != 10 || !e->per_user[METRIC_NDCG][k])
			continue;
		s->user_metric = mem_alloc(s->data->n_users, sizeof(float), &err);
		if (!s->user_metric)
			return; /* the column is left empty */
		for (uint32_t u = 0; u < s->data->n_users; u++)
			s->user_metric[u] = NAN;
		for (size_t i = 0; i < e->n_users; i++)
			s->user_metric[e->user[i]] = e->per_user[METRIC_NDCG][k][i];
		snprintf(s->user_metric_name, sizeof(s->user_metric_name), "ndcg@10");
		return;
	}
}

const float *session_user_metric(const struct session *s, const char **name)
{
	*name = s->user_metric_name;
	return s->user_metric;
}

void session_runs_changed(struct session *s)
{
	set_user_metric(s);
	session_changed(s, CHANGED_RUNS | CHANGED_ANSWER);
}

void session_set_run_snapshot(struct session *s, struct run *r, const struct snapshot *take)
{
	session_let_go(s, r->snapshot, NULL, NULL);
	r->snapshot = take;
}

void session_train_began(struct session *s, struct run *r, uint32_t job)
{
	r->job = job;
	if (s->follow)
		snprintf(s->followed, sizeof(s->followed), "%s", r->rec.name);
	session_runs_changed(s);
}

void session_train_ended(struct session *s, struct run *r)
{
	(void)s;
	r->job = 0;
	r->rate_now = NAN;
}

void session_settle_run(struct session *s, struct run *r)
{
	if (!strcmp(s->followed, r->rec.name)) {
		snprintf(s->chosen, sizeof(s->chosen), "%s", r->rec.name);
		s->followed[0] = '\0';
	}
	drop_idle_snapshots(s);
	session_runs_changed(s);
	session_measure(s);
}

void session_choose(struct session *s, struct run *r)
{
	snprintf(s->chosen, sizeof(s->chosen), "%s", r->rec.name);
	s->followed[0] = '\0';
	drop_idle_snapshots(s);
	session_runs_changed(s);
	session_measure(s);
}

void session_follow(struct session *s, bool on)
{
	s->follow = on;
	for (size_t i = 0; on && i < s->n_runs; i++) {
		if (s->run[i]->job)
			snprintf(s->followed, sizeof(s->followed), "%s", s->run[i]->rec.name);
	}
	session_runs_changed(s);
}

bool session_following(const struct session *s)
{
	return s->follow;
}

void session_put_eval(struct session *s, struct eval_result *take)
{
	struct run *r = session_run_named(s, take->run);

	if (!r || !s->split || take->split_fingerprint != s->split->fingerprint) {
		eval_result_free(take);
		return;
	}
	eval_result_free(r->test);
	r->test = take;
	session_runs_changed(s);
}

/* --- what is kept under --home ------------------------------------------------------------------------ */

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
			remove_at(s, i);
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

void session_runs_done(struct session *s)
{
	while (s->n_runs)
		remove_at(s, s->n_runs - 1);
	free(s->run);
	mem_free(s->user_metric);
	run_store_free(s->store);
}

void session_runs_installed(struct session *s, struct standing *st)
{
	struct run *r;

	session_mark_runs(s);
	for (size_t i = 0; i < s->n_runs; i++) {
		r = s->run[i];
		if (!r->of_split) {
			eval_result_free(r->test);
			r->test = NULL;
		}
	}
	r = session_put_run(s, &st->record, true);
	r->snapshot = st->popularity;
	st->popularity = NULL;
	drop_idle_snapshots(s);
	set_user_metric(s);
}

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

bool session_take_run_name(struct session *s, const char *model, const char *wanted, bool replace, char name[64],
			   bool *kept, struct err *err)
{
	struct run_store *store;
	const struct run *old = wanted ? find_const(s, wanted) : NULL;

	*kept = false;
	if (old && old->job)
		return err_set(err, ERR_EXISTS, "%s is in training: cancel it first, or choose another name", wanted);
	if (wanted && !strcmp(wanted, POPULARITY_RUN))
		return err_set(err, ERR_EXISTS, "%s is the run made with every load: choose another name", wanted);
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
	struct run_store *store;

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
	return run_store_load(store, &r->rec, s->data, s->split, err);
}

bool session_drop_run(struct session *s, struct run *r, struct err *err)
{
	if (r->job)
		return err_set(err, ERR_USAGE, "%s is in training: cancel job %u first", r->rec.name, r->job);
	if (!strcmp(r->rec.name, POPULARITY_RUN))
		return err_set(err, ERR_USAGE, "%s comes with the data and cannot be deleted", POPULARITY_RUN);
	if (!r->in_memory) {
		struct run_store *store;

		if (s->options.readonly)
			return err_set(err, ERR_USAGE, "--readonly deletes nothing");
		store = session_store(s, err);
		if (!store || !run_store_delete(store, r->rec.name, err))
			return false;
	}
	forget(s, r);
	session_runs_changed(s);
	return true;
}
