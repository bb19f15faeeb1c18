"""The rows of listings, and the raw text against llvm-objdump."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bpftui.core.asm import Syntax
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.listing import Listing, Row, RowKind
from bpftui.tui.__main__ import main

ROOT = Path(__file__).parents[3]
OBJECTS = [path.relative_to(ROOT) for path in [*sorted(ROOT.glob("tests/objects/*.o")), *sorted(ROOT.glob("bpf/*.o"))]]


def listing(path: str, program: str, **options: bool) -> Listing:
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
            assert row.target is None or 0 <= row.target < program.insns
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


def test_search_goes_both_ways() -> None:
    found = listing("bpf/traffic.o", "count_traffic")
    pattern = re.compile(r"map\[traffic\]")
    first = found.search(pattern, 0)
    assert first is not None
    assert pattern.search(found.row(first).text)
    last = found.search(pattern, len(found) - 1, -1)
    assert last is not None
    assert last > first
    assert found.search(pattern, last + 1) is None
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
