"""Which calls of helpers are on a map, and where programs end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.debug import Call, Recording, Session
from bpftui.core.errors import UnknownNameError
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE, EVENTS, UNTOUCHED = {21: 1, 26: 1}, {31: 1}, {49: 1}
"""Of tests/objects/changes.c, by the slots of calls: which argument the map is. A ring buffer's take no key."""


@pytest.fixture
def session() -> Iterator[Session]:
    spec = CollectionSpec.from_file("tests/objects/changes.o")
    with Session(Recording.of(spec, "change", [Call(bytes(64))])) as opened:
        yield opened


def calls(session: Session, name: str, *, with_key: bool) -> dict[int, int]:
    """Return the calls on a map, by their slots in the program."""
    found = session.symbols.map_calls(name, with_key=with_key)
    (first,) = session.symbols.places_of_slot(0)
    return {place - first: call[0] for place, call in found.items()}


def test_calls_on_a_map(session: Session) -> None:
    assert calls(session, "table", with_key=False) == TABLE
    assert calls(session, "table", with_key=True) == TABLE
    assert calls(session, "events", with_key=False) == EVENTS
    assert calls(session, "events", with_key=True) == {}
    assert calls(session, "untouched", with_key=True) == UNTOUCHED  # behind calls on no map


def test_where_a_program_ends(session: Session) -> None:
    (first,) = session.symbols.places_of_slot(0)
    code = session.world.program.spec.code
    exits = {slot for slot in range(len(code) // 8) if code[8 * slot] == 0x95}
    assert {place - first for place in session.symbols.places_of_exits()} == exits != set()


def test_programs_by_their_names(session: Session) -> None:
    assert session.symbols.has_program("change")
    assert not session.symbols.has_program("table")
    assert session.symbols.is_function("change")
    assert not session.symbols.is_function("nothing")
    with pytest.raises(UnknownNameError):
        session.symbols.places_of_function("nothing")
