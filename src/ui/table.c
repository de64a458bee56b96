/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - see table.h. */
#include "ui/table.h"

#include <string.h>

#include "ui/bars.h"

/* Blanks between columns: two where there is room for all columns, else one. */
#define WIDE_GAP 2
#define GAP 1

void table_init(struct table *t)
{
	memset(t, 0, sizeof *t);
	t->sorted = -1;
}

void table_place(struct table *t, size_t n, int lines)
{
	size_t rows = lines > 0 ? (size_t)lines : 1;

	t->n = n;
	t->rows = lines > 0 ? lines : 0;
	if (t->cursor >= n)
		t->cursor = n ? n - 1 : 0;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (t->cursor >= t->top + rows)
		t->top = t->cursor - rows + 1;
	if (t->top + rows > n) /* no blank lines while there are rows above */
		t->top = n > rows ? n - rows : 0;
}

void table_go(struct table *t, size_t row)
{
	t->cursor = row < t->n ? row : t->n ? t->n - 1 : 0;
}

bool table_move(struct table *t, enum table_move m)
{
	size_t page = t->rows > 1 ? (size_t)t->rows - 1 : 1, was = t->cursor;
	size_t last = t->n ? t->n - 1 : 0;

	switch (m) {
	case MOVE_UP:
		t->cursor -= t->cursor > 0;
		break;
	case MOVE_DOWN:
		t->cursor += t->cursor < last;
		break;
	case MOVE_PAGE_UP:
		t->cursor -= t->cursor < page ? t->cursor : page;
		break;
	case MOVE_PAGE_DOWN:
		t->cursor = last - t->cursor < page ? last : t->cursor + page;
		break;
	case MOVE_FIRST:
		t->cursor = 0;
		break;
	case MOVE_LAST:
		t->cursor = last;
		break;
	}
	return t->cursor != was;
}

static int needed(const struct table_column *columns, const bool *on, int n, int gap)
{
	int sum = 0, shown = 0;

	for (int i = 0; i < n; i++)
		if (on[i]) {
			sum += columns[i].width ? columns[i].width : columns[i].least;
			shown++;
		}
	return sum + (shown ? (shown - 1) * gap : 0);
}

int table_fit(const struct table_column *columns, int n, int cols, struct table_slot *out)
{
	bool on[TABLE_COLUMNS];
	int growing = 0, spare, x = 0, shown = 0, gap;

	for (int i = 0; i < n; i++)
		on[i] = columns[i].width >= 0;
	gap = needed(columns, on, n, WIDE_GAP) <= cols ? WIDE_GAP : GAP;
	for (;;) {
		int worst = -1;

		if (needed(columns, on, n, gap) <= cols)
			break;
		for (int i = 0; i < n; i++)
			if (on[i] && columns[i].drop && (worst < 0 || columns[i].drop >= columns[worst].drop))
				worst = i;
		if (worst < 0)
			break;
		on[worst] = false;
	}
	for (int i = 0; i < n; i++)
		growing += on[i] && !columns[i].width;
	spare = cols - needed(columns, on, n, gap);
	for (int i = 0; i < n; i++) {
		int w = columns[i].width ? columns[i].width : columns[i].least;

		if (!on[i])
			continue;
		if (!columns[i].width && spare > 0) {
			w += spare / growing;
			spare -= spare / growing--;
		}
		if (x + w > cols) /* nothing more gives way: what does not fit is cut, marked */
			w = cols - x;
		if (w <= 0)
			break;
		out[shown++] = (struct table_slot){ .column = i, .x = x, .w = w };
		x += w + gap;
	}
	return shown;
}

static void draw_head(const struct table *t, struct surface *s, struct rect r, const struct table_column *columns,
		      const struct table_slot *slot, int n)
{
	for (int i = 0; i < n; i++) {
		const struct table_column *c = &columns[slot[i].column];
		int x = r.x + 1 + slot[i].x, w = slot[i].w;
		bool arrow = slot[i].column == t->sorted;
		int used;

		if (arrow && w > 1) {
			int title = surface_width(s, c->title);
			int at = c->right ? x + w - 1 : x + (title < w ? title : w - 1);

			surface_mark(s, at, r.y, STYLE_HEAD, t->reverse ? MARK_UP : MARK_DOWN);
			w -= 1;
		}
		used = c->right ? surface_text_right(s, x, r.y, w, STYLE_HEAD, c->title)
				: surface_text(s, x, r.y, w, STYLE_HEAD, c->title);
		(void)used;
	}
}

