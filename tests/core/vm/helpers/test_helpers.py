"""Helpers of the built-in machine, called as programs call them; results as in the kernel."""

from __future__ import annotations

import errno
import random
import struct
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import HELPERS
from bpftui.core.spec import ProgramType
from bpftui.core.vm import AccessError, Machine, Processor, RunError
from bpftui.core.vm.helpers import HelperTable, numbers
from bpftui.core.vm.world.host import Host
from bpftui.core.vm.world.packet import SkbPacket, XdpPacket
from bpftui.core.vm.world.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

EINVAL, EFAULT, EACCES = (-22 & (1 << 64) - 1), (-14 & (1 << 64) - 1), (-13 & (1 << 64) - 1)


@pytest.fixture
def host() -> Host:
    return Host(Processor(), Settings(pid=7, tgid=5, comm="a name that is too long"), "little")


@pytest.fixture
def call(host: Host) -> Callable[..., int]:
    table = HelperTable(host)

    def by_name(name: str, *arguments: int) -> int:
        return table[HELPERS.index(f"bpf_{name}")](*(*arguments, 0, 0, 0, 0, 0)[:5]) & (1 << 64) - 1

    return by_name


def test_there_are_many() -> None:
    assert len(numbers()) >= 60


def test_the_current_task(host: Host, call: Callable[..., int]) -> None:
    assert call("get_current_pid_tgid") == 5 << 32 | 7
    buffer = host.memory.map("buffer", 16)
    assert call("get_current_comm", buffer.base, 16) == 0
    assert bytes(buffer.data) == b"a name that is \0"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ktime_get_ns", 12_345_678_901),
        ("ktime_get_boot_ns", 12_345_678_901),
        ("ktime_get_coarse_ns", 12_345_000_000),
        ("jiffies64", 12_345),
        ("get_numa_node_id", 0),
    ],
)
def test_the_time_in_each_of_its_forms(name: str, answer: int) -> None:
    table = HelperTable(Host(Processor(), Settings(clock=lambda: 12_345_678_901), "little"))
    assert table[HELPERS.index(f"bpf_{name}")](0, 0, 0, 0, 0) == answer


def test_bad_addresses_are_errors_of_probe_read_and_leave_zeros(host: Host, call: Callable[..., int]) -> None:
    buffer = host.memory.map("buffer", b"12345678")
    assert call("probe_read_user", buffer.base, 8, 0) == EFAULT
    assert bytes(buffer.data) == bytes(8)
    text = host.memory.map("text", b"hello\0world")
    assert call("probe_read_kernel_str", buffer.base, 4, text.base) == 4
    assert bytes(buffer.data[:4]) == b"hel\0"
    assert call("probe_read_kernel_str", buffer.base, 8, text.base) == 6


def test_printing(host: Host, call: Callable[..., int]) -> None:
    name = host.memory.map("name", b"eth0\0").base
    template = b"%s: %d of %u, %x %lld%%\n\0"
    address = host.memory.map("template", template).base
    arguments = host.memory.map("arguments", struct.pack("<5Q", name, (1 << 64) - 3, 7, 255, (1 << 64) - 9))
    assert call("trace_vprintk", address, len(template), arguments.base, 40) == len("eth0: -3 of 7, ff -9%\n")
    assert [line.text for line in host.trace] == ["eth0: -3 of 7, ff -9%"]
    buffer = host.memory.map("buffer", 8)
    assert call("snprintf", buffer.base, 8, address, arguments.base, 40) == len("eth0: -3 of 7, ff -9%\n") + 1
    assert bytes(buffer.data) == b"eth0: -\0"
    bad = host.memory.map("bad", b"%q\0").base
    assert call("trace_printk", bad, 3) == EINVAL


def test_numbers_in_text(host: Host, call: Callable[..., int]) -> None:
    text = host.memory.map("text", b" -0x1fz\0").base
    result = host.memory.map("result", 8)
    assert call("strtol", text, 8, 0, result.base) == 6
    assert int.from_bytes(result.data, "little", signed=True) == -31
    assert call("strtoul", text, 8, 0, result.base) == EINVAL


