// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: an array on the stack is written at an index that nothing bounds. */
#include "bpf_min.h"

SEC("xdp")
int bad_stack(struct xdp_md *ctx)
{
	volatile __u8 seen[16] = {};

	seen[ctx->rx_queue_index] = 1;
	return seen[0] ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
