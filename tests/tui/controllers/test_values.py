"""What the user set and what the program wrote are two signs; changes are undone, and copied as options."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bpftui.core.live import State
from bpftui.core.packet import template
from bpftui.core.vm.runtime import MachineRuntime

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def row(walk: Any, name: str) -> str:
    """Return the row of a variable in the list, its columns apart by one space."""
    tree = 40
    lines = (line[line.find(name, tree) :] for line in walk.screen.splitlines() if name in line[tree:])
    return " ".join(next(lines, walk.screen).split())


async def test_what_was_set_is_undone_and_made_again(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.press("3")
        view = walk.explorer.query_one("VariablesView")
        view.choose("track_sources")
        await walk.press("space")
        assert row(walk, "track_sources").startswith("track_sources * bool false file: true constant")
        await walk.press("U")
        assert row(walk, "track_sources").endswith("true constant")
        await walk.press("ctrl+y")
        assert row(walk, "track_sources").startswith("track_sources * bool false file: true constant")
        view.choose("sample_every")
        await walk.press("e", *"25", "enter")
        copied: list[str] = []
        walk.app.copy_to_clipboard = copied.append
        await walk.press("Y")
        assert copied == ["--set sample_every=25 --set track_sources=false"]
        await walk.press("ctrl+r")
        assert row(walk, "sample_every").endswith("1,000 constant")
        await walk.press("U")  # all that was taken back together
        assert row(walk, "sample_every").startswith("sample_every * __u32 25 file: 1,000 constant")
        assert row(walk, "track_sources").startswith("track_sources * bool false file: true constant")


async def test_what_the_program_wrote_has_another_sign(explore: Callable[..., Any]) -> None:
    async with explore(runtime=MachineRuntime()) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        walk.app.operations.collection.programs["count_traffic"].run(bytes(template("IPv4 UDP")))
        await walk.press("3")
        view = walk.explorer.query_one("VariablesView")
        await walk.until(lambda: "total_packets • __u64 1 file: 0" in row(walk, "total_packets"))
        view.choose("total_packets")
        await walk.press("e", *"7", "enter")
        assert row(walk, "total_packets").endswith("total_packets * __u64 7 file: 0")
        walk.app.operations.collection.programs["count_traffic"].run(bytes(template("IPv4 UDP")))
        await walk.until(lambda: "total_packets *• __u64 8 file: 0" in row(walk, "total_packets"))


async def test_keys_while_a_change_waits_are_done_behind_it(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore(runtime=MachineRuntime()) as walk:
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == State.LOADED)
        await walk.press("3")
        view = walk.explorer.query_one("VariablesView")
        view.choose("total_packets")
        await walk.press("e", "7", "enter")
        await walk.until(lambda: row(walk, "total_packets").endswith("total_packets * __u64 7 file: 0"))
        operations, may_go, said = walk.app.operations, threading.Event(), list[str]()
        read, set_variable = operations.read_variables, operations.set_variable

        def held_up() -> Any:  # as by a run of the machine
            assert may_go.wait(10)
            return read()

        def set_it(place: Any, text: str) -> bool:
            said.append(text)
            return set_variable(place, text)

        monkeypatch.setattr(operations, "read_variables", held_up)
        monkeypatch.setattr(operations, "set_variable", set_it)
        try:
            await walk.press("e", "8", "enter", "U", "ctrl+y", "ctrl+r", "U", "U")
            assert not said
        finally:
            may_go.set()
        zero, seven, eight = (f"hex:{number.to_bytes(8, 'little').hex()}" for number in (0, 7, 8))
        await walk.until(
            lambda: len(said) == 6 and row(walk, "total_packets").endswith("total_packets * __u64 7 file: 0")
        )
        assert said == ["8", seven, eight, zero, eight, seven]
        await walk.press("U", "U")  # the first one, and there is no other
        await walk.until(lambda: "there is no change of yours to undo" in walk.screen)
        assert said[6:] == [zero]
        assert row(walk, "total_packets") == "total_packets __u64 0"
