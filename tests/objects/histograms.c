// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Histograms as programs keep them: an array of slots by log2, as in libbpf-tools one for each key, and one with a slot
 * for each number. What is counted are the lengths of packets. */
#include "bpf_min.h"

#define SLOTS 20

struct hist {
	__u32 slots[SLOTS];
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} bytes_hist SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct hist);
} hists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} linear_hist SEC(".maps");

static const struct hist none;

/* log2l of libbpf-tools, for 32 bits. */
static __always_inline __u32 log2l(__u32 v)
{
	__u32 r, shift;

	r = (v > 0xffff) << 4; v >>= r;
	shift = (v > 0xff) << 3; v >>= shift; r |= shift;
	shift = (v > 0xf) << 2; v >>= shift; r |= shift;
	shift = (v > 0x3) << 1; v >>= shift; r |= shift;
	return r | (v >> 1);
}

SEC("xdp")
int lengths(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data, slot = log2l(length), key = length & 1, low = length & 7;
	struct hist *hist;
	__u64 *count;

	count = bpf_map_lookup_elem(&bytes_hist, &slot);
	if (count)
		*count += 1;
	count = bpf_map_lookup_elem(&linear_hist, &low);
	if (count)
		__sync_fetch_and_add(count, 1);
	hist = bpf_map_lookup_elem(&hists, &key);
	if (!hist) {
		bpf_map_update_elem(&hists, &key, &none, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&hists, &key);
	}
	if (hist && slot < SLOTS)
		__sync_fetch_and_add(&hist->slots[slot], 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
