/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_change.h - how the works of commands put their results in place.  Views never include this.
 *
 * UI thread.  "take" means the session owns it from then on, whatever the outcome.
 */
#ifndef APP_SESSION_CHANGE_H
#define APP_SESSION_CHANGE_H

#include "app/journal.h"
#include "app/session.h"
#include "app/standing.h"
#include "eval/eval.h"
#include "train/run_store.h"

/* A new dataset with its split and popularity#1, or a new split of the current one. */
void session_install(struct session *s, struct standing *take);

/* The store of kept runs, opened (and its folders made) when first needed.  NULL with *err: the home
 * cannot be used; *err says what to do instead.  With --readonly there may be none: NULL, ERR_OK. */
struct run_store *session_store(struct session *s, struct err *err);
const char *session_home(const struct session *s);
/* Looks again at what is kept: another process may have added or deleted runs. */
bool session_refresh_runs(struct session *s, struct err *err);

/* A name for a new run: `wanted`, or the model's next number.  *kept: a folder of the store was taken. */
bool session_take_run_name(struct session *s, const char *model, const char *wanted, bool replace, char name[64],
			   bool *kept, struct err *err);
/* Whether a new run may have that name: what of the above needs no file. */
bool session_may_name_run(const struct session *s, const char *wanted, struct err *err);
/* Adds a run, or replaces what is told of the run of that name. */
struct run *session_put_run(struct session *s, struct run_record *take, bool in_memory);
struct run *session_run_named(struct session *s, const char *name); /* NULL */
void session_set_run_snapshot(struct session *s, struct run *r, const struct snapshot *take);
/* use RUN precision=: it answers with `packed` from now on, or with `whole` where packed is NULL.  Takes both. */
void session_use_packed(struct session *s, struct run *r, const struct snapshot *whole,
			const struct snapshot *packed);
/* A training's job runs, or is over; while follow is on the run answers, and goes on to when it ended. */
void session_train_began(struct session *s, struct run *r, uint32_t job);
void session_train_ended(struct session *s, struct run *r);
void session_settle_run(struct session *s, struct run *r); /* its last snapshot is in place */
void session_runs_changed(struct session *s);               /* after fields of a run were set */
void session_choose(struct session *s, struct run *r);      /* use RUN */
bool session_drop_run(struct session *s, struct run *r, struct err *err); /* delete RUN: files too */
/* Metrics with per-user values of one run, on the current split. */
void session_put_eval(struct session *s, struct eval_result *take);

/* session_personas.c: looks again at what is kept; tells of files that cannot be read. */
bool session_refresh_personas(struct session *s, struct err *err);
/* What would stand in the way of a persona of that name: there is one (replace false), or nothing may be kept. */
bool session_may_save_persona(const struct session *s, const char *name, bool replace, struct err *err);
void session_put_persona(struct session *s, struct persona *take); /* replaces one of the same name */
bool session_drop_persona(struct session *s, const char *name, struct err *err); /* its file too */
struct journal *session_journal(struct session *s);
struct params *session_settings(struct session *s); /* of settings_table; change them by settings_set() */
void session_set_seed(struct session *s, uint64_t seed);
void session_cancel_questions(struct session *s); /* works of LANE_ASK: an interrupt ends them too */
void session_ask_quit(struct session *s);
bool session_quit_asked(const struct session *s);
bool session_closing(const struct session *s); /* session_free() is under way: nobody listens */

#endif
