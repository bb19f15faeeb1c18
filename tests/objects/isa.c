// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Instructions that depend on -mcpu: signed division, sign extension, byte swaps, atomics, 32-bit jumps, packet loads. */
#include "bpf_min.h"

volatile __s64 dividend = -7, divisor = 2;
volatile __s8 narrow = -3;
volatile __u32 bytes = 0x11223344;
__u64 counter = 5;

__u64 load_byte(void *skb, __u64 offset) asm("llvm.bpf.load.byte");
__u64 load_half(void *skb, __u64 offset) asm("llvm.bpf.load.half");

/* Returns -3 / 2 + -3 % 2 + 4 from v4 on (-1 + -1 + 4 = 2); sign extension by shifts before. */
SEC("socket")
int arithmetic(struct __sk_buff *skb)
{
	__s64 extended = narrow;

#if __BPF_CPU_VERSION__ >= 4
	return extended / divisor + extended % divisor + 4;
#else
	return extended + 5;
#endif
}

/* Returns 0x44332211 in both byte orders. */
SEC("socket")
int swap(struct __sk_buff *skb)
{
	return __builtin_bswap32(bytes);
}

/* Counts up from 5 and returns what was there before, or 0 where no atomic returns anything. */
SEC("socket")
int atomics(struct __sk_buff *skb)
{
#if __BPF_CPU_VERSION__ >= 3
	__u64 before = __sync_fetch_and_add(&counter, 1);

	__sync_fetch_and_or(&counter, 0x100);
	__sync_fetch_and_and(&counter, 0xff);
	__sync_fetch_and_xor(&counter, 0);
	__sync_val_compare_and_swap(&counter, 0, 1);
	return before;
#else
	__sync_fetch_and_add(&counter, 1);
	return 0;
#endif
}

/* Returns byte 0 and bytes 1 to 2 of the packet, read by the old packet loads. */
SEC("socket")
int packet_loads(struct __sk_buff *skb)
{
	return load_byte(skb, 0) << 16 | load_half(skb, 1);
}

char _license[] SEC("license") = "Dual MIT/GPL";
