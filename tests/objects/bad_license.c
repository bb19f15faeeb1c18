// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Rejected by the verifier: the helper is for GPL-compatible programs, and this one says that it is none. */
#include "bpf_min.h"

static long (*const bpf_trace_printk)(const char *format, __u32 size, ...) = (void *)6;

SEC("socket")
int bad_license(struct __sk_buff *skb)
{
	char format[] = "len %d\n";

	bpf_trace_printk(format, sizeof(format), skb->len);
	return 0;
}

char _license[] SEC("license") = "MIT";
