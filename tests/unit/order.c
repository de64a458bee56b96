/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order.c - orders of users and items against what a person would write down. */
#include "serve/order.h"

#include <math.h>
#include <stdlib.h>

#include "data_fixture.h"

static struct dataset *data;

/* "b a c": the ids in the order asked for. */
static char *ordered(bool items, enum order_key key, bool reverse, const char *filter, const float *metric)
{
	struct order_request r = { data, items, key, reverse, filter, metric };
	struct str s = STR_INIT;
	uint32_t *row;
	struct err err;
	size_t n;

	if (!order_rows(&r, &task_null, &row, &n, &err))
		return mem_strdup(err.msg);
	for (size_t i = 0; i < n; i++)
		str_printf(&s, "%s%s", i ? " " : "", items ? dataset_item_id(data, row[i]) : dataset_user_id(data, row[i]));
	mem_free(row);
	if (!s.s)
		str_puts(&s, "");
	return str_take(&s);
}

static void is_order(bool items, enum order_key key, bool reverse, const char *filter, const float *metric,
		     const char *want, const char *name)
{
	char *got = ordered(items, key, reverse, filter, metric);

	is_str(got, want, name);
	free(got);
}

static bool no_after(void *ctx)
{
	return --*(int *)ctx > 0;
}

/* Stops at the n-th question, whatever n: says so and leaves nothing behind. */
static void test_stops(void)
{
	bool fine = true;
	uint32_t U = 60000;
	unsigned stopped = 0;
	struct event_columns c = { .n = U };
	struct strtab users, items;
	struct dataset *many;
	struct err err;

	strtab_init(&users);
	strtab_init(&items);
	strtab_intern(&items, "i", 1, &err);
	c.user = mem_must(mem_alloc(U, sizeof(uint32_t), &err));
	c.item = mem_must(mem_zeroed(U, sizeof(uint32_t), &err));
	for (uint32_t u = 0; u < U; u++) {
		char id[16];
		int n = snprintf(id, sizeof(id), "%u", (unsigned)(U - u));

		c.user[u] = strtab_intern(&users, id, (size_t)n, &err);
	}
	many = mem_must(dataset_new_from("many", &c, &users, &items, false, &task_null, &err));
	for (int allowed = 1; allowed < 200; allowed += 7) {
		struct order_request r = { many, false, ORDER_ID, false, "", NULL };
		int left = allowed;
		struct task task = { .keep_going = no_after, .ctx = &left };
		uint32_t *row;
		size_t n;

		if (order_rows(&r, &task, &row, &n, &err)) {
			fine = fine && left > 0 && n == U;
			mem_free(row);
		} else { /* and asks no more once it was told */
			fine = fine && left == 0 && err.code == ERR_CANCELLED && !row && !n;
			stopped++;
		}
	}
	ok(fine && stopped > 10, "an order stops at whichever question is answered no (%u of them)", stopped);
	dataset_unref(many);
}

static void test_want_of_memory(void)
{
	size_t failed = 0;
	bool fine = true;

	for (uint64_t at = 1;; at++) {
		struct order_request r = { data, true, ORDER_MEAN, false, "", NULL };
		struct err err = { 0 };
		uint32_t *row;
		size_t n;
		bool done;

		mem_fail_at(at);
		done = order_rows(&r, &task_null, &row, &n, &err);
		mem_fail_at(0);
		mem_free(row);
		if (done)
			break;
		fine = fine && err.code == ERR_NOMEM && !n;
		failed++;
	}
	ok(fine && failed == 4, "without memory it says so (%zu places)", failed);
}

static void put(const char *name, const char *text)
{
	free(fixture_put(name, text, strlen(text)));
}

int main(void)
{
	float metric[4] = { 0.5f, NAN, 0.25f, 0.5f };
	struct err err;

	fixture_begin();
	put("movies.csv", "item,title\n10,Zebra\n9,\xc3\x84pfel\nx1,电影院\n2,apple\n");
	put("ratings.csv", "user,item,rating\n7,10,5\n7,9,4\n12,10,1\n12,x1,2\n12,2,3\nb,10,4\na,9,2\na,2,2\n");
	data = fixture_load_path(fixture_folder, NULL, &err);
	if (!ok(data != NULL, "a folder of ratings and titles (%s)", data ? "" : err.msg))
		return done_testing();
	is_order(false, ORDER_NUMBER, false, "", NULL, "7 12 b a", "users as they came");
	is_order(false, ORDER_NUMBER, true, "", NULL, "a b 12 7", "and backwards");
	is_order(false, ORDER_ID, false, "", NULL, "7 12 a b", "whole numbers by value, then words");
	is_order(false, ORDER_ID, true, "", NULL, "b a 12 7", "ids backwards");
	is_order(false, ORDER_EVENTS, true, "", NULL, "12 7 a b", "most events first, equal ones as they came");
	is_order(false, ORDER_EVENTS, false, "", NULL, "b 7 a 12", "fewest first, equal ones still as they came");
	is_order(false, ORDER_MEAN, true, "", NULL, "7 b 12 a", "highest mean value first");
	is_order(false, ORDER_METRIC, true, "", metric, "7 a b 12", "by metric: no figure comes last");
	is_order(false, ORDER_METRIC, false, "", metric, "b 7 a 12", "either way");
	is_order(false, ORDER_METRIC, false, "", NULL, "7 12 b a", "no metric at all: as they came");
	is_order(false, ORDER_ID, false, "1", NULL, "12", "filtered by a part of the id");
	is_order(false, ORDER_ID, false, "nobody", NULL, "", "nobody is left");
	is_order(true, ORDER_EVENTS, true, "", NULL, "10 9 2 x1", "items by events");
	is_order(true, ORDER_MEAN, false, "", NULL, "x1 2 9 10", "items by mean value");
	is_order(true, ORDER_NUMBER, false, "APP", NULL, "2", "a title's part in any case");
	is_order(true, ORDER_NUMBER, false, "\xc3\xa4PF", NULL, "9", "with an umlaut");
	is_order(true, ORDER_NUMBER, false, "电影", NULL, "x1", "in Chinese");
	is_order(true, ORDER_TITLE, false, "", NULL, "10 2 9 x1", "items by title");
	test_stops();
	test_want_of_memory();
	dataset_unref(data);
	fixture_end();
	return done_testing();
}
