"""What programs see of packets: their socket, their bytes by pointers, the keys of a flow."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.spec import ProgramType
from bpftui.core.vm import AccessError, Machine, Processor
from bpftui.core.vm.engine.memory import AddressSpace
from bpftui.core.vm.world.packet import FlowPacket, SkbPacket, XdpPacket
from tests.core.vm.programs import DW, EXIT, R0, R1, R2, W, load, mov, store_imm

if TYPE_CHECKING:
    from bpftui.core.btf import ByteOrder

IPV4 = bytes(12) + b"\x08\x00" + b"\x45" + bytes(11) + bytes((192, 0, 2, 1)) + bytes((192, 0, 2, 2))
SOURCE = bytes.fromhex("20010db8000000000000000000000001")
DESTINATION = bytes.fromhex("20010db8000000000000000000000002")
IPV6 = bytes(12) + b"\x86\xdd" + b"\x60" + bytes(7) + SOURCE + DESTINATION


def socket_of(packet: SkbPacket) -> bytes:
    (address,) = struct.unpack_from("<Q", packet.context.data, 168)
    return packet.memory.read(address, 80)


@pytest.mark.parametrize(
    ("data", "family", "source", "destination"),
    [
        (IPV4, 2, bytes((192, 0, 2, 1)) + bytes(16), bytes((192, 0, 2, 2)) + bytes(16)),
        (IPV6, 10, bytes(4) + SOURCE, bytes(4) + DESTINATION),
        (bytes(12) + b"\x08\x06" + bytes(28), 0, bytes(20), bytes(20)),
        (IPV6[:-1], 10, bytes(20), bytes(20)),
    ],
)
def test_the_socket_has_the_addresses_of_the_packet(
    data: bytes, family: int, source: bytes, destination: bytes
) -> None:
    packet = SkbPacket(AddressSpace(), "little", ProgramType.SCHED_CLS)
    packet.start(data, None)
    socket = socket_of(packet)
    assert struct.unpack_from("<I", socket, 4) == (family,)
    assert socket[24:44] == source  # src_ip4, src_ip6
    assert socket[52:72] == destination  # dst_ip4, dst_ip6
    assert struct.unpack_from("<II", socket, 72) == (7, 0xFFFF_FFFF)  # TCP_CLOSE, no receive queue


def test_the_context_of_a_socket_s_packet_has_its_addresses_too() -> None:
    packet = SkbPacket(AddressSpace(), "little", ProgramType.CGROUP_SKB)
    packet.start(IPV6, None)
    raw = bytes(packet.context.data)
    assert struct.unpack_from("<I", raw, 88) == (10,)  # family
    assert (raw[100:116], raw[116:132]) == (DESTINATION, SOURCE)  # remote_ip6, local_ip6


def test_programs_do_not_write_to_the_socket() -> None:
    processor = Processor()
    packet = SkbPacket(processor.memory, "little", ProgramType.SCHED_CLS)
    code = load(DW, R2, R1, 168) + store_imm(W, R2, 16, 1) + mov(R0, 0) + EXIT
    with pytest.raises(AccessError):
        Machine(code, processor=processor).execute(packet.start(IPV4, None))


@pytest.mark.parametrize(
    ("kind", "length"),
    # A socket filter has no pointers, and neither it nor a program of a control group sees the Ethernet header.
    [(ProgramType.SCHED_CLS, 34), (ProgramType.CGROUP_SKB, 20), (ProgramType.SOCKET_FILTER, 0)],
)
def test_pointers_to_the_packet(kind: ProgramType, length: int) -> None:
    packet = SkbPacket(AddressSpace(), "little", kind)
    packet.start(IPV4, None)
    data, end = struct.unpack_from("<II", packet.context.data, 76)
    assert end - data == length
    assert bool(data) is bool(length)


def test_flags_of_a_flow_are_given_and_its_keys_begin_behind_the_ethernet_header() -> None:
    packet = FlowPacket(AddressSpace(), "little")
    packet.start(IPV4, bytes(48) + struct.pack("<I", 3) + bytes(4))
    nhoff, thoff = struct.unpack_from("<HH", packet.result)
    assert (nhoff, thoff, packet.result[10:12]) == (14, 14, b"\x08\x00")
    assert struct.unpack_from("<I", packet.result, 48) == (3,)
    packet.start(IPV4, None)
    assert struct.unpack_from("<I", packet.result, 48) == (0,)


@pytest.mark.parametrize(
    ("delta", "is_moved", "length"),
    [
        (-1, True, 3999),  # from the fragments
        (-480, True, 3520),  # all of them
        (-1480, True, 2520),  # and from the page
        (-3986, True, 14),
        (-3987, False, 4000),
        (100, True, 4100),
    ],
)
def test_the_tail_of_a_packet_with_fragments(delta: int, is_moved: bool, length: int) -> None:
    packet = XdpPacket(AddressSpace(), "little")
    packet.start(bytes(4000), None)
    assert packet.adjust_tail(delta) is is_moved
    assert packet.length == length == len(packet.result)


def fields(packet: XdpPacket) -> tuple[int, ...]:
    """Return `struct xdp_md`, addresses as offsets from the metadata's start."""
    data, end, meta, *rest = struct.unpack("<6I", packet.context.data)
    return data - meta, end - meta, *rest


