/* SPDX-License-Identifier: GPL-3.0-or-later */
/* title_parts.c - see title_parts.h. */
#include "ui/title_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text_words.h"

#define WORTH_A_MARK 0.2f /* of the strongest part */

static float part_of(const struct text_word *w, const struct why_part *part, size_t n, float least)
{
	for (size_t k = 0; k < n; k++)
		if (part[k].kind && !strcmp(part[k].kind, "word") && !strcmp(part[k].name, w->s))
			return fabsf(part[k].value) >= least ? part[k].value : 0;
	return 0;
}

/* value[size]: what each byte of the title says. */
static void weigh(const char *title, size_t size, const struct why_part *part, size_t n, float *value)
{
	struct text_words read = text_words_of(title, size);
	struct text_word w;
	float most = 0;

	for (size_t k = 0; k < n; k++)
		most = fmaxf(most, fabsf(part[k].value));
	while (text_words_next(&read, &w)) {
		float v = part_of(&w, part, n, WORTH_A_MARK * most);

		for (size_t b = w.from; b < w.to; b++)
			value[b] += v;
	}
}

static int sign_of(float v)
{
	return (v > 0) - (v < 0);
}

void title_parts(struct table_cell *out, const char *title, const struct why_part *part, size_t n)
{
	float value[CELL_SIZE] = { 0 };
	size_t size = strlen(title), at = 0;
	struct cell_part *open = NULL;

	if (size >= CELL_SIZE)
		size = CELL_SIZE - 1;
	weigh(title, size, part, n, value);
	out->n_bold = 0;
	for (size_t b = 0; b < size && at + 2 < CELL_SIZE; b++) {
		int sign = sign_of(value[b]);

		if (!sign || (b && sign != sign_of(value[b - 1])))
			open = NULL;
		if (sign && !open && out->n_bold < CELL_BOLDS) {
			open = &out->bold[out->n_bold++];
			open->from = (uint16_t)at;
			out->text[at++] = sign > 0 ? '+' : '-';
		}
		out->text[at++] = title[b];
		if (open)
			open->to = (uint16_t)at;
	}
	out->text[at] = '\0';
}
