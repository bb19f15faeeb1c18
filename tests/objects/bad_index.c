// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: an index from the packet is checked, but against one more than there are elements. */
#include "bpf_min.h"

struct ports {
	__u32 seen[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct ports);
	__uint(max_entries, 1);
} ports SEC(".maps");

SEC("xdp")
int bad_index(struct xdp_md *ctx)
{
	__u32 key = 0, index = ctx->rx_queue_index;
	struct ports *found = bpf_map_lookup_elem(&ports, &key);

	if (!found || index > 16)
		return XDP_PASS;
	found->seen[index] = 1;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual MIT/GPL";
