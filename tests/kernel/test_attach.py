"""Attaching programs of every type that this kernel takes: what they count, what they say, and that they go away."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from bpftui.core import kernel
from bpftui.core.errors import AttachError, BpftuiError, FeatureError, UnknownNameError, UsageError
from bpftui.core.kernel import Sandbox
from bpftui.core.kernel.attach import interface
from bpftui.core.kernel.net.interfaces import netlink
from bpftui.core.kernel.net.sandbox import SENDER
from bpftui.core.kernel.sys.perf import event_type, read_tracefs
from bpftui.core.kernel.sys.syscall import BpfError, Command
from bpftui.core.live import Session
from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import AttachType, CollectionSpec
from tests.kernel.control_group import control_group
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bpftui.core.kernel import KernelCollection, Link

pytestmark = pytest.mark.kernel

OBJECT = Path(__file__).parents[1] / "objects/attached.o"


@pytest.fixture
def loaded() -> Iterator[KernelCollection]:
    with kernel.load(CollectionSpec.from_file(OBJECT)) as collection:
        assert not collection.problems
        yield collection


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        made.namespace.run(lambda: netlink(_up))
        yield made


def _up(route: Any) -> None:
    route.link("set", index=1, state="up")


def _attach(loaded: KernelCollection, program: str, text: str = "", sandbox: Sandbox | None = None) -> Link:
    spec = loaded.spec.program(program)
    return loaded.programs[program].attach(loaded.runtime.target(spec, text, sandbox))


def _count(loaded: KernelCollection, name: str) -> int:
    value = loaded.variables[name].get()
    assert isinstance(value, int)
    return value


def _talk() -> None:
    """Send one packet to a socket of the own network namespace, which is connected to."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with one, two:
        one.bind(("127.0.0.1", 0))
        two.connect(one.getsockname())
        two.send(b"hello")
        assert one.recv(16) == b"hello"


def test_tc_counts_what_comes_in_beside_other_programs(loaded: KernelCollection, sandbox: Sandbox) -> None:
    with _attach(loaded, "on_tc", "sandbox", sandbox) as link, _attach(loaded, "on_tc", "sandbox,egress", sandbox):
        assert link.id > 0
        sandbox.send(100)
        assert _count(loaded, "in_tc") == 100
    sandbox.send(100)
    assert _count(loaded, "in_tc") == 100


def test_tc_counts_what_goes_out(loaded: KernelCollection, sandbox: Sandbox) -> None:
    index = sandbox.namespace.run(lambda: socket.if_nametoindex(SENDER))
    with loaded.programs["on_tcx"].attach(AttachTarget(SENDER, index, sandbox.namespace)):
        sandbox.send(100)
    assert _count(loaded, "in_tcx") == 100


def test_a_socket_filter_sees_what_comes_in(loaded: KernelCollection, sandbox: Sandbox) -> None:
    with _attach(loaded, "on_filter", "sandbox", sandbox) as link:
        assert link.id == 0
        sandbox.send(100)
        assert _count(loaded, "in_filter") == 100
    sandbox.send(100)
    assert _count(loaded, "in_filter") == 100


def test_netfilter_and_socket_lookup_see_their_namespace_only(loaded: KernelCollection, sandbox: Sandbox) -> None:
    with _attach(loaded, "on_netfilter", "sandbox,output", sandbox), _attach(loaded, "on_lookup", "sandbox", sandbox):
        sandbox.namespace.run(_talk)
        assert _count(loaded, "in_netfilter") == 1
        assert _count(loaded, "in_lookup") == 1
        with pytest.raises(AttachError, match="something has the priority -128 at that hook already"):
            _attach(loaded, "on_netfilter", "sandbox,output", sandbox)
        with _attach(loaded, "on_netfilter", "sandbox,output,priority=7", sandbox):
            sandbox.namespace.run(_talk)
        assert _count(loaded, "in_netfilter") == 3
    sandbox.namespace.run(_talk)
    assert _count(loaded, "in_netfilter") == 3


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Path]:
    """A control group of our own."""
    with control_group(tmp_path) as made:
        yield made


