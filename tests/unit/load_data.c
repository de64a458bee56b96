/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public datasets, each by its path alone, with the counts that their owners give.  Left out where
 * they are not there: their terms do not allow them into the project. */
#include <inttypes.h>

#include "base/pool.h"
#include "data_fixture.h"

static struct task task;

static struct dataset *load(const char *name, const char *format)
{
	const char *folder = getenv("WHYREC_DATA");
	struct load_options o;
	char *path = file_join(folder ? folder : "../shared/data", name);
	const char *paths[] = { path };
	struct dataset *d = NULL;
	struct err err = { .code = ERR_OK };

	load_options_init(&o);
	o.format = format;
	if (!file_exists(path)) {
		printf("ok %d - %s # SKIP no such file in WHYREC_DATA\n", ++tap_count, name);
	} else {
		d = dataset_load(paths, 1, &o, &task, &err);
		if (!ok(d != NULL, "%s loads", name))
			printf("# %s: %s\n", err.file, err.msg);
	}
	free(path);
	return d;
}

static void is_n(uint64_t got, uint64_t want, const char *name, const char *what)
{
	if (!ok(got == want, "%s: %s %" PRIu64, name, what, want))
		printf("#  got: %" PRIu64 "\n", got);
}

static void is_counts(const struct dataset *d, const char *name, uint64_t users, uint64_t items, uint64_t events)
{
	is_n(d->n_users, users, name, "users");
	is_n(d->n_items, items, name, "items");
	is_n(d->n_events, events, name, "events");
	is_n(d->report.rejected_total, 0, name, "rejected");
}

static void is_title(const struct dataset *d, const char *item, const char *title)
{
	uint32_t i = dataset_find_item(d, item);

	is_str(i == NO_ITEM ? "(no such item)" : dataset_title(d, i), title, "title");
}

/* Tags of an item, "a b c", in the tags' own order. */
static void is_tags(const struct dataset *d, const char *item, const char *want)
{
	uint32_t i = dataset_find_item(d, item);
	struct str s = STR_INIT;

	for (uint32_t k = 0; d->item_tags.ptr && i != NO_ITEM && k < csr_row_n(&d->item_tags, i); k++)
		str_printf(&s, "%s%s", s.len ? "," : "", strtab_get(&d->tag_names, csr_row(&d->item_tags, i)[k]));
	is_str(str_text(&s), want, "tags");
	str_done(&s);
}

static const struct loaded_file *file_named(const struct dataset *d, const char *ending)
{
	for (size_t i = 0; i < d->report.n_files; i++) {
		const char *name = d->report.files[i].name;
		size_t n = strlen(name), k = strlen(ending);

		if (n >= k && !strcmp(name + n - k, ending))
			return &d->report.files[i];
	}
	abort();
}

static void test_ml_100k(void)
{
	struct dataset *d = load("ml-100k", NULL), *atomic;

	if (!d)
		return;
	is_counts(d, "ml-100k", 943, 1682, 100000);
	is_title(d, "543", "Mis\xc3\xa9rables, Les (1995)");
	is_tags(d, "1", "Animation,Children's,Comedy");
	is_str(strtab_get(&d->user_notes, dataset_find_user(d, "1")), "24 \xc2\xb7 M \xc2\xb7 technician", "user 1");
	ok(d->time && d->value && d->has_order, "times, values and an order");
	atomic = load("ml-100k-atomic", NULL);
	if (atomic) {
		is_counts(atomic, "ml-100k-atomic", 943, 1682, 100000);
		ok(atomic->fingerprint == d->fingerprint, "both forms give the same events");
		is_title(atomic, "1", "Toy Story");
		is_tags(atomic, "1", "Animation,Children's,Comedy");
		ok(atomic->n_modalities == 1 && !strcmp(atomic->modalities[0].name, "release_year") &&
		   atomic->modalities[0].n_has == 1680 && atomic->modalities[0].mean > 1985, "years are numbers; two are none");
	}
	dataset_unref(atomic);
	dataset_unref(d);
}

static void test_ml_1m(void)
{
	struct dataset *d = load("ml-1m", NULL);
	uint32_t u;

	if (!d)
		return;
	is_counts(d, "ml-1m", 6040, 3706, 1000209);
	is_title(d, "73", "Mis\xc3\xa9rables, Les (1995)");
	is_tags(d, "1", "Animation,Children's,Comedy");
	ok(d->has_order && !d->time, "ordered by rank; times that half the rows lack are left out");
	u = dataset_find_user(d, "1");
	is_str(dataset_item_id(d, d->item[d->user_ptr[u]]), "3186", "user 1's first film");
	is_str(strtab_get(&d->user_notes, u), "F \xc2\xb7 under 18 \xc2\xb7 K-12 student", "user 1");
	dataset_unref(d);
}

