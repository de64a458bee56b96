#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# includes.t - who may include whom: the layers form a DAG, and each foreign library
# is seen by one file only.

. "$top_srcdir/tests/tap.sh"

# check_includes TREE - prints one line a violation
check_includes() {
	(cd "$1" && find src -name '*.[ch]' | sort | xargs awk '
	function may(layer, others,    list, n, i) {
		known[layer] = 1
		n = split(layer " " others, list, " ")
		for (i = 1; i <= n; i++)
			allowed[layer, list[i]] = 1
	}

	# The header is included by these files and no other.
	function only(header, files) {
		owner[header] = files
	}

	function complain(text) {
		print FILENAME ":" FNR ": " text
	}

	BEGIN {
		may("base", "")
		may("num", "base")
		may("data", "base num")
		may("model", "base num data")
		may("eval", "base num data model")
		may("explain", "base num data model eval")
		may("job", "base")
		may("train", "base num data model eval explain job")
		may("serve", "base num data model eval explain job")
		may("app", "base num data model eval explain job train serve")
		may("cmd", "base num data model eval explain job train serve app")
		may("ui", "base app cmd")
		may("main.c", "base num data model eval explain job train serve app cmd ui")
		allowed["ui", "data/dataset.h"] = 1

		only("cblas.h", "src/num/blas.c")
		only("archive.h", "src/data/source_archive.c")
		only("archive_entry.h", "src/data/source_archive.c")
		only("csv.h", "src/data/source_csv.c")
		only("curses.h", "src/ui/term.c")
		only("ncurses.h", "src/ui/term.c")
		only("ncursesw/curses.h", "src/ui/term.c")
		only("readline/readline.h", "src/ui/prompt.c")
		only("readline/history.h", "src/ui/prompt.c")
		only("immintrin.h", "src/num/kern_avx2.c src/num/kern_avx512.c")
	}

	FNR == 1 {
		split(FILENAME, part, "/")
		layer = part[2]
		if (!(layer in known))
			complain("the layer " layer " is not known")
	}

	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		header = part[2]
		if (split(header, part, "/") != 2) {
			complain("\"" header "\" is not written \"folder/file.h\"")
			next
		}
		if (!((layer, part[1]) in allowed) && !((layer, header) in allowed))
			complain(layer " may not include " header)
		if (header ~ /\.c$/)
			complain("a source file is included: " header)
	}

	/^[ \t]*#[ \t]*include[ \t]*</ {
		split($0, part, /[<>]/)
		header = part[2]
		if (header in owner && !index(" " owner[header] " ", " " FILENAME " "))
			complain("<" header "> belongs to " owner[header])
	}')
}

is "$(check_includes "$top_srcdir")" "" "the tree keeps to its layers"

# The check sees what it is there for.
bad=$TMPDIR/bad
mkdir -p "$bad/src/num" "$bad/src/ui" "$bad/src/data" "$bad/src/odd"
echo '#include "model/model.h"' >"$bad/src/num/up.c"
echo '#include <cblas.h>' >"$bad/src/num/other.c"
echo '#include <cblas.h>' >"$bad/src/num/blas.c"
printf '#include "cmd/result.h"\n#include "data/dataset.h"\n# include "data/split.h"\n' \
	>"$bad/src/ui/view.c"
echo '#include "dataset.h"' >"$bad/src/data/short.c"
echo '#include <stdio.h>' >"$bad/src/odd/x.c"
is "$(check_includes "$bad")" "src/data/short.c:1: \"dataset.h\" is not written \"folder/file.h\"
src/num/other.c:1: <cblas.h> belongs to src/num/blas.c
src/num/up.c:1: num may not include model/model.h
src/odd/x.c:1: the layer odd is not known
src/ui/view.c:3: ui may not include data/split.h" "violations are told, and nothing else"

done_testing
