/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read as what, from small files made here. */
#include "base/pool.h"
#include "base/rng.h"
#include "data/load_pieces.h"
#include "data_fixture.h"

static void is_events(const char *file, const char *text, const struct load_options *o, const char *want, const char *name)
{
	struct err err;
	struct dataset *d = fixture_load(file, text, o, &err);
	char *got = fixture_events(d);

	if (!is_str(got, want, name) && !d)
		printf("# %s\n", err.msg);
	free(got);
	dataset_unref(d);
}

static void test_csv(void)
{
	struct load_options o;

	is_events("a.csv", "userId,movieId,rating,timestamp\n1,10,4.5,100\n2,10,3,50\n1,11,2,90\n", NULL,
		  "1:11=2@90 1:10=4.5@100 2:10=3@50", "names found, oldest first");
	is_events("a.csv", "\xef\xbb\xbfuser;item\r\n1;a\r\n\r\n2;b", NULL, "1:a 2:b", "mark, CRLF, blank line, no last newline");
	is_events("a.tsv", "7\t8\t5\n7\t9\t1\n", NULL, "7:8=5 7:9=1", "no header, three columns");
	is_events("a.tsv", "7\t8\t900000000\n7\t9\t800000000\n", NULL, "7:9@800000000 7:8@900000000", "the third may be a time");
	is_events("a.tsv", "7\t8\tname\t12\n7\t9\tname\t3\n", NULL, "7:8=12 7:9=3", "words in the third column, plays in the fourth");
	is_events("a.tsv", "\"user\"\t\"item\"\n\"1\"\t\"a\tb\"\n\"2\"\t\"c\"\n", NULL, "1:a\tb 2:c", "tabs with quotes around all");
	is_events("a.tsv", "user\titem\n1\t\"Weird Al\" Yankovic\n2\tx\n", NULL, "1:\"Weird Al\" Yankovic 2:x",
		  "tabs with a quote or two that are meant");
	is_events("a.csv", "user_id|item_id\n a |01\n a |1\n", NULL, " a :01  a :1", "ids are not trimmed, nor read as numbers");
	is_events("a.csv", "user,item,text\n\"a,b\",\"x\"\"y\",\"two\nlines\"\nc,d,e\n", NULL, "a,b:x\"y c:d", "quotes, doubled ones, newlines inside");
	is_events("a.csv", "who,what\n1,2\n", NULL, "(none)", "unknown names are not guessed");
	load_options_init(&o);
	o.user = "who";
	o.item = "2";
	is_events("a.csv", "who,what,rating\n1,2,3\n", &o, "1:2=3", "columns by name and by number");
	o.item = "nothing";
	is_events("a.csv", "who,what\n1,2\n", &o, "(none)", "a column that is not there");
}


static void test_rules(void)
{
	static const char repeats[] = "user,item,rating,timestamp\n1,a,1,10\n1,b,2,20\n1,a,5,30\n1,a,3,40\n2,a,4,5\n";
	static const char core[] = "user,item\n1,a\n1,b\n2,a\n2,b\n3,a\n4,z\n1,z\n";
	struct load_options o;

	load_options_init(&o);
	is_events("a.csv", repeats, &o, "1:b=2@20 1:a=3@40 2:a=4@5", "of repeats the last stays by default");
	o.dedupe = DEDUPE_FIRST;
	is_events("a.csv", repeats, &o, "1:a=1@10 1:b=2@20 2:a=4@5", "dedupe=first");
	o.dedupe = DEDUPE_SUM;
	is_events("a.csv", repeats, &o, "1:b=2@20 1:a=9@40 2:a=4@5", "dedupe=sum");
	o.dedupe = DEDUPE_MAX;
	is_events("a.csv", repeats, &o, "1:b=2@20 1:a=5@30 2:a=4@5", "dedupe=max");
	o.dedupe = DEDUPE_NONE;
	is_events("a.csv", repeats, &o, "1:a=1@10 1:b=2@20 1:a=5@30 1:a=3@40 2:a=4@5", "dedupe=none");
	o.dedupe = DEDUPE_SUM;
	is_events("a.csv", "user,item\n1,a\n1,b\n1,a\n", &o, "1:b=1 1:a=2", "dedupe=sum without values counts");
	load_options_init(&o);
	o.min_user = o.min_item = 2;
	is_events("a.csv", core, &o, "1:a 1:b 2:a 2:b", "k-core: 3 and 4 go, then z");
	o.min_user = 4;
	is_events("a.csv", core, &o, "(none)", "a k-core that keeps nothing is an error");
	load_options_init(&o);
	o.has_min_value = true;
	o.min_value = 4;
	is_events("a.csv", "user,item,rating\n1,a,3.9\n1,b,4\n2,a,5\n", &o, "1:b=4 2:a=5", "min-value");
	load_options_init(&o);
	o.limit = 2;
	is_events("a.csv", "user,item,rating\n1,a,0\n1,b,4\n2,a,5\n3,c,1\n", &o, "1:b=4 2:a=5", "limit counts usable events");
	load_options_init(&o);
	o.weights = "view:1,buy:4";
	is_events("a.csv", "user,item,event\n1,a,view\n1,b,buy\n2,a,look\n", &o, "1:a=1 1:b=4", "weights");
	o.weights = "view:1,buy:0";
	is_events("a.csv", "user,item,event\n1,a,view\n", &o, "(none)", "a weight of 0 is refused");
	is_events("a.csv", "user,item,rating\n2,x,0\n1,a,1\n2,x,1\n", NULL, "1:a=1 2:x=1",
		  "numbers follow the first kept event");
}

