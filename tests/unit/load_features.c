/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read beside events, titles and tags: files of vectors, columns of numbers, friends. */
#include <math.h>

#include "data_fixture.h"

static char folder[4400];

static const char events[] = "user,item,rating\nu1,b,1\nu1,a,2\nu2,c,3\nu2,a,4\nu3,d,5\n"; /* items b a c d */

static void put(const char *name, const void *bytes, size_t n)
{
	char *inside = mem_must(malloc(strlen(name) + 8));

	sprintf(inside, "set/%s", name);
	free(fixture_put(inside, bytes, n));
	free(inside);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* A .npy file of floats with the shape as given. */
static void put_npy(const char *name, const char *shape, bool fortran, const float *v, size_t n)
{
	char *file = mem_must(malloc(256 + n * sizeof(*v)));
	int len = sprintf(file + 10, "{'descr': '<f4', 'fortran_order': %s, 'shape': %s, }\n",
			  fortran ? "True" : "False", shape);

	memcpy(file, "\x93NUMPY\x01\x00", 8);
	file[8] = (char)len;
	file[9] = 0;
	memcpy(file + 10 + len, v, n * sizeof(*v));
	put(name, file, 10 + (size_t)len + n * sizeof(*v));
	free(file);
}

static void begin(void)
{
	struct err err;

	snprintf(folder, sizeof(folder), "%s/set", fixture_folder);
	file_remove_tree(folder, &err);
	put_text("events.csv", events);
}

static struct dataset *load(void)
{
	struct err err;
	struct dataset *d = fixture_load_path(folder, NULL, &err);

	if (!d)
		printf("# %s: %s\n", err.file, err.msg);
	return d;
}

/* The events, and one file by its own path; NULL with *err. */
static struct dataset *load_named(const char *name, struct err *err)
{
	char *a = file_join(folder, "events.csv"), *b = file_join(folder, name);
	const char *paths[] = { a, b };
	struct load_options o;
	struct dataset *d;

	load_options_init(&o);
	memset(err, 0, sizeof(*err));
	d = dataset_load(paths, 2, &o, &task_null, err);
	free(a);
	free(b);
	return d;
}

static const struct modality *modality(const struct dataset *d, const char *name)
{
	for (size_t k = 0; d && k < d->n_modalities; k++)
		if (!strcmp(d->modalities[k].name, name))
			return &d->modalities[k];
	return NULL;
}

/* "b=1,2 a=- …": each item's row, '-' where it has none. */
static void is_modality(const struct dataset *d, const char *name, const char *want, const char *what)
{
	const struct modality *m = modality(d, name);
	struct str s = STR_INIT;
	uint32_t n = 0;

	for (uint32_t i = 0; m && i < d->n_items; i++) {
		str_printf(&s, "%s%s=%s", i ? " " : "", dataset_item_id(d, i), m->has[i] ? "" : "-");
		n += m->has[i];
		for (uint32_t k = 0; k < m->dim; k++)
			if (m->has[i])
				str_printf(&s, "%s%g", k ? "," : "", (double)m->v[(size_t)i * m->dim + k]);
			else if (m->v[(size_t)i * m->dim + k] != 0)
				str_puts(&s, "not zero");
	}
	is_str(m ? str_text(&s) : "(none)", want, what);
	ok(!m || n == m->n_has, "%s: counted", what);
	str_done(&s);
}

static const struct loaded_file *file_named(const struct dataset *d, const char *base)
{
	for (size_t i = 0; d && i < d->report.n_files; i++)
		if (!strcmp(file_base(d->report.files[i].name), base))
			return &d->report.files[i];
	abort();
}

static void is_unused(const struct dataset *d, const char *base, const char *why)
{
	const struct loaded_file *f = file_named(d, base);

	ok(!strcmp(f->role, "not used") && !*f->format, "%s is not used", base);
	if (!ok(strstr(f->note, why) != NULL, "%s: %s", base, why))
		printf("#  got: %s\n", f->note);
}

/* --- Vectors -------------------------------------------------------------------- */

static const float eight[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void test_ids_beside(void)
{
	struct dataset *d;

	begin();
	put_npy("image.npy", "(4, 2)", false, eight, 8);
	put_text("image.ids", "a\nx\nc\nb\n");
	put_npy("voice.npy", "(4, 2)", true, eight, 8);
	put_text("voice_ids.csv", "item_id,where\nd,here\na,\"there, too\"\nb,\nc,\n");
	put_npy("one.npy", "(3,)", false, eight, 3);
	put_text("one_ids.txt", "an id\nd\na\na\n"); /* a header that is no column we know */
	d = load();
	is_modality(d, "image", "b=7,8 a=1,2 c=5,6 d=-", "ids beside it");
	is_modality(d, "voice", "b=3,7 a=2,6 c=4,8 d=1,5", "a table of ids; Fortran order");
	is_modality(d, "one", "b=- a=2 c=- d=1", "one number a row; an item named twice has its first");
	ok(d && d->n_modalities == 3 && !modality(d, "image")->column, "three files, three modalities");
	ok(d && strstr(file_named(d, "image.npy")->note, "rows as in image.ids"), "the order is told");
	ok(d && strstr(file_named(d, "image.npy")->note, "1 rows are about items without events"), "and what has no event");
	is_str(d ? file_named(d, "image.ids")->role : "", "ids", "and what the ids are");
	dataset_unref(d);
}

static void test_orders(void)
{
	struct dataset *d;

	begin();
	put_npy("image.npy", "(4, 2)", false, eight, 8);
	d = load();
	is_modality(d, "image", "b=1,2 a=3,4 c=5,6 d=7,8", "no file of items: the order of first appearance");
	dataset_unref(d);

	put_text("items.csv", "item,title\nd,D\nx,X\nb,B\na,A\n");
	d = load();
	is_modality(d, "image", "b=5,6 a=7,8 c=- d=1,2", "the order of the file of items");
	dataset_unref(d);

	put_text("items.csv", "item,title\nd,D\nb,B\na,A\n");
	d = load();
	ok(d && !d->n_modalities, "a file of items with other rows: not guessed");
	is_unused(d, "image.npy", "has 4 rows, and items.csv 3: put the ids of its rows, one a line, beside it as image.ids");
	dataset_unref(d);

	begin();
	put_text("events.csv", "user,item\nu,2\nu,0\nv,1\n");
	put_npy("image.npy", "(4, 2)", false, eight, 8);
	d = load();
	is_modality(d, "image", "2=5,6 0=1,2 1=3,4", "ids that count rows from 0");
	dataset_unref(d);
	put_text("events.csv", "user,item\nu,2\nu,4\nv,1\n");
	d = load();
	is_modality(d, "image", "2=3,4 4=7,8 1=1,2", "ids that count rows from 1");
	dataset_unref(d);
	put_text("events.csv", "user,item\nu,2\nu,3\nv,1\n");
	d = load();
	is_unused(d, "image.npy", "could count its rows from 0 or from 1");
	dataset_unref(d);
	put_text("events.csv", "user,item\nu,02\nu,00\nv,1\nv,x\n");
	d = load();
	is_modality(d, "image", "02=1,2 00=3,4 1=5,6 x=7,8", "01 is no number of a row");
	dataset_unref(d);
}

static void test_bad_rows(void)
{
	const float v[] = { 1, 2, NAN, 4, 5, 6, 7, -INFINITY };
	struct dataset *d;

	begin();
	put_npy("image.npy", "(4, 2)", false, v, 8);
	d = load();
	is_modality(d, "image", "b=1,2 a=- c=5,6 d=-", "rows that are no numbers are masked");
	ok(d && d->report.rejected_total == 2 && d->report.n_rejects == 2 && d->report.rejects[0].line == 2 &&
	   d->report.rejects[1].line == 4, "and rejected by row");
	is_str(d ? file_base(d->report.files[d->report.rejects[0].file].name) : "", "image.npy", "of that file");
	ok(d && file_named(d, "image.npy")->bad == 2 && file_named(d, "image.npy")->rows == 4, "and counted");
	dataset_unref(d);
}

static void test_unusable(void)
{
	struct dataset *d;
	struct err err;

	begin();
	put_npy("short.npy", "(4, 3)", false, eight, 8);
	put_npy("long.npy", "(4, 1)", false, eight, 8);
	put_npy("many.npy", "(5,)", false, eight, 5);
	put_npy("deep.npy", "(4, 2, 1)", true, eight, 8);
	put_npy("none.npy", "(0, 4)", false, eight, 0);
	put_npy("ids.npy", "(4, 2)", false, eight, 8);
	put_text("ids.ids", "a\nb\n");
	put_npy("others.npy", "(2, 2)", false, eight, 4);
	put_text("others.ids", "x\ny\n");
	put_npy("wide.npy", "(4, 1, 2)", false, eight, 8);
	d = load();
	ok(d && d->n_modalities == 1, "what does not fit is left out of a folder");
	is_modality(d, "wide", "b=1,2 a=3,4 c=5,6 d=7,8", "more dimensions are one row after all");
	is_unused(d, "short.npy", "does not have the size that its header says");
	is_unused(d, "long.npy", "does not have the size that its header says");
	is_unused(d, "many.npy", "has 5 rows, and there are 4 items with events");
	is_unused(d, "deep.npy", "in Fortran order with 3 dimensions");
	is_unused(d, "none.npy", "is empty");
	is_unused(d, "ids.npy", "has 4 rows, and ids.ids 2 ids");
	is_unused(d, "others.npy", "no row of it is about an item of the events");
	dataset_unref(d);

	d = load_named("many.npy", &err);
	ok(!d && strstr(err.msg, "has 5 rows") && strstr(err.file, "many.npy"), "asked for by its path, it is an error");
	dataset_unref(d);
	d = load_named("others.npy", &err);
	ok(!d && strstr(err.msg, "no row of it"), "and its ids come along");
	dataset_unref(d);
	put_text("image.ids", "d\nc\nb\na\n");
	put_npy("image.npy", "(4, 2)", false, eight, 8);
	d = load_named("image.npy", &err);
	is_modality(d, "image", "b=5,6 a=7,8 c=3,4 d=1,2", "by its path, with the ids beside it");
	dataset_unref(d);
}

static void test_content(void)
{
	struct dataset *d;
	uint64_t events_alone, plain, other;
	float v[8];

	begin();
	d = load();
	ok(d && d->content == 0, "events alone: nothing to fingerprint");
	events_alone = d ? d->fingerprint : 0;
	dataset_unref(d);
	put_npy("image.npy", "(4, 2)", false, eight, 8);
	d = load();
	plain = d ? d->content : 0;
	ok(d && plain && d->fingerprint == events_alone, "vectors change the content, not the events");
	ok(d && dataset_bytes(d) > 4 * (2 * sizeof(float) + 1), "and count as memory");
	dataset_unref(d);
	memcpy(v, eight, sizeof(v));
	v[7] = 9;
	put_npy("image.npy", "(4, 2)", false, v, 8);
	d = load();
	other = d ? d->content : 0;
	ok(other && other != plain, "other vectors, another content");
	dataset_unref(d);
}

/* --- Numbers -------------------------------------------------------------------- */

static void test_numbers(void)
{
	struct dataset *d;
	const struct modality *m;

	begin();
	put_text("items.csv",
		 "item,title,genres,price,year,stock,imdb_id,url,released,rank,same\n"
		 "a,A,X|Y,1.5,1999,NA,71,http://a,19990131,1,7\n"
		 "b,B,X,2.5,1998,,72,http://b,19990228,2,7\n"
		 "x,X,X,99,1990,3,99,http://x,19990301,3,7\n"
		 "c,C,Y,,2000,5,73,http://c,19990330,4,7\n"
		 "c,C,Y,4.5,2001,6,73,http://c,19990330,5,7\n");
	d = load();
	m = modality(d, "price");
	ok(m && m->column && m->dim == 1 && m->n_has == 3, "a column of numbers; d is not in the file");
	/* 1.5 2.5 4.5: mean 17/6, sd of the whole */
	ok(m && fabs(m->mean - 17.0 / 6) < 1e-6 && fabs(m->sd - sqrt((1.5 * 1.5 + 2.5 * 2.5 + 4.5 * 4.5) / 3 - 17.0 / 6 * 17 / 6)) < 1e-6,
	   "mean and deviation of the items with events that have it");
	ok(m && fabs(m->v[dataset_find_item(d, "a")] - (1.5 - m->mean) / m->sd) < 1e-6 && !m->has[dataset_find_item(d, "d")] &&
	   m->v[dataset_find_item(d, "d")] == 0, "standardised; masked where it is missing");
	m = modality(d, "year");
	ok(m && m->n_has == 3 && fabs(m->mean - 1999) < 1e-9, "whole numbers; the first row of an item counts");
	ok(!modality(d, "stock"), "one item with events has a stock: nothing to tell apart");
	ok(!modality(d, "imdb_id") && !modality(d, "url") && !modality(d, "released") && !modality(d, "same"),
	   "ids, links, dates and what is the same for all are no numbers");
	ok(modality(d, "rank") != NULL, "five different numbers are few enough to be a rank");
	ok(d && strstr(file_named(d, "items.csv")->note, "numbers = price, year, rank"), "told");
	dataset_unref(d);
}

static void test_ids_are_no_numbers(void)
{
	struct str s = STR_INIT;
	struct dataset *d;

	begin();
	str_puts(&s, "user,item\n");
	for (int i = 0; i < 40; i++)
		str_printf(&s, "u,i%d\n", i);
	put("events.csv", s.s, s.len);
	str_clear(&s);
	str_puts(&s, "item,row_of,pages,odd\n");
	for (int i = 0; i < 40; i++)
		str_printf(&s, "i%d,%d,%d,%s\n", i, 100 + i, 100 + i / 2, i == 7 ? "many" : "3.5");
	put("items.csv", s.s, s.len);
	d = load();
	ok(!modality(d, "row_of"), "forty different whole numbers in a row are ids");
	ok(modality(d, "pages") != NULL, "with repeats they are numbers");
	ok(!modality(d, "odd"), "a word in forty is too many");
	dataset_unref(d);
	str_done(&s);
}

/* --- Friends -------------------------------------------------------------------- */

static void is_friends(const struct dataset *d, const char *want, const char *what)
{
	struct str s = STR_INIT;

	for (uint32_t u = 0; d && d->friends.ptr && u < d->n_users; u++) {
		str_printf(&s, "%s%s:", u ? " " : "", dataset_user_id(d, u));
		for (size_t k = 0; k < csr_row_n(&d->friends, u); k++)
			str_printf(&s, "%s%s", k ? "," : "", dataset_user_id(d, csr_row(&d->friends, u)[k]));
	}
	is_str(d && d->friends.ptr ? str_text(&s) : "(none)", want, what);
	str_done(&s);
}

static void test_friends(void)
{
	struct dataset *d;
	const char *note;

	begin();
	put_text("user_friends.dat", "userID\tfriendID\r\nu1\tu3\r\nu3\tu1\r\nu3\tu2\r\nu2\tu3\r\n");
	d = load();
	is_friends(d, "u1:u3 u2:u3 u3:u1,u2", "both ways, in order");
	is_str(d ? file_named(d, "user_friends.dat")->note : "", "2 friendships, each listed twice", "told");
	dataset_unref(d);

	put_text("user_friends.dat", "userID\tfriendID\nu1\tu2\nu1\tu2\nu1\tu9\nu8\tu9\nu2\tu2\n");
	d = load();
	is_friends(d, "u1:u2 u2:u1 u3:", "listed one way, once more, with strangers");
	note = d ? file_named(d, "user_friends.dat")->note : "";
	is_str(note, "1 friendship, each listed twice, 2 rows name a user without events, 1 rows name one user twice", "told");
	ok(d && dataset_bytes(d) > 0 && d->content != 0, "friends are content");
	dataset_unref(d);

	put_text("user_friends.dat", "userID\tfriendID\nu7\tu8\n");
	d = load();
	is_friends(d, "(none)", "strangers alone");
	is_unused(d, "user_friends.dat", "none of its rows names two users with events");
	dataset_unref(d);
}

static void test_friends_by_name(void)
{
	struct dataset *d;

	begin();
	put_text("trust.txt", "u1\tu2\t1\nu3\tu2\t1\n");
	d = load();
	is_friends(d, "u1:u2 u2:u1,u3 u3:u2", "a file named trust, without a header");
	dataset_unref(d);
	begin();
	put_text("set.net", "source_id:token\ttarget_id:token\nu1\tu2\n");
	d = load();
	is_friends(d, "u1:u2 u2:u1 u3:", "RecBole's .net");
	dataset_unref(d);
}

/* --- Memory --------------------------------------------------------------------- */

static void test_memory(void)
{
	const float v[] = { 1, 2, NAN, 4, 5, 6, 7, 8 };
	const size_t before = mem_bytes_now();
	uint64_t n = 0;
	bool told = true, loaded = false;

	begin();
	put_npy("image.npy", "(4, 2)", false, v, 8);
	put_text("image.ids", "a\nx\nc\nb\n");
	put_npy("text.npy", "(3, 2)", false, eight, 6);
	put_text("items.csv", "item,title,price,year\nd,D,1,2\nb,B,2,3\na,A,3,5\n");
	put_text("friends.csv", "userId,friendId\nu1,u2\nu3,u1\n");
	while (!loaded && n < 5000) {
		struct err err = { .code = ERR_OK };
		struct dataset *d;

		mem_fail_at(++n);
		d = fixture_load_path(folder, NULL, &err);
		mem_fail_at(0);
		loaded = d != NULL;
		told &= loaded || (err.code == ERR_NOMEM && err.msg[0]);
		if (loaded)
			ok(d->n_modalities == 4 && d->friends.ptr, "the whole of it loads");
		dataset_unref(d);
	}
	ok(n > 60 && n < 5000, "each of %llu allocations fails once", (unsigned long long)n - 1);
	ok(told, "and says so");
	ok(mem_bytes_now() == before, "and nothing is held");
}

int main(void)
{
	if (!fixture_begin())
		return 1;
	test_ids_beside();
	test_orders();
	test_bad_rows();
	test_unusable();
	test_content();
	test_numbers();
	test_ids_are_no_numbers();
	test_friends();
	test_friends_by_name();
	test_memory();
	fixture_end();
	return done_testing();
}
