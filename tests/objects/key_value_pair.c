// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * A map from before BTF whose types are told in the old way, BPF_ANNOTATE_KV_PAIR: a struct of a certain name, and a
 * variable of that in a section of its own, which is no map.
 */
#include "bpf_min.h"

struct old {
	__u32 type, key_size, value_size, max_entries, map_flags;
};

struct old hits SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0 };

struct ____btf_map_hits {
	__u32 key;
	__u64 value;
};

struct ____btf_map_hits ____btf_map_hits SEC(".maps.hits") = {};

SEC("xdp")
int looks_up(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&hits, &key) ? 1 : 2;
}

char _license[] SEC("license") = "GPL";
