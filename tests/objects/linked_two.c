// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* The other half of linked.o: strong definitions, a hidden function, a static variable, a program more in section xdp. */
#include "bpf_min.h"

__noinline int answer(int x)
{
	return x + 40;
}

__hidden __noinline int helper(int x)
{
	return x * 3;
}

__noinline int shared(int x)
{
	return helper(x) + answer(x);
}

int threshold = 9;
static volatile int local;

SEC("xdp")
int second(struct xdp_md *ctx)
{
	local++;
	return helper(local);
}

SEC("?tc")
int third(struct __sk_buff *skb)
{
	return 2;
}

char _license[] SEC("license") = "GPL";