def test_the_head_of_a_packet_moves_within_its_headroom() -> None:
    """256 bytes, of which a `struct xdp_frame` takes 40 (bpf_xdp_adjust_head in net/core/filter.c)."""
    packet = XdpPacket(AddressSpace(), "little")
    packet.start(bytes(range(60)), None)
    assert (packet.adjust_head(47), packet.adjust_head(46)) == (False, True)  # an Ethernet header is left
    assert (packet.length, packet.whole) == (14, bytes(range(46, 60)))
    assert (packet.adjust_head(-46), packet.whole) == (True, bytes(range(60)))  # what was there comes to light
    assert (packet.adjust_head(-217), packet.adjust_head(-216)) == (False, True)
    assert (packet.length, packet.whole) == (276, bytes(216) + bytes(range(60)))
    assert (packet.adjust_head(-1), fields(packet)) == (False, (0, 276, 1, 0, 0))
    # In one page, with 320 bytes for the kernel behind: 4096 - 40 - 320.
    assert (packet.adjust_tail(3736 - 276), packet.length, packet.adjust_tail(1)) == (True, 3736, False)


def test_the_tail_of_a_packet_moves_within_its_page() -> None:
    packet = XdpPacket(AddressSpace(), "little")
    packet.start(b"\xff" * 60, None)
    assert (packet.adjust_tail(3461), packet.adjust_tail(3460), packet.length) == (False, True, 3520)
    assert packet.whole == b"\xff" * 60 + bytes(3460)
    assert (packet.adjust_tail(-3507), packet.adjust_tail(-3506), packet.length) == (False, True, 14)
    assert (packet.adjust_tail(0), packet.length) == (True, 14)


def test_metadata_is_in_front_and_moves_along() -> None:
    """In steps of 4, within the headroom, at most 255 (xdp_metalen_invalid in include/net/xdp.h)."""
    packet = XdpPacket(AddressSpace(), "little")
    packet.start(bytes(range(60)), None)
    results = {delta: packet.adjust_meta(delta) for delta in (4, -2, -220, -256)}
    assert results == {4: -errno.EINVAL, -2: -errno.EACCES, -220: -errno.EINVAL, -256: -errno.EINVAL}
    assert (packet.adjust_meta(-216), packet.adjust_meta(212)) == (0, 0)
    assert (packet.meta, packet.length, fields(packet)) == (4, 60, (4, 64, 1, 0, 0))
    packet.data[:4] = b"meta"
    assert (packet.adjust_head(-213), packet.adjust_head(-212)) == (False, True)
    assert (packet.whole[:5], packet.length) == (b"meta\0", 272)
    assert packet.read(212, 3) == b"\0\1\2"
    assert (packet.adjust_head(212), packet.adjust_meta(4), fields(packet)) == (True, 0, (0, 60, 1, 0, 0))