static void test_ml_latest(void)
{
	struct dataset *d = load("ml-latest-small.zip", NULL);

	if (!d)
		return;
	/* 18 of the 9,742 films of movies.csv were never rated. */
	is_counts(d, "ml-latest-small", 610, 9724, 100836);
	is_n(file_named(d, "movies.csv")->rows, 9742, "movies.csv", "rows");
	is_n(file_named(d, "tags.csv")->rows, 3683, "tags.csv", "rows");
	is_title(d, "1", "Toy Story (1995)");
	is_tags(d, "1", "Adventure,Animation,Children,Comedy,Fantasy,pixar,fun");
	dataset_unref(d);
}

static void test_lastfm(void)
{
	struct dataset *d = load("hetrec2011-lastfm-2k", NULL);
	uint32_t i, u;

	if (!d)
		return;
	is_counts(d, "lastfm", 1892, 17632, 92834);
	is_title(d, "51", "Duran Duran");
	i = dataset_find_item(d, "51");
	u = dataset_find_user(d, "2");
	ok(d->item[d->user_ptr[u]] == i && d->value[d->user_ptr[u]] == 13883, "plays are values");
	is_n(file_named(d, "user_taggedartists.dat")->rows, 186479, "lastfm", "tag uses");
	ok(!d->has_order && !d->time, "no order of listening");
	is_n(csr_n(&d->friends), 2 * 12717, "lastfm", "friendships, both ways");
	is_n(file_named(d, "user_friends.dat")->rows, 25434, "lastfm", "each listed twice");
	is_n(csr_row_n(&d->friends, u), 13, "lastfm", "friends of user 2");
	ok(d->n_modalities == 0, "and nothing that is taken for a number of the artists");
	dataset_unref(d);
}

static void test_online_retail(void)
{
	struct dataset *d = load("online-retail", NULL);

	if (!d)
		return;
	is_n(file_named(d, ".gz")->rows, 541909, "online-retail", "rows");
	is_n(fixture_aside(d, "no user"), 135080, "online-retail", "rows without a customer");
	/* 9,288 cancellations, 383 of them without a customer. */
	is_n(fixture_aside(d, "value not above 0"), 8905, "online-retail", "cancellations");
	is_n(d->n_events + d->report.set_aside_total, 541909, "online-retail", "kept and set aside");
	is_n(d->n_users, 4339, "online-retail", "customers with a purchase");
	is_n(d->report.duplicates, 131122, "online-retail", "repeat purchases");
	is_title(d, "85123A", "WHITE HANGING HEART T-LIGHT HOLDER");
	dataset_unref(d);
}

static void test_beauty(void)
{
	struct dataset *d = load("s3rec-beauty", "sequence");

	if (!d)
		return;
	is_counts(d, "s3rec-beauty", 22363, 12101, 198502);
	is_title(d, "1", "nail lacquer simmer and shimmer");
	ok(d->has_order && !d->time, "in order, without times");
	is_n(d->user_ptr[1], 5, "s3rec-beauty", "events of user 1");
	dataset_unref(d);
}

static void test_mooccubex(void)
{
	struct dataset *d = load("mooccubex", NULL);
	size_t test = 0;

	if (!d)
		return;
	is_counts(d, "mooccubex", 11943, 2297, 867796);
	is_title(d, "0", "\xe4\xba\xba\xe6\xa0\xbc\xe4\xb8\x8e\xe7\xb2\xbe\xe7\xa5\x9e\xe9\x9a\x9c\xe7\xa2\x8d"
			 "\xe2\x80\x94\xe2\x80\x94\xe5\xad\xa6\xe5\x81\x9a\xe8\x87\xaa\xe5\xb7\xb1\xe7\x9a\x84"
			 "\xe5\xbf\x83\xe7\x90\x86\xe5\x8c\xbb\xe7\x94\x9f");
	for (size_t e = 0; d->given && e < d->n_events; e++)
		test += d->given[e] == GIVEN_TEST;
	is_n(test, 169536, "mooccubex", "given test events");
	ok(d->texts.n == d->n_items && d->tag_names.n > 1000, "descriptions and concepts");
	dataset_unref(d);
}

int main(void)
{
	struct err err;
	struct pool *pool = pool_new(2, &err);

	task = task_null;
	task.pool = pool;
	test_ml_100k();
	test_ml_1m();
	test_ml_latest();
	test_lastfm();
	test_online_retail();
	test_beauty();
	test_mooccubex();
	pool_free(pool);
	return done_testing();
}
