/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed files and archives: the same data as the folder they were made of; what is cut, bent, locked or a
 * bomb is refused. */
#include <archive.h>
#include <archive_entry.h>

#include "data_fixture.h"

struct part {
	const char *name;
	const char *bytes;
	size_t n;
};

/* Returns the path: free(). */
static char *pack(const char *name, int (*format)(struct archive *), int (*filter)(struct archive *),
		  const struct part *parts, size_t n)
{
	char *path = file_join(fixture_folder, name);
	struct archive *a = archive_write_new();

	if (format(a) < ARCHIVE_WARN || (filter && filter(a) < ARCHIVE_WARN) ||
	    archive_write_open_filename(a, path) != ARCHIVE_OK)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_pathname(e, parts[i].name);
		archive_entry_set_size(e, (la_int64_t)parts[i].n);
		if (archive_write_header(a, e) != ARCHIVE_OK ||
		    archive_write_data(a, parts[i].bytes, parts[i].n) != (la_ssize_t)parts[i].n)
			abort();
		archive_entry_free(e);
	}
	archive_write_close(a);
	archive_write_free(a);
	return path;
}

static void drop(char *path)
{
	unlink(path);
	free(path);
}

static void ratings(struct str *s)
{
	str_puts(s, "userId,movieId,rating,timestamp\n");
	for (unsigned i = 0; i < 40000; i++)
		str_printf(s, "%u,%u,%u,%u\n", i * 7919 % 1009, i * 104729 % 5003, i % 5 + 1, 900000000 + i * 31 % 65521);
}

static const char movies[] = "movieId,title,genres\n1,\"One, two\",A|B\n2,Caf\xc3\xa9,B\n";

static void test_same(void)
{
	static const struct { const char *name; int (*format)(struct archive *); int (*filter)(struct archive *); } kinds[] = {
		{ "a.zip", archive_write_set_format_zip, NULL },
		{ "a.tar", archive_write_set_format_pax_restricted, NULL },
		{ "a.tar.gz", archive_write_set_format_pax_restricted, archive_write_add_filter_gzip },
		{ "a.tar.zst", archive_write_set_format_pax_restricted, archive_write_add_filter_zstd },
		{ "a.tar.xz", archive_write_set_format_pax_restricted, archive_write_add_filter_xz },
		{ "a.tar.bz2", archive_write_set_format_pax_restricted, archive_write_add_filter_bzip2 },
	};
	struct str text = STR_INIT;
	struct part parts[3] = { { "ml/movies.csv", movies, sizeof(movies) - 1 }, { "ml/README", "Read me, please.\n", 17 } };
	struct dataset *plain, *d;
	struct err err;
	char *folder, *path;

	ratings(&text);
	parts[2] = (struct part){ "ml/ratings.csv", text.s, text.len };
	for (int i = 0; i < 3; i++)
		free(fixture_put(parts[i].name, parts[i].bytes, parts[i].n));
	folder = file_join(fixture_folder, "ml");
	plain = fixture_load_path(folder, NULL, &err);
	if (!ok(plain && plain->n_events > 30000, "the folder loads"))
		return;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		path = pack(kinds[k].name, kinds[k].format, kinds[k].filter, parts, 3);
		d = fixture_load_path(path, NULL, &err);
		if (!ok(d && d->fingerprint == plain->fingerprint && !strcmp(d->name, "a"), "%s gives the same", kinds[k].name))
			printf("# %s\n", d ? d->name : err.msg);
		is_str(d ? dataset_title(d, dataset_find_item(d, "1")) : "", "One, two", kinds[k].name);
		dataset_unref(d);
		drop(path);
	}
	path = pack("ratings.csv.gz", archive_write_set_format_raw, archive_write_add_filter_gzip, &parts[2], 1);
	d = fixture_load_path(path, NULL, &err);
	ok(d && d->fingerprint == plain->fingerprint && !strcmp(d->name, "ratings"), "a lone .gz gives the same");
	dataset_unref(d);
	drop(path);
	dataset_unref(plain);
	file_remove_tree(folder, &err);
	free(folder);
	str_done(&text);
}

