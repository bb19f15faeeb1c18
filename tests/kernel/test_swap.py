"""A version of an object in the place of another one that is attached: what is handed over, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import AttachError, UsageError, VerifierError
from bpftui.core.kernel import KernelRuntime, Link, Program, Sandbox
from bpftui.core.live import Session, State, Swap
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from tests.kernel.control_group import control_group
from tests.versions import spec_of
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from bpftui.core.live import Swapped
    from bpftui.core.runtime import AttachTarget, Runtime

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.kernel


@contextmanager
def attached(runtime: Runtime, spec: CollectionSpec, *more: str) -> Generator[Session]:
    """Have a version attached to a sandbox in which nothing flows but what is sent."""
    with Session(spec, runtime) as session:
        session.load()
        session.attach("count", "sandbox,rate=0.001")
        for program in more:
            session.attach(program)
        yield session


def held() -> Counter[str]:
    """Return what this process has open of the kernel's BPF objects, by kind; others may come and go meanwhile."""
    names: list[str] = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            names.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return Counter(name for name in names if "bpf" in name or "btf" in name)


def send(session: Session, count: int) -> None:
    assert session.sandbox is not None
    session.sandbox.send(count)


def swapped(before: Session, spec: CollectionSpec, *, reopen: bool = False) -> tuple[Session, Swapped]:
    after = Session(spec, before.runtime)
    with Swap(before, after) as swap:
        swap.prepare()
        done = swap.commit(reopen=reopen)
    before.close()
    return after, done


def counted(session: Session) -> tuple[int, int, int]:
    """Return what the map, the per-CPU map and the variable counted."""
    loaded = session.collection
    assert loaded is not None
    seen, by_cpu = loaded.maps["seen"][0], loaded.maps["by_cpu"][0]
    total = loaded.variables["total"].get()
    assert isinstance(seen, dict)
    assert isinstance(by_cpu, list)
    assert isinstance(total, int)
    return int(str(seen["packets"])), sum(int(str(each)) for each in by_cpu), total


@pytest.fixture(params=["kernel", "vm"])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return KernelRuntime() if request.param == "kernel" else MachineRuntime()


def test_what_is_the_same_is_handed_over_with_what_it_holds(runtime: Runtime) -> None:
    with attached(runtime, spec_of(1)) as before:
        link = before.links[0]
        number = link.id
        send(before, 100)
        assert before.collection is not None
        before.collection.variables["level"].set(9)
        after, done = swapped(before, spec_of(2))
        with after:
            assert (before.state, after.state) == (State.SPEC, State.ATTACHED)
            assert after.links == (link,) == done.links
            assert (link.id, link.program) == (number, "count")
            assert counted(after) == (100, 100, 100)
            send(after, 50)
            assert counted(after) == (150, 150, 150)
            loaded = after.collection
            assert loaded is not None
            assert loaded.variables["level"].get() == 9
            assert loaded.variables["version"].get() == 2  # constants are each version's own
            assert set(done.handover.maps) == {"seen", "by_cpu", ".bss", ".data"}
            assert done.whole
            assert done.lines()[0] == "count → sandbox: swapped in one step, nothing went by unseen"
            after.detach()
            assert after.links == ()


@pytest.mark.parametrize("more", [(), ("MORE_DATA",)])  # the section is handed over, or its values are copied
@pytest.mark.parametrize(
    ("live", "now", "told"),
    [
        (None, 33, "level is 33 now, as the new version has it"),
        (9, 9, "level stays 9: the new version has 33"),
        (33, 33, None),
    ],
)
def test_what_begins_otherwise_in_the_new_version_does_so_unless_it_was_changed(
    runtime: Runtime, more: tuple[str, ...], live: int | None, now: int, told: str | None
) -> None:
    with Session(spec_of(1), runtime) as before:
        loaded = before.load()
        if live is not None:
            loaded.variables["level"].set(live)
        spec = spec_of(2, *more)
        spec.variables["level"].set(33)
        after, done = swapped(before, spec)
        with after:
            assert after.collection is not None
            assert after.collection.variables["level"].get() == now
            assert [line for line in done.lines() if line.startswith("level ")] == [told] * (told is not None)
            if told is not None:
                assert told[: told.index("now") + 3 if live is None else told.index(":")] in done.summary


