/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load_pieces.h - for tests: how many pieces a wave of bytes is cut into (0: as many as the threads want).
 * The dataset must not depend on it.  INIT. */
#ifndef DATA_LOAD_PIECES_H
#define DATA_LOAD_PIECES_H

void load_set_pieces(unsigned n);

#endif
