/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation.h - the curves between layers, element by element.
 *
 *   relu max(x, 0);  sigmoid 1/(1 + e^-x);  tanh;  gelu x Phi(x), by the tanh form of Hendrycks & Gimpel
 *   2016, arXiv:1606.08415;  linear x.
 * x, y, dx, dy [n] float.  Forward: y may alias x, but for gelu, whose backward reads x; all others'
 * backward reads y alone (x may be NULL).  dx is ACCUMULATED (+=) and may not alias dy.
 * No allocation, no failure.  Thread: ANY.
 */
#ifndef NUM_ACTIVATION_H
#define NUM_ACTIVATION_H

#include <stddef.h>

enum activation { ACT_LINEAR, ACT_RELU, ACT_SIGMOID, ACT_TANH, ACT_GELU, N_ACTIVATIONS };
extern const char *const activation_names[N_ACTIVATIONS]; /* "linear", "relu", … */

void activation_forward(enum activation a, float *y, const float *x, size_t n);
void activation_backward(enum activation a, float *dx, const float *dy, const float *x, const float *y, size_t n);

#endif
