/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Titles whose words speak for or against them. */
#include "ui/title_parts.h"

#include <string.h>

#include "tap.h"

/* The bold stretches in brackets. */
static const char *marked(const struct table_cell *c)
{
	static char out[2 * CELL_SIZE];
	size_t at = 0;

	for (size_t b = 0; b <= strlen(c->text); b++) {
		for (unsigned k = 0; k < c->n_bold; k++) {
			if (c->bold[k].to == b)
				out[at++] = ']';
			if (c->bold[k].from == b)
				out[at++] = '[';
		}
		out[at++] = c->text[b];
	}
	return out;
}

static void is(const char *title, const struct why_part *part, size_t n, const char *want, const char *what)
{
	static struct table_cell c;

	title_parts(&c, title, part, n);
	ok(!strcmp(marked(&c), want), "%s: %s", what, marked(&c));
}

int main(void)
{
	const struct why_part space[] = {
		{ .kind = "word", .name = "space", .value = 0.5f },
		{ .kind = "tag", .name = "opera", .value = 0.4f },
		{ .kind = "word", .name = "1999", .value = -0.2f },
		{ .kind = "word", .name = "the", .value = 0.01f },
	};
	const struct why_part mind[] = {
		{ .kind = "word", .name = "\u5fc3\u7406", .value = 0.3f },
		{ .kind = "word", .name = "\u7406\u5b66", .value = 0.1f },
		{ .kind = "word", .name = "\u533b\u751f", .value = -0.2f },
	};
	char longest[500], many[200] = "";
	struct table_cell c;
	bool inside = true;

	is("Space Opera: the Space (1999)", space, 4, "[+Space] Opera: the [+Space] ([-1999])",
	   "words are marked by their sign, tags and the weak are not");
	is("Space", space, 0, "Space", "without parts");
	is("", space, 4, "", "without a title");
	is("\u5fc3\u7406\u5b66 \u533b\u751f!", mind, 3, "[+\u5fc3\u7406\u5b66] [-\u533b\u751f]!", "overlapping pairs are one stretch");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "space ", 6);
	longest[sizeof(longest) - 1] = '\0';
	title_parts(&c, longest, space, 4);
	ok(strlen(c.text) < CELL_SIZE && c.n_bold == 1, "a long title is cut");
	for (int k = 0; k < 20; k++)
		strcat(many, "space ");
	title_parts(&c, many, space, 4);
	for (unsigned k = 0; k < c.n_bold; k++)
		inside = inside && c.bold[k].to == c.bold[k].from + 6;
	ok(c.n_bold == CELL_BOLDS && inside, "no more stretches than there is room for");
	return done_testing();
}
