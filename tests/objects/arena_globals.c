// Variables in an arena: clang puts them into .addr_space.1, and the loader copies them to the start of the arena,
// which is mapped at an address of the object's choice.
#include "bpf_min.h"

#define BPF_MAP_TYPE_ARENA 33
#define __ulong(name, value) enum { name##_value = value } name
#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
	__ulong(map_extra, 0x1ull << 44);
} pages SEC(".maps");

__u64 __arena first = 41;
__u32 __arena table[4] = { 1, 2, 3, 4 };

SEC("syscall")
int bump(void *ctx)
{
	// A program belongs to an arena that it names.
	__asm__ volatile("" :: "r"(&pages));
	first += 1;
	table[3] = first;
	return table[0];
}

char _license[] SEC("license") = "Dual MIT/GPL";
