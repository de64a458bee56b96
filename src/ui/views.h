/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views.h - the views, one file each; view.c lists them. */
#ifndef UI_VIEWS_H
#define UI_VIEWS_H

#include "ui/view.h"

extern const struct view_kind view_data, view_train, view_users, view_items, view_compare, view_jobs,
	view_odd;

#endif
