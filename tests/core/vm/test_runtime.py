"""The built-in machine: from a spec to maps, variables and programs that run, without a kernel."""

from __future__ import annotations

import re
import struct
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Timer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.asm.assembler import assemble
from bpftui.core.errors import AttachError, FeatureError, GivenUpError, LoadError, UsageError
from bpftui.core.helpers.names import HELPERS
from bpftui.core.live import Session
from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode
from bpftui.core.traffic import Traffic, make_frames
from bpftui.core.vm import collection
from bpftui.core.vm.collection import MachineCollection
from bpftui.core.vm.engine.errors import RunError
from bpftui.core.vm.engine.translation import Translation
from bpftui.core.vm.helpers import numbers
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.core.vm.sandbox import Sandbox
from bpftui.core.vm.world.settings import Settings
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Generator

    from bpftui.core.vm import Machine

ROOT = Path(__file__).parents[3]


def opened(path: str) -> CollectionSpec:
    return CollectionSpec.from_file(ROOT / path)


@contextmanager
def waiting(timer: Timer) -> Generator[None]:
    """Start a timer; wait for its thread in the end."""
    timer.start()
    yield
    timer.join()


def test_variables_are_set_before_and_read_after() -> None:
    spec = opened("bpf/global_example.o")
    spec.set_text("global_u16", "9000")
    with MachineRuntime().load(spec) as loaded:
        program, variable = loaded.programs["global_example"], loaded.variables["global_u16"]
        assert [program.run().retval for _ in range(3)] == [9000, 9001, 9002]
        assert variable.get() == 9003
        variable.set(65535)
        assert [program.run(repeat=2).retval, variable.get()] == [0, 1]


@pytest.mark.parametrize("path", ["bpf/count_packets.o", "bpf/count_packets.eb.o"])
def test_traffic_is_counted_in_either_byte_order(path: str) -> None:
    runtime = MachineRuntime()
    with runtime.load(opened(path)) as loaded, runtime.sandbox() as sandbox, runtime.statistics():
        program = loaded.programs["count_packets"]
        with program.attach(sandbox.target()):
            assert sandbox.send(150) == 150
        sandbox.send(10)
        assert dict(loaded.maps["pkt_count"].items()) == {0: 150}
        assert program.info().run_cnt == 150
        assert loaded.links == set()


def test_runs_are_counted_while_anybody_wants_it() -> None:
    runtime = MachineRuntime()
    with runtime.load(opened("bpf/count_packets.o")) as loaded:
        program = loaded.programs["count_packets"]
        counted: list[int] = []

        def run() -> None:
            program.run(bytes(64), repeat=3)
            counted.append(program.info().run_cnt)

        run()
        with runtime.statistics():
            run()
            with runtime.statistics():
                run()
            run()
        run()
        assert counted == [0, 3, 6, 9, 9]


def test_what_traffic_leaves_in_maps_and_in_the_ring_buffer() -> None:
    spec = opened("bpf/traffic.o")
    spec.set_text("sample_every", "50")
    with Session(spec, MachineRuntime(), traffic=Traffic(rate=1)) as session:
        loaded = session.load()
        assert isinstance(loaded, MachineCollection)
        session.attach("count_traffic", "sandbox")
        sandbox = session.sandbox
        assert isinstance(sandbox, Sandbox)
        frames = make_frames(1024)[:200]
        sandbox.send(200 - loaded.variables["total_packets"].get())
        assert loaded.variables["total_bytes"].get() == sum(map(len, frames))
        kinds = {
            (key["family"], key["protocol"]): sum(cpu["packets"] for cpu in value)
            for key, value in loaded.maps["traffic"].items()
        }
        assert sum(kinds.values()) == 200
        assert kinds["IPV4", "TCP"] == sum(frame[12:14] == b"\x08\x00" and frame[23] == 6 for frame in frames)
        records = loaded.maps["events"].records()
        assert records is not None
        numbers = [struct.unpack_from("<8xQ", raw)[0] for raw in records.read()]
        assert numbers == [0, 50, 100, 150]
        assert records.pending == 0


def test_the_first_run_is_timed_without_its_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    translate, now = Translation.__init__, [0]

    def slowly(translation: Translation, machine: Machine, *more: Any, **options: Any) -> None:
        now[0] += 200_000_000
        translate(translation, machine, *more, **options)

    monkeypatch.setattr(Translation, "__init__", slowly)
    monkeypatch.setattr("bpftui.core.vm.program.time", SimpleNamespace(perf_counter_ns=lambda: now[0]))
    with MachineRuntime().load(opened("bpf/count_packets.o")) as loaded:
        assert loaded.programs["count_packets"].run().duration_ns == 0
    assert now == [200_000_000]


def test_traffic_flows_at_a_rate() -> None:
    with Session(opened("bpf/count_packets.o"), MachineRuntime(), traffic=Traffic(rate=500)) as session:
        loaded = session.load()
        assert isinstance(loaded, MachineCollection)
        link = session.attach("count_packets", "sandbox")
        assert wait_for(lambda: loaded.maps["pkt_count"][0] >= 20)
        session.detach(link)
        stopped = loaded.maps["pkt_count"][0]
        time.sleep(0.02)
        assert loaded.maps["pkt_count"][0] == stopped


def test_constants_cannot_be_set_once_loaded() -> None:
    spec = opened("bpf/constants.o")
    spec.set_text("mode", "MODE_DROP")
    with MachineRuntime().load(spec) as loaded:
        assert loaded.programs["constants"].run(bytes(64)).retval == 1
        with pytest.raises(UsageError, match="variable mode is a constant"):
            loaded.variables["mode"].set("MODE_PASS")


