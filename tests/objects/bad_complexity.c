// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: bounded, but walking through it takes more than a million instructions. */
#include "bpf_min.h"

SEC("xdp")
int bad_complexity(struct xdp_md *ctx)
{
	volatile __u32 sum = 0;

	for (__u32 i = 0; i < 2000; i++)
		for (__u32 j = 0; j < 2000; j++)
			sum += i ^ j;
	return sum & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
