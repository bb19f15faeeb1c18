// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A map that asks to be pinned by its name. */
#include "bpf_min.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} shared SEC(".maps");

SEC("socket")
int pinned(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&shared, &key) ? 1 : 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
