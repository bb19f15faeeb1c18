"""Whether the tests notice:  python -m tests.mutants [--count N] [--seed N] [--map FILE] [PATH…]

A mutant is the code with one comparison, operation, number or condition changed. What is no behaviour is left as it is:
annotations, defaults, decorators, texts, `__repr__`. Lines are drawn at random from what is below PATH (core and tui,
if none), and of each line one mutant. Each is put into a copy of the tree, where those tests of its folder that come by
its line run until one fails, those that mirror its module before others and the quick ones before the slow. A line that
runs when its module is imported, as a constant does, is none that a test comes by: there it is the tests of the module,
then all. One that none of them notices survives and is worth a look: a test is missing, the code is superfluous, or the
mutant does the same as the code. Those of the last kind are in `EQUIVALENT`, with the reason.

Which tests come by a line is measured before, by running the folder's tests once under coverage.py; `--map FILE` keeps
that for another run. As root, all this is done in namespaces of its own: who knows what a mutant attaches to, or ends.
The tree should stay as it is meanwhile: a copy that git makes (`git worktree add`) is a good place to run this in.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import pytest
from coverage import Coverage, CoverageData

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

__all__ = ["EQUIVALENT", "Map", "Mutant", "mutants_of", "parts_of", "sample", "suite_of"]

ROOT: Final = Path(__file__).parents[1]
EQUIVALENT: Final[dict[str, str]] = {
    # Sizes that are a choice, of which one more or less is as good; where they end is tested where it can be seen.
    "core/live/events.py: _BATCH: Final = 512  →  _BATCH: Final = 513": "a size",
    "core/live/events.py: _KEPT: Final = 200_000  →  _KEPT: Final = 200001": "a size",
    "core/live/monitor.py: _LONGEST_EVENT: Final = 4096  →  _LONGEST_EVENT: Final = 4097": "a size",
    "core/dap/connection.py: _LONGEST_LINE: Final = 4096  →  _LONGEST_LINE: Final = 4097": "a size",
    "core/fuzz/inputs.py: LONGEST: Final = 512  →  LONGEST: Final = 513": "a size",
    "core/traffic/pacer.py: _LONGEST_WAIT = 3600.0  →  _LONGEST_WAIT = 7201.0": "it is looked again after any time",
    "core/traffic/request.py: _SHORTEST_GAP: Final = 1_000_000  →  _SHORTEST_GAP: Final = 1000001": "a size",
    "core/kernel/net/traffic.py: LIMIT = 1024  →  LIMIT = 1025": "a size",
    "core/kernel/sys/probes.py: MapType.LPM_TRIE: (8, 8, 1, MapFlag.NO_PREALLOC),  →  "
    "MapType.LPM_TRIE: (8, 9, 1, MapFlag.NO_PREALLOC),": "a trie takes values of any size",
    "core/dwarf/line.py: _MAX_ROWS: Final = 1_000_000  →  _MAX_ROWS: Final = 1000001": "a size",
    "core/dwarf/names.py: _MAX_DEPTH: Final = 32  →  _MAX_DEPTH: Final = 33": "a size",
    "core/diff/forms.py: _LONGEST_STRING: Final = 256  →  _LONGEST_STRING: Final = 257": "a size",
    "tui/commands/demo.py: _BAR: Final = 30  →  _BAR: Final = 31": "a size",
    "tui/widgets/spec/spec_tree.py: _LINK_SLICE = 0.008  →  _LINK_SLICE = 1.016": "how long a slice of work takes",
    "tui/widgets/verifier/state_view.py: _WORDS = 36  →  _WORDS = 37": "a size",
    "core/vm/engine/code.py: _MOST_SHARED: Final = 20  →  _MOST_SHARED: Final = 21": "a size",
    "core/vm/engine/processor.py: PLACE_BITS: Final = 20  →  PLACE_BITS: Final = 21": "a size",
    "core/diff/forms.py: _FORMS: Final = 1 << 16  →  _FORMS: Final = 1 << 17": "a size",
    # The same is done otherwise, or more of it than has to be.
    "core/analysis/run.py: found: dict[int, None] = dict.fromkeys((0, 1, 2, 4, 5, 255, _U64))  →  "
    "found: dict[int, None] = dict.fromkeys((0, 1, 2, 4, 5, 256, _U64))": "which numbers are tried is a choice",
    "core/analysis/reachability.py: idle = 0  →  idle = 1": "how many runs are in vain is a choice",
    "core/analysis/values.py: for key in [key for key in state if value.offset - 8 < key < 0]:  →  "
    "for key in [key for key in state if value.offset - 8 < key <= 0]:": "0 is r0, which the call sets right after",
    "core/debug/run_log.py: if len(successors) < 2 or block not in after:  →  "
    "if len(successors) < 2 and block not in after:": "one way on is come to either way, and where no way leads to "
    "the end none of those behind it does",
    "core/debug/run_log.py: for step in range(position + 1):  →  for step in range(position + 2):": "a step more is "
    "read than is asked for",
    "core/debug/world.py: walk.run(lambda places: deque(places, maxlen=0))  →  "
    "walk.run(lambda places: deque(places, maxlen=1))": "where it went is thrown away",
    "core/debug/symbols.py: facts = facts or ProgramFacts(program, spec.maps, losses=False, "
    "shared=shared_functions(spec))  →  facts = facts or ProgramFacts(program, spec.maps, losses=True, "
    "shared=shared_functions(spec))": "nobody asks for what is lost, which takes longer to find",
    'core/btf/declare.py: return t.Void(0, "void")  →  return t.Void(1, "void")': "nobody asks for void's id",
    "core/coverage/lines.py: if jump.on + jump.jumped  →  if jump.on - jump.jumped": "one that went both ways as often "
    "lacks neither",
    "core/debug/locals.py: lowest = 0  →  lowest = 1": "what no instruction accesses takes no word either way",
    "core/debug/timeline.py: numbers = np.zeros(int(there[-1]) + 1, np.int64)  →  "
    "numbers = np.zeros(int(there[-1]) + 2, np.int64)": "a number more, which nothing leads to",
    "core/diff/alignment.py: if start.old < pair.old and start.new < pair.new:  →  "
    "if start.old <= pair.old and start.new < pair.new:": "where one has nothing there are no pairs",
    "core/diff/alignment.py: if start.old < pair.old and start.new < pair.new:  →  "
    "if start.old < pair.old and start.new <= pair.new:": "where one has nothing there are no pairs",
    "core/diff/layouts.py: if isinstance(one, t.Enum) and isinstance(other, t.Enum):  →  "
    "if isinstance(one, t.Enum) or isinstance(other, t.Enum):": "types of one name are of one kind",
    'core/dwarf/dwarf.py: info = self._info if "_info" in vars(self) else '
    'DebugInfo(self._sections, only=frozenset({Tag.VARIABLE}))  →  info = self._info if "_info" not in vars(self) else '
    "DebugInfo(self._sections, only=frozenset({Tag.VARIABLE}))": "what is passed over is read once more",
    "core/elf.py: DEFAULT = 0  →  DEFAULT = 1": "of local symbols nobody asks for it",
    'core/kernel/map.py: memlock=told.get("memlock", 0),  →  memlock=told.get("memlock", 1),': "all kernels tell it",
    "core/kernel/sys/perf.py: fcntl.ioctl(fd, _ENABLE, 0)  →  fcntl.ioctl(fd, _ENABLE, 1)": "it is alone in its group",
    "core/dwarf/expression.py: 0x0E: (8, False),  →  0x0E: (8, True),": "a number has 64 bits, of which none is a sign",
    "core/dwarf/variables.py: _, constant = entry.attributes.get(At.CONST_VALUE, (0, None))  →  "
    "_, constant = entry.attributes.get(At.CONST_VALUE, (1, None))": "nobody asks for the form of what is not there",
    "core/metrics/collection.py: if not map_.spec.is_data and not map_.type.is_stream  →  "
    "if not map_.spec.is_data or not map_.type.is_stream": "of what is not sampled nothing is told",
    "core/traffic/pacer.py: self._next = 0  →  self._next = 1": "the first chunk is empty",
    "core/vm/engine/accesses.py: uses.setdefault((base, versions[base], cls == Class.LDX), []).append(slot)  →  "
    "uses.setdefault((base, versions[base], cls != Class.LDX), []).append(slot)": "they are told apart either way",
    "core/vm/engine/analysis.py: visits[successor] += not graph.reducible or successor in graph.loops  →  "
    "visits[successor] += not graph.reducible or successor not in graph.loops": "how soon it is widened is a choice",
    "core/vm/engine/expressions.py: chained = 0  →  chained = 1": "how long an expression gets is a choice",
    "core/vm/engine/expressions.py: break  →  continue": "a jump is the last of its block",
    "core/vm/engine/structure.py: _render(node.otherwise, depth + 1, compared, otherwise)  →  "
    "_render(node.otherwise, depth + 2, compared, otherwise)": "a block that is indented further is the same block",
    "core/vm/engine/memory.py: return min(regions, key=lambda region: max(region.base - address, address - region.end, "
    "0), default=None)  →  return min(regions, key=lambda region: max(region.base - address, address - region.end, 1), "
    "default=None)": "no two regions are next to each other",
    "core/vm/lint/paths.py: copies = [next(self._numbers) for _ in range(11)]  →  "
    "copies = [next(self._numbers) for _ in range(12)]": "a number that no register has",
    'tui/pickers/object_picker.py: text = Text(f"#{index + 1:<4}", muted, no_wrap=True)  →  '
    'text = Text(f"#{index + 1:<4}", muted, no_wrap=False)': "a row is one line, and is cut, not wrapped",
}
"""Mutants that do the same as the code, by their text without the line's number; and why."""
_QUIETLY: Final = ("-q", "-n", "0", "-p", "no:cacheprovider")
_SECONDS: Final = "BPFTUI_MUTANTS_SECONDS"
"""The environment's name of the file in which tests note how long they took."""
_COMPARED: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_COMPUTED: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "//"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
}


