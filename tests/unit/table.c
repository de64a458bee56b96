/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table - the cursor stays among the rows and in sight; columns give way as they say; only visible rows are asked. */
#include <locale.h>
#include <stdlib.h>

#include "tap.h"
#include "ui/table.h"

static struct surface s;
static size_t asked_least, asked_most, asked;

static const struct table_column columns[] = {
	{ .title = "name", .least = 8 },
	{ .title = "count", .width = 6, .right = true },
	{ .title = "mean", .width = 5, .right = true, .drop = 1 },
	{ .title = "bar", .width = 4, .bar = true, .drop = 2 },
};

static void cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	(void)ctx;
	asked++;
	asked_least = row < asked_least ? row : asked_least;
	asked_most = row > asked_most ? row : asked_most;
	if (column == 0)
		snprintf(out->text, sizeof out->text, "row %zu", row);
	else if (column == 1)
		snprintf(out->text, sizeof out->text, "%zu", row * 100);
	else if (column == 3)
		out->bar = 0.5;
}

static const char *dump(void)
{
	static struct str out = STR_INIT;

	str_clear(&out);
	surface_dump(&s, &out);
	return str_text(&out);
}

static void moves_stay_within(void)
{
	struct table t;
	size_t n = 0, wrong = 0;

	table_init(&t);
	srand48(1);
	for (int i = 0; i < 20000; i++) {
		if (i % 50 == 0)
			n = (size_t)(lrand48() % 60);
		table_move(&t, (enum table_move)(lrand48() % 6));
		table_place(&t, n, (int)(lrand48() % 20));
		wrong += n ? t.cursor >= n || t.cursor < t.top || t.cursor >= t.top + (size_t)(t.rows ? t.rows : 1)
			   : t.cursor != 0 || t.top != 0;
		wrong += n && t.rows && t.top + (size_t)t.rows > n && t.top > 0;
	}
	ok(!wrong, "whatever the moves, rows and lines, the cursor is a row in sight (%zu wrong)", wrong);
}

static void ten_million_rows(void)
{
	struct table t;

	table_init(&t);
	table_place(&t, 10000000, 4);
	table_move(&t, MOVE_LAST);
	table_place(&t, 10000000, 4);
	surface_resize(&s, 30, 5);
	asked = asked_most = 0;
	asked_least = SIZE_MAX;
	table_draw(&t, &s, (struct rect){ 0, 0, 30, 5 }, columns, 4, cell, NULL, TABLE_HEAD | TABLE_FOCUS);
	ok(asked == 16 && asked_least == 9999996 && asked_most == 9999999, "of ten million rows four are asked for");
}

static void columns_give_way(void)
{
	struct table_slot slot[TABLE_COLUMNS];
	struct table t;

	ok(table_fit(columns, 4, 60, slot) == 4 && slot[0].w == 60 - 15 - 6, "all fit: the first takes what is left");
	ok(table_fit(columns, 4, 24, slot) == 3 && slot[2].column == 2, "the greatest drop goes first");
	ok(table_fit(columns, 4, 16, slot) == 2, "then the next");
	ok(table_fit(columns, 4, 10, slot) == 2 && slot[1].x + slot[1].w == 10, "what never drops is cut");
	table_init(&t);
	table_place(&t, 2, 2);
	t.sorted = 1;
	surface_resize(&s, 26, 3);
	table_draw(&t, &s, (struct rect){ 0, 0, 26, 3 }, columns, 4, cell, NULL, TABLE_HEAD | TABLE_FOCUS);
	is_str(dump(), " name        count↓  mean\n>row 0            0\n row 1          100\n",
	       "heads, arrow, cursor and numbers");
	ok(s.cell[26].style & STYLE_REVERSE && !(s.cell[52].style & STYLE_REVERSE), "the cursor row is reversed");
	table_draw(&t, &s, (struct rect){ 0, 0, 26, 3 }, columns, 4, cell, NULL, TABLE_HEAD);
	ok(s.cell[26].cp == 0xb7 && !(s.cell[26].style & STYLE_REVERSE), "without the focus it has a dot");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	surface_init(&s, 30, 5);
	moves_stay_within();
	ten_million_rows();
	columns_give_way();
	surface_done(&s);
	return done_testing();
}
