// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Functions that a program cannot have as it is loaded: of C's library, of another object, of a device's driver. */
#include "bpf_min.h"

#define __ksym __attribute__((section(".ksyms")))

extern __u32 ntohl(__u32);
extern int elsewhere(int);
extern int not_in_any_kernel(int) __ksym;
extern void bpf_rcu_read_lock(int) __ksym;
extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym;

SEC("xdp")
int library(struct xdp_md *ctx)
{
	return ntohl(ctx->rx_queue_index);
}

SEC("xdp")
int other_object(struct xdp_md *ctx)
{
	return elsewhere(1);
}

SEC("xdp")
int other_kernel(struct xdp_md *ctx)
{
	return not_in_any_kernel(1);
}

SEC("xdp")
int other_type(struct xdp_md *ctx)
{
	bpf_rcu_read_lock(1);
	return XDP_PASS;
}

SEC("xdp")
int device(struct xdp_md *ctx)
{
	__u64 timestamp = 0;

	return bpf_xdp_metadata_rx_timestamp(ctx, &timestamp) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
