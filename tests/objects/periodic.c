// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A timer that arms itself anew, a hundred milliseconds later each time, and a return code with a name of its own. */
#include "bpf_min.h"

static long (*const bpf_timer_init)(void *timer, void *map, __u64 flags) = (void *)169;
static long (*const bpf_timer_set_callback)(void *timer, void *callback) = (void *)170;
static long (*const bpf_timer_start)(void *timer, __u64 nsecs, __u64 flags) = (void *)171;

#define PERIOD 100000000ull

enum verdict {
	VERDICT_FIRST = 1,
	VERDICT_LATER = 2,
} last;

struct bpf_timer {
	__u64 opaque[2];
} __attribute__((aligned(8)));

struct tick {
	struct bpf_timer timer;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct tick);
	__uint(max_entries, 1);
} ticks SEC(".maps");

static int again(void *map, __u32 *key, struct tick *tick)
{
	tick->count++;
	bpf_timer_start(&tick->timer, PERIOD, 0);
	return 0;
}

SEC("xdp")
int arm(struct xdp_md *ctx)
{
	struct tick *tick;
	__u32 key = 0;

	tick = bpf_map_lookup_elem(&ticks, &key);
	if (!tick)
		return XDP_ABORTED;
	last = bpf_timer_init(&tick->timer, &ticks, 1) ? VERDICT_LATER : VERDICT_FIRST;
	bpf_timer_set_callback(&tick->timer, again);
	bpf_timer_start(&tick->timer, PERIOD, 0);
	return last;
}

char _license[] SEC("license") = "GPL";
