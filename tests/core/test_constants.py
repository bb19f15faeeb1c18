"""Names of numbers in fields: those of the headers, in the byte order of the field."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Literal, cast

import pytest

from bpftui.core import constants
from bpftui.core.constants import constant_name, has_names, named_number, version_text

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = ("linux/if_ether.h", "linux/if_packet.h", "netinet/in.h", "sys/socket.h", "linux/icmp.h")
MORE = ("linux/icmpv6.h", "linux/bpf.h", "netinet/tcp.h")
LATER = ("BPF_SOCK_OPS_TSTAMP", "NEW_SYN_RECV", "SOL_UDP", "IPPROTO_L2TP", "IPPROTO_MPTCP")
"""What headers of some distributions lack still."""


@pytest.mark.parametrize(
    ("field", "value", "order", "name"),
    [
        ("__sk_buff.protocol", 0x0008, "little", "bpf_htons(ETH_P_IP)"),
        ("__sk_buff.protocol", 0x0800, "big", "bpf_htons(ETH_P_IP)"),
        ("__sk_buff.protocol", 0x0800, "little", None),
        ("^__sk_buff.protocol", 0x86DD, "little", "ETH_P_IPV6"),
        ("ethhdr.h_proto", 0x81, "little", "bpf_htons(ETH_P_8021Q)"),
        ("ethhdr.h_proto", 0x10008, "little", None),
        ("__sk_buff.pkt_type", 1, "little", "PACKET_BROADCAST"),
        ("__sk_buff.pkt_type", 2, "little", "PACKET_MULTICAST"),
        ("iphdr.protocol", 6, "little", "IPPROTO_TCP"),
        ("iphdr.protocol", 0, "little", "IPPROTO_IP"),
        ("ipv6hdr.nexthdr", 0, "little", "IPPROTO_HOPOPTS"),
        ("ipv6hdr.nexthdr", 58, "little", "IPPROTO_ICMPV6"),
        ("bpf_sock_ops.op", 4, "little", "BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB"),
        ("sock_common.skc_state", 1, "little", "TCP_ESTABLISHED"),
        ("bpf_sock.state", 10, "big", "BPF_TCP_LISTEN"),
        ("iphdr.ttl", 6, "little", None),
        ("", 6, "little", None),
    ],
)
def test_names(field: str, value: int, order: Literal["little", "big"], name: str | None) -> None:
    assert constant_name(field, value, order) == name
    assert has_names(field) or name is None


@pytest.mark.parametrize(
    ("field", "numbers"),
    [
        (
            "ethhdr.h_proto",
            "3 800 806 6558 8035 8100 86dd 8808 8809 8847 8848 8863 8864 888e 88a8 88cc 88e5 88f7 894f",
        ),
        ("iphdr.protocol", "0 1 2 4 6 11 21 29 2f 32 33 3a 67 73 84 88 89 ff 106"),
        (
            "ipv6hdr.nexthdr",
            "0 1 2 4 6 11 21 29 2b 2c 2f 32 33 3a 3b 3c 67 73 84 88 89 ff 106",
        ),
        ("sock_common.skc_family", "0 1 2 a 10 11 28 2c"),
        ("sock.sk_type", "1 2 3 5"),
        ("bpf_sock.state", "1 2 3 4 5 6 7 8 9 a b c"),
        ("sock_common.skc_state", "1 2 3 4 5 6 7 8 9 a b c"),
        ("bpf_sock_ops.op", "0 1 2 3 4 5 6 7 8 9 a b c d e f 10 11 12 13 14"),
        ("__sk_buff.pkt_type", "0 1 2 3 4"),
        ("bpf_sockopt.level", "0 1 6 11 29"),
        ("icmphdr.type", "0 3 5 8 b c"),
        ("icmp6hdr.icmp6_type", "1 2 3 4 80 81"),
    ],
)
def test_which_numbers_have_names(field: str, numbers: str) -> None:
    """That the names are right is asked below; that none of the numbers lacks one, here."""
    found = [number for number in range(1 << 16) if constant_name(f"^{field}", number, "little")]
    assert " ".join(f"{number:x}" for number in found) == numbers


def test_a_number_is_found_by_its_name() -> None:
    assert named_number("IPPROTO_UDP") == 17
    assert named_number("ETH_P_IPV6") == 0x86DD
    assert named_number("PACKET_HOST") == 0
    assert named_number("IPPROTO_WHATEVER") is None


def test_versions_of_linux() -> None:
    assert version_text(0x60C22) == "6.12.34"
    assert version_text(0x0) == "0.0.0"
    assert version_text(0x504FF) == "5.4.255"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_they_are_those_of_the_headers(tmp_path: Path) -> None:
    """A wrong value would not compile."""
    named = vars(constants).items()
    found = [table for name, table in named if name.isupper() and name not in ("_FIELDS", "_NAMES")]
    tables = [cast("dict[int, str]", table) for table in found if isinstance(table, dict)]
    pairs = {(name, number) for table in tables for number, name in table.items()}
    pairs = {(name, number) for name, number in pairs if not any(word in name for word in LATER)}
    assert len(pairs) > 100
    source = tmp_path / "constants.c"
    lines = [f"#include <{header}>" for header in (*HEADERS, *MORE)]
    lines += [f'_Static_assert({name} == {number}, "{name}");' for name, number in sorted(pairs)]
    source.write_text("\n".join(lines) + "\n")
    done = subprocess.run(["gcc", "-fsyntax-only", str(source)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
