// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Streams with records of several structures, which a member tells apart: two of them are alike in their length. */
#include "bpf_min.h"

static long (*const ringbuf_output)(void *ring, const void *data, __u64 size, __u64 flags) = (void *)130;

enum what {
	OPENED = 1,
	CLOSED,
	FAILED = 7,
};

struct opened {
	__u64 time;
	enum what what;
	__u32 pid;
	__u64 file;
};

struct closed {
	__u64 time;
	enum what what;
	__u32 pid;
	__u64 bytes;
};

struct failed {
	__u64 time;
	enum what what;
	__s32 error;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} reserved SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} sent SEC(".maps");

SEC("xdp")
int reserves(struct xdp_md *ctx)
{
	struct opened *opened = bpf_ringbuf_reserve(&reserved, sizeof(struct opened), 0);
	struct closed *closed;
	struct failed *failed;

	if (opened) {
		opened->time = bpf_ktime_get_ns();
		opened->what = OPENED;
		opened->pid = ctx->ingress_ifindex;
		opened->file = 40;
		bpf_ringbuf_submit(opened, 0);
	}
	closed = bpf_ringbuf_reserve(&reserved, sizeof(struct closed), 0);
	if (closed) {
		closed->time = bpf_ktime_get_ns();
		closed->what = CLOSED;
		closed->pid = 10;
		closed->bytes = 1500;
		bpf_ringbuf_submit(closed, 0);
	}
	failed = bpf_ringbuf_reserve(&reserved, sizeof(struct failed), 0);
	if (failed) {
		failed->time = 5;
		failed->what = FAILED;
		failed->error = -2;
		bpf_ringbuf_submit(failed, 0);
	}
	return XDP_PASS;
}

SEC("xdp")
int sends(struct xdp_md *ctx)
{
	struct opened opened = { .time = 5, .what = OPENED, .pid = ctx->rx_queue_index, .file = 40 };
	struct closed closed = { .time = 6, .what = CLOSED, .pid = 10, .bytes = 1500 };

	ringbuf_output(&sent, &opened, sizeof(struct opened), 0);
	ringbuf_output(&sent, &closed, sizeof(struct closed), 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
