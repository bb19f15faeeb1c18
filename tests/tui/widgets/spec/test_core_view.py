"""CO-RE relocations as a table: of one program or of all, and what each becomes."""

from __future__ import annotations

from contextlib import asynccontextmanager, chdir
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.spec import CollectionSpec
from bpftui.tui.base_app import BaseApp
from bpftui.tui.widgets.spec.core_view import CoreView

from ..lines import lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from textual.app import ComposeResult

OBJECTS = Path(__file__).parents[3] / "objects"


class ViewApp(BaseApp[None]):
    def __init__(self, spec: CollectionSpec) -> None:
        super().__init__()
        self.view = CoreView(spec)
        self.opened: list[tuple[str, int]] = []
        self.targets = 0

    def compose(self) -> ComposeResult:
        yield self.view

    def on_core_view_opened(self, event: CoreView.Opened) -> None:
        self.opened.append((event.row.program, event.row.slot))

    def on_core_view_target_requested(self) -> None:
        self.targets += 1


@asynccontextmanager
async def shown(name: str, width: int = 100) -> AsyncGenerator[tuple[ViewApp, CoreView]]:
    with chdir(OBJECTS):
        target = CollectionSpec.from_file("core_target.o").btf
    app = ViewApp(CollectionSpec.from_file(OBJECTS / name))
    async with app.run_test(size=(width, 12)) as pilot:
        app.view.focus()
        app.view.resolve_against(target)
        await app.workers.wait_for_complete()
        await pilot.pause()
        yield app, app.view


def texts(view: CoreView) -> list[str]:
    return [" ".join(line.split()) for line in lines(view)]


async def test_all_programs_or_one() -> None:
    async with shown("core_shapes.o") as (_, view):
        assert texts(view)[:5] == [
            "▌61 relocations against the BTF of core_target.o, 3 without an answer",
            "program insn kind access resolves to",
            "▌fields 0 byte_off struct moved.second ✓ offset 64, 4 bytes",
            "fields 4 byte_off struct moved.array[2] ✓ offset 40, 4 bytes",
            "fields 6 byte_sz struct moved.array ✓ 32 bytes",
        ]
        view.show("fields")
        found = texts(view)
        assert found[:3] == [
            "▌12 relocations against the BTF of core_target.o",
            "insn kind access resolves to",
            "▌0 byte_off struct moved.second ✓ offset 64, 4 bytes",
        ]
        assert (
            found[8] == "14 field_exists struct moved.too_far[5] – moved.too_far[5] does not exist in the BTF of core_›"
        )
        view.show("nothing")
        found = texts(view)
        assert found[0] == "▌0 relocations against the BTF of core_target.o"
        assert "no CO-RE relocations" in found


async def test_a_narrow_one_leaves_the_kind_out() -> None:
    async with shown("core_shapes.o", 60) as (_, view):
        found = texts(view)
        assert found[1:3] == [
            "program insn access resolves to",
            "▌fields 0 struct moved.second ✓ offset 64, 4 ›",
        ]
        assert "moved.in_anonymo… ✓" in found[6]


async def test_where_a_relocation_leads() -> None:
    async with shown("core_shapes.o") as (app, view):
        assert view.row_hint(1) == "instruction 4 of fields"
        assert view.row_text(1) == "fields:4 byte_off struct moved.array[2]: offset 40, 4 bytes"
        view.action_cursor_down()
        view.action_select()
        view.action_choose_target()
        await app.workers.wait_for_complete()
        view.show("nothing")
        view.action_select()
    assert (app.opened, app.targets) == ([("fields", 4)], 1)


async def test_an_object_without_types_has_none() -> None:
    async with shown("subprograms.nobtf.o") as (_, view):
        assert view.row_count() == 0
