// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Calls that constants make dead, or seem to: bpf_sys_close() is not for XDP, so that what the verifier comes to does not
   load, and what is dead does. */
#include "bpf_min.h"

static long (*const bpf_sys_close)(__u32 fd) = (void *)168;

struct settings {
	int mode;
	_Bool on;
};

const volatile __u32 timeout_ms = 3;
const volatile __u16 port = 80;
const volatile int least = 5;
const volatile _Bool on = 0;

static __noinline _Bool enabled(void)
{
	return on;
}

static __noinline int by_reference(struct settings *given)
{
	if (given->on)
		bpf_sys_close(3);
	return given->mode;
}

__noinline int global_function(int is_on)
{
	if (is_on)
		bpf_sys_close(3);
	return 1;
}

SEC("xdp")
int multiplied(struct xdp_md *ctx)
{
	if (timeout_ms * 1000 > 5000)
		bpf_sys_close(3);
	return XDP_PASS;
}

SEC("xdp")
int negated(struct xdp_md *ctx)
{
	if (-least > 0)
		bpf_sys_close(3);
	return XDP_PASS;
}

SEC("xdp")
int swapped(struct xdp_md *ctx)
{
	if (bpf_htons(port) != bpf_htons(80))
		bpf_sys_close(3);
	return XDP_PASS;
}

SEC("xdp")
int getter(struct xdp_md *ctx)
{
	if (enabled())
		bpf_sys_close(3);
	return XDP_PASS;
}

SEC("xdp")
int referenced(struct xdp_md *ctx)
{
	struct settings local = {.mode = XDP_PASS, .on = on};

	return by_reference(&local);
}

/* The verifier follows ranges. */
SEC("xdp")
int between(struct xdp_md *ctx)
{
	__u32 index = ctx->ingress_ifindex;

	if (index > 5)
		return XDP_DROP;
	asm volatile("" : "+r"(index));
	if (index > 7)
		bpf_sys_close(3);
	return XDP_PASS;
}

/* Nobody calls it with another value, and it is verified for all. */
SEC("xdp")
int global(struct xdp_md *ctx)
{
	return global_function(0);
}

SEC("xdp")
int reached(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 14 > end)
		return XDP_PASS;
	if (data[12] == 8 && (data[13] & 0xf0) == 0x40)
		bpf_sys_close(3);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
