// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the packet's end is not checked before its bytes are read. */
#include "bpf_min.h"

SEC("xdp")
int fine(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int bad_bounds(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