def test_a_bad_access_names_program_instruction_and_line() -> None:
    with MachineRuntime().load(opened("tests/objects/bad_null.o")) as loaded:
        program = next(iter(loaded.programs.values()))
        with pytest.raises(RunError, match=rf"program {program.name} was stopped at instruction \d+ .*bad_null.c:\d+"):
            program.run()


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(FeatureError, match="maps cannot be pinned"):
        MachineRuntime(pin_path="/sys/fs/bpf")
    runtime = MachineRuntime()
    with pytest.raises(FeatureError, match="no interface eth0"):
        runtime.target(opened("bpf/count_packets.o").program("count_packets"), "eth0")
    with runtime.load(opened("bpf/count_packets.o")) as loaded:
        program = loaded.programs["count_packets"]
        with pytest.raises(AttachError, match="the built-in machine has no interfaces"):
            program.attach(AttachTarget("eth0"))
        with pytest.raises(UsageError, match="a packet has 14 to"):
            program.run(bytes(13))
        with pytest.raises(UsageError, match="at least once"):
            program.run(repeat=0)


def test_a_check_says_what_it_is_worth() -> None:
    report = MachineRuntime().check(opened("tests/objects/bad_uninit.o"))
    (outcome,) = report.programs
    assert outcome.log is not None
    assert "these checks are no verifier" in outcome.log
    assert report.ok


def test_virtual_cpus() -> None:
    runtime = MachineRuntime(Settings(cpus=3))
    with runtime.load(opened("bpf/constants.o")) as loaded:
        assert [len(values) for values in loaded.maps["windows"].values()] == [3, 3, 3, 3]


def test_the_objects_of_the_tests_load() -> None:
    refused: dict[str, str] = {}
    for path in sorted((ROOT / "tests/objects").glob("*.o")):
        spec = CollectionSpec.from_file(path)
        try:
            MachineRuntime().load(spec).close()
        except (LoadError, FeatureError) as error:
            refused[path.name] = error.message
    unknown = "it has an attribute flags, which loaders do not know (nearest: map_flags)"
    assert refused == {"map_attributes.o": f"cannot create map slip: {unknown}"}


def test_behind_a_trap_nothing_is_read_and_a_run_that_comes_to_it_says_what_it_is() -> None:
    spec = opened("tests/objects/undefined.o")
    report = MachineRuntime().check(spec)
    disclaimer = "these checks are no verifier: a program without findings may still be refused by the kernel\n"
    assert {each.name: each.log for each in report.programs} == dict.fromkeys(spec.programs, disclaimer)
    with MachineRuntime().load(spec) as loaded, pytest.raises(RunError) as raised:
        loaded.programs["trap"].run(context={"ingress_ifindex": 1})
    assert raised.value.message.endswith("the program came to __bpf_trap(): what it does here is undefined in C")


def test_a_forecast_says_what_the_machine_lacks() -> None:
    code = assemble("call bpf_override_return\ncall bpf_ktime_get_ns\ncall bpf_override_return\nr0 = 0\nexit")
    linked = LinkedCode(code, (Function("p", 0, 5, "kprobe/f", 0),), {})
    program = ProgramSpec("p", "kprobe/f", ProgramType.KPROBE, link=lambda: linked)
    spec = CollectionSpec("made.o", programs={"p": program})
    lacks = (
        "p: instruction 0: the built-in machine does not have bpf_override_return(); a run that comes to it ends there"
    )
    absent = HELPERS.index("bpf_override_return") not in numbers()
    assert MachineRuntime().forecast(spec).remarks == ((lacks,) if absent else ())
    told = MachineRuntime(Settings(returns={"bpf_override_return": 0})).forecast(spec)
    assert told.remarks == ()


def test_a_forecast_looks_for_nothing_that_only_a_run_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = opened("tests/objects/live.o")
    looked: list[object] = []
    for name in ("trap_bad_accesses", "probes", "findings"):
        found = getattr(collection, name)
        monkeypatch.setattr(collection, name, lambda *given, found=found: (looked.append(given), found(*given))[1])
    assert MachineRuntime().forecast(spec).programs == {}
    assert looked == []
    assert MachineRuntime().check(spec).ok
    assert len(looked) == 3 * len(spec.programs)


def test_a_run_is_given_up_by_another_thread() -> None:
    with MachineRuntime().load(opened("bpf/global_example.o")) as loaded:
        program, stop = loaded.programs["global_example"], Event()
        with waiting(Timer(0.1, stop.set)), pytest.raises(GivenUpError) as caught:
            program.run(repeat=1 << 40, stop=stop)
        assert re.fullmatch(
            r"the run of global_example was given up after [\d,]+ of 1,099,511,627,776 rounds", caught.value.message
        )
        assert program.run(repeat=2).retval == loaded.variables["global_u16"].get() - 1


def test_a_load_is_given_up_between_two_programs() -> None:
    spec, stop = opened("tests/objects/live.o"), Event()
    steps: list[tuple[int, int, str]] = []

    def progress(number: int, total: int, name: str) -> None:
        steps.append((number, total, name))
        if number == 2:
            stop.set()

    with Session(spec, MachineRuntime()) as session:
        with pytest.raises(GivenUpError) as caught:
            session.load(progress=progress, stop=stop)
        assert caught.value.message == f"the load of {spec.file} was given up after 2 of 7 programs"
        assert (steps, session.state, session.collection) == ([(1, 7, "alike"), (2, 7, "mixes")], "SPEC", None)
        with pytest.raises(GivenUpError, match="given up after 0 of 7 programs"):
            session.load(stop=stop)
        assert len(session.load().programs) == 7


def test_what_the_machine_has_not() -> None:
    runtime = MachineRuntime()
    assert (runtime.has_hooks, runtime.verifies) == (False, False)
