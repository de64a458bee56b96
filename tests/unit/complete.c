/* SPDX-License-Identifier: GPL-3.0-or-later */
/* complete.c - what Tab offers: commands, parameters, values, files, users, items by id and by title. */
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/session.h"
#include "cmd/command.h"
#include "tap.h"

static struct loop *loop;
static struct session *session;
static bool done;

static void on_done(void *ctx, const struct call *call, const struct result *r, const struct err *err)
{
	(void)ctx, (void)call, (void)r;
	if (err->code != ERR_OK)
		printf("# %s\n", err->msg);
	done = true;
}

static void run(const char *line)
{
	struct err err;

	done = false;
	command_start(session, line, on_done, NULL, NULL);
	while (!done)
		loop_turn(loop, 1, &err);
}

/* Candidates as "from: a|b|c". */
static void offers(const char *line, const char *want)
{
	struct candidate c[12];
	struct str s = STR_INIT;
	size_t from, n = command_complete(session, line, strlen(line), &from, c, 12);

	str_printf(&s, "%zu:", from);
	for (size_t i = 0; i < n; i++) {
		str_printf(&s, "%s%s", i ? "|" : " ", c[i].text);
		free(c[i].text);
		free(c[i].hint);
	}
	is_str(s.s, want, line[0] ? line : "an empty line");
	str_done(&s);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

int main(void)
{
	struct session_options o = { .threads = 1, .seed = 1, .readonly = true, .home = "/nonexistent" };
	char dir[] = "/tmp/whyrec-complete-XXXXXX";
	struct err err;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!mkdtemp(dir) || chdir(dir) != 0)
		return 1;
	mkdir("data", 0777);
	write_file("data/events.csv", "user,item\nann,1\nann,2\nann,31\nbob,1\nbob,\"a b\"\nandy,31\nandy,2\n");
	write_file("data/items.csv", "item,title,tags\n1,Star Wars,Space|War\n2,Heat,Crime\n31,\"Star, Lone\",Spy film\na b,\xe7\x88\xb1 Love,\n");
	loop = loop_new(&err);
	session = session_new(&o, loop, &err);
	offers("recommend ", "10: k=|run=|seen=|history=|only=|not=|as=|rerank=|persona=");
	run("load data");
	offers("re", "0: recommend|rerank|resume");
	offers("  expl", "2: explain");
	offers("nosuch ", "7:");
	offers("help spl", "5: split");
	run("persona save lena ann");
	run("persona save \"le o\" history=1");
	offers("recommend persona=le", "18: \"le o\"|lena");
	offers("explain persona=lena St", "21: 1|31");
	offers("persona ", "8: save|use|delete|history=|as=|replace=");
	offers("persona use l", "12: \"le o\"|lena");
	offers("persona save x bo", "15: bob");
	offers("persona save x bob +st", "20: 1|31");
	offers("recommend an", "10: ann|andy");
	offers("recommend ann run=pop", "18: popularity#1");
	offers("recommend ann seen=", "19: drop|keep");
	offers("recommend ann k", "14: k=");
	offers("recommend ann only=Sp", "19: Space|\"Spy film\"");
	offers("recommend ann not=War,Sp", "22: Space|\"Spy film\"");
	offers("recommend history=1,3", "20: 31");
	offers("recommend history=1,lov", "20: \"a b\"");
	offers("explain ann sta", "12: 1|31");
	offers("item \"a ", "5: \"a b\"");
	offers("item star", "5: 1|31");
	offers("item \xe7\x88\xb1", "5: \"a b\"");
	offers("train ea", "6: ease");
	offers("train ease la", "11: lambda=");
	offers("train ease refit=", "17: yes|no");
	offers("train ease metric=nd", "18: ndcg@10");
	offers("train blend runs=", "17: popularity#1");
	offers("train blend runs=nosuch#1,po", "26: popularity#1");
	offers("split lea", "6: leave-last");
	offers("split ratio o", "12: order=");
	offers("load da", "5: data/");
	offers("load data/", "5: data/events.csv|data/items.csv");
	setenv("HOME", dir, 1);
	offers("load ~/da", "5: ~/data/");
	offers("load ~/data/e", "5: ~/data/events.csv");
	run("load ~/data");
	offers("export cu", "7: curves");
	offers("export curves x", "14:");
	offers("set se", "4: seed");
	offers("journal ", "8: save|force=");
	offers("users # an", "6:");
	run("nosuch");
	session_free(session);
	loop_free(loop);
	unlink("data/events.csv");
	unlink("data/items.csv");
	rmdir("data");
	return chdir("/") == 0 && rmdir(dir) == 0 ? done_testing() : 1;
}
