// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * What objects that include libbpf's usdt.bpf.h have of it, in words of our own: two maps with its names and layouts, and
 * a program that fetches a probe's arguments through them. They are for USDT probes of native/probed.so.
 */
#include "bpf_min.h"

static long (*const bpf_probe_read_user)(void *dst, __u32 size, const void *unsafe_ptr) = (void *)112;
static __u64 (*const bpf_get_attach_cookie)(void *ctx) = (void *)174;

enum { CONSTANT, REGISTER, MEMORY, INDEXED };

struct argument {
	__u64 val_off;
	__u32 arg_type : 8, idx_reg_off : 12, scale_bitshift : 4, unused : 8;
	short reg_off;
	bool arg_signed;
	char arg_bitshift;
};

struct spec {
	struct argument args[12];
	__u64 usdt_cookie;
	short arg_cnt;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, int);
	__type(value, struct spec);
} __bpf_usdt_specs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, long);
	__type(value, __u32);
} __bpf_usdt_ip_to_spec_id SEC(".maps");

extern const bool LINUX_HAS_BPF_COOKIE __attribute__((section(".kconfig")));

char _license[] SEC("license") = "GPL";

struct call {
	int count;
	int spec;
	long arguments[12];
};

/* What the last calls were given, oldest first, and how many there were. */
struct call calls[4];
__u32 made;

static __always_inline int spec_of(void *ctx)
{
	long address = *(long *)(ctx + 128);
	int *found;

	if (LINUX_HAS_BPF_COOKIE)
		return bpf_get_attach_cookie(ctx);
	found = bpf_map_lookup_elem(&__bpf_usdt_ip_to_spec_id, &address);
	return found ? *found : -1;
}

static __noinline long fetch(void *ctx, struct argument *argument)
{
	long value = 0, index = 0;

	if (argument->arg_type == CONSTANT)
		value = argument->val_off;
	else
		bpf_probe_read_kernel(&value, sizeof(value), ctx + argument->reg_off);
	if (argument->arg_type == INDEXED)
		bpf_probe_read_kernel(&index, sizeof(index), ctx + argument->idx_reg_off);
	if (argument->arg_type == MEMORY || argument->arg_type == INDEXED)
		bpf_probe_read_user(&value, sizeof(value),
				    (void *)value + (index << argument->scale_bitshift) + argument->val_off);
	value <<= argument->arg_bitshift;
	return argument->arg_signed ? value >> argument->arg_bitshift : (long)((__u64)value >> argument->arg_bitshift);
}

static __always_inline int note(void *ctx)
{
	struct call *call = &calls[made++ & 3];
	int id = spec_of(ctx);
	struct spec *spec = bpf_map_lookup_elem(&__bpf_usdt_specs, &id);

	call->spec = id;
	call->count = spec ? spec->arg_cnt : -1;
	for (int i = 0; spec && i < 12 && i < spec->arg_cnt; i++)
		call->arguments[i] = fetch(ctx, &spec->args[i]);
	return 0;
}

SEC("usdt/probed.so:bpftui:fired")
int on_fired(void *ctx)
{
	return note(ctx);
}

SEC("usdt")
int on_any(void *ctx)
{
	return note(ctx);
}
