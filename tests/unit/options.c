/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.c - command lines, right and wrong; the table of options; the loop's timers and files. */
#include "cmd/options.h"

#include <signal.h>
#include <unistd.h>

#include "app/loop.h"
#include "base/clock.h"
#include "tap.h"

#define MAX_ARGS 16

static bool parse(struct options *o, struct err *err, const char *line, char *copy, size_t size)
{
	char *argv[MAX_ARGS] = { NULL }, *save;
	int argc = 0;

	snprintf(copy, size, "whyrec %s", line);
	for (char *w = strtok_r(copy, " ", &save); w && argc < MAX_ARGS - 1; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return options_parse(o, argc, argv, err);
}

static void test_right(void)
{
	struct options o;
	struct err err;
	char copy[256];
	bool good = parse(&o, &err, "-c load --json --threads 3 a.csv -f - --seed=7 -c=x --home /h --readonly b", copy,
			  sizeof(copy));

	ok(good, "a right call");
	ok(o.json && o.session.readonly && o.session.threads == 3 && o.session.seed == 7, "options are taken");
	is_str(o.session.home, "/h", "--home DIR");
	ok(o.n_items == 3 && !o.items[0].is_file && o.items[1].is_file && !o.items[2].is_file &&
	   !strcmp(o.items[1].text, "-"), "-c and -f keep their order");
	ok(o.n_paths == 2, "what is left are paths");
	options_done(&o);
	parse(&o, &err, "", copy, sizeof(copy));
	ok(o.session.seed == 42 && o.session.threads == 0 && !o.n_items && !o.n_paths, "defaults");
	options_done(&o);
}

static void refuses(const char *line, const char *part)
{
	struct options o;
	struct err err = { .code = ERR_OK };
	char copy[256];
	bool good = parse(&o, &err, line, copy, sizeof(copy));

	if (!ok(!good && strstr(err.msg, part), "%s is refused", line))
		printf("#  got: %s\n", good ? "(taken)" : err.msg);
	options_done(&o);
}

static void test_wrong(void)
{
	refuses("--treads 2", "did you mean --threads?");
	refuses("--threads", "needs an argument: --threads N");
	refuses("--threads 0", "from 1 to");
	refuses("--threads two", "from 1 to");
	refuses("--seed -1", "whole number");
	refuses("--json=yes", "takes no argument");
	refuses("-x", "unknown option");
	refuses("-c", "without its argument");
}

static void test_table(void)
{
	struct str s = STR_INIT;
	bool all = true;

	options_help(&s);
	for (size_t i = 0; option_table[i].name; i++) {
		all &= strstr(s.s, option_table[i].name) != NULL;
		for (size_t k = 0; k < i; k++)
			all &= strcmp(option_table[i].name, option_table[k].name) != 0;
	}
	ok(all, "names are unique, and all stand in the help");
	str_done(&s);
}

/* --- the loop --------------------------------------------------------------------------------------------- */

static int got_signal, got_ready, got_turn, ready_fd;

static void on_signal(void *ctx, int signo)
{
	(void)ctx;
	got_signal = signo;
}

static void on_ready(void *ctx)
{
	char c;

	(void)ctx;
	got_ready += (int)read(ready_fd, &c, 1);
}

static void on_turn(void *ctx)
{
	(void)ctx;
	got_turn++;
}

static void test_loop(void)
{
	struct err err;
	struct loop *l = loop_new(&err);
	int fd[2];
	double began;

	loop_on_signal(l, on_signal, NULL);
	loop_on_turn(l, on_turn, NULL);
	began = clock_now();
	loop_turn(l, 0.05, &err);
	ok(clock_now() - began >= 0.045 && got_turn == 0, "a turn in which nothing happens only sleeps");
	raise(SIGWINCH);
	loop_turn(l, 5, &err);
	ok(got_signal == SIGWINCH && got_turn == 1, "a signal wakes the loop and is told on its thread");
	ok(pipe(fd) == 0, "a pipe");
	ready_fd = fd[0];
	loop_watch_fd(l, fd[0], on_ready, NULL, &err);
	ok(write(fd[1], "x", 1) == 1, "a byte");
	loop_turn(l, 5, &err);
	ok(got_ready == 1 && got_turn == 2, "a file that is ready is told");
	loop_unwatch_fd(l, fd[0]);
	loop_wake_in(l, 5);
	loop_wake_in(l, 0.02);
	began = clock_now();
	loop_turn(l, 5, &err);
	ok(clock_now() - began < 2 && got_turn == 3, "the earliest wish to be woken wins");
	began = clock_now();
	loop_turn(l, 0.05, &err);
	ok(clock_now() - began >= 0.045 && got_turn == 3, "and comes once");
	close(fd[0]);
	close(fd[1]);
	loop_free(l);
}

int main(void)
{
	test_right();
	test_wrong();
	test_table();
	test_loop();
	return done_testing();
}
