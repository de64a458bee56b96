/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_memory.c - every command with the 1st, 2nd, 3rd … allocation failing.
 *
 * Whatever fails, the command says so in words or does without, what was current stays current, and the same
 * command right after it succeeds.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/session.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "tap.h"

#define MOST_CALLS 20000 /* allocations of one command; more means a loop that never ends */

static struct loop *loop;
static struct session *session;
static struct { bool done; struct err err; } reply;

static void on_done(void *ctx, const struct call *call, const struct result *r, const struct err *err)
{
	(void)ctx, (void)call, (void)r;
	reply.done = true;
	reply.err = *err;
}

static void run(const char *line)
{
	struct err err;

	reply.done = false;
	command_start(session, line, on_done, NULL, NULL);
	while (!reply.done)
		loop_turn(loop, 1, &err);
}

/* Fails each allocation in turn until the command needs no more of them. */
static void starve(const char *line)
{
	uint64_t id = session_data(session) ? session_data(session)->id : 0;
	unsigned failed = 0, wrong = 0, lost = 0;
	bool over = false;
	uint64_t n = 1, before;

	for (; !over && n < MOST_CALLS; n++) {
		bool load = strncmp(line, "load", 4) == 0 || strncmp(line, "split", 5) == 0;

		before = mem_fail_at(n);
		run(line);
		over = mem_fail_at(0) - before < n;
		if (reply.err.code == ERR_OK)
			continue;
		failed++;
		wrong += reply.err.code != ERR_NOMEM || !reply.err.msg[0];
		if (reply.err.code != ERR_NOMEM && wrong < 4)
			printf("# %llu: %s\n", (unsigned long long)n, reply.err.msg);
		lost += id && (!session_data(session) || (!load && session_data(session)->id != id) ||
			       !session_answering(session));
	}
	ok(over && failed && !wrong && !lost, "%s: %u failures, each told as such, nothing lost", line, failed);
	run(line);
	ok(reply.err.code == ERR_OK, "%s: then it succeeds", line);
}

int main(void)
{
	struct session_options o = { .threads = 1, .seed = 1 };
	char dir[] = "/tmp/whyrec-memory-XXXXXX", home[64], line[128];
	struct err err;
	FILE *f;

	if (!mkdtemp(dir) || chdir(dir) != 0)
		return 1;
	f = fopen("e.csv", "w");
	fprintf(f, "user,item,rating,timestamp\n");
	for (int u = 0; u < 12; u++)
		for (int k = 0; k < 5; k++)
			fprintf(f, "u%d,%d,%d,%d\n", u, (u * 3 + k * 2) % 9, 1 + k, 1000000 + u * 100 + k);
	fclose(f);
	snprintf(home, sizeof(home), "%s/home", dir);
	o.home = home;
	loop = loop_new(&err);
	session = session_new(&o, loop, &err);
	starve("load e.csv");
	starve("split ratio");
	starve("train ease name=e replace=yes");
	starve("train ials dim=3 epochs=2 name=f replace=yes");
	starve("train bpr dim=3 epochs=2 name=b replace=yes");
	starve("train item-knn name=i replace=yes");
	starve("train user-knn name=u replace=yes");
	starve("use e");
	starve("recommend u1");
	starve("recommend history=1,2");
	starve("explain u1 2");
	starve("similar 2");
	starve("similar 2 by=behaviour");
	starve("evaluate");
	starve("compare e popularity#1");
	starve("users u1");
	starve("items");
	snprintf(line, sizeof(line), "export recommendations %s/r.csv force=yes", dir);
	starve(line);
	session_free(session);
	loop_free(loop);
	return chdir("/") == 0 && file_remove_tree(dir, &err) ? done_testing() : 1;
}
