// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the check lets through packets that are one byte too short for what is read. */
#include "bpf_min.h"

SEC("xdp")
int bad_offbyone(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if (data + sizeof(*eth) - 1 > end)
		return XDP_PASS;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
