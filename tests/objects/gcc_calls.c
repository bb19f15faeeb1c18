// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * What gcc 12 and binutils 2.40 do otherwise: immediates that have their symbol's place in them already, calls that have
 * it in bytes, relocations of their own in debug information, constants in .data, no .maps.
 */
#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))

typedef unsigned int __u32;
typedef unsigned long long __u64;

struct definition {
	__u32 type, key_size, value_size, max_entries, map_flags;
};

SEC("maps") struct definition counts = { 1, 4, 8, 16, 0 };

__u32 threshold = 3;
const volatile __u64 limit = 1000;
volatile __u32 table[4] = { 1, 2, 3, 4 };
static volatile __u32 local = 5;
__u64 seen;

static __noinline __u32 twice(__u32 x)
{
	seen++;
	return 2 * x;
}

__noinline __u32 sum(__u32 a, __u32 b)
{
	seen++;
	return a + twice(b);
}

SEC("xdp")
int gcc_calls(void *ctx)
{
	local++;
	return sum(threshold, (__u32)limit) + twice(table[2]);
}

SEC("xdp")
int other(void *ctx)
{
	return twice(5);
}

char _license[] SEC("license") = "GPL";