static void test_times(void)
{
	struct load_options o;

	is_events("a.csv", "user,item,timestamp\n1,a,1388534400000\n1,b,1388534401500\n", NULL,
		  "1:a@1388534400 1:b@1388534401", "milliseconds");
	is_events("a.csv", "user,item,date\n1,a,2014-01-01T00:00:00Z\n1,b,2013-12-31T23:30:00-01:00\n", NULL,
		  "1:a@1388534400 1:b@1388536200", "ISO 8601, with a zone");
	is_events("a.csv", "user,item,date\n1,a,01/02/2014\n1,b,13/01/2014\n", NULL, "1:b@1389571200 1:a@1391212800",
		  "a 13th month means that days come first");
	is_events("a.csv", "user,item,timestamp\n1,a,50\n1,b,5000000000\n1,c,-5\n", NULL, "1:a@50", "times outside 1970-2100");
	is_events("a.csv", "user,item,timestamp\n1,a,50\n1,b,\n", NULL, "1:a@50", "rows without a time");
	is_events("a.csv", "user,item,timestamp,order\n1,a,50,2\n1,b,,1\n1,c,,\n", NULL, "1:c 1:b 1:a",
		  "an order stands for times that are not complete");
	is_events("a.csv", "user,item,timestamp,order\n1,a,50,2\n1,b,50,1\n1,c,9,3\n", NULL, "1:c@9 1:b@50 1:a@50",
		  "an order settles ties of time");
	is_events("a.csv", "user,item,timestamp\n1,c,7\n1,a,5\n1,b,5\n", NULL, "1:a@5 1:b@5 1:c@7", "ties keep the file's order");
	is_events("a.csv", "user,item,date\n1,a,2014-01-01 00:00:00 UTC\n", NULL, "1:a@1388534400", "UTC said in letters");
	is_events("a.csv", "user,item,date\n1,a,20140101\n1,b,20131231\n", NULL, "1:b@1388448000 1:a@1388534400", "20140101 is a date");
	is_events("a.csv", "user,item,time\n1,a,20140101\n1,b,20139931\n", NULL, "1:b@20139931 1:a@20140101",
		  "unless one among them is none");
	load_options_init(&o);
	o.time = "none";
	is_events("a.csv", "user,item,timestamp\n1,c,7\n1,a,5\n", &o, "1:c 1:a", "time=none");
}

/* The 13th comes after the rows that are looked at before. */
static void test_late_day(void)
{
	struct str text = STR_INIT;
	struct err err;
	struct dataset *d;

	str_puts(&text, "user,item,date\n");
	for (int i = 0; i < 3000; i++)
		str_printf(&text, "1,%d,02/01/2014\n", i);
	str_puts(&text, "1,x,13/01/2014\n");
	d = fixture_load("a.csv", text.s, NULL, &err);
	ok(d && d->report.rejected_total == 0 && d->n_events == 3001 && d->time[0] == 1388620800 &&
	   d->report.files[0].rows == 3001, "a 13th month far down turns all dates round");
	dataset_unref(d);
	str_done(&text);
}

