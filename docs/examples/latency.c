// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* How long getpgid(2) takes a process, each call an event: for latencies.py. `make` here compiles it. */
#include "bpf_min.h"

/* The process that is looked at. */
const volatile __u32 pid;

struct call {
	__u64 duration; /* nanoseconds */
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536); /* bytes */
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, __u64);
	__uint(max_entries, 1024);
} started SEC(".maps");

SEC("tp/syscalls/sys_enter_getpgid")
int on_enter(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	if (thread >> 32 == pid)
		bpf_map_update_elem(&started, &thread, &now, BPF_ANY);
	return 0;
}

SEC("tp/syscalls/sys_exit_getpgid")
int on_exit(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), *begin = bpf_map_lookup_elem(&started, &thread);
	struct call *call = begin ? bpf_ringbuf_reserve(&calls, sizeof(*call), 0) : (void *)0;

	if (!call)
		return 0;
	call->duration = bpf_ktime_get_ns() - *begin;
	bpf_ringbuf_submit(call, 0);
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
