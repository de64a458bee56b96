/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.h - files read and replaced whole.
 *
 * file_write_whole(): a temporary beside the target, write, fsync, rename, fsync of the folder; a kill
 * at any moment leaves the old file or the new one.  Errors name the path and the reason.  Thread: ANY.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

bool file_write_whole(const char *path, const void *bytes, size_t n, int mode, struct err *err);

/* The same for what is written in pieces: begin, write to ->f, then commit or abandon. */
struct file_writer {
	FILE *f;
	char *path, *tmp;
};
bool file_writer_begin(struct file_writer *w, const char *path, int mode, struct err *err);
bool file_writer_commit(struct file_writer *w, struct err *err); /* also checks ferror() */
void file_writer_abandon(struct file_writer *w);                 /* fine after commit */

/* *bytes is NUL-terminated beyond *n; free with mem_free().  Refuses more than max bytes. */
bool file_read_whole(const char *path, size_t max, char **bytes, size_t *n, struct err *err);
bool file_exists(const char *path);
bool file_is_folder(const char *path);
bool file_make_folders(const char *path, int mode, struct err *err); /* mkdir -p */
bool file_remove_tree(const char *path, struct err *err); /* never follows symbolic links */
char *file_join(const char *folder, const char *name); /* free() */
/* Whether a name that an operator gives can be a file's: what says of what ("a run").  At most `most` bytes. */
bool file_name_check(const char *what, const char *name, size_t most, struct err *err);
const char *file_base(const char *path);               /* points into path */
/* An exclusive advisory lock on path (made when missing); -1 with *err set.  close(fd) releases. */
int file_lock(const char *path, struct err *err);

#endif
