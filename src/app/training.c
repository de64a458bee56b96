/* SPDX-License-Identifier: GPL-3.0-or-later */
/* training.c - the steps of training.h. */
#include "app/training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/machine.h"
#include "app/session_change.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/split.h"
#include "train/cost.h"

/* --- UI: before ------------------------------------------------------------------------------------------- */

static void describe(struct training *t)
{
	const struct fit_request *r = &t->request;
	struct run_record *rec = &t->record;

	snprintf(rec->name, sizeof(rec->name), "%s", r->run);
	snprintf(rec->model, sizeof(rec->model), "%s", r->ops->name);
	json_decref(rec->params);
	rec->params = params_to_json(&r->params);
	snprintf(rec->data_name, sizeof(rec->data_name), "%s", r->data->name);
	rec->data_fingerprint = r->data->fingerprint;
	rec->split_fingerprint = r->split->fingerprint;
	snprintf(rec->split_text, sizeof(rec->split_text), "%s", r->split->text);
	rec->seed = r->seed;
	rec->values = fit_values(r);
	rec->refit = r->refit;
	rec->precision = r->kept;
	rec->epochs_asked = r->epochs;
	rec->patience = r->patience;
	rec->valid_every = r->valid_every;
	snprintf(rec->stopped, sizeof(rec->stopped), "running");
	rec->failure[0] = '\0';
	snprintf(rec->metric, sizeof(rec->metric), "%s@%u", metric_table[r->metric].name, (unsigned)r->metric_k);
	if (!t->resumes)
		rec->best_metric = NAN;
	rec->made = clock_wall();
}

static bool check_resumed(const struct training *t, const struct session *s, const struct run *old, struct err *err)
{
	if (old->job)
		return err_set(err, ERR_USAGE, "%s is in training already", old->rec.name);
	if (old->in_memory)
		return err_set(err, ERR_USAGE, "%s is not kept on disk, so that it has no state to go on from",
			       old->rec.name);
	if (strcmp(old->rec.model, t->request.ops->name) != 0)
		return err_set(err, ERR_USAGE, "%s is a run of %s: train %s resume=%s", old->rec.name, old->rec.model,
			       old->rec.model, old->rec.name);
	if (parts_user_of(s, old->rec.name))
		return err_set(err, ERR_USAGE, "%s is part of %s, which needs it as it is", old->rec.name,
			       parts_user_of(s, old->rec.name));
	if (!old->of_split)
		return err_set(err, ERR_USAGE, "%s was trained on %s with split %s: make these current first",
			       old->rec.name, old->rec.data_name, old->rec.split_text);
	return true;
}

static bool take_up(struct training *t, struct session *s, const char *name, struct err *err)
{
	const struct run *old = session_find_run(s, name, err);
	struct run_store *store;

	t->resumes = true;
	t->kept = !session_readonly(s);
	if (!t->kept)
		return err_set(err, ERR_USAGE, "--readonly writes nothing: a kept run cannot go on");
	if (!old || !check_resumed(t, s, old, err))
		return false;
	store = session_store(s, err);
	if (!store || !run_store_lock(store, name, err))
		return false;
	snprintf(t->request.run, sizeof(t->request.run), "%s", name);
	t->folder = run_store_folder(store, name);
	t->request.resume_dir = t->folder;
	t->request.save_dir = t->folder;
	return run_record_copy(&t->record, &old->rec, err);
}

static bool take_name(struct training *t, struct session *s, const char *wanted, bool replace, struct err *err)
{
	struct run_store *store;

	if (!session_take_run_name(s, t->request.ops->name, wanted, replace, t->request.run, &t->kept, err))
		return false;
	if (!t->kept)
		return true;
	store = session_store(s, err);
	if (!store)
		return false;
	t->folder = run_store_folder(store, t->request.run);
	t->request.save_dir = t->folder;
	return true;
}

