// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Accesses to members of contexts that the verifier refuses, in lines of C that name others before them, or none. */
#include "bpf_min.h"

struct bpf_sock_ops {
	__u32 op, args[4], family, remote_ip4, local_ip4;
};

struct bpf_sock_addr {
	__u32 user_family, user_ip4, user_ip6[4], user_port, family;
};

struct bpf_sk_lookup {
	__u64 sk;
	__u32 family, protocol, remote_ip4, remote_ip6[4];
	__u16 remote_port, unused;
	__u32 local_ip4, local_ip6[4], local_port;
};

struct record {
	__u64 common;
	__u32 first, second;
};

__u64 seen;

SEC("sockops")
int no_member(struct bpf_sock_ops *s)
{
	__builtin_memcpy(&seen, (void *)s + 24, 8);
	return 0;
}

SEC("sockops")
int third_member(struct bpf_sock_ops *ctx)
{
	if (ctx->family == 2 && ctx->op == 3) ctx->remote_ip4 = 0;
	return 0;
}

SEC("cgroup/connect4")
int second_member(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip4 == 0x0100007f) ctx->family = 10;
	return 1;
}

SEC("sk_lookup")
int between(struct bpf_sk_lookup *ctx)
{
	__u32 p = ctx->local_port; ctx->remote_port = p;
	return 1;
}

SEC("tc")
int element(struct __sk_buff *skb)
{
	if (skb->mark) *(__u32 *)((void *)skb + 104) = skb->len; /* remote_ip6[1] */
	return 0;
}

SEC("tp/sched/sched_switch")
int of_record(struct record *ctx)
{
	if (ctx->first) ctx->second = 3;
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
