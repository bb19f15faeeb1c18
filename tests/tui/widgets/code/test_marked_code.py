"""What is marked in the Code tab: what ran, what the kernel made of a program, and a runtime that has none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpftui.core.asm import instructions
from bpftui.core.coverage.gathered import Gathered
from bpftui.core.errors import FeatureError, LimitError
from bpftui.core.kernel.inspect import image as images
from bpftui.core.kernel.inspect import walk as walks
from bpftui.core.live import Session
from bpftui.core.packet import template
from bpftui.core.runtime.inspected import Image
from bpftui.core.spec import INSN_SIZE, CollectionSpec
from bpftui.core.tape import PlayedSession
from bpftui.core.verifier import Heat, VerifierLog
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.widgets.code.run_counts import RunCounts
from tests.core.tape.test_tape import record
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from bpftui.core.coverage.program import ProgramCoverage

DEAD = "tests/objects/dead_code.o"
KEPT = (0, 1, 2, 46, 47, 48, 49, 61)
"""What the kernel leaves of dead_code.o: slots."""


def fake_image(spec: CollectionSpec, name: str) -> Image:
    program = spec.program(name)
    code = b"".join(program.code[slot * INSN_SIZE : (slot + 1) * INSN_SIZE] for slot in KEPT)
    gone = tuple(slot for slot, _ in instructions(program.code, program.byte_order) if slot not in KEPT)
    return Image(code, (0, 0, 2, 46, 47, 47, 49, 61), gone, (3, 50), ())


async def test_columns_follow_the_listing_and_the_listing_them(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "read_image", fake_image)
    async with explore(DEAD) as walk:
        await walk.press("2")
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        pane.view.jumps.show(46)
        await walk.press("v", "v", "v")  # assembly, C at its side, then the kernel's
        await walk.until(lambda: pane.columns.has_focus and pane.columns.slot_at(pane.columns.cursor) == 46)
        assert not pane.view.display
        shown = lines(pane.columns)
        # the tree made room for the third column
        assert shown[0].split() == [
            "BPF",
            "│",
            "translated",
            "│",
            *["native:", "none,", "the", "JIT", "is", "off", "or", "hidden"],
        ]
        chosen = next(line for line in shown if line.startswith("▌"))
        assert [part.strip() for part in chosen[1:].split("│")] == ["46 w0 = 10", "3 w0 = 10", ""]
        await walk.press("down", "down")  # a C line lies between
        await walk.until(lambda: pane.view.slot_at(pane.view.cursor) == 47)
        assert pane.columns.row_text(pane.columns.cursor) == "47 r1 = .rodata[level] | 4 r1 = .rodata[level]"
        walk.explorer.code.go_to_slot(60)
        await walk.until(lambda: pane.columns.slot_at(pane.columns.cursor) == 60)
        assert pane.columns.row_text(pane.columns.cursor).endswith("| removed")
        pane.action_columns()
        await walk.settle()
        assert (pane.view.has_focus, pane.view.display, pane.columns.display) == (True, True, False)
        assert pane.view.slot_at(pane.view.cursor) == 60


async def test_two_columns_on_a_narrow_terminal(explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "read_image", fake_image)
    async with explore(DEAD, size=(80, 24)) as walk:
        await walk.press("2")
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        await walk.press("v", "v")
        await walk.until(lambda: pane.columns.has_focus)
        await walk.pilot.pause()
        assert lines(pane.columns)[0].split()[:4] == ["BPF", "│", "translated", "(v:"]
        await walk.press("v")
        assert lines(pane.columns)[0].split()[:3] == ["BPF", "│", "native:"]
        await walk.press("down", "down", "right")
        row = next(line for line in lines(pane.columns) if " 2 " in line.partition("│")[0])
        assert row.partition("│")[0].split()[:2] == ["2", "8"]  # `r1 = *(u8 …`, eight cells on


async def test_dead_code_is_struck_out_until_the_constants_change(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def ask(spec: CollectionSpec, name: str) -> Image:
        asked.append(bool(spec.variables["verbose"].get()))
        return fake_image(spec, name)

    monkeypatch.setattr(images, "read_image", ask)
    async with explore(DEAD) as walk:
        await walk.press("2")
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        pane.action_dead()
        await walk.until(lambda: pane.mode == "dead")
        title = str(pane.query_one("#code-title").render())
        assert "52 of 58 instructions removed, 6 left" in title
        assert any(line.rstrip().endswith("; dead: verbose = false") for line in lines(pane.view))
        pane.view.jumps.show(4)
        assert pane.view.row_text(pane.view.cursor) == "4: call bpf_get_prandom_u32#7  ; dead: verbose = false"
        drawn = pane.view.render_line(pane.view.cursor - pane.view.scroll_offset.y)
        dead = next(segment for segment in drawn if "bpf_get_prandom_u32" in segment.text)
        assert dead.style is not None
        assert dead.style.strike
        pane.action_dead()
        assert pane.mode == ""
        pane.action_dead()
        await walk.until(lambda: pane.mode == "dead")
        assert asked == [False]  # nothing has changed: what is known is shown
        walk.explorer.spec.set("verbose", True)
        await walk.press("3", "2")
        await walk.until(lambda: asked == [False, True] and pane.mode == "dead")
        pane.action_dead()
        await walk.until(lambda: pane.mode == "" and "removed" not in str(pane.query_one("#code-title").render()))


async def test_no_kernel_or_a_kernel_that_does_not_say(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(spec: CollectionSpec, name: str) -> Image:
        raise FeatureError(f"program {name} cannot be followed", hint="compile the object with -g")

    monkeypatch.setattr(images, "read_image", refuse)
    async with explore(DEAD) as walk:
        await walk.press("2", "m")
        assert walk.message == "⚠ nothing has run yet: L loads it, R runs it on a packet"
        assert "Marks" not in walk.footer
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        await walk.press("v", "v", "v")
        await walk.until(lambda: "✗" in walk.message)
        assert "program dead_code cannot be followed" in walk.message
        assert "compile the object with -g" in walk.message
        assert pane.view.display


LOG = """func#0 @0
0: R1=ctx() R10=fp0
0: (18) r1 = 0xffff888100000000       ; R1_w=map_value()
2: (71) r1 = *(u8 *)(r1 +0)           ; R1_w=0
3: (16) if w1 == 0x0 goto pc+42       ; R1_w=0
46: (b4) w0 = 10                      ; R0_w=10
from 3 to 46: R1=0
46: (b4) w0 = 10                      ; R0_w=10
processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 3 peak_states 3 mark_read 0
"""


async def test_heat_stands_beside_the_code_until_it_is_switched_off(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(spec: CollectionSpec, name: str) -> Heat:
        asked.append(name)
        return Heat(VerifierLog(LOG, spec.programs[name]))

    monkeypatch.setattr(walks, "read_walk", ask)
    async with explore(DEAD) as walk:
        await walk.press("2")
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        plain = lines(pane.view)
        await walk.press("m")
        await walk.until(lambda: pane.mode == "heat")
        title = str(pane.query_one("#code-title").render())
        assert "5 walked, 60 % at dead_code.c:13" in title
        shown = lines(pane.view)
        assert shown[0].split()[:4] == ["▌", "5", "dead_code:", "62"]
        assert [line[5:8] for line in shown[1:6]] == ["3  ", "1 ▄", "1 ▄", "1 ▄", "2  "]
        pane.view.jumps.show(46)
        await walk.pilot.pause()
        hot = next(line for line in lines(pane.view) if line.startswith("▌"))
        assert hot[1:].split()[:2] == ["2", "█"]
        assert hot.rstrip().endswith("46    w0 = 10")
        pane.action_heat()
        await walk.press("g")
        assert lines(pane.view) == plain
        await walk.press("m")
        assert pane.mode == "heat"
        assert asked == ["dead_code"]  # nothing has changed: what is known is shown
        # The picture has it too, also behind the columns, which have no place for it.
        monkeypatch.setattr(images, "read_image", fake_image)
        await walk.press("v", "v", "v")
        await walk.until(lambda: pane.columns.has_focus)
        await walk.press("v")
        await walk.until(lambda: "heavy: the way of most of the verifier's walk" in walk.screen)
        assert "  2 ██ ┓" in walk.screen


def runs_of(walk: Any) -> dict[int, str]:
    """Return what stands beside the instructions in sight, by slot: a count or a word."""
    view = walk.explorer.panes.code.view
    shown = lines(view)
    top = view.scroll_offset.y
    rows = {view.row(top + number).slot: line for number, line in enumerate(shown) if view.row(top + number).raw}
    return {slot: line[1:].split()[0] for slot, line in rows.items()}


async def test_what_ran_stands_beside_the_code_and_gaps_are_gone_to(explore: Callable[..., Any]) -> None:
    async with explore(runtime=MachineRuntime()) as walk:
        pane = walk.explorer.panes.code
        walk.explorer.spec.set("track_sources", False)
        await walk.press("L")
        await walk.until(lambda: walk.explorer.operations.collection is not None and not walk.explorer.operations.busy)
        program = walk.explorer.operations.collection.programs["count_traffic"]
        for _ in range(3):
            program.run(bytes(template("IPv4 UDP")))
        await walk.press("2", "m")
        await walk.until(lambda: "3 runs" in walk.screen)
        assert "3 runs · 81.8 % of lines · 13 of 26 outcomes" in str(pane.query_one("#code-title").render())
        assert runs_of(walk)[0] == "3"
        assert lines(pane.view)[2].split()[1:4] == ["█", "0", "r7"]
        await walk.press("greater_than_sign")
        here = next(line for line in lines(pane.view) if line.startswith("▌"))
        assert here.startswith("▌      3 █ ╭──── 10    if w1 != 0x1 goto L161")
        assert pane.view.row_text(pane.view.cursor) == "10: if w1 != 0x1 goto L161  ; never jumped in 3"
        await walk.press(*["greater_than_sign"] * 5)
        assert pane.view.slot_at(pane.view.cursor) == 41
        assert runs_of(walk)[41] == "never"
        await walk.press("less_than_sign")
        assert pane.view.row_text(pane.view.cursor) == "30: if r2 > r3 goto L63  ; never jumped in 3"
        program.run(bytes(template("IPv6 TCP")))
        await walk.until(lambda: "4 runs" in walk.screen)
        assert runs_of(walk)[30] == "3"
        walk.explorer.code.go_to_slot(136)
        await walk.settle()
        assert "removed" in runs_of(walk).values()
        assert any("; dead: track_sources = fal›" in line for line in lines(pane.view))
        await walk.press("m")
        assert pane.mode == ""
        assert not any("removed" in line or "never" in line for line in lines(pane.view))


async def test_what_tests_came_to_the_verifiers_walk_and_dead_code_in_one_listing(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "read_image", fake_image)
    monkeypatch.setattr(walks, "read_walk", lambda spec, name: Heat(VerifierLog(LOG, spec.programs[name])))
    spec = CollectionSpec.from_file(DEAD)
    gathered = Gathered()
    with MachineRuntime().load(spec) as collection:
        program = collection.programs["dead_code"]
        program.count()
        for _ in range(12):
            program.run(bytes(64))
        assert program.counts is not None
        gathered.add(program.spec, collection.spec, program.counts)
    async with explore(DEAD) as walk:
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        walk.explorer.operations.session.coverage = gathered
        await walk.press("2")
        modes = []
        for _ in range(5):
            await walk.press("m")
            await walk.until(lambda: pane._kernel.seconds is None)
            modes.append(pane.mode)
        assert modes == ["runs", "heat", "dead", "all", ""]
        heads = pane.query_one("#code-heads")
        assert not heads.display
        pane.action_all_marks()
        await walk.until(lambda: "12 runs · " in walk.screen)
        assert "outcomes  5 walked, 60 % at dead_code.c:13" in str(pane.query_one("#code-title").render())
        assert heads.display
        over, below = str(heads.render()), lines(pane.view)[2]
        assert over.split() == ["runs", "verified"]
        assert over.index("runs") + len("runs") == below.index("12") + len("12")
        assert len(over) == below.index("▄") + 2
        rows = [line[1:].split() for line in lines(pane.view)]
        assert rows[2][:5] == ["12", "█", "1", "▄", "0"]
        removed = next(row for row in rows if row[0] == "removed" and "dead:" in row)
        assert removed[-3:] == ["verbose", "=", "false"]


async def test_coverage_of_other_code_is_not_shown(explore: Callable[..., Any]) -> None:
    async with explore(DEAD) as walk:
        walk.explorer.operations.session.coverage = Gathered()
        await walk.press("2", "m")
        await walk.until(lambda: "nothing was counted of this code" in walk.message)
        assert walk.explorer.panes.code.mode == ""


async def test_the_keys_that_ask_the_kernel_go_with_it(explore: Callable[..., Any]) -> None:
    async with explore(DEAD) as walk:
        await walk.hurry("2")
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        assert pane.check_action("columns", ()) is True
        walk.runtime.verifies = False
        assert pane.check_action("columns", ()) is False
        await walk.hurry("m")
        assert "nothing has run yet: L loads it, R runs it on a packet" in walk.message


async def test_what_cannot_be_counted_is_told_and_without_marks_what_there_is_none_of(
    explore: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(counts: RunCounts, name: str) -> ProgramCoverage:
        raise LimitError(f"program {name} has too many ways")

    def nothing_removed(spec: CollectionSpec, name: str) -> Image:
        return fake_image(spec, name)._replace(removed=(), decided=())

    monkeypatch.setattr(images, "read_image", nothing_removed)
    async with explore(DEAD) as walk:
        pane = walk.explorer.panes.code
        walk.runtime.verifies = True
        await walk.press("2")
        pane.action_dead()
        await walk.until(lambda: pane.mode == "dead")
        await walk.press("greater_than_sign")
        assert "the verifier removed nothing" in walk.message
        walk.explorer.operations.session.coverage = Gathered()
        with monkeypatch.context() as broken:
            broken.setattr(RunCounts, "read", damaged)
            pane.action_runs()
            await walk.until(lambda: "program dead_code has too many ways" in walk.message)
        assert pane.mode == ""
        with monkeypatch.context() as broken:
            broken.setattr(RunCounts, "read", lambda counts, name: {}[name])
            pane.action_runs()
            await walk.until(lambda: "cannot count what ran of dead_code: KeyError: 'dead_code'" in walk.message)


def test_what_did_not_run_since_is_not_reckoned_again() -> None:
    with Session(CollectionSpec.from_file(DEAD), MachineRuntime()) as session:
        counts = RunCounts(session)
        assert counts.why_not == "nothing has run yet: L loads it, R runs it on a packet"
        collection = session.load()
        session.count()
        assert counts.why_not == ""
        collection.programs["dead_code"].run(bytes(64))
        first = counts.read("dead_code")
        assert first is not None
        assert first.runs == 1
        assert counts.read("dead_code") is first
        collection.programs["dead_code"].run(bytes(64))
        second = counts.read("dead_code")
        assert second is not None
        assert (first.runs, second.runs) == (1, 2)


def test_a_recording_has_no_counts(tmp_path: Path) -> None:
    record(tmp_path / "x.rec", 2)
    with PlayedSession(str(tmp_path / "x.rec")) as session:
        assert RunCounts(session).why_not == "what ran is not in a recording: --coverage FILE has what tests came to"
