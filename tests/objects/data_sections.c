// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Data sections with names of their own become maps of their own. */
#include "bpf_min.h"

__u32 in_data = 1;
__u32 in_bss;
const volatile __u32 in_rodata = 2;
__u32 in_data_fast SEC(".data.fast") = 3;
__u64 in_data_fast_too SEC(".data.fast") = 4;
__u32 in_bss_big[300] SEC(".bss.big");
const volatile __u32 in_rodata_tuning SEC(".rodata.tuning") = 5;

/* Returns 15. */
SEC("socket")
int data_sections(struct __sk_buff *skb)
{
	in_bss++;
	in_bss_big[299]++;
	return in_data + in_rodata + in_data_fast + in_data_fast_too + in_rodata_tuning;
}

char _license[] SEC("license") = "Dual MIT/GPL";
