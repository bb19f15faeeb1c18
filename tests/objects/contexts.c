// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Programs of hooks that need a context: what they read of it comes out in variables, what they write in the context. */
#include "bpf_min.h"

struct bpf_sock {
	__u32 bound_dev_if, family, type, protocol, mark, priority, src_ip4, src_ip6[4], src_port;
	__be16 dst_port;
	__u16 unused;
	__u32 dst_ip4, dst_ip6[4], state;
	__s32 rx_queue_mapping;
};

struct bpf_sock_addr {
	__u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol, msg_src_ip4, msg_src_ip6[4];
	struct bpf_sock *sk __attribute__((aligned(8)));
};

struct bpf_sockopt {
	struct bpf_sock *sk __attribute__((aligned(8)));
	void *optval __attribute__((aligned(8)));
	void *optval_end __attribute__((aligned(8)));
	__s32 level, optname, optlen, retval;
};

struct bpf_cgroup_dev_ctx {
	__u32 access_type, major, minor;
};

struct sk_msg_md {
	void *data __attribute__((aligned(8)));
	void *data_end __attribute__((aligned(8)));
	__u32 family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port, size;
};

struct syscall_arguments {
	__u32 count;
	char name[8];
	__u32 result;
};

__u32 family, seen;
__u64 argument;

/* Sends what goes to port 443 elsewhere, to 192.0.2.9. */
SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
	if (ctx->sk)
		family = ctx->sk->family;
	if (ctx->user_port == bpf_htons(443))
		ctx->user_ip4 = 0x090200c0;
	return 1;
}

/* Counts the bytes of an option, and makes it shorter. */
SEC("cgroup/setsockopt")
int on_option(struct bpf_sockopt *ctx)
{
	__u8 *value = ctx->optval, *end = ctx->optval_end;

	for (int i = 0; i < 8; i++)
		if (value + i + 1 <= end)
			seen += value[i];
	ctx->optlen = 1;
	return 1;
}

SEC("cgroup/dev")
int on_device(struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->major == 1 && ctx->minor == 3;
}

SEC("sk_msg")
int on_message(struct sk_msg_md *ctx)
{
	__u8 *data = ctx->data, *end = ctx->data_end;

	return data + 1 <= end && data[0] == 'G';
}

SEC("syscall")
int on_syscall(struct syscall_arguments *ctx)
{
	ctx->result = ctx->count * 2;
	return ctx->name[0];
}

SEC("raw_tp/task_rename")
int on_rename(__u64 *ctx)
{
	argument = ctx[1];
	return 0;
}

/* The kernel refuses it: no filter may know when a packet came. */
SEC("?socket")
int bad_time(struct __sk_buff *ctx)
{
	return *(volatile __u64 *)((char *)ctx + 152);
}

char _license[] SEC("license") = "Dual MIT/GPL";
