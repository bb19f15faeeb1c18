// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* What clang 21 and later make of what C leaves undefined: calls of __bpf_trap(), behind which nothing makes sense. */
#include "bpf_min.h"

static __noinline int in_function(int x)
{
	if (x == 77)
		__builtin_trap();
	return x * 2;
}

SEC("xdp")
int trap(struct xdp_md *ctx)
{
	if (ctx->ingress_ifindex == 1)
		__builtin_trap();
	return XDP_PASS;
}

SEC("xdp")
int called(struct xdp_md *ctx)
{
	return in_function(ctx->rx_queue_index);
}

SEC("xdp")
int excluded(struct xdp_md *ctx)
{
	if (ctx->ingress_ifindex > 5)
		return 1;
	if (ctx->ingress_ifindex <= 5)
		return 2;
	__builtin_unreachable();
}

char _license[] SEC("license") = "Dual MIT/GPL";
