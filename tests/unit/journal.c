/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.c - the order of what runs side by side, and what stays a comment. */
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/journal.h"
#include "app/session_change.h"
#include "base/err.h"
#include "cmd/command.h"
#include "num/linalg.h"
#include "tap.h"

static struct loop *loop;
static struct session *session;
static int waits;

static void on_done(void *ctx, const struct call *call, const struct result *r, const struct err *err)
{
	(void)ctx, (void)call, (void)r, (void)err;
	waits--;
}

static uint32_t start(const char *line)
{
	uint32_t job;

	waits++;
	command_start(session, line, on_done, NULL, &job);
	return job;
}

static void wait_for(int left)
{
	struct err err;

	while (waits > left)
		loop_turn(loop, 1, &err);
}

static void test_entries(void)
{
	struct journal *j = journal_new(NULL);
	struct str text = STR_INIT;
	const char *why;
	size_t slow, quick, own;

	ok(journal_is_empty(j) && journal_n(j) == 0, "empty at first");
	slow = journal_begin(j, "train a");
	quick = journal_begin(j, "recommend\nu1");
	own = journal_begin(j, "journal");
	journal_drop(j, own);
	journal_settle(j, quick, NULL, NULL, false);
	journal_n(j);
	is_str(journal_line(j, 0, &why), "train a", "what runs stands where it began");
	ok(why && !strcmp(why, "still running"), "and cannot be done again yet");
	journal_settle(j, slow, "train a name=x", NULL, true);
	ok(journal_n(j) == 2 && !journal_line(j, 2, &why), "what was dropped is not told");
	is_str(journal_line(j, 0, &why), "recommend u1", "what asked stays; a line has no break in it");
	is_str(journal_line(j, 1, &why), "train a name=x", "what changed something moves to where it ended");
	journal_settle(j, journal_begin(j, "nosuch"), NULL, "failed (x)", false);
	journal_script(j, &text);
	ok(strstr(text.s, "\nrecommend u1\ntrain a name=x\n# failed (x): nosuch\n") != NULL, "a script in that order");
	ok(!journal_made_run(j, "x"), "no run was made");
	journal_makes_run(j, "x");
	ok(journal_made_run(j, "x") && !journal_made_run(j, "y"), "one was");
	str_done(&text);
	journal_free(j);
	journal_free(NULL);
}

/* As at the screen: a training, and what is done while it runs. */
static void test_side_by_side(void)
{
	struct session_options o = { .threads = 1, .seed = 3, .readonly = true, .home = "/nonexistent" };
	struct str text = STR_INIT;
	const struct run *r = NULL;
	char cancel[32];
	uint32_t job;
	struct err err;

	loop = loop_new(&err);
	session = session_new(&o, loop, &err);
	start("load events.csv");
	wait_for(0);
	start("use popularity#1");
	wait_for(0);
	job = start("train bpr dim=4 epochs=100000 patience=0 name='a b'  # long");
	start("users u1");
	while (waits > 0 && (!(r = session_find_run(session, "a b", &err)) || !r->snapshot))
		loop_turn(loop, 0.1, &err);
	start("recommend u1 run='a b'");
	start("recommend u1 run=popularity#1");
	wait_for(1);
	snprintf(cancel, sizeof(cancel), "cancel %u", job);
	start(cancel);
	wait_for(0);
	journal_script(session_journal(session), &text);
	ok(strstr(text.s, "\nset follow yes\nset k 10\nset redact off\nset seed 3\nload events.csv\n") != NULL, "settings and data first");
	ok(strstr(text.s, "\nuse popularity#1\nusers u1\n# asked of a b in training: recommend u1 run='a b'\n"
			  "recommend u1 run=popularity#1\n# not done again: cancel ") != NULL, "questions where they were asked");
	ok(strstr(text.s, "patience=0 name='a b' name=\"a b\" replace=yes epochs=") != NULL &&
	   strstr(text.s, "cancel") < strstr(text.s, "train bpr"), "the training where it ended, as long as it was");
	if (tap_failed)
		printf("# %s\n", text.s);
	str_done(&text);
	session_free(session);
	loop_free(loop);
}

int main(void)
{
	char dir[] = "/tmp/whyrec-journal-XXXXXX";
	FILE *f;

	setlocale(LC_CTYPE, "C.UTF-8");
	linalg_init();
	if (!mkdtemp(dir) || chdir(dir) != 0)
		return 1;
	f = fopen("events.csv", "w");
	fputs("user,item\n", f);
	for (int u = 0; u < 20; u++)
		for (int k = 0; k < 6; k++)
			fprintf(f, "u%d,i%d\n", u, (u + k * k) % 12);
	fclose(f);
	test_entries();
	test_side_by_side();
	unlink("events.csv");
	return chdir("/") == 0 && rmdir(dir) == 0 ? done_testing() : 1;
}
