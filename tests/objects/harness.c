/* Tests in the shape of Cilium's: a program makes the packet (pktgen), one runs what is tested (setup), one checks what
 * came of it (check), and writes its results into a map, as a message of protocol buffers.
 */
#include "bpf_min.h"

#define TC_ACT_OK 0
#define TC_ACT_SHOT 2

#define ROOM 64 /* bytes of a packet that pktgen leaves */

/* The begin of struct __sk_buff, of which bpf_min.h has less. */
struct skb {
	__u32 len, pkt_type, mark, queue_mapping, protocol, vlan[3], priority, ingress_ifindex, ifindex, tc_index, cb[5];
	__u32 hash, tc_classid, data, data_end;
};

enum status { ERROR = 100, PASS, FAIL, SKIP };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 8192);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} suite_result_map SEC(".maps");

static long (*change_tail)(void *skb, __u32 size, __u64 flags) = (void *)38;
static long (*adjust_tail)(void *xdp, int delta) = (void *)65;

/* What is tested: it counts packets, and drops those of more than 32 hops. */
__u64 seen;

static __always_inline int hop_limit(struct skb *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;

	__sync_fetch_and_add(&seen, 1);
	if (data + 34 > end)
		return TC_ACT_OK;
	if (data[22] > 32)
		return TC_ACT_SHOT;
	data[22]--;
	skb->mark = 7;
	return TC_ACT_OK;
}

static __always_inline __u8 *results(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&suite_result_map, &zero);
}

#define PUT(at, text) do { \
	static const char text_[] = text; \
	__builtin_memcpy(at, text_, sizeof(text_)); \
	at += sizeof(text_); \
} while (0)

/* A result: its name, its status, and a line with a number where it is no success. Lengths have two bytes. */
#define RESULT(at, name, status, number) do { \
	__u8 *length_; \
	*at++ = 1 << 3 | 2; \
	length_ = at; \
	at += 2; \
	*at++ = 1 << 3 | 2; \
	*at++ = sizeof(name); \
	PUT(at, name); \
	*at++ = 2 << 3; \
	*at++ = status; \
	if (status != PASS) \
		LOG(at, 3, "found %llu", number); \
	length_[0] = (at - length_ - 2) | 0x80; \
	length_[1] = 0; \
} while (0)

#define LOG(at, field, format, number) do { \
	*at++ = field << 3 | 2; \
	*at++ = 2 + sizeof(format) + 9; \
	*at++ = 1 << 3 | 2; \
	*at++ = sizeof(format); \
	PUT(at, format); \
	*at++ = 2 << 3 | 1; \
	*(__u64 *)at = number; \
	at += 8; \
} while (0)

static __always_inline int make(struct skb *skb, __u8 hops)
{
	__u8 *data, *end;

	if (change_tail(skb, ROOM, 0))
		return ERROR;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + 34 > end)
		return ERROR;
	data[12] = 8;
	data[14] = 0x45;
	data[22] = hops;
	return 0;
}

/* It passes; what setup returned and left of the packet and of its mark is there. */
SEC("tc/test/few_hops/pktgen") int few_pktgen(struct skb *skb) { return make(skb, 9); }
SEC("tc/test/few_hops/setup") int few_setup(struct skb *skb) { return hop_limit(skb); }
SEC("tc/test/few_hops/check") int few_check(struct skb *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;
	__u8 *at = results();

	if (!at || data + 4 + 34 > end || end - data != 4 + ROOM)
		return ERROR;
	RESULT(at, "accepts it", (*(__u32 *)data == TC_ACT_OK ? PASS : FAIL), *(__u32 *)data);
	RESULT(at, "counts the hop", (data[4 + 22] == 8 ? PASS : FAIL), data[4 + 22]);
	RESULT(at, "marks it", (skb->mark == 7 ? PASS : FAIL), skb->mark);
	return PASS;
}

/* It fails: one of its results is none, and a line says with which number. */
SEC("tc/test/many_hops/pktgen") int many_pktgen(struct skb *skb) { return make(skb, 200); }
SEC("tc/test/many_hops/setup") int many_setup(struct skb *skb) { return hop_limit(skb); }
SEC("tc/test/many_hops/check") int many_check(struct skb *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;
	__u8 *at = results();

	if (!at || data + 4 + 34 > end)
		return ERROR;
	RESULT(at, "drops it", (*(__u32 *)data == TC_ACT_SHOT ? PASS : FAIL), *(__u32 *)data);
	RESULT(at, "accepts it", (*(__u32 *)data == TC_ACT_OK ? PASS : FAIL), *(__u32 *)data);
	return PASS;
}

/* A check alone, without results, of XDP: maps carry over from test to test, in the order of their names. */
SEC("xdp/test/seen/check") int seen_check(struct xdp_md *xdp)
{
	__u8 *at = results();

	if (!at)
		return ERROR;
	if (seen == 2)
		return PASS;
	LOG(at, 2, "seen %llu", seen);
	return FAIL;
}

SEC("xdp/test/skipped/check") int skipped_check(struct xdp_md *xdp) { return SKIP; }

/* What cannot be prepared is not checked. */
SEC("xdp/test/unprepared/pktgen") int unprepared_pktgen(struct xdp_md *xdp)
{
	return adjust_tail(xdp, 1 << 20) ? ERROR : PASS;
}
SEC("xdp/test/unprepared/check") int unprepared_check(struct xdp_md *xdp) { return PASS; }

char _license[] SEC("license") = "GPL";