def test_a_program_array_that_was_filled_later_calls_the_programs_of_the_new_version() -> None:
    def filled(*gone: str) -> CollectionSpec:
        spec = CollectionSpec.from_file(ROOT / "tests/objects/tail_calls.o")
        for name in gone:
            spec.programs[name].autoload = False
        return spec

    with Session(filled(), KernelRuntime()) as before:
        loaded = before.load()
        for number, name in enumerate(("last", "entry")):
            loaded.maps["filled_later"].update(number, loaded.programs[name])  # pyright: ignore[reportArgumentType]
        after, done = swapped(before, filled("entry"))
        with after:
            new = after.collection
            assert new is not None
            held = dict(new.maps["filled_later"].items())
            assert held[0] == new.programs["last"].id
            assert held[1] not in {each.id for each in new.programs.values()}
            assert done.outlived == {"filled_later": ("entry",)}
            assert not done.whole
            assert "filled_later goes on with programs of the version before: entry" in done.lines()


def test_what_comes_into_a_perf_event_array_before_it_has_its_new_reader_is_not_said_to_be_there() -> None:
    def kinds() -> CollectionSpec:
        return CollectionSpec.from_file(ROOT / "tests/objects/map_kinds.o")

    with Session(kinds(), KernelRuntime()) as before:
        before.load({"traces"})
        after, done = swapped(before, kinds())
        after.close()
    assert done.unread == ("perf_event_array",)
    assert not done.whole
    assert "perf_event_array: records that come before its new reader is there are lost" in done.lines()


def test_runs_are_counted_in_the_new_version_where_they_were_in_the_old_one() -> None:
    for counts in (False, True):
        with attached(MachineRuntime(), spec_of(1)) as before:
            if counts:
                before.count()
            after, _ = swapped(before, spec_of(2))
            with after:
                send(after, 3)
                assert after.is_counting is counts
                assert after.collection is not None
                assert (after.collection.programs["count"].counts is not None) is counts


def test_a_map_with_another_layout_begins_empty_and_that_is_said(runtime: Runtime) -> None:
    with attached(runtime, spec_of(1)) as before:
        send(before, 100)
        after, done = swapped(before, spec_of(2, "WIDER"))
        with after:
            send(after, 5)
            assert counted(after) == (5, 105, 105)
        assert done.handover.fresh == {"seen": "value grew from 8 to 16 bytes"}
        assert not done.whole
        assert "seen begins empty: value grew from 8 to 16 bytes" in done.lines()


def test_variables_of_another_section_layout_are_copied(runtime: Runtime) -> None:
    with attached(runtime, spec_of(1)) as before:
        send(before, 100)
        after, done = swapped(before, spec_of(2, "MORE_VARIABLES"))
        with after:
            send(after, 5)
            assert counted(after) == (105, 105, 105)
            loaded = after.collection
            assert loaded is not None
            assert loaded.variables["another"].get() == 5
        assert done.handover.values == ("total",)
        assert done.handover.fresh.keys() == {".bss"}
        assert done.missed == {}
        # What is gone in the new version does not begin anew, and is no loss.
        back, done = swapped_back(spec_of(2, "MORE_VARIABLES"), spec_of(3), runtime)
        assert done.handover.lost == {}
        assert not any("another" in line for line in done.lines() if not line.startswith(".bss is another section"))
        back.close()


def swapped_back(one: CollectionSpec, other: CollectionSpec, runtime: Runtime) -> tuple[Session, Swapped]:
    with attached(runtime, one) as before:
        return swapped(before, other)


def test_what_the_verifier_refuses_leaves_the_old_one_running() -> None:
    with attached(KernelRuntime(), spec_of(1)) as before:
        send(before, 100)
        open_before = held()
        after = Session(spec_of(2, "BAD"), before.runtime)
        swap = Swap(before, after)
        with pytest.raises(VerifierError, match="count") as raised:
            swap.prepare()
        assert "invalid access to packet" in raised.value.log
        assert "count" in raised.value.problems
        assert after.state is State.SPEC
        assert held() == open_before
        send(before, 50)
        assert counted(before) == (150, 150, 150)
        assert before.links[0].program == "count"