static void is_refused(const char *name, const void *bytes, size_t n, const char *words, const char *what)
{
	struct err err;
	struct dataset *d = fixture_load_bytes(name, bytes, n, NULL, &err);

	if (!ok(!d && strstr(err.msg, words) && strstr(err.file, name) && err.msg[0], "%s", what))
		printf("# %s\n", d ? "(loaded)" : err.msg);
	dataset_unref(d);
}

static void test_damaged(void)
{
	struct str text = STR_INIT;
	struct part part = { "ratings.csv", NULL, 0 };
	struct err err;
	struct dataset *d;
	char *path, *bytes;
	size_t n;

	ratings(&text);
	part.bytes = text.s;
	part.n = text.len;
	path = pack("a.csv.gz", archive_write_set_format_raw, archive_write_add_filter_gzip, &part, 1);
	if (!file_read_whole(path, 1 << 24, &bytes, &n, &err))
		abort();
	is_refused("cut.csv.gz", bytes, n / 2, "ends early", "a truncated .gz");
	memset(bytes + n / 2, 0x55, 40);
	d = fixture_load_bytes("bent.csv.gz", bytes, n, NULL, &err);
	/* libarchive does not compare a .gz's checksum; what comes out bent is rejected row by row. */
	ok(!d || d->report.rejected_total > 0, "a damaged .gz does not pass unseen");
	dataset_unref(d);
	is_refused("stub.csv.gz", bytes, 7, "", "a .gz of 7 bytes");
	is_refused("stub.zip", "PK\3\4\24\0\0\0", 8, "", "a .zip of 8 bytes");
	mem_free(bytes);
	drop(path);
	path = pack("a.zip", archive_write_set_format_zip, NULL, &part, 1);
	if (!file_read_whole(path, 1 << 24, &bytes, &n, &err))
		abort();
	is_refused("cut.zip", bytes, n / 2, "", "a truncated .zip");
	memset(bytes + n / 2, 0x55, 40);
	is_refused("bent.zip", bytes, n, "", "a damaged .zip");
	mem_free(bytes);
	drop(path);
	path = pack("none.zip", archive_write_set_format_zip, NULL, NULL, 0);
	if (!file_read_whole(path, 1 << 24, &bytes, &n, &err))
		abort();
	is_refused("empty.zip", bytes, n, "holds no files", "an empty .zip");
	mem_free(bytes);
	drop(path);
	str_done(&text);
}

/* 100 MB of one row, over and over, pack into 100 kB: as the events, and beside them. */
static void test_bomb(void)
{
	const size_t n = 100000000;
	char *bomb = malloc(n), *path;
	struct part parts[2] = { { "ratings.csv", "userId,movieId\n1,2\n2,2\n", 23 }, { "z.csv", bomb, n } };
	struct err err;
	struct dataset *d;

	memcpy(bomb, "user,item\n1", 11);
	for (size_t i = 11; i < n; i++)
		bomb[i] = ",1\n1"[i % 4];
	for (int k = 0; k < 2; k++) {
		path = k ? pack("bomb.tar.gz", archive_write_set_format_pax_restricted, archive_write_add_filter_gzip, parts, 2)
			 : pack("bomb.csv.gz", archive_write_set_format_raw, archive_write_add_filter_gzip, parts + 1, 1);
		d = fixture_load_path(path, NULL, &err);
		if (!ok(!d && strstr(err.msg, "zip bomb") && strstr(err.file, "bomb."), "a bomb in a %s", k ? ".tar.gz" : ".gz"))
			printf("# %s\n", d ? "(loaded)" : err.msg);
		dataset_unref(d);
		drop(path);
	}
	free(bomb);
}

int main(void)
{
	if (!fixture_begin())
		return 1;
	test_same();
	test_damaged();
	test_bomb();
	fixture_end();
	return done_testing();
}
