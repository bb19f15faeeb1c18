// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Calls between BPF functions: static, global, weak and hidden ones in .text, two levels deep; and three programs in one
 * section.
 */
#include "bpf_min.h"

__u64 calls;

static __noinline __u32 twice(__u32 x)
{
	calls++;
	return 2 * x;
}

__noinline int global_sum(int a, int b)
{
	calls++;
	return a + (int)twice(b);
}

__weak __noinline int weak_answer(int x)
{
	calls++;
	return x ? 42 : 41;
}

__hidden __noinline int hidden_helper(int x)
{
	calls++;
	return x + 1;
}

/* Returns 2. */
SEC("xdp")
int first(struct xdp_md *ctx)
{
	return global_sum(-38, weak_answer(0)) == 44 ? XDP_PASS : XDP_ABORTED;
}

/* Returns 1. */
SEC("xdp")
int second(struct xdp_md *ctx)
{
	return hidden_helper(3) == 4 ? XDP_DROP : XDP_ABORTED;
}

/* Calls nothing and stands between its neighbours. */
SEC("xdp")
int third(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* Returns 168. */
SEC("socket")
int other_section(struct __sk_buff *skb)
{
	return twice(twice(weak_answer(1)));
}

char _license[] SEC("license") = "Dual MIT/GPL";
