/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - made, ended, and what is current.  Jobs, runs and questions have files of their own. */
#include "app/session_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/paths.h"
#include "app/settings.h"
#include "base/mem.h"

static unsigned all_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)n;
}

static bool session_start_up(struct session *s, struct err *err)
{
	s->queue = message_queue_new(err);
	if (!s->queue)
		return false;
	s->pool = pool_new(s->options.threads, err);
	return s->pool && session_jobs_init(s, err) && session_ask_init(s, err) &&
	       loop_watch_fd(s->loop, message_queue_fd(s->queue), session_take_messages, s, err);
}

struct session *session_new(const struct session_options *o, struct loop *loop, struct err *err)
{
	struct session *s = mem_must(calloc(1, sizeof(*s)));

	s->options = *o;
	s->loop = loop;
	s->follow = true;
	params_init(&s->settings, settings_table);
	edits_init(&s->edits);
	if (!s->options.threads)
		s->options.threads = all_cores();
	s->journal = journal_new(o->readonly ? NULL : path_state("journal"));
	s->home = o->home ? mem_strdup(o->home) : path_home();
	if (!session_start_up(s, err)) {
		session_free(s);
		return NULL;
	}
	session_runs_init(s);
	session_personas_init(s);
	return s;
}

/* DESIGN: shutting down.  Nobody listens any more (closing), every job is cancelled, and the queue is
 * served until each one's last message came; only then are threads joined and references dropped, so
 * that what a worker still holds is never pulled away from under it. */
void session_free(struct session *s)
{
	if (!s)
		return;
	s->closing = true;
	session_watch(s, NULL);
	session_jobs_stop(s);
	session_ask_done(s);
	session_jobs_done(s);
	if (s->queue) {
		struct message *m;

		loop_unwatch_fd(s->loop, message_queue_fd(s->queue));
		while ((m = message_queue_take(s->queue)))
			message_free(m);
	}
	message_queue_free(s->queue);
	pool_free(s->pool);
	session_runs_done(s);
	mem_free(s->foretold);
	session_personas_done(s);
	session_put_comparison(s, NULL, session_split_serial(s));
	split_unref(s->split);
	dataset_unref(s->data);
	mem_free(s->item_events);
	mem_free(s->item_mean);
	journal_free(s->journal);
	free(s->home);
	free(s);
}

/* The loop calls this when the queue has something. */
void session_take_messages(void *ctx)
{
	struct session *s = ctx;
	struct message *m;
	unsigned changes;

	s->draining = true;
	while ((m = message_queue_take(s->queue))) {
		if (m->kind == MESSAGE_ANSWER)
			session_ask_message(s, m);
		else
			session_jobs_message(s, m);
		message_free(m);
	}
	s->draining = false;
	changes = s->changes;
	s->changes = 0;
	if (changes)
		session_changed(s, changes);
}

void session_changed(struct session *s, unsigned what)
{
	if (s->draining)
		s->changes |= what;
	else if (s->watcher.changed)
		s->watcher.changed(s->watcher.ctx, what);
}

void session_watch(struct session *s, const struct session_watcher *w)
{
	s->watcher = w ? *w : (struct session_watcher){ 0 };
}

void session_tell(struct session *s, enum log_level level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_add(level, "%s", text);
	session_changed(s, CHANGED_LOG);
	if (s->watcher.told)
		s->watcher.told(s->watcher.ctx, level, text);
}

const struct dataset *session_data(const struct session *s)
{
	return s->data;
}

const struct split *session_split(const struct session *s)
{
	return s->split;
}

void session_split_facts(const struct session *s, struct split_facts *out)
{
	const struct split *p = s->split;

	*out = (struct split_facts){ 0 };
	if (!p)
		return;
	snprintf(out->text, sizeof(out->text), "%s", p->text);
	out->n_train = p->n_train;
	out->n_valid = p->n_valid;
	out->n_test = p->n_test;
	out->test_users = p->test_users;
	out->tied = p->hazards.tied;
	out->cold_test_items = p->hazards.cold_test_items;
	out->repeats_removed = p->hazards.repeats_removed;
	out->users_dropped = p->hazards.users_dropped;
}

uint64_t session_split_serial(const struct session *s)
{
	return s->split ? s->split->id : 0;
}

bool session_is_test(const struct session *s, size_t event)
{
	return s->split && s->split->part[event] == PART_TEST;
}

uint32_t session_item_events(const struct session *s, uint32_t item)
{
	return s->item_events ? s->item_events[item] : 0;
}

double session_item_mean(const struct session *s, uint32_t item)
{
	return s->item_mean ? s->item_mean[item] : NAN;
}

uint64_t session_seed(const struct session *s)
{
	return s->options.seed;
}

void session_set_seed(struct session *s, uint64_t seed)
{
	s->options.seed = seed;
}

bool session_readonly(const struct session *s)
{
	return s->options.readonly;
}

struct pool *session_pool(struct session *s)
{
	return s->pool;
}

const char *session_home(const struct session *s)
{
	return s->home;
}

void session_install(struct session *s, struct standing *take)
{
	session_let_go(s, NULL, s->split, s->data);
	s->data = take->data;
	s->split = take->split;
	take->data = NULL;
	take->split = NULL;
	mem_free(s->item_events);
	mem_free(s->item_mean);
	s->item_events = take->item_events;
	s->item_mean = take->item_mean;
	take->item_events = NULL;
	take->item_mean = NULL;
	session_ask_forget(s);
	session_put_comparison(s, NULL, session_split_serial(s));
	session_personas_installed(s);
	session_runs_installed(s, take);
	standing_done(take);
	session_changed(s, CHANGED_DATA | CHANGED_RUNS | CHANGED_ANSWER);
	session_measure(s);
}

struct journal *session_journal(struct session *s)
{
	return s->journal;
}

struct params *session_settings(struct session *s)
{
	return &s->settings;
}

void session_ask_quit(struct session *s)
{
	s->quit = true;
}

bool session_quit_asked(const struct session *s)
{
	return s->quit;
}

bool session_closing(const struct session *s)
{
	return s->closing;
}
