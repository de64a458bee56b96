/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.h - what all views are made of: panes with a table each, a focus, a state of their own.
 *
 * A frame goes: place (sizes), sync (rows are counted, questions asked), draw (only looks).  Keys reach a
 * view as the actions they are bound to; what is alike in all views (moving, clicking, searching) is done in
 * view.c.  UI thread.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "app/session.h"
#include "ui/action.h"
#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/pane.h"
#include "ui/table.h"

struct call;
struct result;
struct view;

struct view_kind {
	const char *name, *title;
	const struct pane_spec *panes;
	int n_panes, first_focus;
	size_t state_size;
	void (*init)(struct view *v);                      /* state comes zeroed; may be NULL */
	void (*done)(struct view *v);
	void (*sync)(struct view *v, struct session *s);   /* before draw: sets table[].n through view_rows() */
	/* False: not for this pane.  An edit asks the screen for the prompt through view_ask(). */
	bool (*handle)(struct view *v, struct session *s, const struct act *act);
	void (*draw)(const struct view *v, const struct session *s, struct surface *out);
	/* Appends what stands for {what} of the focused row; false: there is none. */
	bool (*value)(const struct view *v, struct session *s, const char *what, struct str *out);
	/* A command's answer that this view shows itself; true: taken. */
	bool (*result)(struct view *v, struct session *s, const struct call *call, const struct result *r);
	/* Before the rows are searched: makes those that v->search brings.  May be NULL. */
	void (*find)(struct view *v, struct session *s);
	/* The text that / searches in.  The row is there: rows are counted (sync) right before. */
	void (*row_text)(const struct view *v, const struct session *s, int pane, size_t row, struct str *out);
};

/* What a view asks the screen to do after handle(). */
struct view_wish {
	char prompt_label[64], prompt_text[128]; /* a line to edit; goes to answer() */
	bool wants_prompt;
	void (*answer)(struct view *v, struct session *s, const char *text);
	char question[160];                              /* "…?": y goes to yes(), any other key is no */
	bool wants_yes;
	void (*yes)(struct view *v, struct session *s);
	char line[512];                                  /* an action or a command to carry out; "": none */
};

struct view {
	const struct view_kind *kind;
	void *state;
	int focus;
	int shown[MAX_PANES];          /* of each narrow group */
	bool wide;
	struct rect body;              /* of the last view_place() */
	struct pane_box box[MAX_PANES];
	struct table table[MAX_PANES];
	struct view_wish wish;
	char search[128];
	size_t search_at, search_left; /* rows still to be looked at */
	int search_step;               /* +1, -1, 0: no search is under way */
	bool search_begins;
};

extern const struct view_kind *const view_list[]; /* in the order of the tabs; NULL-terminated */
#define N_VIEWS 7

void view_init(struct view *v, const struct view_kind *kind);
void view_done(struct view *v);
void view_place(struct view *v, struct rect body);
void view_focus(struct view *v, int pane);
void view_show(struct view *v, int pane); /* of its narrow group, while the focus is in another one */
bool view_focus_name(struct view *v, const char *name); /* also "next", "previous" */
const char *view_pane_name(const struct view *v);
bool view_move(struct view *v, const char *where);      /* up … last */
bool view_click(struct view *v, int x, int y);          /* true: on the row that had the cursor already */
void view_wheel(struct view *v, int x, int y, int rows);
void view_search(struct view *v, const char *text, int step);
/* Looks on until `deadline` (clock_now); true while there is more to look at. */
bool view_search_on(struct view *v, struct session *s, double deadline);

/* For the views' own use. */
void view_rows(struct view *v, int pane, size_t n);
struct rect view_pane(const struct view *v, struct surface *out, int pane, const char *title);
void view_table(const struct view *v, struct surface *out, int pane, struct rect r,
		const struct table_column *columns, int n_columns, table_cell_fn *cell, const void *ctx,
		bool pending);
bool view_shows(const struct view *v, int pane);
void view_ask(struct view *v, const char *label, const char *text,
	      void (*answer)(struct view *v, struct session *s, const char *text));
void view_confirm(struct view *v, const char *question, void (*yes)(struct view *v, struct session *s));
bool view_carry_out(struct view *v, const char *line); /* false: it is too long */
/* The empty state of a view without data. */
extern const char view_no_data[];

#endif
