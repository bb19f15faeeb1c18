// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Half of linked.o: weak definitions, which the other half overrides, and a function that only the other half has. */
#include "bpf_min.h"

extern int shared(int x);

__weak __noinline int answer(int x)
{
	return x + 1;
}

__weak int threshold = 5;
__weak int only_weak = 7;
int counter;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} both SEC(".maps");

SEC("xdp")
int first(struct xdp_md *ctx)
{
	__u32 key = 1;

	counter++;
	return answer(threshold) + shared(only_weak) + (bpf_map_lookup_elem(&both, &key) != NULL);
}

char _license[] SEC("license") = "GPL";
