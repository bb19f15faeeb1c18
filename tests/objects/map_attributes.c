// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Definitions of maps that loaders refuse: attributes that are not known, contradict each other, are missing or do not
 * fit; and some that are unusual and right. Each is read by itself.
 */
#include "bpf_min.h"

#define __enum(name, value) enum { name##_##value = value##ull } name

/* A slip: the attribute is called map_flags. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(key_size, 8);
	__uint(value_size, 4);
	__uint(flags, 1);
} slip SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(key_size, 8);
	__type(key, __u32);
	__type(value, __u64);
	__uint(value_size, 4);
} contradiction SEC(".maps");

struct {
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} no_type SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__enum(max_entries, 0x100000008);
	__enum(map_flags, 0x200000000);
	__type(key, __u32);
	__type(value, __u64);
} too_wide SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__type(value, char[65536][65536]);
} too_large SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__u32 key;
	__type(value, __u64);
} no_pointer SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(size, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} bad_inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} no_inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
	__array(values, struct inner);
} values_of_hash SEC(".maps");

/* libbpf and ebpf-go know 0 and 1. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, 100);
} pinned_elsewhere SEC(".maps");

/* A definition in structs around it, as Aya has it. */
struct definition {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 16);
};

struct cell {
	struct definition value;
};

struct phantom {
};

struct {
	struct cell __0;
	struct phantom _marker;
} wrapped SEC(".maps");

SEC("xdp")
int looks_up(void *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&wrapped, &key) ? 1 : 2;
}

char _license[] SEC("license") = "GPL";
