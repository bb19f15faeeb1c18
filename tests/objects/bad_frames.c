// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: each function's stack is small enough, but not all of them together. */
#include "bpf_min.h"

static __noinline int inner(struct xdp_md *ctx)
{
	volatile char text[300];

	for (int i = 0; i < 300; i++)
		text[i] = ctx->rx_queue_index;
	return text[ctx->rx_queue_index & 0xff];
}

SEC("xdp")
int bad_frames(struct xdp_md *ctx)
{
	volatile char text[300];

	for (int i = 0; i < 300; i++)
		text[i] = ctx->ingress_ifindex;
	return inner(ctx) + text[ctx->rx_queue_index & 0xff];
}

char _license[] SEC("license") = "Dual MIT/GPL";
