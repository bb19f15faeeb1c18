// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the program returns a value that has no meaning at its hook. */
#include "bpf_min.h"

SEC("cgroup_skb/ingress")
int bad_return(struct __sk_buff *skb)
{
	return skb->len > 1500 ? 5 : 1;
}

char _license[] SEC("license") = "Dual MIT/GPL";