/* Columns of the first n bytes of a cell's text. */
static int columns_before(struct surface *s, const struct table_cell *cell, size_t n)
{
	char before[CELL_SIZE];

	memcpy(before, cell->text, n);
	before[n] = '\0';
	return surface_width(s, before);
}

static void draw_bold(struct surface *s, int x, int y, int used, const struct table_cell *cell, uint16_t style)
{
	for (unsigned k = 0; k < cell->n_bold; k++) {
		int from = columns_before(s, cell, cell->bold[k].from), to = columns_before(s, cell, cell->bold[k].to);

		if (to > used)
			to = used;
		if (from < to)
			surface_style(s, (struct rect){ x + from, y, to - from, 1 }, style | STYLE_BOLD);
	}
}

static void draw_cell(struct surface *s, int x, int y, int w, const struct table_column *c,
		      const struct table_cell *cell, uint16_t style)
{
	if (c->bar)
		bar_draw(s, x, y, w, cell->bar, style);
	else if (c->right)
		surface_text_right(s, x, y, w, style, cell->text);
	else
		draw_bold(s, x, y, surface_text(s, x, y, w, style, cell->text), cell, style);
}

static void draw_row(const struct table *t, struct surface *s, struct rect line, size_t row,
		     const struct table_column *columns, const struct table_slot *slot, int n, table_cell_fn *fn,
		     const void *ctx, unsigned flags)
{
	bool cursor = row == t->cursor && !(flags & TABLE_NO_CURSOR), dim = flags & TABLE_PENDING;
	uint16_t over = cursor && (flags & TABLE_FOCUS) ? STYLE_REVERSE : 0;
	struct table_cell cell;

	if (over)
		surface_fill(s, line, ' ', STYLE_PLAIN | STYLE_REVERSE);
	if (cursor)
		surface_mark(s, line.x, line.y, STYLE_PLAIN | over, (flags & TABLE_FOCUS) ? MARK_CURSOR : MARK_DOT);
	for (int i = 0; i < n; i++) {
		const struct table_column *c = &columns[slot[i].column];

		cell.text[0] = '\0';
		cell.n_bold = 0;
		cell.bar = 0;
		cell.style = c->bar ? STYLE_BAR : STYLE_PLAIN;
		cell.dim_row = cell.span = false;
		fn(ctx, row, slot[i].column, &cell);
		if (c->bar && cell.bar < 0 && cell.style == STYLE_BAR)
			cell.style = STYLE_BAR_NEGATIVE;
		dim |= cell.dim_row;
		if (c->bar && over) { /* reversed, a bar would be a hole */
			surface_fill(s, (struct rect){ line.x + 1 + slot[i].x, line.y, slot[i].w, 1 }, ' ', STYLE_PLAIN);
			draw_cell(s, line.x + 1 + slot[i].x, line.y, slot[i].w, c, &cell, cell.style);
			continue;
		}
		/* A colour on the reversed row would turn its background: the cursor row is plain. */
		draw_cell(s, line.x + 1 + slot[i].x, line.y, cell.span ? line.w - 2 - slot[i].x : slot[i].w, c, &cell,
			  over ? STYLE_PLAIN | over : dim ? STYLE_DIM : cell.style);
		if (cell.span)
			break;
	}
}

void table_draw(const struct table *t, struct surface *s, struct rect r, const struct table_column *columns,
		int n_columns, table_cell_fn *cell, const void *ctx, unsigned flags)
{
	struct table_slot slot[TABLE_COLUMNS];
	int n = table_fit(columns, n_columns, r.w - 2, slot), y = r.y;

	if (r.h <= 0)
		return;
	if (flags & TABLE_HEAD)
		draw_head(t, s, (struct rect){ r.x, y++, r.w, 1 }, columns, slot, n);
	for (size_t row = t->top; row < t->n && y < r.y + r.h; row++, y++)
		draw_row(t, s, (struct rect){ r.x, y, r.w, 1 }, row, columns, slot, n, cell, ctx, flags);
}
