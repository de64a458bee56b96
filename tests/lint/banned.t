#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# banned.t - functions that whyrec does without, and why.

. "$top_srcdir/tests/tap.sh"

# check_banned TREE - prints one line a violation
check_banned() {
	(cd "$1" && find src -name '*.[ch]' | sort | xargs awk '
	# Nobody calls these names, but for the files that start with one of `except`.
	function ban(names, reason, except,    list, n, i) {
		n = split(names, list, " ")
		for (i = 1; i <= n; i++) {
			why[list[i]] = reason
			spared[list[i]] = except
		}
	}

	BEGIN {
		ban("strcpy strcat stpcpy sprintf vsprintf gets", "overruns its buffer")
		ban("strncpy strncat", "ends strings or not; snprintf does")
		ban("strtok asctime ctime localtime gmtime tmpnam tempnam mktemp", "is not safe in threads")
		ban("atoi atol atoll atof", "tells no errors; use base/num_parse.h")
		ban("strtof strtold sscanf fscanf scanf", "reads as the locale says; use base/num_parse.h")
		ban("strtod", "reads as the locale says; use base/num_parse.h", "src/base/num_parse.c")
		ban("rand srand random srandom drand48 lrand48 rand_r", "is not seeded by us; use base/rng.h")
		ban("fork vfork system popen", "duplicates a process with threads; use posix_spawn")
		ban("pthread_cancel pthread_detach", "leaves locks and memory behind")
		ban("alloca", "cannot fail, only crash")
		ban("signal", "differs between systems; use sigaction")
		ban("longjmp siglongjmp", "jumps over what was to be freed")
		ban("exit _exit quick_exit abort", "ends the program below cmd/",
		    "src/base/mem.c src/ui/term.c src/main.c")
		ban("printf puts putchar vprintf perror", "prints below cmd/", "src/cmd/ src/main.c")
	}

	function is_spared(name,    list, n, i) {
		n = split(spared[name], list, " ")
		for (i = 1; i <= n; i++)
			if (index(FILENAME, list[i]) == 1)
				return 1
		return 0
	}

	# The line without its strings and comments.
	function code_of(line,    code, at) {
		gsub(/\\\\/, "", line)
		gsub(/\\"/, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		code = ""
		while (line != "") {
			at = index(line, in_comment ? "*/" : "/*")
			if (!at)
				return in_comment ? code : code line
			if (!in_comment)
				code = code substr(line, 1, at - 1) " "
			line = substr(line, at + 2)
			in_comment = !in_comment
		}
		return code
	}

	FNR == 1 { in_comment = 0 }

	{
		code = code_of($0)
		while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
			before = RSTART > 1 ? substr(code, RSTART - 1, 1) : ""
			name = substr(code, RSTART, RLENGTH - 1)
			sub(/[ \t]+$/, "", name)
			code = substr(code, RSTART + RLENGTH)
			if (name in why && before != "." && before != ">" && !is_spared(name))
				print FILENAME ":" FNR ": " name "() " why[name]
		}
	}')
}

is "$(check_banned "$top_srcdir")" "" "no banned function is called"

bad=$TMPDIR/bad
mkdir -p "$bad/src/base" "$bad/src/num" "$bad/src/cmd"
cat >"$bad/src/num/x.c" <<'END'
/* strcpy(a, b) in a comment
 * atoi(c) too */
char *text = "rand() \" system(";
x = atoi (s); /* bad */ strcpy(a, b);
job->signal(3); my_rand(); abort();
printf("%d", 1);
END
echo 'abort();' >"$bad/src/base/mem.c"
echo 'printf("x");' >"$bad/src/cmd/print.c"
is "$(check_banned "$bad")" "src/num/x.c:4: atoi() tells no errors; use base/num_parse.h
src/num/x.c:4: strcpy() overruns its buffer
src/num/x.c:5: abort() ends the program below cmd/
src/num/x.c:6: printf() prints below cmd/" "calls are told, comments and strings are not"

done_testing
