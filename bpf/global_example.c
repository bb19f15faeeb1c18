// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A global variable that can be set before loading and read while the program lives: each run counts it up. */
#include "bpf_min.h"

volatile __u16 global_u16;

/* Returns the value that it found, then counts up. */
SEC("socket")
int global_example(struct __sk_buff *skb)
{
	return global_u16++;
}

char _license[] SEC("license") = "Dual MIT/GPL";