/* Those whom the operator chose, else a sample; a resumed run goes on with those that it has. */
static bool choose_watched(struct training *t, const struct session *s, struct err *err)
{
	struct fit_request *r = &t->request;
	const uint32_t *chosen = session_watched(s, &r->n_watched);

	t->watch = mem_alloc(WATCHED_USERS_MOST, sizeof(*t->watch), err);
	if (!t->watch)
		return false;
	if (r->n_watched)
		memcpy(t->watch, chosen, r->n_watched * sizeof(*chosen));
	else
		r->n_watched = watched_sample(r->split, r->seed, WATCHED_SAMPLE, t->watch);
	r->watched = t->watch;
	return true;
}

bool training_prepare(struct training *t, struct session *s, const char *wanted, bool replace, const char *resume,
		      struct err *err)
{
	const struct snapshot *answers;
	struct watched lists = { 0 };
	struct run_record shown;
	struct run *old, *r;

	run_record_init(&t->record);
	run_record_init(&shown);
	t->speed_home = mem_strdup(session_home(s));
	t->readonly = session_readonly(s);
	t->threads = pool_slots(session_pool(s));
	t->request.data = dataset_ref(session_data(s));
	t->request.split = split_ref((struct split *)session_split(s));
	if (!choose_watched(t, s, err) ||
	    !parts_take(&t->parts, s, &t->request.params, t->request.split->fingerprint, err) ||
	    !fit_fits_in_memory(&t->request, t->threads, err))
		return false;
	t->request.resolve_run = parts_resolve;
	t->request.resolve_ctx = &t->parts;
	if (resume ? !take_up(t, s, resume, err) : !take_name(t, s, wanted, replace, err))
		return false;
	describe(t);
	if (t->kept)
		t->home = mem_strdup(session_home(s));
	if (!run_record_copy(&shown, &t->record, err))
		return false;
	old = session_run_named(s, t->request.run);
	answers = t->resumes && old && old->snapshot ? snapshot_ref(old->snapshot) : NULL;
	if (t->resumes && old) { /* what it told so far stays in sight */
		lists = old->lists;
		old->lists = (struct watched){ 0 };
	}
	r = session_put_run(s, &shown, !t->kept);
	r->lists = lists;
	session_set_run_snapshot(s, r, answers); /* a resumed run answers on while it learns */
	return true;
}

/* --- WORKER ----------------------------------------------------------------------------------------------- */

struct epoch_news {
	struct training_news head;
	struct curves names; /* of the losses and the metric, without points */
	struct curve_point point;
	const struct snapshot *snapshot;
	const struct epoch_lists *lists; /* NULL: nobody is watched */
	double told_once, told_epoch;
};

static void news_free(void *p)
{
	struct epoch_news *n = p;

	snapshot_unref(n->snapshot);
	epoch_lists_unref(n->lists);
	free(n);
}

static void on_epoch(void *ctx, const struct curves *curves, const struct snapshot *take,
		     const struct epoch_lists *lists)
{
	struct training *t = ctx;
	struct message *m = mem_must(calloc(1, sizeof(*m)));
	struct err ignored;
	struct epoch_news *n = mem_must(calloc(1, sizeof(*n)));

	curves_name(&n->names, curves);
	n->head.of = t;
	n->point = curves->point[curves->n - 1];
	n->snapshot = take;
	n->told_once = t->record.told_once;
	n->told_epoch = t->record.told_epoch;
	if (lists) {
		n->lists = epoch_lists_ref(lists);
		watched_add(&t->lists, lists, &ignored); /* without memory for it, an epoch less to look at */
	}
	m->kind = MESSAGE_WORK;
	m->payload = n;
	m->payload_free = news_free;
	job_post(t->job, m);
}

