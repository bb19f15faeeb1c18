// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the length that a helper copies comes from the packet, and nothing bounds it. */
#include "bpf_min.h"

static long (*const bpf_xdp_load_bytes)(struct xdp_md *ctx, __u32 offset, void *to, __u32 size) = (void *)189;

SEC("xdp")
int bad_size(struct xdp_md *ctx)
{
	char bytes[64] = {};

	bpf_xdp_load_bytes(ctx, 0, bytes, ctx->rx_queue_index);
	return bytes[0] == 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
