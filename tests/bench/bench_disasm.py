"""How fast code becomes text: a large object against llvm-objdump; a first screen and a search against a listing.

Run with `make bench`. Nothing here fails for being slow: the ratios are printed, and quoted where they are claimed.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from bpftui.core.asm import Syntax, Texts
from bpftui.core.asm.search import calls_of
from bpftui.core.listing.listing import Listing
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.reader import read_object
from tests.bench.big_object import big_object
from tests.bench.timing import PYTHON, compare, compare_both, took

if TYPE_CHECKING:
    from pathlib import Path

OBJDUMP = shutil.which("llvm-objdump-22")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500,000 instructions in 100 sections."""
    path = tmp_path_factory.mktemp("large") / "large.o"
    path.write_bytes(big_object())
    return path


@pytest.mark.skipif(OBJDUMP is None, reason="llvm-objdump-22 is not installed")
def test_a_whole_object_against_llvm_objdump(large: Path, tmp_path: Path) -> None:
    """Goal: at most 1.0 × the same listing by llvm-objdump, start-up included."""
    assert OBJDUMP is not None
    ours = [PYTHON, "-m", "bpftui.tui", "disasm", str(large), "--raw", "--syntax", "llvm"]
    theirs = [OBJDUMP, "-d", "--no-show-raw-insn", str(large)]
    compare_both(
        "disasm --raw --syntax llvm against llvm-objdump",
        lambda: took(ours, tmp_path / "ours"),
        lambda: took(theirs, tmp_path / "theirs"),
        runs=9,
    )


@pytest.mark.skipif(OBJDUMP is None, reason="llvm-objdump-22 is not installed")
@pytest.mark.parametrize(
    ("arguments", "against"),
    [
        (["disasm"], ["-d", "-S"]),
        (["disasm", "--arrows"], ["-d", "-S"]),
        (["disasm", "--no-source"], ["-d"]),
        (["show", "--graph"], ["-d"]),
        (["show", "--core"], ["-d"]),
    ],
)
def test_what_is_found_by_following_registers(
    arguments: list[str], against: list[str], large: Path, tmp_path: Path
) -> None:
    """Goal: listings at most 3 × llvm-objdump's time per line, the graph at most 2 × its whole time; by the clock.

    Where there are several processors, ours takes two or more: what all of them take together is told beside.
    llvm-objdump looks no further than a symbol, and lists subprograms once, not with each program: of 570,000
    instructions in the file, the programs have 1,230,000 with their subprograms linked in.
    """
    assert OBJDUMP is not None
    ours, theirs = [PYTHON, "-m", "bpftui.tui", *arguments, str(large)], [OBJDUMP, *against, str(large)]
    out = tmp_path / "ours", tmp_path / "theirs"
    name = f"{' '.join(arguments)} against llvm-objdump {' '.join(against)}"
    clock, processor = compare_both(name, lambda: took(ours, out[0]), lambda: took(theirs, out[1]))
    lines = [path.read_bytes().count(b"\n") for path in out]
    each = lines[1] / max(lines[0], 1)
    print(
        f"{lines[0]:,} lines against {lines[1]:,}: {clock * each:.2f} × a line by the clock, "
        f"{processor * each:.2f} × in processor time"
    )


def _sections(path: Path) -> list[bytes]:
    obj = read_object(path)
    return [bytes(obj.elf.contents(section)) for section in obj.code_sections]


def _list_all(sections: list[bytes]) -> float:
    start = time.perf_counter()
    texts = Texts("little", Syntax.KERNEL)
    for code in sections:
        for _ in texts.listing(code):
            pass
    return time.perf_counter() - start


def test_a_search_for_a_call_against_a_listing(large: Path) -> None:
    """Goal: under 50 ms for all calls of bpf_map_lookup_elem."""
    sections = _sections(large)

    def search() -> float:
        start = time.perf_counter()
        found = sum(1 for code in sections for _ in calls_of(code, "little", 1))
        assert found > 1000
        return time.perf_counter() - start

    compare("all calls of a helper against listing all", search, lambda: _list_all(sections))


def test_the_first_screen_against_a_listing(large: Path) -> None:
    """Goal: under 10 ms for a program that was not looked at before."""
    sections = _sections(large)
    programs = iter(CollectionSpec.from_file(large).programs.values())

    def first() -> float:
        program = next(programs)
        start = time.perf_counter()
        assert len(Listing(program).rows(0, 60)) == 60
        return time.perf_counter() - start

    compare("a program's first screen against listing all", first, lambda: _list_all(sections))
