// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: programs of this type may read this member of the context, but not write it. */
#include "bpf_min.h"

SEC("socket")
int bad_context(struct __sk_buff *skb)
{
	skb->len = 64;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
