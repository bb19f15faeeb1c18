// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A hidden variable belongs to the object alone: it has a place in .bss, but is no variable of the collection. */
#include "bpf_min.h"

__hidden __u64 hidden_var;

SEC("socket")
int hidden_example(struct __sk_buff *skb)
{
	hidden_var++;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
