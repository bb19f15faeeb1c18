// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * What a listing can name: members of variables and of map values, fields of the context, strings, flags, return codes;
 * nested loops; a subprogram that is given the context; maps that programs read and write, and a tail call.
 */
#include "bpf_min.h"

static long (*const bpf_trace_printk)(const char *fmt, __u32 size, ...) = (void *)6;

struct limit {
	__u32 burst;
	__u32 rate;
};

struct config {
	__u64 seed;
	struct limit limits[4];
	char label[8];
	union {
		__u32 word;
		__u16 halves[2];
	};
};

struct config cfg = { .seed = 1 };
static __u64 hidden_sum;
__u32 table[16];

struct stats {
	__u64 packets;
	struct limit last;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct stats);
	__uint(max_entries, 64);
} stats SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct stats);
	__uint(max_entries, 1);
} only SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 2);
	__array(values, struct inner);
} nested SEC(".maps") = {
	.values = { [0] = &only },
};

int second(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__uint(max_entries, 2);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
	.values = { [1] = &second },
};

static __noinline __u32 length(struct xdp_md *ctx, __u32 extra)
{
	return ctx->data_end - ctx->data + extra;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct stats fresh = {};
	struct stats *found = bpf_map_lookup_elem(&stats, &key);

	if (!found) {
		fresh.packets = 1;
		fresh.last.rate = cfg.limits[2].rate;
		bpf_map_update_elem(&stats, &key, &fresh, BPF_NOEXIST);
		return XDP_DROP;
	}
	found->last.rate = length(ctx, 14);
	cfg.limits[key & 3].burst++;
	cfg.word = 7;
	hidden_sum += table[key & 15];
	bpf_trace_printk("saw %d of %d\n", sizeof("saw %d of %d\n"), key, cfg.seed);
	bpf_tail_call(ctx, &jumps, 1);
	return XDP_PASS;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&nested, &zero);
	struct stats *found;

	if (!inner)
		return XDP_ABORTED;
	found = bpf_map_lookup_elem(inner, &zero);
	if (!found)
		return XDP_ABORTED;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < 8; i++)
#pragma clang loop unroll(disable)
		for (__u32 j = 0; j < 4; j++)
			found->packets += bpf_get_prandom_u32() & 1;
	return XDP_TX;
}

char _license[] SEC("license") = "Dual MIT/GPL";
