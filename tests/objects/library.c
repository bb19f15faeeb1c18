// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Functions in sections of their own, which name no hook: those that a program or another of them calls are a library,
 * as what lies in .text is; one that nothing calls is a program of which nobody knows the type.
 */
#include "bpf_min.h"

SEC("static")
static __noinline int inner(int x)
{
	return x * 3;
}

SEC("static")
static __noinline int outer(int x)
{
	return inner(x) + 1;
}

SEC("other")
__noinline int global(int x)
{
	return x + 2;
}

SEC("other")
__noinline int left(int x)
{
	return x - 2;
}

SEC("xdp")
int calls(struct xdp_md *ctx)
{
	return outer(ctx->ingress_ifindex) + global(ctx->rx_queue_index);
}

char _license[] SEC("license") = "GPL";
