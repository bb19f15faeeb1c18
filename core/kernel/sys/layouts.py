"""The layouts of `union bpf_attr`, by command, and of what `BPF_OBJ_GET_INFO_BY_FD` tells: include/uapi/linux/bpf.h.

As of Linux 6.18, as far as they are used here. The first field is at 0, all are in the machine's byte
order, and none ever moves: a newer kernel adds at the end. Checked field by field against the running kernel's own
types in `tests/kernel/sys/test_layouts.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .structure import Attribute, Creation, Structure, characters, octets, pointer, u8, u32, u64
from .syscall import Command

if TYPE_CHECKING:
    from .syscall import Buffer

__all__ = [
    "BpfBtfInfo",
    "BpfLinkInfo",
    "BpfMapInfo",
    "BpfProgInfo",
    "BtfLoad",
    "EnableStats",
    "IterCreate",
    "IteratorLink",
    "KprobeMultiLink",
    "LinkCreate",
    "LinkDetach",
    "LinkUpdate",
    "MapBatch",
    "MapCreate",
    "MapElement",
    "NetfilterLink",
    "ObjId",
    "ObjInfo",
    "ObjPath",
    "OrderedLink",
    "PerfEventLink",
    "ProgBindMap",
    "ProgLoad",
    "ProgQuery",
    "ProgStreamRead",
    "ProgTestRun",
    "RawTracepointOpen",
    "TaskFdQuery",
    "TokenCreate",
    "UprobeMultiLink",
]

# Commands


class MapCreate(Creation):
    """BPF_MAP_CREATE."""

    PATH = "bpf_attr"
    COMMAND = Command.MAP_CREATE
    FLAGS, TOKEN = "map_flags", "map_token_fd"

    map_type: int = u32(0)
    key_size: int = u32(4)
    value_size: int = u32(8)
    max_entries: int = u32(12)
    map_flags: int = u32(16)
    inner_map_fd: int = u32(20)
    numa_node: int = u32(24)
    map_name: str = characters(28, 16)
    btf_fd: int = u32(48)
    btf_key_type_id: int = u32(52)
    btf_value_type_id: int = u32(56)
    btf_vmlinux_value_type_id: int = u32(60)
    map_extra: int = u64(64)
    value_type_btf_obj_fd: int = u32(72)
    map_token_fd: int = u32(76)


class MapElement(Attribute):
    """BPF_MAP_{LOOKUP,UPDATE,DELETE,LOOKUP_AND_DELETE}_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_MAP_FREEZE."""

    PATH = "bpf_attr"

    map_fd: int = u32(0)
    key: Buffer | None = pointer(8)
    value: Buffer | None = pointer(16)
    """Of BPF_MAP_GET_NEXT_KEY: where the next key goes to."""
    flags: int = u64(24)


class MapBatch(Attribute):
    """BPF_MAP_{LOOKUP,LOOKUP_AND_DELETE,UPDATE,DELETE}_BATCH."""

    PATH = "bpf_attr.batch"

    in_batch: Buffer | None = pointer(0)
    out_batch: Buffer | None = pointer(8)
    keys: Buffer | None = pointer(16)
    values: Buffer | None = pointer(24)
    count: int = u32(32)
    map_fd: int = u32(36)
    elem_flags: int = u64(40)
    flags: int = u64(48)


class ProgLoad(Creation):
    """BPF_PROG_LOAD."""

    PATH = "bpf_attr"
    COMMAND = Command.PROG_LOAD
    FLAGS, TOKEN = "prog_flags", "prog_token_fd"

    prog_type: int = u32(0)
    insn_cnt: int = u32(4)
    insns: Buffer | None = pointer(8)
    license: Buffer | None = pointer(16)
    log_level: int = u32(24)
    log_size: int = u32(28)
    log_buf: Buffer | None = pointer(32)
    kern_version: int = u32(40)
    prog_flags: int = u32(44)
    prog_name: str = characters(48, 16)
    expected_attach_type: int = u32(68)
    prog_btf_fd: int = u32(72)
    func_info_rec_size: int = u32(76)
    func_info: Buffer | None = pointer(80)
    func_info_cnt: int = u32(88)
    line_info_rec_size: int = u32(92)
    line_info: Buffer | None = pointer(96)
    line_info_cnt: int = u32(104)
    attach_btf_id: int = u32(108)
    attach_prog_fd: int = u32(112)
    """Or attach_btf_obj_fd."""
    core_relo_cnt: int = u32(116)
    fd_array: Buffer | None = pointer(120)
    core_relos: Buffer | None = pointer(128)
    core_relo_rec_size: int = u32(136)
    log_true_size: int = u32(140)
    prog_token_fd: int = u32(144)


class BtfLoad(Creation):
    """BPF_BTF_LOAD."""

    PATH = "bpf_attr"
    COMMAND = Command.BTF_LOAD
    FLAGS, TOKEN = "btf_flags", "btf_token_fd"

    btf: Buffer | None = pointer(0)
    btf_log_buf: Buffer | None = pointer(8)
    btf_size: int = u32(16)
    btf_log_size: int = u32(20)
    btf_log_level: int = u32(24)
    btf_flags: int = u32(32)
    btf_token_fd: int = u32(36)


class ObjPath(Attribute):
    """BPF_OBJ_PIN, BPF_OBJ_GET."""

    PATH = "bpf_attr"

    pathname: Buffer | None = pointer(0)
    bpf_fd: int = u32(8)
    file_flags: int = u32(12)


class ObjId(Attribute):
    """BPF_*_GET_FD_BY_ID, BPF_*_GET_NEXT_ID."""

    PATH = "bpf_attr"

    start_id: int = u32(0)
    """Or the id of what is to be opened."""
    next_id: int = u32(4)
    open_flags: int = u32(8)


class ObjInfo(Attribute):
    """BPF_OBJ_GET_INFO_BY_FD."""

    PATH = "bpf_attr.info"

    bpf_fd: int = u32(0)
    info_len: int = u32(4)
    info: Buffer | None = pointer(8)


class ProgTestRun(Attribute):
    """BPF_PROG_TEST_RUN."""

    PATH = "bpf_attr.test"

    prog_fd: int = u32(0)
    retval: int = u32(4)
    data_size_in: int = u32(8)
    data_size_out: int = u32(12)
    data_in: Buffer | None = pointer(16)
    data_out: Buffer | None = pointer(24)
    repeat: int = u32(32)
    duration: int = u32(36)
    ctx_size_in: int = u32(40)
    ctx_size_out: int = u32(44)
    ctx_in: Buffer | None = pointer(48)
    ctx_out: Buffer | None = pointer(56)
    flags: int = u32(64)
    cpu: int = u32(68)
    batch_size: int = u32(72)


class RawTracepointOpen(Attribute):
    """BPF_RAW_TRACEPOINT_OPEN."""

    PATH = "bpf_attr.raw_tracepoint"

    name: Buffer | None = pointer(0)
    prog_fd: int = u32(8)


class LinkCreate(Attribute):
    """BPF_LINK_CREATE; what links of one kind have besides is in the classes that extend it."""

    PATH = "bpf_attr.link_create"

    prog_fd: int = u32(0)
    target_fd: int = u32(4)
    """Or target_ifindex."""
    attach_type: int = u32(8)
    flags: int = u32(12)


class IteratorLink(LinkCreate):
    """To an iterator over what `iter_info`, a `union bpf_iter_link_info`, names."""

    iter_info: Buffer | None = pointer(16)
    iter_info_len: int = u32(24)


class KprobeMultiLink(LinkCreate):
    """To functions of the kernel."""

    multi_flags: int = u32(16, "kprobe_multi.flags")
    cnt: int = u32(20, "kprobe_multi.cnt")
    syms: Buffer | None = pointer(24, "kprobe_multi.syms")
    addrs: Buffer | None = pointer(32, "kprobe_multi.addrs")


class UprobeMultiLink(LinkCreate):
    """To functions of an executable."""

    path: Buffer | None = pointer(16, "uprobe_multi.path")
    offsets: Buffer | None = pointer(24, "uprobe_multi.offsets")
    ref_ctr_offsets: Buffer | None = pointer(32, "uprobe_multi.ref_ctr_offsets")
    cookies: Buffer | None = pointer(40, "uprobe_multi.cookies")
    cnt: int = u32(48, "uprobe_multi.cnt")
    multi_flags: int = u32(52, "uprobe_multi.flags")
    pid: int = u32(56, "uprobe_multi.pid")


class PerfEventLink(LinkCreate):
    """To a perf event."""

    bpf_cookie: int = u64(16, "perf_event.bpf_cookie")


class OrderedLink(LinkCreate):
    """To a hook where programs run in an order: tcx, and in the same place netkit and control groups."""

    relative_id: int = u32(16, "tcx.relative_id")
    """Or relative_fd."""
    expected_revision: int = u64(24, "tcx.expected_revision")


class NetfilterLink(LinkCreate):
    """To a hook of netfilter."""

    pf: int = u32(16, "netfilter.pf")
    hooknum: int = u32(20, "netfilter.hooknum")
    priority: int = u32(24, "netfilter.priority")


class LinkUpdate(Attribute):
    """BPF_LINK_UPDATE."""

    PATH = "bpf_attr.link_update"

    link_fd: int = u32(0)
    new_prog_fd: int = u32(4)
    flags: int = u32(8)
    old_prog_fd: int = u32(12)


class LinkDetach(Attribute):
    """BPF_LINK_DETACH."""

    PATH = "bpf_attr.link_detach"

    link_fd: int = u32(0)


class EnableStats(Attribute):
    """BPF_ENABLE_STATS."""

    PATH = "bpf_attr.enable_stats"

    type: int = u32(0)


class IterCreate(Attribute):
    """BPF_ITER_CREATE."""

    PATH = "bpf_attr.iter_create"

    link_fd: int = u32(0)
    flags: int = u32(4)


class ProgQuery(Attribute):
    """BPF_PROG_QUERY."""

    PATH = "bpf_attr.query"

    target_fd: int = u32(0)
    """Or target_ifindex."""
    attach_type: int = u32(4)
    query_flags: int = u32(8)
    attach_flags: int = u32(12)
    prog_ids: Buffer | None = pointer(16)
    count: int = u32(24)
    prog_attach_flags: Buffer | None = pointer(32)
    link_ids: Buffer | None = pointer(40)
    link_attach_flags: Buffer | None = pointer(48)
    revision: int = u64(56)


class TaskFdQuery(Attribute):
    """BPF_TASK_FD_QUERY."""

    PATH = "bpf_attr.task_fd_query"

    pid: int = u32(0)
    fd: int = u32(4)
    flags: int = u32(8)
    buf_len: int = u32(12)
    buf: Buffer | None = pointer(16)
    prog_id: int = u32(24)
    fd_type: int = u32(28)
    probe_offset: int = u64(32)
    probe_addr: int = u64(40)


class ProgBindMap(Attribute):
    """BPF_PROG_BIND_MAP."""

    PATH = "bpf_attr.prog_bind_map"

    prog_fd: int = u32(0)
    map_fd: int = u32(4)
    flags: int = u32(8)


class ProgStreamRead(Attribute):
    """BPF_PROG_STREAM_READ_BY_FD."""

    PATH = "bpf_attr.prog_stream_read"

    stream_buf: Buffer | None = pointer(0)
    stream_buf_len: int = u32(8)
    stream_id: int = u32(12)
    prog_fd: int = u32(16)


class TokenCreate(Attribute):
    """BPF_TOKEN_CREATE."""

    PATH = "bpf_attr.token_create"

    flags: int = u32(0)
    bpffs_fd: int = u32(4)


# What BPF_OBJ_GET_INFO_BY_FD tells


class BpfMapInfo(Structure):
    """`struct bpf_map_info`."""

    PATH = "bpf_map_info"

    type: int = u32(0)
    id: int = u32(4)
    key_size: int = u32(8)
    value_size: int = u32(12)
    max_entries: int = u32(16)
    map_flags: int = u32(20)
    name: str = characters(24, 16)
    btf_vmlinux_value_type_id: int = u32(44)
    btf_id: int = u32(64)
    btf_key_type_id: int = u32(68)
    btf_value_type_id: int = u32(72)
    map_extra: int = u64(80)


class BpfProgInfo(Structure):
    """`struct bpf_prog_info`."""

    PATH = "bpf_prog_info"

    type: int = u32(0)
    id: int = u32(4)
    tag: bytes = octets(8, 8)
    jited_prog_len: int = u32(16)
    xlated_prog_len: int = u32(20)
    jited_prog_insns: Buffer | None = pointer(24)
    xlated_prog_insns: Buffer | None = pointer(32)
    load_time: int = u64(40)
    created_by_uid: int = u32(48)
    nr_map_ids: int = u32(52)
    map_ids: Buffer | None = pointer(56)
    name: str = characters(64, 16)
    ifindex: int = u32(80)
    gpl_compatible: int = u8(84)
    """In the lowest bit."""
    nr_jited_ksyms: int = u32(104)
    nr_jited_func_lens: int = u32(108)
    jited_ksyms: Buffer | None = pointer(112)
    jited_func_lens: Buffer | None = pointer(120)
    btf_id: int = u32(128)
    func_info_rec_size: int = u32(132)
    func_info: Buffer | None = pointer(136)
    nr_func_info: int = u32(144)
    nr_line_info: int = u32(148)
    line_info: Buffer | None = pointer(152)
    jited_line_info: Buffer | None = pointer(160)
    nr_jited_line_info: int = u32(168)
    line_info_rec_size: int = u32(172)
    jited_line_info_rec_size: int = u32(176)
    run_time_ns: int = u64(192)
    run_cnt: int = u64(200)
    recursion_misses: int = u64(208)
    verified_insns: int = u32(216)
    attach_btf_obj_id: int = u32(220)
    attach_btf_id: int = u32(224)


class BpfBtfInfo(Structure):
    """`struct bpf_btf_info`."""

    PATH = "bpf_btf_info"

    btf: Buffer | None = pointer(0)
    btf_size: int = u32(8)
    id: int = u32(12)
    name: Buffer | None = pointer(16)
    name_len: int = u32(24)
    kernel_btf: int = u32(28)


class BpfLinkInfo(Structure):
    """`struct bpf_link_info`, with what each kind of link has of its own; one union, from 16 on."""

    PATH = "bpf_link_info"

    type: int = u32(0)
    id: int = u32(4)
    prog_id: int = u32(8)
    tp_name: Buffer | None = pointer(16, "raw_tracepoint.tp_name")
    tp_name_len: int = u32(24, "raw_tracepoint.tp_name_len")
    tp_cookie: int = u64(32, "raw_tracepoint.cookie")
    tracing_attach_type: int = u32(16, "tracing.attach_type")
    target_obj_id: int = u32(20, "tracing.target_obj_id")
    target_btf_id: int = u32(24, "tracing.target_btf_id")
    tracing_cookie: int = u64(32, "tracing.cookie")
    cgroup_id: int = u64(16, "cgroup.cgroup_id")
    cgroup_attach_type: int = u32(24, "cgroup.attach_type")
    iter_name: Buffer | None = pointer(16, "iter.target_name")
    iter_name_len: int = u32(24, "iter.target_name_len")
    iter_map_id: int = u32(28, "iter.map.map_id")
    netns_ino: int = u32(16, "netns.netns_ino")
    netns_attach_type: int = u32(20, "netns.attach_type")
    xdp_ifindex: int = u32(16, "xdp.ifindex")
    struct_ops_map_id: int = u32(16, "struct_ops.map_id")
    pf: int = u32(16, "netfilter.pf")
    hooknum: int = u32(20, "netfilter.hooknum")
    priority: int = u32(24, "netfilter.priority")
    """A signed number."""
    netfilter_flags: int = u32(28, "netfilter.flags")
    addrs: Buffer | None = pointer(16, "kprobe_multi.addrs")
    kprobe_count: int = u32(24, "kprobe_multi.count")
    kprobe_flags: int = u32(28, "kprobe_multi.flags")
    kprobe_missed: int = u64(32, "kprobe_multi.missed")
    path: Buffer | None = pointer(16, "uprobe_multi.path")
    offsets: Buffer | None = pointer(24, "uprobe_multi.offsets")
    path_size: int = u32(48, "uprobe_multi.path_size")
    uprobe_count: int = u32(52, "uprobe_multi.count")
    uprobe_flags: int = u32(56, "uprobe_multi.flags")
    uprobe_pid: int = u32(60, "uprobe_multi.pid")
    perf_kind: int = u32(16, "perf_event.type")
    perf_name: Buffer | None = pointer(24, "perf_event.tracepoint.tp_name")
    """Of a tracepoint, a function, or a file: all have it there."""
    perf_name_len: int = u32(32, "perf_event.tracepoint.name_len")
    perf_offset: int = u32(36, "perf_event.kprobe.offset")
    """Of a uprobe too."""
    perf_address: int = u64(40, "perf_event.kprobe.addr")
    perf_missed: int = u64(48, "perf_event.kprobe.missed")
    event_config: int = u64(24, "perf_event.event.config")
    event_type: int = u32(32, "perf_event.event.type")
    tcx_ifindex: int = u32(16, "tcx.ifindex")
    tcx_attach_type: int = u32(20, "tcx.attach_type")
    netkit_ifindex: int = u32(16, "netkit.ifindex")
    netkit_attach_type: int = u32(20, "netkit.attach_type")
    sockmap_map_id: int = u32(16, "sockmap.map_id")
    sockmap_attach_type: int = u32(20, "sockmap.attach_type")
