/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one file that knows libarchive.  Every stream opens its archive anew and walks to its entry: the
 * members of an archive are few, and no state is shared between threads. */
#include "data/source_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define READ_BLOCK (1u << 18)

struct archive_stream {
	struct archive *a;
	const struct member *m; /* borrowed */
	uint64_t unpacked, limit;
};

bool archive_is_packed(const char *head, size_t n)
{
	static const struct { const char *magic; size_t n, at; } kinds[] = {
		{ "\x1f\x8b", 2, 0 },           /* gzip */
		{ "\x28\xb5\x2f\xfd", 4, 0 },   /* zstd */
		{ "\xfd" "7zXZ\0", 6, 0 },      /* xz */
		{ "BZh", 3, 0 },                /* bzip2 */
		{ "\x04\x22\x4d\x18", 4, 0 },   /* lz4 */
		{ "PK\x03\x04", 4, 0 },         /* zip */
		{ "PK\x05\x06", 4, 0 },         /* an empty zip */
		{ "7z\xbc\xaf\x27\x1c", 6, 0 }, /* 7-Zip */
		{ "ustar", 5, 257 },            /* tar */
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (n >= kinds[i].at + kinds[i].n && !memcmp(head + kinds[i].at, kinds[i].magic, kinds[i].n))
			return true;
	return false;
}

static bool archive_error(struct err *err, const char *name, struct archive *a)
{
	const char *why = archive_error_string(a);

	if (!why)
		why = "unknown fault";
	if (strstr(why, "runcated") || strstr(why, "nexpected end") || strstr(why, "remature"))
		return err_at(err, ERR_SYNTAX, name, 0, "ends early (%s): copy or download it again", why);
	if (strstr(why, "assphrase") || strstr(why, "ncrypt"))
		return err_at(err, ERR_UNSUPPORTED, name, 0, "is encrypted: unpack it first");
	return err_at(err, ERR_SYNTAX, name, 0, "cannot be unpacked (%s): it is damaged or of an unknown kind", why);
}

static struct archive *open_archive(const char *path, struct err *err)
{
	struct archive *a = archive_read_new();

	if (!a) {
		err_set(err, ERR_NOMEM, "no memory to unpack %s", path);
		return NULL;
	}
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_zip(a);
	archive_read_support_format_7zip(a);
	archive_read_support_format_raw(a); /* a lone .gz: lowest bid, so archives come first */
	if (archive_read_open_filename(a, path, READ_BLOCK) != ARCHIVE_OK) {
		archive_error(err, path, a);
		archive_read_free(a);
		return NULL;
	}
	return a;
}

static uint64_t unpack_limit(uint64_t bytes)
{
	return UNPACK_FREE + bytes * UNPACK_RATIO;
}

static bool within_limit(struct archive_stream *s, uint64_t more, struct err *err)
{
	char most[32];

	s->unpacked += more;
	if (s->unpacked <= s->limit)
		return true;
	return err_at(err, ERR_RANGE, s->m->name, 0,
		      "expands to more than %s, over %d times its size: likely a zip bomb; unpack it by hand if you "
		      "trust it", str_bytes(s->limit, most), UNPACK_RATIO);
}

static ssize_t read_entry(struct archive_stream *s, char *buf, size_t n, struct err *err)
{
	size_t got = 0;

	while (got < n) {
		la_ssize_t k = archive_read_data(s->a, buf + got, n - got);

		if (k == ARCHIVE_RETRY || k == ARCHIVE_WARN)
			continue;
		if (k < 0) {
			archive_error(err, s->m->name, s->a);
			return -1;
		}
		if (k == 0)
			break;
		got += (size_t)k;
		if (!within_limit(s, (uint64_t)k, err))
			return -1;
	}
	return (ssize_t)got;
}

/* Goes to the end of an entry.  Only a zip can jump there; the rest must be unpacked to be passed, which
 * takes time, and is where a bomb would go off unseen. */
static bool pass_entry(struct archive_stream *s, const struct task *task, struct err *err)
{
	const void *block;
	size_t n;
	la_int64_t at;
	int r;

	if ((archive_format(s->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP)
		return archive_read_data_skip(s->a) >= ARCHIVE_WARN || archive_error(err, s->m->name, s->a);
	while ((r = archive_read_data_block(s->a, &block, &n, &at)) == ARCHIVE_OK || r == ARCHIVE_WARN || r == ARCHIVE_RETRY)
		if (!task_keep_going(task))
			return task_cancelled(err);
		else if (!within_limit(s, n, err))
			return false;
	return r == ARCHIVE_EOF || archive_error(err, s->m->name, s->a);
}

/* Names inside archives are shown and matched, never opened: any bytes will do. */
static char *entry_name(const char *path, struct archive_entry *entry, bool raw)
{
	const char *inside = raw ? NULL : archive_entry_pathname(entry);
	struct str name = STR_INIT;

	str_puts(&name, path);
	if (!raw)
		str_printf(&name, ":%s", inside ? inside : "(unnamed)");
	return str_take(&name);
}

static bool add_entries(struct member_list *l, struct archive *a, const char *path, uint64_t bytes,
			const struct task *task, struct err *err)
{
	struct archive_entry *entry;
	int64_t at = 0;
	int r;

	while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		bool raw = archive_format(a) == ARCHIVE_FORMAT_RAW;
		struct archive_stream s = { .a = a, .limit = unpack_limit(bytes) };
		struct member *m;
		ssize_t n;

		if (!raw && archive_entry_filetype(entry) != AE_IFREG) {
			at++;
			continue;
		}
		m = member_list_push(l, entry_name(path, entry, raw), path, at++, err);
		if (!m)
			return false;
		s.m = m;
		m->bytes = bytes;
		n = read_entry(&s, m->head, HEAD_BYTES, err);
		if (n < 0)
			return false;
		m->n_head = (size_t)n;
		m->head_whole = m->n_head < HEAD_BYTES;
		if (raw) /* one file, packed: there is nothing behind it */
			return true;
		if (!pass_entry(&s, task, err))
			return false;
	}
	return r == ARCHIVE_EOF ? true : archive_error(err, path, a);
}

bool archive_add_members(struct member_list *l, const char *path, uint64_t bytes, const struct task *task,
			 struct err *err)
{
	struct archive *a = open_archive(path, err);
	bool fine;

	if (!a)
		return false;
	fine = add_entries(l, a, path, bytes, task, err);
	archive_read_free(a);
	return fine;
}

struct archive_stream *archive_stream_open(const struct member *m, struct err *err)
{
	struct archive_stream *s;
	struct archive_entry *entry;
	struct archive *a = open_archive(m->path, err);

	if (!a)
		return NULL;
	for (int64_t at = 0; at <= m->entry; at++) { /* the way was gone once, and found to be no bomb */
		int r = archive_read_next_header(a, &entry);

		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
			if (r == ARCHIVE_EOF)
				err_at(err, ERR_IO, m->path, 0, "changed while it was read");
			else
				archive_error(err, m->path, a);
			archive_read_free(a);
			return NULL;
		}
	}
	s = mem_must(calloc(1, sizeof(*s)));
	s->a = a;
	s->m = m;
	s->limit = unpack_limit(m->bytes);
	return s;
}

ssize_t archive_stream_read(struct archive_stream *s, void *buf, size_t n, struct err *err)
{
	return read_entry(s, buf, n, err);
}

uint64_t archive_stream_disk_bytes(const struct archive_stream *s)
{
	la_int64_t n = archive_filter_bytes(s->a, -1);

	return n > 0 ? (uint64_t)n : 0;
}

void archive_stream_close(struct archive_stream *s)
{
	archive_read_free(s->a);
	free(s);
}
