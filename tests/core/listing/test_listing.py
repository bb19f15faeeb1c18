"""The rows of listings, and the raw text against llvm-objdump."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bpftui.core.analysis import facts
from bpftui.core.analysis.values import track
from bpftui.core.asm import Instruction, Syntax
from bpftui.core.listing.listing import Listing, Row, RowKind
from bpftui.core.spec import CollectionSpec, ProgramSpec, ProgramType
from bpftui.core.spec.program import Function, LinkedCode
from bpftui.tui.__main__ import main

ROOT = Path(__file__).parents[3]
OBJECTS = [path.relative_to(ROOT) for path in [*sorted(ROOT.glob("tests/objects/*.o")), *sorted(ROOT.glob("bpf/*.o"))]]


def listing(path: str, program: str, **options: Any) -> Listing:
    return Listing(CollectionSpec.from_file(ROOT / path).programs[program], **options)


def rows(found: Listing) -> list[Row]:
    return found.rows(0, len(found))


@pytest.mark.parametrize("source", [True, False])
@pytest.mark.parametrize("path", OBJECTS, ids=str)
def test_rows_and_slots_agree(path: Path, source: bool) -> None:
    for program in CollectionSpec.from_file(ROOT / path).programs.values():
        found = Listing(program, source=source)
        insns = [(index, row) for index, row in enumerate(rows(found)) if row.kind is RowKind.INSN]
        assert all(found.index_of_slot(row.slot) == index for index, row in insns)
        assert b"".join(row.raw for _, row in insns) == program.code
        for index, row in enumerate(rows(found)):
            # a function's or a source's row stands above its instruction
            assert index <= found.index_of_slot(row.slot)
            assert row.kind is not RowKind.SOURCE or source
        for _, row in insns:
            inside = row.target is None or 0 <= row.target < program.insns
            assert inside or row.comment == f"it jumps to {row.target}, outside of the function"
        for second in (row.slot + 1 for _, row in insns if len(row.raw) == 16):
            assert found.index_of_slot(second) == found.index_of_slot(second - 1)


def test_functions_sources_and_names() -> None:
    found = listing("tests/objects/subprograms.o", "first")
    listed = rows(found)
    assert [row.text for row in listed if row.kind is RowKind.FUNCTION] == [
        "first:",
        "weak_answer:",
        "global_sum:",
        "twice:",
    ]
    assert [row.kind for row in listed[:3]] == [RowKind.FUNCTION, RowKind.SOURCE, RowKind.INSN]
    sources = {(row.line, row.text) for row in listed if row.kind is RowKind.SOURCE}
    text = (ROOT / "tests/objects/subprograms.c").read_text().splitlines()
    assert all(text[line - 1].strip() == source for line, source in sources)
    assert len(sources) > 5
    call = found.row(found.index_of_slot(1))
    assert call.text == "call weak_answer"
    assert call.target == 11
    assert found.row(found.index_of_slot(11)).text == "r2 = .bss[calls]"
    assert {Path(row.file).name for row in listed if row.kind is RowKind.SOURCE} == {"subprograms.c"}


def test_maps_callbacks_and_kernel_functions_by_name() -> None:
    texts = [row.text for row in rows(listing("tests/objects/callbacks.o", "each"))]
    assert "r1 = map[numbers]" in texts
    assert "r2 = func[add_value]" in texts
    found = rows(listing("tests/objects/externs.o", "kfuncs"))
    calls = [row for row in found if row.kind is RowKind.INSN and row.text.startswith("call")]
    assert [row.text for row in calls][:2] == ["call bpf_rcu_read_lock", "call bpf_rcu_read_unlock"]
    assert all(row.comment == "kernel function, may be missing" for row in calls)


def test_there_is_no_row_outside() -> None:
    found = listing("bpf/traffic.o", "count_traffic")
    with pytest.raises(IndexError):
        found.row(len(found))


def test_the_source_of_an_instruction() -> None:
    found = listing("bpf/global_example.o", "global_example")
    info = found.source_at(6)
    assert info is not None
    assert info.source.strip() == "return global_u16++;"


@pytest.mark.skipif(shutil.which("llvm-objdump-22") is None, reason="llvm-objdump-22 is not installed")
@pytest.mark.parametrize("path", OBJECTS, ids=str)
def test_raw_text_is_that_of_llvm_objdump(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["llvm-objdump-22", "-d", "--no-show-raw-insn", str(ROOT / path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = [line.split("\t", 1) for line in output.splitlines() if re.match(r" +\d+:\t", line)]
    assert main(["disasm", str(ROOT / path), "--raw", "--syntax", Syntax.LLVM.value]) == 0
    ours = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(";")]
    assert ours == [f"{slot.strip()} {text}" for slot, text in theirs]
    assert ours or not CollectionSpec.from_file(ROOT / path).programs


def test_labels_loops_and_arrows() -> None:
    """Jumps name the instruction that they lead to; what the control flow says stands beside the code."""
    code = b"".join(
        insn.encode("little")
        for insn in (
            Instruction(0xB7, 0),  # r0 = 0
            Instruction(0x07, 0, imm=1),  # r0 += 1
            Instruction(0x15, 0, offset=1, imm=9),  # if r0 == 9 goto 4
            Instruction(0xA5, 0, offset=-3, imm=4),  # if r0 < 4 goto 1
            Instruction(0x95),
            Instruction(0x05, offset=7),  # goto 13
        )
    )
    linked = LinkedCode(code, (Function("entry", 0, 6, "xdp", 0),))
    found = Listing(ProgramSpec("entry", "xdp", ProgramType.XDP, link=lambda: linked))
    assert [(row.text, row.comment, row.reachable, row.depth) for row in rows(found)[1:]] == [
        ("r0 = 0", "", True, 0),
        ("r0 += 1", "loop", True, 1),
        ("if r0 == 0x9 goto L4", "", True, 1),
        ("if r0 < 0x4 goto L1", "", True, 1),
        ("exit", "", True, 0),
        ("goto pc+7", "unreachable from here, it jumps to 13, outside of the function", False, 0),
    ]
    margin = found.margin(0, ascii_only=True)
    drawn = ["".join(cell.text for cell in margin.insn(slot)) for slot in range(6)]
    assert drawn == ["   ", " .>", ".+-", "|'-", "'->", "   "]
    assert found.margin(3, ascii_only=True) is margin


@pytest.mark.parametrize("name", ["old_calls", "linked", "subprograms", "callbacks", "recursion"])
def test_subprograms_of_several_programs_are_looked_into_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found for one program is what would have been found for each by itself."""
    looked = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal looked
        looked += 1
        return track(*args, **kwargs)

    path = ROOT / f"tests/objects/{name}.o"
    spec = CollectionSpec.from_file(path)
    for program in spec.programs.values():
        alone = CollectionSpec.from_file(path)
        expected = list(Listing(alone.programs[program.name], alone).walk())
        with monkeypatch.context() as patched:
            patched.setattr(facts, "track", counted)
            assert list(Listing(program, spec).walk()) == expected
    functions = sum(len(program.functions) for program in spec.programs.values())
    assert looked < functions if name in ("old_calls", "linked") else looked <= functions
