/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_compare.h - the inside of the Compare view: v_compare.c what is kept and the panes, v_compare_table.c the table. */
#ifndef UI_V_COMPARE_H
#define UI_V_COMPARE_H

#include <jansson.h>

#include "ui/view.h"

enum { TABLE, METRICS, VERDICT, COST, APPETITE, RERANK, N_COMPARE };

enum { C_RUN, C_VALUE, C_INTERVAL, C_BAR, C_RECALL, C_COVERAGE, C_DIVERSITY, C_NOVELTY, C_TRAIN, C_MS, C_P99, C_BYTES,
       C_NOISE, C_COLD, C_FAITHFULNESS, C_EXPLAIN, N_COMPARE_COLUMNS };

#define MAX_KS 6
#define MAX_NAMES 24
#define MARKS_MOST 8

struct compare_state {
	json_t *rows;            /* as they were told, best first, referenced; NULL: none yet */
	json_t *shown;           /* the same in the order of the screen */
	json_t *rewards;         /* what the data reward, referenced; NULL: not asked for */
	json_t *verdict;         /* sentences, referenced; NULL: runs were compared, not models */
	json_t *pairs;           /* of the runs that are marked, referenced; NULL: none */
	json_t *curve;           /* rows of `rerank`, referenced; NULL: none */
	char curve_of[64], curve_by[16];
	char metric[32], on[16], data[96];
	size_t asked;            /* models, while they are trained; 0: all is told */
	uint64_t split;
	int sorted;              /* a column */
	bool reverse, hidden[N_COMPARE_COLUMNS];
	char marked[MARKS_MOST][64];
	size_t n_marked;
	char under[64];          /* the run under the cursor: it stays there when rows come or are sorted */
	/* The grid of that run. */
	const json_t *grid_of;
	char name[MAX_NAMES][32], k[MAX_KS][12];
	double value[MAX_NAMES][MAX_KS];
	size_t n_names, n_ks;
};

const char *compare_text_in(const json_t *o, const char *key); /* "": there is none */
const json_t *compare_row(const struct view *v);               /* under the cursor; NULL: none */

/* v_compare_table.c */
void compare_sort(struct compare_state *st);                   /* shown anew from rows */
bool compare_set_order(struct compare_state *st, const char *name); /* "": the next one */
bool compare_falls(const struct compare_state *st);              /* the greatest is on top */
bool compare_hide(struct compare_state *st, const char *name); /* or shows it again; "": shows all */
bool compare_is_marked(const struct compare_state *st, const char *run);
/* The line that asks for the pairs goes to *out, which stays empty where less than two are marked. */
bool compare_mark(struct compare_state *st, const char *run, struct str *out);
void compare_draw_table(const struct view *v, struct surface *out, struct rect in);
void compare_draw_pairs(const struct view *v, struct surface *out);

#endif
