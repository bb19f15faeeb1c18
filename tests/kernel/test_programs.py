"""Programs: loading, the verifier's words, test runs, information, statistics."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from bpftui.core import kernel
from bpftui.core.btf import Kind
from bpftui.core.btf.kernel import vmlinux
from bpftui.core.errors import FeatureError, GivenUpError, LoadError, UsageError, VerifierError
from bpftui.core.kernel import Map, load, stats_enabled
from bpftui.core.kernel.host.modules import ModuleTypes
from bpftui.core.kernel.loading import hook, prog_load
from bpftui.core.kernel.sys.layouts import ProgLoad
from bpftui.core.kernel.sys.syscall import Command
from bpftui.core.spec import (
    AttachType,
    CollectionSpec,
    LinkedCode,
    MapSpec,
    MapType,
    ProgramSpec,
    ProgramType,
    Reference,
    ReferenceKind,
)

pytestmark = pytest.mark.kernel

BPF = Path(__file__).parents[2] / "bpf"
OBJECTS = Path(__file__).parents[1] / "objects"


def _insn(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhi", opcode, src << 4 | dst, offset, imm)


EXIT = _insn(0x95)
RETURN_7 = _insn(0xB7, imm=7) + EXIT


def _load(code: bytes, type_: ProgramType = ProgramType.SOCKET_FILTER, **more: Any) -> kernel.KernelCollection:
    program = ProgramSpec("prog", "test", type_, license="GPL", link=lambda: LinkedCode(code), **more)
    return kernel.load(CollectionSpec("by hand", programs={"prog": program}))


@pytest.mark.parametrize("type_", [ProgramType.SOCKET_FILTER, ProgramType.XDP, ProgramType.SCHED_CLS])
def test_a_program_runs_on_a_packet(type_: ProgramType) -> None:
    with _load(RETURN_7, type_) as collection:
        result = collection.programs["prog"].run()
        assert result.retval == 7
        assert result.data == bytes(14)
        # A socket filter does not see the Ethernet header, and the kernel gives it back as zeros.
        header = bytes(14) if type_ == ProgramType.SOCKET_FILTER else b"x" * 14
        assert collection.programs["prog"].run(b"x" * 200, repeat=1000).data == header + b"x" * 186


def test_packets_that_the_kernel_would_not_take() -> None:
    with _load(RETURN_7) as collection:
        program = collection.programs["prog"]
        with pytest.raises(UsageError, match="not 13"):
            program.run(bytes(13))
        with pytest.raises(UsageError, match="at least once"):
            program.run(repeat=0)


def test_the_packet_comes_back_as_the_program_left_it() -> None:
    # r6 = data; write 0xAA to the first byte, after the bounds check.
    code = (
        _insn(0x61, 2, 1, 0)  # r2 = ctx->data
        + _insn(0x61, 3, 1, 4)  # r3 = ctx->data_end
        + _insn(0xBF, 4, 2)  # r4 = r2
        + _insn(0x07, 4, imm=14)  # r4 += 14
        + _insn(0x2D, 4, 3, 1)  # if r4 > r3 goto +1
        + _insn(0x72, 2, 0, 0, 0xAA)  # *(u8 *)(r2 + 0) = 0xAA
        + RETURN_7
    )
    with _load(code, ProgramType.XDP) as collection:
        assert collection.programs["prog"].run().data == b"\xaa" + bytes(13)


def test_a_context_goes_in_and_comes_out() -> None:
    # r0 = skb->mark; skb->mark = 9
    code = _insn(0x61, 0, 1, 8) + _insn(0xB7, 2, imm=9) + _insn(0x63, 1, 2, 8) + EXIT
    with _load(code, ProgramType.SCHED_CLS) as collection:
        program = collection.programs["prog"]
        context = bytearray(192)
        struct.pack_into("=I", context, 8, 5)
        result = program.run(context=bytes(context))
        assert result.retval == 5
        assert struct.unpack_from("=I", result.context, 8) == (9,)
        assert program.run().context == b""


def test_types_without_a_test_run_say_so() -> None:
    with _load(RETURN_7, ProgramType.KPROBE) as collection, pytest.raises(FeatureError, match="no test run"):
        collection.programs["prog"].run()


def test_raw_tracepoints_run_on_a_context() -> None:
    # r0 = ctx[0]
    code = _insn(0x79, 0, 1, 0) + EXIT
    with _load(code, ProgramType.RAW_TRACEPOINT) as collection:
        program = collection.programs["prog"]
        assert program.run(context=struct.pack("=Q", 42), repeat=3).retval == 42
        with pytest.raises(UsageError, match="context, not on a packet"):
            program.run(bytes(14))


def test_raw_tracepoints_run_on_the_cpu_that_is_asked_for() -> None:
    code = _insn(0x85, imm=8) + EXIT  # bpf_get_smp_processor_id
    with _load(code, ProgramType.RAW_TRACEPOINT) as collection:
        assert [collection.programs["prog"].run(cpu=cpu).retval for cpu in sorted(os.sched_getaffinity(0))] == sorted(
            os.sched_getaffinity(0)
        )
    with _load(RETURN_7) as collection, pytest.raises(UsageError, match="the kernel chooses the CPU"):
        collection.programs["prog"].run(cpu=0)


def test_flags_reach_the_kernel() -> None:
    with _load(RETURN_7, ProgramType.XDP) as collection, pytest.raises(UsageError, match="EINVAL"):
        collection.programs["prog"].run(flags=1 << 30)


def test_a_refusal_has_the_log_whole_and_its_cause_in_the_message() -> None:
    with pytest.raises(VerifierError, match="R0 !read_ok") as caught:
        _load(EXIT)
    assert caught.value.program == "prog"
    assert "0: (95) exit" in caught.value.log
    assert "processed" in caught.value.log


def test_a_refusal_names_the_line_of_c() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "bad_null.o")
    with pytest.raises(VerifierError, match=r"map_value_or_null.*bad_null\.c:\d+: .*total"):
        kernel.load(spec)


@pytest.mark.parametrize(("level", "loads"), [(0, 2), (4, 2), (1, 1), (2, 1)])
def test_a_refused_program_is_verified_no_more_often_than_it_must(
    monkeypatch: pytest.MonkeyPatch, level: int, loads: int
) -> None:
    """Once for the verdict, and once for the log, however long that is: here it has some MB."""
    called: list[Command] = []
    call = ProgLoad.call
    monkeypatch.setattr(ProgLoad, "call", lambda self, command: (called.append(command), call(self, command))[1])
    code = b"".join(_insn(0xB7, 1, imm=step) for step in range(120_000)) + _insn(0xBF, 0, 9) + EXIT
    program = ProgramSpec("f", "xdp", ProgramType.XDP, link=lambda: LinkedCode(code))
    with pytest.raises(VerifierError) as raised:
        prog_load.load_program(program, code, log_level=level, hook=hook.Hook(0, 0))
    assert called.count(Command.PROG_LOAD) == loads
    assert raised.value.log.count("\n") > 120_000
    assert "R9 !read_ok" in raised.value.log


def test_types_that_the_kernel_refuses_are_said_to_be_done_without(tmp_path: Path) -> None:
    raw = bytearray((BPF / "count_packets.o").read_bytes())
    types = CollectionSpec.from_file(BPF / "count_packets.o").btf
    assert types is not None
    start, _ = types.record(next(iter(types.ids(Kind.INT))))
    struct.pack_into("<I", raw, raw.find(bytes(types.raw)) + start + 8, 3)  # an int of three bytes
    (tmp_path / "bad.o").write_bytes(raw)
    spec = CollectionSpec.from_file(tmp_path / "bad.o")
    report = kernel.KernelRuntime().check(spec)
    assert report.ok
    assert len(report.remarks) == 1
    assert "bad.o: cannot load the object's BTF: the kernel finds it invalid (EINVAL)" in report.remarks[0]
    assert "nr_bits exceeds type_size); everything is loaded without: no lines of C in logs" in report.remarks[0]
    with kernel.load(spec) as collection:
        assert list(collection.remarks) == list(report.remarks)


def test_a_log_that_is_too_long_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prog_load, "MOST_WHOLE_LOG", 8192)
    spec = CollectionSpec.from_file(BPF / "traffic.o")
    report = kernel.KernelRuntime().check(spec, log_level=2 | 4)
    assert report.ok
    (log,) = (each.log or "" for each in report.programs if each.name == "count_traffic")
    assert re.match(r"… of this log's [\d,]+ bytes the last 8,191 are kept\n", log)
    assert "processed " in log
    assert len(log) < 8400


def test_an_object_says_itself_what_is_wrong() -> None:
    with pytest.raises(LoadError, match="this one is broken"):
        _load(RETURN_7, unusable="this one is broken")


def test_info() -> None:
    with _load(RETURN_7) as collection:
        info = collection.programs["prog"].info()
        assert info.id > 0
        assert len(info.tag) == 16
        assert info.verified_insns == 2
        assert info.xlated_size == 16
        assert info.run_cnt == 0


def test_statistics_count_while_they_are_on() -> None:
    with _load(RETURN_7) as collection:
        program = collection.programs["prog"]
        before = program.info().run_cnt
        with kernel.stats_enabled():
            program.run(repeat=10)
        assert program.info().run_cnt - before >= 10


def test_global_example_counts_on_from_9000() -> None:
    spec = CollectionSpec.from_file(BPF / "global_example.o")
    spec.set("global_u16", 9000)
    with spec.load() as collection:
        program = collection.programs["global_example"]
        assert [program.run().retval for _ in range(3)] == [9000, 9001, 9002]
        variable = collection.variables["global_u16"]
        assert variable.get() == 9003
        variable.set(65535)
        assert program.run().retval == 65535
        assert variable.get() == 0
    assert spec.variables["global_u16"].get() == 9000


def test_core_relocations_are_the_kernels_to_resolve() -> None:
    with CollectionSpec.from_file(OBJECTS / "core.o").load() as collection:
        assert collection.programs


def test_kernel_configuration_and_symbols_are_filled_in() -> None:
    with CollectionSpec.from_file(OBJECTS / "externs.o").load() as collection:
        major, minor = (int(part) for part in platform.release().split(".")[:2])
        assert collection.programs["kconfig"].run().retval >> 8 == major << 8 | minor
        assert collection.programs["ksyms"].run().retval == 0
        assert collection.programs["kfuncs"].run().retval == 5


@pytest.mark.parametrize(("name", "weak"), [("bpf_prog_free", False), ("symbol_that_is_not_there", True)])
def test_the_address_of_an_untyped_symbol(name: str, weak: bool) -> None:
    symbols = (line.split() for line in Path("/proc/kallsyms").read_text().splitlines())
    address = next((int(line[0], 16) for line in symbols if line[2] == name), 0)
    assert bool(address) is not weak
    # r0 = symbol; r0 >>= 32 would be the other half: both are checked.
    for shift, expected in ((0, address & 0xFFFFFFFF), (32, address >> 32)):
        code = _insn(0x18) + _insn(0) + _insn(0x77, imm=shift) + EXIT
        linked = LinkedCode(code, references={0: Reference(ReferenceKind.KSYM, name, weak=weak)})
        program = ProgramSpec("prog", "test", ProgramType.SOCKET_FILTER, license="GPL", link=lambda: linked)  # noqa: B023
        with kernel.load(CollectionSpec("by hand", programs={"prog": program})) as collection:
            assert collection.programs["prog"].run().retval == expected


@pytest.mark.vmlinux
def test_what_the_kernel_does_not_have_is_named() -> None:
    for kind in (ReferenceKind.KFUNC, ReferenceKind.KSYM):
        linked = LinkedCode(
            _insn(0x18) + _insn(0) + EXIT, references={0: Reference(kind, "no_such_thing_in_any_kernel")}
        )
        program = ProgramSpec("prog", "test", ProgramType.SOCKET_FILTER, license="GPL", link=lambda: linked)  # noqa: B023
        with pytest.raises(LoadError, match="no_such_thing_in_any_kernel"):
            kernel.load(CollectionSpec("by hand", programs={"prog": program}))


def test_a_program_without_instructions_says_so() -> None:
    with pytest.raises(LoadError, match="has 0 instructions"):
        _load(b"")


def test_a_type_that_this_kernel_lacks_is_a_missing_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    from bpftui.core.errors import FeatureError
    from bpftui.core.kernel.sys import probes

    monkeypatch.setattr(probes, "try_program", lambda type_: errno.EINVAL)
    with pytest.raises(FeatureError, match="no programs of that type"):
        _load(RETURN_7, ProgramType.UNSPEC)


def test_a_benchmark_says_what_one_run_takes() -> None:
    with load(CollectionSpec.from_file(BPF / "count_packets.o")) as collection:
        found = collection.programs["count_packets"].benchmark(bytes(64), seconds=0.02)
        assert found.retval == 2
        assert 1 <= found.duration_ns < 10_000
        assert found.runs > 1000
        assert collection.maps["pkt_count"][0] == found.runs


@pytest.mark.parametrize("type_", [ProgramType.XDP, ProgramType.RAW_TRACEPOINT])
def test_a_run_is_given_up_by_another_thread(type_: ProgramType) -> None:
    with _load(RETURN_7, type_) as collection:
        program, stop = collection.programs["prog"], threading.Event()
        assert program.run(repeat=1000, stop=stop).retval == 7
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(
            GivenUpError, match=r"the run of prog was given up after [\d,]+ of 1,099,511,627,776 rounds"
        ):
            program.run(repeat=1 << 40, stop=stop)
        timer.join()


def test_statistics_of_one_program() -> None:
    with load(CollectionSpec.from_file(BPF / "count_packets.o")) as collection, stats_enabled():
        program = collection.programs["count_packets"]
        program.run(bytes(64), repeat=100)
        stats = program.stats()
        assert (stats.run_cnt, stats.recursion_misses) == (100, 0)
        assert stats.run_time_ns > 0


def test_a_map_can_be_bound_to_a_program() -> None:
    with load(CollectionSpec.from_file(BPF / "count_packets.o")) as collection:
        program = collection.programs["count_packets"]
        with Map.create(MapSpec("metadata", "", MapType.ARRAY, 4, 8, 1)) as other:
            number = other.id
            program.bind_map(other)
            program.bind_map(other)
        assert program.info().map_ids == (collection.maps["pkt_count"].id, number)
        with pytest.raises(UsageError, match="map metadata is closed"):
            program.bind_map(other)


def test_what_is_popped_from_a_collection_outlives_it() -> None:
    with load(CollectionSpec.from_file(BPF / "count_packets.o")) as collection:
        m, program = collection.maps.pop("pkt_count"), collection.programs.pop("count_packets")
    with m, program:
        assert program.run(bytes(64)).retval == 2
        assert m[0] == 1


@pytest.mark.vmlinux
def test_an_fsession_program_is_tied_to_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def spec(target: str) -> ProgramSpec:
        found = ProgramSpec("session", f"fsession/{target}", ProgramType.UNSPEC)
        found.set_type(found.section)
        return found

    monkeypatch.setattr(hook, "_is_known", lambda attach_type: True)
    with contextlib.closing(ModuleTypes()) as modules:
        assert hook.hook_of(spec("do_unlinkat"), modules) == (vmlinux().find("do_unlinkat", Kind.FUNC), 58, 0)
        with pytest.raises(LoadError, match="do_unlinkatt is not in the kernel's BTF"):
            hook.hook_of(spec("do_unlinkatt"), modules)
        monkeypatch.setattr(hook, "_is_known", lambda attach_type: attach_type != 58)
        with pytest.raises(FeatureError) as raised:
            hook.hook_of(spec("do_unlinkat"), modules)
    assert raised.value.message == "cannot load program session: this kernel has no fsession programs (attach type 58)"
    assert raised.value.hint == "Linux 7.0 has them"


@pytest.mark.vmlinux
def test_attach_types_are_known_by_the_kernel_s_own_enumeration() -> None:
    assert hook._is_known(AttachType.TRACE_FENTRY)
    assert not hook._is_known(10_000)  # type: ignore[arg-type]