def test_a_packet_is_read_and_written_over_its_fragments() -> None:
    packet = XdpPacket(AddressSpace(), "little")
    data = bytes(at % 251 for at in range(4000))
    packet.start(data, None)
    assert (len(packet.data), len(packet.fragments), packet.length) == (3520, 480, 4000)
    for offset, size in ((0, 4), (3518, 4), (3520, 4), (3996, 4), (0, 4000)):
        assert packet.read(offset, size) == data[offset : offset + size]
    assert (packet.read(3997, 4), packet.write(3997, b"abcd")) == (None, False)
    assert (packet.write(3518, b"abcd"), packet.write(3996, b"wxyz"), packet.write(5, b"5")) == (True, True, True)
    changed = bytearray(data)
    changed[3518:3522], changed[3996:], changed[5:6] = b"abcd", b"wxyz", b"5"
    assert packet.result == bytes(changed)
    # The last page has room for what it has not.
    assert (packet.adjust_tail(4096 - 480 + 1), packet.adjust_tail(4096 - 480)) == (False, True)
    assert packet.adjust_tail(-(1 << 31))
    assert packet.length == 3520 + 4096


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((8, 60, 0, 0, 0, 0), ""),
        ((216, 250, 0, 1, 0, 0), ""),
        ((220, 250, 0, 0, 0, 0), "metadata has at most 216 bytes, a multiple of 4, and not 220"),
        ((6, 60, 0, 0, 0, 0), "a multiple of 4, and not 6"),
        ((8, 60, 4, 0, 0, 0), "the context does not fit the packet"),
        ((8, 4, 0, 0, 0, 0), "the context does not fit the packet"),
        ((0, 301, 0, 0, 0, 0), "at most the 300 bytes that there are"),
        ((0, 300, 0, 0, 0, 0), ""),
        ((8, 60, 0, 0, 0, 1), "egress_ifindex is not given"),
        ((8, 60, 0, 0, 1, 0), "ingress_ifindex names none"),
        ((8, 60, 0, 1, 1, 0), "ingress_ifindex has one queue in a test run"),
        ((8, 60, 0, 2, 0, 0), "there is no interface 2"),
    ],
)
def test_what_a_context_says_of_an_xdp_packet(given: tuple[int, ...], said: str) -> None:
    """As xdp_convert_md_to_buff in net/bpf/test_run.c takes it: `data` is the length of the metadata."""
    packet = XdpPacket(AddressSpace(), "little")
    if said:
        with pytest.raises(UsageError, match=said):
            packet.start(bytes(300), struct.pack("<6I", *given))
        return
    packet.start(bytes(300), struct.pack("<6I", *given))
    meta, end, _, interface, *_ = given
    assert fields(packet) == (meta, end, 1, 0, 0)
    assert (packet.length, len(packet.fragments)) == (300 - meta, 300 - end)
    assert struct.unpack("<6I", packet.changed_context) == (meta, end, 0, interface, 0, 0)


