// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Drops UDP to a port, and by a mistake some of what goes to others: the guide to debugging finds it. */
#include "bpf_min.h"

struct udphdr {
	__u16 source, dest, len, check; /* as on the wire */
};

const volatile __u16 blocked = 53;
__u64 dropped;

static __noinline int port_of(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(0x0800) || ip->protocol != 17)
		return -1;
	return bpf_ntohs(udp->dest);
}

SEC("xdp")
int block(struct xdp_md *ctx)
{
	if (port_of(ctx) == blocked) {
		dropped++;
		return XDP_DROP;
	}
	return XDP_PASS;
}