static void record_result(struct training *t, bool good, const struct err *err)
{
	struct run_record *rec = &t->record;
	struct fit_result *f = &t->result;

	rec->epochs = f->epochs;
	rec->best_epoch = f->best_epoch;
	rec->best_metric = f->best_metric;
	rec->seconds = f->seconds;
	rec->bytes = f->bytes;
	rec->readable = f->best != NULL;
	rec->note[0] = '\0';
	if (f->best && f->best->ops->tell) {
		struct str note = STR_INIT;

		f->best->ops->tell(f->best->model, &note);
		snprintf(rec->note, sizeof(rec->note), "%s", str_text(&note));
		str_done(&note);
	}
	snprintf(rec->stopped, sizeof(rec->stopped), "%s", good ? fit_stopped_text[f->stopped] : "failed");
	snprintf(rec->failure, sizeof(rec->failure), "%.*s", (int)sizeof(rec->failure) - 1, good ? "" : err->msg);
	curves_done(&rec->curves);
	rec->curves = f->curves;
	curves_init(&f->curves);
}

/* The session's store belongs to the UI thread: the worker has one of its own on the same home. */
bool training_keep(struct training *t, struct err *err)
{
	struct run_store *store;
	bool good;

	if (!t->kept || !t->result.best)
		return true;
	store = run_store_open(t->home, false, err);
	if (!store)
		return false;
	good = run_store_save_weights(store, t->request.run, t->result.best, err) &&
	       run_store_save_lists(store, &t->record, &t->lists, err) &&
	       run_store_save(store, &t->record, err);
	run_store_free(store);
	return good;
}

/* A resumed run's users are those of its kept lists; where there are none it begins with those chosen now. */
static bool recall_lists(struct training *t, struct err *err)
{
	struct run_store *store;
	bool good;

	if (!t->resumes)
		return true;
	store = run_store_open(t->home, false, err);
	good = store && run_store_load_lists(store, &t->record, t->request.data, &t->lists, err);
	run_store_free(store);
	if (good && t->lists.n) {
		t->request.n_watched = t->lists.at[0]->n_users;
		memcpy(t->watch, t->lists.at[0]->user, t->request.n_watched * sizeof(*t->watch));
	}
	return good;
}

/* Says on disk that the run is in training, so that a kill leaves one that can be resumed. */
bool training_announce(struct training *t, struct err *err)
{
	struct run_store *store;
	bool good;

	if (!t->kept)
		return true;
	store = run_store_open(t->home, false, err);
	if (!store)
		return false;
	good = run_store_save(store, &t->record, err);
	run_store_free(store);
	return good;
}

#define LEAST_REFUSED 1.0 /* seconds; less is over before it matters */

/* What comes before the first epoch, which is all of a model of one pass, cannot be stopped half-way and be of use. */
static bool is_worth_it(const struct training *t, const struct cost *cost, struct err *err)
{
	const struct fit_request *r = &t->request;
	char would[32], may[32];
	double least = cost->once + (r->ops->caps & MODEL_ITERATIVE ? 0 : cost->epoch);

	if (!(r->seconds > 0) || !(least > fmax(r->seconds, LEAST_REFUSED)))
		return true;
	return err_set(err, ERR_RANGE, "it would take about %s before there is anything to measure, and may take %s",
		       str_seconds(least, would), str_seconds(r->seconds, may));
}

/* Told before the first epoch, kept to stand beside what it took. */
static bool tell_cost(struct training *t, const struct task *task, struct err *err)
{
	struct speed speed;
	struct cost cost;

	if (!machine_speed(t->speed_home, t->readonly, task, &speed, err))
		return false;
	cost_tell(&t->request, &speed, t->threads, t->kept, &cost);
	t->record.told_once = cost.once;
	t->record.told_epoch = cost.epoch;
	t->record.told_bytes = cost.bytes;
	return is_worth_it(t, &cost, err);
}

static void measure_memory(struct training *t)
{
	uint64_t peak = mem_bytes_peak();

	t->record.peak_bytes = peak > t->held ? peak - t->held : 0;
}

