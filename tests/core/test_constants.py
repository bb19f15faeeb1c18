"""Names of numbers in fields: those of the headers, in the byte order of the field."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Literal, cast

import pytest

from bpftui.core import constants
from bpftui.core.constants import constant_name, has_names, version_text

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
