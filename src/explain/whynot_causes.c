/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain/whynot_causes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bits.h"

__attribute__((format(printf, 4, 5)))
static void add(struct whynot_causes *c, const char *code, const struct loaded_file *file, const char *fmt, ...)
{
	struct whynot_cause *now = &c->cause[c->n];
	va_list ap;

	if (c->n == WHYNOT_CAUSES)
		return;
	now->code = code;
	now->file = file ? file->name : NULL;
	va_start(ap, fmt);
	vsnprintf(now->text, sizeof(now->text), fmt, ap);
	va_end(ap);
	c->n++;
}

/* --- while the data were read ---------------------------------------------------------------------------------- */

static const char *why_rejected(const struct load_report *r, const struct absent_item *a)
{
	for (size_t k = 0; k < r->n_rejects; k++)
		if (r->rejects[k].file == a->file && r->rejects[k].line == a->line)
			return r->rejects[k].reason;
	return "it cannot be read";
}

/* whole: no row of it became an event, but for those that the core left out. */
static void add_rows(const struct dataset *d, const struct absent_item *a, bool whole, struct whynot_causes *out)
{
	const struct load_report *r = &d->report;
	const struct loaded_file *file = a->has_row && a->file < r->n_files ? &r->files[a->file] : NULL;
	const char *rows = whole && !a->outside_core ? "its rows were" : "some of its rows were";
	const size_t before = out->n;

	if (a->outside_core && whole)
		add(out, "outside-core", NULL, "outside the core: too few events are left of it, or of its users (min-user=%u min-item=%u)",
		    r->min_user, r->min_item);
	if (a->rejected)
		add(out, "rejected", file, "%s rejected; the first: %s", rows, why_rejected(r, a));
	else if (a->aside)
		add(out, "set-aside", file, "%s set aside; the first: %s", rows, a->aside);
	else if (a->no_events && whole)
		add(out, "no-events", file, "no event names it, only a file about items");
	if (out->n > before && file)
		out->cause[out->n - 1].line = a->line;
}

void whynot_absent(const struct dataset *d, const char *id, struct whynot_causes *out)
{
	const struct absent_item *a = absent_find(&d->absent, id);

	*out = (struct whynot_causes){ 0 };
	if (a)
		add_rows(d, a, true, out);
	else
		add(out, "unknown", NULL, d->absent.more ? "no row that was kept in mind names it; not all were"
							 : "no row names it");
}

/* --- what leaves it no rank --------------------------------------------------------------------------------------- */

static size_t count_events(const struct dataset *d, uint32_t item)
{
	size_t n = 0;

	for (size_t e = 0; e < d->n_events; e++)
		n += d->item[e] == item;
	return n;
}

static bool in_query(const struct query *q, uint32_t item)
{
	for (uint32_t k = 0; k < q->n; k++)
		if (q->items[k] == item)
			return true;
	for (uint32_t k = 0; k < q->n_hidden; k++)
		if (q->hidden[k] == item)
			return true;
	return false;
}

static bool has_text(const struct dataset *d, uint32_t item)
{
	if ((d->titles.n && *strtab_get(&d->titles, item)) || (d->texts.n && *strtab_get(&d->texts, item)) ||
	    (d->item_tags.ptr && csr_row_n(&d->item_tags, item)))
		return true;
	for (size_t k = 0; k < d->n_modalities; k++)
		if (d->modalities[k].has[item])
			return true;
	return false;
}

bool whynot_find_causes(const struct snapshot *s, const struct split *split, const struct query *q, uint32_t item,
			const struct whynot_options *o, struct whynot_causes *out)
{
	const struct dataset *d = split->data;
	const struct absent_item *a = absent_find(&d->absent, dataset_true_item_id(d, item));
	size_t n;

	*out = (struct whynot_causes){ 0 };
	if (in_query(q, item))
		add(out, "in-history", NULL, "already in the history: lists leave it out");
	if (o->list.barred && bits_has(o->list.barred, item)) {
		n = count_events(d, item);
		add(out, "no-train-events", NULL, "no train events: %s%zu event%s of it %s held out for valid and test",
		    n == 1 ? "the " : "all ", n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
	}
	if (o->left_out && bits_has(o->left_out, item))
		add(out, "not-a-candidate", NULL, "not among the candidates: only= or not= leaves it out");
	n = out->n; /* these leave it no rank; what follows does not */
	if ((model_caps(s->model) & MODEL_NEEDS_TEXT || s->ops->content) && !has_text(d, item))
		add(out, "no-text", NULL, "no title, text or tag: %s has nothing to read of it", s->run);
	if (a)
		add_rows(d, a, false, out);
	return n == 0;
}
