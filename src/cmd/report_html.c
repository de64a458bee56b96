/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_html.c - head, style and text of a report. */
#include "cmd/report_html.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1c2024;--dim:#5b6570;--paper:#fff;--line:#d5dade;--fill:#eef1f4;"
	"--a:#2563a8;--b:#b4540a;--c:#3a7d34;--d:#7d3f98;--e:#a3283f;--f:#55606b}\n"
	"@media (prefers-color-scheme:dark){:root{--ink:#e4e7ea;--dim:#9aa5b0;--paper:#15181b;--line:#363d44;"
	"--fill:#22272c;--a:#79b0ea;--b:#f0a35e;--c:#8fce86;--d:#cf9be6;--e:#f08a9c;--f:#a8b3bd}}\n"
	"body{margin:0 auto;max-width:64rem;padding:1.5rem;background:var(--paper);color:var(--ink);"
	"font:15px/1.5 system-ui,sans-serif}\n"
	"h1{font-size:1.7rem;margin:0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}"
	"h3{font-size:1.05rem;margin:1.4rem 0 .4rem}p{margin:.4rem 0}\n"
	".dim{color:var(--dim)}.wide{overflow-x:auto}.side{display:flex;flex-wrap:wrap;gap:1rem 2rem}\n"
	".side>*{flex:1 1 24rem;min-width:0}\n"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
	"th,td{padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}\n"
	"thead th{color:var(--dim);font-weight:600}td.n,th.n{text-align:right}td.n{white-space:nowrap}.wrap{overflow-wrap:anywhere}\n"
	"tr.hit td{background:var(--fill)}figure{margin:.6rem 0;break-inside:avoid}\n"
	"figcaption{color:var(--dim);font-size:.9rem}svg{display:block;width:100%;height:auto;max-width:34rem}\n"
	"svg text{fill:var(--dim);font-size:11px}svg text.name{fill:var(--ink)}\n"
	".axis{stroke:var(--line)}.mark{stroke:var(--dim);stroke-dasharray:3 3}.line{fill:none;stroke-width:1.8}\n"
	".s0{stroke:var(--a)}.s1{stroke:var(--b)}.s2{stroke:var(--c)}.s3{stroke:var(--d)}.s4{stroke:var(--e)}"
	".s5{stroke:var(--f)}\n"
	"svg text.t0{fill:var(--a)}svg text.t1{fill:var(--b)}svg text.t2{fill:var(--c)}svg text.t3{fill:var(--d)}"
	"svg text.t4{fill:var(--e)}svg text.t5{fill:var(--f)}\n"
	".hollow{fill:var(--paper);stroke:var(--a);stroke-width:1.4}.bar{fill:var(--a)}.minus{fill:var(--b)}.whisker{stroke:var(--a);stroke-width:1.6}\n"
	"@media print{:root{color-scheme:light;--ink:#000;--dim:#444;--paper:#fff;--line:#bbb;--fill:#eee;--a:#1d4f87;"
	"--b:#8f420a;--c:#2c6127;--d:#633279;--e:#82203a;--f:#444}body{max-width:none;padding:0;font-size:10pt}"
	".side>*{flex-basis:15rem}h2,h3{break-after:avoid}tr,.keep{break-inside:avoid}a{color:inherit;text-decoration:none}}\n";

void page_text(FILE *f, const char *text)
{
	struct str clean = STR_INIT;

	utf8_sanitise(&clean, text, strlen(text));
	for (const char *c = str_text(&clean); *c; c++) {
		switch (*c) {
		case '&': fputs("&amp;", f); break;
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '"': fputs("&quot;", f); break;
		case '\'': fputs("&#39;", f); break;
		default: fputc(*c, f);
		}
	}
	str_done(&clean);
}

void page_put(FILE *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
}

void page_begin(FILE *f, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>", f);
	page_text(f, title);
	fputs("</title>\n<style>\n", f);
	fputs(style, f);
	fputs("</style>\n</head>\n<body>\n", f);
}

void page_end(FILE *f)
{
	fputs("</body>\n</html>\n", f);
}

void page_fact(FILE *f, const char *name, const char *fmt, ...)
{
	struct str value = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&value, fmt, ap);
	va_end(ap);
	fputs("<tr><th scope=\"row\">", f);
	page_text(f, name);
	fputs("</th><td>", f);
	page_text(f, str_text(&value));
	fputs("</td></tr>\n", f);
	str_done(&value);
}
