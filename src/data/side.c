/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/side.h"

bool side_attach(struct dataset *d, struct events *e, const uint32_t *item_map, const struct side_file *files,
		 size_t n_files, const struct task *task, struct err *err)
{
	(void)d; (void)e; (void)item_map; (void)files; (void)n_files; (void)task; (void)err;
	return true;
}
