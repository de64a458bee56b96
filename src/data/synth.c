/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth.c - users with tastes that drift, their sessions and events, and the files.
 *
 * DESIGN: every user draws from a stream of their own, so users are made in parallel: chunks of
 * USERS_A_CHUNK write into a text each, ROUND chunks at a time, and the texts go out in order.  The bytes
 * depend on options and seed alone.
 */
#include "data/synth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/synth_world.h"

#define USERS_A_CHUNK 64
#define ROUND 64            /* chunks between two writes */
#define START 1420070400    /* 2015-01-01 */
#define SPAN (5 * 365)      /* days */
#define FAITH 0.7           /* share of a session's other events that keep to its taste */
#define DRIFT 0.6           /* how far a user's tastes have moved when the five years are over */
#define DRAWS 60            /* for an item that the user has not taken yet */
#define CIRCLE 12           /* people of the same tastes, about, where friends are planted */
#define MOST_FRIENDS 8      /* that one person names; at least half as many */

const struct param_spec synth_params[] = {
	{ .name = "scenario", .type = PARAM_CHOICE, .def = "films", .choices = "films|shop|courses|music", .unit = "",
	  .meaning = "what the items are" },
	{ .name = "users", .type = PARAM_INT, .lo = 10, .hi = 10e6, .def = "1000", .unit = "users", .meaning = "how "
	  "many", .log_scale = true },
	{ .name = "items", .type = PARAM_INT, .lo = 50, .hi = 2e6, .def = "800", .unit = "items", .meaning = "how "
	  "many", .log_scale = true },
	{ .name = "events", .type = PARAM_INT, .lo = 10, .hi = 1e9, .def = "40000", .unit = "events",
	  .meaning = "how many; no pair comes twice", .log_scale = true },
	{ .name = "order", .type = PARAM_REAL, .lo = 0, .hi = 1, .unit = "",
	  .meaning = "share of events that follow from the one just before, and nothing else depends on order; not given: "
	  "sessions keep to a taste, and tastes drift" },
	{ .name = "text", .type = PARAM_REAL, .lo = 0, .hi = 1, .def = "1", .unit = "",
	  .meaning = "share of an item's words and tags that are of its tastes; the others are of any" },
	{ .name = "social", .type = PARAM_REAL, .lo = 0, .hi = 1, .unit = "",
	  .meaning = "share of friendships between people of the same tastes, the others join any two; not given: no "
	  "friends.csv" },
	{ .name = "noise", .type = PARAM_REAL, .lo = 0, .hi = 1, .def = "0.08", .unit = "",
	  .meaning = "share of events drawn from all items, whatever the person's tastes and the event before" },
	{ .name = NULL },
};

/* What one slot needs to make a user. */
struct user_room {
	uint32_t *stamp;    /* [I] == user + 1: taken */
	int64_t *start;     /* [most] of sessions */
	uint32_t *size;     /* [most] events a session */
	uint32_t *drawn, *block, *item; /* [most] of synth_job.ordered: as drawn, where chains begin, as they are told */
};

struct synth_job {
	struct synth_world world;
	uint64_t seed;
	double noise, order, faith, drift;
	bool ordered;          /* nothing but `order` depends on order */
	double social;         /* below 0: there are no friends */
	uint32_t n_users, n_circles;
	uint32_t *n_events;    /* [U] */
	uint32_t most;         /* of these */
	struct user_room *room; /* [slots] */
	unsigned n_rooms;
	size_t first_chunk;
	struct str events[ROUND], truth[ROUND], friends[ROUND];
};

/* --- How many events each user has ------------------------------------------------ */

