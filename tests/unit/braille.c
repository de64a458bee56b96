/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap.h"
#include "ui/braille.h"

#include <math.h>

static void ramp_fills_the_diagonal(void)
{
	uint8_t bits[2 * 4];
	struct braille b = { .cols = 4, .rows = 2, .bits = bits };
	double v[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	char row[3 * 4 + 1];

	braille_clear(&b);
	braille_series(&b, v, 8, 0, 7);
	braille_row_utf8(&b, 0, row);
	is_str(row, "⠀⠀⡠⠊", "upper half of a ramp");
	braille_row_utf8(&b, 1, row);
	is_str(row, "⡠⠊⠀⠀", "lower half of a ramp");
}

static void nan_breaks_the_line(void)
{
	uint8_t bits[4];
	struct braille b = { .cols = 4, .rows = 1, .bits = bits };
	double v[8] = { 1, 1, NAN, NAN, NAN, NAN, 1, INFINITY };
	char row[3 * 4 + 1];

	braille_clear(&b);
	braille_series(&b, v, 8, 0, 1);
	braille_row_utf8(&b, 0, row);
	is_str(row, "⠉⠀⠀⠉", "NaN is a gap, infinity is clamped");
}

static void constant_series_does_not_divide_by_zero(void)
{
	uint8_t bits[1];
	struct braille b = { .cols = 1, .rows = 1, .bits = bits };
	double v[2] = { 3, 3 };

	braille_clear(&b);
	braille_series(&b, v, 2, 3, 3);
	ok(bits[0] != 0, "lo == hi draws in the middle");
}

int main(void)
{
	ramp_fills_the_diagonal();
	nan_breaks_the_line();
	constant_series_does_not_divide_by_zero();
	return done_testing();
}
