/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h - what is current: the dataset, its split, the runs, which one answers, the jobs.
 *
 * UI thread only.  Everything returned as const pointer is borrowed until the next turn of the loop.
 * Views and commands read it here and change it through commands; workers never see a session.
 * DESIGN: a change that takes time is a work: made on the UI thread (it takes references to what it
 * reads), run in a lane's worker, finished on the UI thread (it puts its result in place).  Commands that
 * are quick are finished at once by the same three steps.
 */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/edits.h"
#include "app/loop.h"
#include "app/persona.h"
#include "base/log.h"
#include "base/param.h"
#include "base/task.h"
#include "data/dataset.h"
#include "job/message_queue.h"
#include "serve/answers.h"
#include "train/run_record.h"
#include "train/watched.h"

struct session;
struct snapshot;
struct split;
struct eval_result;
struct job;

struct session_options {
	unsigned threads;   /* 0: all cores */
	uint64_t seed;      /* default 42 */
	const char *home;   /* NULL: paths.h's default */
	bool readonly;
	bool screen;        /* somebody looks: values a user by user are made ready when they are cheap */
};
struct session *session_new(const struct session_options *o, struct loop *loop, struct err *err);
/* Cancels all, keeps polling until every end message came, joins, drops what is held. */
void session_free(struct session *s);

/* --- what is current ------------------------------------------------------------------------------ */

const struct dataset *session_data(const struct session *s);   /* NULL before the first load */
const struct split *session_split(const struct session *s);    /* NULL likewise */
struct split_facts {
	char text[192];
	uint64_t n_train, n_valid, n_test, test_users;
	uint64_t tied, cold_test_items, repeats_removed, users_dropped;
};
void session_split_facts(const struct session *s, struct split_facts *out);
uint64_t session_split_serial(const struct session *s); /* another split, another number; 0: none */
bool session_is_test(const struct session *s, size_t event); /* held out: shown apart from the history */
/* Of the current data, at once for any item: made with it by the worker that made it ready. */
uint32_t session_item_events(const struct session *s, uint32_t item);
double session_item_mean(const struct session *s, uint32_t item); /* of its values */
uint64_t session_seed(const struct session *s);
bool session_readonly(const struct session *s);
struct pool *session_pool(struct session *s);

struct run {
	struct run_record rec;
	const struct snapshot *snapshot; /* NULL: on disk only, read when used */
	const struct snapshot *whole;    /* of a run in memory that answers in fewer bits: what it was; else NULL */
	char label[80];                  /* "ials#1", or with how it answers: "ials#1 int8" */
	bool of_data, of_split;          /* made from the current dataset, split */
	bool in_memory;                  /* not kept under --home (popularity#1, --readonly) */
	uint32_t job;                    /* while it trains; else 0 */
	double rate_now;                 /* examples a second */
	const char *rate_unit;           /* "pairs" */
	struct eval_result *test;        /* last evaluate on=test with per-user values, or NULL */
	struct watched lists;            /* of the watched users by epoch; of a kept run empty until asked for */
	bool lists_read;                 /* all there is, is there */
};
/* Of what answers: as it is kept, unless use … precision= says otherwise. */
enum precision run_precision(const struct run *r);
uint64_t run_bytes(const struct run *r);
size_t session_n_runs(const struct session *s);
const struct run *session_run(const struct session *s, size_t i); /* oldest first */
const struct run *session_find_run(const struct session *s, const char *name, struct err *err);
/* The run that answers: chosen by use, or the one in training while follow is on.  NULL: no data. */
const struct run *session_answering(const struct session *s);
/* Its snapshot, read from --home when needed; a reference the caller must unref. */
const struct snapshot *session_snapshot(struct session *s, const struct run *r, struct err *err);
/* What it was trained to, where that is in memory: NULL when it answers in fewer bits and the rest is on disk. */
const struct snapshot *session_whole(const struct run *r);
/* A second run beside the one that answers: kept in memory, read from --home by a worker when needed.  name NULL:
 * none.  False: it cannot answer, *err says why.  session_beside(): NULL while there is none that can be asked. */
bool session_set_beside(struct session *s, const char *name, struct err *err);
const struct run *session_beside(const struct session *s);
void session_follow(struct session *s, bool on);
bool session_following(const struct session *s);
/* Metric of the answering run for each user [U] (NaN: none), or NULL when not evaluated. */
const float *session_user_metric(const struct session *s, const char **name);

/* Users whose lists trainings keep by epoch, ascending; none: each training takes a sample. */
const uint32_t *session_watched(const struct session *s, uint32_t *n);
/* Watches the user, or no longer.  False: WATCHED_USERS_MOST are watched already. */
bool session_watch_user(struct session *s, uint32_t user, bool on);
bool session_is_watched(const struct session *s, uint32_t user);
/* Has the kept lists of a run read, behind the screen; true: they are there, or are being read. */
bool session_need_lists(struct session *s, const struct run *run);

/* --- people made by hand ---------------------------------------------------------------------------- */