/* Log-normal, at least `least` and at most `most`; adds up to n exactly. */
static bool share_events(struct synth_job *job, uint64_t n, uint32_t least, uint32_t most, struct err *err)
{
	struct rng rng = rng_stream(job->seed, "synth.activity", 0, 0);
	double *weight = mem_alloc(job->n_users, sizeof(*weight), err), sum = 0;
	uint64_t left = n;

	job->n_events = weight ? mem_alloc(job->n_users, sizeof(*job->n_events), err) : NULL;
	if (!job->n_events) {
		mem_free(weight);
		return false;
	}
	for (uint32_t u = 0; u < job->n_users; u++) {
		weight[u] = exp(0.95 * rng_normal(&rng));
		sum += weight[u];
	}
	for (uint32_t u = 0; u < job->n_users; u++) {
		double more = ((double)n - (double)least * job->n_users) * weight[u] / sum;

		job->n_events[u] = least + (more < most - least ? (uint32_t)more : most - least);
		left -= job->n_events[u];
	}
	for (uint32_t u = 0; left > 0; u = (u + 1) % job->n_users)
		if (job->n_events[u] < most) {
			job->n_events[u]++;
			left--;
		}
	mem_free(weight);
	return true;
}

/* --- One user ---------------------------------------------------------------------- */

struct user {
	uint32_t id; /* from 0 */
	struct rng rng;
	uint32_t n_tastes;
	double before[SYNTH_MOST_TASTES], after[SYNTH_MOST_TASTES]; /* tastes at the start and in the end */
	double now[SYNTH_MOST_TASTES];
	double mean[SYNTH_MOST_TASTES]; /* over the events */
	double generosity;
};

/* One main taste and up to two more; the rest is nothing. */
static void draw_tastes(const struct synth_world *w, struct rng *rng, uint32_t keep, double *out)
{
	uint32_t n = w->scenario->n_tastes, more = rng_below(rng, 3);
	double main_share = 0.6 + 0.3 * rng_uniform(rng);

	for (uint32_t t = 0; t < n; t++)
		out[t] = 0;
	out[keep < n ? keep : synth_draw_taste(w, rng)] = more ? main_share : 1;
	for (uint32_t k = 0; k < more; k++)
		out[synth_draw_taste(w, rng)] += (1 - main_share) / more;
}

