/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h - how figures and states read, alike in all views.  What is not a number reads as a dash. */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/session.h"

void text_count(char *out, size_t size, uint64_t n);             /* 1,682 */
void text_real(char *out, size_t size, double v, int decimals);  /* 0.071 */
void text_signed(char *out, size_t size, double v, int decimals); /* +0.31 */
/* Three figures worth telling whatever the size: 0.93, 12.1, 1,234, 1.2e-05. */
void text_short(char *out, size_t size, double v);
/* A rating, a count, a weight: no more decimals than it has. */
void text_value(char *out, size_t size, double v);
void text_share(char *out, size_t size, double v);               /* 6.30% */
void text_seconds(char *out, size_t size, double s);             /* 0:27 */

bool job_is_alive(const struct job_row *j);
bool job_is_paused(const struct job_row *j);

#endif