def test_xdp_moves_the_ends_of_its_packet(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = XdpPacket(host.memory, "little")
    context = packet.start(bytes(range(60)), None)
    assert call("xdp_adjust_head", context, -4) == 0
    assert (len(packet.data), bytes(packet.data[:5])) == (64, bytes(5))
    assert call("xdp_adjust_tail", context, -50 & 0xFFFF_FFFF) == 0
    assert call("xdp_adjust_tail", context, -1 & 0xFFFF_FFFF) == EINVAL
    assert call("xdp_adjust_meta", context, -8 & 0xFFFF_FFFF) == 0
    data, end, meta = struct.unpack_from("<3I", packet.context.data)
    assert (data - meta, end - data, call("xdp_get_buff_len", context)) == (8, 14, 14)
    assert call("xdp_adjust_meta", context, -3 & 0xFFFF_FFFF) == EACCES


def test_socket_buffers_are_loaded_and_stored(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(bytes(12) + b"\x08\x00" + bytes(range(20)), None)
    buffer = host.memory.map("buffer", 4)
    assert call("skb_load_bytes", context, 14, buffer.base, 4) == 0
    assert bytes(buffer.data) == b"\0\1\2\3"
    assert call("skb_load_bytes", context, 32, buffer.base, 4) == EFAULT
    assert bytes(buffer.data) == bytes(4)
    assert call("skb_store_bytes", context, 0, buffer.base, 4, 0) == 0
    assert struct.unpack_from("<I", packet.context.data, 16) == (0x0008,)
    with pytest.raises(RunError, match="not started with an xdp_md"):
        call("xdp_adjust_head", context, 0)


def test_tags_of_vlans_are_beside_the_packet_and_in_it(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    addresses, rest = bytes(range(12)), b"\x08\x00" + bytes(30)
    context = packet.start(addresses + rest, None)
    assert call("skb_vlan_push", context, 0xA888, 7) == 0
    assert (packet.tag, packet.protocol, bytes(packet.data)) == ((b"\x88\xa8", 7), b"\x08\x00", addresses + rest)
    assert call("skb_vlan_push", context, 0, 9) == 0
    assert (packet.tag, packet.protocol) == ((b"\x81\x00", 9), b"\x88\xa8")
    assert bytes(packet.data) == addresses + b"\x88\xa8\0\7" + rest
    assert [call("skb_vlan_pop", context) for _ in range(3)] == [0, 0, 0]
    assert (packet.tag, packet.protocol, bytes(packet.data)) == (None, b"\x08\x00", addresses + rest)
    packet.start(addresses + b"\x81\x00\0\5\x08", None)
    assert call("skb_vlan_pop", context) == -errno.ENOMEM & (1 << 64) - 1


def test_tags_that_lie_in_the_packet_are_taken_out(host: Host, call: Callable[..., int]) -> None:
    """skb_vlan_pop: the first one is taken, and the next one, if there is any, is beside the packet then."""
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    addresses, rest = bytes(range(12)), b"\x08\x00" + bytes(30)
    context = packet.start(addresses + b"\x81\x00\0\5" + rest, None)
    assert call("skb_vlan_pop", context) == 0
    assert (packet.tag, packet.protocol, bytes(packet.data)) == (None, b"\x08\x00", addresses + rest)
    assert packet.network_offset == 14
    context = packet.start(addresses + b"\x88\xa8\0\5\x81\x00\x20\6" + rest, None)
    assert call("skb_vlan_pop", context) == 0
    assert (packet.tag, packet.protocol) == ((b"\x81\x00", 0x2006), b"\x08\x00")
    assert bytes(packet.data) == addresses + rest
    # What is behind a tag may be a length, as behind addresses.
    context = packet.start(addresses + b"\x81\x00\0\5\0\x10\xff\xff" + bytes(30), None)
    assert (call("skb_vlan_pop", context), packet.protocol) == (0, b"\0\1")
    # A header with a tag has 18 bytes.
    context = packet.start(addresses + b"\x81\x00\0\5\x08\0", None)
    assert (call("skb_vlan_pop", context), len(packet.data)) == (0, 14)


def test_a_tag_is_pushed_into_the_packet_as_long_as_there_is_room(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(bytes(12) + b"\x08\x00" + bytes(0xF000 - 18), None)
    for offset in (14, 18):  # the first one is beside it
        assert (call("skb_vlan_push", context, 0x0081, 7), packet.network_offset) == (0, offset)
    assert len(packet.data) == 0xF000
    assert call("skb_vlan_push", context, 0x0081, 7) == -errno.ENOMEM & (1 << 64) - 1


def test_a_checksum_is_two_bytes_wherever_it_lies(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(b"\xff" * 20 + bytes.fromhex("f963") + b"\xff" * 20, None)
    assert call("l3_csum_replace", context, 20, 0x1140, 0x113F, 2) == 0
    assert bytes(packet.data) == b"\xff" * 20 + bytes.fromhex("fa63") + b"\xff" * 20
    refused = [call("l3_csum_replace", context, offset, 1, 2, 2) for offset in (21, 42, 0x10000)]
    assert refused == [EFAULT] * 3
    assert call("l3_csum_replace", context, 40, 1, 2, 2) == 0
    refused = [call("l3_csum_replace", context, 20, before, 2, flags) for before, flags in ((1, 3), (1, 0), (1, 0x12))]
    assert refused == [EINVAL] * 3
    assert [call("l4_csum_replace", context, 20, 1, 2, flags) for flags in (0x12, 0x102, 1)] == [0, EINVAL, EINVAL]


def test_a_checksum_has_the_machine_s_order() -> None:
    """A big-endian machine, of which the values are the packet's own numbers: 64 becomes 63 (RFC 1624)."""
    host = Host(Processor(), Settings(), "big")
    packet = host.packet = SkbPacket(host.memory, "big", ProgramType.SCHED_CLS)
    context = packet.start(bytes(20) + bytes.fromhex("f963") + b"\xff" * 20, None)
    replace = HelperTable(host)[HELPERS.index("bpf_l3_csum_replace")]
    assert replace(context, 20, 0x4011, 0x3F11, 2) == 0
    assert bytes(packet.data[18:24]) == bytes.fromhex("0000 fa63 ffff")


def test_checksums(host: Host, call: Callable[..., int]) -> None:
    data = host.memory.map("data", b"\x01\x02\x03\x04")
    assert call("csum_diff", 0, 0, data.base, 4, 0) == 0x0604
    assert call("csum_diff", data.base, 4, data.base, 4, 0) == 0xFFFF
    assert call("csum_diff", data.base, 3, 0, 0, 0) == EINVAL


@pytest.mark.parametrize(
    ("name", "before", "old", "new", "flags", "after"),
    [
        # RFC 1624, section 4; values are in the machine's order
        ("l3_csum_replace", "dd2f", 0x5555, 0x8532, 2, "0000"),
        ("l4_csum_replace", "dd2f", 0x5555, 0x8532, 2, "0000"),
        ("l4_csum_replace", "dd2f", 0x5555, 0x8532, 0x22, "ffff"),  # BPF_F_MARK_MANGLED_0
        ("l4_csum_replace", "0000", 0x5555, 0x8532, 0x22, "0000"),  # there is none
        # a time to live of 63 for 64: the sum grows by 0x100
        ("l3_csum_replace", "f963", 0x1140, 0x113F, 2, "fa63"),
        # 10.0.0.1 for 10.0.0.2, and a difference of csum_diff
        ("l3_csum_replace", "7cc6", 0x0200000A, 0x0100000A, 4, "7cc7"),
        ("l3_csum_replace", "7cc6", 0, 0x0100, 0, "7cc5"),
    ],
)
def test_checksums_that_are_replaced(
    host: Host, call: Callable[..., int], name: str, before: str, old: int, new: int, flags: int, after: str
) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(bytes(14) + bytes.fromhex(before) + bytes(20), None)
    assert call(name, context, 14, old, new, flags) == 0
    assert bytes(packet.data) == bytes(14) + bytes.fromhex(after) + bytes(20)
    assert call(name, context, 13, old, new, flags) == EFAULT
    assert call(name, context, 36, old, new, flags) == EFAULT
    assert call(name, context, 14, old, new, 3) == EINVAL
    assert call(name, context, 14, 1, new, 0) == EINVAL


def test_whatever_they_are_given_only_runs_are_stopped(host: Host) -> None:
    """Sizes of 4 GiB allocate nothing, bad addresses and maps are errors of ours."""
    chance = random.Random(3)
    packets = [XdpPacket(host.memory, "little"), SkbPacket(host.memory, "little", ProgramType.SCHED_CLS), None]
    text = host.memory.map("text", b"%999999999d %s %c %p %pi4\0" + bytes(40))
    values = [0, 1, 4, 8, 14, 0xFFFF, 1 << 31, (1 << 32) - 1, (1 << 64) - 1, text.base, text.base + 8, text.end - 1]
    for name, function in HelperTable(host).items():
        for _ in range(60):
            host.packet = chance.choice(packets)
            if host.packet is not None:
                host.packet.start(bytes(range(60)), None)
            try:
                result = function(*chance.choices(values, k=5))
            except RunError:
                continue
            assert isinstance(result, int), HELPERS[name]


def test_what_is_no_map_ends_the_run(call: Callable[..., int]) -> None:
    with pytest.raises(RunError, match="0x1234 is the address of no map"):
        call("map_lookup_elem", 0x1234, 0)


def test_a_helper_that_is_not_there_names_itself() -> None:
    with pytest.raises(RunError, match=r"bpf_send_signal \(helper 109\)"):
        Machine(bytes.fromhex("850000006d000000 9500000000000000"), {}).run()


def test_counters_that_nobody_put_into_a_map(host: Host, call: Callable[..., int]) -> None:
    value = host.memory.map("value", b"\xff" * 24)
    assert call("perf_prog_read_value", 0, value.base, 24) == 0
    assert bytes(value.data) == bytes(24)
    assert call("perf_prog_read_value", 0, value.base, 16) == EINVAL


def test_the_control_group_of_sockets_and_packets(host: Host, call: Callable[..., int]) -> None:
    identity = host.settings.cgroup_id
    assert [call(name, 1) for name in ("skb_cgroup_id", "sk_cgroup_id")] == [identity, identity]
    assert [call("skb_ancestor_cgroup_id", 1, level) for level in (0, 1)] == [identity, 0]


def test_options_of_sockets_are_what_programs_set(host: Host, call: Callable[..., int]) -> None:
    value, found = host.memory.map("value", b"\x05\0\0\0"), host.memory.map("found", 4)
    assert call("getsockopt", 0, 1, 7, found.base, 4) == -errno.ENOPROTOOPT & (1 << 64) - 1
    assert call("setsockopt", 0, 1, 7, value.base, 4) == 0
    assert (call("getsockopt", 0, 1, 7, found.base, 4), bytes(found.data)) == (0, b"\x05\0\0\0")


def test_flags_of_callbacks_are_those_of_the_context_and_unknown_ones_come_back(
    host: Host, call: Callable[..., int]
) -> None:
    context = host.memory.map("context", 256)
    assert call("sock_ops_cb_flags_set", context.base, 1) == EINVAL
    host.put_integer(context.base + 72, 1, 4)  # is_fullsock
    host.put_integer(context.base + 88, 0xFF, 1)
    assert call("sock_ops_cb_flags_set", context.base, 0x83) == 0x80
    assert host.integer(context.base + 84, 8) == 0xFF_0000_0003


def test_no_socket_of_a_run_is_of_a_protocol_and_none_is_assigned(call: Callable[..., int]) -> None:
    kinds = ("tcp", "tcp6", "tcp_timewait", "tcp_request", "udp6", "unix", "mptcp")
    assert [call(f"skc_to_{kind}_sock", 1) for kind in kinds] == [0] * 7
    assert (call("sk_assign", 0, 0, 4), call("sk_assign", 0, 0, 1), call("sock_from_file", 1)) == (EINVAL, 0, 0)


def _ip(protocol: bytes, size: int) -> bytes:
    return bytes(12) + protocol + bytes(size - 14)


@pytest.mark.parametrize(
    ("name", "arguments", "returned", "length"),
    [
        # What Linux 6.18 returned, and the length that it left.
        ("skb_pull_data", (100,), 0, 100),
        ("skb_pull_data", (101,), -12, 100),
        ("skb_pull_data", (2**32 - 8,), -12, 100),
        ("skb_change_tail", (13,), -22, 100),
        ("skb_change_tail", (16064,), 0, 16064),
        ("skb_change_tail", (16065,), -22, 100),
        ("skb_change_head", (15964,), 0, 16064),
        ("skb_change_head", (15965,), -22, 100),
        ("skb_change_proto", (0xDD86, 0), 0, 120),
        ("skb_change_proto", (0xDD86, 1), -22, 100),
        ("skb_change_proto", (0x0008, 0), -524, 100),
        ("skb_adjust_room", (40, 0, 0), 0, 140),
        ("skb_adjust_room", (4096, 0, 0), -14, 100),
        ("skb_adjust_room", (40, 0, 6), -22, 100),
        ("skb_adjust_room", (40, 1, 2), 0, 140),
        ("skb_adjust_room", (40, 1, 128), -22, 100),
        ("skb_adjust_room", (-40, 1, 2), -22, 100),
        ("skb_adjust_room", (-40, 1, 64), -22, 100),
        ("skb_adjust_room", (-40, 0, 128), 0, 60),
        # Only BPF_F_ADJ_ROOM_FIXED_GSO, _NO_CSUM_RESET and _DECAP_L3 go with shrinking (bpf_skb_net_shrink).
        ("skb_adjust_room", (-40, 0, 1), 0, 60),
        ("skb_adjust_room", (-40, 0, 32), 0, 60),
        ("skb_adjust_room", (-80, 0, 0), -524, 100),
        ("skb_adjust_room", (40, 2, 0), -524, 100),
    ],
)
def test_moves_of_a_socket_buffer_s_ends(
    host: Host, call: Callable[..., int], name: str, arguments: tuple[int, ...], returned: int, length: int
) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(_ip(b"\x08\x00", 100), None)
    assert call(name, context, *arguments) == returned & (1 << 64) - 1
    assert len(packet.data) == length


def test_the_headers_of_a_socket_buffer_move_with_it(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = packet.start(_ip(b"\x08\x00", 100), None)
    assert (call("skb_change_head", context, 14), packet.network_offset) == (0, 28)
    # The protocol is what the packet came with, whatever bytes are in front of it now.
    assert (call("skb_adjust_room", context, 8, 1, 2), packet.encapsulated, len(packet.data)) == (0, True, 122)
    assert call("skb_adjust_room", context, 8, 1, 2) == -114 & (1 << 64) - 1  # EALREADY
    assert call("skb_change_proto", context, 0xDD86) == 0
    assert packet.protocol == b"\x86\xdd"
    packet.start(_ip(b"\x08\x00", 100), None)
    assert (packet.network_offset, packet.encapsulated) == (14, False)


@pytest.mark.parametrize(("frags", "returned"), [(0, EINVAL), (1, 0)])
def test_the_least_integer_shortens_no_fragments(
    host: Host, call: Callable[..., int], frags: int, returned: int
) -> None:
    packet = host.packet = XdpPacket(host.memory, "little")
    context = packet.start(bytes(3520 + frags), None)
    assert call("xdp_adjust_tail", context, -(1 << 31) & 0xFFFF_FFFF) == returned
    assert len(packet.result) == 3520 + frags


def test_where_a_packet_would_go_is_a_verdict(host: Host, call: Callable[..., int]) -> None:
    packet = host.packet = XdpPacket(host.memory, "little")
    packet.start(bytes(60), None)
    assert (call("redirect", 3, 0), call("redirect", 3, 1)) == (4, 0)  # XDP_REDIRECT, XDP_ABORTED
    buffer = host.packet = SkbPacket(host.memory, "little", ProgramType.SCHED_CLS)
    context = buffer.start(bytes(60), None)
    # TC_ACT_REDIRECT; TC_ACT_SHOT for flags that there are not.
    assert [call("redirect", 3, flags) for flags in (0, 1, 2)] == [7, 7, 2]
    assert [call("redirect_peer", 3, flags) for flags in (0, 1)] == [7, 2]
    assert [call("redirect_neigh", 3, 0, size, 0) for size in (0, 19, 20)] == [7, 2, 7]
    assert call("clone_redirect", context, 3, 0) == EINVAL


def test_what_a_probed_function_would_return(host: Host, call: Callable[..., int]) -> None:
    assert call("override_return", host.memory.map("context", 168).base, -12 & (1 << 64) - 1) == 0
    assert host.retval == -12 & (1 << 64) - 1


def test_the_registers_of_a_task_are_zeros(host: Host, call: Callable[..., int]) -> None:
    registers = call("task_pt_regs", 0)
    assert registers == call("task_pt_regs", 0) != 0
    assert host.memory.read(registers, 168) == bytes(168)


def test_texts_end_with_a_zero_with_their_region_or_at_a_limit(host: Host) -> None:
    place = host.memory.map("text", b"abc\0def").base
    assert [host.text(place + at, limit) for at, limit in ((0, 9), (0, 2), (3, 9), (4, 9), (6, 9))] == [
        b"abc",
        b"ab",
        b"",
        b"def",
        b"f",
    ]
    with pytest.raises(AccessError, match=r"read of 1 byte\b"):
        host.text(place + 7, 9)
    with pytest.raises(AccessError, match=r"read of 1 byte\b"):
        host.text(0x10, 9)
