/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine.h - the speed of this machine (num/speed.h), measured once and kept in the home as machine.json.
 *
 * It is measured anew when the processor, the number of threads, the kernels or the version of the program are
 * others than those it was kept for, or the file is damaged.  Within a process it is measured once.
 */
#ifndef APP_MACHINE_H
#define APP_MACHINE_H

#include "num/speed.h"

/* WORKER: a few tenths of a second when it must be measured.  home NULL: nothing is read or kept. */
bool machine_speed(const char *home, bool readonly, const struct task *t, struct speed *out, struct err *err);
/* Tests: as if it had been measured with so many threads. */
void machine_set_speed(unsigned threads, const struct speed *s);

#endif
