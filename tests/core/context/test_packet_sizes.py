"""An IP packet where a frame is due is told from a frame, whatever address that begins with."""

from __future__ import annotations

import pytest

from bpftui.core.context.packet_sizes import packet_remark, packet_sizes
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