def test_a_control_group_s_processes_are_seen_and_no_others(
    loaded: KernelCollection, sandbox: Sandbox, group: Path
) -> None:
    code = (
        "import sys, os, socket; open(sys.argv[1] + '/cgroup.procs', 'w').write(str(os.getpid()))\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('127.0.0.1', 9)); s.send(b'x')\n"
    )
    with _attach(loaded, "on_connect4", group.name), _attach(loaded, "on_cgroup", str(group)) as link:
        assert link.target.name == str(group)
        sandbox.namespace.run(_talk)
        assert _count(loaded, "in_connect") == 0
        sandbox.namespace.run(lambda: subprocess.run([sys.executable, "-c", code, str(group)], check=True))
        assert _count(loaded, "in_connect") == 1
        assert _count(loaded, "in_cgroup") == 1


def _getpgid() -> None:
    for _ in range(10):
        os.getpgid(0)


def _fork() -> None:
    subprocess.run(["true"], check=True)


@pytest.mark.parametrize(
    ("program", "target", "variable", "do", "least"),
    [
        ("on_tracepoint", "", "in_tracepoint", _getpgid, 10),
        ("on_tracepoint", "syscalls:sys_exit_getpgid", "in_tracepoint", _getpgid, 10),
        ("on_raw", "", "in_raw", _fork, 1),
        ("on_uprobe", "", "in_uprobe", _getpgid, 10),
        ("on_uretprobe", "libc.so.6:getpgid", "in_return", _getpgid, 10),
        ("on_uprobes", "", "in_uprobes", _getpgid, 10),
        ("on_event", "", "in_event", lambda: time.sleep(0.2), 1),
        ("on_event", "cpu-clock,period=1000000", "in_event", lambda: sum(range(3_000_000)), 10),
    ],
)
def test_hooks_of_the_kernel_and_of_libraries(
    loaded: KernelCollection, program: str, target: str, variable: str, do: Callable[[], None], least: int
) -> None:
    with _attach(loaded, program, target) as link:
        assert link.id > 0
        do()
        assert _count(loaded, variable) >= least
    # Others may run into the hook too, but once it is gone nobody does.
    after = _count(loaded, variable)
    do()
    assert _count(loaded, variable) == after


def test_without_a_target_a_program_goes_where_its_section_says(loaded: KernelCollection) -> None:
    with loaded.programs["on_tracepoint"].attach() as link:
        assert link.target == AttachTarget("syscalls/sys_enter_getpgid")
    with pytest.raises(UsageError, match="on_uretprobe: its section uretprobe does not say to what"):
        loaded.programs["on_uretprobe"].attach()
    with pytest.raises(UsageError, match=r"program on_tc .sched_cls. is attached to an interface"):
        loaded.programs["on_tc"].attach()


def test_sockets_in_a_map_are_seen(loaded: KernelCollection, sandbox: Sandbox) -> None:
    with _attach(loaded, "on_verdict", "sockets"), _attach(loaded, "on_message", "sockets"):
        left, right = sandbox.namespace.run(_connected)
        with left, right:
            loaded.maps["sockets"].update(0, right.fileno())
            loaded.maps["sockets"].update(1, left.fileno())
            left.send(b"hello")
            assert right.recv(16) == b"hello"
            assert _count(loaded, "in_verdict") == 1
            assert _count(loaded, "in_message") == 1


def _connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        left = socket.create_connection(server.getsockname())
        return left, server.accept()[0]


