// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the loop ends only when the clock says so, of which the verifier knows nothing. */
#include "bpf_min.h"

SEC("xdp")
int bad_loop(struct xdp_md *ctx)
{
	while (bpf_ktime_get_ns() & 1)
		;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
