"""A short run of the structured fuzzer, in a process of its own whose memory is limited; and that it can fail."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from bpftui.core.elf import Elf
from bpftui.core.spec import CollectionSpec
from tests.fuzz.structured import ROOT, Field, Made, check, check_references, fields

EXAMPLES = 80


def test_objects_with_wrong_fields() -> None:
    words = [sys.executable, "-m", "tests.fuzz.structured", "--examples", str(EXAMPLES)]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert re.match(rf"{EXAMPLES} objects with wrong fields: \d+ opened, \d+ refused\n", result.stdout)


def relocation(offset: int, symbol: int | None = None) -> Made:
    """Return bpf/traffic.o with the place, and where given the symbol, of its first relocation changed."""
    elf = Elf((ROOT / "bpf/traffic.o").read_bytes())
    table = elf.relocated[elf.by_name["xdp"].number][0].offset
    changes = [(Field(table, 8), offset)]
    if symbol is not None:
        changes.append((Field(table + 12, 4), symbol))
    return Made("bpf/traffic.o", tuple(changes))


@pytest.mark.parametrize("made", [relocation(1 << 40), relocation(1 << 20), relocation(4), relocation(0, 1 << 31)])
def test_what_leads_out_of_an_object_is_a_problem(made: Made) -> None:
    assert check(made.bytes())
    spec = CollectionSpec.from_bytes(made.bytes())
    assert spec.programs["count_traffic"].problem is not None


def test_a_problem_that_nobody_tells_is_found() -> None:
    """What the fuzzer holds against a program that is said to be sound."""
    made = relocation(1 << 20)
    spec = CollectionSpec.from_bytes(made.bytes())
    spec.programs["count_traffic"].linked.problem = None
    with pytest.raises(AssertionError, match="lead out"):
        check_references(spec, Elf(made.bytes()))


def test_fields_of_every_kind_are_there() -> None:
    # Section headers 9, symbols 6, relocations 3 a table, instructions 4 a section, BTF 8, .BTF.ext 18.
    assert len(fields("bpf/traffic.o")) >= 48
