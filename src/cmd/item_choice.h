/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_choice.h - only= and not=: items named by tags, or listed in files.
 *
 * A list "TAG,TAG,FILE" means the items of any of them.  What is a tag of the data is taken for one (./NAME is
 * a file for certain); a file has the id of an item a line.  WORKER.  cmd/ only.
 */
#ifndef CMD_ITEM_CHOICE_H
#define CMD_ITEM_CHOICE_H

#include "base/str.h"
#include "cmd/words.h"
#include "data/dataset.h"

/* Bars what `only` does not name and what `without` does; either may be NULL.  *barred: bit set [I], NULL
 * where nothing is barred yet; mem_free() it.  told: a line for each file with ids that the data lack. */
bool item_choice_bar(const struct dataset *d, const struct word *only, const struct word *without, uint64_t **barred,
		     struct str *told, struct err *err);

#endif
