/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_private.h - the inside of a session, for app/session*.c alone. */
#ifndef APP_SESSION_PRIVATE_H
#define APP_SESSION_PRIVATE_H

#include "app/comparison.h"
#include "app/foretell.h"
#include "app/session_change.h"
#include "base/pool.h"
#include "job/job.h"
#include "job/message_queue.h"
#include "serve/scorer.h"

/* A job and what becomes of it.  Ended ones stay for Jobs to show. */
struct entry {
	struct session *session;
	uint32_t id;
	struct work work;
	struct job *job;     /* NULL once it ended */
	int end;             /* enum job_state, once it ended */
	double seconds;      /* once it ended */
	bool cancel_asked;
	char message[256];
};

#define LANES 3 /* light, heavy, ask */

struct session {
	struct session_options options;
	char *home;
	struct loop *loop;
	struct message_queue *queue;
	struct pool *pool;
	struct lane *lane[LANES];
	struct scorer *scorer;
	struct run_store *store;      /* NULL: not opened yet, or none */
	bool closing, quit;
	struct params settings;
	struct journal *journal;

	const struct dataset *data;
	const struct split *split;
	uint32_t *item_events;        /* as in struct standing */
	double *item_mean;

	struct run **run;             /* oldest first */
	size_t n_runs;
	char chosen[64];              /* which answers; "": popularity */
	char beside[64];              /* the second run, or "" */
	bool follow;
	char followed[64];            /* the training that answers while follow is on; "": none */
	float *user_metric;           /* [U] of the answering run, or NULL */
	char user_metric_name[32];

	struct foretold *foretold;    /* [n_foretold] of the models, or NULL: mem_free() */
	size_t n_foretold;
	uint64_t foretold_split;      /* that it was asked for; 0: none */

	struct comparison *comparison; /* of the split, or NULL; referenced */

	struct edits edits;
	struct persona **persona;     /* by name */
	size_t n_personas;
	uint32_t last_persona;        /* numbers given out, counted down from NO_USER */
	uint32_t watched[WATCHED_USERS_MOST]; /* [n_watched] ascending, of the dataset of that id */
	uint32_t n_watched;
	uint64_t watched_data;

	struct entry **entry;
	size_t n_entries;
	uint32_t last_job;

	struct answer *answer[N_PANES];
	uint64_t asked[N_PANES];      /* serial of the newest request; 0: none */
	uint64_t last_serial;

	struct session_watcher watcher;
	bool draining;
	unsigned changes;             /* while draining: told once at its end */
};

void session_changed(struct session *s, unsigned what);
void session_take_messages(void *session);

/* session_jobs.c */
bool session_jobs_init(struct session *s, struct err *err);
void session_jobs_stop(struct session *s); /* cancels, and waits for every end */
void session_jobs_done(struct session *s);
void session_jobs_message(struct session *s, struct message *m);

/* session_kept.c: lists what is kept, behind the first screen where there is one */
void session_runs_init(struct session *s);

/* session_runs.c */
void session_forget_run(struct session *s, const struct run *r);
void session_runs_done(struct session *s);
void session_runs_installed(struct session *s, struct standing *st); /* takes record and snapshot */
void session_mark_runs(struct session *s);                           /* of_data, of_split */

/* session_personas.c */
void session_personas_init(struct session *s);
void session_personas_installed(struct session *s); /* other data or another split: edits end, personas are looked up */
void session_personas_done(struct session *s);

/* session_let_go.c: takes the references (any may be NULL); what is large is freed by a worker */
void session_let_go(struct session *s, const struct snapshot *snapshot, const struct split *split,
		    const struct dataset *data);

/* session_measure.c: starts measuring the answering run, where it is cheap and not done yet */
void session_measure(struct session *s);

/* session_ask.c */
bool session_ask_init(struct session *s, struct err *err);
void session_ask_done(struct session *s);
void session_ask_message(struct session *s, struct message *m);
void session_ask_forget(struct session *s); /* the data or the split changed */

#endif
