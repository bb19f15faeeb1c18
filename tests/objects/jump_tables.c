// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * What LLVM 22 makes of large switches and of computed goto with -mcpu=v4: gotox, and tables in the section .jumptables.
 * One program has two tables, one has them in subprograms, whose section is another.
 */
#include "bpf_min.h"

__u64 seen, steps;

/* Each case does something else, so that the compiler makes no table of numbers of it. */
#define CASES                                                                                                          \
	case 0:                                                                                                        \
		seen += 5;                                                                                             \
		break;                                                                                                 \
	case 1:                                                                                                        \
		seen *= 3;                                                                                             \
		break;                                                                                                 \
	case 2:                                                                                                        \
		seen ^= bpf_get_prandom_u32();                                                                         \
		break;                                                                                                 \
	case 3:                                                                                                        \
		seen -= 11;                                                                                            \
		break;                                                                                                 \
	case 4:                                                                                                        \
		seen <<= 2;                                                                                            \
		break;                                                                                                 \
	case 5:                                                                                                        \
		seen = 77;                                                                                             \
		break;                                                                                                 \
	case 6:                                                                                                        \
		steps += 1;                                                                                            \
		break;                                                                                                 \
	case 7:                                                                                                        \
		steps *= 7;                                                                                            \
		break;                                                                                                 \
	case 8:                                                                                                        \
		steps ^= seen;                                                                                         \
		break;                                                                                                 \
	case 9:                                                                                                        \
		seen |= 64;                                                                                            \
		break;                                                                                                 \
	case 11:                                                                                                       \
		seen /= 3;                                                                                             \
		break;                                                                                                 \
	case 12:                                                                                                       \
		steps = seen;                                                                                          \
		break;                                                                                                 \
	case 13:                                                                                                       \
		seen %= 10;                                                                                            \
		break;

SEC("xdp")
int by_switch(struct xdp_md *ctx)
{
	switch ((ctx->data_end - ctx->data) & 15) {
		CASES
	default:
		return XDP_PASS;
	}
	switch (ctx->rx_queue_index) {
		CASES
	default:
		return XDP_TX;
	}
	return XDP_DROP;
}

static __noinline int run(__u32 start)
{
	const void *const next[] = { &&add, &&twice, &&stop };

	if (start > 2)
		return -1;
	goto *next[start];
add:
	steps += 3;
twice:
	steps *= 2;
	return 1;
stop:
	return 0;
}

static __noinline __u64 work(__u32 what)
{
	switch (what) {
		CASES
	}
	return seen;
}

SEC("xdp")
int in_subprograms(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;

	return run(length & 3) + work(length & 15) + run(ctx->rx_queue_index) + work(ctx->rx_queue_index);
}

char _license[] SEC("license") = "Dual MIT/GPL";
