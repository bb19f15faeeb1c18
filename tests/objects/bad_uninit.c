// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: a function without a return value on one path leaves its register unset. */
#include "bpf_min.h"

SEC("xdp")
__attribute__((naked)) int bad_uninit(struct xdp_md *ctx)
{
	asm volatile("r1 = *(u32 *)(r1 + 12)\n"
		     "if r1 == 0 goto 1f\n"
		     "r0 = 2\n"
		     "1: exit\n");
}

char _license[] SEC("license") = "Dual MIT/GPL";
