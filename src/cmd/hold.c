/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hold.c - taking and dropping what a question reads. */
#include "cmd/hold.h"

#include <stdlib.h>

#include "app/session_change.h"
#include "base/mem.h"
#include "cmd/tables.h"
#include "data/split.h"

bool hold_data(struct hold *h, const struct call *c, struct err *err)
{
	if (!call_needs_data(c, err))
		return false;
	h->data = dataset_ref(session_data(c->session));
	h->split = split_ref((struct split *)session_split(c->session));
	return true;
}

static bool take_run(struct hold *h, const struct call *c, const char *name, bool whole, struct err *err)
{
	const struct snapshot *in_memory;
	const struct run *r;

	if (name)
		r = session_find_run(c->session, name, err);
	else
		r = session_answering(c->session);
	if (!r)
		return name ? false : err_set(err, ERR_USAGE, "no run can answer: train one, or load the data again");
	if (!r->of_data)
		return err_set(err, ERR_USAGE, "%s was trained on %s, not on the data that are loaded", r->rec.name,
			       r->rec.data_name);
	if (!r->snapshot && (r->job || r->in_memory))
		return err_set(err, ERR_USAGE, "%s has not finished its first epoch", r->rec.name);
	if (!r->snapshot && !r->rec.readable)
		return err_set(err, ERR_USAGE, "%s ended without weights: train it again", r->rec.name);
	run_record_init(&h->record);
	if (!run_record_copy(&h->record, &r->rec, err))
		return false;
	in_memory = whole ? session_whole(r) : r->snapshot;
	if (in_memory) {
		h->snapshot = snapshot_ref(in_memory);
		return true;
	}
	h->home = mem_strdup(session_home(c->session));
	h->readonly = session_readonly(c->session);
	return parts_take_of(&h->parts, c->session, &r->rec, err);
}

bool hold_run(struct hold *h, const struct call *c, const char *name, struct err *err)
{
	return take_run(h, c, name, false, err);
}

bool hold_whole_run(struct hold *h, const struct call *c, const char *name, struct err *err)
{
	return take_run(h, c, name, true, err);
}

/* DESIGN: the session's store belongs to the UI thread, and one store serves one call at a time.  A worker
 * opens its own: stores of one home agree through its files, as two processes do. */
const struct snapshot *hold_snapshot(struct hold *h, struct err *err)
{
	struct run_store *store;

	if (h->snapshot)
		return h->snapshot;
	store = run_store_open(h->home, h->readonly, err);
	if (!store)
		return NULL;
	h->snapshot = run_store_load(store, &h->record, h->data, h->split, parts_resolve, &h->parts, err);
	run_store_free(store);
	return h->snapshot;
}

void hold_let_go(struct hold *h)
{
	snapshot_unref(h->snapshot);
	h->snapshot = NULL;
}

void hold_done(struct hold *h)
{
	parts_done(&h->parts);
	snapshot_unref(h->snapshot);
	split_unref(h->split);
	dataset_unref(h->data);
	run_record_done(&h->record);
	free(h->home);
	*h = (struct hold){ 0 };
}
