"""Versions of one object, compiled when they are asked for: what is edited while it runs."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

import pytest

from bpftui.core.compiler.clang import find_clang
from bpftui.core.compiler.compiling import compiled
from bpftui.core.errors import BpftuiError
from bpftui.core.spec import CollectionSpec

__all__ = ["SOURCE", "object_of", "spec_of"]

SOURCE = """\
// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Counts what it sees in a map, in a per-CPU map and in a variable; what is defined makes other versions of it. */
#include "bpf_min.h"

struct seen {
	__u64 packets;
#ifdef WIDER
	__u64 bytes;
#endif
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct seen);
	__uint(max_entries, 1);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 2);
} by_cpu SEC(".maps");

#ifdef MORE_VARIABLES
__u64 another;
#endif
__u64 total;
__u32 level = 7;
#ifdef MORE_DATA
__u32 limit = 5;
#endif
const volatile __u32 version = VERSION;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct seen *found = bpf_map_lookup_elem(&seen, &key);
	__u64 *own = bpf_map_lookup_elem(&by_cpu, &key);

	if (found)
		__sync_fetch_and_add(&found->packets, 1);
	if (own)
		*own += 1;
	__sync_fetch_and_add(&total, 1);
#ifdef MORE_VARIABLES
	__sync_fetch_and_add(&another, 1);
#endif
#ifdef BAD
	return *(volatile __u8 *)(long)ctx->data;
#else
	return version ? XDP_PASS : XDP_DROP;
#endif
}

#ifndef WITHOUT_PROBE
SEC("tracepoint/syscalls/sys_enter_getpgid")
int probe(void *ctx)
{
	__u32 key = 1;
	__u64 *own = bpf_map_lookup_elem(&by_cpu, &key);

	if (own)
		*own += 1;
	return 0;
}
#endif

char _license[] SEC("license") = "Dual MIT/GPL";
"""
_BPF = Path(__file__).parents[1] / "bpf"


@functools.cache
def object_of(version: int = 1, *defined: str) -> bytes:
    """Return a version of the object; where no clang is installed the test is skipped."""
    try:
        find_clang()
    except BpftuiError:
        pytest.skip("no clang is installed")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        source = Path(folder, "prog.c")
        source.write_text(SOURCE)
        flags = (f"-I{_BPF}", f"-DVERSION={version}", "-mcpu=v3", *(f"-D{each}" for each in defined))
        return compiled(str(source), flags).data


def spec_of(version: int = 1, *defined: str) -> CollectionSpec:
    """Return a version of the object as a spec."""
    return CollectionSpec.from_bytes(object_of(version, *defined), file="prog.o")
