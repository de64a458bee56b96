/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.h - where the bytes come from: plain files, folders of files, entries of archives.
 *
 * A PATH becomes a list of members: one for each file that may hold data, in the order of their names.
 * A member knows its first bytes, so that sniffing opens nothing twice.  A stream gives a member's bytes
 * from the start, unpacked on the way; nothing is written to disk.  WORKER; one thread a stream.
 */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/task.h"

#define HEAD_BYTES 65536

struct member {
	char *name;    /* as the operator would name it: "dir/a.csv", "a.zip:dir/b.csv" */
	char *base;    /* last part of the name, without .gz, .zst …: to recognise it by */
	char *path;    /* the file on disk */
	int64_t entry; /* which entry of the archive at path; -1: the file itself, as it is */
	uint64_t bytes; /* bytes on disk: of the file, or of the whole archive */
	char *head;    /* the first bytes, unpacked; NUL-terminated */
	size_t n_head;
	bool head_whole; /* head holds all of it */
	bool named;      /* it alone was asked for, by its path */
};

struct member_list {
	struct member *v;
	size_t n, cap;
};

/* Adds the members of one PATH.  A name that does not exist, cannot be read or holds no file is an error. */
bool member_list_add_path(struct member_list *l, const char *path, const struct task *task, struct err *err);
/* For source_archive.c: takes ownership of name. */
struct member *member_list_push(struct member_list *l, char *name, const char *path, int64_t entry, struct err *err);
void member_list_done(struct member_list *l);

struct stream;
struct stream *stream_open(const struct member *m, struct err *err);
/* Up to n bytes; 0 at the end; -1 with *err set. */
ssize_t stream_read(struct stream *s, void *buf, size_t n, struct err *err);
uint64_t stream_disk_bytes(const struct stream *s); /* of the file on disk, read so far */
void stream_close(struct stream *s);                /* NULL is fine */

#endif
