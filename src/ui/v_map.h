/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_map.h - the map of the item vectors, drawn in the place of what is near.
 *
 * Dots are items (explain/item_map.h says where they lie), the chosen one, its neighbours and what was searched for are
 * lit.  Zoomed in the map is around the chosen item or the one that was found, and what moves the cursor else moves the
 * map.  UI thread.
 */
#ifndef UI_V_MAP_H
#define UI_V_MAP_H

#include "app/session.h"
#include "ui/action.h"
#include "ui/surface.h"

#define MAP_TAGS 4

enum map_shows { MAP_OFF, MAP_COMPONENTS, MAP_LAYOUT, N_MAP_SHOWS };
struct map_asked { /* what a pane of the scorer was asked for last */
	char run[80];
	uint32_t epoch;
	uint64_t split;
};
struct map_state {
	enum map_shows shows;
	struct map_asked asked[2]; /* components, layout */
	uint64_t data_id;
	uint32_t n_tags, tag[MAP_TAGS];  /* those of most items */
	uint32_t tag_items[MAP_TAGS];
	unsigned colour;           /* 0: none, 1: all tags by colour, 2…: one tag alone */
	unsigned zoom;             /* 0: all of it; else as many doublings */
	double pan_x, pan_y;       /* zoomed in: from the chosen item, in widths and heights of what is seen */
	uint32_t item;             /* that they are of */
	uint32_t centre;           /* zoomed in: what is in the middle but for the pan; the chosen item, or one that was found */
	char sought[128];          /* "": nothing */
	size_t n_found;
	uint32_t *found;           /* [n_found] items with `sought` in their titles, by number; owned */
};

void map_sync(struct map_state *m, struct session *s, uint32_t item);
void map_forget(struct map_state *m); /* what was found */
/* Items of the map with the text in their titles, but those that are lit as neighbours. */
void map_find(struct map_state *m, const struct session *s, const char *text, const struct nearest_answer *near);
/* False: not for the map.  focus: the keys that move are meant for it. */
bool map_handle(struct map_state *m, const struct act *act, bool focus);
void map_title(const struct map_state *m, const struct session *s, char *out, size_t size, bool *pending);
/* near: what to light beside m->item and what was found; cursor: which of them, the neighbours first, is told at the
 * bottom; SIZE_MAX: none. */
void map_draw(const struct map_state *m, const struct session *s, const struct nearest_answer *near, size_t cursor,
	      struct surface *out, struct rect in);

#endif
