/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_data.c - what was loaded, what was left out and why, and what it looks like. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/report.h"
#include "cmd/report_html.h"
#include "data/split.h"

#define REASONS_SHOWN 20

static void put_numbers(FILE *f, const struct dataset *d, const struct split *s)
{
	const struct profile *p = &d->profile;
	char a[32], b[32], c[32];

	page_put(f, "<div>\n<h3>Numbers</h3>\n<table>\n<tbody>\n");
	page_fact(f, "events", "%s, density %.3g%%", str_thousands(d->n_events, a), 100 * p->density);
	page_fact(f, "events a user", "%" PRIu64 " to %" PRIu64 ", median %" PRIu64 ", mean %.1f, Gini %.2f", p->user_events.least,
		  p->user_events.most, p->user_events.median, p->user_events.mean, p->user_events.gini);
	page_fact(f, "events an item", "%" PRIu64 " to %" PRIu64 ", median %" PRIu64 ", mean %.1f, Gini %.2f", p->item_events.least,
		  p->item_events.most, p->item_events.median, p->item_events.mean, p->item_events.gini);
	if (d->value)
		page_fact(f, "mean value", "%.3g", p->value_mean);
	if (d->time)
		page_fact(f, "times", "%s to %s; %.1f%% of events share user and time", clock_date(p->first_time, a),
			  clock_date(p->last_time, b), 100 * p->tied_share);
	page_fact(f, "train, valid, test", "%s, %s, %s events; %u users with test events", str_thousands(s->n_train, a),
		  str_thousands(s->n_valid, b), str_thousands(s->n_test, c), s->test_users);
	if (d->friends.ptr)
		page_fact(f, "friendships", "%s", str_thousands(d->friends.ptr[d->n_users] / 2, a));
	page_put(f, "</tbody>\n</table>\n</div>\n");
}

static void put_cleaning(FILE *f, const struct load_report *r)
{
	char a[32];

	page_put(f, "<div>\n<h3>Reading</h3>\n<table>\n<thead><tr><th scope=\"col\">file</th><th scope=\"col\">taken for</th>"
		    "<th scope=\"col\" class=\"n\">rows</th><th scope=\"col\" class=\"n\">rejected</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->n_files && i < REASONS_SHOWN; i++) {
		page_put(f, "<tr><td class=\"wrap\">");
		page_text(f, file_base(r->files[i].name));
		page_put(f, "</td><td>");
		page_text(f, r->files[i].role);
		page_put(f, "</td><td class=\"n\">%s</td>", str_thousands(r->files[i].rows, a));
		page_put(f, "<td class=\"n\">%s</td></tr>\n", str_thousands(r->files[i].bad, a));
	}
	page_put(f, "</tbody>\n</table>\n<p>%s rows could not be read, ", str_thousands(r->rejected_total, a));
	page_put(f, "%s events were set aside", str_thousands(r->set_aside_total, a));
	for (size_t i = 0; i < r->n_set_aside; i++) {
		page_put(f, i ? ", " : ": ");
		page_text(f, r->set_aside[i].reason);
		page_put(f, " %s", str_thousands(r->set_aside[i].n, a));
	}
	page_put(f, ".</p>\n</div>\n");
}

static void put_histogram(FILE *f, const char *title, const struct profile_histogram *h)
{
	double value[PROFILE_BINS];
	char name[3][32];
	const char *const names[3] = { name[0], name[1], name[2] };

	for (uint32_t b = 0; b < h->n_bins; b++)
		value[b] = (double)h->count[b];
	str_thousands((uint64_t)h->edge[0], name[0]);
	str_thousands((uint64_t)h->edge[h->n_bins / 2], name[1]);
	str_thousands(h->most, name[2]);
	chart_columns(f, title, value, h->n_bins, names);
}

static void put_counts(FILE *f, const char *title, const uint64_t *count, size_t n, const char *const names[3])
{
	double value[60];

	for (size_t i = 0; i < n; i++)
		value[i] = (double)count[i];
	chart_columns(f, title, value, n, names);
}

static void put_values(FILE *f, const struct profile *p)
{
	char name[3][32];
	const char *const names[3] = { name[0], name[1], name[2] };
	const uint32_t at[3] = { 0, p->n_values / 2, p->n_values - 1 };

	if (p->n_values < 2)
		return;
	for (int i = 0; i < 3; i++)
		snprintf(name[i], sizeof(name[i]), "%.4g", p->value[at[i]]);
	put_counts(f, "Events by value", p->value_count, p->n_values, names);
}

void report_put_data(FILE *f, const struct dataset *d, const struct split *s)
{
	const struct profile *p = &d->profile;
	char first[32], last[32], items[32];
	const char *const days[3] = { clock_date(p->first_time, first), "", clock_date(p->last_time, last) };
	const char *const ranks[3] = { "most taken", "items by rank", str_thousands(d->n_items, items) };

	page_put(f, "<section id=\"data\">\n<h2>Data</h2>\n<div class=\"side\">\n");
	put_numbers(f, d, s);
	put_cleaning(f, &d->report);
	page_put(f, "</div>\n<div class=\"side\">\n");
	put_histogram(f, "Users by their events (log scale)", &p->user_events);
	put_histogram(f, "Items by their events (log scale)", &p->item_events);
	put_counts(f, "The long tail: events of items", p->tail, 60, ranks);
	if (d->time)
		put_counts(f, "Events over time", p->time_count, 60, days);
	put_values(f, p);
	page_put(f, "</div>\n</section>\n");
}
