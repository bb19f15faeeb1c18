// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Programs that print: a line, more lines than anybody keeps, what a terminal would obey, by way of a tail call. */
#include "bpf_min.h"

static long (*const bpf_trace_printk)(const char *format, __u32 size, ...) = (void *)6;

#define print(format, ...)                                                   \
	({                                                                   \
		static const char text[] = format;                           \
		bpf_trace_printk(text, sizeof(text), ##__VA_ARGS__);         \
	})

int hello(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__uint(max_entries, 1);
	__array(values, int(struct xdp_md *));
} next SEC(".maps") = {
	.values = { hello },
};

SEC("xdp")
int hello(struct xdp_md *ctx)
{
	print("hello %d\n", 42);
	return XDP_PASS;
}

SEC("xdp")
int twice(struct xdp_md *ctx)
{
	print("first of %s", "two");
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

static long line(__u32 number, void *context)
{
	print("line %u", number);
	return 0;
}

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	bpf_loop(30000, line, 0, 0);
	return XDP_DROP;
}

SEC("xdp")
int title(struct xdp_md *ctx)
{
	print("%s and\na second line", "\x1b]0;owned\x07");
	return XDP_DROP;
}

/* The kernel takes no format with such characters. */
SEC("xdp")
int refused(struct xdp_md *ctx)
{
	return print("\x1b[31m");
}

char _license[] SEC("license") = "GPL";
