/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a line of the prompt: it parses or is refused in words; what parsed comes back from its own
 * quotes; lists fall apart and marks cut within bounds; Tab at any place offers what parses. */
#include <unistd.h>

#include "app/session.h"
#include "cmd/command.h"
#include "driver.h"

static struct session *session;

static void demand(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_word(const struct word *w)
{
	struct str quoted = STR_INIT;
	struct words again = { 0 }, list;
	struct err err;

	word_quote(&quoted, w->text);
	demand(words_parse(&again, quoted.s, &err) && again.n == 1 && !again.w[0].name &&
	       !strcmp(again.w[0].text, w->text), "parse(quote(text)) = text");
	demand(!word_cut_at(&again.w[0], ':') && !word_cut_at(&again.w[0], ','), "quoted marks do not count");
	words_done(&again);
	str_done(&quoted);
	if (word_split_list(&list, w, &err)) {
		size_t bytes = list.n - 1;

		for (size_t i = 0; i < list.n; i++) {
			bytes += strlen(list.w[i].text);
			word_cut_at(&list.w[i], ':');
		}
		demand(bytes == strlen(w->text), "a list is its elements and commas");
		words_done(&list);
	}
}

static void check_completion(const char *line, size_t cursor)
{
	struct candidate c[8];
	size_t from, n = command_complete(session, line, cursor, &from, c, 8);

	demand(from <= cursor, "what is replaced begins before the cursor");
	for (size_t i = 0; i < n; i++) {
		struct words w;
		struct err err;

		demand(words_parse(&w, c[i].text, &err) && w.n == 1, "a candidate is one word");
		words_done(&w);
		free(c[i].text);
		free(c[i].hint);
	}
}

static void on_done(void *done, const struct call *call, const struct result *r, const struct err *err)
{
	(void)call, (void)r;
	demand(err->code == ERR_OK, err->msg);
	*(bool *)done = true;
}

/* A session with users and items that need quotes; it lives as long as the program. */
static void set_up(void)
{
	static const char rows[] = "user,item\nu1,a\nu1,\"b, c\"\nu2,#x\nu2,\"-\"\"y\"\n";
	struct session_options o = { .threads = 1, .seed = 1, .readonly = true, .home = "/nonexistent" };
	char path[] = "/tmp/whyrec-fuzz-XXXXXX.csv", load[64];
	struct err err;
	struct loop *loop = loop_new(&err);
	bool done = false;
	int fd = mkstemps(path, 4);

	demand(fd >= 0 && write(fd, rows, strlen(rows)) == (ssize_t)strlen(rows), "a file");
	close(fd);
	session = session_new(&o, loop, &err);
	snprintf(load, sizeof(load), "load %s", path);
	command_start(session, load, on_done, &done, NULL);
	while (!done)
		loop_turn(loop, 1, &err);
	unlink(path);
}

static void fuzz_one(const uint8_t *bytes, size_t n)
{
	char *line = mem_must(malloc(n + 1));
	struct str question = STR_INIT;
	struct words words;
	struct err err = { .code = ERR_OK };

	if (!session)
		set_up();
	memcpy(line, bytes, n);
	line[n] = '\0';
	n = strlen(line);
	if (words_parse(&words, line, &err)) {
		for (size_t i = 0; i < words.n; i++)
			check_word(&words.w[i]);
		words_done(&words);
	} else {
		demand(err.code == ERR_SYNTAX && err.msg[0], "what is refused is refused in words");
	}
	command_question(session, line, &question);
	str_done(&question);
	check_completion(line, n);
	check_completion(line, n / 2);
	free(line);
}

FUZZ_MAIN("line", 20000)
