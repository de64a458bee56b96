/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read as what, from small files made here. */
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

int main(void)
{
	if (!fixture_begin())
		return 1;
	test_csv();
	fixture_end();
	return done_testing();
}
