"""What the explorer sees is kept: `K` begins a recording and ends it, and whoever quits meanwhile is told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.errors import ObjectError
from bpftui.core.live import Sampler, Session, State
from bpftui.core.runtime import Printed
from bpftui.core.spec import CollectionSpec
from bpftui.core.tape import Recorder, Tape
from bpftui.tui import keeping
from bpftui.tui.dialogs.run import RunScreen
from bpftui.tui.keeping import Keeping
from bpftui.tui.nodes import Node, NodeKind

if TYPE_CHECKING:
    from collections.abc import Callable


async def loaded(walk: Any) -> None:
    await walk.press("L")
    await walk.until(lambda: walk.status.stage == State.LOADED)
    await walk.until(lambda: walk.app.operations.monitor.last is not None)


async def kept(walk: Any, ticks: int = 2) -> str:
    """Wait until so many samples are in the recording that goes on; return its file."""
    path = walk.app.operations.keeping.path

    def enough() -> bool:
        with Tape(path) as tape:
            return tape.ticks >= ticks

    await walk.until(enough)
    return path


async def test_what_is_seen_is_kept_between_two_keys(explore: Callable[..., Any], tmp_path: Path) -> None:
    async with explore(size=(160, 40), runtime=choose_runtime("vm"), messages=True) as walk:
        await walk.press("K")
        await walk.until(lambda: "nothing is seen before the load: L" in walk.screen)
        await loaded(walk)
        monitor, waited = walk.app.operations.monitor, 500.0
        monitor.graph.start -= 2 * waited  # it was loaded long ago
        monitor._sampler._first -= 2 * waited
        await walk.press("K")
        await walk.until(lambda: re.search(r"● REC \d:\d\d", walk.screen) is not None)
        assert "keeps what is seen in " in walk.screen
        path = await kept(walk)
        assert re.fullmatch(r"traffic-\d{8}-\d{6}\.rec", Path(path).name)
        assert Path(path).stat().st_mode & 0o777 == 0o600
        walk.explorer.navigation.go_to(Node(NodeKind.VARIABLE, "total_packets"))
        walk.explorer.panes.variables.focus()
        await walk.press("e", "7", "enter")
        await walk.until(lambda: "total_packets" in walk.app.operations.edited)
        await walk.until(lambda: monitor.last.variables["total_packets"][0] == 7)  # which is kept before it is shown
        await walk.press("K")
        await walk.until(lambda: "● REC" not in walk.screen)
        await walk.until(lambda: "home in tab 3" in walk.screen)
    with Tape(path) as tape:
        assert tape.time(1) < waited  # it begins with the recording, not with the load
        (changed,) = tape.marks
        assert (changed.kind, changed.what, changed.detail) == ("set", "total_packets", "0 → 7")
        values = [sample.variables["total_packets"][0] for _, sample in tape.samples()]
        assert values[0] == 0
        assert values[-1] == 7


async def test_test_runs_are_kept(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 40), runtime=choose_runtime("vm")) as walk:
        await loaded(walk)
        await walk.press("K")
        await walk.until(lambda: walk.status.recording is not None)
        path = await kept(walk)
        await walk.press("R")
        await walk.until(lambda: isinstance(walk.app.screen, RunScreen))
        await walk.press("R")
        await walk.until(lambda: "XDP_PASS" in walk.screen)
        await walk.press("escape")
        with Tape(path) as tape:
            more = tape.ticks + 2
        await kept(walk, more)
        await walk.press("K")
        await walk.until(lambda: walk.status.recording is None)
    with Tape(path) as tape:
        ((time, ran),) = tape.runs()
        assert (ran.program, ran.retval, ran.data) == ("count_traffic", 2, ran.packet)
        assert len(ran.packet) >= 14
        assert [(mark.kind, mark.what, mark.detail) for mark in tape.marks] == [("ran", "count_traffic", "XDP_PASS")]
        assert time == pytest.approx(tape.marks[0].time)


async def test_who_quits_is_told_what_ends_and_it_is_whole(explore: Callable[..., Any]) -> None:
    async with explore(size=(120, 30), runtime=choose_runtime("vm")) as walk:
        await loaded(walk)
        await walk.press("K")
        await walk.until(lambda: walk.status.recording is not None)
        path = await kept(walk)
        await walk.press("q")
        await walk.until(lambda: "These recordings end, and are kept:" in walk.screen)
        assert Path(path).name in walk.screen.replace("\n", "")
    assert not Path(f"{path}-wal").exists()
    with Tape(path) as tape:
        assert tape.ticks >= 2


async def test_where_none_can_be_kept_it_is_said(explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "recordings_directory", lambda: Path("/proc/bpftui"))
    async with explore(size=(160, 30), runtime=choose_runtime("vm")) as walk:
        await loaded(walk)
        await walk.press("K")
        await walk.until(lambda: "/proc/bpftui: recordings cannot be kept there" in walk.screen)
        assert walk.status.recording is None
        assert walk.app.operations.monitor.running


async def test_a_disk_that_is_full_ends_it_and_not_what_is_watched(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with explore(size=(160, 30), runtime=choose_runtime("vm")) as walk:
        await loaded(walk)
        await walk.press("K")
        await walk.until(lambda: walk.status.recording is not None)
        path = await kept(walk)

        def full(*_: object) -> None:
            raise ObjectError("the recording has ended: the disk is full", file=path)

        monkeypatch.setattr(Recorder, "add", full)
        await walk.until(lambda: "the recording has ended: the disk is full" in walk.screen)
        await walk.until(lambda: walk.status.recording is None)
        before = walk.app.operations.monitor.last
        await walk.until(lambda: walk.app.operations.monitor.last is not before)
    with Tape(path) as tape:
        assert tape.ticks >= 2


def test_what_is_attached_already_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    links = [("count_traffic", "sandbox")]
    with choose_runtime("vm").load(CollectionSpec.from_file("bpf/traffic.o")) as collection:
        session = Session(collection.spec, choose_runtime("vm"))
        monitor = session.monitor(lambda _: None, lambda _: None)
        found = Keeping(monitor, lambda _: None)
        found.begin(collection, links)
        found.mark(monitor.graph.now, "set", "sample_every", "1000 → 250")
        sample = replace(Sampler(collection).take(), time=monitor.graph.now)
        found.add(sample, {}, Printed())  # a recording without any is not kept
        found.close()
        with Tape(found.path) as tape:
            assert [(mark.kind, mark.what, mark.detail) for mark in tape.marks] == [
                ("attached", "count_traffic", "sandbox"),
                ("set", "sample_every", "1000 → 250"),
            ]
        late = found.path
        found.begin(collection)  # whoever quits meanwhile does not wait for it
        assert found.seconds is None
        assert found.path == late
        assert [each.name for each in Path(late).parent.iterdir() if each.name.startswith("traffic-")] == [
            Path(late).name
        ]
