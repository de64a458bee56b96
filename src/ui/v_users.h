/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users.h - what v_users.c (rows, questions, actions), v_users_people.c, v_users_edit.c and
 * v_users_draw.c share.
 *
 * "user" is a number as session_person() tells: of a user of the data, or of a persona. */
#ifndef UI_V_USERS_H
#define UI_V_USERS_H

#include "cmd/stability_told.h"
#include "ui/scrub.h"
#include "ui/view.h"

enum { USERS, HISTORY, LIST, WHY };

enum { U_ID, U_EVENTS, U_MEAN, U_METRIC };

/* What was asked last, to tell whether it must be asked again. */
struct question {
	uint32_t user, item, epoch;
	char run[80]; /* its label */
	uint64_t data_id, split;
	uint64_t edits; /* their serial */
	bool asked, by_content;
};

struct users_state {
	uint64_t data_id;
	size_t order;          /* index into orders */
	bool reverse, wants_order, why_on, by_content;
	char filter[128];
	struct question list, why, removal, faithfulness, whynot, beside, beside_why;
	char beside_run[64];   /* the second run that was asked last */
	int side;              /* of two lists the cursor is in: 0 or 1 */
	struct scrub scrub;    /* the epoch of the answering run that shows */
	struct list_answer then; /* the list as it stood at it; its rows are owned */
	uint32_t whynot_item;  /* NO_ITEM: Why tells of the list's row */
	uint32_t *persona;     /* [n_persona] numbers of those that show, above the users */
	size_t n_persona;
	uint32_t *added;       /* [n_added] items that edits add, newest first, and a persona's: the rows above the events */
	float *added_x;        /* [n_added] */
	size_t n_added;
	uint32_t user;         /* under the cursor; NO_USER: none */
	uint32_t *event;       /* [n_event] of the user, in the order shown */
	size_t n_event, n_test;
	size_t n_friend;       /* rows behind the events */
	size_t n_known;        /* distinct items of the history */
	uint32_t event_user;
	uint64_t event_split;
	enum action_id put_off; /* the edit that waits for an answer, and its word */
	char put_off_arg[128];
	bool has_stability;    /* the latest that was found, of whom and what it says */
	struct stability_told stability;
	uint32_t go_user;      /* to be found once the rows are there */
};

/* Number USERS row `row` stands for; NO_USER beyond the rows. */
uint32_t users_at(const struct users_state *st, const struct session *s, size_t row);
/* The item of a row of HISTORY, and its event among the user's; NO_ITEM: the row is none, it is a friend's.  *event
 * is SIZE_MAX for an item that an edit adds. */
uint32_t users_row_item(const struct users_state *st, const struct dataset *d, size_t row, size_t *event);
/* The friend a row of HISTORY stands for; NO_USER: it is an event. */
uint32_t users_friend(const struct users_state *st, const struct dataset *d, size_t row);
/* The answers that show, or NULL; *pending: a newer one is under way. */
const struct order_answer *users_order(const struct users_state *st, const struct session *s, bool *pending);
const struct list_answer *users_list(const struct users_state *st, const struct session *s, bool *pending);
const struct why_answer *users_why(const struct users_state *st, const struct session *s, bool *pending);
/* The answers about the item that Why shows, or NULL while there is none. */
const struct removal_answer *users_removal(const struct users_state *st, const struct session *s);
const struct faithfulness_answer *users_faithfulness(const struct users_state *st, const struct session *s);
/* Was this asked already of the user, run and history that show?  And: it is asked now. */
bool users_asked(const struct question *q, const struct users_state *st, const struct session *s, enum pane pane,
		 uint32_t item);
