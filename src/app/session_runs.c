/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_runs.c - the table of runs, kept or in memory, and which one answers.
 *
 * popularity#1 belongs to the data that stand and is never kept.  In memory are the snapshots of the run
 * that answers, of the one in training and of runs that are not kept; others are read when used.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "base/mem.h"

/* --- the table of runs -------------------------------------------------------------------------------- */

static void run_free(struct session *s, struct run *r)
{
	session_let_go(s, r->snapshot, NULL, NULL);
	session_let_go(s, r->whole, NULL, NULL);
	eval_result_free(r->test);
	run_record_done(&r->rec);
	watched_done(&r->lists);
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

enum precision run_precision(const struct run *r)
{
	return r->snapshot ? r->snapshot->precision : r->rec.precision;
}

uint64_t run_bytes(const struct run *r)
{
	return run_precision(r) == r->rec.precision ? r->rec.bytes : r->snapshot->ops->held(r->snapshot->model);
}

static void set_label(struct run *r)
{
	bool packed = run_precision(r) != PRECISION_F32;

	snprintf(r->label, sizeof(r->label), "%s%s%s", r->rec.name, packed ? " " : "",
		 packed ? precision_name[run_precision(r)] : "");
}

struct run *session_put_run(struct session *s, struct run_record *take, bool in_memory)
{
	const struct model_ops *ops;
	struct run *r = session_run_named(s, take->name);
	struct err ignored;

	if (r) {
		session_let_go(s, r->snapshot, NULL, NULL);
		session_let_go(s, r->whole, NULL, NULL);
		eval_result_free(r->test);
		run_record_done(&r->rec);
		watched_done(&r->lists);
		r->snapshot = r->whole = NULL;
		r->test = NULL;
	} else {
		r = mem_must(calloc(1, sizeof(*r)));
		s->run = mem_must(realloc(s->run, (s->n_runs + 1) * sizeof(*s->run)));
		s->run[s->n_runs++] = r;
	}
	r->rec = *take;
	run_record_init(take);
	set_label(r);
	r->in_memory = in_memory;
	r->lists_read = in_memory;
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

void session_forget_run(struct session *s, const struct run *r)
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

		if (r == answers || !strcmp(r->rec.name, s->beside) || r->in_memory || r->job || !r->rec.readable)
			continue;
		session_set_run_snapshot(s, r, NULL);
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
	set_label(r);
}

const struct snapshot *session_whole(const struct run *r)
{
	return r->snapshot && r->snapshot->precision != r->rec.precision ? r->whole : r->snapshot;
}

/* What was measured user by user was measured of the other one. */
void session_use_packed(struct session *s, struct run *r, const struct snapshot *whole, const struct snapshot *packed)
{
	eval_result_free(r->test);
	r->test = NULL;
	session_let_go(s, r->whole, NULL, NULL);
	r->whole = NULL;
	session_set_run_snapshot(s, r, packed ? packed : whole);
	if (packed && r->in_memory)
		r->whole = whole;
	else if (packed)
		session_let_go(s, whole, NULL, NULL); /* on disk: read again when it is asked for */
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

	if (!r || !s->split || take->split_fingerprint != s->split->fingerprint ||
	    (r->snapshot && take->precision != r->snapshot->precision)) {
		eval_result_free(take);
		return;
	}
	eval_result_free(r->test);
	r->test = take;
	session_runs_changed(s);
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
	session_set_run_snapshot(s, r, st->popularity);
	st->popularity = NULL;
	drop_idle_snapshots(s);
	set_user_metric(s);
}
