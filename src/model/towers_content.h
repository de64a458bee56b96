/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_content.h - which of an item's words, tags, modalities and number a score comes from; and what stands near
 * a text that no item need have.
 *
 * A part is what the score loses without it.  Where the items' tower is linear and scores are no cosines, the score
 * is a sum and so are the parts: base (what an item of which nothing is known would get) + parts = score, a word's
 * part being its share in the mean of the item's words.  Elsewhere nothing sums, and a word is left out of the mean as
 * if the item never had it.  The history's side of the score is held.  Thread: ANY.
 */
#ifndef MODEL_TOWERS_CONTENT_H
#define MODEL_TOWERS_CONTENT_H

#include "model/model.h"
#include "model/towers_net.h"

/* u [D]: the query's vector.  work: towers_content_floats(). */
bool towers_content_parts(const struct towers_net *n, const float *u, uint32_t item, float *work, struct content *out,
			  struct err *err);
size_t towers_content_floats(const struct towers_net *n);

/* out [I]: the cosine of each item's vector r [I][D] with that of an item that has this text and nothing else.
 * ERR_NOTFOUND when no word of it is known, ERR_UNSUPPORTED when the network reads no text. */
bool towers_near_text(const struct towers_net *n, const float *r, const char *text, size_t length, float *out,
		      struct err *err);

#endif
