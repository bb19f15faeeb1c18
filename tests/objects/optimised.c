// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Variables that the compiler needs no place for, beside some that it does. */
#include "bpf_min.h"

static int folded = 5;
static const int constant = 7;
static int written_only;
static int unused __attribute__((unused));
static int (*const callback)(int) = 0;
const int exported = 9;
int used;

SEC("socket")
int optimised(struct __sk_buff *skb)
{
	static int inside = 3;

	written_only = 1;
	used++;
	return folded + constant + exported + inside + (callback ? callback(1) : 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