@dataclass(frozen=True, order=True)
class Mutant:
    """One change of a source file."""

    path: str
    """Of the file, from the root."""
    line: int
    start: int
    """Where it begins in the file, in bytes."""
    end: int
    new: bytes

    def apply(self, source: bytes) -> bytes:
        """Return the file with the change."""
        return source[: self.start] + self.new + source[self.end :]

    def text(self, source: bytes) -> str:
        """Return the change in a line: `PATH:LINE: before  →  after`."""
        first, last = source.rfind(b"\n", 0, self.start) + 1, source.find(b"\n", self.end)
        before = source[first:last].decode().split()
        after = (source[first : self.start] + self.new + source[self.end : last]).decode().split()
        return f"{self.path}:{self.line}: {' '.join(before)}  →  {' '.join(after)}"


class _Finder(ast.NodeVisitor):
    """Finds the mutants of a file."""

    def __init__(self, path: str, source: bytes) -> None:
        self.found: list[Mutant] = []
        self._path = path
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self.visit(ast.parse(source))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[last - 1] + column

    def _replace(self, start: int, end: int, new: str) -> None:
        line = self._source.count(b"\n", 0, start) + 1
        self.found.append(Mutant(self._path, line, start, end, new.encode()))

    def _operator(self, left: ast.expr, right: ast.expr, old: str, new: str) -> None:
        """Have another operator between two operands."""
        first, last = self._span(left)[1], self._span(right)[0]
        found = re.search(r"\s+".join(map(re.escape, old.split())).encode(), self._source[first:last])
        if found is not None:
            self._replace(first + found.start(), first + found.end(), new)

    def _negated(self, test: ast.expr) -> None:
        start, end = self._span(test)
        self._replace(start, end, f"not ({self._source[start:end].decode()})")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave out texts; before 3.12 Python does not know where their parts are."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name != "__repr__":
            self._visit_all(node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_all(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(each for each in node.body if not isinstance(each, ast.AnnAssign))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != "strict":  # of zip(): what is wrong there is wrong before
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._negated(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._negated(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negated(test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            self._operator(left, right, *_COMPARED[type(operator)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        names = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._operator(left, right, *names)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start, end = self._span(node.operand)
            self._replace(*self._span(node), f"bool({self._source[start:end].decode()})")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not any(_is_text(operand) for operand in (node.left, node.right)) and type(node.op) in _COMPUTED:
            self._operator(node.left, node.right, *_COMPUTED[type(node.op)])
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if not _is_text(node.value) and type(node.op) in _COMPUTED:
            old, new = _COMPUTED[type(node.op)]
            self._operator(node.target, node.value, f"{old}=", f"{new}=")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace(*self._span(node), str(not node.value))
        elif isinstance(node.value, int):
            self._replace(*self._span(node), str(node.value + 1))
        elif isinstance(node.value, float):
            self._replace(*self._span(node), str(node.value * 2 + 1))

    def visit_Break(self, node: ast.Break) -> None:
        self._replace(*self._span(node), "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace(*self._span(node), "break")

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """Return the mutants of a file, by line."""
    return sorted(_Finder(path, source).found)


def _anywhere(mutant: Mutant, text: str) -> str:
    """Return the text of a mutant without the number of its line."""
    return text.replace(f":{mutant.line}:", ":", 1)


def _texts_of(paths: Iterable[str]) -> set[str]:
    """Return the texts of all mutants of some files, without the numbers of their lines."""
    sources = {path: (ROOT / path).read_bytes() for path in paths if (ROOT / path).exists()}
    return {_anywhere(each, each.text(raw)) for path, raw in sources.items() for each in mutants_of(path, raw)}


def _sources(path: str) -> list[str]:
    place = ROOT / path
    return sorted(str(file.relative_to(ROOT)) for file in (place.rglob("*.py") if place.is_dir() else [place]))


def sample(paths: Iterable[str], count: int, seed: int) -> list[Mutant]:
    """Return one mutant each of so many lines, drawn from all that have any in *paths* (from the root)."""
    lines: defaultdict[tuple[str, int], list[Mutant]] = defaultdict(list)
    for file in sorted({file for path in paths for file in _sources(path)}):
        for mutant in mutants_of(file, (ROOT / file).read_bytes()):
            lines[file, mutant.line].append(mutant)
    random = Random(seed)
    drawn = sorted(random.sample(sorted(lines), min(count, len(lines))))
    return [random.choice(lines[line]) for line in drawn]


def suite_of(path: str) -> list[str]:
    """Return the folders and files that have the tests of a source file, from the root.

    They are those of its folder: `tests/core/spec` has those of `core/spec/sections.py`, `tests/core` those of what is
    in no folder. Of those that ask the running kernel belong all to `core/kernel` and to what has no tests beside them,
    and those that are named after a folder to it: `tests/kernel/test_vm*.py` to `core/vm`, `tests/kernel/system` to
    `core/system`.
    """
    part, folder, *_ = Path(path).parts
    mirrored = ROOT / "tests" / part / folder
    if part == "tui":
        return [f"tests/tui/{folder}" if mirrored.is_dir() else "tests/tui"]
    if folder == "kernel" or not mirrored.is_dir():
        return [f"tests/core/{folder}" if mirrored.is_dir() else "tests/core", "tests/kernel"]
    kernel = ROOT / "tests/kernel"
    found = [*kernel.glob(f"test_{folder.removesuffix('s')}*.py"), *kernel.glob(folder)]
    return [f"tests/core/{folder}", *sorted(str(file.relative_to(ROOT)) for file in found)]


def parts_of(tests: str) -> list[str]:
    """Return what is measured for some tests: the folders that have none in them, and the files of the others."""
    files = list((ROOT / tests).rglob("test_*.py"))
    divided = {above for file in files for above in file.parent.parents}
    parts = {file if file.parent in divided else file.parent for file in files} or {ROOT / tests}
    return sorted(str(part.relative_to(ROOT)) for part in parts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure a test by itself; this is called within pytest, under coverage.py, as its plugin `-p tests.mutants`."""
    measuring = Coverage.current()
    assert measuring is not None
    test = _function(item.nodeid)
    measuring.switch_context(test)
    begun = time.monotonic()
    result = yield
    with open(os.environ[_SECONDS], "a") as file:
        print(json.dumps([test, time.monotonic() - begun]), file=file)
    measuring.switch_context("")
    return result


def _function(test: str) -> str:
    """Return a test without its parameters, and without what it is doing (`PYTEST_CURRENT_TEST` has that)."""
    return test.partition("[")[0].partition(" (")[0]


@dataclass
class Map:
    """Which tests come by which lines."""

    measured: list[str] = field(default_factory=list)
    """The folders and files of tests."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Of a test."""
    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """The tests of a source file's line, by its number in decimal (JSON has no other keys)."""

    def tests(self, mutant: Mutant, within: Sequence[str]) -> list[str]:
        """Return the tests that come by a mutant, in the order in which they are worth running."""
        return self._in_order(self.lines.get(mutant.path, {}).get(str(mutant.line), ()), mutant.path, within)

    def tests_of_module(self, path: str, within: Sequence[str]) -> list[str]:
        """Return the tests that come by any line of a source file, in that order."""
        return self._in_order(
            sorted({test for each in self.lines.get(path, {}).values() for test in each}), path, within
        )

    def _in_order(self, tests: Iterable[str], path: str, within: Sequence[str]) -> list[str]:
        mirror = str(Path("tests") / Path(path).with_name(f"test_{Path(path).name}"))
        roots = tuple(f"{path}{end}" for path in within for end in ("/", "::"))
        found = [test for test in tests if test.startswith(roots)]
        costs: defaultdict[str, float] = defaultdict(float)
        for test in found:
            costs[test.partition("::")[0]] += self.seconds.get(test, 0)
        files = sorted(costs, key=lambda file: (file != mirror, costs[file]))
        return [test for file in files for test in found if test.startswith(f"{file}::")]

    def patience(self, tests: Sequence[str]) -> float:
        """Return the seconds after which some tests, or folders of them, are said to never end."""
        return 60 + 3 * sum(seconds for test, seconds in self.seconds.items() if test.startswith(tuple(tests)))

    def limit(self, tests: Sequence[str]) -> float:
        """Return the seconds that any of these tests may take, or of those in these folders."""
        return 20 + 3 * max((took for test, took in self.seconds.items() if test.startswith(tuple(tests))), default=80)


class Copy:
    """A copy of the tree that may be changed, under the name that is imported."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bpftui"
        isolated = os.geteuid() == 0 and shutil.which("unshare") is not None
        self._isolation = ["unshare", "--net", "--mount-proc", "--pid", "--fork", "--kill-child"] if isolated else []
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(command, cwd=ROOT, text=True).rstrip("\0").split("\0"):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        self._clock = int(time.time())

    def put(self, path: str, source: bytes) -> None:
        """Write a source file, with another time than it ever had: that is how Python knows bytecode that is old."""
        self._clock += 1
        (self.root / path).write_bytes(source)
        os.utime(self.root / path, (self._clock, self._clock))

    def run(
        self, *words: str, patience: float | None = None, more: Mapping[str, str] | None = None
    ) -> tuple[int | None, str]:
        """Run Python in the copy; return its exit status, None when it took too long, and what it printed."""
        process = subprocess.Popen(
            [*self._isolation, sys.executable, "-m", *words],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root.parent)} | dict(more or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode, printed

    def measure(self, known: Map, tests: Sequence[str]) -> None:
        """Note which of some tests, folders or files of them, come by which lines."""
        base = self.root.parent
        (base / "rc").write_text(
            f"[run]\nsource =\n  {self.root}/core\n  {self.root}/tui\nparallel = true\ndata_file = {base}/coverage\n"
            "context = ${PYTEST_CURRENT_TEST-}\n"  # of processes that tests start
        )
        words = ["coverage", "run", f"--rcfile={base}/rc", "-m", "pytest", "-p", "tests.mutants", *_QUIETLY, *tests]
        environment = {"COVERAGE_PROCESS_START": f"{base}/rc", _SECONDS: f"{base}/seconds"}
        status, printed = self.run(*words, more=environment)
        if status != 0:
            print(printed, file=sys.stderr)
        known.measured += tests
        for line in (base / "seconds").read_text().splitlines():
            test, seconds = json.loads(line)
            known.seconds[test] = known.seconds.get(test, 0) + seconds
        (base / "seconds").unlink()
        for file in base.glob("coverage.*"):
            data = CoverageData(str(file))
            data.read()
            for name in data.measured_files():
                lines = known.lines.setdefault(str(Path(name).relative_to(self.root)), {})
                for number, contexts in data.contexts_by_lineno(name).items():
                    found = lines.setdefault(str(number), [])
                    found += sorted({_function(context) for context in contexts} - {"", *found})
            file.unlink()

    def measure_for(self, mutant: Mutant, known: Map, kept: Path | None) -> None:
        """Note what the tests of a mutant's folder come by, where that is not known yet, and keep it in a file."""
        parts = {part for tests in suite_of(mutant.path) for part in parts_of(tests)} - {*known.measured}
        folders = sorted(part for part in parts if (ROOT / part).is_dir())
        for tests in filter(None, (*([folder] for folder in folders), sorted(parts - {*folders}))):
            self.measure(known, tests)
            if kept:
                kept.write_text(json.dumps(asdict(known)))


def killer(copy: Copy, mutant: Mutant, known: Map) -> str | None:
    """Return the first test that fails with a mutant, or that they never end; None where it survives."""
    source = (ROOT / mutant.path).read_bytes()
    within = suite_of(mutant.path)
    copy.put(mutant.path, mutant.apply(source))
    try:
        coming_by = known.tests(mutant, within)
        for tests in filter(None, (coming_by,) if coming_by else (known.tests_of_module(mutant.path, within), within)):
            words = ("pytest", "-x", "-o", f"limit={known.limit(tests):.0f}", *_QUIETLY, *tests)
            status, printed = copy.run(*words, patience=known.patience(tests))
            if status is None:
                return "they never end"
            failed = re.search(r"^(?:FAILED|ERROR) (.*)", printed, re.MULTILINE)
            # That something is left behind may be somebody else's doing.
            if failed or (status != pytest.ExitCode.OK and "the run failed" not in printed):
                return failed[1] if failed else printed.strip().rpartition("\n")[2]
    finally:
        copy.put(mutant.path, source)
    return None


def main() -> None:
    """Run from the command line; print what killed each mutant, then those that survived, and figures by folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["core", "tui"], metavar="PATH")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--map", type=Path, help="where it is kept which tests come by which lines")
    options = parser.parse_args()
    known = Map(**json.loads(options.map.read_text())) if options.map and options.map.exists() else Map()
    mutants = sample(options.paths, options.count, options.seed)
    mutants.sort(key=lambda mutant: sum(len(parts_of(tests)) for tests in suite_of(mutant.path)))
    survivors: list[str] = []
    killed: defaultdict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bpftui-mutants-") as folder:
        copy = Copy(Path(folder))
        for mutant in mutants:
            text = mutant.text((ROOT / mutant.path).read_bytes())
            if (reason := EQUIVALENT.get(_anywhere(mutant, text))) is not None:
                print(f"{text}\n    does the same: {reason}", flush=True)
                continue
            copy.measure_for(mutant, known, options.map)
            by = killer(copy, mutant, known)
            print(f"{text}\n    {by or 'survives'}", flush=True)
            killed["/".join(Path(mutant.path).parts[:2])].append(by is not None)
            survivors += [] if by else [text]
    print(f"\n{len(survivors)} of {len(mutants)} survive, seed {options.seed}", *survivors, sep="\n")
    for text in sorted(set(EQUIVALENT) - _texts_of({text.partition(": ")[0] for text in EQUIVALENT})):
        print(f"no mutant any more, though listed as one that does the same: {text}")
    for place, found in sorted(killed.items()):
        print(f"{place}: {sum(found)} of {len(found)} killed")


if __name__ == "__main__":
    main()