@pytest.mark.parametrize(
    ("program", "target", "error", "said"),
    [
        ("on_tracepoint", "syscalls/sys_enter_getpgidd", UnknownNameError, "there is no tracepoint 'syscalls/sys_en"),
        ("on_tracepoint", "getpgid", UsageError, "'getpgid': that is no tracepoint"),
        ("on_raw", "nothing", UsageError, "this kernel has no raw tracepoint nothing"),
        ("on_uprobe", "libc.so.6:nothing", UnknownNameError, "there is no function 'nothing' in /"),
        ("on_uprobe", "nothing:f", UsageError, "there is no executable and no library nothing"),
        ("on_uprobe", "getpgid", UsageError, "'getpgid' names no function of a file"),
        ("on_uprobe", "/etc/passwd:f", UsageError, "cannot look for functions in /etc/passwd"),
        ("on_event", "nothing", UnknownNameError, "there is no performance event 'nothing'"),
        ("on_event", "cpu-clock,freq=0", UsageError, "a frequency or period is at least 1"),
        ("on_verdict", "nothing", UsageError, "to nothing: that is no map of sockets"),
        ("on_lookup", "/nothing", UsageError, "there is no network namespace at /nothing"),
        ("on_lookup", "/etc/passwd", AttachError, "cannot attach program on_lookup to /etc/passwd"),
        ("on_cgroup", "/nothing", UnknownNameError, "there is no control group '/nothing'"),
        ("on_tc", "nothing", UnknownNameError, "there is no interface 'nothing'"),
        ("on_tc", "eth0,sideways", UsageError, "'eth0,sideways' is nothing to attach program on_tc"),
    ],
)
def test_what_is_not_there_is_said(
    loaded: KernelCollection, program: str, target: str, error: type[BpftuiError], said: str
) -> None:
    with pytest.raises(error) as caught:
        _attach(loaded, program, target)
    assert said in caught.value.message
    assert not loaded.links


@pytest.mark.vmlinux
def test_an_iterator_s_output_is_read() -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("hooks.o"))
    with kernel.load(spec, programs={"each_task"}) as loaded, loaded.programs["each_task"].attach() as link:
        assert link.output() == b""


def test_kprobes_are_refused_in_words_or_count() -> None:
    spec = CollectionSpec.from_file(OBJECT)
    with kernel.load(spec, programs={"on_ksyscall"}) as loaded:
        if event_type("kprobe") is None:
            with pytest.raises(FeatureError, match="this kernel has no kprobes as perf events"):
                loaded.programs["on_ksyscall"].attach()
            return
        with loaded.programs["on_ksyscall"].attach():
            _getpgid()
        assert _count(loaded, "in_syscall") == 10


def test_a_session_makes_the_sandbox_that_is_asked_for() -> None:
    with Session(CollectionSpec.from_file(OBJECT), "kernel") as session:
        session.load()
        link = session.attach("on_tc", "sandbox")
        collection = session.collection
        assert collection is not None
        assert wait_for(lambda: bool(collection.variables["in_tc"].get()))
        session.detach(link)
        with pytest.raises(UsageError, match="that is no tracepoint"):
            session.attach("on_tracepoint", "sandbox")


def test_tracefs_is_read_where_it_is_not_mounted() -> None:
    before = Path("/proc/self/mounts").read_text()
    assert int(read_tracefs("events/sched/sched_switch/id")) > 0
    with pytest.raises(OSError, match="No such file") as caught:
        read_tracefs("events/nothing")
    assert caught.value.errno == errno.ENOENT
    assert Path("/proc/self/mounts").read_text() == before


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            errno.EACCES,
            r"it is the peer of a netkit pair, whose ends both get their programs at the primary one \(EACCES\)",
        ),
        (errno.ENXIO, r"it is no netkit interface \(ENXIO\)"),
        (errno.EINVAL, r"this kernel lacks netkit links \(Linux 6\.7\) \(EINVAL\)"),
    ],
)
def test_why_netkit_refuses_an_interface(number: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Linux 6.12 answered, which has such interfaces; others do not have the links at all."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise BpfError(Command.LINK_CREATE, number)

    monkeypatch.setattr(interface, "link_inside", refuse)
    spec = CollectionSpec.from_file(OBJECT)
    with kernel.load(spec, programs={"on_tcx"}) as collection:
        program = collection.programs["on_tcx"]
        program.spec.attach_type = AttachType.NETKIT_PRIMARY  # after loading: older kernels do not know it
        with pytest.raises(BpftuiError, match=said):
            program.attach(AttachTarget("lo", 1))
