// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Maps in maps and a program array, with initial values; flags, sizes without types, a queue and a tag. */
#include "bpf_min.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 4);
	__array(values, struct inner);
} outer_array SEC(".maps") = {
	.values = { [0] = &inner_a, [2] = &inner_b },
};

/* The inner map is declared in place and has no object of its own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(key_size, 8);
	__uint(max_entries, 16);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__type(key, __u32);
		__type(value, __u32);
		__uint(max_entries, 2);
	});
} outer_hash SEC(".maps");

struct prefix {
	__u32 length;
	__u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct prefix);
	__type(value, __u32);
	__uint(max_entries, 128);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(key_size, 12);
	__uint(value_size, 20);
	__uint(max_entries, 8);
	__uint(numa_node, 0);
} sizes_only SEC(".maps") __decl_tag("kept for tests");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__type(value, __u32);
	__uint(max_entries, 10);
} queue SEC(".maps");

int target(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__uint(max_entries, 3);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
	.values = { [1] = target },
};

/* Returns 3 through a tail call; 0 when the slot is empty. */
SEC("xdp")
int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return XDP_ABORTED;
}

SEC("xdp")
int target(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* Returns the first value of the map in slot 2, and counts it up. */
SEC("xdp")
int through_outer(struct xdp_md *ctx)
{
	__u32 slot = 2, zero = 0;
	void *inner = bpf_map_lookup_elem(&outer_array, &slot);
	__u64 *value;

	if (!inner)
		return -1;
	value = bpf_map_lookup_elem(inner, &zero);
	return value ? (*value)++ : -2;
}

char _license[] SEC("license") = "Dual MIT/GPL";