def test_what_was_prepared_and_is_not_wanted_leaves_nothing() -> None:
    with attached(KernelRuntime(), spec_of(1)) as before:
        open_before = held()
        with Swap(before, Session(spec_of(2), before.runtime)) as swap:
            swap.prepare()
            send(before, 10)
        assert held() == open_before
        send(before, 10)
        assert counted(before) == (20, 20, 20)


def test_what_cannot_be_swapped_in_one_step_is_done_when_it_is_asked_for_alone() -> None:
    with attached(KernelRuntime(), spec_of(1), "probe") as before:
        after = Session(spec_of(2), before.runtime)
        swap = Swap(before, after)
        swap.prepare()
        (obstacle,) = swap.obstacles
        assert obstacle.link.program == "probe"
        assert obstacle.why == "the kernel updates no links of its type (perf_event)"
        with pytest.raises(
            UsageError, match=r"cannot swap prog\.o in one step: probe → syscalls/sys_enter_getpgid: the"
        ):
            swap.commit()
        send(before, 10)
        assert counted(before) == (10, 10, 10)
        done = swap.commit(reopen=True)
        before.close()
        with after:
            assert [link.program for link in after.links] == ["count", "probe"]
            assert [*done.reopened] == ["probe → syscalls/sys_enter_getpgid"]
            os.getpgid(0)
            loaded = after.collection
            assert loaded is not None
            probed = loaded.maps["by_cpu"][1]
            assert isinstance(probed, list)
            assert sum(int(str(each)) for each in probed) > 0


def test_a_program_that_is_gone_is_detached_when_that_is_asked_for() -> None:
    with attached(KernelRuntime(), spec_of(1), "probe") as before:
        after = Session(spec_of(2, "WITHOUT_PROBE"), before.runtime)
        swap = Swap(before, after)
        swap.prepare()
        with pytest.raises(UsageError, match="there is no such program any more"):
            swap.commit()
        done = swap.commit(reopen=True)
        before.close()
        with after:
            assert done.ended == {"probe → syscalls/sys_enter_getpgid": "there is no such program any more"}
            assert "probe → syscalls/sys_enter_getpgid: detached, there is no such program any more" in done.lines()
            assert [link.program for link in after.links] == ["count"]


def test_what_was_attached_to_nothing_any_more_is_not_said_to_have_ended() -> None:
    with attached(KernelRuntime(), spec_of(1)) as before:
        assert before.sandbox is not None
        before.sandbox.close()
        assert wait_for(lambda: before.gone == before.links)  # the kernel takes its time
        after, done = swapped(before, spec_of(2))
        with after:
            assert (after.links, done.ended, done.links) == ((), {}, ())
            assert not any("count" in line for line in done.lines())


@pytest.mark.parametrize(("asked", "loaded"), [(None, {"count", "probe"}), ({"count"}, {"count"})])
def test_the_new_version_has_the_programs_that_were_asked_for(asked: set[str] | None, loaded: set[str]) -> None:
    with Session(spec_of(1), MachineRuntime()) as before:
        before.load(asked)
        for number in (2, 3):
            after, _ = swapped(before, spec_of(number))
            assert after.collection is not None
            assert after.collection.programs.keys() == loaded
            before = after
        before.close()


def test_a_link_that_does_not_take_its_program_leaves_all_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with attached(KernelRuntime(), spec_of(1)) as before:
        before.attach("count", "sandbox,rate=0.001")
        second = before.links[1]
        after = Session(spec_of(2), before.runtime)
        with Swap(before, after) as swap:
            new = swap.prepare()
            take_over = type(new).take_over  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]

            def refuse(collection: object, link: object) -> None:
                if link is second and collection is new:
                    raise UsageError("no")
                take_over(collection, link)

            monkeypatch.setattr(type(new), "take_over", refuse)
            with pytest.raises(UsageError, match="no"):
                swap.commit()
        send(before, 10)
        assert counted(before) == (10, 10, 10)
        assert before.state is State.ATTACHED


