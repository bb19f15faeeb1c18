// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * A program that writes to its streams by the kernel's functions for that, as far as the kernel has them, and keeps what
 * they return: Linux 6.17 calls the function bpf_stream_vprintk, 6.18 bpf_stream_vprintk_impl.
 */
#include "bpf_min.h"

#define __ksym __attribute__((section(".ksyms")))

extern int bpf_stream_vprintk_impl(int stream, const char *format, const void *arguments, __u32 size,
				   void *program) __weak __ksym;

char _license[] SEC("license") = "GPL";

int returned[2] = { -1, -1 };

static const char out[] = "hello %d\nand more\n";
static const char error[] = "failed %d";

SEC("xdp")
int writes(struct xdp_md *ctx)
{
	__u64 number = 42;

	if (bpf_stream_vprintk_impl) {
		returned[0] = bpf_stream_vprintk_impl(1, out, &number, sizeof(number), NULL);
		returned[1] = bpf_stream_vprintk_impl(2, error, &number, sizeof(number), NULL);
	}
	return XDP_PASS;
}
