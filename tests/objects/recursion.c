// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Functions that call themselves and each other, which the verifier refuses and a reader has to survive: each is linked
 * once.
 */
#include "bpf_min.h"

volatile __u32 depth = 3;

static __noinline __u32 odd(__u32 n);

static __noinline __u32 even(__u32 n)
{
	depth--;
	return n ? odd(n - 1) + depth : 1;
}

static __noinline __u32 odd(__u32 n)
{
	depth++;
	return n ? even(n - 1) + depth : 0;
}

__noinline int itself(int n)
{
	int rest = n > 0 ? itself(n - 1) : 0;

	return rest + (int)depth;
}

SEC("socket")
int recursion(struct __sk_buff *skb)
{
	return (int)even(depth) + itself(skb->len);
}

SEC("socket")
int only_itself(struct __sk_buff *skb)
{
	return itself(2);
}

char _license[] SEC("license") = "GPL";