static void test_words(void)
{
	struct load_options o;
	struct err err;
	struct dataset *d;

	load_options_init(&o);
	o.format = "sequence";
	is_events("a.txt", "u1 a b a\nu2 c \n", &o, "u1:a u1:b u1:a u2:c", "sequence keeps repeats");
	d = fixture_load("a.txt", "u1 a b a\n", &o, &err);
	ok(d && d->has_order, "and has an order");
	dataset_unref(d);
	o.format = "lists";
	d = fixture_load("a.txt", "u1 a b a\nu2\n", &o, &err);
	ok(d && !d->has_order && d->n_events == 2 && d->report.duplicates == 1 && fixture_aside(d, "no item") == 1,
	   "lists have none, and no repeats");
	dataset_unref(d);
	is_events("a.txt", "u1 a\nu1 b\nu2 a\n", NULL, "u1:a u1:b u2:a", "pairs are a sequence");
}

static void test_folders(void)
{
	struct str text = STR_INIT;
	struct err err;
	struct dataset *d;
	char *folder = file_join(fixture_folder, "f");
	uint32_t i;

	free(fixture_put("f/train.txt", "1 a b\n2 a\n", 10));
	free(fixture_put("f/test.txt", "1 c\n", 4));
	d = fixture_load_path(folder, NULL, &err);
	ok(d && d->n_events == 4 && d->given && d->given[0] == GIVEN_TRAIN && d->given[2] == GIVEN_TEST,
	   "train.txt and test.txt are a given split");
	dataset_unref(d);
	file_remove_tree(folder, &err);

	free(fixture_put("f/x/ratings.dat", "1::10::5::100\n1::20::3::90\n", 27));
	free(fixture_put("f/x/movies.dat", "10::Caf\xe9::Drama|War\n30::None::Drama\n", 35));
	free(fixture_put("f/x/users.dat", "1::F::1::10::48067\n", 19));
	d = fixture_load_path(folder, NULL, &err);
	i = d ? dataset_find_item(d, "10") : 0;
	ok(d && d->n_events == 2 && d->n_items == 2, "MovieLens 1M's files, a folder down");
	is_str(d ? dataset_title(d, i) : "", "Caf\xc3\xa9", "Latin-1 titles");
	is_str(d ? dataset_title(d, 1 - i) : "", "20", "an item without a title shows its id");
	is_str(d ? strtab_get(&d->user_notes, 0) : "", "F \xc2\xb7 under 18 \xc2\xb7 K-12 student", "users");
	dataset_unref(d);
	file_remove_tree(folder, &err);

	free(fixture_put("f/2019-Nov.csv", "user_id,product_id,price\n1,a,1\n", 31));
	free(fixture_put("f/2019-Oct.csv", "user_id,product_id,price\n2,b,1\n", 31));
	d = fixture_load_path(folder, NULL, &err);
	ok(d && d->n_events == 2 && d->n_users == 2, "files with the same columns are read together");
	dataset_unref(d);
	free(fixture_put("f/more.csv", "user_id,product_id\n2,b\n", 23));
	d = fixture_load_path(folder, NULL, &err);
	ok(!d && strstr(err.msg, "columns differ"), "with other columns they are not");
	dataset_unref(d);
	file_remove_tree(folder, &err);
	free(folder);
	str_done(&text);
}

static void test_said(void)
{
	struct err err;
	struct dataset *d = fixture_load("a.csv", "CustomerID,StockCode,Description,Quantity,category\n,x,Lost,1,c\n1,x,Cup,2,Kitchen;Gifts\n"
					 "1,y,,1,\n2,y,\"Tea, black\",1,Food\n2,x,Mug,1,Kitchen\n", NULL, &err);
	uint32_t x, y;

	if (!ok(d != NULL, "titles inside the events")) {
		printf("# %s\n", err.msg);
		return;
	}
	x = dataset_find_item(d, "x");
	y = dataset_find_item(d, "y");
	is_str(dataset_title(d, x), "Cup", "the first kept row's title");
	is_str(dataset_title(d, y), "Tea, black", "the first row that has one");
	ok(csr_row_n(&d->item_tags, x) == 2 && csr_row_n(&d->item_tags, y) == 1, "tags inside the events");
	dataset_unref(d);
}

/* --- The cut into pieces, and the two splitters ---------------------------------- */

static bool same_tab(const struct strtab *a, const struct strtab *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (strcmp(strtab_get(a, i), strtab_get(b, i)))
			return false;
	return true;
}

#define SAME(field, n) (!a->field == !b->field && (!a->field || !memcmp(a->field, b->field, (n) * sizeof(*a->field))))

