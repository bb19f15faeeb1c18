"""An IP packet where a frame is due is told from a frame, whatever address that begins with."""

from __future__ import annotations

import pytest

from bpftui.core.context.packet_sizes import check_packet, packet_remark, packet_sizes
from bpftui.core.errors import UsageError
from bpftui.core.spec import ProgramSpec
from bpftui.core.uapi import ProgramType

IPV4 = bytes.fromhex("45000024000100004011f9637f0000017f00000104d2003500106162ca61642063616665")
IPV6 = bytes.fromhex(
    "600000000008114020010db8000000000000000000000001" + "20010db8000000000000000000000002" + "04d2003500080000"
)
REMARK = "the packet begins like an IP packet, without an Ethernet header: tcpdump -xx has it"


@pytest.mark.parametrize(
    ("packet", "remark"),
    [
        (IPV4, REMARK),
        (IPV6, REMARK),
        (IPV4[:-4], ""),
        (b"\x02" * 12 + b"\x08\x00" + IPV4, ""),
        (b"\x45\x00" + b"\x02" * 10 + b"\x08\x00" + IPV4, ""),
        (b"\x60\x00" + b"\x02" * 10 + b"\x86\xdd" + IPV6, ""),
        (bytes(14), ""),
        (b"\x45" * 14, ""),
        (b"", ""),
    ],
)
def test_a_packet_without_an_ethernet_header_is_remarked_on(packet: bytes, remark: str) -> None:
    assert packet_remark(packet, packet_sizes(ProgramType.XDP)) == remark
    assert packet_remark(packet, packet_sizes(ProgramType.SCHED_CLS)) == remark
    assert packet_remark(packet, packet_sizes(ProgramType.NETFILTER)) == ""


@pytest.mark.parametrize("cut_or_padded", [IPV4[:24], IPV4.ljust(46, b"\0")])
def test_a_cut_or_padded_packet_is_known_by_the_sum_of_its_header(cut_or_padded: bytes) -> None:
    right = bytearray(cut_or_padded)
    right[10:12] = bytes.fromhex("7cc6")
    assert packet_remark(bytes(right), packet_sizes(ProgramType.XDP)) == REMARK
    right[11] ^= 1
    assert packet_remark(bytes(right), packet_sizes(ProgramType.XDP)) == ""


@pytest.mark.parametrize(
    ("type_", "sizes", "in_fragments"),
    [
        (ProgramType.XDP, (14, 3520, 73152), 73152),
        (ProgramType.SCHED_CLS, (14, 3712, 3712), 73344),
        (ProgramType.FLOW_DISSECTOR, (14, 4096, 4096), 4096),
        (ProgramType.NETFILTER, (20, 3712, 3712), 3712),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_sizes_in_pages_of_4096(type_: ProgramType, sizes: tuple[int, int, int], in_fragments: int) -> None:
    assert packet_sizes(type_) == sizes
    assert packet_sizes(type_, fragmented=True) == (*sizes[:2], in_fragments)


def _refusal(type_: ProgramType, packet: bytes) -> str:
    try:
        check_packet(ProgramSpec("p", "", type_), packet, packet_sizes(type_))
    except UsageError as error:
        return str(error)
    return ""


def test_a_packet_is_as_long_as_a_run_takes_it() -> None:
    wrong = {size: _refusal(ProgramType.SCHED_CLS, bytes(size)) for size in (13, 14, 3712, 3713)}
    assert wrong == {
        13: "a packet has 14 to 3712 bytes in test runs of type sched_cls, not 13",
        14: "",
        3712: "",
        3713: "a packet has 14 to 3712 bytes in test runs of type sched_cls, not 3713",
    }


@pytest.mark.parametrize(("ethertype", "name", "end"), [(b"\x08\x00", "IPv4", 34), (b"\x86\xdd", "IPv6", 54)])
def test_a_socket_buffer_holds_the_header_that_its_frame_announces(ethertype: bytes, name: str, end: int) -> None:
    frame = (bytes(12) + ethertype).ljust(end, b"\0")
    said = f"the packet says that it is {name}, whose header ends at byte {end}, and has {end - 1} bytes"
    assert _refusal(ProgramType.SCHED_CLS, frame) == ""
    assert _refusal(ProgramType.SCHED_CLS, frame[:-1]) == said
    assert _refusal(ProgramType.XDP, frame[:-1]) == ""
