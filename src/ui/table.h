/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h - rows that are asked for when they show: a cursor, scrolling, columns that give way.
 *
 * A table knows how many rows there are, never what is in them; drawing asks a function for the cells of
 * the visible rows alone, so that ten million rows cost what twenty do.  UI thread.
 */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include "ui/surface.h"

#define TABLE_COLUMNS 16
#define CELL_SIZE 320
#define CELL_BOLDS 12

struct table_column {
	const char *title;
	int width;    /* columns; 0: shares what is left; -1: not there for these data */
	int least;    /* of those with width 0: dropped below it */
	int drop;     /* 0: never; when narrow the greatest goes first */
	bool right;   /* numbers */
	bool bar;     /* shows cell.bar, not cell.text */
};

struct table_cell {
	char text[CELL_SIZE];
	double bar;        /* -1..1 */
	uint16_t style;    /* STYLE_PLAIN to begin with */
	bool span;         /* goes on over the columns to the right, which are not asked for */
	bool dim_row;      /* set in any column: the row is of no use now */
	/* Parts of a text that are drawn bold, in bytes; not of one that stands right. */
	unsigned n_bold;
	struct cell_part { uint16_t from, to; } bold[CELL_BOLDS];
};
/* Fills what is not blank; `out` comes cleared. */
typedef void table_cell_fn(const void *ctx, size_t row, int column, struct table_cell *out);

struct table {
	size_t n, cursor, top;
	int rows;          /* lines that show rows; set by table_place */
	int sorted;        /* the column that shows an arrow, or -1 */
	bool reverse;
};

enum table_move { MOVE_UP, MOVE_DOWN, MOVE_PAGE_UP, MOVE_PAGE_DOWN, MOVE_FIRST, MOVE_LAST };

void table_init(struct table *t);
/* n rows are there, `lines` lines show them: keeps the cursor among them and in sight. */
void table_place(struct table *t, size_t n, int lines);
bool table_move(struct table *t, enum table_move m); /* false: could not */
void table_go(struct table *t, size_t row);          /* in sight at the next table_place */

#define TABLE_HEAD 1   /* the first line of r names the columns */
#define TABLE_FOCUS 2
#define TABLE_PENDING 4 /* all dim: a newer answer is under way */
#define TABLE_NO_CURSOR 8
void table_draw(const struct table *t, struct surface *s, struct rect r, const struct table_column *columns,
		int n_columns, table_cell_fn *cell, const void *ctx, unsigned flags);
/* The columns that fit `cols`, with their place; returns how many (for drawing, and for tests). */
struct table_slot { int column, x, w; };
int table_fit(const struct table_column *columns, int n, int cols, struct table_slot *out);

#endif
