"""What the kernel made of a program, instruction by instruction, and what it removed for which constant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.analysis.dead_code import decisions
from bpftui.core.errors import FeatureError
from bpftui.core.kernel.inspect.columns import columns
from bpftui.core.kernel.inspect.image import read_image
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.tui.__main__ import main

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
DEAD = ROOT / "tests/objects/dead_code.o"


def test_what_was_removed_and_why() -> None:
    spec = CollectionSpec.from_file(DEAD)
    image = read_image(spec, "dead_code")
    assert [slot for slot in (0, 2, 3, 4, 46, 47, 49, 50, 60, 61) if slot in image.removed] == [3, 4, 50, 60]
    assert image.origins == (0, 0, 2, 46, 47, 47, 49, 61)
    found = decisions(spec.program("dead_code"), spec, image.removed, image.decided)
    assert [(d.slot, d.is_taken, d.constants, len(d.removed)) for d in found] == [
        (3, True, ("verbose = false",), 42),
        (50, True, ("level = 0",), 10),
    ]


def test_other_constants_remove_other_code() -> None:
    spec = CollectionSpec.from_file(DEAD)
    spec.set("verbose", True)
    spec.set("level", 1)
    image = read_image(spec, "dead_code")
    found = decisions(spec.program("dead_code"), spec, image.removed, image.decided)
    # What level is, is loaded in another block than that of the second comparison. The jump at 3 is not removed: the
    # kernel keeps the comparison with a byte that could be something else than 0 or 1.
    assert [(d.slot, d.is_taken, d.constants) for d in found if d.slot == 51] == [(51, False, ("level = 1",))]
    assert 4 not in image.removed
    assert 54 in image.removed


def test_columns_of_a_program_with_inlined_look_ups_and_subprograms() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/names.o")
    program = spec.program("first")
    image = read_image(spec, "first")
    assert image.removed == ()
    assert set(image.origins) <= set(range(program.insns))
    rows = columns(Listing(program, spec), image)
    by_slot = {row.row.slot: row for row in rows if row.row is not None and row.translated is not None}
    assert by_slot[7].translated is not None
    assert by_slot[7].translated[1] == "r1 = map[stats]"
    # every translated instruction is there once, in order
    slots = [row.translated[0] for row in rows if row.translated is not None]
    assert slots == sorted(set(slots))
    if image.native:
        assert [function.slot for function in image.native] == [0, 69]
        for function in image.native:
            assert function.runs[0].address == function.address
            ends = [run.address + len(run.code) for run in function.runs]
            assert ends[:-1] == [run.address for run in function.runs[1:]]


def test_an_object_without_types_says_so() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/subprograms.nobtf.o")
    with pytest.raises(FeatureError, match="that takes BTF of its functions"):
        read_image(spec, "first")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disasm", str(DEAD), "--dead"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "; dead_code: 52 of 58 instructions removed by the verifier, 6 left",
        ";   42 because the jump at 3 is always taken: verbose = false",
        ";   10 because the jump at 50 is always taken: level = 0",
    ]
    assert "-    4: call bpf_get_prandom_u32#7 ; removed: verbose = false" in lines
    assert "    46: w0 = 10" in lines
    assert main(["disasm", str(DEAD), "dead_code", "--xlated", "--jited", "--no-source"]) == 0
    out = capsys.readouterr().out
    assert "  46: w0 = 10                    |    3: w0 = 10 " in out
    assert "   4: call bpf_get_prandom_u32#7 |       removed" in out
    assert main(["disasm", str(DEAD), "--dead", "--raw"]) == 2
    assert main(["disasm", str(DEAD), "--dead", "--xlated"]) == 2
