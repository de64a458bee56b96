/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_browse.c - users, items, user, item: what came in, looked at.
 *
 * Lists may be long: they are made by a worker from references.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cmd/hold.h"
#include "cmd/tables.h"
#include "data/split.h"

#define ASK_EVERY 1024

struct browse {
	struct hold hold;
	float *metric;         /* [U] copy, or NULL */
	char metric_name[32];
	uint32_t one;          /* the user or item asked for */
};

static bool browse_prepare(struct call *c, struct err *err)
{
	struct browse *b = mem_must(calloc(1, sizeof(*b)));

	c->state = b;
	return hold_data(&b->hold, c, err);
}

static void browse_release(struct call *c)
{
	struct browse *b = c->state;

	hold_done(&b->hold);
	mem_free(b->metric);
	free(b);
}

static json_t *mean_value(const struct dataset *d, const size_t *events, size_t from, size_t to)
{
	double sum = 0;

	if (!d->value || from == to)
		return json_null();
	for (size_t k = from; k < to; k++)
		sum += (double)d->value[events ? events[k] : k];
	return json_number(sum / (double)(to - from));
}

static json_t *time_text(int64_t t)
{
	char buf[32];

	return t == NO_TIME ? json_null() : json_text(clock_date_minute(t, buf));
}

/* --- users ------------------------------------------------------------------------------------------------ */

static bool users_prepare(struct call *c, struct err *err)
{
	struct browse *b;
	const float *metric;
	const char *name;

	if (!browse_prepare(c, err))
		return false;
	b = c->state;
	metric = session_user_metric(c->session, &name);
	if (!metric)
		return true;
	b->metric = mem_alloc(b->hold.data->n_users, sizeof(*metric), err);
	if (!b->metric)
		return false;
	memcpy(b->metric, metric, b->hold.data->n_users * sizeof(*metric));
	snprintf(b->metric_name, sizeof(b->metric_name), "%s", name);
	return true;
}

static const char *note_of(const struct dataset *d, uint32_t u)
{
	return d->user_notes.n ? strtab_get(&d->user_notes, u) : "";
}

static void user_row(const struct browse *b, uint32_t u, struct result *r)
{
	const struct dataset *d = b->hold.data;
	size_t from = d->user_ptr[u], to = d->user_ptr[u + 1];
	json_t *row = result_add_row(r);

	json_put(row, "user", json_text(dataset_user_id(d, u)));
	json_put(row, "events", json_integer((json_int_t)(to - from)));
	json_put(row, "mean", mean_value(d, NULL, from, to));
	if (b->metric)
		json_put(row, b->metric_name, json_number((double)b->metric[u]));
	json_put(row, "note", json_text(note_of(d, u)));
}

static bool users_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct browse *b = c->state;
	const struct dataset *d = b->hold.data;
	const char *filter = call_word(c, 0);
	struct result *r = &c->result;

	(void)job;
	r->rows_key = "rows";
	result_add_column(r, "user", "user", COLUMN_ID);
	result_add_column(r, "events", "events", COLUMN_INT);
	result_add_column(r, "mean", "mean", COLUMN_SCORE);
	if (b->metric)
		result_add_column(r, b->metric_name, b->metric_name, COLUMN_SCORE);
	result_add_column(r, "note", "", COLUMN_TEXT);
	for (uint32_t u = 0; u < d->n_users; u++) {
		if (u % ASK_EVERY == 0 && !task_keep_going(t))
			return task_cancelled(err);
		if (!filter || utf8_contains_fold(dataset_true_user_id(d, u), filter) ||
		    utf8_contains_fold(note_of(d, u), filter))
			user_row(b, u, r);
	}
	result_set(r, "total", json_integer((json_int_t)json_array_size(r->rows)));
	result_say(r, "%s", json_array_size(r->rows) ? "" : "no user matches\n");
	return true;
}

const struct command users_command = {
	.name = "users", .group = "Browse", .synopsis = "users [FILTER]", .summary = "the users, or those whose id or note has FILTER in it",
	.lane = LANE_ASK, .words = { WORD_USER }, .most = 1, .prepare = users_prepare, .run = users_run,
	.release = browse_release,
};

/* --- items ------------------------------------------------------------------------------------------------ */

