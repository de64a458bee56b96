/* SPDX-License-Identifier: GPL-3.0-or-later */
/* surface - width, clipping, cutting and making safe happen in one place; this holds it to that. */
#include <locale.h>

#include "tap.h"
#include "ui/surface.h"

static struct surface s;

static const char *dump(void)
{
	static struct str out = STR_INIT;

	str_clear(&out);
	surface_dump(&s, &out);
	return str_text(&out);
}

static void start(int w, int h)
{
	surface_resize(&s, w, h);
	s.ascii = false;
}

static void cuts_are_marked(void)
{
	start(8, 1);
	ok(surface_text(&s, 0, 0, 8, 0, "12345678") == 8, "a text that fits is drawn whole");
	is_str(dump(), "12345678\n", "and not marked");
	surface_text(&s, 0, 0, 8, 0, "123456789");
	is_str(dump(), "1234567…\n", "a cut text ends in the mark");
	start(8, 1);
	surface_text_right(&s, 0, 0, 8, 0, "1,682");
	is_str(dump(), "   1,682\n", "numbers stand right");
	surface_text_right(&s, 0, 0, 4, 0, "1,682");
	is_str(dump(), "1,6…,682\n", "a number that does not fit says so");
}

static void wide_characters(void)
{
	start(6, 1);
	ok(surface_text(&s, 0, 0, 6, 0, "电影院") == 6, "three wide characters take six columns");
	is_str(dump(), "电影院\n", "whole");
	surface_text(&s, 1, 0, 1, 0, "x");
	is_str(dump(), " x影院\n", "half a wide character never stays");
	start(6, 1);
	surface_text(&s, 0, 0, 5, 0, "电影院");
	is_str(dump(), "电影…\n", "cut between characters");
	start(6, 1);
	surface_text(&s, 0, 0, 4, 0, "电影院");
	is_str(dump(), "电 …\n", "the column half a character leaves is blank");
	start(5, 1);
	surface_text(&s, 4, 0, 2, 0, "电");
	is_str(dump(), "\n", "at the right edge it becomes a blank");
}

static void text_is_made_safe(void)
{
	static char huge[1 << 20];

	start(24, 1);
	surface_text(&s, 0, 0, 24, 0, "a\x1b[31mred\x07\x9b" "b\xe2\x80\xae" "c");
	ok(!strchr(dump(), 0x1b) && !strchr(dump(), 0x07) && !strstr(dump(), "\xe2\x80\xae"),
	   "no escape, bell or bidi control is kept");
	ok(strchr(dump(), 'b') && strchr(dump(), 'c'), "what can be shown is");
	start(12, 1);
	surface_text(&s, 0, 0, 12, 0, "Ame\xcc\x81lie");
	is_str(dump(), "Ame\xcc\x81lie\n", "a combining mark stays with its letter");
	memset(huge, 'x', sizeof huge - 1);
	start(4, 1);
	surface_text(&s, 0, 0, 4, 0, huge);
	is_str(dump(), "xxx…\n", "of a text of a megabyte the start is drawn, marked");
}

static void ascii_has_twins(void)
{
	start(20, 1);
	s.ascii = true;
	surface_text(&s, 0, 0, 20, 0, "1 ± 2 · a – b …");
	is_str(dump(), "1 +- 2 . a - b ~\n", "marks have twins");
	ok(surface_width(&s, "±1") == 3, "which are measured as they are drawn");
	start(3, 1);
	s.ascii = true;
	surface_text(&s, 0, 0, 3, 0, "abcd");
	is_str(dump(), "ab~\n", "the cut too");
	for (int m = 0; m < N_MARKS; m++)
		for (const char *c = mark_table[m].twin; *c; c++)
			if (*c < 0x20 || *c > 0x7e)
				ok(false, "mark %d has an ASCII twin", m);
}

static void clip_holds(void)
{
	struct rect old;

	start(5, 2);
	old = surface_clip(&s, (struct rect){ 1, 0, 3, 1 });
	surface_fill(&s, (struct rect){ -4, -4, 20, 20 }, '#', 0);
	surface_text(&s, 0, 1, 5, 0, "never");
	surface_text(&s, 3, 0, 2, 0, "电");
	surface_clip(&s, old);
	is_str(dump(), " ##\n\n", "nothing is drawn outside of the clip");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	ok(surface_init(&s, 10, 3), "a surface");
	cuts_are_marked();
	wide_characters();
	text_is_made_safe();
	ascii_has_twins();
	clip_holds();
	surface_done(&s);
	return done_testing();
}
