/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - works in their lanes: order, progress, messages, pause, cancel, failure, the end of a session;
 * and commands on a session: what is current, which run answers. */
#include "app/session.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/session_change.h"
#include "app/settings.h"
#include "base/clock.h"
#include "cmd/command.h"
#include "job/job.h"
#include "tap.h"

#define LONGEST 20.0 /* seconds; a test that waits longer has failed */

static struct loop *loop;
static struct session *session;

struct probe {
	atomic_int started, may_end; /* 0: works until cancelled or told */
	bool fail;
	int messages, end, order;
	bool released;
	struct err err;
};
static int ends; /* counts finished works: their order */

static bool probe_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct probe *p = arg;
	struct message *m;

	task_progress(task, 3, 4);
	atomic_store(&p->started, 1);
	for (int i = 0; i < 3 && job; i++) {
		m = calloc(1, sizeof(*m));
		m->kind = MESSAGE_WORK;
		job_post(job, m);
	}
	while (!atomic_load(&p->may_end)) {
		if (!task_keep_going(task))
			return task_cancelled(err);
		usleep(1000);
	}
	return p->fail ? err_set(err, ERR_RANGE, "made to fail") : true;
}

static void probe_message(struct session *s, void *arg, void *payload)
{
	(void)s, (void)payload;
	((struct probe *)arg)->messages++;
}

static void probe_finish(struct session *s, void *arg, int end, const struct err *err)
{
	struct probe *p = arg;

	(void)s;
	p->end = end;
	p->err = *err;
	p->order = ++ends;
}

static void probe_release(void *arg)
{
	((struct probe *)arg)->released = true;
}

static uint32_t start(struct probe *p, enum work_lane lane, const char *title)
{
	struct work w = { .lane = lane, .run = probe_run, .message = probe_message, .finish = probe_finish,
			  .release = probe_release, .arg = p };
	struct err err;
	uint32_t id = 0;

	snprintf(w.title, sizeof(w.title), "%s", title);
	session_start(session, &w, &id, &err);
	return id;
}

static bool wait_until(bool (*reached)(const void *), const void *what)
{
	double until = clock_now() + LONGEST;
	struct err err;

	while (!reached(what) && clock_now() < until)
		loop_turn(loop, 0.005, &err);
	return reached(what);
}

static bool is_over(const void *p)
{
	return ((const struct probe *)p)->released;
}

static bool has_started(const void *p)
{
	return atomic_load(&((struct probe *)(uintptr_t)p)->started) != 0;
}

static void test_lanes(void)
{
	struct probe first = { 0 }, second = { .may_end = 1 }, light = { .may_end = 1 }, ask = { .may_end = 1 },
		     now = { .may_end = 1, .fail = true };
	struct job_row row;
	uint32_t id = start(&first, LANE_HEAVY, "first");

	start(&second, LANE_HEAVY, "second");
	start(&light, LANE_LIGHT, "light");
	start(&ask, LANE_ASK, "ask");
	ok(start(&now, LANE_NONE, "now") == 0 && now.released && now.end == JOB_FAILED, "LANE_NONE is over at once");
	ok(wait_until(is_over, &light) && light.end == JOB_DONE, "the light lane runs beside the heavy one");
	ok(wait_until(is_over, &ask) && ask.end == JOB_DONE, "questions run beside both");
	wait_until(has_started, &first);
	ok(!second.started && !second.released, "a lane runs one at a time");
	ok(session_n_jobs(session) == 3 && session_jobs_alive(session) == 2, "questions are not listed as jobs");
	ok(session_find_job(session, id, &row) && row.state == JOB_RUNNING && row.done == 3 && row.total == 4 &&
	   row.heavy && !strcmp(row.title, "first"), "a row tells title, lane, state, progress");
	atomic_store(&first.may_end, 1);
	ok(wait_until(is_over, &second) && first.order < second.order, "in the order started");
	ok(first.messages == 3 && second.messages == 3, "every message came, before the end");
}

static void test_cancel(void)
{
	struct probe running = { 0 }, queued = { 0 }, failing = { .may_end = 1, .fail = true };
	struct job_row row;
	struct err err;
	uint32_t a = start(&running, LANE_LIGHT, "running"), b = start(&queued, LANE_LIGHT, "queued"), c;

	wait_until(has_started, &running);
	ok(session_job_cancel(session, b, &err), "a queued job can be cancelled");
	ok(session_job_pause(session, a, &err), "pause");
	ok(session_find_job(session, a, &row) && row.state == JOB_PAUSED, "is told as paused");
	ok(session_job_cancel(session, a, &err) && wait_until(is_over, &running) && running.end == JOB_CANCELLED,
	   "a paused job can be cancelled");
	wait_until(is_over, &queued);
	ok(queued.end == JOB_CANCELLED && queued.err.code == ERR_CANCELLED, "cancelled is told as an end");
	ok(!queued.started, "and a job cancelled in the queue never ran");
	c = start(&failing, LANE_LIGHT, "failing");
	ok(wait_until(is_over, &failing) && failing.end == JOB_FAILED && session_find_job(session, c, &row) &&
	   !strcmp(row.message, "made to fail"), "a failure keeps its words");
	ok(!session_job_cancel(session, c, &err) && strstr(err.msg, "over already"), "what is over cannot be cancelled");
	ok(!session_job_pause(session, 9999, &err) && err.code == ERR_NOTFOUND, "a job that is not there");
}