static void meet_user(const struct synth_job *job, uint32_t id, struct user *u)
{
	const struct synth_world *w = &job->world;

	memset(u, 0, sizeof(*u));
	u->id = id;
	u->rng = rng_stream(job->seed, "synth.user", id, 0);
	u->n_tastes = w->scenario->n_tastes;
	draw_tastes(w, &u->rng, u->n_tastes, u->before);
	draw_tastes(w, &u->rng, u->n_tastes, u->after);
	if (job->social >= 0) {
		struct rng circle = rng_stream(job->seed, "synth.circle", id % job->n_circles, 0);

		draw_tastes(w, &circle, u->n_tastes, u->before);
		draw_tastes(w, &circle, u->n_tastes, u->after);
	}
	u->generosity = rng_normal(&u->rng);
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* A second of a day when people of this scenario are about. */
static int64_t draw_hour(const struct synth_scenario *sc, struct rng *rng)
{
	uint32_t sum = 0, at, hour = 0;

	for (int h = 0; h < 24; h++)
		sum += (uint32_t)(sc->busy_hours[h] - '0');
	at = rng_below(rng, sum);
	while (at >= (uint32_t)(sc->busy_hours[hour] - '0'))
		at -= (uint32_t)(sc->busy_hours[hour++] - '0');
	return (int64_t)hour * 3600 + rng_below(rng, 3600);
}

/* Cuts n events into sessions of geometric length, at rising times; returns how many sessions. */
static uint32_t draw_sessions(const struct synth_scenario *sc, struct user *u, uint32_t n, struct user_room *r)
{
	double again = 1 - 1 / sc->session_mean;
	double join = SPAN * 0.9 * rng_uniform(&u->rng);
	double stay = (SPAN - join) * (0.1 + 0.9 * rng_uniform(&u->rng));
	uint32_t n_sessions = 0;

	for (uint32_t left = n; left > 0; n_sessions++) {
		uint32_t size = 1;

		while (size < left && rng_uniform(&u->rng) < again)
			size++;
		r->size[n_sessions] = size;
		left -= size;
	}
	for (uint32_t s = 0; s < n_sessions; s++)
		r->start[s] = START + 86400 * (int64_t)(join + stay * rng_uniform(&u->rng)) +
			      draw_hour(sc, &u->rng);
	qsort(r->start, n_sessions, sizeof(*r->start), by_time);
	return n_sessions;
}

/* Tastes as they are at a time: a mix of before and after. */
static void drift_to(struct user *u, double drift, int64_t time)
{
	double d = drift * (double)(time - START) / (SPAN * 86400.0);

	for (uint32_t t = 0; t < u->n_tastes; t++)
		u->now[t] = (1 - d) * u->before[t] + d * u->after[t];
}

static uint32_t draw_own_taste(struct user *u)
{
	double x = rng_uniform(&u->rng);
	uint32_t t = 0, last = 0;

	for (; t < u->n_tastes; t++) {
		if (u->now[t] <= 0)
			continue;
		last = t;
		if (x < u->now[t])
			break;
		x -= u->now[t];
	}
	return t < u->n_tastes ? t : last;
}

/* An item that the user has not taken; where luck fails, the next one free. */
static uint32_t draw_free(const struct synth_world *w, struct user *u, const struct synth_shelf *shelf,
			  const uint32_t *stamp)
{
	uint32_t i = 0;

	for (int d = 0; d < DRAWS; d++) {
		i = synth_draw_item(d < DRAWS / 2 ? shelf : &w->all, &u->rng);
		if (stamp[i] != u->id + 1)
			break;
	}
	while (stamp[i] == u->id + 1)
		i = (i + 1) % w->n_items;
	return i;
}

/* before: the item just before, or n_items. */
static uint32_t take_item(const struct synth_job *job, struct user *u, uint32_t taste, uint32_t before, uint32_t *stamp)
{
	const struct synth_world *w = &job->world;
	bool any = rng_uniform(&u->rng) < job->noise;
	uint32_t i = w->n_items;

	if (!any && before < w->n_items && w->next && rng_uniform(&u->rng) < job->order)
		i = w->next[before];
	if (i == w->n_items || stamp[i] == u->id + 1)
		i = draw_free(w, u, any ? &w->all : &w->shelf[taste], stamp);
	stamp[i] = u->id + 1;
	return i;
}

static double liking(const struct user *u, const struct synth_item *it)
{
	return (double)it->share * u->now[it->taste] + (1 - (double)it->share) * u->now[it->second];
}

static void put_value(const struct synth_scenario *sc, struct user *u, const struct synth_item *it,
		      struct str *out)
{
	double like = liking(u, it), stars, noise = rng_normal(&u->rng);

	switch (sc->prefix) {
	case 'f': /* half stars */
		stars = 2.9 + 1.3 * fmin(1, 1.5 * like) + 0.45 * (double)it->quality + 0.35 * u->generosity +
			0.55 * noise;
		stars = floor(2 * stars + 0.5) / 2;
		str_printf(out, "%.1f", fmin(5, fmax(0.5, stars)));
		break;
	case 'p': /* pieces, most often one */
		str_printf(out, "%d", 1 + (int)fmin(23, 0.8 * exp(0.7 * noise + like) - 0.3));
		break;
	case 'c': /* hours spent */
		str_printf(out, "%.1f", fmax(0.1, exp(0.8 * noise + 1.6 * like + 0.3 * (double)it->quality)));
		break;
	default: /* plays: a heavy tail */
		str_printf(out, "%d", 1 + (int)fmin(9999, exp(1.5 * noise + 2.5 * like)));
		break;
	}
}

static void put_event(const struct synth_world *w, struct user *u, uint32_t item, int64_t time, struct str *out)
{
	str_printf(out, "u%u,%c%u,", u->id + 1, w->scenario->prefix, item + 1);
	put_value(w->scenario, u, &w->item[item], out);
	str_printf(out, ",%lld\n", (long long)time);
}

/* A friendship is within the circle with the probability `social`, else with anybody. */
static void put_friends(const struct synth_job *job, uint32_t id, struct str *out)
{
	struct rng rng = rng_stream(job->seed, "synth.friends", id, 0);
	uint32_t n = MOST_FRIENDS / 2 + rng_below(&rng, MOST_FRIENDS / 2 + 1);
	uint32_t circle = id % job->n_circles, size = (job->n_users - circle + job->n_circles - 1) / job->n_circles;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t other = rng_uniform(&rng) < job->social ? circle + job->n_circles * rng_below(&rng, size)
								 : rng_below(&rng, job->n_users);

		if (other != id)
			str_printf(out, "u%u,u%u\n", id + 1, other + 1);
	}
}

