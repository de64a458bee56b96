/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation.c - see activation.h. */
#include "num/activation.h"

#include <math.h>
#include <string.h>

#include "num/kern.h"

const char *const activation_names[N_ACTIVATIONS] = {
	[ACT_LINEAR] = "linear", [ACT_RELU] = "relu", [ACT_SIGMOID] = "sigmoid", [ACT_TANH] = "tanh",
	[ACT_GELU] = "gelu",
};

/* gelu(x) = x/2 (1 + tanh(z)) = x sigmoid(2z), z = sqrt(2/pi) (x + 0.044715 x^3). */
#define GELU_A 1.5957691216f /* 2 sqrt(2/pi) */
#define GELU_B 0.044715f

static float gelu_2z(float x)
{
	return GELU_A * (x + GELU_B * x * x * x);
}

static void gelu_forward(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = gelu_2z(x[i]);
	kern()->sigmoid(y, y, n);
	for (size_t i = 0; i < n; i++)
		y[i] *= x[i];
}

void activation_forward(enum activation a, float *y, const float *x, size_t n)
{
	switch (a) {
	case ACT_RELU:
		kern()->relu(y, x, n);
		break;
	case ACT_SIGMOID:
		kern()->sigmoid(y, x, n);
		break;
	case ACT_TANH:
		kern()->tanh(y, x, n);
		break;
	case ACT_GELU:
		gelu_forward(y, x, n);
		break;
	default:
		if (y != x)
			memcpy(y, x, n * sizeof(*y));
	}
}

/* forward: y = x s, s = sigmoid(2z):  y' = s + x s (1-s) (2z)' */
static void gelu_backward(float *dx, const float *dy, const float *x, size_t n)
{
	float s[256];

	for (size_t at = 0; at < n; at += 256) {
		size_t w = n - at < 256 ? n - at : 256;

		for (size_t i = 0; i < w; i++)
			s[i] = gelu_2z(x[at + i]);
		kern()->sigmoid(s, s, w);
		for (size_t i = 0; i < w; i++) {
			float v = x[at + i], slope = GELU_A * (1 + 3 * GELU_B * v * v);

			dx[at + i] += dy[at + i] * (s[i] + v * s[i] * (1 - s[i]) * slope);
		}
	}
}

void activation_backward(enum activation a, float *dx, const float *dy, const float *x, const float *y, size_t n)
{
	switch (a) {
	case ACT_RELU:
		kern()->relu_back(dx, dy, y, n);
		break;
	case ACT_SIGMOID: /* y' = y (1-y) */
		for (size_t i = 0; i < n; i++)
			dx[i] += dy[i] * y[i] * (1 - y[i]);
		break;
	case ACT_TANH: /* y' = 1 - y^2 */
		for (size_t i = 0; i < n; i++)
			dx[i] += dy[i] * (1 - y[i] * y[i]);
		break;
	case ACT_GELU:
		gelu_backward(dx, dy, x, n);
		break;
	default:
		kern()->axpy(1, dy, dx, n);
	}
}
