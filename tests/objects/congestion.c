// A table of functions for the kernel (struct_ops) with members that no kernel has: one that is zero and one that is a
// function are left out, and the program of the second is not loaded.
#include "bpf_min.h"

struct sock;

struct tcp_congestion_ops___newer {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	__u32 (*dream)(struct sock *sk);
	__u64 wish;
	char name[16];
};

SEC("struct_ops")
int half(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops")
void avoid(__u64 *ctx)
{
}

SEC("struct_ops")
int undo(__u64 *ctx)
{
	return 10;
}

SEC("struct_ops")
int dreaming(__u64 *ctx)
{
	return 0;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops___newer bpftui_half = {
	.ssthresh = (void *)half,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.dream = (void *)dreaming,
	.name = "bpftui_half",
};

SEC("?.struct_ops.link")
struct tcp_congestion_ops___newer bpftui_spare = {
	.ssthresh = (void *)half,
	.name = "bpftui_spare",
};

char _license[] SEC("license") = "Dual MIT/GPL";