def test_what_is_no_metadata_is_an_ethernet_header_at_least() -> None:
    packet = XdpPacket(AddressSpace(), "little")
    packet.start(bytes(22), struct.pack("<6I", 8, 22, 0, 0, 0, 0))
    with pytest.raises(UsageError, match="of which 14 are no metadata"):
        packet.start(bytes(21), struct.pack("<6I", 8, 21, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("frame", "kind", "protocol"),
    [
        ("000000000000 020000000001 0800", 0, "0800"),  # to lo itself: PACKET_HOST
        ("ffffffffffff 020000000001 0806", 1, "0806"),  # PACKET_BROADCAST
        ("01005e000001 020000000001 0800", 2, "0800"),  # PACKET_MULTICAST
        ("020000000002 020000000001 0600", 3, "0600"),  # PACKET_OTHERHOST
        ("000000000000 020000000001 05ff", 0, "0004"),  # a length: ETH_P_802_2
        ("000000000000 020000000001 05ff ffff", 0, "0001"),  # ETH_P_802_3, of Novell
    ],
)
def test_what_eth_type_trans_makes_of_a_frame(frame: str, kind: int, protocol: str) -> None:
    for order in ("little", "big"):
        packet = SkbPacket(AddressSpace(), order, ProgramType.SCHED_CLS)
        packet.start(bytes.fromhex(frame).ljust(60, b"\0"), None)
        raw = bytes(packet.context.data)
        assert int.from_bytes(raw[4:8], order) == kind
        # Two bytes in network order, as a number of four in the machine's.
        assert raw[16:20].hex() == (f"{protocol}0000" if order == "little" else f"0000{protocol}")
        assert packet.protocol.hex() == protocol


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_tag_of_a_vlan_is_beside_the_packet(order: ByteOrder) -> None:
    packet = SkbPacket(AddressSpace(), order, ProgramType.SCHED_CLS)
    packet.start(IPV4, None)
    assert packet.tag is None
    packet.tag = b"\x81\x00", 0x2005
    present, tci, protocol = (int.from_bytes(packet.context.data[at : at + 4], order) for at in (20, 24, 28))
    assert (present, tci, protocol.to_bytes(2, order)) == (1, 0x2005, b"\x81\x00")
    assert packet.tag == (b"\x81\x00", 0x2005)
    packet.tag = None
    assert (packet.tag, bytes(packet.context.data[20:32])) == (None, bytes(12))


def test_what_a_test_run_takes_of_a_context_and_gives_back() -> None:
    """mark, priority, ingress_ifindex, ifindex, cb, tstamp, wire_len, gso_segs, gso_size and hwtstamp, no more."""
    packet = SkbPacket(AddressSpace(), "little", ProgramType.SCHED_CLS)
    given = bytes(range(1, 161)) + (40).to_bytes(4, "little") + bytes(range(165, 193))
    packet.start(IPV4, given)
    raw = bytes(packet.context.data)
    taken = [at for at in range(192) if raw[at] == given[at] and at not in range(76, 88)]
    assert taken == [
        *range(8, 12),
        *range(32, 44),
        *range(48, 68),
        *range(152, 168),
        *range(176, 180),
        *range(184, 192),
    ]
    packet.context.data[8:12] = b"mark"
    packet.context.data[164:168] = b"segs"
    packet.context.data[176:180] = b"size"
    back = packet.changed_context
    assert (back[8:12], back[164:168], back[176:180]) == (b"mark", b"segs", given[176:180])
    assert back[:8] == given[:8]


@pytest.mark.parametrize(("length", "told"), [(0, 34), (34, 34), (0x10000, 0x10000), (33, None), (0x10001, None)])
def test_how_long_a_packet_was_on_the_wire(length: int, told: int | None) -> None:
    packet = SkbPacket(AddressSpace(), "little", ProgramType.SCHED_CLS)
    context = bytes(160) + length.to_bytes(4, "little")
    if told is None:
        with pytest.raises(UsageError, match=f"wire_len of {length} bytes does not fit a packet of 34"):
            packet.start(IPV4, context)
        return
    packet.start(IPV4, context)
    assert struct.unpack_from("<I", packet.context.data, 160) == (told,)
    assert struct.unpack_from("<I", packet.context.data, 40) == (1,)  # lo, where none is given


@pytest.mark.parametrize(
    ("kind", "offset", "size", "read"),
    [
        (ProgramType.SCHED_CLS, 12, 2, 0x0800),
        (ProgramType.SCHED_CLS, 33, 1, 2),
        (ProgramType.SCHED_CLS, 33, 2, None),
        (ProgramType.SCHED_CLS, -0x100000, 1, 0x45),  # SKF_NET_OFF
        (ProgramType.SCHED_CLS, -0x200000 + 12, 2, 0x0800),  # SKF_LL_OFF
        (ProgramType.SOCKET_FILTER, 0, 1, 0x45),  # it begins behind the Ethernet header
        (ProgramType.SOCKET_FILTER, -0x100000, 1, 0x45),
        (ProgramType.SOCKET_FILTER, -0x200000 + 12, 2, 0x0800),
        (ProgramType.SOCKET_FILTER, -0x200000 - 1, 1, None),
        (ProgramType.SOCKET_FILTER, 19, 1, 2),
    ],
)
def test_legacy_loads(kind: ProgramType, offset: int, size: int, read: int | None) -> None:
    packet = SkbPacket(AddressSpace(), "little", kind)
    packet.start(IPV4, None)
    assert packet.load(offset, size) == read


@pytest.mark.parametrize(
    ("left", "kept"), [((0, 0), (14, 14)), ((20, 18), (20, 20)), ((14, 34), (14, 34)), ((60, 99), (34, 34))]
)
def test_offsets_that_a_flow_dissector_leaves_lie_in_the_packet(left: tuple[int, int], kept: tuple[int, int]) -> None:
    """`nhoff` and `thoff` of struct bpf_flow_keys, clamped as bpf_flow_dissect in net/core/flow_dissector.c does it."""
    packet = FlowPacket(AddressSpace(), "little")
    packet.start(IPV4, None)
    data, end = struct.unpack_from("<II", packet.context.data, 76)
    (keys,) = struct.unpack_from("<Q", packet.context.data, 144)
    assert (packet.memory.read(data, 34), end - data) == (IPV4, 34)
    packet.memory.write(keys, struct.pack("<HH", *left))
    assert struct.unpack_from("<HH", packet.result) == kept
    assert packet.changed_context == b""


def test_the_context_of_xdp_cannot_be_written_to() -> None:
    processor = Processor()
    packet = XdpPacket(processor.memory, "little")
    machine = Machine(mov(R0, 0) + store_imm(W, R1, 0, 7) + EXIT, processor=processor)
    with pytest.raises(AccessError, match="write of 4 bytes"):
        machine.execute(packet.start(bytes(60), None))
