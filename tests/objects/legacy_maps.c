// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Maps as objects had them before BTF: five numbers in the section "maps". Compiled without -g. */
#include "bpf_min.h"

struct bpf_map_def {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 map_flags;
};

struct bpf_map_def SEC("maps") legacy_hash = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 1024,
	.map_flags = BPF_F_NO_PREALLOC,
};

struct bpf_map_def SEC("maps") legacy_array = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = 16,
	.max_entries = 2,
};

SEC("socket")
int legacy(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&legacy_hash, &key) && bpf_map_lookup_elem(&legacy_array, &key);
}

char _license[] SEC("license") = "GPL";
__u32 _version SEC("version") = 0x060101;
