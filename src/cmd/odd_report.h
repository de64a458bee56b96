/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd_report.h - what `odd` found: the flags, and the figures of each user that they are sorted by.
 *
 * Made by a WORKER, unchanged from then on; shared by the command that prints it and the view that shows it.  Users and
 * items are numbers of the data and the split that it was made on: who keeps it holds it to these.
 */
#ifndef CMD_ODD_REPORT_H
#define CMD_ODD_REPORT_H

#include "cmd/hold.h"
#include "explain/odd.h"
#include "train/watched.h"

#define ODD_K 10 /* of the lists and of ndcg */

/* NaN where a user has none. */
enum odd_figure {
	ODD_NDCG, ODD_POPULARITY, ODD_GAP, /* ndcg, that of popularity, what is gained against it */
	ODD_OTHER, ODD_DIFFERENCE,         /* the same against the run with= */
	ODD_TASTE, ODD_CHURN,
	ODD_SURPRISE,                      /* 0: no flag; see odd_report_surprise() */
	N_ODD_FIGURES,
};

/* What it is made of.  Taken on the UI thread; `with` only where has_with. */
struct odd_sources {
	struct hold run, popularity, with;
	bool has_with;
	struct watched lists; /* the run's, for churn */
};
void odd_sources_done(struct odd_sources *s);

struct odd_report {
	bool of_items;               /* figures are of items: ODD_SURPRISE alone, and the flags of users are not all */
	char run[64], with[64];      /* with: "" none */
	uint32_t n_who;              /* U or I */
	float *figure[N_ODD_FIGURES]; /* [n_who], or NULL */
	uint32_t *events;            /* [n_who] */
	struct odd_flags flags;
	_Atomic unsigned refs;
};
/* WORKER.  A reference; one model at a time is in memory. */
struct odd_report *odd_report_make(struct odd_sources *s, bool of_items, const struct task *t, struct err *err);
/* Before it is shared: sets ODD_SURPRISE by the flags of these kinds. */
void odd_report_surprise(struct odd_report *r, const bool kinds[N_ODD]);
const struct odd_report *odd_report_ref(const struct odd_report *r);
void odd_report_unref(const struct odd_report *r); /* NULL is fine */

/* UI.  Of a call of `odd` that ended: the report where it tells of users with all their flags; else NULL.  Borrowed. */
const struct odd_report *odd_report_of(const struct call *c);

/* What has a place in a list: the greatest key first, of equals the first. */
struct odd_place { double key; size_t at; };
void odd_places_sort(struct odd_place *place, size_t n);

#endif
