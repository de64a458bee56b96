/* SPDX-License-Identifier: GPL-3.0-or-later */
/* training.h - one training from its request to a run that answers.
 *
 * DESIGN: the UI thread owns the run in the session; the worker owns the fit and a record of its own.
 * Each epoch goes to the UI thread as one message that carries the point of the curves and the snapshot
 * that made it, with the lists of the watched users, so that the screen never shows an epoch with another
 * one's list.  The worker writes what
 * is kept (weights, then curves, then run.json, which makes the folder a run) before its last message.
 */
#ifndef APP_TRAINING_H
#define APP_TRAINING_H

#include "app/parts.h"
#include "app/session.h"
#include "job/job.h"
#include "train/fit.h"
#include "train/run_record.h"

struct training {
	struct fit_request request; /* data and split are references */
	struct run_record record;   /* the worker's; given to the session at the end */
	bool kept, resumes;
	struct parts parts;         /* the runs that it is made of */
	uint32_t *watch;            /* [request.n_watched] users that the request borrows */
	struct watched lists;       /* the worker's; given to the session at the end */
	char *home, *folder;        /* of a kept run */
	char *speed_home;           /* where the machine's speed is kept */
	bool readonly;
	unsigned threads;
	uint64_t held;              /* bytes held when it began */
	struct job *job;            /* while it runs */
	struct fit_result result;
};

/* UI.  The request's model, parameters and options are set; takes references to the session's data and
 * split, a name (wanted or the next), and puts the run into the session.  resume: the run to go on with. */
bool training_prepare(struct training *t, struct session *s, const char *wanted, bool replace, const char *resume,
		      struct err *err);
bool training_run(struct training *t, struct job *job, const struct task *task, struct err *err); /* WORKER */
void training_message(struct training *t, struct session *s, void *payload);                      /* UI */
/* UI, whatever the end.  False with *err: nothing of it is left (cancelled before its first epoch). */
bool training_finish(struct training *t, struct session *s, struct err *err);
void training_done(struct training *t);

/* UI.  What run() posts begins with this, so that who runs several trainings in one job knows whose news it is. */
struct training_news { struct training *of; };

/* WORKER, for who trains several times into one run (app/tuning.h): says on disk that it is in training; keeps the
 * record, with the weights where there are new ones. */
bool training_announce(struct training *t, struct err *err);
bool training_keep(struct training *t, struct err *err);

#endif
