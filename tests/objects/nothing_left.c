// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* What is not in the object: functions of which clang 14 leaves no instruction, and -fcommon's variables. */
#include "bpf_min.h"

int counter; /* -fcommon: a symbol without a place */

SEC("tc")
int only(void *ctx)
{
	__builtin_unreachable();
}

SEC("xdp")
int before(struct xdp_md *ctx)
{
	__builtin_unreachable();
}

SEC("xdp")
int counts(struct xdp_md *ctx)
{
	counter++;
	return XDP_PASS;
}

SEC("xdp")
int passes(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int last(struct xdp_md *ctx)
{
	__builtin_unreachable();
}

char LICENSE[] SEC("license") = "GPL";
