/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - the ring of lines and the file behind it. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define RING 512

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct log_line ring[RING];
static uint64_t newest;
static FILE *file;

/* What does not fit ends in an ellipsis, after a whole character. */
static void cut(char *text, size_t size)
{
	size_t keep = size - sizeof("\u2026");

	while (keep && ((unsigned char)text[keep] & 0xc0) == 0x80)
		keep--;
	snprintf(text + keep, size - keep, "\u2026");
}

static void write_line(const struct log_line *line)
{
	static const char *const names[] = { "info", "warning", "error" };
	time_t wall = (time_t)line->wall;
	char when[32];
	struct tm tm;

	if (!gmtime_r(&wall, &tm) || !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
		when[0] = '\0';
	fprintf(file, "%s %s %s\n", when, names[line->level], line->text);
	fflush(file); /* a line is there when the next thing happens to be a crash */
}

void log_add(enum log_level level, const char *fmt, ...)
{
	struct log_line line = { .wall = clock_wall(), .level = level };
	char text[sizeof(line.text) + 4];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		snprintf(text, sizeof(text), "(line cannot be shown)");
	if (n >= (int)sizeof(line.text))
		cut(text, sizeof(line.text));
	memcpy(line.text, text, sizeof(line.text));
	for (char *c = line.text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';

	pthread_mutex_lock(&lock);
	line.serial = ++newest;
	ring[line.serial % RING] = line;
	if (file)
		write_line(&line);
	pthread_mutex_unlock(&lock);
}

bool log_to_file(const char *path, struct err *err)
{
	FILE *fresh = NULL, *old;

	if (path) {
		fresh = fopen(path, "ae");
		if (!fresh)
			return err_at(err, ERR_IO, path, 0, "cannot be opened for the log: %s", strerror(errno));
	}
	pthread_mutex_lock(&lock);
	old = file;
	file = fresh;
	pthread_mutex_unlock(&lock);
	if (old)
		fclose(old);
	return true;
}

uint64_t log_newest(void)
{
	uint64_t serial;

	pthread_mutex_lock(&lock);
	serial = newest;
	pthread_mutex_unlock(&lock);
	return serial;
}

bool log_get(uint64_t serial, struct log_line *out)
{
	bool there;

	pthread_mutex_lock(&lock);
	there = serial && ring[serial % RING].serial == serial;
	if (there)
		*out = ring[serial % RING];
	pthread_mutex_unlock(&lock);
	return there;
}
