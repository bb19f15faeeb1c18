// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Several programs on one packet: each counts what comes to it and says what becomes of it. */
#include "bpf_min.h"

struct buff {
	__u32 len;
	__u8 before[72];
	__u32 data;
	__u32 data_end;
};

enum place { GATE, FIRST, SECOND, SOCKET, PLACES };

/* What gate, first and second return. */
int verdicts[3] = { XDP_PASS, -1, 0 };
__u64 seen[PLACES];
/* How many of them gate had marked, as whoever came behind saw it. */
__u64 marked[PLACES];

/* How many came to a packet socket. */
__u64 tapped;

#define MARK 0xaa

static __always_inline void see(enum place place, void *data, void *end)
{
	__u8 *source = data + 6;

	seen[place]++;
	if ((void *)(source + 1) <= end && *source == MARK)
		marked[place]++;
}

SEC("xdp")
int gate(struct xdp_md *ctx)
{
	__u8 *source = (void *)(long)ctx->data + 6;

	seen[GATE]++;
	if ((void *)(source + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	*source = MARK;
	/* Of datagrams none comes further. */
	if ((void *)(source + 18) <= (void *)(long)ctx->data_end && source[17] == 17)
		return XDP_DROP;
	return verdicts[GATE];
}

SEC("tcx/ingress")
int first(struct buff *skb)
{
	see(FIRST, (void *)(long)skb->data, (void *)(long)skb->data_end);
	return verdicts[FIRST];
}

SEC("tcx/ingress")
int second(struct buff *skb)
{
	see(SECOND, (void *)(long)skb->data, (void *)(long)skb->data_end);
	return verdicts[SECOND];
}

SEC("cgroup_skb/ingress")
int behind(struct buff *skb)
{
	seen[SOCKET]++;
	return 1;
}

SEC("socket")
int tap(struct buff *skb)
{
	tapped++;
	return 0;
}

char _license[] SEC("license") = "GPL";
