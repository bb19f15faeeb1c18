// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Variables that end with an array without a length: their symbols say how many elements there are. And a .bss of more
 * than a megabyte, which is shown in part. */
#include "bpf_min.h"

struct rule {
	__u32 ip;
	__u16 port;
};
struct table {
	__u32 n;
	struct rule r[];
};
struct names {
	__u32 n;
	char s[][8];
};

const volatile struct table rules = { 2, { { 1, 80 }, { 2, 443 } } };
struct names links = { 2, { "eth0", "eth1" } };
char many[2 << 20];

/* Returns 445. */
SEC("socket")
int flexible(struct __sk_buff *skb)
{
	many[5]++;
	return rules.r[1].port + rules.n;
}

char _license[] SEC("license") = "Dual MIT/GPL";
