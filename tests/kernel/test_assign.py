"""load_and_assign: what a class asks for is loaded, nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pytest

from bpftui.core.errors import UnknownNameError, UsageError, VerifierError
from bpftui.core.runtime import Map, Program, Variable
from bpftui.core.spec import CollectionSpec, LoadedObjects
from tests.census import census

if TYPE_CHECKING:
    from bpftui.core.kernel import Map as KernelMap
    from bpftui.core.kernel import Program as KernelProgram

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]


def open_spec(path: str) -> CollectionSpec:
    return CollectionSpec.from_file(ROOT / path)


def open_files() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def test_only_what_is_asked_for_is_loaded() -> None:
    class Objects(LoadedObjects):
        numbers: Map
        each: Program

    before = open_files()
    with open_spec("tests/objects/callbacks.o").load_and_assign(Objects) as objects:
        assert isinstance(objects, Objects)
        assert objects.each.name == "each"
        assert objects.numbers.max_entries == 5
        assert set(objects.collection.programs) == {"each"}
        # neither the other program nor its .data and .bss
        assert set(objects.collection.maps) == {"numbers"}
        # each counts the five entries up to 1, and returns their sum
        assert objects.each.run().retval == 5
        assert objects.numbers[4] == 1
    assert open_files() == before


def test_what_a_program_needs_comes_with_it() -> None:
    class Objects(LoadedObjects):
        loop: Program
        rounds: Variable

    spec = open_spec("tests/objects/callbacks.o")
    spec.set("rounds", 5)
    with spec.load_and_assign(Objects) as objects:
        assert set(objects.collection.maps) == {".data", ".bss"}
        assert objects.loop.run().retval == 0 + 1 + 2 + 3 + 4
        objects.rounds.set(3)
        assert objects.loop.run().retval == 0 + 1 + 2


def test_names_that_are_no_python_names() -> None:
    class Objects(LoadedObjects):
        zeros: Annotated[Map, ".bss"]
        counter: Annotated[Variable, "global_u16"]
        program: Annotated[Program, "global_example"]

    with open_spec("bpf/global_example.o").load_and_assign(Objects) as objects:
        assert objects.zeros.name == ".bss"
        assert objects.program.run().retval == 0
        assert objects.counter.get() == 1


def test_names_that_only_a_type_checker_knows() -> None:
    class Objects(LoadedObjects):
        zeros: Annotated[KernelMap, ".bss"]
        global_example: KernelProgram

    with open_spec("bpf/global_example.o").load_and_assign(Objects) as objects:
        assert objects.zeros.name == ".bss"
        assert objects.global_example.run().retval == 0


def test_a_class_of_its_own_gets_its_close() -> None:
    class Objects:
        pkt_count: Map
        count_packets: Program

    before = open_files()
    objects = open_spec("bpf/count_packets.o").load_and_assign(Objects)
    assert isinstance(objects, Objects)
    assert isinstance(objects, LoadedObjects)
    assert open_files() != before
    objects.close()
    objects.close()
    assert open_files() == before


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ({"pkt_cout": Map}, "there is no map 'pkt_cout' in ", "did you mean 'pkt_count'?"),
        ({"pkt_count": Map, "count": Program}, "there is no program 'count' in ", "there is: count_packets"),
        ({"pkt_count": Variable}, "there is no variable 'pkt_count' in ", "there is no variable at all"),
    ],
)
def test_what_is_missing_is_named_and_nothing_loaded(wanted: dict[str, type], message: str, hint: str) -> None:
    before = open_files()
    with pytest.raises(UnknownNameError) as caught:
        open_spec("bpf/count_packets.o").load_and_assign(type("Objects", (), {"__annotations__": wanted}))
    assert caught.value.message.startswith(message)
    assert caught.value.hint == hint
    assert open_files() == before


def test_an_annotation_that_is_none_of_these() -> None:
    class Objects:
        pkt_count: int

    with pytest.raises(UsageError, match="class Objects: pkt_count is neither a Map, nor a Program, nor a Variable"):
        open_spec("bpf/count_packets.o").load_and_assign(Objects)


def test_a_bad_program_matters_only_to_those_who_ask_for_it() -> None:
    class Good(LoadedObjects):
        fine: Program

    class Bad(LoadedObjects):
        bad_bounds: Program

    spec = open_spec("tests/objects/bad_bounds.o")
    with spec.load_and_assign(Good) as objects:
        assert objects.fine.name == "fine"
    before = open_files()
    with pytest.raises(VerifierError, match="bad_bounds"):
        spec.load_and_assign(Bad)
    assert open_files() == before


def test_an_exception_closes_everything_too() -> None:
    class Objects(LoadedObjects):
        my_map: Map

    def use() -> None:
        with open_spec("bpf/my_map.o").load_and_assign(Objects) as objects:
            ids.append(("map", str(objects.my_map.id)))
            assert ids[0] in census()
            raise RuntimeError("on purpose")

    ids: list[tuple[str, str]] = []
    before = open_files()
    with pytest.raises(RuntimeError, match="on purpose"):
        use()
    assert open_files() == before
