"""The sandbox, for real: exact counts, honest rates, and nothing left, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import BpftuiError, UsageError
from bpftui.core.kernel.net.interfaces import find, netlink
from bpftui.core.kernel.net.sandbox import Sandbox
from bpftui.core.kernel.net.traffic import _Batch
from bpftui.core.kernel.sys.namespace import NetworkNamespace
from tests.waiting import PATIENCE, Effort, wait_for, waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def outside() -> Iterator[NetworkNamespace]:
    """A second namespace, to see from there when another one is freed."""
    with NetworkNamespace() as namespace:
        yield namespace


def namespace_path(namespace: NetworkNamespace) -> str:
    return namespace.run(lambda: f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net")


def add_probe(namespace: str) -> Callable[[Any], None]:
    """Return what makes a veth whose peer `probe` is in *namespace*: the kernel removes it with either side."""
    return lambda route: route.link(
        "add", ifname="inner", kind="veth", peer={"ifname": "probe", "net_ns_fd": namespace}
    )


def probe_is_gone(namespace: NetworkNamespace) -> bool:
    return "probe" not in namespace.run(Path("/proc/thread-self/net/dev").read_text)


def test_exactly_as_many_frames_arrive_as_are_sent(sandbox: Sandbox) -> None:
    before = sandbox.rx_packets()
    assert sandbox.send(100_000) == 100_000
    assert sandbox.rx_packets() - before == 100_000


def test_frames_are_given_as_they_are(sandbox: Sandbox) -> None:
    before = sandbox.rx_packets()
    sandbox.give([bytes(size) for size in (14, 60, 1514)])
    assert sandbox.rx_packets() == before + 3
    with pytest.raises(UsageError, match="packet 1 has 13 bytes"):
        sandbox.give([bytes(13)])


def test_one_call_sends_many_frames(sandbox: Sandbox) -> None:
    """What the kernel writes beside each of them lies where it has its place: `struct mmsghdr` is 64 bytes."""
    batch = _Batch([bytes(60)] * 5)
    before = sandbox.rx_packets()
    assert batch.send(sandbox._source._channel.fileno(), 1, 9) == 4
    sandbox._source.settle()
    assert sandbox.rx_packets() == before + 4
    assert [each.sent for each in batch._messages] == [0, 60, 60, 60, 60]


def test_nothing_but_what_is_asked_for_arrives(sandbox: Sandbox) -> None:
    before = sandbox.rx_packets()
    time.sleep(0.3)
    assert sandbox.rx_packets() == before
    assert sandbox.send(1) == 1
    assert sandbox.rx_packets() == before + 1
    assert find("veth1", sandbox.namespace).rx_packets == 0


def test_traffic_flows_and_is_never_faster_than_its_rate(sandbox: Sandbox) -> None:
    """That it is not slower either, where there is a processor for it, is told by the tests of the pacer."""
    start, before = time.monotonic(), sandbox.rx_packets()
    sandbox.rate = 1000
    assert wait_for(lambda: sandbox.rx_packets() - before >= 200)
    sandbox.stop()
    flowed = sandbox.rx_packets() - before
    assert flowed <= (time.monotonic() - start) * 1000 + 1


def test_a_rate_changes_and_ends_at_once(sandbox: Sandbox) -> None:
    sandbox.rate = 0.1  # the next frame is due in ten seconds
    time.sleep(0.05)
    before = sandbox.rx_packets()
    sandbox.rate = 2000
    assert sandbox.rate == 2000
    assert wait_for(lambda: sandbox.rx_packets() > before + 50)
    sandbox.stop()
    pace = sandbox._source._thread
    assert pace is not None
    assert wait_for(lambda: waits(pace.ident))  # what it was sending is sent
    before = sandbox.rx_packets()
    time.sleep(0.1)
    assert sandbox.rx_packets() == before
    assert sandbox.rate == 0
    for nonsense in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="rate"):
            sandbox.rate = nonsense


def test_traffic_that_breaks_off_is_told_at_the_end() -> None:
    sandbox = Sandbox()
    netlink(
        lambda route: route.link("set", index=find("veth1", sandbox.namespace).index, state="down"), sandbox.namespace
    )
    with pytest.raises(BpftuiError, match="cannot send packets: network is down"):
        sandbox.send(1)
    sandbox.rate = 100
    assert wait_for(lambda: sandbox.rate == 0)
    with pytest.raises(BpftuiError, match="network is down"):
        sandbox.close()
    sandbox.close()


def test_a_sandbox_is_made_in_milliseconds_and_leaves_nothing(sandbox: Sandbox, outside: NetworkNamespace) -> None:
    def resources() -> tuple[set[str], int]:
        return set(os.listdir("/proc/self/fd")), threading.active_count()

    before = resources()
    effort = Effort()
    with Sandbox() as other:
        assert effort.within(0.5)
        other.rate = 1000
        netlink(add_probe(namespace_path(outside)), other.namespace)
        assert not probe_is_gone(outside)
        assert (
            len({other.namespace.inode, sandbox.namespace.inode, outside.inode, os.stat("/proc/self/ns/net").st_ino})
            == 4
        )
    assert resources() == before
    assert wait_for(lambda: probe_is_gone(outside)), "the kernel has not freed the namespace"


def test_an_exception_leaves_nothing(outside: NetworkNamespace) -> None:
    def fail() -> None:
        with Sandbox() as sandbox:
            netlink(add_probe(namespace_path(outside)), sandbox.namespace)
            sandbox.rate = 1000
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert wait_for(lambda: probe_is_gone(outside))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_leaves_nothing(outside: NetworkNamespace, number: signal.Signals) -> None:
    code = f"""
import time
from bpftui.core.kernel.net.interfaces import netlink
from bpftui.core.kernel.net.sandbox import Sandbox
from bpftui.core.kernel.net.traffic import _Batch
sandbox = Sandbox()
sandbox.rate = 5000
peer = {{"ifname": "probe", "net_ns_fd": {namespace_path(outside)!r}}}
netlink(lambda route: route.link("add", ifname="inner", kind="veth", peer=peer), sandbox.namespace)
print("up", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            assert not probe_is_gone(outside)
        finally:
            process.send_signal(number)
    assert wait_for(lambda: probe_is_gone(outside))


def test_a_process_that_forgets_to_close_ends() -> None:
    code = "from bpftui.core.kernel.net.sandbox import Sandbox; s = Sandbox(); s.rate = 5000"
    done = subprocess.run([sys.executable, "-c", code], timeout=PATIENCE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_namespace_runs_calls_and_passes_their_errors(outside: NetworkNamespace) -> None:
    assert outside.run(lambda: outside.run(threading.get_ident)) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        outside.run(lambda: 1 // 0)
    threads: list[int] = []
    workers = [threading.Thread(target=lambda: threads.append(outside.run(threading.get_ident))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(threads) == 8
    assert len(set(threads)) == 1


def test_a_closed_namespace_says_so() -> None:
    namespace = NetworkNamespace()
    namespace.close()
    namespace.close()
    with pytest.raises(BpftuiError, match="closed"):
        namespace.run(lambda: None)
