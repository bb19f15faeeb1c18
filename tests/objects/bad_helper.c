// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the helper exists, but not for programs of this type. */
#include "bpf_min.h"

static long (*const bpf_xdp_adjust_head)(void *ctx, int delta) = (void *)44;

SEC("socket")
int bad_helper(struct __sk_buff *skb)
{
	return bpf_xdp_adjust_head(skb, 4);
}

char _license[] SEC("license") = "Dual MIT/GPL";
