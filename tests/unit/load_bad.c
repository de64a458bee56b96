/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bad input: each gives one clear error that names the file, and the line where there is one; never a
 * crash.  And what is odd but fine is read. */
#include <fcntl.h>
#include <sys/stat.h>

#include "data_fixture.h"

/* `text` must not load; the error must name line `line` and hold `words`. */
static void is_refused(const char *name, const void *bytes, size_t n, const struct load_options *o, uint64_t line,
		       const char *words, const char *what)
{
	struct err err;
	struct dataset *d = fixture_load_bytes(name, bytes, n, o, &err);

	if (!ok(!d && strstr(err.msg, words) && strstr(err.file, name) && err.line == line && !strchr(err.msg, '\n'), "%s", what))
		printf("#  got: %s at %s:%llu\n# want: %s at line %llu\n", d ? "(loaded)" : err.msg, err.file,
		       (unsigned long long)err.line, words, (unsigned long long)line);
	dataset_unref(d);
}

#define REFUSED(name, text, line, words, what) is_refused(name, text, sizeof(text) - 1, NULL, line, words, what)

static void is_rejected(const char *text, size_t n, uint64_t line, const char *reason, const char *what)
{
	struct load_options o;
	struct err err;
	struct dataset *d;
	const struct reject *r;

	load_options_init(&o);
	o.max_bad = 0.5;
	d = fixture_load_bytes("a.csv", text, n, &o, &err);
	if (!ok(d && d->report.rejected_total == 1 && d->report.n_rejects == 1, "%s: one row is rejected", what)) {
		printf("# %s\n", d ? "another number of rejects" : err.msg);
		dataset_unref(d);
		return;
	}
	r = &d->report.rejects[0];
	if (!ok(r->line == line && r->file == 0, "%s: its line", what))
		printf("# got %llu\n", (unsigned long long)r->line);
	is_str(r->reason, reason, what);
	dataset_unref(d);
}

#define REJECTED(text, line, reason, what) is_rejected(text, sizeof(text) - 1, line, reason, what)
#define HEAD "user,item,rating\n"

static void test_rows(void)
{
	REJECTED(HEAD "1,2,3\n1,2\n1,3,4\n", 3, "2 fields where 3 are due", "short row");
	REJECTED(HEAD "1,2,3\n1,2,3,4\n1,3,4\n", 3, "4 fields where 3 are due", "long row");
	REJECTED(HEAD "1,2,3\n\n1,2,5 stars\n1,3,4\n", 4, "\"5 stars\" is not a number", "words for a number");
	REJECTED(HEAD "1,2,1e999\n1,2,3\n1,3,4\n", 2, "\"1e999\" is not a number", "a number beyond all");
	REJECTED(HEAD "1,2,nan\n1,2,3\n1,3,4\n", 2, "\"nan\" is not a number", "nan");
	REJECTED(HEAD "1,2,3\n1,\"a\nb\"c,3\n1,3,4\n", 3, "a quote stands inside a field, or something behind a closing one",
		 "text behind a quote");
	REJECTED(HEAD "1,2,3\n1,5\" disk,3\n1,3,4\n", 3, "a quote stands inside a field, or something behind a closing one",
		 "a quote inside a field");
	REJECTED(HEAD "1,2,3\n1,a\0b,3\n1,3,4\n", 3, "a NUL byte in the row", "NUL");
	REJECTED(HEAD "1,2,3\n1,a\rb,3\n1,3,4\n", 3, "a carriage return inside the row", "lone CR");
	REJECTED(HEAD "1,\xc3\xa9,3\n1,\xc3\xa8,3\n1,\xff,3\n1,3,4\n", 4, "broken UTF-8 in a file that is UTF-8 elsewhere",
		 "broken UTF-8");
	REJECTED("user,item,date\n1,2,2011-02-29\n1,3,2011-02-28\n", 2, "\"2011-02-29\" is not a date", "a day that is none");
	REJECTED("user,item,date\n1,2,2011-02-28\n1,\"\xe2\x80\xae\x1b[31m\",yesterday\n", 3, "\"yesterday\" is not a date",
		 "no date");
}

