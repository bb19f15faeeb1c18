/* For the search for inputs: a parser of Ethernet, VLANs, IPv4 with options, IPv6 with extension headers, TCP options,
 * DNS, and VXLAN with a packet inside: outcomes that random packets do not reach, most of them one behind another.
 */
#include "../../bpf/bpf_min.h"
__u64 seen[32];
static __always_inline int l4(__u8 *p, __u8 *end, int proto, int inner)
{
	if (proto == 1) { if (p + 8 > end) return 1; return p[0] == 8 ? 10 : p[0] == 0 ? 11 : p[0] == 3 && p[1] == 4 ? 12 : 13; }
	if (proto == 17) {
		if (p + 8 > end) return 2;
		__u16 dport = p[2] << 8 | p[3], len = p[4] << 8 | p[5];
		if (len < 8) return 14;
		if (dport == 53) {
			if (p + 20 > end) return 15;
			__u16 flags = p[10] << 8 | p[11];
			if ((flags & 0x8000) && (flags & 15) == 3) return 16;
			if ((p[12] << 8 | p[13]) == 1 && (flags >> 11 & 15) == 0) return 17;
			return 18;
		}
		if (dport == 4789 && !inner) return 1000;
		return 19;
	}
	if (proto == 6) {
		if (p + 20 > end) return 3;
		int off = p[12] >> 4;
		__u8 *q = p + 20;
		if (off < 5) return 20;
		if ((p[13] & 3) == 3) return 21;
		int left = off * 4 - 20;
		for (int i = 0; i < 3 && left > 0; i++) {
			if (q + 4 > end) return 22;
			if (q[0] == 0) return 23;
			if (q[0] == 1) { q++; left--; continue; }
			if (q[0] == 2) { if (q[1] != 4) return 24; if ((q[2] << 8 | q[3]) < 536) return 25; }
			if (q[0] == 8) { if (q[1] != 10) return 26; }
			__u32 l = q[1];
			if (l < 2 || l > 40) return 27;
			q += l; left -= l;
		}
		return 28;
	}
	return 29;
}
static __noinline int inner(__u8 *p, __u8 *end)
{
	if (p + 14 + 20 > end) return 40;
	if (p[12] != 8 || p[13]) return 41;
	if (p[14] != 0x45) return 42;
	return 50 + l4(p + 34, end, p[23], 1);
}
SEC("xdp") int deep(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	int r;
	if (p + 14 > end) return 0;
	__u16 type = p[12] << 8 | p[13];
	__u8 *n = p + 14;
	for (int i = 0; i < 2; i++) if (type == 0x8100 || type == 0x88a8) {
		if (n + 4 > end) return 0;
		if ((n[0] << 8 | n[1]) == 0xfff) return 0;
		type = n[2] << 8 | n[3]; n += 4;
	}
	if (type == 0x0800) {
		if (n + 20 > end || n[0] >> 4 != 4) return 0;
		int ihl = (n[0] & 15) * 4;
		if (ihl < 20) return 0;
		if ((n[6] << 8 | n[7]) & 0x1fff) return 1;
		if (n + ihl > end) return 0;
		__u8 proto = n[9];
		n += ihl;
		r = l4(n, end, proto, 0);
	} else if (type == 0x86dd) {
		if (n + 40 > end || n[0] >> 4 != 6) return 0;
		__u8 next = n[6]; n += 40;
		for (int i = 0; i < 2; i++) {
			if (next != 0 && next != 43 && next != 60) break;
			if (n + 8 > end) return 0;
			next = n[0];
			if (n[1] > 4) return 0;
			n += 8 + n[1] * 8;
		}
		if (next == 44) return 1;
		r = next == 58 ? 30 : l4(n, end, next, 0);
	} else return 2;
	if (r == 1000) {
		if (n + 16 > end) return 0;
		if (n[8] != 8) return 1;
		if ((n[12] << 16 | n[13] << 8 | n[14]) != 0x123456) return 1;
		r = inner(n + 16, end);
	}
	seen[r & 31]++;
	return 2;
}
char _license[] SEC("license") = "GPL";
