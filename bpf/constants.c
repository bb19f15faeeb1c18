// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Configuration by constants. What is `const volatile` lies in .rodata, can be set until the object is loaded, and is
 * then frozen. The verifier knows its value, follows only the branches that this value takes and removes the others:
 * a switch that is off costs nothing at run time.
 */
#include "bpf_min.h"

#define SIZE_CLASSES 4

enum mode {
	MODE_PASS,
	MODE_COUNT,
	MODE_LIMIT,
	MODE_DROP,
};

struct limit {
	__u32 rate;  /* packets in one interval */
	__u32 burst; /* packets on top of it */
};

struct config {
	__u64 interval; /* nanoseconds */
	struct limit limits[SIZE_CLASSES];
	bool strict;
};

/* Nothing is looked at while this is false. */
const volatile bool enabled = true;
const volatile enum mode mode = MODE_COUNT;
/* Packets shorter than this are not looked at; 0 looks at all. */
const volatile __u32 min_length = 0;
/* Packets are also counted under this name, unless it is empty. */
const volatile char name[16] = "default";
/* What MODE_LIMIT lets through. */
const volatile struct config cfg = {
	.interval = 1000000000,
	.limits = { { 1000, 100 }, { 500, 50 }, { 250, 25 }, { 125, 12 } },
};
/* A packet of size class N counts as weights[N]. */
const volatile __u32 weights[SIZE_CLASSES] = { 1, 2, 4, 8 };

struct window {
	__u64 start; /* nanoseconds since boot */
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, SIZE_CLASSES);
} weighted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, char[16]);
	__type(value, __u64);
	__uint(max_entries, 16);
} by_name SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct window);
	__uint(max_entries, SIZE_CLASSES);
} windows SEC(".maps");

static __always_inline __u32 size_class(__u64 length)
{
	if (length <= 128)
		return 0;
	if (length <= 512)
		return 1;
	return length <= 1024 ? 2 : 3;
}

static __always_inline void count_by_name(void)
{
	__u64 one = 1;
	__u64 *count = bpf_map_lookup_elem(&by_name, (const void *)name);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&by_name, (const void *)name, &one, BPF_NOEXIST);
}

static __always_inline bool within_limit(__u32 class)
{
	struct window *window = bpf_map_lookup_elem(&windows, &class);
	__u64 now = bpf_ktime_get_ns();
	__u64 allowed;

	if (!window || class >= SIZE_CLASSES)
		return !cfg.strict;
	if (now - window->start >= cfg.interval) {
		window->start = now;
		window->packets = 0;
	}
	allowed = cfg.limits[class].rate;
	if (!cfg.strict)
		allowed += cfg.limits[class].burst;
	return ++window->packets <= allowed;
}

SEC("xdp")
int constants(struct xdp_md *ctx)
{
	__u64 length = (__u64)ctx->data_end - ctx->data;
	__u32 class = size_class(length);
	__u64 *weight;

	if (!enabled || mode == MODE_PASS)
		return XDP_PASS;
	if (mode == MODE_DROP)
		return XDP_DROP;
	if (min_length && length < min_length)
		return XDP_PASS;
	if (name[0])
		count_by_name();

	weight = bpf_map_lookup_elem(&weighted, &class);
	if (weight && class < SIZE_CLASSES)
		__sync_fetch_and_add(weight, weights[class]);
	if (mode == MODE_LIMIT && !within_limit(class))
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
