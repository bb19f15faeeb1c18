// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Programs for each kind of place that a program can be attached to; the variables count what has run. All allow. */
#include "bpf_min.h"

struct {
	__uint(type, 15); /* sockmap */
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

char _license[] SEC("license") = "GPL";

__u64 in_tc, in_filter, in_cgroup, in_connect, in_lookup, in_netfilter, in_tracepoint, in_raw, in_event, in_kprobe;
__u64 in_syscall, in_kprobes, in_uprobe, in_return, in_uprobes, in_verdict, in_message, in_tcx;

SEC("tc")
int on_tc(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&in_tc, 1);
	return 0;
}

SEC("tcx/egress")
int on_tcx(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&in_tcx, 1);
	return -1;
}

SEC("socket")
int on_filter(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&in_filter, 1);
	return 0;
}

SEC("cgroup_skb/egress")
int on_cgroup(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&in_cgroup, 1);
	return 1;
}

SEC("cgroup/connect4")
int on_connect4(void *ctx)
{
	__sync_fetch_and_add(&in_connect, 1);
	return 1;
}

SEC("sk_lookup")
int on_lookup(void *ctx)
{
	__sync_fetch_and_add(&in_lookup, 1);
	return 1;
}

SEC("netfilter")
int on_netfilter(void *ctx)
{
	__sync_fetch_and_add(&in_netfilter, 1);
	return 1;
}

SEC("tp/syscalls/sys_enter_getpgid")
int on_tracepoint(void *ctx)
{
	__sync_fetch_and_add(&in_tracepoint, 1);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int on_raw(void *ctx)
{
	__sync_fetch_and_add(&in_raw, 1);
	return 0;
}

SEC("perf_event")
int on_event(void *ctx)
{
	__sync_fetch_and_add(&in_event, 1);
	return 0;
}

SEC("?kprobe/do_unlinkat")
int on_kprobe(void *ctx)
{
	__sync_fetch_and_add(&in_kprobe, 1);
	return 0;
}

SEC("?ksyscall/getpgid")
int on_ksyscall(void *ctx)
{
	__sync_fetch_and_add(&in_syscall, 1);
	return 0;
}

SEC("?kprobe.multi/do_unlink*")
int on_kprobes(void *ctx)
{
	__sync_fetch_and_add(&in_kprobes, 1);
	return 0;
}

SEC("uprobe/libc.so.6:getpgid")
int on_uprobe(void *ctx)
{
	__sync_fetch_and_add(&in_uprobe, 1);
	return 0;
}

SEC("uretprobe")
int on_uretprobe(void *ctx)
{
	__sync_fetch_and_add(&in_return, 1);
	return 0;
}

SEC("uprobe.multi/libc.so.6:getpg*")
int on_uprobes(void *ctx)
{
	__sync_fetch_and_add(&in_uprobes, 1);
	return 0;
}

SEC("sk_skb/verdict")
int on_verdict(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&in_verdict, 1);
	return 1;
}

SEC("sk_msg")
int on_message(void *ctx)
{
	__sync_fetch_and_add(&in_message, 1);
	return 1;
}
