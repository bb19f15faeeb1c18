// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Functions passed by address to helpers: bpf_loop and bpf_for_each_map_elem. */
#include "bpf_min.h"

__u32 rounds = 10;
__u64 sum;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 5);
} numbers SEC(".maps");

static long add_index(__u32 index, void *context)
{
	*(__u64 *)context += index;
	return 0;
}

static long add_value(void *map, __u32 *key, __u64 *value, void *context)
{
	*(__u64 *)context += ++*value;
	return 0;
}

/* Returns 0 + 1 + ... + (rounds - 1). */
SEC("socket")
int loop(struct __sk_buff *skb)
{
	__u64 total = 0;

	bpf_loop(rounds, add_index, &total, 0);
	sum = total;
	return total;
}

/* Counts each entry up, then returns their sum. */
SEC("socket")
int each(struct __sk_buff *skb)
{
	__u64 total = 0;

	bpf_for_each_map_elem(&numbers, add_value, &total, 0);
	return total;
}

char _license[] SEC("license") = "Dual MIT/GPL";
