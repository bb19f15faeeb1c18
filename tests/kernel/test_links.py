"""Attaching XDP inside of a sandbox: counts, modes, refusals, the end of a link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core import kernel
from bpftui.core.errors import AttachError, FeatureError, UsageError
from bpftui.core.kernel import Sandbox
from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import CollectionSpec
from tests.waiting import Effort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.runtime import XdpMode

pytestmark = pytest.mark.kernel

BPF = Path(__file__).parents[2] / "bpf"
OBJECTS = Path(__file__).parents[1] / "objects"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def _load(name: str) -> kernel.KernelCollection:
    return kernel.load(CollectionSpec.from_file(BPF / f"{name}.o"))


@pytest.mark.parametrize("mode", [None, "generic", "native"])
def test_count_packets_counts_what_is_sent(sandbox: Sandbox, mode: XdpMode | None) -> None:
    with _load("count_packets") as collection:
        counter = collection.maps["pkt_count"]
        with collection.programs["count_packets"].attach(sandbox.target(mode)) as link:
            assert link.id > 0
            assert link.program == "count_packets"
            sandbox.send(1000)
            assert counter[0] == 1000
        sandbox.send(1000)
        assert counter[0] == 1000


def test_per_cpu_values_add_up_to_what_was_sent(sandbox: Sandbox) -> None:
    with _load("traffic") as collection:
        collection.programs["count_traffic"].attach(sandbox.target())
        sandbox.send(5000)
        per_kind = [value for _, value in collection.maps["traffic"].items()]
        assert sum(cpu["packets"] for values in per_kind for cpu in values) == 5000
        assert collection.variables["total_packets"].get() == 5000
        collection.variables["counting"].set(False)
        sandbox.send(100)
        assert collection.variables["total_packets"].get() == 5000


def test_a_second_program_is_refused_and_the_first_one_named(sandbox: Sandbox) -> None:
    with _load("count_packets") as first, _load("count_packets") as second:
        program = first.programs["count_packets"]
        with program.attach(sandbox.target()):
            with pytest.raises(AttachError, match=rf"already has an XDP program \(id {program.id}, \w+\)"):
                second.programs["count_packets"].attach(sandbox.target())
            assert second.links == frozenset()
        with second.programs["count_packets"].attach(sandbox.target()):
            pass


def test_targets_that_are_not_there(sandbox: Sandbox) -> None:
    with _load("count_packets") as collection:
        program = collection.programs["count_packets"]
        with pytest.raises(UsageError, match="index 999999"):
            program.attach(AttachTarget("ghost", 999_999, sandbox.namespace))
        with pytest.raises(UsageError, match="'ghost'"):
            program.attach(AttachTarget("ghost"))


def test_a_type_that_cannot_be_attached_says_so(sandbox: Sandbox) -> None:
    spec = CollectionSpec.from_file(BPF.parent / "tests/objects/sections.o")
    with (
        kernel.load(spec, programs={"from_syscall"}) as collection,
        pytest.raises(UsageError, match="syscall") as caught,
    ):
        collection.programs["from_syscall"].attach(sandbox.target())
    assert caught.value.hint == "run it instead"


def test_detaching_twice_and_after_closing(sandbox: Sandbox) -> None:
    collection = _load("count_packets")
    link = collection.programs["count_packets"].attach(sandbox.target())
    assert collection.links == {link}
    collection.close()
    assert not link.attached
    link.detach()
    collection.close()
    with _load("count_packets") as another, another.programs["count_packets"].attach(sandbox.target()):
        pass


def test_attaching_and_detaching_is_fast_enough_for_a_screen(sandbox: Sandbox) -> None:
    with _load("count_packets") as collection:
        effort = Effort()
        for _ in range(5):
            collection.programs["count_packets"].attach(sandbox.target("generic")).detach()
        assert effort.within(0.5)


def test_a_link_is_given_another_program(sandbox: Sandbox) -> None:
    with _load("count_packets") as first, _load("count_packets") as second, _load("traffic") as third:
        old, new, other = first.programs["count_packets"], second.programs["count_packets"], third.programs
        with old.attach(sandbox.target()) as link:
            number = link.id
            sandbox.send(10)
            with pytest.raises(UsageError, match="another program than the one expected is there"):
                link.update(new, instead_of=other["count_traffic"])
            link.update(new, instead_of=old)
            sandbox.send(20)
            link.update(other["count_traffic"])
            sandbox.send(30)
            assert (link.id, link.program) == (number, "count_traffic")
            assert repr(link) == "<Link count_traffic on veth0>"
        counted = first.maps["pkt_count"][0], second.maps["pkt_count"][0], third.variables["total_packets"].get()
        assert counted == (10, 20, 30)


def test_a_program_of_another_type_does_not_fit(sandbox: Sandbox) -> None:
    attached = CollectionSpec.from_file(OBJECTS / "attached.o")
    with (
        _load("count_packets") as loaded,
        kernel.load(attached) as others,
        loaded.programs["count_packets"].attach(sandbox.target()) as link,
    ):
        with pytest.raises(AttachError, match="cannot put another program in the place of count_packets on veth0"):
            link.update(others.programs["on_tracepoint"])
        assert link.program == "count_packets"


def test_what_is_no_single_link_cannot_be_updated(sandbox: Sandbox) -> None:
    with kernel.load(CollectionSpec.from_file(OBJECTS / "attached.o")) as loaded:
        program = loaded.programs["on_tracepoint"]
        with program.attach() as link, pytest.raises((UsageError, FeatureError, AttachError)) as raised:
            link.update(program)
    assert "syscalls/sys_enter_getpgid" in raised.value.message