/* Who takes nothing twice takes what many take first, and then what few do: a history as it is drawn has an order that
 * nobody planted.  So all is drawn, and told in a random order of its chains, each what followed from the one before. */
static void draw_chains(const struct synth_job *job, struct user *u, struct user_room *r)
{
	const struct synth_world *w = &job->world;
	uint32_t n = job->n_events[u->id], n_blocks = 0, item = w->n_items, at = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t before = item;

		item = r->drawn[k] = take_item(job, u, draw_own_taste(u), before, r->stamp);
		if (!w->next || before == w->n_items || item != w->next[before])
			r->block[n_blocks++] = k;
	}
	rng_shuffle_u32(&u->rng, r->block, n_blocks);
	for (uint32_t b = 0; b < n_blocks; b++) {
		uint32_t k = r->block[b];

		do
			r->item[at++] = r->drawn[k++];
		while (k < n && w->next && r->drawn[k] == w->next[r->drawn[k - 1]]);
	}
}

static void live(const struct synth_job *job, struct user *u, struct user_room *r, struct str *out)
{
	const struct synth_world *w = &job->world;
	uint32_t n_sessions = draw_sessions(w->scenario, u, job->n_events[u->id], r), item = w->n_items;
	int64_t time = 0;
	uint32_t at = 0;

	if (job->ordered) { /* tastes stay as they are */
		drift_to(u, 0, 0);
		draw_chains(job, u, r);
	}
	for (uint32_t s = 0; s < n_sessions; s++) {
		uint32_t mood;

		time = r->start[s] > time ? r->start[s] : time + 1;
		drift_to(u, job->drift, time);
		mood = job->ordered ? 0 : draw_own_taste(u);
		for (uint32_t k = 0; k < r->size[s]; k++) {
			if (job->ordered)
				item = r->item[at++];
			else
				item = take_item(job, u, k == 0 || rng_uniform(&u->rng) < job->faith ? mood : draw_own_taste(u), item,
						 r->stamp);
			put_event(w, u, item, time, out);
			for (uint32_t t = 0; t < u->n_tastes; t++)
				u->mean[t] += u->now[t] / job->n_events[u->id];
			time += 1 + rng_below(&u->rng, w->scenario->gap);
		}
	}
}

/* --- truth.csv ------------------------------------------------------------------------ */

struct weighed {
	double weight;
	uint32_t taste;
};

static int heavier_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->taste > y->taste) - (x->taste < y->taste);
}

/* "Crime:0.71|Space:0.29", from 0.01 on. */
static void put_tastes(const struct synth_scenario *sc, const double *weight, struct str *out)
{
	struct weighed w[SYNTH_MOST_TASTES];
	const char *bar = "";

	for (uint32_t t = 0; t < sc->n_tastes; t++)
		w[t] = (struct weighed){ weight[t], t };
	qsort(w, sc->n_tastes, sizeof(*w), heavier_first);
	for (uint32_t t = 0; t < sc->n_tastes && w[t].weight >= 0.01; t++) {
		str_printf(out, "%s%s:%.2f", bar, sc->taste[w[t].taste].name, w[t].weight);
		bar = "|";
	}
	str_putc(out, '\n');
}

static void put_item_truth(const struct synth_world *w, struct str *out)
{
	for (uint32_t i = 0; i < w->n_items; i++) {
		const struct synth_item *it = &w->item[i];
		double weight[SYNTH_MOST_TASTES] = { 0 };

		weight[it->taste] += (double)it->share;
		weight[it->second] += 1 - (double)it->share;
		str_printf(out, "item,%c%u,", w->scenario->prefix, i + 1);
		put_tastes(w->scenario, weight, out);
	}
}