/* --- commands --------------------------------------------------------------------------------------------- */

struct reply { bool done; struct err err; char *json; };

static void on_done(void *ctx, const struct call *call, const struct result *r, const struct err *err)
{
	struct reply *y = ctx;

	y->done = true;
	y->err = *err;
	y->json = call->command ? result_json(call->command->name, r) : NULL;
}

static bool is_done(const void *p)
{
	return ((const struct reply *)p)->done;
}

static struct err command(const char *line)
{
	struct reply y = { 0 };

	command_start(session, line, on_done, &y, NULL);
	if (!wait_until(is_done, &y))
		err_set(&y.err, ERR_CANCELLED, "no answer");
	free(y.json);
	return y.err;
}

static bool good(const char *line)
{
	struct err err = command(line);

	if (err.code != ERR_OK)
		printf("# %s: %s\n", line, err.msg);
	return err.code == ERR_OK;
}

static const char *answering(void)
{
	const struct run *r = session_answering(session);

	return r ? r->rec.name : "(none)";
}

static char *write_data(const char *name, unsigned users)
{
	char *path = malloc(256);
	FILE *f;

	snprintf(path, 256, "%s/%s.csv", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", name);
	f = fopen(path, "w");
	fprintf(f, "user,item,rating,timestamp\n");
	for (unsigned u = 0; u < users; u++)
		for (unsigned k = 0; k < 6; k++)
			fprintf(f, "u%u,%u,%u,%u\n", u, (u * 5 + k * 7) % 12, 1 + (u + k) % 5, 1000000 + u * 100 + k);
	fclose(f);
	return path;
}

static void load(const char *path)
{
	char line[300];

	snprintf(line, sizeof(line), "load %s", path);
	ok(good(line), "load");
}

static void test_answering(void)
{
	char *one = write_data("one", 20), *two = write_data("two", 30);
	struct err err;
	const struct snapshot *snap;
	uint64_t id;

	is_str(answering(), "(none)", "no data: nothing answers");
	ok(command("recommend u1").code == ERR_USAGE, "and questions are refused");
	load(one);
	is_str(answering(), "popularity#1", "popularity answers after a load");
	ok(good("train ease") && good("train ease lambda=9"), "two trainings");
	is_str(answering(), "ease#2", "the newest answers");
	ok(good("use ease#1"), "use");
	is_str(answering(), "ease#1", "use chooses");
	session_follow(session, false);
	ok(good("train ease"), "a training while follow is off");
	is_str(answering(), "ease#1", "leaves who answers alone");
	session_follow(session, true);
	id = session_data(session)->id;
	ok(!good("load /nowhere/at/all") && session_data(session)->id == id, "a load that fails leaves the data");
	is_str(answering(), "ease#1", "and the run");
	load(two);
	is_str(answering(), "popularity#1", "a run of other data cannot answer");
	snap = session_snapshot(session, session_find_run(session, "ease#1", &err), &err);
	ok(!snap && strstr(err.msg, "was trained on"), "nor give its snapshot");
	ok(good("delete ease#3") && !session_find_run(session, "ease#3", &err), "delete");
	ok(strstr(command("use ease#9").msg, "did you mean"), "the nearest name is told");
	ok(good("evaluate popularity#1"), "evaluate");
	{
		const char *name;
		const float *m = session_user_metric(session, &name);

		ok(m && !strcmp(name, "ndcg@10") && m[0] >= 0 && m[0] <= 1, "its values user by user are there");
	}
	ok(good("split ratio") && !session_find_run(session, "popularity#1", &err)->test, "a new split forgets them");
	unlink(one);
	unlink(two);
	free(one);
	free(two);
}

static void test_end(void)
{
	struct probe running = { 0 }, queued = { 0 };

	start(&running, LANE_HEAVY, "running");
	start(&queued, LANE_HEAVY, "queued");
	wait_until(has_started, &running);
	session_free(session);
	ok(running.released && running.end == JOB_CANCELLED && queued.released && !queued.started,
	   "the end of a session cancels, waits for every end, and releases");
}

/* The setting of each scenario begins with the scenario's own weights. */
static void test_weights(void)
{
	for (const struct scenario *w = scenario_table; w->name; w++) {
		struct str name = STR_INIT, text = STR_INIT;
		int at = 0;

		str_printf(&name, "weights-%s", w->name);
		scenario_text(w, &text);
		at = param_find(settings_table, str_text(&name));
		ok(at >= 0 && !strcmp(settings_table[at].def, str_text(&text)), "%s: %s", str_text(&name), str_text(&text));
		str_done(&name);
		str_done(&text);
	}
}

int main(void)
{
	struct session_options o = { .threads = 2, .seed = 1, .readonly = true, .home = "/nonexistent" };
	struct err err;

	loop = loop_new(&err);
	session = session_new(&o, loop, &err);
	if (!ok(session != NULL, "a session"))
		return done_testing();
	test_lanes();
	test_cancel();
	test_answering();
	test_end();
	loop_free(loop);
	test_weights();
	return done_testing();
}
