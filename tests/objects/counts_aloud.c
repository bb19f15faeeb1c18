// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Counts packets in a map whose entries users set, and prints now and then: what is looked at without its object. */
#include "bpf_min.h"

static long (*const bpf_trace_printk)(const char *format, __u32 size, ...) = (void *)6;

struct count {
	__u64 packets;
	__u64 limit;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct count);
	__uint(max_entries, 8);
} counted SEC(".maps");

SEC("xdp")
int count_packets_aloud(struct xdp_md *ctx)
{
	static const char text[] = "counted %d packets\n";
	__u32 key = 7;
	struct count *count = bpf_map_lookup_elem(&counted, &key);

	if (!count) {
		struct count first = { 1, 1000000 };

		bpf_map_update_elem(&counted, &key, &first, BPF_ANY);
		return XDP_PASS;
	}
	count->packets++;
	if (count->packets % 64 == 0)
		bpf_trace_printk(text, sizeof(text), count->packets);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
