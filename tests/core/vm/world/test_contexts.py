"""Contexts of all hooks on the built-in machine: given by field, read and written by programs of real clang."""

from __future__ import annotations

import errno
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import HELPERS
from bpftui.core.asm.assembler import assemble
from bpftui.core.context.values import layout_of
from bpftui.core.errors import UsageError
from bpftui.core.live import Session
from bpftui.core.spec import AttachType, CollectionSpec, LinkedCode, ProgramSpec, ProgramType
from bpftui.core.traffic import CaptureWriter, Mix, Traffic, make_frames
from bpftui.core.vm.engine.errors import RunError
from bpftui.core.vm.engine.processor import Processor
from bpftui.core.vm.helpers import HelperTable
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.sandbox import Sandbox
from bpftui.core.vm.world.contexts import Context
from bpftui.core.vm.world.events import Events
from bpftui.core.vm.world.host import Host, signed
from bpftui.core.vm.world.settings import Settings
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.vm.collection import MachineCollection

OBJECT = Path(__file__).parents[3] / "objects" / "contexts.o"


@pytest.fixture
def loaded() -> Iterator[MachineCollection]:
    spec = CollectionSpec.from_file(OBJECT)
    with MachineRuntime().load(spec, programs=set(spec.programs)) as loaded:
        yield loaded


def test_a_connect_hook_changes_where_to(loaded: MachineCollection) -> None:
    program = loaded.programs["on_connect"]
    layout = layout_of(program.spec)
    assert layout is not None
    for port, address in ((443, "192.0.2.9"), (80, "198.51.100.1")):
        given = {"user_family": 2, "family": 2, "user_ip4": "198.51.100.1", "user_port": f"htons({port})"}
        result = program.run(context=given)
        assert result.retval == 1
        expected = layout.encode({**given, "user_ip4": address})
        assert result.context == expected
    assert loaded.variables["family"].get() == 2


def test_a_socket_option_has_a_value(loaded: MachineCollection) -> None:
    program = loaded.programs["on_option"]
    result = program.run(context={"level": 1, "optval": "hex:010203"})
    assert (result.retval, loaded.variables["seen"].get()) == (1, 6)
    assert struct.unpack_from("<4i", result.context, 24) == (1, 0, 1, 0)
    program.run(context={"optlen": 5, "optval": b"\x0a"})
    assert loaded.variables["seen"].get() == 16


def test_a_device_hook_decides(loaded: MachineCollection) -> None:
    program = loaded.programs["on_device"]
    assert program.run(context={"major": 1, "minor": 3}).retval == 1
    assert program.run(context={"major": 8}).retval == 0


def test_a_message_is_given_as_a_packet(loaded: MachineCollection) -> None:
    program = loaded.programs["on_message"]
    assert [program.run(data).retval for data in (b"GET /", b"PUT /", None)] == [1, 0, 0]
    with pytest.raises(UsageError, match="runs on a context, not on a packet"):
        loaded.programs["on_device"].run(b"x" * 20)


def test_a_system_call_has_the_arguments_of_its_type(loaded: MachineCollection) -> None:
    result = loaded.programs["on_syscall"].run(context={"count": 21, "name": "xyz"})
    assert (result.retval, result.context) == (ord("x"), struct.pack("<I8sI", 21, b"xyz", 42))


def test_arguments_of_a_tracepoint(loaded: MachineCollection) -> None:
    program = loaded.programs["on_rename"]
    names = layout_of(program.spec)
    assert names is not None
    program.run(context={names.fields[1].name: 77})
    assert loaded.variables["argument"].get() == 77
    program.run(context=struct.pack("<2Q", 1, 2))
    assert loaded.variables["argument"].get() == 2


@pytest.mark.vmlinux
def test_what_arguments_lead_to_is_given_by_members_as_text_or_as_bytes() -> None:
    spec = CollectionSpec.from_file(OBJECT.with_name("typed.o"))
    with MachineRuntime().load(spec, programs={"on_receive"}) as loaded:
        program, states = loaded.programs["on_receive"], loaded.variables["states"]  # |= 1 << sk->skc_state
        program.run(context={"sk": {"__sk_common": {"skc_family": 2, "skc_state": 3}}})
        assert states.get() == 1 << 3
        program.run(context={"sk": '{"__sk_common": {"skc_family": 2, "skc_state": 4}}'})
        assert states.get() == 1 << 3 | 1 << 4
        program.run(context={"sk": "hex:0200050000000000"})
        assert states.get() == 1 << 3 | 1 << 4 | 1 << 5
        program.run(context={})  # a socket of zeros is none of AF_INET
        assert states.get() == 1 << 3 | 1 << 4 | 1 << 5