static void test_files(void)
{
	REFUSED("empty.csv", "", 0, "empty", "an empty file");
	REFUSED("header.csv", "user,item,rating\n", 0, "no rows", "a header alone");
	REFUSED("binary.csv", "\x7f" "ELF\0\0\0\0\1\2\3\0\0\n\0", 0, "binary", "a binary file");
	REFUSED("wide.csv", "\xff\xfeu\0s\0e\0r\0", 0, "iconv", "UTF-16");
	REFUSED("mac.csv", "user,item\r1,2\r3,4\r", 0, "tr '", "lone carriage returns");
	REFUSED("a.json", "{\"user\":1,\"item\":2}\n", 0, "JSON", "JSON");
	REFUSED("clicks.dat", "1,2014-04-07T10:51:09Z,5\n1,2014-04-07T10:54:09Z,6\n", 0, "user=1", "dates for items");
	REFUSED("names.csv", "who,what\n1,2\n", 0, "who, what", "columns nobody knows");
	REFUSED("wide.tsv", "1\t2\t3\t4\t5\n1\t2\t3\t4\t5\n", 0, "user=1", "five columns without a header");
	REFUSED("words.txt", "1 2 3\n2 5 6 7\n", 0, "format=sequence", "lists or sequence");
	REFUSED("prose.txt", "It was the best of times,\nit was the worst of times.\n", 0, "", "prose");
	REFUSED("quote.csv", HEAD "1,2,3\n1,\"2,3\n1,3,4\n", 3, "never closed", "a quote never closed");
	REFUSED("stars.csv", HEAD "1,2,5 stars\n1,3,4 stars\n", 2, "likely misread", "every row bad");
	REFUSED("none.csv", HEAD ",2,5\n1,,4\n1,1,-1\n", 0, "1: no user, 1: no item, 1: value not above 0", "no row usable");
}

static void test_huge(void)
{
	const size_t n = (17u << 20);
	char *text = malloc(n + 64);
	struct load_options o;

	load_options_init(&o);
	memcpy(text, HEAD "1,\"", 20);
	memset(text + 20, 'x', n);
	is_refused("huge.csv", text, n, NULL, 2, "not closed within 16 MiB", "a quote open over 16 MiB");
	text[19] = 'x';
	is_refused("huge.csv", text, n, NULL, 2, "over 16 MiB long", "a row over 16 MiB");
	memcpy(text + (15u << 20), ",3\n1,3,4\n", 9);
	{
		struct err err;
		struct dataset *d = fixture_load_bytes("huge.csv", text, (15u << 20) + 9, NULL, &err);

		ok(d && strlen(dataset_item_id(d, 0)) == (15u << 20) - 19 && d->n_items == 2, "a field of 15 MiB is read");
		dataset_unref(d);
	}
	free(text);
}

static void is_refused_path(const char *path, const char *words, const char *what)
{
	struct err err;
	struct dataset *d = fixture_load_path(path, NULL, &err);

	if (!ok(!d && strstr(err.msg, words), "%s", what))
		printf("# got: %s\n", d ? "(loaded)" : err.msg);
	dataset_unref(d);
}

static void test_paths(void)
{
	char *path = file_join(fixture_folder, "nothing-here"), *file;
	int fd;

	is_refused_path(path, "no such file", "a path that is not there");
	mkdir(path, 0700);
	is_refused_path(path, "holds no files", "an empty folder");
	file = fixture_put("nothing-here/README", "All about it.\n", 14);
	is_refused_path(path, "", "a folder without data");
	unlink(file);
	free(file);
	rmdir(path);
	mkfifo(path, 0600);
	is_refused_path(path, "neither a file nor a folder", "a fifo");
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0);
	close(fd);
	if (geteuid() == 0 && seteuid(65534) == 0) {
		is_refused_path(path, "no permission", "no permission");
		if (seteuid(0))
			abort();
	} else {
		is_refused_path(path, "no permission", "no permission");
	}
	unlink(path);
	free(path);
}