bool training_run(struct training *t, struct job *job, const struct task *task, struct err *err)
{
	struct err not_kept;
	bool good;

	t->job = job;
	if (!tell_cost(t, task, err) || !training_announce(t, err) || !recall_lists(t, err))
		return false;
	t->held = mem_bytes_now();
	mem_reset_peak();
	t->request.on_epoch = on_epoch;
	t->request.ctx = t;
	good = fit_run(&t->request, task, &t->result, err);
	measure_memory(t);
	record_result(t, good, err);
	if (training_keep(t, good ? err : &not_kept))
		return good;
	t->record.readable = false;
	return good ? err_wrap(err, "%s is trained but could not be kept", t->request.run) : false;
}

/* --- UI: while it runs and after --------------------------------------------------------------------------- */

static bool is_better(const struct training *t, double metric, double best)
{
	if (isnan(metric))
		return false;
	if (isnan(best))
		return true;
	return metric_table[t->request.metric].higher_better ? metric > best : metric < best;
}

void training_message(struct training *t, struct session *s, void *payload)
{
	struct epoch_news *n = payload;
	struct run *r = session_run_named(s, t->request.run);
	struct err ignored;

	if (!r)
		return;
	curves_name(&r->rec.curves, &n->names);
	curves_add(&r->rec.curves, &n->point, &ignored); /* the worker keeps the whole curve */
	r->rec.epochs = n->point.epoch;
	r->rec.seconds = n->point.seconds;
	r->rec.told_once = n->told_once;
	r->rec.told_epoch = n->told_epoch;
	r->rate_now = n->point.rate;
	if (is_better(t, n->point.valid, r->rec.best_metric)) {
		r->rec.best_metric = n->point.valid;
		r->rec.best_epoch = n->point.epoch;
	}
	if (n->snapshot) {
		session_set_run_snapshot(s, r, n->snapshot);
		n->snapshot = NULL;
		eval_result_free(r->test); /* was measured on an earlier epoch */
		r->test = NULL;
	}
	if (n->lists)
		watched_add(&r->lists, n->lists, &ignored);
	session_runs_changed(s);
}

static void release_name(struct training *t, struct session *s)
{
	struct err ignored;
	struct run_store *store = t->kept ? session_store(s, &ignored) : NULL;

	if (store)
		run_store_release(store, t->request.run);
}

/* A run without a single epoch is none: its name stays used, its folder goes. */
static void abandon(struct training *t, struct session *s, struct run *r)
{
	struct err ignored;

	release_name(t, s);
	if (r && !t->resumes)
		session_drop_run(s, r, &ignored);
}

bool training_finish(struct training *t, struct session *s, struct err *err)
{
	struct run *r = session_run_named(s, t->request.run);
	struct run_record told;

	if (!r)
		return err_set(err, ERR_CANCELLED, "%s is gone", t->request.run);
	session_train_ended(s, r);
	if (!t->result.best) {
		abandon(t, s, r);
		return err_set(err, ERR_CANCELLED, "cancelled before its first epoch ended");
	}
	release_name(t, s);
	run_record_init(&told);
	if (run_record_copy(&told, &t->record, err)) {
		r = session_put_run(s, &told, !t->kept || !t->record.readable);
		session_set_run_snapshot(s, r, snapshot_ref(t->result.best));
		watched_done(&r->lists);
		r->lists = t->lists;
		t->lists = (struct watched){ 0 };
		r->lists_read = true;
	}
	session_settle_run(s, r);
	return true;
}

void training_done(struct training *t)
{
	fit_result_done(&t->result);
	run_record_done(&t->record);
	parts_done(&t->parts);
	watched_done(&t->lists);
	mem_free(t->watch);
	split_unref(t->request.split);
	dataset_unref(t->request.data);
	free(t->home);
	free(t->speed_home);
	free(t->folder);
}
