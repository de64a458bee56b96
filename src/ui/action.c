/* SPDX-License-Identifier: GPL-3.0-or-later */
/* action.c - the rows; screen.c does what belongs to no view, the views the rest. */
#include "ui/action.h"

#include <string.h>

/* Those that can be hidden. */
#define COMPARE_COLUMNS "recall|coverage|diversity|novelty|train|ms|p99|memory|noise|cold|faithful|explanation"

const struct action action_table[N_ACTIONS] = {
	[ACT_VIEW] = { ACT_VIEW, "view", "view NAME", "shows a view",
		       NULL, "data|train|users|items|compare|jobs|odd" },
	[ACT_PANE] = { ACT_PANE, "pane", "pane next|previous|NAME", "moves the focus to a pane", NULL, "next|previous" },
	[ACT_MOVE] = { ACT_MOVE, "move", "move up|down|left|right|page-up|page-down|first|last", "moves the cursor",
		       NULL, "up|down|left|right|page-up|page-down|first|last" },
	[ACT_SEARCH] = { ACT_SEARCH, "search", "search TEXT", "finds the next row with the text", NULL, NULL },
	[ACT_SEARCH_NEXT] = { ACT_SEARCH_NEXT, "search-next", "search-next", "finds it again", NULL, NULL },
	[ACT_SEARCH_PREVIOUS] = { ACT_SEARCH_PREVIOUS, "search-previous", "search-previous", "finds it upwards",
				  NULL, NULL },
	[ACT_FILTER] = { ACT_FILTER, "filter", "filter [TEXT]", "shows only rows with the text", "users items odd", NULL },
	[ACT_SORT] = { ACT_SORT, "sort", "sort [number|id|title|events|mean|metric]  or  sort [surprise|gap|difference|taste|churn|events]  or  sort [COLUMN]",
		       "orders by the column, or by the next one; the second of Odd, the third of Compare", "users items odd compare",
		       "number|id|title|events|mean|metric|surprise|gap|difference|taste|churn|run|value|interval|" COMPARE_COLUMNS },
	[ACT_REVERSE] = { ACT_REVERSE, "reverse", "reverse", "turns the order round", "users items odd compare", NULL },
	[ACT_BACK] = { ACT_BACK, "back", "back", "clears the filter or the message", NULL, NULL },
	[ACT_HELP] = { ACT_HELP, "keys", "keys", "shows the keys, the actions and the commands", NULL, NULL },
	[ACT_REDRAW] = { ACT_REDRAW, "redraw", "redraw", "draws the screen afresh", NULL, NULL },
	[ACT_SUSPEND] = { ACT_SUSPEND, "suspend", "suspend", "gives the terminal back until fg", NULL, NULL },
	[ACT_HOLD] = { ACT_HOLD, "hold", "hold", "pauses the job of this row, or lets it go on", "train jobs", NULL },
	[ACT_FOLLOW] = { ACT_FOLLOW, "follow", "follow", "lets the run in training answer, or not", "train", NULL },
	[ACT_OVERLAY] = { ACT_OVERLAY, "overlay", "overlay", "keeps this run's curves in the plots, or not", "train",
			  NULL },
	[ACT_LOG_SCALE] = { ACT_LOG_SCALE, "log-scale", "log-scale", "loss on a log scale, or not", "train", NULL },
	[ACT_BEST] = { ACT_BEST, "best", "best", "marks the best epoch, or not", "train", NULL },
	[ACT_EDIT] = { ACT_EDIT, "edit", "edit", "edits the setting under the cursor", "train", NULL },
	[ACT_OPEN] = { ACT_OPEN, "open", "open", "goes to what stands behind the row, or to what is near it; looks for what is odd; compares",
		       "items odd compare", NULL },
	[ACT_EXPLAIN] = { ACT_EXPLAIN, "why", "why", "explains the recommended item under the cursor", "users", NULL },
	[ACT_WHYNOT] = { ACT_WHYNOT, "why-not", "why-not ITEM", "tells what keeps an item out of the user's list",
			 "users items", NULL, "item" },
	[ACT_BY] = { ACT_BY, "by", "by [model|behaviour|text]  or  by [history|content]",
		     "what makes items near; what an explanation is broken down by", "users items",
		     "model|behaviour|text|history|content" },
	[ACT_GO_USER] = { ACT_GO_USER, "show-user", "show-user USER", "goes to a user", NULL, NULL, "user" },
	[ACT_GO_ITEM] = { ACT_GO_ITEM, "show-item", "show-item ITEM", "goes to an item", NULL, NULL, "item" },
	[ACT_TOGGLE_EVENT] = { ACT_TOGGLE_EVENT, "toggle-event", "toggle-event",
			       "what if: takes the event out of the history, or brings it back", "users", NULL },
	[ACT_ADD_EVENT] = { ACT_ADD_EVENT, "add-event", "add-event ITEM", "what if: adds the item to the history",
			    "users", NULL, "item" },
	[ACT_RATE_EVENT] = { ACT_RATE_EVENT, "rate-event", "rate-event [VALUE]",
			     "what if: gives the event another value", "users", NULL },
	[ACT_UNDO] = { ACT_UNDO, "undo", "undo", "undoes the last edit of the history", "users", NULL },
	[ACT_REDO] = { ACT_REDO, "redo", "redo", "does it again", "users", NULL },
	[ACT_EPOCH] = { ACT_EPOCH, "epoch", "epoch previous|next|now", "shows the lists as they stood at another epoch",
			"train users", "previous|next|now" },
	[ACT_WATCH] = { ACT_WATCH, "watch", "watch [next|previous]",
			"keeps this user's lists in the trainings to come, or not; goes to a watched user", "train users",
			"next|previous" },
	[ACT_CLEAR_EDITS] = { ACT_CLEAR_EDITS, "clear-edits", "clear-edits", "drops all edits of the history", "users",
			      NULL },
	[ACT_MAP] = { ACT_MAP, "map", "map [off|components|neighbours]", "shows the items as a map, or the next one",
		      "items", "off|components|neighbours" },
	[ACT_ZOOM] = { ACT_ZOOM, "zoom", "zoom in|out|all", "how much of the map is seen", "items", "in|out|all" },
	[ACT_COLOUR] = { ACT_COLOUR, "colour", "colour", "colours the map by tag, then shows one tag after the other",
			 "items", NULL },
	[ACT_MARK] = { ACT_MARK, "mark", "mark", "marks the run, or not: those that are marked are held against each other, two by two",
		       "compare", NULL },
	[ACT_COLUMNS] = { ACT_COLUMNS, "columns", "columns [COLUMN]", "hides a column, or shows it again; without one shows all",
			  "compare", "bar|" COMPARE_COLUMNS },
	[ACT_CURVE] = { ACT_CURVE, "curve", "curve [mmr|popularity]",
			"what choosing the run's lists anew costs in accuracy and buys in variety", "compare", "mmr|popularity" },
	[ACT_GO_RUN] = { ACT_GO_RUN, "show-run", "show-run RUN", "goes to a run", NULL, NULL, "use" },
	[ACT_BESIDE] = { ACT_BESIDE, "beside", "beside [RUN]", "another run's list beside this one's, or the next run's; back ends it",
			 "users", NULL, "use" },
};

const struct action *action_find(const char *name)
{
	for (size_t i = 0; i < N_ACTIONS; i++)
		if (action_table[i].name && !strcmp(action_table[i].name, name))
			return &action_table[i];
	return NULL;
}

bool action_is_of(const struct action *a, const char *view)
{
	size_t n = strlen(view);

	for (const char *at = a->views; at && *at;) {
		size_t word = strcspn(at, " ");

		if (word == n && !strncmp(at, view, n))
			return true;
		at += word + (at[word] == ' ');
	}
	return !a->views;
}