static bool same_absent(const struct absent *a, const struct absent *b)
{
	for (uint32_t i = 0; a->ids.n == b->ids.n && i < a->ids.n; i++)
		if (a->item[i].line != b->item[i].line || a->item[i].rejected != b->item[i].rejected ||
		    a->item[i].aside != b->item[i].aside || strcmp(strtab_get(&a->ids, i), strtab_get(&b->ids, i)))
			return false;
	return a->ids.n == b->ids.n;
}

static bool same_dataset(const struct dataset *a, const struct dataset *b)
{
	if (a->n_users != b->n_users || a->n_items != b->n_items || a->n_events != b->n_events ||
	    a->fingerprint != b->fingerprint || a->report.n_rejects != b->report.n_rejects ||
	    a->report.rejected_total != b->report.rejected_total || a->report.set_aside_total != b->report.set_aside_total)
		return false;
	for (size_t i = 0; i < a->report.n_rejects; i++)
		if (a->report.rejects[i].line != b->report.rejects[i].line ||
		    strcmp(a->report.rejects[i].reason, b->report.rejects[i].reason))
			return false;
	return SAME(user_ptr, a->n_users + 1) && SAME(item, a->n_events) && SAME(value, a->n_events) &&
	       SAME(time, a->n_events) && same_tab(&a->user_ids, &b->user_ids) && same_tab(&a->item_ids, &b->item_ids) &&
	       same_tab(&a->titles, &b->titles) && same_tab(&a->tag_names, &b->tag_names) && same_absent(&a->absent, &b->absent) &&
	       !memcmp(&a->profile, &b->profile, sizeof(a->profile));
}

/* Rows of every kind, some 2.5 MB; `quoted`: with quotes where none are needed. */
static void odd_rows(struct str *s, bool quoted)
{
	struct rng r = rng_stream(7, "test.load", 0, 0);
	const char *q = quoted ? "\"" : "";

	str_puts(s, "user,item,title,rating,timestamp\n");
	for (unsigned k = 0; k < 60000; k++) {
		unsigned user = rng_below(&r, 3000), item = rng_below(&r, 500), what = rng_below(&r, 400);
		unsigned half = 1 + rng_below(&r, 10);
		uint32_t time = rng_below(&r, 1u << 30);

		if (what == 0)
			str_puts(s, "\n");
		else if (what == 1)
			str_puts(s, "short,row\n");
		else if (what == 2)
			str_printf(s, "%u,%u,t,five,%u\n", user, item, time);
		else if (what == 3 && quoted)
			str_printf(s, "%u,\"%u\"x,t,5,%u\n", user, item, time);
		else if (what == 3)
			str_printf(s, "%u,%u\"x,t,5,%u\n", user, item, time);
		else if (what == 4)
			str_printf(s, ",%u,t,5,%u\n", item, time);
		else
			str_printf(s, "%s%s%u%s,%s%si%u%s,%sTitle %u%s,%u.%u,%u%s\n", q, what & 1 ? "u" : "", user, q, q,
				   what & 2 ? "0" : "", item, q, q, item, quoted && what == 9 ? ", \"\"so\"\"\ncalled\"" : q,
				   half / 2, half % 2 * 5, time, what & 4 ? "\r" : "");
	}
}

/* Sorted by user, as most files are: nearly every row asks for an id that was just seen for the first time. */
static void test_sorted(void)
{
	enum { USERS = 900, EACH = 40 };
	struct str text = STR_INIT;
	struct load_options o;
	struct err err;

	load_options_init(&o);
	o.dedupe = DEDUPE_NONE;
	str_puts(&text, "user,item\n");
	for (unsigned u = 0; u < USERS; u++)
		for (unsigned e = 0; e < EACH; e++) /* numbers in reach and far off, words; items in runs too */
			str_printf(&text, "%s%u,%s%u\n%s", u % 3 == 1 ? "u" : "", u % 3 == 2 ? 9000000 + u : u,
				   e % 8 < 4 ? "i" : "", u * 10 + e / 4, e % 11 == 10 ? ",no user\n" : "");
	for (unsigned pieces = 0; pieces <= 7; pieces += 7) {
		struct dataset *d;
		bool right;

		load_set_pieces(pieces);
		d = fixture_load("sorted.csv", text.s, &o, &err);
		right = d && d->n_users == USERS && d->n_events == (size_t)USERS * EACH;
		for (unsigned u = 0; right && u < USERS; u++) {
			char id[32];

			snprintf(id, sizeof(id), "%s%u", u % 3 == 1 ? "u" : "", u % 3 == 2 ? 9000000 + u : u);
			right = d->user_ptr[u + 1] - d->user_ptr[u] == EACH && !strcmp(dataset_user_id(d, u), id);
			for (unsigned e = 0; right && e < EACH; e++) {
				snprintf(id, sizeof(id), "%s%u", e % 8 < 4 ? "i" : "", u * 10 + e / 4);
				right = !strcmp(dataset_item_id(d, d->item[d->user_ptr[u] + e]), id);
			}
		}
		ok(right, "sorted by user, new ids row after row: every event has its own");
		dataset_unref(d);
	}
	load_set_pieces(0);
	str_done(&text);
}

