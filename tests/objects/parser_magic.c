/* For the search for inputs: a protocol of its own, with magic numbers of 32 and 64 bits, a length that has to be that of
 * the packet, a rolling checksum, commands and nested records: what no chance finds.
 */
#include "../../bpf/bpf_min.h"
__u64 count[16];
SEC("xdp") int magic(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (p + 16 > end) return 1;
	if (*(__u32 *)p != 0xb16b00b5) return 1;
	if (p[4] != 3 && p[4] != 4) return 1;
	__u16 len = p[6] << 8 | p[7];
	if (len != end - p) return 1;
	if (*(__u64 *)(p + 8) == 0x1122334455667788) { count[0]++; return 3; }
	__u8 *q = p + 16; __u32 sum = 0;
	if (p[5] & 0x80) { /* with checksum */
		for (int i = 0; i < 16; i++) { if (q + i + 1 > end) break; sum = sum * 31 + q[i]; }
		if (*(__u32 *)(p + 8) != sum) return 1;
		count[1]++;
	}
	switch (p[5] & 0x7f) {
	case 1: if (q + 4 > end) return 1; if (*(__u32 *)q == bpf_htons(0x1234)) { count[2]++; return 3; } break;
	case 7: if (q + 8 > end) return 1; if (*(__u64 *)q > 0xffff000000000000) { count[3]++; return 3; } break;
	case 42: if (p[4] == 4 && q + 2 <= end && (__s8)q[0] < -100 && q[1] == (__u8)~q[0]) { count[4]++; return 3; } break;
	case 99:
		for (int i = 0; i < 6; i++) {
			if (q + 4 > end) break;
			__u16 t = q[0] << 8 | q[1], l = q[2] << 8 | q[3];
			if (t == 0xdead && l == 8) { if (q + 12 > end) return 1; if (*(__u32 *)(q + 4) == 0xcafef00d) { count[5]++; if (q[8] == 'B' && q[9] == 'P' && q[10] == 'F') { count[6]++; return 4; } } }
			if (t == 0x0101 && l == 4 && i == 3) { count[7]++; return 4; }
			if (l > 32) return 1;
			q += 4 + l;
		}
		break;
	default: return 1;
	}
	return 2;
}
char _license[] SEC("license") = "GPL";
