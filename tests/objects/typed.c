// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Pointers to structures of the kernel's, and numbers that have names: arguments of a traced function as BPF_PROG()
 * takes them apart, chains of members, a list that is walked along, sockets, parameters and results of subprograms,
 * enumerators and macros that are stored and compared. What LLVM does to unused parameters must not lead to wrong names.
 */
#include "bpf_min.h"

#define AF_INET 2
#define ETH_P_ARP 0x0806
#define IPPROTO_TCP 6

static long (*const bpf_skb_load_bytes)(const struct __sk_buff *skb, __u32 offset, void *to, __u32 size) = (void *)26;

/* What bpf_tracing.h has for any number of arguments, for two pointers. */
#define BPF_PROG(name, first, second)                                                                                  \
	name(__u64 *ctx);                                                                                              \
	static __always_inline int ____##name(first, second);                                                          \
	int name(__u64 *ctx)                                                                                           \
	{                                                                                                              \
		return ____##name((void *)ctx[0], (void *)ctx[1]);                                                     \
	}                                                                                                              \
	static __always_inline int ____##name(first, second)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
};

struct sock {
	struct sock_common __sk_common;
};

struct net_device {
	int ifindex;
};

struct sk_buff {
	struct net_device *dev;
	unsigned int len;
	__be16 protocol;
};

struct task_struct {
	int pid;
	struct task_struct *real_parent;
};

struct bpf_iter__task {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
};

#pragma clang attribute pop

struct bpf_sock {
	__u32 bound_dev_if;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 mark;
};

struct bpf_sock_addr {
	__u32 user_family;
	__u32 user_ip4;
	__u32 user_ip6[4];
	__u32 user_port;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 msg_src_ip4;
	__u32 msg_src_ip6[4];
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	} __attribute__((aligned(8)));
};

enum mode {
	MODE_OFF,
	MODE_COUNT = 3,
	MODE_TRACE = 7,
};

struct sample {
	enum mode mode;
	__u32 size;
};

enum mode mode;
struct sample last;
__u32 device, length, parents, states;

SEC("fentry/tcp_v4_do_rcv")
int BPF_PROG(on_receive, struct sock *sk, struct sk_buff *skb)
{
	if (sk->__sk_common.skc_family != AF_INET)
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		device = skb->dev->ifindex;
	states |= 1 << sk->__sk_common.skc_state;
	return 0;
}

SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	parents += task->real_parent->pid;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 4; i++) {
		parents += task->pid;
		task = task->real_parent;
	}
	return 0;
}

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	if (ctx->protocol != IPPROTO_TCP || !sk)
		return 1;
	if (sk->family == AF_INET)
		device = sk->bound_dev_if;
	return 1;
}

static __noinline __u32 weigh(struct sample *sample, enum mode how)
{
	sample->mode = MODE_COUNT;
	if (how == MODE_TRACE)
		sample->size *= 2;
	return sample->size;
}

/* LLVM takes its first parameter away: what is in r1 is the second. */
static __noinline __u32 skewed(struct __sk_buff *nobody, struct sample *used)
{
	used->size = last.size;
	return used->mode;
}

__noinline enum mode chosen(__u32 size)
{
	return size > 1000 ? MODE_TRACE : MODE_COUNT;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct sample sample = {}, other = {};

	if (bpf_ntohs(skb->protocol) == ETH_P_ARP)
		return 0;
	if (mode == MODE_OFF)
		return 0;
	bpf_skb_load_bytes(skb, 0, &sample.size, 4);
	bpf_skb_load_bytes(skb, 0, &other.size, 4);
	if (chosen(skb->len) == MODE_TRACE)
		length = weigh(&sample, MODE_TRACE) + weigh(&other, mode);
	last.mode = MODE_TRACE;
	length += skewed(skb, &sample) + skewed(skb, &other);
	return 0;
}

char _license[] SEC("license") = "GPL";
