// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Looks into the traffic that an interface receives: what kind it is, where it comes from, and every Nth packet as an
 * event. Nothing is changed or dropped.
 */
#include "bpf_min.h"

/* AF_UNSPEC, AF_INET, AF_INET6. */
enum family {
	OTHER = 0,
	IPV4 = 2,
	IPV6 = 10,
};

/* The IANA's protocol numbers, as far as a name helps; others are shown as numbers. */
enum protocol {
	NONE = 0,
	ICMP = 1,
	IGMP = 2,
	TCP = 6,
	UDP = 17,
	ICMPV6 = 58,
	SCTP = 132,
};

struct kind {
	enum family family;
	enum protocol protocol;
};

struct volume {
	__u64 packets;
	__u64 bytes;
};

struct address {
	enum family family;
	__u8 bytes[16]; /* network byte order; IPv4 uses the first four */
};

struct source {
	__u64 packets;
	__u64 bytes;
	__u64 last_seen; /* nanoseconds since boot */
};

struct event {
	__u64 time; /* nanoseconds since boot */
	__u64 number; /* of the packet, counted from 0 */
	struct kind kind;
	struct address source;
	__u32 length; /* bytes, with the Ethernet header */
};

struct packet {
	struct kind kind;
	struct address source;
	__u32 length;
};

/* Every Nth packet becomes an event; 0 makes none. */
const volatile __u32 sample_every = 1000;
/* Whether senders are counted one by one. */
const volatile bool track_sources = true;

/* Set it to false while the program runs, and the counters stand still. */
bool counting = true;

__u64 total_packets;
__u64 total_bytes;
__u64 lost_events;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, struct kind);
	__type(value, struct volume);
	__uint(max_entries, 256);
} traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct address);
	__type(value, struct source);
	__uint(max_entries, 4096);
} sources SEC(".maps");

/* A ring buffer has no value type of its own, so a tag names that of its records. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps") __decl_tag("record:struct event");

/* Fills in the parts of a packet that its headers tell; what is cut short or unknown stays zero. */
static __always_inline void parse(void *data, void *data_end, struct packet *packet)
{
	struct ethhdr *eth = data;

	packet->length = data_end - data;
	if ((void *)(eth + 1) > data_end)
		return;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > data_end)
			return;
		packet->kind.family = IPV4;
		packet->kind.protocol = ip->protocol;
		__builtin_memcpy(packet->source.bytes, ip->saddr, sizeof(ip->saddr));
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);
		__u8 *next = (void *)(ip + 1);

		if ((void *)(ip + 1) > data_end)
			return;
		packet->kind.family = IPV6;
		packet->kind.protocol = ip->nexthdr;
		/* Multicast listener reports carry one hop-by-hop header before ICMPv6. */
		if (ip->nexthdr == 0 && (void *)(next + 1) <= data_end)
			packet->kind.protocol = *next;
		__builtin_memcpy(packet->source.bytes, ip->saddr, sizeof(ip->saddr));
	}
	packet->source.family = packet->kind.family;
}

static __always_inline void count_kind(const struct packet *packet)
{
	struct volume *volume = bpf_map_lookup_elem(&traffic, &packet->kind);

	if (!volume) {
		struct volume none = {};

		bpf_map_update_elem(&traffic, &packet->kind, &none, BPF_NOEXIST);
		volume = bpf_map_lookup_elem(&traffic, &packet->kind);
		if (!volume)
			return;
	}
	/* This CPU's own entry: nobody else writes to it. */
	volume->packets++;
	volume->bytes += packet->length;
}

static __always_inline void count_source(const struct packet *packet, __u64 now)
{
	struct source *source = bpf_map_lookup_elem(&sources, &packet->source);

	if (!source) {
		struct source first = { .packets = 1, .bytes = packet->length, .last_seen = now };

		bpf_map_update_elem(&sources, &packet->source, &first, BPF_NOEXIST);
		return;
	}
	__sync_fetch_and_add(&source->packets, 1);
	__sync_fetch_and_add(&source->bytes, packet->length);
	source->last_seen = now;
}

/* A function of its own: calls between BPF functions are there to be seen, and BTF gets to know struct event. */
static __noinline void fill(struct event *event, const struct packet *packet, __u64 number, __u64 now)
{
	event->time = now;
	event->number = number;
	event->kind = packet->kind;
	event->source = packet->source;
	event->length = packet->length;
}

static __always_inline void emit(const struct packet *packet, __u64 number, __u64 now)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return;
	}
	fill(event, packet, number, now);
	bpf_ringbuf_submit(event, 0);
}

SEC("xdp")
int count_traffic(struct xdp_md *ctx)
{
	struct packet packet = {};
	__u64 number, now;

	if (!counting)
		return XDP_PASS;
	now = bpf_ktime_get_ns();
	parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, &packet);
	number = __sync_fetch_and_add(&total_packets, 1);
	__sync_fetch_and_add(&total_bytes, packet.length);
	count_kind(&packet);
	if (track_sources && packet.kind.family != OTHER)
		count_source(&packet, now);
	if (sample_every && number % sample_every == 0)
		emit(&packet, number, now);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