/* --- Chunks and files -------------------------------------------------------------------- */

static void users_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct synth_job *job = ctx;
	uint64_t first = (job->first_chunk + chunk) * USERS_A_CHUNK, end = first + USERS_A_CHUNK;
	struct user u;

	for (; first < end && first < job->n_users; first++) {
		meet_user(job, (uint32_t)first, &u);
		live(job, &u, &job->room[slot], &job->events[chunk]);
		str_printf(&job->truth[chunk], "user,u%u,", u.id + 1);
		put_tastes(job->world.scenario, u.mean, &job->truth[chunk]);
		if (job->social >= 0)
			put_friends(job, u.id, &job->friends[chunk]);
	}
}

/* What was asked for, and the order that was planted; nothing where all are as they are when nobody asks. */
static void put_planted(const struct synth_job *job, const struct params *p, struct str *out)
{
	static const char *const names[] = { "order", "text", "social", "noise" };
	const struct synth_world *w = &job->world;

	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		int i = param_find(p->specs, names[k]);

		if (p->v[i].set && (!p->specs[i].def || strcmp(p->v[i].text, p->specs[i].def) != 0))
			str_printf(out, "planted,%s,%s\n", names[k], p->v[i].text);
	}
	for (uint32_t i = 0; w->next && i < w->n_items; i++)
		str_printf(out, "next,%c%u,%c%u\n", w->scenario->prefix, i + 1, w->scenario->prefix, w->next[i] + 1);
}

static void write_text(FILE *f, struct str *s)
{
	if (s->len > 0)
		fwrite(s->s, 1, s->len, f); /* file_writer_commit() asks ferror() */
	str_clear(s);
}

static bool write_users(struct synth_job *job, FILE *events, FILE *truth, FILE *friends, const struct task *task,
			struct err *err)
{
	size_t n_chunks = ((size_t)job->n_users + USERS_A_CHUNK - 1) / USERS_A_CHUNK;

	for (job->first_chunk = 0; job->first_chunk < n_chunks; job->first_chunk += ROUND) {
		size_t n = n_chunks - job->first_chunk < ROUND ? n_chunks - job->first_chunk : ROUND;

		if (!task_chunks(task, n, users_chunk, job) || !task_keep_going(task))
			return task_cancelled(err);
		for (size_t c = 0; c < n; c++) {
			write_text(events, &job->events[c]);
			write_text(truth, &job->truth[c]);
			if (friends)
				write_text(friends, &job->friends[c]);
		}
		task_progress(task, job->first_chunk + n, n_chunks);
	}
	return true;
}

/* Friends of another making would be read with these events. */
static bool no_friends_of_others(const struct synth_job *job, const char *folder, struct err *err)
{
	char *path = file_join(folder, "friends.csv");
	bool none = job->social >= 0 || access(path, F_OK) != 0 ||
		    err_set(err, ERR_EXISTS, "%s is there, of users who are made anew: remove it, or give social=", path);

	free(path);
	return none;
}

static bool write_files(struct synth_job *job, const char *folder, const struct params *p, const struct task *task,
			struct err *err)
{
	static const char *const name[4] = { "items.csv", "truth.csv", "events.csv", "friends.csv" };
	const int n = job->social >= 0 ? 4 : 3;
	struct file_writer w[4] = { { 0 } };
	struct str items = STR_INIT;
	bool written = synth_put_items(&job->world, params_real(p, "text"), job->seed, task, &items, err);
	int open = 0;

	for (; open < n && written; open++) {
		char *path = file_join(folder, name[open]);

		written = file_writer_begin(&w[open], path, 0644, err);
		free(path);
		if (!written)
			break;
	}
	if (written) {
		write_text(w[0].f, &items);
		str_puts(&items, "kind,id,tastes\n");
		put_planted(job, p, &items);
		put_item_truth(&job->world, &items);
		write_text(w[1].f, &items);
		fprintf(w[2].f, "user,item,%s,timestamp\n", job->world.scenario->value);
		if (n > 3)
			fprintf(w[3].f, "user,friend\n");
		written = write_users(job, w[2].f, w[1].f, w[3].f, task, err);
	}
	for (int f = 0; f < open && written; f++)
		written = file_writer_commit(&w[f], err);
	for (int f = 0; f < open; f++)
		file_writer_abandon(&w[f]);
	str_done(&items);
	return written;
}

