// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: on one path, what was reserved in the ring buffer is neither submitted nor discarded. */
#include "bpf_min.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("xdp")
int bad_reference(struct xdp_md *ctx)
{
	__u32 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return XDP_PASS;
	*event = ctx->ingress_ifindex;
	if (ctx->rx_queue_index == 7)
		return XDP_DROP;
	bpf_ringbuf_submit(event, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