def test_what_the_kernel_refuses_stops_the_run_and_names_the_field(loaded: MachineCollection) -> None:
    message = r"program bad_time was stopped at instruction \d+ \(r0 = \*\(u64 \*\)\(r1 \+152\), contexts.c:\d+.*\): "
    with pytest.raises(RunError, match=message + "ctx->tstamp may not be read by programs of type socket_filter"):
        loaded.programs["bad_time"].run()


@pytest.mark.parametrize("target", ["sandbox", ""])
def test_hooks_are_called_for_each_packet_of_a_sandbox(target: str) -> None:
    spec = CollectionSpec.from_file(OBJECT)
    with Session(spec, MachineRuntime(), traffic=Traffic(rate=0)) as session:
        loaded = session.load()
        names = ("on_connect", "on_option", "on_device", "on_message", "on_rename")
        # Where the section says it all, nothing has to be named.
        for name in names if target else names[-1:]:
            session.attach(name, target)
            assert isinstance(session.sandbox, Sandbox)
            with session.runtime.statistics():
                assert session.sandbox.send(40) == 40
                assert loaded.programs[name].info().run_cnt == 40
        # What connects has the family of a frame; a rename has a task, which leads somewhere.
        assert loaded.variables["family"].get() in ((2, 10) if target else (0,))
        assert loaded.variables["argument"].get() != 0


def test_a_message_of_a_sandbox_has_the_data_of_its_frame() -> None:
    code = assemble("r2 = *(u64 *)(r1 +0)\nr0 = *(u8 *)(r2 +0)\nexit")  # it reads what is there, or is stopped
    spec = CollectionSpec("o")
    spec.programs["p"] = ProgramSpec("p", "sk_msg", ProgramType.SK_MSG, link=lambda: LinkedCode(code))
    with Session(spec, MachineRuntime(), traffic=Traffic(rate=0)) as session:
        loaded = session.load()
        session.attach("p", "sandbox")
        assert isinstance(session.sandbox, Sandbox)
        with session.runtime.statistics():
            assert session.sandbox.send(5) == 5
            assert loaded.programs["p"].info().run_cnt == 5


def test_a_capture_tells_who_connects(tmp_path: Path) -> None:
    frames = make_frames(30, Mix(protocols=(("tcp", 1),), ipv6=0))
    with CaptureWriter(str(tmp_path / "a.pcap")) as writer:
        for frame in frames:
            writer.write(0, frame)
    events = Events(CollectionSpec.from_file(OBJECT).programs["on_connect"])
    context = events.context(frames[0], 0)
    assert context is not None
    assert (context["user_ip4"], context["user_port"], context["type"]) == (frames[0][30:34], b"\x01\xbb", 1)
    with Session(CollectionSpec.from_file(OBJECT), MachineRuntime()) as session:
        loaded = session.load()
        session.attach("on_connect", f"{tmp_path}/a.pcap,speed=max")
        assert wait_for(lambda: session.finished)
        assert loaded.variables["family"].get() == 2


@pytest.mark.parametrize(
    ("helper", "given", "size", "returned", "left"),
    [
        ("bpf_sysctl_get_name", {"name": "net/ipv4/tcp_mem"}, 20, 16, b"net/ipv4/tcp_mem\0"),
        ("bpf_sysctl_get_name", {"name": "net/ipv4/tcp_mem"}, 8, -7, b"net/ipv\0"),
        ("bpf_sysctl_get_current_value", {"current": "10"}, 8, 2, b"10\0\0\0\0\0\0"),
        ("bpf_sysctl_get_current_value", {"current": "12345678"}, 4, -7, b"123\0"),
        ("bpf_sysctl_get_current_value", {}, 4, -22, b"\0\0\0\0"),
        ("bpf_sysctl_get_new_value", {"new": "7", "write": 1}, 4, 1, b"7\0\0\0"),
        ("bpf_sysctl_get_new_value", {"new": "7"}, 4, -22, b"\0\0\0\0"),
        ("bpf_sysctl_set_new_value", {"new": "7", "write": 1}, 4, 0, b""),
        ("bpf_sysctl_set_new_value", {"new": "7"}, 4, -22, b""),
        ("bpf_sysctl_set_new_value", {"write": 1}, 4, -22, b""),
        ("bpf_sysctl_set_new_value", {"new": "7", "write": 1}, 0, -22, b""),
    ],
)
def test_what_helpers_tell_of_a_sysctl(
    helper: str, given: dict[str, object], size: int, returned: int, left: bytes
) -> None:
    host = Host(Processor(), Settings(), "little")
    program = ProgramSpec("p", "", ProgramType.CGROUP_SYSCTL)
    host.context = context = Context(host, program, given)
    room = host.memory.map("room", b"\xff" * 64)
    found = HelperTable(host)[HELPERS.index(helper)](context.region.base, room.base, size, 0, 0)
    assert signed(found, 64) == returned
    assert bytes(room.data[: len(left)]) == left
    assert context.sysctl is not None
    assert context.sysctl.new == (b"\xff" * 4 if helper.endswith("set_new_value") and not returned else _new(given))


