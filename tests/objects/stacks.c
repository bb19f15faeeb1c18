// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Stack traces as profilers collect them: ids in the key and in the value of maps, with the process beside them, and
 * frames as addresses or as places in files. */
#include "bpf_min.h"

#define FRAMES 127
#define BPF_MAP_TYPE_STACK_TRACE 7
#define BPF_F_USER_STACK (1ULL << 8)
#define BPF_F_STACK_BUILD_ID (1U << 5)

/* struct bpf_stack_build_id of <linux/bpf.h> */
struct place_in_file {
	__s32 status;
	__u8 build_id[20];
	__u64 offset;
};

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, FRAMES * sizeof(__u64));
	__uint(max_entries, 1024);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, FRAMES * sizeof(struct place_in_file));
	__uint(max_entries, 1024);
} file_stacks SEC(".maps");

struct who {
	__u32 pid;
	__u32 tgid;
	__s32 user_stack_id;
	__s32 kern_stack_id;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct who);
	__type(value, __u64);
} counts SEC(".maps");

struct last {
	__u64 time;
	__s32 file_stack_id;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct last);
} lasts SEC(".maps");

static long (*const bpf_get_stackid)(void *ctx, void *map, __u64 flags) = (void *)27;

static __attribute__((always_inline)) int collect(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), one = 1, *count;
	struct last last = {};
	struct who who = {};
	__u32 pid = id;

	who.pid = pid;
	who.tgid = id >> 32;
	who.kern_stack_id = bpf_get_stackid(ctx, &stacks, 0);
	who.user_stack_id = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	count = bpf_map_lookup_elem(&counts, &who);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&counts, &who, &one, 0);
	last.time = bpf_ktime_get_ns();
	last.file_stack_id = bpf_get_stackid(ctx, &file_stacks, BPF_F_USER_STACK);
	bpf_map_update_elem(&lasts, &pid, &last, 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int once(void *ctx)
{
	return collect(ctx);
}

SEC("perf_event")
int often(void *ctx)
{
	return collect(ctx);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
