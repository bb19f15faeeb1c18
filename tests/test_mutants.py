"""Which mutants there are of a piece of code, and whose tests are asked."""

from __future__ import annotations

from tests.mutants import Map, Mutant, mutants_of, parts_of, suite_of

SOURCE = b'''\
"""A module of 3 lines."""

from __future__ import annotations

SIZE: Final[int] = 4
__all__ = ["f"]

class Shape:
    width: int = 8

    def __repr__(self) -> str:
        return "x" * 3

@cache(5)
def f(a: int | None, b: int = 6) -> str:
    if a is None and b < SIZE:
        return f"{b + 1}"
    for number in b, 0x10:
        if not number: break
    return "text" + "more" if True else g(*zip(a, b, strict=True))
'''


def test_what_is_changed_and_what_is_left_as_it_is() -> None:
    assert [mutant.text(SOURCE).partition("  →  ")[2] for mutant in mutants_of("m.py", SOURCE)] == [
        "SIZE: Final[int] = 5",
        "if not (a is None and b < SIZE):",
        "if a is not None and b < SIZE:",
        "if a is None or b < SIZE:",
        "if a is None and b <= SIZE:",
        "for number in b, 17:",
        "if bool(number): break",
        "if not (not number): break",
        "if not number: continue",
        'return "text" + "more" if False else g(*zip(a, b, strict=True))',
        'return "text" + "more" if not (True) else g(*zip(a, b, strict=True))',
    ]


def test_whose_tests_are_asked() -> None:
    assert suite_of("core/spec/sections.py") == ["tests/core/spec"]
    assert suite_of("core/kernel/sys/perf.py") == ["tests/core/kernel", "tests/kernel"]
    assert suite_of("core/listing/text.py") == ["tests/core/listing", "tests/kernel/test_listing.py"]
    assert suite_of("core/system/links.py") == ["tests/core/system", "tests/kernel/system"]
    assert suite_of("core/elf.py") == ["tests/core", "tests/kernel"]
    assert suite_of("tui/text/format.py") == ["tests/tui/text"]
    assert suite_of("tui/app.py") == ["tests/tui"]


def test_quick_tests_come_first_but_for_those_that_mirror_the_module() -> None:
    seconds = {
        "tests/core/elf/test_a.py::one": 1.0,
        "tests/core/elf/test_b.py::two": 9.0,
        "tests/tui/test_c.py::x": 0.1,
    }
    known = Map(seconds=seconds, lines={"core/elf/b.py": {"7": [*seconds]}})
    mutant = Mutant("core/elf/b.py", 7, 0, 1, b"")
    assert known.tests(mutant, ["tests/core/elf"]) == ["tests/core/elf/test_b.py::two", "tests/core/elf/test_a.py::one"]
    assert known.tests(Mutant("core/elf/c.py", 7, 0, 1, b""), ["tests/core/elf"]) == []
    assert known.tests_of_module("core/elf/b.py", ["tests/tui"]) == ["tests/tui/test_c.py::x"]
    assert known.patience(["tests/core/elf"]) == 90.0
    assert known.limit(["tests/core/elf"]) == 47.0


def test_a_folder_is_measured_by_its_parts() -> None:
    assert parts_of("tests/core/spec") == ["tests/core/spec"]
    assert parts_of("tests/kernel")[:3] == ["tests/kernel/sys", "tests/kernel/system", "tests/kernel/test_anchors.py"]
    assert {"tests/core/spec", "tests/core/vm/maps", "tests/core/test_elf.py"} < {*parts_of("tests/core")}
    assert "tests/core/vm" not in parts_of("tests/core")
