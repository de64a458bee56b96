/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_items.h - what v_items.c (rows, questions, actions), v_items_map.c and v_items_draw.c share.
 *
 * Two kinds of one view: the three lists of what is near an item, and the map.  `m` changes the kind; the state and the
 * table of items are the same.
 */
#ifndef UI_V_ITEMS_H
#define UI_V_ITEMS_H

#include "ui/v_map.h"
#include "ui/view.h"

enum { ITEMS, NEAREST /* + enum nearest_by */, ABOUT = NEAREST + N_NEAREST, WHY_NEAR };
enum { MAP = 1, MAP_ABOUT };
enum { I_TITLE, I_EVENTS, I_MEAN };

/* What was asked last, to tell whether it must be asked again. */
struct near_question {
	uint32_t item, other, epoch;
	char run[80]; /* its label */
	uint64_t split;
};

struct items_state {
	uint64_t data_id;
	size_t order;
	bool reverse, wants_order;
	char filter[128];
	uint32_t item, go_item;
	enum nearest_by by;      /* of which the narrow form shows, Why tells and the map lights */
	bool by_chosen;          /* by the operator; else by the model where it can, by behaviour where not */
	char no_model[80];       /* a run that said it cannot */
	struct near_question asked[N_NEAREST], asked_near;
	uint32_t other;          /* the neighbour under the cursor; NO_ITEM */
	struct map_state map;
};

uint32_t items_at(const struct items_state *st, const struct session *s, size_t row);
const struct order_answer *items_order(const struct items_state *st, const struct session *s, bool *pending);
const struct nearest_answer *items_nearest(const struct items_state *st, const struct session *s, enum nearest_by by,
					   bool *pending);
const struct near_answer *items_near(const struct items_state *st, const struct session *s, bool *pending);
/* Rows of the items and who is under the cursor; false: no data. */
bool items_sync_rows(struct view *v, struct session *s);
void items_ask_nearest(struct items_state *st, struct session *s, enum nearest_by by);
bool items_set_by(struct items_state *st, const struct session *s, const char *name); /* "": the next one */
bool items_handle_rows(struct view *v, struct session *s, const struct act *act); /* sort, filter, show-item … */
bool items_value_of(const struct items_state *st, struct session *s, uint32_t item, const char *what, struct str *out);

void items_done(struct view *v);

/* v_items_map.c */
extern const struct view_kind view_items_map;
bool items_show_map(struct view *v, const struct act *act); /* from either kind to the one that is meant */

/* v_items_draw.c */
void items_draw(const struct view *v, const struct session *s, struct surface *out);
void items_draw_list(const struct view *v, const struct session *s, struct surface *out);
void items_draw_about(const struct view *v, const struct session *s, int pane, struct surface *out);
bool items_draw_without_data(const struct view *v, const struct session *s, struct surface *out); /* true: there are none */
size_t items_near_rows(const struct near_answer *near);

#endif
