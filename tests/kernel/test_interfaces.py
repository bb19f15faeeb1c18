"""Interfaces, as the kernel tells them; everything is built in namespaces of the test's own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.kernel.net.interfaces import XdpAttachment, find, interfaces, netlink, rx_packets
from bpftui.core.kernel.sys.namespace import NetworkNamespace

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel

COUNT_PACKETS_O = Path(__file__).parents[2] / "bpf" / "count_packets.o"


def build(route: Any) -> None:
    """Make a bridge that is down, and a veth pair with addresses and a default route."""
    route.link("add", ifname="br0", kind="bridge", mtu=1400)
    route.link("add", ifname="left", kind="veth", peer="right")
    for name in ("left", "right"):
        route.link("set", index=route.link_lookup(ifname=name)[0], state="up")
    left = route.link_lookup(ifname="left")[0]
    route.addr("add", index=left, address="192.0.2.1", prefixlen=24)
    route.addr("add", index=left, address="2001:db8::1", prefixlen=64)
    route.route("add", dst="default", gateway="192.0.2.254")


@pytest.fixture(scope="module")
def namespace() -> Iterator[NetworkNamespace]:
    with NetworkNamespace() as namespace:
        netlink(build, namespace)
        yield namespace


def test_interfaces_of_a_namespace(namespace: NetworkNamespace) -> None:
    found = {interface.name: interface for interface in interfaces(namespace)}
    assert sorted(found) == ["br0", "left", "lo", "right"]
    assert next(iter(found)) == "lo"
    assert {name: found[name].kind for name in found} == {
        "lo": "loopback",
        "br0": "bridge",
        "left": "veth",
        "right": "veth",
    }
    assert (found["br0"].up, found["br0"].mtu, found["br0"].addresses) == (False, 1400, ())
    left = found["left"]
    assert (left.up, left.carrier, left.mtu, left.xdp) == (True, True, 1500, None)
    assert {"192.0.2.1/24", "2001:db8::1/64"} <= set(left.addresses)
    assert [name for name in found if found[name].default_route] == ["left"]
    assert left.index == namespace.run(lambda: socket.if_nametoindex("left"))


def test_the_process_s_own_interfaces() -> None:
    assert {(each.index, each.name) for each in interfaces()} == set(socket.if_nameindex())
    lo = find("lo")
    assert "127.0.0.1/8" in lo.addresses
    assert not lo.default_route


def test_an_event_loop_that_runs_is_no_obstacle(namespace: NetworkNamespace) -> None:
    async def ask() -> tuple[int, int]:
        return len(interfaces()), len(interfaces(namespace))

    assert asyncio.run(ask()) == (len(socket.if_nameindex()), 4)


def test_an_unknown_name_names_the_nearest(namespace: NetworkNamespace) -> None:
    with pytest.raises(UnknownNameError) as raised:
        find("lefd", namespace)
    assert str(raised.value) == "there is no interface 'lefd'"
    assert raised.value.hint == "did you mean 'left'?"
    with pytest.raises(UnknownNameError, match="'nope'"):
        rx_packets("nope", namespace)


def test_a_target_is_where_it_was_found(namespace: NetworkNamespace) -> None:
    target = find("left", namespace).target("generic", namespace)
    assert (target.name, target.mode, target.namespace) == ("left", "generic", namespace)
    assert target.index == namespace.run(lambda: socket.if_nametoindex("left"))


def test_counters_are_the_namespace_s(namespace: NetworkNamespace) -> None:
    before = rx_packets("right", namespace)

    def send() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as channel:
            channel.bind(("left", 0))
            for _ in range(10):
                channel.send(bytes(60))

    namespace.run(send)
    assert rx_packets("right", namespace) >= before + 10
    assert find("right", namespace).rx_packets >= before + 10
    assert rx_packets("lo") == int(Path("/sys/class/net/lo/statistics/rx_packets").read_text())


@pytest.mark.parametrize(("keyword", "mode"), [("xdpgeneric", "generic"), ("xdpdrv", "native")])
def test_an_xdp_program_is_seen(namespace: NetworkNamespace, keyword: str, mode: str) -> None:
    path = namespace.run(lambda: f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net")
    # For an object ip mounts a bpffs at /sys/fs/bpf where there is none; in a mount namespace of its own, it goes away.
    ip = ["nsenter", f"--net={path}", "unshare", "--mount", "ip", "link", "set", "left", keyword]
    subprocess.run([*ip, "obj", str(COUNT_PACKETS_O), "sec", "xdp"], check=True)
    try:
        xdp = find("left", namespace).xdp
    finally:
        subprocess.run([*ip, "off"], check=True)
    assert isinstance(xdp, XdpAttachment)
    assert xdp.mode == mode
    assert xdp.program_id > 0
    assert find("left", namespace).xdp is None


def test_the_way_to_the_ssh_client_is_marked(namespace: NetworkNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def marked() -> list[str]:
        return [interface.name for interface in interfaces(namespace) if interface.ssh_peer]

    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22")
    assert marked() == ["left"]
    monkeypatch.setenv("SSH_CONNECTION", "2001:db8::7 50000 2001:db8::1 22")
    assert marked() == ["left"]
    monkeypatch.setenv("SSH_CONNECTION", "fe80::7%lo 50000 fe80::1 22")
    assert marked() == ["lo"]
    monkeypatch.setenv("SSH_CONNECTION", "nonsense")
    assert marked() == []
