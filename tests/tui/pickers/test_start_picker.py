"""What is shown where no object is named, and how an object comes into the list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpftui import bpf
from bpftui.tui.pickers.start_picker import FileList, StartPicker, choices
from bpftui.tui.state.recent import recent, remember
from tests.tui.commands.command_line import ROOT
from tests.tui.conftest import screen_text

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_the_newest_is_first_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    kept = tmp_path / "recent.json"
    files = [tmp_path / f"{number}.o" for number in range(25)]
    for file in files:
        file.write_bytes(b"")
        remember(str(file), kept)
    remember(f"{files[7]}#2", kept)
    remember("-", kept)
    files[24].unlink()
    assert recent(kept) == [f"{files[7]}#2", *(str(file) for file in files[23:5:-1])]
    kept.write_text("[1, 2")
    assert recent(kept) == []


async def test_a_shipped_object_and_a_recent_one_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    mine = ROOT / "tests/objects/sections.o"
    remember(str(mine))
    remember(str(bpf.path("my_map")))  # it ships: it is listed once
    files = choices()
    assert files[0] == (str(mine), f"explored before: {mine}")
    assert files[1][0] == str(bpf.path("traffic"))
    assert files[1][1].startswith("ships with bpftui: what comes in")
    assert len(files) == 7
    for keys, expected in ((["enter"], str(mine)), (["j", "enter"], str(bpf.path("traffic"))), (["q"], None)):
        app = StartPicker(files, note="x.o: it is empty")
        async with app.run_test(size=(80, 24)) as pilot:
            assert app.query_one(FileList).row_text(0) == str(mine)
            await pilot.press(*keys)
            await pilot.pause()
        assert app.return_value == expected


async def test_what_is_explored_is_remembered(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with explore("bpf/my_map.o") as walk:
        await walk.explorer.furnished.wait()
        await walk.pilot.pause()
    assert recent() == [str(ROOT / "bpf/my_map.o")]


async def test_hostile_names_leave_room_for_what_the_files_are(tmp_path: Path) -> None:
    names = [b"L" * 250 + b".o", b"bell\a.o", b"raw\xff.o", "\u202eo.\u4f60".encode(), b"line\nend.o"]
    names += [b"[bold]x.o", b"a#1.o"]
    kept = tmp_path / "recent.json"
    for name in names:
        path = os.fsdecode(bytes(tmp_path) + b"/" + name)
        Path(path).write_bytes(b"")
        remember(path, kept)
    files = [(path, f"explored before: {path}") for path in recent(kept)]
    assert len(files) == len(names)
    app = StartPicker(files)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        shown = [line[1:].split("  ")[0] for line in screen_text(app).splitlines()[1 : len(names) + 1]]
        assert shown == [
            "a#1.o",
            "[bold]x.o",
            r"line\nend.o",
            r"\u202eo.你",
            r"raw\xff.o",
            r"bell\x07.o",
            "L" * 38 + "…",
        ]
        assert all(line[42:].startswith("explored before: /") for line in screen_text(app).splitlines()[1:3])
