"""Whether the tests notice:  python -m tests.mutants [--count N] [--seed N] [--most SECONDS] [PATH…]

A mutant is the code with one comparison, operation, number or condition changed. What is no behaviour is left as it is:
annotations, defaults, decorators, texts, `__all__`, `__repr__`. Lines are drawn at random from what is below PATH (core
and tui, if none), and of each line one mutant. It is killed when a test of its folder fails, or does not end. One that
none of them notices survives and is worth a look: a test is missing, the code is superfluous, or the mutant does the
same as the code. Those of the last kind are in tests/equivalent.py, with the reason.

All mutants whose tests are the same are tried in one process of pytest, in a copy of the tree:

1. Each is found a number, and where it would be evaluated stands a *probe*, an expression that notes the number and the
   test that runs. pytest collects the tests of the folder with that code, which takes longest, and forks.
2. The first child runs all of them: so it is known which tests come by which mutant, and how long they take.
3. A further child for each mutant puts its code into the functions that are there, and runs those tests until one
   fails: those that mirror its module first, quick ones before slow ones, and behind them what else is in their files,
   which may share what the first made. Processes that a test starts read the mutant from the copy.
4. A mutant that is evaluated when its module is imported, as a constant is, cannot be put into what has been imported.
   For each of those pytest is started anew, with the tests that mirror the module, then with all of the folder.

As root, all this is done in namespaces of its own: who knows what a mutant attaches to, or ends. The tree should stay
as it is only while it is copied.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Final

import pytest

from tests.equivalent import EQUIVALENT

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

__all__ = ["Mutant", "mutants_of", "probed", "sample", "suite_of", "worth_running"]

ROOT: Final = Path(__file__).parents[1]
_QUIETLY: Final = ("-q", "-n", "0", "-p", "no:cacheprovider")
_TOLD: Final = "BPFTUI_MUTANTS_TOLD"
"""The environment's name of the descriptor to which a process of pytest that forks tells what killed each mutant."""
_PATIENCE: Final = 20.0
"""Seconds that any test may take, and three times what it took."""
_LIMIT: Final = 120
"""Seconds that a test may take where it is not known what it took; and five times that all of them together."""
_PROBE: Final = """\
import os

seen = set()
_NOTES = os.path.join(os.path.dirname(__file__), "came")


def came(number):
    if number not in seen:
        seen.add(number)
        try:
            with open(_NOTES, "a") as file:
                file.write(f"{number} {os.environ.get('PYTEST_CURRENT_TEST', '')}\\n")
        except OSError:  # a process that may not, or has no descriptor left
            pass
"""
"""A module that notes which tests come by a mutant, once for each test and process."""
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
    asked: tuple[int, int] | None = None
    """Where the expression begins and ends that is evaluated with it; the same twice for a statement. A pattern of
    `match` has none."""

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
        self._in_pattern = False
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self.visit(ast.parse(source))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[last - 1] + column

    def _replace(self, start: int, end: int, new: str, asked: tuple[int, int]) -> None:
        line = self._source.count(b"\n", 0, start) + 1
        probe = None if self._in_pattern else asked
        self.found.append(Mutant(self._path, line, start, end, new.encode(), probe))

    def _operator(self, left: ast.expr, right: ast.expr, old: str, new: str, asked: ast.expr) -> None:
        """Have another operator between two operands."""
        first, last = self._span(left)[1], self._span(right)[0]
        found = re.search(r"\s+".join(map(re.escape, old.split())).encode(), self._source[first:last])
        if found is not None:
            self._replace(first + found.start(), first + found.end(), new, self._span(asked))

    def _negated(self, test: ast.expr) -> None:
        start, end = self._span(test)
        self._replace(start, end, f"not ({self._source[start:end].decode()})", (start, end))

    def visit_match_case(self, node: ast.match_case) -> None:
        self._in_pattern = True
        self.visit(node.pattern)
        self._in_pattern = False
        if node.guard is not None:
            self._negated(node.guard)
            self.visit(node.guard)
        self._visit_all(node.body)

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
            self._operator(left, right, *_COMPARED[type(operator)], node)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        names = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._operator(left, right, *names, node)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start, end = self._span(node.operand)
            self._replace(*self._span(node), f"bool({self._source[start:end].decode()})", self._span(node))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not any(_is_text(operand) for operand in (node.left, node.right)) and type(node.op) in _COMPUTED:
            self._operator(node.left, node.right, *_COMPUTED[type(node.op)], node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if not _is_text(node.value) and type(node.op) in _COMPUTED:
            old, new = _COMPUTED[type(node.op)]
            self._operator(node.target, node.value, f"{old}=", f"{new}=", node.value)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        span = self._span(node)
        if isinstance(node.value, bool):
            self._replace(*span, str(not node.value), span)
        elif isinstance(node.value, int):
            self._replace(*span, str(node.value + 1), span)
        elif isinstance(node.value, float):
            self._replace(*span, str(node.value * 2 + 1), span)

    def visit_Break(self, node: ast.Break) -> None:
        start, end = self._span(node)
        self._replace(start, end, "continue", (start, start))

    def visit_Continue(self, node: ast.Continue) -> None:
        start, end = self._span(node)
        self._replace(start, end, "break", (start, start))

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """Return the mutants of a file, by line."""
    return sorted(_Finder(path, source).found)


def probed(source: bytes, mutants: Mapping[int, Mutant]) -> bytes:
    """Return a source file that notes the number of each of some mutants where it would be evaluated."""
    parts: list[tuple[int, bool, int, str]] = []  # what ends somewhere before what begins there, inner inside of outer
    for number, mutant in mutants.items():
        if mutant.asked is not None:
            start, end = mutant.asked
            call = f"__import__('bpftui_came').came({number})"
            parts.append((start, True, -end, f"{call}; " if start == end else f"({call} or ("))
            parts += [(end, False, -start, "))")] * (start != end)
    for at, _, _, text in sorted(parts, reverse=True):
        source = source[:at] + text.encode() + source[at:]
    return source


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


def _files(tests: str) -> int:
    """Return how many files of tests there are in a folder, or one."""
    return len([*(ROOT / tests).rglob("test_*.py")]) or 1


def _function(test: str) -> str:
    """Return a test without its parameters, and without what it is doing (`PYTEST_CURRENT_TEST` has that)."""
    return test.partition("[")[0].partition(" (")[0]


def _mirror(path: str) -> str:
    """Return where the tests are that mirror a source file."""
    return str(Path("tests") / Path(path).with_name(f"test_{Path(path).name}"))


def worth_running(
    path: str, coming_by: Iterable[str], seconds: Mapping[str, float], most: float | None = None
) -> list[str]:
    """Return the tests for a mutant of a file, in the order in which they are worth running.

    Args:
        path: Of the file, from the root.
        coming_by: The tests that evaluate the mutant.
        seconds: What each of the folder's tests takes.
        most: The seconds that all of them may take but the first; None for no limit.
    """
    found = set(coming_by)
    costs: defaultdict[str, float] = defaultdict(float)
    for test in found:
        costs[test.partition("::")[0]] += seconds[test]
    files = sorted(costs, key=lambda file: (file != _mirror(path), costs[file], file))
    tests = sorted(
        (test for test in seconds if test.partition("::")[0] in costs),
        key=lambda test: (test not in found, files.index(test.partition("::")[0]), seconds[test]),
    )
    if most is None:
        return tests
    until = accumulate(seconds[test] for test in tests)
    return [test for test, total in zip(tests, until, strict=True) if total <= most] or tests[:1]


class Copy:
    """A copy of the tree that may be changed, under the name that is imported."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "bpftui"
        isolated = os.geteuid() == 0 and shutil.which("unshare") is not None
        namespaces = ["unshare", "--net", "--mount-proc", "--pid", "--fork", "--kill-child"]
        self._isolation = [*namespaces, "sh", "-c", 'ip link set lo up; exec "$@"', "sh"] if isolated else []
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(command, cwd=ROOT, text=True).rstrip("\0").split("\0"):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        (folder / "bpftui_came.py").write_text(_PROBE)
        (folder / "came").touch()
        folder.chmod(0o755)  # tests give up rights, and what they start then is here as well
        (folder / "came").chmod(0o666)

    @contextlib.contextmanager
    def start(self, *words: str, told: int | None = None) -> Generator[subprocess.Popen[bytes]]:
        """Run pytest in the copy, in the file `printed` what it prints; *told* is a descriptor that it may write to."""
        with (
            open(self.root.parent / "printed", "wb") as printed,
            subprocess.Popen(
                [*self._isolation, sys.executable, "-m", "pytest", *_QUIETLY, *words],
                cwd=self.root,
                env=os.environ | {"PYTHONPATH": str(self.root.parent), _TOLD: str(told)},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=() if told is None else (told,),
            ) as process,
        ):
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _put(file: Path, source: bytes) -> None:
    """Write a source file, with another time than it ever had: that is how Python knows bytecode that is old."""
    later = int(file.stat().st_mtime) + 1
    file.write_bytes(source)
    os.utime(file, (later, later))


class _Child:
    """A process that was forked to run tests, as its parent sees it."""

    def __init__(self, pid: int, pipe: int) -> None:
        self._pid = pid
        self._pipe = pipe
        self.seconds: dict[str, float] = {}
        """What each test took, by its name without parameters."""
        self.failed: set[str] = set()
        """The tests that failed, by that name."""

    def wait(self, limits: Mapping[str, float] | None = None) -> str | None:
        """Wait for the end; return the first test that failed, or how it ended otherwise; None if all passed.

        Args:
            limits: The seconds that each test usually takes. Without, all may take their time.
        """
        text, first, running, since = b"", None, "", time.monotonic()
        while True:
            left = None
            if limits is not None:
                left = max(since + _PATIENCE + 3 * limits.get(_function(running), 0) - time.monotonic(), 0)
            if not select.select([self._pipe], [], [], left)[0]:
                first = f"{running} never ends"
                break
            more = os.read(self._pipe, 1 << 16)
            *lines, text = (text + more).split(b"\n") if more else [b"begun ", b""]  # none after the last
            for kind, _, test in (line.decode().partition(" ") for line in lines):
                if kind == "failed":
                    first = first or test
                    self.failed.add(_function(test))
                    continue
                now = time.monotonic()
                took = self.seconds.get(_function(running), 0) + now - since
                self.seconds |= {_function(running): took} if running else {}
                running, since = test or running, now
            if not more:
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.close(self._pipe)
        _, status = os.waitpid(self._pid, 0)
        ended = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        return first or (None if ended else f"{running} ends its process")


class _Loop:
    """What a process of pytest does that has collected the tests of a folder: it forks.

    Args:
        session: Of pytest.
        work: What it shares with the process that started it: a folder with the copy, the task and the notes.
        told: The descriptor to tell what killed each.
    """

    def __init__(self, session: pytest.Session, work: Path, told: int) -> None:
        task = json.loads((work / "task").read_text())
        self.pipe: int | None = None
        """Where a child tells of its tests; None in the parent."""
        self._session = session
        self._work = work
        self._told = told
        self._most: float | None = task["most"]
        self._mutants = {
            number: Mutant(path, line, start, end, new.encode(), asked)
            for number, (path, line, start, end, new, asked) in task["mutants"]
        }
        self._plain = {path: source.encode() for path, source in task["plain"].items()}

    def run(self) -> bool:
        """Try all mutants, and tell of each what killed it; return False in a child, which is to run its tests."""
        functions = self._functions()
        gc.freeze()
        all_ = self._fork()
        if all_ is None:
            self._session.config.option.maxfail = 0
            return False
        all_.wait()
        for path, source in self._plain.items():
            _put(self._work / "bpftui" / path, source)
        items: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        for item in self._session.items:
            items[_function(item.nodeid)].append(item)
        seconds = {test: took for test, took in all_.seconds.items() if test not in all_.failed}
        came = self._came()
        for number, mutant in self._mutants.items():
            file = self._work / "bpftui" / mutant.path
            swapped = self._swapped(mutant, functions) if came[number] and "" not in came[number] else []
            if not swapped:
                files = dict.fromkeys(test.partition("::")[0] for test in worth_running(mutant.path, seconds, seconds))
                self._tell(number, None, list(files))
                continue
            while True:
                _put(file, mutant.apply(self._plain[mutant.path]))
                child = self._fork()
                if child is None:
                    for function, code in swapped:
                        function.__code__ = code
                    tests = worth_running(mutant.path, came[number] & {*seconds}, seconds, self._most)
                    self._session.items[:] = [item for test in tests for item in items[test]]
                    return False
                by = child.wait(seconds)
                _put(file, self._plain[mutant.path])
                if not child.failed:
                    break
                control = self._fork()
                if control is None:
                    self._session.items[:] = [item for test in child.failed for item in items[test]]
                    return False
                if control.wait(seconds) is None:
                    break
                for test in child.failed:  # without the mutant, too
                    del seconds[test]
            self._tell(number, by, None)
        return True

    def _functions(self) -> defaultdict[str, list[FunctionType]]:
        """Return all functions that there are of each file with mutants."""
        for path in self._plain:
            with contextlib.suppress(Exception):  # what no test of the folder can import either
                importlib.import_module(".".join(Path("bpftui", path).with_suffix("").parts).removesuffix(".__init__"))
        gc.unfreeze()  # what tests/conftest.py has frozen is not told otherwise
        found: defaultdict[str, list[FunctionType]] = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                found[each.__code__.co_filename].append(each)
        return found

    def _swapped(
        self, mutant: Mutant, functions: Mapping[str, list[FunctionType]]
    ) -> list[tuple[FunctionType, CodeType]]:
        """Return the functions that a mutant changes, with the code that each has then."""
        source, name = self._plain[mutant.path], str(self._work / "bpftui" / mutant.path)
        there = {number: each for number, each in self._mutants.items() if each.path == mutant.path}
        now, plain, new = (_codes(text, name) for text in (probed(source, there), source, mutant.apply(source)))
        if not len(now) == len(plain) == len(new):  # the code of a condition that never holds is left out
            return []
        codes = {now: new for now, plain, new in zip(now, plain, new, strict=True) if plain != new}
        return [(each, codes[each.__code__]) for each in functions[name] if each.__code__ in codes]

    def _came(self) -> defaultdict[int, set[str]]:
        """Return which tests came by each mutant; an empty name among them is that its module was imported."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for line in (self._work / "came").read_text().splitlines():
            number, _, test = line.partition(" ")
            found[int(number)].add(_function(test))
        return found

    def _fork(self) -> _Child | None:
        """Fork; return the child, or None in it."""
        reading, writing = os.pipe()
        if pid := os.fork():
            os.close(writing)
            return _Child(pid, reading)
        os.close(reading)
        os.setsid()
        self.pipe = writing
        self._session.config.option.maxfail = 1
        return None

    def _tell(self, number: int, by: str | None, files: list[str] | None) -> None:
        """Tell what killed a mutant; or the files whose tests are still to be tried, one after the other."""
        os.write(self._told, json.dumps([number, by, files]).encode() + b"\n")


def _codes(source: bytes, name: str) -> list[CodeType]:
    """Return the code of a file and all code inside of it, always in the same order."""
    found = [compile(source, name, "exec", dont_inherit=True)]
    for code in found:
        found += [each for each in code.co_consts if isinstance(each, CodeType)]
    return found


_loop: _Loop | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Fork for each mutant; this is called within pytest, as its plugin `-p tests.mutants`. A child runs its tests."""
    global _loop  # noqa: PLW0603
    _loop = _Loop(session, ROOT.parent, int(os.environ[_TOLD]))
    return _loop.run() or None


def pytest_runtest_logstart(nodeid: str) -> None:
    """Tell that a test begins."""
    if _loop is not None and _loop.pipe is not None:
        os.write(_loop.pipe, f"begun {nodeid}\n".encode())
        if probe := sys.modules.get("bpftui_came"):
            probe.seen.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Tell that a test failed."""
    if report.failed and _loop is not None and _loop.pipe is not None:
        os.write(_loop.pipe, f"failed {report.nodeid}\n".encode())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End a child here: what Python does at its end is its parent's to do."""
    if _loop is not None and _loop.pipe is not None:
        os._exit(0)


def tried(
    copy: Copy, suite: Sequence[str], mutants: Mapping[int, Mutant], most: float | None = None
) -> Generator[tuple[int, str | None]]:
    """Try mutants that have the same tests; yield the number of each with what killed it, None where it survives."""
    work = copy.root.parent
    plain = {each.path: (copy.root / each.path).read_bytes() for each in mutants.values()}
    for path, source in plain.items():
        _put(copy.root / path, probed(source, {n: each for n, each in mutants.items() if each.path == path}))
    task = {
        "most": most,
        "plain": {path: source.decode() for path, source in plain.items()},
        "mutants": [(n, (m.path, m.line, m.start, m.end, m.new.decode(), m.asked)) for n, m in mutants.items()],
    }
    (work / "task").write_text(json.dumps(task))
    (work / "came").write_text("")
    reading, writing = os.pipe()
    later: list[tuple[int, list[str]]] = []
    waiting = {*mutants}
    with open(reading) as told, copy.start("-p", "tests.mutants", *suite, told=writing) as process:
        os.close(writing)
        for number, by, files in map(json.loads, told):
            waiting.discard(number)
            if files is None:
                yield number, by
            else:
                later.append((number, files))
        process.wait()
    if waiting:  # that something is left behind may be somebody else's doing
        raise SystemExit(f"pytest ends with {process.returncode}:\n{(work / 'printed').read_text()}")
    for path, source in plain.items():
        _put(copy.root / path, source)
    for number, files in later:
        path = mutants[number].path
        _put(copy.root / path, mutants[number].apply(plain[path]))
        mirror = [file for file in files if file == _mirror(path)]
        both = [each for each in (mirror, [file for file in files if file not in mirror]) if each]
        yield number, next(filter(None, (_failing(copy, each) for each in both)), None)
        _put(copy.root / path, plain[path])


def _failing(copy: Copy, files: Sequence[str]) -> str | None:
    """Return what fails first in some files of tests; None if nothing does."""
    with copy.start("-x", "-o", f"limit={_LIMIT}", *files) as process:
        try:
            process.wait(_LIMIT * 5)
        except subprocess.TimeoutExpired:
            return "they never end"
    printed = (copy.root.parent / "printed").read_text(errors="replace")
    failed = re.search(r"^(?:FAILED|ERROR) (.*)", printed, re.MULTILINE)
    # What is left behind is no reason here either.
    if failed or (process.returncode != pytest.ExitCode.OK and "the run failed" not in printed):
        return failed[1] if failed else printed.strip().rpartition("\n")[2]
    return None


def main() -> None:
    """Run from the command line; print what killed each mutant, then those that survived, and figures by folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["core", "tui"], metavar="PATH")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=float, metavar="SECONDS", help="of tests for one mutant, those worth most first")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what it has started ends with it
    mutants = dict(enumerate(sample(options.paths, options.count, options.seed)))
    texts = {number: mutant.text((ROOT / mutant.path).read_bytes()) for number, mutant in mutants.items()}
    suites: defaultdict[tuple[str, ...], dict[int, Mutant]] = defaultdict(dict)
    for number, mutant in mutants.items():
        if (reason := EQUIVALENT.get(_anywhere(mutant, texts[number]))) is not None:
            print(f"{texts[number]}\n    does the same: {reason}", flush=True)
        else:
            suites[tuple(suite_of(mutant.path))][number] = mutant
    survivors: list[str] = []
    killed: defaultdict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bpftui-mutants-") as folder:
        copy = Copy(Path(folder))
        for suite, those in sorted(suites.items(), key=lambda each: sum(map(_files, each[0]))):
            for number, by in tried(copy, suite, those, options.most):
                print(f"{texts[number]}\n    {by or 'survives'}", flush=True)
                killed["/".join(Path(mutants[number].path).parts[:2])].append(by is not None)
                survivors += [] if by else [texts[number]]
    print(f"\n{len(survivors)} of {len(mutants)} survive, seed {options.seed}", *sorted(survivors), sep="\n")
    for text in sorted(set(EQUIVALENT) - _texts_of({text.partition(": ")[0] for text in EQUIVALENT})):
        print(f"no mutant any more, though listed as one that does the same: {text}")
    for place, found in sorted(killed.items()):
        print(f"{place}: {sum(found)} of {len(found)} killed")


if __name__ == "__main__":
    main()
