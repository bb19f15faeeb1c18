// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Symbols of every binding and visibility: only what is global and visible belongs to the collection. */
#include "bpf_min.h"

#define __internal __attribute__((visibility("internal")))

__u32 global_var = 1;
__weak __u32 weak_var = 2;
__hidden __u32 hidden_var = 3;
__internal __u32 internal_var = 4;
static volatile __u32 static_var = 5;

const volatile __u32 global_const = 6;
__hidden const volatile __u32 hidden_const = 7;
static const volatile __u32 static_const = 8;

__u64 global_zero;
static volatile __u64 static_zero;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} global_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} hidden_map SEC(".maps") __hidden;

/* Returns the sum of the variables, 36 before anything is set, and counts the two zeroes up. */
SEC("socket")
int symbols(struct __sk_buff *skb)
{
	__u32 key = 0;

	bpf_map_lookup_elem(&global_map, &key);
	bpf_map_lookup_elem(&hidden_map, &key);
	global_zero++;
	static_zero++;
	return global_var + weak_var + hidden_var + internal_var + static_var + global_const + hidden_const + static_const;
}

char _license[] SEC("license") = "Dual MIT/GPL";
