/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - numbers, broken text, and files. */
#include "base/json.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

static struct err err;

static void is_line(json_t *j, const char *want)
{
	char *line = json_line(j);

	is_str(line, want, want);
	free(line);
	json_decref(j);
}

static void lines(void)
{
	is_line(json_number(0.1), "0.1");
	is_line(json_number(1.0 / 3), "0.333333333");
	is_line(json_number(3), "3.0");
	is_line(json_number(-1e300), "-1e300");
	is_line(json_number(NAN), "null");
	is_line(json_number(INFINITY), "null");
	is_line(json_text("caf\u00e9"), "\"caf\u00e9\"");
	is_line(json_text("a\xff\xc3(\x02"), "\"a\ufffd\ufffd(\\u0002\"");
	is_line(json_text("\xe9"), "\"\ufffd\"");
	is_line(json_text(""), "\"\"");
	is_line(json_pack("{s:i, s:[f]}", "b", 2, "a", 0.25), "{\"b\":2,\"a\":[0.25]}");
}

static void files(void)
{
	const char *folder = getenv("TMPDIR");
	char *path = file_join(folder ? folder : "/tmp", "whyrec-json-test");
	json_t *j = json_pack("{s:i, s:s}", "n", 1, "s", "\u4e16"), *back;

	ok(json_save(j, path, &err), "saved");
	back = json_open(path, &err);
	ok(back && json_equal(j, back), "and read back");
	json_decref(back);
	json_decref(j);
	file_write_whole(path, "{\n\"a\": 1,\n\"b\": \n", 17, 0666, &err);
	ok(!json_open(path, &err) && err.code == ERR_SYNTAX && err.line >= 3 && !strcmp(err.file, path),
	   "damage is told by line: %llu: %s", (unsigned long long)err.line, err.msg);
	file_write_whole(path, "", 0, 0666, &err);
	ok(!json_open(path, &err) && err.code == ERR_SYNTAX, "an empty file is no JSON: %s", err.msg);
	unlink(path);
	ok(!json_open(path, &err) && err.code == ERR_NOTFOUND, "no file: %s", err.msg);
	free(path);
}

int main(void)
{
	lines();
	files();
	return done_testing();
}
