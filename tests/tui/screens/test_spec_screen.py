"""Types, CO-RE relocations, and another type for a program, in the explorer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input, OptionList

from bpftui.core.runtime import ExternAnswer
from bpftui.core.spec import AttachType, CollectionSpec, ProgramType
from bpftui.core.spec.container import SeveralObjectsError
from bpftui.tui.dialogs.ask import AskDialog
from bpftui.tui.dialogs.program_type import ProgramTypeDialog, ranked_names
from bpftui.tui.dialogs.type_page import TypePage
from bpftui.tui.nodes import Node, NodeKind
from bpftui.tui.pickers.object_picker import ObjectList, ObjectPicker
from bpftui.tui.widgets.code.c_view import CView
from bpftui.tui.widgets.code.listing_view import ListingView
from bpftui.tui.widgets.overview import Overview
from bpftui.tui.widgets.spec.beside_view import BesideView
from bpftui.tui.widgets.spec.core_view import CoreView
from bpftui.tui.widgets.spec.types_view import TypesView
from bpftui.tui.widgets.spec.variables_view import VariablesView
from tests.tui.fakes import FakeRuntime
from tests.tui.widgets.lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


def test_names_like_the_section_come_first() -> None:
    assert ranked_names("xdp_prog")[0] == "xdp"
    assert ranked_names("cgroup/conect4")[:2] == ["cgroup/connect4", "cgroup/connect6"]
    assert ranked_names("?tracepoint/sched/sched_switch")[0] == "tracepoint"
    assert {"sched_cls", "fentry", "xdp"} <= set(ranked_names("anything"))


async def test_a_search_that_finds_nothing_in_the_overview_leaves_one_where_one_was(
    explore: Callable[..., Any],
) -> None:
    async with explore("bpf/traffic.o") as walk:
        await walk.press("tab", "down", "down")
        before = [row for row in walk.screen.splitlines() if "▕▌" in row]
        assert len(before) == 2  # its title, and the row
        await walk.press("slash", *"zzzz", "escape")
        assert [row for row in walk.screen.splitlines() if "▕▌" in row] == before
        await walk.press("slash", *"zzzz", "enter")
        await walk.until(lambda: "no match for 'zzzz'" in walk.message)


async def test_a_programs_type_is_chosen_from_a_list(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        program = walk.explorer.spec.programs["count_traffic"]
        await walk.press("e")
        dialog = walk.app.screen
        assert isinstance(dialog, ProgramTypeDialog)
        first = dialog.query_one(OptionList).get_option_at_index(0).prompt
        assert str(first).split() == ["xdp", "xdp", "·", "xdp"]
        await walk.type("tcx egress")
        await walk.press("enter")
        assert (program.type, program.attach_type) == (ProgramType.SCHED_CLS, AttachType.TCX_EGRESS)
        assert "tcx_egress" in walk.explorer.query_one(Overview).text
        await walk.press("e")
        walk.app.screen.query_one(Input).value = "fentry/do_unlinkat"
        await walk.pilot.pause()
        await walk.press("enter")
        assert (program.type, program.attach_to) == (ProgramType.TRACING, "do_unlinkat")
        await walk.press("L")
        await walk.until(lambda: walk.status.stage == "LOADED")
        await walk.press("e")
        assert not isinstance(walk.app.screen, ProgramTypeDialog)


async def test_types_are_a_list_and_enter_opens_one(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.TYPES))
        await walk.pilot.pause()
        view = walk.explorer.query_one(TypesView)
        assert walk.app.focused is view
        assert view.row_count() == 69
        assert lines(view)[6].split() == ["6", "struct", "8", "struct", "kind"]
        assert view.search("^struct event$")
        await walk.press("enter")
        page = walk.app.screen
        assert isinstance(page, TypePage)
        text = page.query_one(CView).text
        assert "struct address             source;               /*    24    20 */" in text
        assert "enum protocol {\n\tNONE = 0," in text  # all that it needs
        assert page.query_one(CView).search("struct address ")
        await walk.press("enter")
        assert "__u8                       bytes[16];" in page.query_one(CView).text
        await walk.press("backspace")
        assert "struct event {" in page.query_one(CView).text
        await walk.press("escape", "v")
        assert "structs and unions" in lines(view)[0]
        assert {line.split()[1] for line in lines(view)[1:] if line.strip(" ▌")} == {"struct"}
        # Another node has the overview again.
        walk.explorer.navigation.go_to(Node(NodeKind.PROGRAM, "count_traffic"), "overview")
        await walk.pilot.pause()
        assert not view.display


async def test_a_type_is_beside_that_of_the_chosen_btf(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/core_shapes.o") as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.CORE))
        await walk.press("e")
        walk.app.screen.query_one(Input).value = str(ROOT / "tests/objects/core_target.o")
        await walk.press("enter")
        walk.explorer.navigation.go_to(Node(NodeKind.TYPES))
        await walk.pilot.pause()
        assert walk.explorer.query_one(TypesView).search("^struct twins$")
        await walk.press("enter", "v")
        view = walk.app.screen.query_one(BesideView)
        assert walk.app.focused is view
        shown = [" ".join(line.split()) for line in lines(view) if line.strip()]
        assert shown[0].startswith("struct twins, 8 bytes, beside that of")
        assert shown[1:] == [
            "member here: offset, bytes, type there CO-RE",
            "▌⚠ same 0 4 int 4 4 moved names:4 byte_off",
            "⚠ different 4 4 int 0 4 moved ambiguous:0 byte_off",
        ]
        await walk.press("v")
        assert isinstance(walk.app.focused, CView)


async def test_core_relocations_resolve_against_a_chosen_btf(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/core.o") as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.CORE, program="core"))
        view = walk.explorer.query_one(CoreView)
        await walk.until(lambda: view.row_count() == 19)
        await walk.press("e")
        dialog = walk.app.screen
        assert isinstance(dialog, AskDialog)
        dialog.query_one(Input).value = str(ROOT / "tests/objects/nothing.btf")
        await walk.press("enter")
        assert view.target is None
        await walk.press("e")
        walk.app.screen.query_one(Input).value = str(ROOT / "tests/objects/core.o")
        await walk.press("enter")
        await walk.until(lambda: view.row_count() == 19 and "core.o" in lines(view)[0])
        assert " ".join(lines(view)[2].split()) == "▌2 byte_off struct task_struct.tgid ✓ offset 4, 4 bytes"
        await walk.press("j", "j", "enter")
        listing = walk.explorer.query_one(ListingView)
        assert walk.explorer.navigation.tab == "code"
        assert listing.row(listing.cursor).slot == 19


async def test_core_relocations_are_those_of_the_program_that_was_chosen(explore: Callable[..., Any]) -> None:
    async with explore("tests/objects/core_shapes.o") as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.CORE, program="fields"))
        view = walk.explorer.query_one(CoreView)
        await walk.until(lambda: view.row_count() == 12)
        assert view.display
        walk.explorer.navigation.go_to(Node(NodeKind.CORE))
        await walk.until(lambda: view.row_count() == 61)
        walk.explorer.navigation.go_to(Node(NodeKind.COLLECTION))
        assert not view.display


async def test_changed_variables_show_the_files_value_and_are_reset_together(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        spec = walk.explorer.spec
        spec.set("sample_every", 9)
        spec.set("counting", False)
        view = walk.explorer.query_one(VariablesView)
        await walk.press("3")
        view.show_read({})
        assert lines(view)[1].rstrip().endswith("sample_every *    __u32      9  file: 1,000  constant")
        await walk.press("v")
        assert [line.lstrip("▌ ").split()[0] for line in lines(view)[1:] if line.strip()] == [
            "sample_every",
            "counting",
        ]
        await walk.press("v")
        assert "Value (only what you set)" in lines(view)[0]
        assert view.row_count() == 2
        await walk.press("v", "v", "ctrl+r")
        assert (spec.variables["sample_every"].get(), spec.variables["counting"].get()) == (1000, True)
        assert view.row_count() == 0
        assert "nothing differs from the file" in "".join(lines(view))


async def test_hidden_variables_stand_in_the_list_with_their_reason(explore: Callable[..., Any]) -> None:
    async with explore("bpf/hidden_example.o") as walk:
        await walk.press("3", "e", "enter", "r")
        view = walk.explorer.query_one(VariablesView)
        assert "✗ hidden_var     hidden visibility (__hidden)" in lines(view)[1]


async def test_externs_are_what_the_runtime_says(explore: Callable[..., Any]) -> None:
    answers = {
        "LINUX_KERNEL_VERSION": ExternAnswer("LINUX_KERNEL_VERSION", found=True, text="397868: 6.18.44"),
        "kfunc_that_is_not_there": ExternAnswer(
            "kfunc_that_is_not_there", found=False, text="not in this kernel's BTF"
        ),
    }
    async with explore("tests/objects/externs.o", runtime=FakeRuntime(answers=answers)) as walk:
        walk.explorer.navigation.go_to(Node(NodeKind.EXTERNS))
        page = walk.explorer.query_one(Overview)
        await walk.until(lambda: "✓ 397868: 6.18.44" in page.text)
        assert "– not in this kernel's BTF" in page.text  # weak: optional


async def test_a_file_with_several_objects_is_a_list(tmp_path: Path) -> None:
    archive = tmp_path / "several.bin"
    objects = [(ROOT / "bpf" / name).read_bytes() for name in ("traffic.o", "constants.o")]
    archive.write_bytes(b"a program that embeds two".join([b"", *objects]))
    with pytest.raises(SeveralObjectsError) as several:
        CollectionSpec.from_file(archive)
    app = ObjectPicker(several.value)
    async with app.run_test(size=(100, 20)) as pilot:
        shown = app.query_one(ObjectList)
        for _ in range(200):
            if len(shown.contents) == 2:
                break
            await pilot.pause(0.02)
        assert "count_traffic (xdp); 3 maps" in lines(shown)[0]
        assert "constants (xdp); 3 maps" in lines(shown)[1]
        await pilot.press("j", "enter")
    assert app.return_value == 2


async def test_the_tree_is_folded_and_unfolded_as_a_whole(explore: Callable[..., Any]) -> None:
    async with explore() as walk:
        await walk.until(lambda: "fill()" in walk.screen)
        await walk.press("down", "minus")
        folded = walk.screen
        assert "count_traffic xdp" not in folded
        assert "fill()" not in folded
        assert "Programs 1" in folded
        assert walk.explorer.navigation.node == Node(NodeKind.PROGRAMS)
        await walk.press("plus")
        assert "fill()" in walk.screen
        assert "sample_every" in walk.screen
