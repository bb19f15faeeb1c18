"""What bpftui says of the objects that the verifier refuses: each whole, as `bpftui log` prints it."""

EXPLAINED = {
    "bad_bounds": """
bad_bounds.c:16: 1 byte is accessed at offset 12 of the packet, and nothing checked that it is that long

  C            return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
  instruction  1: r2 = *(u8 *)(r1 +12)
  because      r1 came from ctx->data at bad_bounds.c:14
  what helps   • before it, check at least: if (data + 13 > data_end) return …;
               • for a header struct: if ((void *)(header + 1) > data_end) return …;
  the verifier invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0); R1 offset is outside of the packet
""",
    "bad_null": """
bad_null.c:18: bpf_map_lookup_elem(&totals) can return NULL, and the program uses the result without a look

  C            *total += skb->len;
  instruction  9: r2 = *(u64 *)(r0 +0)
  because      r0 came from bpf_map_lookup_elem(&totals) at bad_null.c:16
               where it is not NULL, r0 is a pointer to a value of map totals (8 bytes)
  what helps   • between the call and this line: if (!pointer) return …;
               • check the pointer as it was returned, before anything is added to it
  the verifier R0 invalid mem access 'map_value_or_null'
""",
    "bad_offbyone": """
bad_offbyone.c:14: the check covers 13 bytes of the packet, this access needs 14: off by one

  C            return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
  instruction  7: r1 = *(u8 *)(r1 +13)
  because      r1 came from ctx->data at bad_offbyone.c:8
               the check is at bad_offbyone.c:12: if (data + sizeof(*eth) - 1 > end)
  what helps   • at bad_offbyone.c:12, let the check cover 1 byte more: compare data + 14 with data_end
               • for a header struct write it without a number: if ((void *)(header + 1) > data_end) return …;
  the verifier invalid access to packet, off=13 size=1, R1(id=0,off=13,r=13); R1 offset is outside of the packet
""",
    "bad_stale": """
bad_stale.c:17: r6 was a packet pointer, but bpf_xdp_adjust_head() at bad_stale.c:15 may have moved the packet: all
packet pointers from before it are invalid

  C            return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
  instruction  11: r1 = *(u8 *)(r6 +12)
  because      since then the verifier takes r6 for a plain number
  what helps   • after that call, load ctx->data and ctx->data_end anew and check the bounds again
               • read what is needed from the packet before the call
  the verifier R6 invalid mem access 'scalar'
""",
    "bad_index": """
bad_index.c:24: the index can be 16, but the value of map ports has 16 elements (0 to 15): off by one

  C            found->seen[index] = 1;
  instruction  14: *(u32 *)(r0 +0) = r1
  because      r0 came from bpf_map_lookup_elem(&ports) at bad_index.c:20
               r0 is a pointer to a value of map ports (64 bytes, plus 0 to 64): in the worst case the access is to
               bytes 64 to 67 of a value of 64
               elements are 4 bytes: index 16 of 16, the last one is 15
               r6, which is added to it, is a number from 0 to 64, from ctx->rx_queue_index at bad_index.c:19
               it is checked at bad_index.c:22: if (!found || index > 16)
  what helps   • check: if (index >= 16) return …;
               • mask it: index &= 15
               • bound the very variable that is used, and keep it unsigned
  the verifier invalid access to map value, value_size=64 off=64 size=4; R0 max value is outside of the allowed memory
               range
""",
    "bad_stack": """
bad_stack.c:10: an array on the stack of at most 16 bytes is accessed at an index that nothing bounds well enough

  C            seen[ctx->rx_queue_index] = 1;
  instruction  8: *(u8 *)(r2 +0) = r1
  because      r1, which is added to it, is a number from 0 to 2^32-1, from ctx->rx_queue_index at bad_stack.c:10
  what helps   • bound the index with a mask, for bytes: index &= 15
               • check the index right before: if (index >= COUNT) return …;
  the verifier invalid unbounded variable-offset write to stack R2
""",
    "bad_size": """
bad_size.c:12: the length that the helper gets can be 0, and this helper needs at least one byte

  C            bpf_xdp_load_bytes(ctx, 0, bytes, ctx->rx_queue_index);
  instruction  13: call bpf_xdp_load_bytes#189
  because      r4 came from ctx->rx_queue_index at bad_size.c:12
               r4, the length, is a number from 0 to 2^32-1
               r3, the buffer, lies on the stack and has at most 64 bytes
  what helps   • if (length < 1 || length > 64) return …;  with an unsigned length
               • length &= 63;  and leave out 0
               • where the compiler moves or drops the check: asm volatile("" : "+r"(length)); before it keeps it in
                 place
  the verifier R4 invalid zero-sized read: u64=[0,4294967295]
""",
    "bad_loop": """
bad_loop.c:8: the loop may never end: it comes back to where it was with nothing changed that the verifier can see

  C            while (bpf_ktime_get_ns() & 1)
  instruction  2: if r0 != 0x0 goto pc-3
  because      the loop comes back to bad_loop.c:8: while (bpf_ktime_get_ns() & 1)
               instruction 2 was reached again with the same registers and stack, 2 times in this log: nothing that the
               loop's end depends on changes
  what helps   • give the loop an end that the verifier can count: for (int i = 0; i < 64; i++), with a constant limit
               • let the kernel count: bpf_loop() (Linux 5.17), bpf_for() and bpf_repeat() (6.4), may_goto (6.9)
  the verifier infinite loop detected at insn 2
""",
    "bad_complexity": """
bad_complexity.c:12: the verifier gave up after 1,000,001 instructions: it walks through loops round by round, and
through each side of a branch

  C            sum += i ^ j;
  instruction  5: r4 = *(u32 *)(r10 -4)
  because      99 % of the walk is in instructions 3 to 10 (bad_complexity.c:11 to bad_complexity.c:12), each up to
               124,977 times
  what helps   • bpf_loop() (Linux 5.17) and bpf_for() (6.4) are walked through once, not round by round
               • fewer rounds, or fewer branches inside the loop; inside a global (non-static) function code is verified
                 once
               • split the program with tail calls
  the verifier BPF program is too large. Processed 1000001 insn
""",
    "bad_frames": """
the stacks of 2 functions that are on it together take 608 bytes, and a program has 512

  because      the program's functions: bad_frames(), inner()
  what helps   • save 96 bytes: move a large array or struct from the stack into a per-CPU array map of one entry
               • share one buffer: pass it as an argument instead of having one in each function
  the verifier combined stack size of 2 calls is 608. Too large
""",
    "bad_reference": """
bad_reference.c:22: what bpf_ringbuf_reserve() returned is still held where the program ends on this path

  C            }
  instruction  18: exit
  because      acquired at bad_reference.c:13: __u32 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
               the path that ends at bad_reference.c:22 does not give it back
               the last branch on that path is at bad_reference.c:18: if (ctx->rx_queue_index == 7)
  what helps   • call bpf_ringbuf_submit() or bpf_ringbuf_discard() on every path, early returns included
  the verifier Unreleased reference id=2 alloc_insn=5; BPF_EXIT instruction in main prog would lead to reference leak
""",
    "bad_license": """
bad_license.c:12: bpf_trace_printk() is for programs under a GPL-compatible license, and the object says "MIT"

  C            bpf_trace_printk(format, sizeof(format), skb->len);
  instruction  7: call bpf_trace_printk#6
  what helps   • declare the license: char _license[] SEC("license") = "GPL"; or "Dual MIT/GPL", "Dual BSD/GPL"
               • a missing license section counts as not compatible
  the verifier cannot call GPL-restricted function from non-GPL compatible program
""",
    "bad_context": """
bad_context.c:8: the program may not write len (offset 0, 4 bytes) of its context

  C            skb->len = 64;
  instruction  1: *(u32 *)(r1 +0) = r2
  because      ctx->len may not be written by programs of type socket_filter
  what helps   • what programs of type socket_filter can write of struct __sk_buff: cb
               • is the section right? the same function in another SEC() gets another context
  the verifier invalid bpf_context access off=0 size=4
""",
    "bad_helper": """
bad_helper.c:10: bpf_xdp_adjust_head() is not available to programs of this type on this kernel

  C            return bpf_xdp_adjust_head(skb, 4);
  instruction  1: call bpf_xdp_adjust_head#44
  what helps   • see whether the SEC() name is the one that is meant: each type has a list of its own
               • bpftui doctor --helpers TYPE lists those that a type has here; tracing helpers need CAP_PERFMON
  the verifier program of this type cannot use helper bpf_xdp_adjust_head#44
""",
    "bad_return": """
bad_return.c:8: the program may return 0 and 1 at this hook: here r0 is the number 5

  C            return skb->len > 1500 ? 5 : 1;
  instruction  4: exit
  because      r0 came from the constant 5 at bad_return.c:8
  what helps   • return only 0 and 1
               • clamp what comes from elsewhere: return value ? 1 : 0;
  the verifier At program exit the register R0 has smin=5 smax=5 should have been in [0, 1]
""",
    "bad_uninit": """
bad_uninit.c:8: the function ends on this path without a return value: r0 was never set

  C            asm volatile("r1 = *(u32 *)(r1 + 12)\\n"
  instruction  3: exit
  what helps   • return a value on every path; in C, look for a missing return (-Wreturn-type)
  the verifier R0 !read_ok
""",
}
