/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.h - explanation scores: what in the history an item's score comes from.
 *
 * exact: base + parts + rest = score (norms, neighbours and solved matrices held fixed).
 * leave-one-out: part = score - score without that event, by the same scoring path; base and rest NaN.
 * Models with trained user vectors explain their fold-in and give the trained score beside it.
 * By history the parts are its events; by content, what is known of the item: its words, tags, modalities.
 * Models of attention tell beside each part how much they look at the event.  That is no explanation by itself
 * (Jain & Wallace 2019, arXiv:1902.10186), and is always shown as such.
 * Definitions: interface.md "Explanation scores".  WORKER or scorer; cancellable.
 */
#ifndef EXPLAIN_EXPLAIN_H
#define EXPLAIN_EXPLAIN_H

#include "eval/rank_lists.h"
#include "model/snapshot.h"

struct explain_part {
	uint32_t item;  /* a history event; NO_ITEM by content, where: */
	uint32_t place; /* of the event in the history */
	const char *kind, *name; /* as model.h's content_part; else NULL */
	float value;    /* signed */
	float attention; /* 0..1, where has_attention */
};
struct explained_run { /* of a blend: value = weight x standardised score; the values sum to the score */
	char name[64];
	float weight, score, value;
};
struct explanation {
	bool by_content;
	const struct snapshot *names; /* by content: holds what the parts are called, with the data of the split */
	uint32_t user, item;
	char run[64];
	const char *method; /* "exact" or "leave-one-out" */
	uint32_t rank;      /* among candidates; 0 when it is none (then `why_no_rank` says why) */
	const char *why_no_rank; /* NULL, "in the history", "no train events" */
	double score, base, rest, trained_score; /* NaN: none */
	size_t n_parts;     /* the strongest k, by falling absolute value, ties in history order */
	struct explain_part *parts;
	size_t n_more;      /* parts beyond them */
	bool has_attention;
	uint32_t n_unread;  /* events of the history older than the model reads; they count 0 */
	size_t n_neighbours; /* user-knn */
	struct neighbour *neighbours;
	size_t n_runs;      /* of a blend, in its order */
	struct explained_run *runs;
};

/* k: parts beyond the k strongest are summed in `rest` (exact; SIZE_MAX: none). */
struct explanation *explain_item(const struct snapshot *s, const struct split *split, const struct query *q,
				 uint32_t item, size_t k, const struct rank_options *o,
				 const struct task *task, struct err *err);
/* The same by content.  ERR_UNSUPPORTED, naming those that have one, when the model has no such breakdown. */
struct explanation *explain_content(const struct snapshot *s, const struct split *split, const struct query *q,
				    uint32_t item, size_t k, const struct rank_options *o,
				    const struct task *task, struct err *err);
/* The same with all parts, but without rank and neighbours: what faithfulness_measure() needs. */
struct explanation *explain_parts(const struct snapshot *s, const struct query *q, uint32_t item,
				  const struct task *task, struct err *err);
void explanation_free(struct explanation *e);

#endif
