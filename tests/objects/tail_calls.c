// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Tail calls over two program arrays, one slot whose program cannot be loaded, and an array that the object leaves empty:
 * what a run of `entry` needs, and what it has to do without. */
#include "bpf_min.h"

int middle(struct xdp_md *ctx);
int broken(struct xdp_md *ctx);
int last(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__uint(max_entries, 2);
	__array(values, int(struct xdp_md *));
} first_table SEC(".maps") = {
	.values = { middle, broken },
}, second_table SEC(".maps") = {
	.values = { last },
}, filled_later SEC(".maps");

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &filled_later, 0);
	bpf_tail_call(ctx, &first_table, 1);
	bpf_tail_call(ctx, &first_table, 0);
	return XDP_ABORTED;
}

SEC("?xdp")
int middle(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &second_table, 0);
	return XDP_PASS;
}

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	asm volatile("goto +1000");
	return XDP_TX;
}

SEC("xdp")
int last(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual MIT/GPL";
