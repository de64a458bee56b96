/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_odd.h - what v_odd.c (rows, actions), v_odd_draw.c (the two lists) and v_odd_behind.c (what stands behind a row of them) share. */
#ifndef UI_V_ODD_H
#define UI_V_ODD_H

#include "cmd/odd_report.h"
#include "ui/view.h"

enum { QUEUE, FLAGS, BEHIND };
enum { C_USER, C_EVENTS, C_NDCG, C_GAP, C_DIFFERENCE, C_TASTE, C_CHURN, C_KINDS }; /* columns of QUEUE */

/* A row of BEHIND: a reason, or a user or an item that stands behind it. */
struct behind_row {
	enum { BEHIND_REASON, BEHIND_USER, BEHIND_ITEM } is;
	const char *label; /* fixed text */
	uint32_t who;      /* the user or item; of a reason the one that is flagged */
	size_t flag;       /* of the report; SIZE_MAX: none */
	size_t event;      /* it is this event's item; SIZE_MAX: none */
};

struct odd_state {
	const struct odd_report *report; /* referenced; NULL: nothing was asked yet */
	uint64_t split;                  /* that it was made on */
	size_t order;
	bool reverse, wants_rows;
	char filter[128];
	size_t n_users, n_flags, n_behind; /* rows */
	uint32_t *user;                  /* [n_users] */
	size_t *flag;                    /* [n_flags] of the report's, rare kinds first */
	int from;                        /* QUEUE or FLAGS: BEHIND tells of the row under this one's cursor */
	int behind_from;                 /* … as it was when `behind` was filled; -1: never */
	uint32_t behind_user;
	size_t behind_flag;
	size_t cap_behind;
	struct behind_row *behind;
};

/* Under the cursor of the list; NO_USER, SIZE_MAX: none. */
uint32_t odd_user_under(const struct view *v);
size_t odd_flag_under(const struct view *v);
/* Who has at most one flag of a kind: which, or SIZE_MAX. */
size_t odd_flag_of(const struct odd_report *r, enum odd_kind kind, uint32_t who);

const char *odd_order_name(const struct odd_state *st);

/* v_odd_draw.c */
void odd_draw(const struct view *v, const struct session *s, struct surface *out);

/* v_odd_behind.c */
void odd_fill_behind(struct view *v, const struct session *s);
void odd_draw_behind(const struct view *v, const struct session *s, struct surface *out);
/* Appends what a row of BEHIND says of its flag or who it is. */
void odd_behind_text(const struct behind_row *b, const struct odd_report *r, const struct dataset *d, struct str *out);

#endif
