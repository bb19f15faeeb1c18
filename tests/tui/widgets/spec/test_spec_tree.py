"""The tree of an object, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.spec.spec_tree import SpecTree

from ..lines import lines

if TYPE_CHECKING:
    import pytest
    from textual.app import ComposeResult
    from textual.strip import Strip

OBJECTS = Path(__file__).parents[3] / "objects"
DEAD_BY_CONSTANTS = """\
▌dead_by_constants.o
 ├ ▾ Programs 8
▌│ ├ multiplied xdp
 │ ├ negated xdp
 │ ├ swapped xdp
 │ ├ ▾ getter xdp
 │ │ └ enabled()
 │ ├ ▾ referenced xdp
 │ │ └ by_reference()
 │ ├ between xdp
 │ ├ ▾ global xdp
 │ │ └ global_function()
 │ └ reached xdp
 ├ ▾ Variables 4
 │ └ ▾ .rodata read-only
 │   ├ timeout_ms __u32
 │   ├ port __u16
 │   ├ least * int
 │   └ on _Bool
 └ Types 50"""


class TreeApp(BaseApp[None]):
    def __init__(self, spec: CollectionSpec) -> None:
        super().__init__()
        self.shown_tree = SpecTree(spec)

    def compose(self) -> ComposeResult:
        yield self.shown_tree


async def shown(spec: CollectionSpec) -> tuple[list[str], set[str]]:
    """Return the lines of the tree of an object, and what is drawn as something that cannot be used."""
    app = TreeApp(spec)
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        while app.shown_tree._unlinked:
            await pilot.pause(0.02)
        await pilot.pause()
        unusable = app.shown_tree.get_component_rich_style("spec-tree--unusable").color
        strips = [app.shown_tree.render_line(y) for y in range(app.shown_tree.size.height)]
        bad = {part.text.strip() for strip in strips for part in strip if part.style and part.style.color == unusable}
        return [line.rstrip() for line in lines(app.shown_tree) if line.strip()], bad


async def test_programs_with_their_functions_and_variables_by_section() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "dead_by_constants.o")
    spec.set("least", 6)
    assert await shown(spec) == (DEAD_BY_CONSTANTS.splitlines(), set())


async def test_programs_that_cannot_be_used_are_marked_and_others_not() -> None:
    _, bad = await shown(CollectionSpec.from_file(OBJECTS / "nothing_left.clang14.o"))
    assert bad == {"only", "before", "counts", "last"}
    _, bad = await shown(CollectionSpec.from_file(OBJECTS / "bad_helper.o"))
    assert bad == set()


async def test_what_the_user_set_and_what_the_program_wrote_are_two_signs() -> None:
    spec = CollectionSpec.from_file(OBJECTS.parents[1] / "bpf/traffic.o")
    spec.variables["sample_every"].set(250)
    app = TreeApp(spec)
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        app.shown_tree.mark_written(["total_packets", "sample_every"])
        await pilot.pause()
        text = "\n".join(lines(app.shown_tree))
        assert "sample_every * • __u32" in text
        assert "total_packets • __u64" in text
        assert "total_bytes   __u64" in text  # nothing moves when it is written
        app.shown_tree.mark_written([])
        await pilot.pause()
        assert "total_packets   __u64" in "\n".join(lines(app.shown_tree))


async def test_lines_are_not_numbered_anew_where_the_focus_comes_and_goes() -> None:
    """A program may have thousands of functions."""
    app = TreeApp(CollectionSpec.from_file(OBJECTS / "dead_by_constants.o"))
    async with app.run_test(size=(60, 30)) as pilot:
        tree = app.shown_tree
        tree.focus()
        await pilot.pause()
        focused, numbered = tree.render_line(2), tree._tree_lines
        tree.blur()
        await pilot.pause()
        left = tree.render_line(2)
        tree.focus()
        await pilot.pause()
        assert tree._tree_lines is numbered
        assert left.text == focused.text
        assert left != focused, "the cursor's line has other colours without the focus"
        assert tree.render_line(2) == focused


async def test_lines_are_drawn_once_as_the_keyboard_comes_and_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = SpecTree._draw

    def hooked(tree: SpecTree, number: int, *others: Any) -> Strip:
        drawn.append(number)
        return draw(tree, number, *others)

    app = TreeApp(CollectionSpec.from_file(OBJECTS / "dead_by_constants.o"))
    async with app.run_test(size=(60, 30)) as pilot:
        await pilot.pause()
        tree = app.shown_tree
        while tree._unlinked:
            await pilot.pause(0.02)
        await pilot.pause()
        monkeypatch.setattr(SpecTree, "_draw", hooked)
        for _ in range(2):
            before = [tree.render_line(y) for y in range(tree.size.height)]
            drawn.clear()
            app.set_focus(None)
            await pilot.pause()
            without = [tree.render_line(y) for y in range(tree.size.height)]
            app.set_focus(tree)
            await pilot.pause()
            assert [tree.render_line(y) for y in range(tree.size.height)] == before
            assert {0, tree.cursor_line} <= {y for y, strip in enumerate(without) if strip != before[y]}  # the marks
        assert drawn == []  # which were drawn in the first round
        app.theme = "bpftui-light"
        await pilot.pause()
        assert set(drawn) == set(range(len(tree._tree_lines)))
