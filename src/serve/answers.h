/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers.h - what the scorer answers to the panes of a screen: plain data, owned by the session.
 *
 * A view sees an answer through the session; while a newer one is under way `pending` is true and the
 * old content stays (drawn dim).  Numbers are the dataset's users and items.
 */
#ifndef SERVE_ANSWERS_H
#define SERVE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum pane { PANE_LIST, PANE_WHY, PANE_NEAREST /* by the model; + enum nearest_by: by … */, PANE_NEAREST_BEHAVIOUR,
	    PANE_NEAREST_TEXT, PANE_NEAR /* why two items are near */, PANE_USERS, PANE_ITEMS, PANE_REMOVAL,
	    PANE_FAITHFULNESS, PANE_WHYNOT, PANE_MAP, PANE_LAYOUT,
	    PANE_BESIDE /* the lists of two runs */, PANE_BESIDE_WHY /* PANE_WHY by the second run */, N_PANES };

struct list_row {
	uint32_t item;
	float score;
	bool hit;       /* one of the user's test items */
	uint32_t was;   /* rank before the edits; 0: it was in the history */
	bool removed;   /* an edit took it out of the history */
};
struct list_answer {
	uint32_t user;
	char run[64];
	uint32_t epoch;
	bool edited;         /* of a history with edits; `was` and `removed` tell of them */
	const char *method;  /* edited: "exact" or "fold-in" */
	bool values_idle;    /* edited: other values change nothing for this run */
	size_t n_gone;       /* edited: rows that were among the first n and are no longer */
	size_t n;
	struct list_row *row; /* best first */
};

struct why_part {
	uint32_t item;   /* NO_ITEM by content, where: */
	const char *kind, *name; /* "word" and which, owned by the answer; else NULL */
	float value, attention;
};
struct why_neighbour { uint32_t user; float weight; };
struct why_answer {
	bool by_content;
	char *names;             /* what the parts' names point into */
	uint32_t user, item;
	char run[64];
	const char *method;      /* "exact" or "leave-one-out" */
	uint32_t rank;           /* 0: not ranked, see why_no_rank */
	const char *why_no_rank; /* NULL or fixed text */
	double score, base, rest, trained_score; /* NaN: none */
	size_t n_parts;
	struct why_part *part;   /* by falling absolute value */
	size_t n_more;           /* weaker ones that are not told */
	bool has_attention;
	uint32_t n_unread;       /* events of the history that are too old for the model to read */
	size_t n_neighbours;
	struct why_neighbour *neighbour;
};

/* The fewest events of the history without which an item leaves the best k. */
struct removal_answer {
	uint32_t user, item, k;
	char run[64];
	bool ranked;         /* it is among the best k; nothing is told otherwise */
	bool folded_in;      /* by the history, not by the user's trained vector */
	bool found, smallest;
	uint32_t rank;       /* without them */
	size_t n;
	uint32_t *without;   /* [n] items of the history */
};

/* Whether an explanation names what the score rests on; see explain/faithfulness.h. */
struct faithfulness_answer {
	uint32_t user, item;
	char run[64];
	const char *why_not;  /* NULL: told; else fixed text */
	uint32_t steps;       /* deletions */
	double value, random; /* NaN where not told */
	bool faithful;
};

/* What keeps an item out of the best k; see explain/whynot.h. */
struct whynot_reason {
	const char *code; /* fixed text */
	char text[240];
	char *file;       /* NULL: no row of a file stands behind it */
	uint64_t line;    /* 0: not known */
};
struct whynot_event { uint32_t item, rank; float value; };
struct whynot_answer {
	uint32_t user, item, k;
	char run[64];
	bool folded_in;
	uint32_t rank, trained_rank; /* 0: none */
	double score, gap;           /* NaN: none */
	size_t n_causes, n_held, n_add;
	struct whynot_reason *cause;
	struct whynot_event *held;   /* the strongest first */
	bool added, smallest;        /* an addition was found; no smaller one of the items tried does */
	uint32_t added_rank;
	uint32_t *add;               /* [n_add] items */
};

/* What two runs recommend to one person. */
struct beside_line {
	uint32_t item, rank[2]; /* by either run, from 1, however far down; 0: no candidate */
	float score[2];
	bool hit;
};
struct beside_answer {
	uint32_t user, k;
	char run[2][64];
	double overlap, rbo;       /* of the lists of k; NaN: neither has an item */
	uint32_t n[2];             /* their lengths */
	size_t n_lines;            /* the first run's list, then what only the second's has */
	struct beside_line *line;
	uint32_t *second;          /* [n[1]] lines of the second run's list, by rank */
};

enum nearest_by { NEAREST_MODEL, NEAREST_BEHAVIOUR, NEAREST_TEXT, N_NEAREST };
struct nearest_answer {
	uint32_t item;
	enum nearest_by by;
	char run[64];
	size_t n;
	struct list_row *row;
};

struct near_part { const char *word; /* in the answer's `words` */ float part; };
struct near_answer { /* explain/near.h */
	uint32_t item, other;
	char run[64];
	uint32_t users[2], both;
	double by_chance, model, behaviour, text; /* NaN: none */
	size_t n_words, n_tags;
	struct near_part *part; /* [n_words] */
	char *words;
	uint32_t *tag;          /* [n_tags] */
};

struct map_answer { /* explain/item_map.h: PANE_MAP by principal components, PANE_LAYOUT by neighbours */
	char run[64];
	size_t n;
	uint32_t *item;   /* [n] ascending */
	float *xy;        /* [n][2] */
	double share, kl; /* NaN: of the other one */
};

enum order_key { ORDER_NUMBER, ORDER_ID, ORDER_TITLE, ORDER_EVENTS, ORDER_MEAN, ORDER_METRIC };
struct order_answer { /* which rows of a big table show, in which order */
	enum order_key key;
	bool reverse;
	char filter[128];
	size_t n;
	uint32_t *row; /* users or items */
};

struct answer {
	enum pane pane;
	uint64_t serial;  /* of the request it answers */
	uint64_t data_id, split_id;
	struct err err;   /* ERR_OK, or why there is no answer */
	union {
		struct list_answer list;
		struct why_answer why; /* PANE_WHY, PANE_BESIDE_WHY */
		struct removal_answer removal;
		struct faithfulness_answer faithfulness;
		struct whynot_answer whynot;
		struct beside_answer beside;
		struct nearest_answer nearest; /* PANE_NEAREST, PANE_NEAREST_BEHAVIOUR, PANE_NEAREST_TEXT */
		struct near_answer near;
		struct map_answer map;     /* PANE_MAP, PANE_LAYOUT */
		struct order_answer order; /* PANE_USERS, PANE_ITEMS */
	};
};
void answer_free(struct answer *a); /* NULL is fine */

#endif