/* --- Want of memory ------------------------------------------------------------- */

static void sweep(const char *path, const struct load_options *o, const char *what)
{
	uint64_t n = 1, failed = 0;
	size_t before = mem_bytes_now();
	bool told = true;

	for (;; n++) {
		struct err err = { .code = ERR_OK };
		uint64_t first = mem_fail_at(0);
		struct dataset *d;

		(void)first;
		mem_fail_at(n);
		d = fixture_load_path(path, o, &err);
		mem_fail_at(0);
		if (d) {
			dataset_unref(d);
			break;
		}
		failed++;
		told &= err.code == ERR_NOMEM && err.msg[0];
		if (n > 5000)
			break;
	}
	ok(failed > 20 && n < 5000, "%s: each of %llu allocations fails once", what, (unsigned long long)failed);
	ok(told, "%s: and says so", what);
	ok(mem_bytes_now() == before, "%s: and nothing is held", what);
}

static void test_memory(void)
{
	struct load_options o;
	char *folder = file_join(fixture_folder, "all"), *f[4];
	static const char events[] = "userId,movieId,rating,timestamp\n1,1,3,100\n1,2,4,90\n2,1,5,80\n2,1,4,85\n2,2,1,8\n\"3\",2,1,8\n3,1,2,2\n4,4,x,1\n";
	static const char movies[] = "movieId,title,genres\n1,\"One, two\",A|B\n2,Two,B|C\n9,Nine,\n8\n";
	static const char tags[] = "userId,movieId,tag,timestamp\n1,1,good,1\n1,2,good,1\n2,1,good,1\n";
	static const char users[] = "userId,age\n1,20\n2,30\n";

	f[0] = fixture_put("all/ratings.csv", events, sizeof(events) - 1);
	f[1] = fixture_put("all/movies.csv", movies, sizeof(movies) - 1);
	f[2] = fixture_put("all/tags.csv", tags, sizeof(tags) - 1);
	f[3] = fixture_put("all/users.csv", users, sizeof(users) - 1);
	load_options_init(&o);
	o.max_bad = 0.5;
	o.min_user = 2;
	o.dedupe = DEDUPE_MAX;
	sweep(folder, &o, "folder");
	for (int i = 0; i < 4; i++) {
		unlink(f[i]);
		free(f[i]);
	}
	rmdir(folder);
	free(folder);
}

/* --- Being stopped -------------------------------------------------------------- */

static bool go_on(void *ctx)
{
	unsigned *left = ctx;

	return *left && (*left)--;
}

static void test_cancel(void)
{
	struct str text = STR_INIT;
	struct load_options o;
	size_t before;
	unsigned n = 0;
	bool told = true;
	char *path;
	const char *paths[1];

	str_puts(&text, HEAD);
	for (unsigned i = 0; i < 150000; i++)
		str_printf(&text, "%u,%u,%u\n", i * 7919 % 1009, i * 104729 % 5003, i % 5 + 1);
	path = fixture_put("a.csv", text.s, text.len);
	paths[0] = path;
	str_done(&text);
	load_options_init(&o);
	before = mem_bytes_now();
	for (; n < 10000; n++) {
		unsigned left = n;
		struct task task = { .keep_going = go_on, .ctx = &left };
		struct err err = { .code = ERR_OK };
		struct dataset *d = dataset_load(paths, 1, &o, &task, &err);

		if (d) {
			dataset_unref(d);
			break;
		}
		told &= err.code == ERR_CANCELLED;
		if (n > 8)
			n += 3;
	}
	ok(n > 10 && n < 10000 && told, "a load that is stopped at any moment says so");
	ok(mem_bytes_now() == before, "and holds nothing");
	unlink(path);
	free(path);
}

int main(void)
{
	if (!fixture_begin())
		return 1;
	test_rows();
	test_files();
	test_huge();
	test_paths();
	test_memory();
	test_cancel();
	fixture_end();
	return done_testing();
}
