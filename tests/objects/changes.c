// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A program that changes one of each on each run: entries of maps, a deleted one, variables, records, a printed line. */
#include "bpf_min.h"

static long (*const bpf_trace_printk)(const char *format, __u32 size, ...) = (void *)6;

struct pair {
	__u32 a, b;
};

struct event {
	__u64 run;
	char name[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct pair);
	__type(value, __u64);
	__uint(max_entries, 16);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} untouched SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct event *typed;
__u64 runs;
__u32 still = 7;

SEC("xdp")
int change(struct xdp_md *ctx)
{
	struct pair now = { runs, 1 }, before = { runs - 1, 1 };
	struct event *event;
	__u64 value;

	runs++;
	value = runs * 10;
	bpf_map_update_elem(&table, &now, &value, BPF_ANY);
	bpf_map_delete_elem(&table, &before);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event) {
		event->run = runs;
		__builtin_memcpy(event->name, "run", 4);
		bpf_ringbuf_submit(event, 0);
	}
	static const char text[] = "run %u";
	bpf_trace_printk(text, sizeof(text), (__u32)runs);
	return bpf_map_lookup_elem(&untouched, &still) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