def test_of_two_that_are_attached_anew_the_first_comes_back_when_the_second_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is room for one alone: the old one of the first has gone by then."""
    places = ("syscalls/sys_enter_getpgid", "syscalls/sys_enter_getppid")
    with attached(KernelRuntime(), spec_of(1), "probe") as before:
        before.attach("probe", places[1])
        with Swap(before, Session(spec_of(2), before.runtime)) as swap:
            new = [*swap.prepare().programs.values()]
            attach = Program.attach
            old = {link.target.name: link for link in before.links if isinstance(link, Link)}

            def refuse(program: Program, target: AttachTarget) -> Link:
                if program in new and (target.name == places[1] or old[target.name].attached):
                    raise AttachError(f"no room at {target.name}")
                return attach(program, target)

            monkeypatch.setattr(Program, "attach", refuse)
            with pytest.raises(AttachError, match=f"no room at {places[1]}"):
                swap.commit(reopen=True)
        found = {link.target.name: link for link in before.links}
        assert found.keys() == old.keys()
        assert all(isinstance(link, Link) and link.attached for link in found.values())
        assert before.collection is not None
        probed = before.collection.maps["by_cpu"][1]
        assert isinstance(probed, list)
        os.getpgid(0)
        assert before.collection.maps["by_cpu"][1] != probed


def test_many_swaps_under_load_lose_no_packet_and_leave_nothing() -> None:
    """Ten of them; `tests/bench/bench_swap.py` does two hundred."""
    with attached(KernelRuntime(), spec_of(1)) as before:
        open_before = held()
        sandbox = before.sandbox
        assert isinstance(sandbox, Sandbox)
        sandbox.rate = 100_000
        for number in range(2, 12):
            before, done = swapped(before, spec_of(2 + number % 2))
            assert done.whole
        sandbox.rate = 0
        sandbox.send(1)  # behind all that was sent
        with before:
            assert len(set(counted(before))) == 1
            assert counted(before)[0] == sandbox.rx_packets()
            assert held() == open_before


_SENDER = """\
import os, signal, socket, sys
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
one.bind(("127.0.0.1", 0))
two.connect(one.getsockname())
going = True
def end(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, end)
sent = 0
print(flush=True)
while going:
    two.send(b"x")
    sent += 1
print(sent)
"""
"""Sends to itself within a control group until it is told to end, and says how often."""


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Path]:
    with control_group(tmp_path) as made:
        yield made


def test_what_is_attached_to_tcx_a_control_group_and_a_namespace_counts_all_while_it_is_swapped(group: Path) -> None:
    runtime, file = KernelRuntime(), ROOT / "tests/objects/attached.o"
    before = Session(CollectionSpec.from_file(file), runtime)
    before.load({"on_tc", "on_cgroup", "on_lookup"})
    before.attach("on_tc", "sandbox,rate=100000")
    sandbox = before.sandbox
    assert isinstance(sandbox, Sandbox)
    before.attach("on_lookup", runtime.target(before.spec.programs["on_lookup"], "sandbox", sandbox))
    before.attach("on_cgroup", str(group))
    command = [sys.executable, "-c", _SENDER, str(group)]
    sandbox.namespace.run(lambda: subprocess.run(["ip", "link", "set", "lo", "up"], check=True))
    sender = sandbox.namespace.run(lambda: subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    assert sender.stdout is not None
    try:
        assert sender.stdout.readline() == "\n"
        for _ in range(10):
            before, done = swapped(before, CollectionSpec.from_file(file))
            assert done.whole
            assert len(done.links) == 3
    finally:
        sender.terminate()
    sent = int(sender.stdout.read())
    sender.wait()
    sandbox.rate = 0
    sandbox.send(1)  # behind all that was sent
    with before:
        assert before.collection is not None
        counts = {name: before.collection.variables[name].get() for name in ("in_tc", "in_cgroup", "in_lookup")}
        assert counts == {"in_tc": sandbox.rx_packets(), "in_cgroup": sent, "in_lookup": sent}
        assert sent > 100
