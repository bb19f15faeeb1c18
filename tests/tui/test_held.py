"""What fields of entries stand for, and where that lives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.live.stacks import StackPlace
from bpftui.core.runtime import Entry
from bpftui.core.spec import MapSpec, MapType
from bpftui.tui.held import HeldObject, HeldObjects
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.targets import StackTarget, Thing

if TYPE_CHECKING:
    from bpftui.core.live import Session
    from bpftui.core.live.field import Field

PROGRAMS = MapSpec("jumps", ".maps", MapType.PROG_ARRAY, 4, 4, 8)
MAPS = MapSpec("outer", ".maps", MapType.ARRAY_OF_MAPS, 4, 4, 8)
COUNTS = MapSpec("counts", ".maps", MapType.HASH, 4, 4, 8)
ENTRY = HeldObject("entry", Node(NodeKind.PROGRAM, "entry"))
INNER = HeldObject("inner", Node(NodeKind.MAP, "counts"))
TRACES = MapSpec("traces", ".maps", MapType.STACK_TRACE, 4, 8, 8)


def session(*, is_loaded: bool = True, theirs: bool = False) -> Session:
    """Return one in which program 7 is `entry` and map 9 `inner`; others have loaded what else there is."""
    collection = SimpleNamespace(
        programs={"other": SimpleNamespace(id=6), "entry": SimpleNamespace(id=7)},
        maps={"inner": SimpleNamespace(id=9)},
    )
    names = SimpleNamespace(name_of=lambda noun, number: f"{noun} {number} of theirs")
    spec = SimpleNamespace(maps={"inner": COUNTS})
    made = SimpleNamespace(
        collection=collection if is_loaded else None, theirs=names if theirs else None, spec=spec, is_past=False
    )
    return cast("Session", made)


def held(of: Session, spec: MapSpec, number: int) -> HeldObject | None:
    return HeldObjects(of).of(spec, cast("Field", None), Entry(bytes(4), (number.to_bytes(4, "little"),)))


@pytest.mark.parametrize(
    ("spec", "number", "own", "theirs"),
    [
        (PROGRAMS, 0, None, None),
        (
            PROGRAMS,
            7,
            HeldObject("entry", Node(NodeKind.PROGRAM, "entry")),
            HeldObject("entry", Node(NodeKind.PROGRAM, "entry")),
        ),
        (PROGRAMS, 8, None, HeldObject("prog 8 of theirs", Thing("prog", 8))),
        (MAPS, 9, INNER, INNER),
        (MAPS, 7, None, HeldObject("map 7 of theirs", Thing("map", 7))),
    ],
)
def test_an_id_stands_for_what_has_it(
    spec: MapSpec, number: int, own: HeldObject | None, theirs: HeldObject | None
) -> None:
    assert held(session(), spec, number) == own
    assert held(session(theirs=True), spec, number) == theirs
    assert held(session(is_loaded=False), spec, number) is None


def test_a_stack_s_id_leads_to_its_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {b"none": None, b"five": StackPlace("traces", 5), b"lost": StackPlace("traces", -17)}
    stacks = SimpleNamespace(
        maps={"traces"},
        place=lambda _name, _field, entry: places[entry.key],
        own_place=lambda name, entry: StackPlace(name, entry.key[0]),
        name_of=lambda place: place.problem or "read < sys_read",
    )
    known = HeldObjects(session())
    monkeypatch.setattr(HeldObjects, "stacks", property(lambda _: stacks))

    def of(spec: MapSpec, key: bytes) -> HeldObject | None:
        return known.of(spec, cast("Field", None), Entry(key, (bytes(4),)))

    assert of(TRACES, b"\7\0\0\0") == HeldObject("", StackTarget(StackPlace("traces", 7)))
    assert of(COUNTS, b"five") == HeldObject("read < sys_read", StackTarget(StackPlace("traces", 5)))
    assert of(COUNTS, b"lost") == HeldObject("-EEXIST", None)
    assert of(COUNTS, b"none") is None
    monkeypatch.setattr(HeldObjects, "stacks", property(lambda _: None))
    assert of(TRACES, b"\7\0\0\0") is None


@pytest.mark.parametrize(
    ("number", "is_past", "target"),
    [
        (7, False, Node(NodeKind.PROGRAM, "entry")),
        (7, True, Node(NodeKind.PROGRAM, "entry")),
        (8, False, Thing("prog", 8)),
        (8, True, None),
        (0, False, None),
    ],
)
def test_a_frame_leads_to_its_program(number: int, is_past: bool, target: object) -> None:
    of = session()
    cast("Any", of).is_past = is_past
    assert HeldObjects(of).program_of(cast("Any", SimpleNamespace(program=number))) == target
