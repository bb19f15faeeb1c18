// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Constants that decide which code is alive: the return value tells which branch was left. */
#include "bpf_min.h"

const volatile bool verbose = false;
const volatile __u32 level = 0;

__u64 noise;

SEC("socket")
int dead_code(struct __sk_buff *skb)
{
	if (verbose) {
		/* Long enough to be seen missing. */
		for (int i = 0; i < 8; i++)
			noise += bpf_get_prandom_u32();
	}
	switch (level) {
	case 0:
		return 10;
	case 1:
		return 11 + skb->len * 0;
	default:
		noise += bpf_ktime_get_ns();
		return 12;
	}
}

char _license[] SEC("license") = "Dual MIT/GPL";
