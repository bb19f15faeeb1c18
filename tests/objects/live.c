// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* What is hard to show while it changes: keys that only their bytes tell apart, values of which some members count and
 * others do not, text with an older record's behind it, records that are longer than their type, streams that nothing
 * but the code says the type of, and losses that the program counts.
 */
#include "bpf_min.h"

static long (*const push_elem)(void *map, const void *value, __u64 flags) = (void *)87;
static long (*const ringbuf_output)(void *ring, const void *data, __u64 size, __u64 flags) = (void *)130;
static long (*const perf_output)(void *ctx, void *map, __u64 flags, const void *data, __u64 size) = (void *)25;

struct padded {
	__u8 a;
	__u32 b;
};

struct partly_named {
	__u32 x : 3, y : 4;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct padded);
	__type(value, __u64);
} pad SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct partly_named);
	__type(value, __u64);
} bits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, float);
	__type(value, __u64);
} reals SEC(".maps");

SEC("xdp")
int alike(struct xdp_md *ctx)
{
	__u8 raw[8] = { 1, 0, 0, 0, 5 }, few[4] = { 0x25 };
	__u32 nan = 0x7fc00000;
	__u64 value = 1;

	bpf_map_update_elem(&pad, raw, &value, BPF_ANY);
	bpf_map_update_elem(&bits, few, &value, BPF_ANY);
	bpf_map_update_elem(&reals, &nan, &value, BPF_ANY);
	raw[1] = 0xcc;
	few[0] = 0xa5;
	nan++;
	value = 2;
	bpf_map_update_elem(&pad, raw, &value, BPF_ANY);
	bpf_map_update_elem(&bits, few, &value, BPF_ANY);
	bpf_map_update_elem(&reals, &nan, &value, BPF_ANY);
	raw[1] = 0;
	raw[3] = 9;
	value = 3;
	bpf_map_update_elem(&pad, raw, &value, BPF_ANY);
	return XDP_PASS;
}

struct mixed {
	__u64 count;
	__u64 seen_ns;
	__u32 pid;
	__u32 flags;
	bool seen;
	char who[7];
	__u64 atomic;
	__u64 packets;
	__u64 largest;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mixed);
} last SEC(".maps");

SEC("xdp")
int mixes(struct xdp_md *ctx)
{
	__u32 zero = 0, cpu = bpf_get_smp_processor_id(), length = ctx->data_end - ctx->data;
	struct mixed *found = bpf_map_lookup_elem(&last, &zero);

	if (!found)
		return XDP_PASS;
	found->count++;
	found->seen_ns = bpf_ktime_get_ns();
	found->pid = 1000;
	found->flags |= 4;
	found->seen = true;
	found->who[0] = 'a' + (cpu & 7);
	__sync_fetch_and_add(&found->atomic, length);
	if (length > found->largest)
		found->largest = length;
	return XDP_PASS;
}

struct event {
	__u32 n;
	char comm[8];
	char file[12];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct event);
} kept SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} texts SEC(".maps");

SEC("xdp")
int writes_text(struct xdp_md *ctx)
{
	struct event found = { .n = 7, .comm = "sh\0\0^ol", .file = "/tmp/x\0cale" };
	__u32 zero = 0;

	bpf_map_update_elem(&kept, &zero, &found, BPF_ANY);
	ringbuf_output(&texts, &found, sizeof(found), 0);
	return XDP_PASS;
}

struct tailed {
	__u32 type;
	__u32 len;
	__u16 data[];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct tailed);
} tails SEC(".maps");

SEC("xdp")
int writes_tail(struct xdp_md *ctx)
{
	struct tailed *found = bpf_ringbuf_reserve(&tails, sizeof(*found) + 3 * sizeof(found->data[0]), 0);

	if (!found)
		return XDP_PASS;
	found->type = 7;
	found->len = 3;
	found->data[0] = 0xaa;
	found->data[1] = 0xbb;
	found->data[2] = 0xcc;
	bpf_ringbuf_submit(found, 0);
	return XDP_PASS;
}

/* Streams without a type of their own. */

struct sent {
	__u64 when;
	__u32 length;
	__u32 hash;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} reserved SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} output SEC(".maps");

struct {
	__uint(type, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

__u64 dropped;

SEC("xdp")
int reserves(struct xdp_md *ctx)
{
	struct sent *found = bpf_ringbuf_reserve(&reserved, sizeof(*found), 0);

	if (!found) {
		__sync_fetch_and_add(&dropped, 1);
		return XDP_PASS;
	}
	found->when = 1;
	found->length = 2;
	found->hash = 3;
	bpf_ringbuf_submit(found, 0);
	return XDP_PASS;
}

SEC("xdp")
int outputs(struct xdp_md *ctx)
{
	struct sent found = { .when = 4, .length = 5, .hash = 6 };

	if (ringbuf_output(&output, &found, sizeof(found), 0))
		dropped++;
	perf_output(ctx, &perf, 0xffffffffULL, &found, sizeof(found));
	return XDP_PASS;
}

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__uint(value_size, 4);
} waiting SEC(".maps");

SEC("xdp")
int pushes(struct xdp_md *ctx)
{
	__u32 value = 42;

	push_elem(&waiting, &value, BPF_ANY);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
