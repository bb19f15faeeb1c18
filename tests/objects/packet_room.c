// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* How much of a packet a program finds, and how far it may move its ends: what test runs give to each type. */
#include "bpf_min.h"

struct buff {
	__u8 before[76];
	__u32 data;
	__u32 data_end;
};

static long (*const bpf_xdp_adjust_head)(struct xdp_md *ctx, int delta) = (void *)44;
static long (*const bpf_xdp_adjust_meta)(struct xdp_md *ctx, int delta) = (void *)54;
static long (*const bpf_xdp_adjust_tail)(struct xdp_md *ctx, int delta) = (void *)65;
static __u64 (*const bpf_xdp_get_buff_len)(struct xdp_md *ctx) = (void *)188;
static long (*const bpf_xdp_load_bytes)(struct xdp_md *ctx, __u32 offset, void *to, __u32 size) = (void *)189;
static long (*const bpf_xdp_store_bytes)(struct xdp_md *ctx, __u32 offset, void *from, __u32 size) = (void *)190;

int meta, head, tail;
__u32 at;
long results[5];
__u64 length, linear, bytes;

static __always_inline int measure(struct xdp_md *ctx)
{
	length = bpf_xdp_get_buff_len(ctx);
	linear = ctx->data_end - ctx->data;
	return XDP_PASS;
}

SEC("xdp")
int on_xdp(struct xdp_md *ctx)
{
	return measure(ctx);
}

SEC("xdp.frags")
int moved(struct xdp_md *ctx)
{
	if (meta)
		results[0] = bpf_xdp_adjust_meta(ctx, meta);
	if (head)
		results[1] = bpf_xdp_adjust_head(ctx, head);
	if (tail)
		results[2] = bpf_xdp_adjust_tail(ctx, tail);
	results[3] = bpf_xdp_load_bytes(ctx, at, &bytes, sizeof(bytes));
	bytes++;
	results[4] = bpf_xdp_store_bytes(ctx, at, &bytes, sizeof(bytes));
	return measure(ctx);
}

static __always_inline int seen(struct __sk_buff *skb)
{
	length = skb->len;
	return 1;
}

static __always_inline int pointed(struct __sk_buff *skb)
{
	struct buff *buff = (void *)skb;

	linear = buff->data_end - buff->data;
	return seen(skb);
}

SEC("tc")
int on_tc(struct __sk_buff *skb)
{
	return pointed(skb);
}

SEC("cgroup_skb/egress")
int on_cgroup(struct __sk_buff *skb)
{
	return pointed(skb);
}

SEC("lwt_xmit")
int on_route(struct __sk_buff *skb)
{
	return pointed(skb);
}

SEC("socket")
int on_socket(struct __sk_buff *skb)
{
	return seen(skb);
}

SEC("flow_dissector")
int on_flow(struct __sk_buff *skb)
{
	struct buff *buff = (void *)skb;

	linear = buff->data_end - buff->data;
	return 0;
}

SEC("netfilter")
int on_netfilter(void *ctx)
{
	return 1;
}

char _license[] SEC("license") = "GPL";
