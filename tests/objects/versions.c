// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Two versions of one object, the second with -DNEW: code that changed, code that only lies elsewhere, maps, variables
 * and types of which some break what knows the first.
 */
#include "bpf_min.h"

#ifdef NEW
enum mode { OFF, LAX, STRICT };
struct stats {
	__u64 packets;
	__u64 errors;
	__u64 bytes;
};
#define ENTRIES 2048
#else
enum mode { LAX, STRICT };
struct stats {
	__u64 packets;
	__u64 bytes;
};
#define ENTRIES 1024
#endif

struct config {
	__u32 limit;
	enum mode mode;
	char device[8];
};

/* What a kernel has: an access is relocated, wherever the member lies. */
struct task_struct {
#ifdef NEW
	int tgid;
#endif
	int pid;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct stats);
} counts SEC(".maps");

#ifdef NEW
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

__u32 inserted = 7;
const volatile struct config cfg = { .limit = 9, .mode = STRICT, .device = "eth0" };
#else
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} recent_ones SEC(".maps");

const volatile struct config cfg = { .limit = 5, .mode = STRICT, .device = "eth0" };
#endif

__u32 threshold = 100;
__u64 total;

static __noinline int weigh(struct stats *stats, __u32 length)
{
	stats->packets += 1;
	stats->bytes += length;
	return stats->bytes > cfg.limit ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	__u32 key = length & 0xff;
	struct stats *stats = bpf_map_lookup_elem(&counts, &key);

	if (!stats)
		return XDP_PASS;
	total += length;
#ifdef NEW
	if (length > 1500)
		stats->errors += 1;
#endif
	return weigh(stats, length);
}

#ifdef NEW
SEC("xdp")
int fresh(struct xdp_md *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&recent, &key) ? XDP_DROP : XDP_PASS;
}
#else
SEC("xdp")
int gone(struct xdp_md *ctx)
{
	__u32 key = 1;

	return bpf_map_lookup_elem(&recent_ones, &key) ? XDP_DROP : XDP_PASS;
}
#endif

/* The same in both, though in NEW a variable lies before the one that it reads, and its member elsewhere. */
SEC("socket")
int same(struct __sk_buff *skb)
{
	struct task_struct *task = 0; /* its address is its offset */

	return skb->len > threshold ? (long)&task->pid : 0;
}

char LICENSE[] SEC("license") =
#ifdef NEW
	"Dual MIT/GPL";
#else
	"GPL";
#endif