void users_note_question(struct question *q, const struct users_state *st, const struct session *s, uint32_t item);
/* v_users_why.c: asks what Why tells of the item, as far as it was not asked. */
void users_ask_why(struct users_state *st, struct session *s, uint32_t item);
/* v_users_whynot.c: why an item is not in the list.  The answer about it, or NULL; its rows, and the item of one. */
const struct whynot_answer *users_whynot(const struct users_state *st, const struct session *s, bool *pending);
size_t users_whynot_rows(const struct whynot_answer *w);
uint32_t users_whynot_item(const struct whynot_answer *w, size_t row); /* NO_ITEM: a line of text */
void users_ask_whynot(struct users_state *st, struct session *s);
bool users_begin_whynot(struct view *v, struct session *s, const char *text); /* id or title; false: there is no user */
/* What an edit of this user's history says of an item; NULL: nothing. */
const struct edit *users_edit_of(const struct users_state *st, const struct session *s, uint32_t item);
/* Goes to a user once the rows are there. */
void users_go(struct users_state *st, uint32_t user);

/* Rows of the users, who is under the cursor, and the events of theirs; false: no data. */
bool users_sync_people(struct view *v, struct session *s);
void users_done(struct view *v);
void users_draw_people(const struct view *v, const struct session *s, struct surface *out);

/* v_users_beside.c: two runs side by side; name "": the next one that can stand there */
extern const struct view_kind view_users_beside;
void users_open_beside(struct view *v, struct session *s, const char *name);

/* v_users_people.c: personas among the users, and the rows of a history */
void users_list_personas(struct users_state *st, const struct session *s);
void users_list_events(struct users_state *st, const struct session *s, const struct dataset *d);
bool users_is_of_other_data(const struct users_state *st, const struct session *s); /* under the cursor is such a persona */
const char *users_name(uint32_t user, const struct session *s); /* id, or a persona's name; "" nobody */
void users_word(uint32_t user, const struct session *s, struct str *out); /* as commands take it: quoted, or persona=NAME */
bool users_has_in_history(const struct users_state *st, const struct session *s, uint32_t item);
bool users_result(struct view *v, struct session *s, const struct call *call, const struct result *r);

/* What edits make of the history of who is under the cursor: something else than what is kept. */
bool users_is_edited(const struct users_state *st, const struct session *s);
uint32_t users_explained(const struct view *v, const struct session *s); /* what Why tells of; NO_ITEM: nothing yet */
/* v_users_edit.c: the actions that edit the history; false: not one of them, or not for this pane. */
bool users_edit(struct view *v, struct session *s, const struct act *act);
uint32_t users_find_item(const struct dataset *d, const char *text); /* by id, else by title; NO_ITEM */
/* v_users_scrub.c: the actions that step through epochs; false: none of them. */
bool users_scrub(struct view *v, struct session *s, const struct act *act);
bool users_scrubs(const struct users_state *st, const struct session *s); /* an earlier epoch shows */
void users_scrub_sync(struct users_state *st, const struct session *s);
void users_say_then(const struct users_state *st, const struct session *s, char *out, size_t size);
const char *users_why_no_then(const struct users_state *st, const struct session *s);
void users_draw_ranks(const struct view *v, const struct session *s, struct surface *out); /* in the place of Why */
/* Items of the history, or contents of the item, that the explanation names no part for; they have a row of their
 * own when there are any. */
size_t users_why_others(const struct users_state *st, const struct why_answer *why);
/* Rows above the parts that say what else is shown or left out. */
size_t users_why_notes(const struct users_state *st, const struct session *s, const struct why_answer *why);
/* What the panes are drawn from. */
struct users_drawing {
	const struct users_state *st;
	const struct session *s;
	const struct dataset *d;
	const struct list_answer *list;
	const struct why_answer *why;
	const float *metric;
	double most; /* the greatest absolute part */
};

/* Why there is nothing: an error, no run, or nothing yet. */
void users_say_nothing(const struct users_drawing *c, enum pane pane, struct surface *out, struct rect in,
		       const char *otherwise);
void users_draw_whynot(const struct view *v, const struct users_drawing *c, struct surface *out);
void users_name_content(const struct why_part *p, char *out, size_t size); /* "word", "kind: name" */
void users_draw_why(const struct view *v, struct users_drawing *c, struct surface *out);
void users_draw(const struct view *v, const struct session *s, struct surface *out);

#endif