static void test_pieces(void)
{
	struct str text = STR_INIT;
	struct err err;
	struct pool *pool = pool_new(2, &err);
	struct task task = task_null;
	struct dataset *one, *d;
	struct load_options o;
	char *path;
	const char *paths[1];

	task.pool = pool;
	load_options_init(&o);
	odd_rows(&text, true);
	path = fixture_put("odd.csv", text.s, text.len);
	paths[0] = path;
	load_set_pieces(1);
	one = dataset_load(paths, 1, &o, &task_null, &err);
	if (!ok(one && one->report.n_rejects > 300 && one->absent.ids.n > 100 && one->n_events > 50000, "odd rows load"))
		printf("# %s\n", err.msg);
	for (unsigned n = 0; one && n <= 60; n = n == 0 ? 2 : n == 2 ? 7 : n + 53) {
		load_set_pieces(n);
		d = dataset_load(paths, 1, &o, n == 7 ? &task_null : &task, &err);
		ok(d && same_dataset(one, d), "%u pieces a wave give the same as 1", n);
		dataset_unref(d);
	}
	load_set_pieces(0);
	dataset_unref(one);
	unlink(path);
	free(path);
	str_done(&text);
	pool_free(pool);
}

static void test_splitters(void)
{
	static const char inside[] = ", \"\"so\"\"\ncalled\"";
	struct str plain = STR_INIT, quoted = STR_INIT;
	struct err err;
	struct dataset *a, *b;

	odd_rows(&plain, false);
	odd_rows(&quoted, true);
	/* The one row kind that only quotes can say. */
	for (char *c = quoted.s; (c = strstr(c, inside)) != NULL; *c++ = '"')
		memmove(c + 1, c + sizeof(inside) - 1, strlen(c + sizeof(inside) - 1) + 1);
	a = fixture_load("plain.csv", plain.s, NULL, &err);
	b = fixture_load("quoted.csv", quoted.s, NULL, &err);
	ok(a && b && same_dataset(a, b), "with and without quotes the rows are the same");
	dataset_unref(a);
	dataset_unref(b);
	str_done(&plain);
	str_done(&quoted);
}

/* What loading holds at its worst, beyond the ids: 60 bytes an event; the buffers of the file come and go
 * before that is reached. */
static void test_bytes(void)
{
	const size_t n = 1200000;
	struct str text = STR_INIT;
	struct rng r = rng_stream(8, "test.load", 1, 0);
	struct err err;
	struct dataset *d;
	size_t before, peak;
	char *path;

	str_puts(&text, "user,item,rating,timestamp\n");
	for (size_t k = 0; k < n; k++)
		str_printf(&text, "%u,%u,%u,%u\n", rng_below(&r, 9000), rng_below(&r, 3000), 1 + rng_below(&r, 5),
			   rng_below(&r, 1u << 30));
	path = fixture_put("many.csv", text.s, text.len);
	str_done(&text);
	mem_reset_peak();
	before = mem_bytes_now();
	d = fixture_load_path(path, NULL, &err);
	peak = mem_bytes_peak() - before;
	if (!ok(d && peak <= 60 * n, "loading holds at most 60 bytes an event"))
		printf("# %.1f\n", (double)peak / (double)n);
	if (!ok(d && dataset_bytes(d) <= 17 * n && mem_bytes_now() - before < 17 * n, "and a dataset 17 bytes"))
		printf("# %zu %zu\n", dataset_bytes(d) / n, (mem_bytes_now() - before) / n);
	printf("# peak %.1f bytes an event\n", (double)peak / (double)n);
	dataset_unref(d);
	ok(mem_bytes_now() == before, "and nothing afterwards");
	unlink(path);
	free(path);
}

int main(void)
{
	if (!fixture_begin())
		return 1;
	test_csv();
	test_rules();
	test_times();
	test_late_day();
	test_words();
	test_folders();
	test_said();
	test_pieces();
	test_sorted();
	test_splitters();
	test_bytes();
	fixture_end();
	return done_testing();
}
