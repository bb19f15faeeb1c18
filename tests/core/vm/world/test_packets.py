"""What programs see of packets: their socket, their bytes by pointers, the keys of a flow."""

from __future__ import annotations

import struct

import pytest

from bpftui.core.spec import ProgramType
from bpftui.core.vm import AccessError, Machine, Processor
from bpftui.core.vm.engine.memory import AddressSpace
from bpftui.core.vm.world.packet import FlowPacket, SkbPacket, XdpPacket
from tests.core.vm.programs import DW, EXIT, R0, R1, R2, W, load, mov, store_imm

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
