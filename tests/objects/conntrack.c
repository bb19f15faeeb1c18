// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Functions of a module, nf_conntrack: two that are called (kfuncs), one that is traced. */
#include "bpf_min.h"

#define __ksym __attribute__((section(".ksyms")))
#define CURRENT_NETNS (-1)
#define TCP 6

/* Not only declared: for the loader, a forward declaration is another type than the kernel's struct. */
struct nf_conn {
	unsigned long status;
} __attribute__((preserve_access_index));

struct bpf_sock_tuple {
	struct {
		__be32 saddr, daddr;
		__be16 sport, dport;
	} ipv4;
};

/* As it was at first (Linux 5.18): the length that is passed says so. */
struct bpf_ct_opts___first {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};

extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_size,
					 struct bpf_ct_opts___first *opts, __u32 opts_size) __ksym;
extern void bpf_ct_release(struct nf_conn *connection) __ksym;

__u64 tracked;
int found, error;

SEC("xdp")
int look_up(struct xdp_md *ctx)
{
	struct bpf_ct_opts___first opts = {.netns_id = CURRENT_NETNS, .l4proto = TCP};
	struct bpf_sock_tuple tuple = {.ipv4 = {.sport = bpf_htons(1234), .dport = bpf_htons(80)}};
	struct nf_conn *connection;

	connection = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
	if (connection) {
		found += connection->status != 0;
		bpf_ct_release(connection);
	}
	error = opts.error;
	return XDP_PASS;
}

SEC("fentry/nf_conntrack_in")
int on_packet(__u64 *ctx)
{
	__sync_fetch_and_add(&tracked, 1);
	return 0;
}

SEC("xdp")
int without(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