/* The events of every item, so that a mean is one pass: events[ptr[i]..ptr[i+1]-1]. */
static bool events_by_item(const struct dataset *d, size_t **ptr, size_t **events, struct err *err)
{
	*events = NULL;
	*ptr = mem_zeroed((size_t)d->n_items + 2, sizeof(**ptr), err);
	if (*ptr)
		*events = mem_alloc(d->n_events ? d->n_events : 1, sizeof(**events), err);
	if (!*events) {
		mem_free(*ptr);
		return false;
	}
	for (size_t e = 0; e < d->n_events; e++)
		(*ptr)[d->item[e] + 2]++;
	for (uint32_t i = 0; i < d->n_items; i++)
		(*ptr)[i + 2] += (*ptr)[i + 1];
	for (size_t e = 0; e < d->n_events; e++)
		(*events)[(*ptr)[d->item[e] + 1]++] = e;
	return true;
}

static bool items_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	static const struct result_column columns[] = {
		{ "item", "item", COLUMN_ID },   { "title", "title", COLUMN_TEXT },
		{ "events", "events", COLUMN_INT }, { "mean", "mean", COLUMN_SCORE }, { NULL, NULL, 0 },
	};
	const struct browse *b = c->state;
	const struct dataset *d = b->hold.data;
	const char *filter = call_word(c, 0);
	struct result *r = &c->result;
	size_t *ptr, *events;
	bool good = true;

	(void)job;
	r->rows_key = "rows";
	r->columns = columns;
	if (!events_by_item(d, &ptr, &events, err))
		return false;
	for (uint32_t i = 0; good && i < d->n_items; i++) {
		json_t *row;

		if (i % ASK_EVERY == 0 && !task_keep_going(t))
			good = task_cancelled(err);
		if (filter && !utf8_contains_fold(dataset_true_item_id(d, i), filter) &&
		    !utf8_contains_fold(dataset_title(d, i), filter))
			continue;
		row = result_add_row(r);
		json_put(row, "item", json_text(dataset_item_id(d, i)));
		json_put(row, "title", json_text(dataset_title(d, i)));
		json_put(row, "events", json_integer((json_int_t)(ptr[i + 1] - ptr[i])));
		json_put(row, "mean", mean_value(d, events, ptr[i], ptr[i + 1]));
	}
	mem_free(ptr);
	mem_free(events);
	result_set(r, "total", json_integer((json_int_t)json_array_size(r->rows)));
	result_say(r, "%s", json_array_size(r->rows) ? "" : "no item matches\n");
	return good;
}

const struct command items_command = {
	.name = "items", .group = "Browse", .synopsis = "items [FILTER]", .summary = "the items, or those whose id or title has FILTER in it",
	.lane = LANE_ASK, .words = { WORD_ITEM }, .most = 1, .prepare = browse_prepare, .run = items_run,
	.release = browse_release,
};

/* --- one user --------------------------------------------------------------------------------------------- */

static const char *const part_name[] = {
	[PART_TRAIN] = "train", [PART_VALID] = "valid", [PART_TEST] = "test",
	[PART_HISTORY] = "history", [PART_OUT] = "out",
};

static bool user_prepare(struct call *c, struct err *err)
{
	return browse_prepare(c, err) &&
	       call_user(c, call_word(c, 0), &((struct browse *)c->state)->one, err);
}

static size_t n_friends(const struct dataset *d, uint32_t u)
{
	return d->friends.ptr ? csr_row_n(&d->friends, u) : 0;
}

static json_t *friends_of(const struct dataset *d, uint32_t u)
{
	json_t *list = json_array();

	for (size_t k = 0; k < n_friends(d, u); k++)
		json_array_append_new(list, json_text(dataset_user_id(d, csr_row(&d->friends, u)[k])));
	return list;
}

static void say_user(struct result *r, const struct dataset *d, uint32_t u, size_t events)
{
	struct str s = STR_INIT;
	const size_t friends = n_friends(d, u);
	char n[32];

	str_puts(&s, "user ");
	word_quote(&s, dataset_user_id(d, u));
	str_printf(&s, ": %s events%s%s\n", str_thousands(events, n), note_of(d, u)[0] ? "; " : "", note_of(d, u));
	if (friends)
		str_printf(&s, "%s friend%s:", str_thousands(friends, n), friends == 1 ? "" : "s");
	for (size_t k = 0; k < friends; k++) {
		str_puts(&s, k ? ", " : " ");
		word_quote(&s, dataset_user_id(d, csr_row(&d->friends, u)[k]));
	}
	if (friends)
		str_putc(&s, '\n');
	result_say(r, "%s", s.s);
	str_done(&s);
}

