#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# headers.t - every header can be included first, and twice.

. "$top_srcdir/tests/tap.sh"

# check_headers TREE - prints what the compiler says
check_headers() {
	(cd "$1" && find src -name '*.h' | sort | while read -r header; do
		printf '#include "%s"\n#include "%s"\n' "${header#src/}" "${header#src/}" |
			$CC -std=c11 -D_GNU_SOURCE -Isrc $HEADER_CFLAGS -fsyntax-only -Wall -x c - 2>&1
	done)
}

is "$(check_headers "$top_srcdir")" "" "headers stand by themselves"

bad=$TMPDIR/bad
mkdir -p "$bad/src/num"
printf '#ifndef X\n#define X\nstruct x { size_t n; };\n#endif\n' >"$bad/src/num/x.h"
printf 'struct y { int n; };\n' >"$bad/src/num/y.h"
like "$(check_headers "$bad")" 'x\.h:3.*size_t' "a header that leans on others is told"
like "$(check_headers "$bad")" 'y\.h:1.*redefinition' "a header without a guard is told"

done_testing
