"""Which mutants there are of a piece of code, and whose tests are asked."""

from __future__ import annotations

import subprocess
from textwrap import dedent
from typing import TYPE_CHECKING

from tests.mutants.making import ROOT, mutants_of, probed
from tests.mutants.suites import suite_of, worth_running
from tests.mutants.trying import Copy, tried

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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


def test_what_is_evaluated_when_a_module_is_imported() -> None:
    source = b"""\
SIZE = 1
def f(a): return g() + 2
def g(): return 3
def h(): return 4
class Kind:
    ONE = 5
    def of(self): return 6
TABLE = {f(each): 7 for each in (lambda: 8)}
"""
    found = mutants_of("m.py", source)
    assert sorted({int(each.new) - 1 for each in found if each.at_import and each.new.isdigit()}) == [1, 2, 3, 5, 7]
    assert sorted({int(each.new) - 1 for each in found if not each.at_import}) == [4, 6, 8]


def test_whose_tests_are_asked() -> None:
    assert suite_of("core/spec/sections.py") == ["tests/core/spec", "tests/kernel/test_assign.py"]
    assert suite_of("core/kernel/sys/perf.py") == ["tests/core/kernel", "tests/kernel"]
    assert suite_of("core/listing/text.py") == ["tests/core/listing", "tests/kernel/test_listing.py"]
    assert suite_of("core/live/shares.py") == [
        "tests/core/live",
        "tests/kernel/test_live.py",
        "tests/kernel/test_stacks.py",
        "tests/kernel/test_swap.py",
    ]
    assert suite_of("core/system/links.py") == [
        "tests/core/system",
        "tests/kernel/system",
        "tests/kernel/test_links.py",
    ]
    assert suite_of("tui/text/format.py") == ["tests/tui/text"]
    pictures = "tests/tui/test_snapshots.py"
    assert suite_of("tui/controllers/log.py") == ["tests/tui/controllers", "tests/tui/screens", pictures]
    assert suite_of("tui/screens/home.py") == ["tests/tui/screens", pictures]


def test_what_has_no_folder_of_tests_is_tested_by_what_imports_it() -> None:
    assert suite_of("core/zstd.py") == ["tests/core/test_zstd.py"]
    assert "tests/kernel/test_rights.py" in suite_of("core/privileges/steward.py")
    assert suite_of("core/loader.py") == ["tests/core"]


def test_what_mirrors_the_module_is_worth_most_then_what_comes_by_and_is_quick() -> None:
    seconds = {
        "tests/core/elf/test_a.py::one": 1.0,
        "tests/core/elf/test_a.py::slow": 3.0,
        "tests/core/elf/test_a.py::other": 0.1,
        "tests/core/elf/test_b.py::two": 9.0,
        "tests/core/elf/test_d.py::three": 0.1,
    }
    coming_by = [name for name in seconds if not name.endswith(("other", "three"))]
    worth = [f"tests/core/elf/test_{name}" for name in ("b.py::two", "a.py::one", "a.py::slow", "a.py::other")]
    assert worth_running("core/elf/b.py", coming_by, seconds) == worth
    assert worth_running("core/elf/b.py", coming_by, seconds, 10.5) == worth[:2]
    assert worth_running("core/elf/b.py", coming_by, seconds, 2) == worth[:1]
    assert worth_running("core/elf/c.py", [], seconds) == []


def test_a_probe_stands_where_a_mutant_is_evaluated() -> None:
    source = b"""\
while a < 3 and b:
    if c: break
    match d:
        case 4: e += f[5]
"""
    found = dict(enumerate(mutants_of("m.py", source)))
    text = probed(source, found).decode()
    for number in found:
        text = text.replace(f"__import__('bpftui_came').came({number})", f"@{number}")
    assert (
        text
        == """\
while (@0 or ((@3 or ((@1 or (a < (@2 or (3)))) and b)))):
    if (@4 or (c)): @5; break
    match d:
        case 4: e += (@7 or (f[(@8 or (5))]))
"""
    )


def test_mutants_of_a_tree_are_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {
        "core/small/sizes.py": """\
            SIZE = 4

            def fits(number: int) -> bool:
                return 0 < number and number <= SIZE

            def is_large(number: int) -> bool:
                return number > SIZE
            """,
        "tests/core/small/test_sizes.py": """\
            import pytest
            from bpftui.core.small.sizes import fits

            def test_no_size() -> None:
                assert not fits(-1) and not fits(7)

            @pytest.mark.parametrize("size", [1, 4])
            def test_sizes(size) -> None:
                assert fits(size)
            """,
        **{
            f"tests/mutants/{name}.py": (ROOT / f"tests/mutants/{name}.py").read_text()
            for name in ("making", "suites", "forks")
        },
        "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\naddopts = '--import-mode=importlib'\n",
    }
    for name, text in tree.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(dedent(text))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "tree", check=True)
    monkeypatch.setattr("tests.mutants.trying.ROOT", tmp_path / "tree")
    sizes = "core/small/sizes.py"
    source = (tmp_path / "tree" / sizes).read_bytes()
    mutants = dict(enumerate(mutants_of(sizes, source)))
    (tmp_path / "work").mkdir()
    copy = Copy(tmp_path / "work")
    no_size, one, four = (f"tests/core/small/test_sizes.py::test_{it}" for it in ("no_size", "sizes[1]", "sizes[4]"))
    found = {mutants[each.number].text(source): each[1:] for each in tried(copy, ["tests/core/small"], mutants)}
    expected = {
        "1: SIZE = 4  →  SIZE = 5": (None, "survives"),  # in a fork that has not collected yet
        "4: return 0 < number and number <= SIZE  →  return 1 < number and number <= SIZE": (one, "survives"),
        "4: return 0 < number and number <= SIZE  →  return 0 <= number and number <= SIZE": (None, "survives"),
        "4: return 0 < number and number <= SIZE  →  return 0 < number or number <= SIZE": (no_size, "survives"),
        "4: return 0 < number and number <= SIZE  →  return 0 < number and number < SIZE": (four, "survives"),
        "7: return number > SIZE  →  return number >= SIZE": (None, "no test comes by"),
    }
    assert found == {f"{sizes}:{text}": came for text, came in expected.items()}
    near = {number: ["tests/core/small/test_sizes.py"] for number in mutants}
    survive = {mutants[each.number].text(source) for each in tried(copy, (), mutants, None, near) if not each.by}
    assert survive == {text for text, (by, _) in found.items() if not by}
