// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Maps whose keys and values are to be read by people: addresses of both families, ports, MACs, what only looks like
 * one of these, and values of every kind that an editor has to know.
 */
#include "bpf_min.h"

struct in6_addr {
	__u8 u6_addr8[16];
};

enum verdict {
	ALLOW = 0,
	DENY = 1,
	LOG = 7,
};

struct flow {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
};

struct stats {
	__u64 packets;
	__u64 bytes;
	__u64 last_seen;
	__u8 mac[6];
	bool blocked;
	enum verdict verdict : 8;
	__s32 drift;
	char who[8];
};

/* Read by programs of an interface: who talks to whom. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct flow);
	__type(value, struct stats);
} flows SEC(".maps");

struct neighbour {
	__u16 family;
	union {
		__be32 v4;
		__u8 v6[16];
	} addr;
	__be16 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct neighbour);
	__type(value, enum verdict);
} neighbours SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, struct in6_addr);
	__type(value, __u32);
} hosts SEC(".maps");

/* Numbers that could be addresses and ports, and do not say so. */
struct unsure {
	__u32 saddr;
	__u16 port;
	__be16 length;
	__be32 sequence;
	__u8 data[4];
	__u8 id[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct unsure);
	__type(value, float);
} unsure SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct stats);
} per_cpu SEC(".maps");

struct slots {
	__u32 slots[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct slots);
} latency SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	struct flow flow = { .protocol = 17 };
	struct stats *stats = bpf_map_lookup_elem(&flows, &flow);

	if (stats) {
		__sync_fetch_and_add(&stats->packets, 1);
		__sync_fetch_and_add(&stats->bytes, 64);
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