/* What was edited of the history of one user, or of a persona: on the screen, until the data or the split change. */
struct edits *session_edits(struct session *s);
const struct edits *session_edits_now(const struct session *s);
size_t session_n_personas(const struct session *s);
const struct persona *session_persona(const struct session *s, size_t i); /* by name, of whatever data */
const struct persona *session_find_persona(const struct session *s, const char *name, struct err *err);
/* A persona's number stands for it where a user's number is asked for: it is no user's.  NULL: it is a user's, or
 * none that is there any more. */
const struct persona *session_person(const struct session *s, uint32_t number);

struct job_row {
	uint32_t id;
	char title[96];       /* "train sasrec", "load ml-100k" */
	bool heavy;
	int state;            /* enum job_state */
	const char *state_text;
	bool rests;           /* paused, and the worker has come to a stop: nothing of it changes */
	uint64_t done, total; /* total 0: not known */
	double seconds, left; /* left: NaN when not known */
	char run[64];         /* of a training */
	uint32_t epoch, epochs;
	char message[256];    /* how it ended */
};
size_t session_n_jobs(const struct session *s);
void session_job(const struct session *s, size_t i, struct job_row *out); /* newest last; ended ones stay */
bool session_find_job(const struct session *s, uint32_t id, struct job_row *out);

/* --- the screen's questions (serve/scorer.h) -------------------------------------------------------- */

/* The history with the edits of its user; edits of another count for nothing. */
bool session_ask_list(struct session *s, uint32_t user, const struct edits *edits, uint32_t k);
bool session_ask_why(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k_parts,
		     bool by_content);
/* Of the run that answers and the one beside it; of the latter alone. */
bool session_ask_beside(struct session *s, uint32_t user, const struct edits *edits, uint32_t k);
bool session_ask_beside_why(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k_parts,
			    bool by_content);
bool session_ask_removal(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k);
bool session_ask_faithfulness(struct session *s, uint32_t user, uint32_t item, const struct edits *edits);
bool session_ask_whynot(struct session *s, uint32_t user, uint32_t item, const struct edits *edits, uint32_t k);
bool session_ask_nearest(struct session *s, uint32_t item, enum nearest_by by, uint32_t k); /* PANE_NEAREST + by */
bool session_ask_near(struct session *s, uint32_t item, uint32_t other);
bool session_ask_map(struct session *s, enum pane pane); /* PANE_MAP, PANE_LAYOUT */
bool session_ask_order(struct session *s, enum pane pane, enum order_key key, bool reverse, const char *filter);
/* The latest answer of a pane or NULL; *pending: a newer one is under way. */
const struct answer *session_answer(const struct session *s, enum pane pane, bool *pending);

/* --- changes ------------------------------------------------------------------------------------------ */

/* LANE_ASK: short questions of commands (recommend, explain …), beside both lanes and not listed among
 * the jobs, so that an answer never waits for a load. */
enum work_lane { LANE_NONE /* at once, on the UI thread: under 5 ms */, LANE_LIGHT, LANE_HEAVY, LANE_ASK };
enum { MESSAGE_WORK = MESSAGE_USER + 1 }; /* job_post() of a work's run(): comes back through message() */
struct work {
	char title[96];
	enum work_lane lane;
	/* WORKER (UI for LANE_NONE).  job is NULL for LANE_NONE. */
	bool (*run)(struct job *job, const struct task *task, void *arg, struct err *err);
	/* UI: what run() posted as MESSAGE_WORK; the payload is borrowed.  May be NULL. */
	void (*message)(struct session *s, void *arg, void *payload);
	/* UI, once, whatever the end; end is JOB_DONE, JOB_FAILED or JOB_CANCELLED. */
	void (*finish)(struct session *s, void *arg, int end, const struct err *err);
	void (*release)(void *arg); /* after finish */
	void *arg;
	char run_name[64];          /* a training's run, or "" */
};
/* Returns the job's id, 0 for LANE_NONE done, and takes arg in any case.  False: it could not be started,
 * and was finished as JOB_FAILED and released. */
bool session_start(struct session *s, const struct work *w, uint32_t *job_id, struct err *err);
bool session_job_pause(struct session *s, uint32_t id, struct err *err);
bool session_job_resume(struct session *s, uint32_t id, struct err *err);
bool session_job_cancel(struct session *s, uint32_t id, struct err *err);
size_t session_jobs_alive(const struct session *s); /* queued, running or paused */

/* --- being told --------------------------------------------------------------------------------------- */

enum session_changed { CHANGED_DATA = 1, CHANGED_RUNS = 2, CHANGED_JOBS = 4, CHANGED_ANSWER = 8, CHANGED_LOG = 16 };
struct session_watcher {
	void (*changed)(void *ctx, unsigned what);                        /* many may be folded into one */
	void (*told)(void *ctx, enum log_level level, const char *text);  /* last line of the screen, stderr of a script */
	void *ctx;
};
void session_watch(struct session *s, const struct session_watcher *w); /* NULL: none */
void session_tell(struct session *s, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
