// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the result of a map look-up is used without a look at whether there is one. */
#include "bpf_min.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} totals SEC(".maps");

SEC("socket")
int bad_null(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *total = bpf_map_lookup_elem(&totals, &key);

	*total += skb->len;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
