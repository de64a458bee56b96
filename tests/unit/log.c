/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - lines are numbered without gaps, old ones make room, the file has them all. */
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tap.h"

#define THREADS 4
#define EACH 2000

static void *adder(void *arg)
{
	for (int i = 0; i < EACH; i++)
		log_add(LOG_INFO, "thread %d line %d", (int)(uintptr_t)arg, i);
	return NULL;
}

/* While others write, whatever can be read is whole. */
static void *reader(void *arg)
{
	bool *good = arg;
	struct log_line line;
	int thread, n;

	while (log_newest() < THREADS * EACH)
		if (log_get(log_newest(), &line))
			*good &= sscanf(line.text, "thread %d line %d", &thread, &n) == 2;
	return NULL;
}

static void several_threads(void)
{
	pthread_t t[THREADS], r;
	bool good = true, last_good = true;
	struct log_line line;
	uint64_t newest, kept = 0;

	pthread_create(&r, NULL, reader, &good);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, adder, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	pthread_join(r, NULL);
	newest = log_newest();
	ok(newest == THREADS * EACH, "every line has a number");
	ok(good, "and is read whole while others are added");
	for (uint64_t s = 0; s <= newest + 1; s++)
		if (log_get(s, &line)) {
			kept++;
			last_good &= line.serial == s;
		}
	ok(kept >= 200 && kept < newest && last_good && log_get(newest, &line), "the last %u are kept", (unsigned)kept);
	ok(!log_get(1, &line) && !log_get(newest + 1, &line) && !log_get(0, &line), "older ones are gone, later ones not yet there");
}

static void texts(void)
{
	struct log_line line;
	char longer[400] = "";

	log_add(LOG_WARN, "two\nlines\r\n");
	ok(log_get(log_newest(), &line) && line.level == LOG_WARN, "the level is kept");
	is_str(line.text, "two lines  ", "a line is one line");
	for (size_t i = 0; i + 3 < sizeof(longer); i += 3)
		memcpy(longer + i, "\u4e16", 4);
	for (int shift = 0; shift < 3; shift++) {
		log_add(LOG_INFO, "%.*s%s", shift, "ab", longer);
		log_get(log_newest(), &line);
		ok(strlen(line.text) > 230 && strlen(line.text) < sizeof(line.text) && utf8_valid(line.text, strlen(line.text)) &&
		   !strcmp(line.text + strlen(line.text) - 3, "\u2026"), "a long line is cut after a whole character");
	}
	memset(longer, 'x', 239);
	longer[239] = '\0';
	log_add(LOG_INFO, "%s", longer);
	log_get(log_newest(), &line);
	is_str(line.text, longer, "what just fits is left alone");
}

static void to_file(void)
{
	const char *folder = getenv("TMPDIR");
	char *path = file_join(folder ? folder : "/tmp", "whyrec-log-test"), *text;
	struct err err = { 0 };
	size_t n;

	unlink(path);
	ok(log_to_file(path, &err), "a file is opened");
	log_add(LOG_ERROR, "first");
	log_to_file(NULL, &err);
	log_add(LOG_INFO, "not there");
	log_to_file(path, &err);
	log_add(LOG_WARN, "second");
	ok(file_read_whole(path, 1000, &text, &n, &err), "lines are there at once");
	ok(strstr(text, "Z error first\n") && strstr(text, "Z warning second\n") && !strstr(text, "not there") &&
	   text[4] == '-' && text[10] == 'T', "with time and level, appended: %.60s…", text);
	mem_free(text);
	log_to_file(NULL, &err);
	unlink(path);
	free(path);
	ok(!log_to_file("/nowhere/at/all", &err) && strstr(err.file, "nowhere"), "a bad path is told: %s", err.msg);
}

int main(void)
{
	ok(log_newest() == 0, "at first there is nothing");
	several_threads();
	texts();
	to_file();
	return done_testing();
}