static bool make_rooms(struct synth_job *job, unsigned n, struct err *err)
{
	job->n_rooms = n;
	job->room = mem_zeroed(n, sizeof(*job->room), err);
	for (uint32_t u = 0; u < job->n_users; u++)
		job->most = job->n_events[u] > job->most ? job->n_events[u] : job->most;
	for (unsigned i = 0; job->room && i < n; i++) {
		struct user_room *r = &job->room[i];

		if (!(r->stamp = mem_zeroed(job->world.n_items, sizeof(*r->stamp), err)) ||
		    !(r->start = mem_alloc(job->most, sizeof(*r->start), err)) ||
		    !(r->size = mem_alloc(job->most, sizeof(*r->size), err)) ||
		    !(r->drawn = mem_alloc(3 * (size_t)job->most, sizeof(*r->drawn), err)))
			return false;
		r->block = r->drawn + job->most;
		r->item = r->block + job->most;
	}
	return job->room != NULL;
}

static void job_done(struct synth_job *job)
{
	for (unsigned i = 0; job->room && i < job->n_rooms; i++) {
		mem_free(job->room[i].stamp);
		mem_free(job->room[i].start);
		mem_free(job->room[i].size);
		mem_free(job->room[i].drawn);
	}
	for (int c = 0; c < ROUND; c++) {
		str_done(&job->events[c]);
		str_done(&job->truth[c]);
		str_done(&job->friends[c]);
	}
	mem_free(job->room);
	mem_free(job->n_events);
	synth_world_done(&job->world);
}

bool synth_write(const char *folder, const struct params *p, uint64_t seed, const struct task *task,
		 uint64_t *n_users, uint64_t *n_items, uint64_t *n_events, struct err *err)
{
	const struct synth_scenario *sc = &synth_scenarios[params_choice(p, "scenario")];
	uint64_t users = (uint64_t)params_int(p, "users"), items = (uint64_t)params_int(p, "items");
	uint64_t events = (uint64_t)params_int(p, "events"), most = items / 2, least;
	struct synth_job job = { .seed = seed, .n_users = (uint32_t)users, .noise = params_real(p, "noise"),
				 .n_circles = (uint32_t)(users + CIRCLE - 1) / CIRCLE };
	bool ordered = params_is_set(p, "order"), made;

	job.ordered = ordered;
	job.order = ordered ? params_real(p, "order") : 0;
	job.faith = ordered ? 0 : FAITH;
	job.drift = ordered ? 0 : DRIFT;
	job.social = params_is_set(p, "social") ? params_real(p, "social") : -1;
	if (events > users * most / 2)
		return err_set(err, ERR_RANGE, "events=%llu: %llu users can have at most %llu among %llu items (a "
			       "quarter of all pairs)", (unsigned long long)events, (unsigned long long)users,
			       (unsigned long long)(users * most / 2), (unsigned long long)items);
	if (events < users)
		return err_set(err, ERR_RANGE, "events=%llu: %llu users need at least one each",
			       (unsigned long long)events, (unsigned long long)users);
	least = events / users / 4 < 1 ? 1 : events / users / 4 > 5 ? 5 : events / users / 4;
	if (!file_make_folders(folder, 0755, err) ||
	    !synth_world_make(&job.world, sc, (uint32_t)items, seed, err))
		return false;
	made = (!(job.order > 0) || synth_world_order(&job.world, seed, err)) &&
	       share_events(&job, events, (uint32_t)least, (uint32_t)most, err) &&
	       make_rooms(&job, task_slots(task), err) && no_friends_of_others(&job, folder, err) &&
	       write_files(&job, folder, p, task, err);
	job_done(&job);
	*n_users = users;
	*n_items = items;
	*n_events = events;
	return made;
}