@pytest.mark.parametrize(
    ("hook", "result"), [(AttachType.TRACE_FEXIT, 0), (AttachType.TRACE_FENTRY, -errno.EOPNOTSUPP)]
)
def test_what_helpers_tell_of_a_traced_function(hook: AttachType, result: int) -> None:
    """`weigh` of typed.c takes a pointer and an enumerator, and returns a number."""
    types = CollectionSpec.from_file(OBJECT.with_name("typed.o")).btf
    host = Host(Processor(), Settings(), "little", kernel_btf=types)
    program = ProgramSpec("p", "", ProgramType.TRACING, attach_type=hook, attach_to="weigh")
    host.context = context = Context(host, program, struct.pack("<3Q", 7, 8, 9))
    room, table = host.memory.map("room", 8), HelperTable(host)
    arguments, result_of, count = (table[HELPERS.index(f"bpf_get_func_{name}")] for name in ("arg", "ret", "arg_cnt"))
    assert count(context.region.base) == 2
    for number, expected in ((0, 7), (1, 8)):
        assert arguments(context.region.base, number, room.base) == 0
        assert int.from_bytes(room.data, "little") == expected
    assert arguments(context.region.base, 2, room.base) == -errno.EINVAL
    assert result_of(context.region.base, room.base) == result
    assert int.from_bytes(room.data, "little") == (9 if not result else 8)
    host.context = Context(host, replace(program, attach_to="nobody_knows"), bytes(24))
    with pytest.raises(RunError, match="nobody knows how many arguments the traced function has"):
        count(context.region.base)


def test_what_an_iterator_writes_is_what_a_run_gives_back() -> None:
    call = struct.pack("<BBhI", 0x85, 0, 0, HELPERS.index("bpf_seq_write"))
    text = struct.pack("<BBhIBBhI", 0x18, 1, 0, 0x0A6B6F, 0, 0, 0, 0) + struct.pack("<BBhI", 0x7B, 0x1A, -8, 0)
    arguments = b"".join(struct.pack("<BBhI", *each) for each in ((0xBF, 0xA2, 0, 0), (0x07, 2, 0, -8 & 0xFFFF_FFFF)))
    code = text + arguments + struct.pack("<BBhI", 0xB7, 3, 0, 3) + call + struct.pack("<BBhI", 0x95, 0, 0, 0)
    program = ProgramSpec(
        "p", "iter/task", ProgramType.TRACING, attach_type=AttachType.TRACE_ITER, link=lambda: LinkedCode(code)
    )
    with MachineRuntime().load(CollectionSpec("o", programs={"p": program})) as loaded:
        result = loaded.programs["p"].run(context=bytes(16), repeat=2)
        assert (result.retval, result.data) == (0, b"ok\nok\n")
        assert loaded.programs["p"].run(context=bytes(16), repeat=11000).retval == -errno.EOVERFLOW & 0xFFFF_FFFF
    host = Host(Processor(), Settings(), "little")
    host.context = context = Context(host, program, bytes(16))
    template = host.memory.map("template", b"%s=%d\n\0")
    name = host.memory.map("name", b"pid\0").base
    numbers = host.memory.map("numbers", struct.pack("<2Q", name, 42))
    printf = HelperTable(host)[HELPERS.index("bpf_seq_printf")]
    assert printf(0, template.base, 7, numbers.base, 16) == 0
    assert (
        printf(0, template.base, 6, numbers.base, 16) == printf(0, template.base, 7, numbers.base, 8) == -errno.EINVAL
    )
    assert context.output == b"pid=42\n"


def _new(given: dict[str, object]) -> bytes:
    return str(given.get("new", "")).encode()
