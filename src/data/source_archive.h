/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_archive.h - packed files and archives, read through libarchive without unpacking to disk.
 *
 * What expands to more than UNPACK_RATIO times its own size is refused: a zip bomb, or a file that is
 * better unpacked by hand.  WORKER.
 */
#ifndef DATA_SOURCE_ARCHIVE_H
#define DATA_SOURCE_ARCHIVE_H

#include "data/source.h"

#define UNPACK_RATIO 200
#define UNPACK_FREE (UINT64_C(64) << 20) /* so much is always allowed */

bool archive_is_packed(const char *head, size_t n); /* by the magic bytes of a file */
bool archive_add_members(struct member_list *l, const char *path, uint64_t bytes, const struct task *task,
			 struct err *err);

struct archive_stream;
struct archive_stream *archive_stream_open(const struct member *m, struct err *err);
ssize_t archive_stream_read(struct archive_stream *s, void *buf, size_t n, struct err *err);
uint64_t archive_stream_disk_bytes(const struct archive_stream *s);
void archive_stream_close(struct archive_stream *s);

#endif