static bool user_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	static const struct result_column columns[] = {
		{ "item", "item", COLUMN_ID },    { "title", "title", COLUMN_TEXT },
		{ "value", "value", COLUMN_REAL }, { "time", "time", COLUMN_TEXT },
		{ "part", "part", COLUMN_TEXT },  { NULL, NULL, 0 },
	};
	const struct browse *b = c->state;
	const struct dataset *d = b->hold.data;
	size_t from = d->user_ptr[b->one], to = d->user_ptr[b->one + 1];
	struct result *r = &c->result;

	(void)job, (void)t, (void)err;
	r->rows_key = "history";
	r->columns = columns;
	for (size_t e = from; e < to; e++) {
		json_t *row = result_add_row(r);

		json_put(row, "item", json_text(dataset_item_id(d, d->item[e])));
		json_put(row, "title", json_text(dataset_title(d, d->item[e])));
		json_put(row, "value", d->value ? json_number((double)d->value[e]) : json_null());
		json_put(row, "time", d->time ? time_text(d->time[e]) : json_null());
		json_put(row, "part", json_text(part_name[b->hold.split->part[e]]));
	}
	result_set(r, "ok", json_true());
	result_set(r, "user", json_text(dataset_user_id(d, b->one)));
	result_set(r, "note", json_text(note_of(d, b->one)));
	result_set(r, "events", json_integer((json_int_t)(to - from)));
	result_set(r, "mean", mean_value(d, NULL, from, to));
	result_set(r, "friends", d->friends.ptr ? friends_of(d, b->one) : json_null());
	say_user(r, d, b->one, to - from);
	return true;
}

const struct command user_command = {
	.name = "user", .group = "Browse", .synopsis = "user USER", .summary = "one user: friends, and events, oldest first",
	.lane = LANE_ASK, .words = { WORD_USER }, .least = 1, .most = 1, .prepare = user_prepare, .run = user_run,
	.release = browse_release,
};

/* --- one item --------------------------------------------------------------------------------------------- */

static bool item_prepare(struct call *c, struct err *err)
{
	return browse_prepare(c, err) &&
	       call_item(c, call_word(c, 0), &((struct browse *)c->state)->one, err);
}

static json_t *tags_of(const struct dataset *d, uint32_t item)
{
	json_t *tags = json_array();

	for (size_t k = d->item_tags.ptr ? d->item_tags.ptr[item] : 0;
	     d->item_tags.ptr && k < d->item_tags.ptr[item + 1]; k++)
		json_array_append_new(tags, json_text(strtab_get(&d->tag_names, d->item_tags.idx[k])));
	return tags;
}

static void say_item(struct result *r, const struct dataset *d, uint32_t item, uint64_t events)
{
	struct str s = STR_INIT, quoted = STR_INIT;
	char n[32];

	word_quote(&quoted, dataset_item_id(d, item));
	str_printf(&s, "item %s: %s\n%s events, %u train users\n", quoted.s, dataset_title(d, item),
		   str_thousands(events, n), (unsigned)json_integer_value(json_object_get(r->head, "train_events")));
	for (size_t k = 0; k < json_array_size(json_object_get(r->head, "tags")); k++)
		str_printf(&s, "%s%s", k ? ", " : "tags ",
			   json_string_value(json_array_get(json_object_get(r->head, "tags"), k)));
	if (json_array_size(json_object_get(r->head, "tags")))
		str_putc(&s, '\n');
	if (d->texts.n && strtab_get(&d->texts, item)[0])
		str_printf(&s, "%s\n", strtab_get(&d->texts, item));
	result_say(r, "%s", s.s);
	str_done(&s);
	str_done(&quoted);
}

static bool item_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	const struct browse *b = c->state;
	const struct dataset *d = b->hold.data;
	struct result *r = &c->result;
	uint64_t n = 0;
	double sum = 0;

	(void)job, (void)t, (void)err;
	for (size_t e = 0; e < d->n_events; e++) {
		if (d->item[e] != b->one)
			continue;
		n++;
		sum += (double)dataset_value(d, e);
	}
	result_set(r, "ok", json_true());
	result_set(r, "item", json_text(dataset_item_id(d, b->one)));
	result_set(r, "title", json_text(dataset_title(d, b->one)));
	result_set(r, "text", d->texts.n ? json_text(strtab_get(&d->texts, b->one)) : json_null());
	result_set(r, "tags", tags_of(d, b->one));
	result_set(r, "events", json_integer((json_int_t)n));
	result_set(r, "train_events", json_integer(b->hold.split->item_train[b->one]));
	result_set(r, "mean", d->value && n ? json_number(sum / (double)n) : json_null());
	say_item(r, d, b->one, n);
	return true;
}

const struct command item_command = {
	.name = "item", .group = "Browse", .synopsis = "item ITEM", .summary = "one item: title, tags, text, events",
	.lane = LANE_ASK, .words = { WORD_ITEM }, .least = 1, .most = 1, .prepare = item_prepare, .run = item_run,
	.release = browse_release,
};
