// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A ring buffer with records of two structures, which their length tells apart, and one of which nobody can tell. */
#include "bpf_min.h"

struct began {
	__u32 kind;
	__u32 pid;
};

struct ended {
	__u32 kind;
	__u32 pid;
	__u64 spent_ns;
};

struct other {
	__u64 first;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} alike SEC(".maps");

SEC("xdp")
int brings(struct xdp_md *ctx)
{
	struct began *began = bpf_ringbuf_reserve(&told, sizeof(struct began), 0);
	struct ended *ended;
	struct other *other;

	if (began) {
		began->kind = 1;
		began->pid = 10;
		bpf_ringbuf_submit(began, 0);
	}
	ended = bpf_ringbuf_reserve(&told, sizeof(struct ended), 0);
	if (ended) {
		ended->kind = 2;
		ended->pid = 10;
		ended->spent_ns = 1500;
		bpf_ringbuf_submit(ended, 0);
	}
	began = bpf_ringbuf_reserve(&alike, sizeof(struct began), 0);
	if (began) {
		began->kind = 1;
		began->pid = 10;
		bpf_ringbuf_submit(began, 0);
	}
	other = bpf_ringbuf_reserve(&alike, sizeof(struct other), 0);
	if (other) {
		other->first = 3;
		bpf_ringbuf_submit(other, 0);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
