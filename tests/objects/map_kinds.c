// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A map of every type that an object can declare and use by itself, and programs that use those which only programs
 * can. Structures of functions are in congestion.c, variables in an arena in arena_globals.c.
 */
#include "bpf_min.h"

struct counted {
	__u64 count;
};

struct device {
	__u32 ifindex;
	__u32 program;
};

struct processor {
	__u32 queue;
	__u32 program;
};

struct address {
	__u32 prefix;
	__u8 bytes[4];
};

struct per_cgroup {
	__u64 inode;
	__u32 attach_type;
};

#define PLAIN(name, kind, key_type, value_type, entries) \
	struct { \
		__uint(type, kind); \
		__type(key, key_type); \
		__type(value, value_type); \
		__uint(max_entries, entries); \
	} name SEC(".maps")

#define STORAGE(name, kind) \
	struct { \
		__uint(type, kind); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, int); \
		__type(value, struct counted); \
	} name SEC(".maps")

#define KEYLESS(name, kind, entries) \
	struct { \
		__uint(type, kind); \
		__type(value, __u32); \
		__uint(max_entries, entries); \
	} name SEC(".maps")

#define STREAM(name, kind) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 4096); \
	} name SEC(".maps")

struct inner {
	__uint(type, 2);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} inner_map SEC(".maps");

PLAIN(hash, 1, __u32, __u64, 8);
PLAIN(array, 2, __u32, __u64, 8);
PLAIN(prog_array, 3, __u32, __u32, 2);
PLAIN(perf_event_array, 4, __u32, __u32, 0);
PLAIN(percpu_hash, 5, __u32, __u64, 8);
PLAIN(percpu_array, 6, __u32, __u64, 8);
PLAIN(cgroup_array, 8, __u32, __u32, 2);
PLAIN(lru_hash, 9, __u32, __u64, 64);
PLAIN(lru_percpu_hash, 10, __u32, __u64, 64);

struct {
	__uint(type, 7);
	__uint(key_size, 4);
	__uint(value_size, 8 * 32);
	__uint(max_entries, 64);
} stack_trace SEC(".maps");

struct {
	__uint(type, 11);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, __u64);
	__uint(max_entries, 8);
} lpm_trie SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} array_of_maps SEC(".maps") = { .values = { &inner_map } };

struct {
	__uint(type, 13);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} hash_of_maps SEC(".maps");

PLAIN(devmap, 14, __u32, struct device, 4);
PLAIN(sockmap, 15, __u32, __u64, 4);
PLAIN(cpumap, 16, __u32, struct processor, 4);
PLAIN(xskmap, 17, __u32, __u32, 4);
PLAIN(sockhash, 18, __u64, __u64, 4);

struct {
	__uint(type, 19);
	__type(key, struct per_cgroup);
	__type(value, __u64);
} cgroup_storage SEC(".maps");

PLAIN(reuseport_sockarray, 20, __u32, __u64, 4);

struct {
	__uint(type, 21);
	__type(key, struct per_cgroup);
	__type(value, __u64);
} percpu_cgroup_storage SEC(".maps");

KEYLESS(queue, 22, 4);
KEYLESS(stack, 23, 4);
STORAGE(sk_storage, 24);
PLAIN(devmap_hash, 25, __u32, struct device, 4);
STREAM(ringbuf, 27);
STORAGE(inode_storage, 28);
STORAGE(task_storage, 29);
KEYLESS(bloom_filter, 30, 16);
STREAM(user_ringbuf, 31);
STORAGE(cgrp_storage, 32);

struct {
	__uint(type, 33);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
} arena SEC(".maps");

static long (*const bpf_get_stackid)(void *ctx, void *map, __u64 flags) = (void *)27;
static long (*const bpf_perf_event_output)(void *ctx, void *map, __u64 flags, void *data, __u64 size) = (void *)25;
static long (*const bpf_current_task_under_cgroup)(void *map, __u32 index) = (void *)37;
static long (*const bpf_redirect_map)(void *map, __u64 key, __u64 flags) = (void *)51;
static void *(*const bpf_get_local_storage)(void *map, __u64 flags) = (void *)81;
static long (*const bpf_map_push_elem)(void *map, const void *value, __u64 flags) = (void *)87;
static long (*const bpf_ringbuf_output)(void *ringbuf, void *data, __u64 size, __u64 flags) = (void *)130;
static long (*const bpf_user_ringbuf_drain)(void *map, void *callback, void *ctx, __u64 flags) = (void *)209;
static long (*const bpf_dynptr_read)(void *dst, __u32 len, const void *src, __u32 offset, __u64 flags) = (void *)201;

__u32 drained, sum;
long stack_id, under_cgroup;

SEC("raw_tp/sys_enter")
int traces(void *ctx)
{
	__u32 value = 77;

	stack_id = bpf_get_stackid(ctx, &stack_trace, 0);
	under_cgroup = bpf_current_task_under_cgroup(&cgroup_array, 0);
	bpf_perf_event_output(ctx, &perf_event_array, 0xffffffff, &value, sizeof(value));
	return 0;
}

static long take(void *sample, void *ctx)
{
	__u32 value = 0;

	bpf_dynptr_read(&value, sizeof(value), sample, 0, 0);
	drained++;
	sum += value;
	return 0;
}

SEC("tc")
int drains(struct __sk_buff *skb)
{
	__u32 value = 7;

	bpf_map_push_elem(&queue, &value, 0);
	bpf_map_push_elem(&bloom_filter, &value, 0);
	bpf_ringbuf_output(&ringbuf, &value, sizeof(value), 0);
	return bpf_user_ringbuf_drain(&user_ringbuf, take, NULL, 0);
}

SEC("tc")
int calls(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &prog_array, 0);
	return 1000;
}

SEC("tc")
int called(struct __sk_buff *skb)
{
	return 42;
}

SEC("tc")
int inside(struct __sk_buff *skb)
{
	__u32 key = 0;
	void *found = bpf_map_lookup_elem(&array_of_maps, &key);
	__u64 *value;

	if (!found)
		return 1000;
	value = bpf_map_lookup_elem(found, &key);
	return value ? *value : 1001;
}

#define REDIRECTS(name, map) \
	SEC("xdp") \
	int to_##name(struct xdp_md *ctx) \
	{ \
		return bpf_redirect_map(&map, 0, XDP_PASS); \
	}

REDIRECTS(device, devmap)
REDIRECTS(hashed_device, devmap_hash)
REDIRECTS(processor, cpumap)
REDIRECTS(socket, xskmap)

SEC("cgroup_skb/egress")
int counts(struct __sk_buff *skb)
{
	__u64 *shared = bpf_get_local_storage(&cgroup_storage, 0);
	__u64 *own = bpf_get_local_storage(&percpu_cgroup_storage, 0);

	*own += 1;
	*shared += 1;
	return 1;
}

char _license[] SEC("license") = "Dual MIT/GPL";
