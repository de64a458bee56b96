/* SPDX-License-Identifier: GPL-3.0-or-later */
/* title_parts.h - a title whose words speak for or against it: each stretch that does is drawn bold, behind a
 * + or a - that says which.  Words of a script without blanks overlap: their parts are added up a character.
 * What is under a fifth of the strongest part is not marked.  UI thread.
 */
#ifndef UI_TITLE_PARTS_H
#define UI_TITLE_PARTS_H

#include "app/session.h"
#include "ui/table.h"

/* Fills out->text and out->bold; the parts are an explanation's by content. */
void title_parts(struct table_cell *out, const char *title, const struct why_part *part, size_t n);

#endif
