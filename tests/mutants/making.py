"""Mutants of the code: which there are of a file, which are drawn, and code that notes where one is evaluated.

A mutant is the code with one comparison, operation, number or condition changed. What is no behaviour is left as it is:
annotations, defaults, decorators, texts, `__all__`, `__repr__`, and for how many seconds a message stands.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ROOT", "Mutant", "mutants_of", "probed", "sample", "texts_of"]

ROOT: Final = Path(__file__).parents[2]
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
    at_import: bool = False
    """Whether it is evaluated when its module is imported, as the value of a constant is."""

    def apply(self, source: bytes) -> bytes:
        """Return the file with the change."""
        return source[: self.start] + self.new + source[self.end :]

    def text(self, source: bytes) -> str:
        """Return the change in a line: `PATH:LINE: before  →  after`."""
        first, last = source.rfind(b"\n", 0, self.start) + 1, source.find(b"\n", self.end)
        before = source[first:last].decode().split()
        after = (source[first : self.start] + self.new + source[self.end : last]).decode().split()
        return f"{self.path}:{self.line}: {' '.join(before)}  →  {' '.join(after)}"

    def anywhere(self, source: bytes) -> str:
        """Return that text without the number of the line."""
        return self.text(source).replace(f":{self.line}:", ":", 1)


class _Finder(ast.NodeVisitor):
    """Finds the mutants of a file."""

    def __init__(self, path: str, source: bytes) -> None:
        self.found: list[Mutant] = []
        self._path = path
        self._source = source
        self._in_pattern = False
        self._at_import = True
        self._imported = frozenset[str]()
        """The functions that are called when the module is imported, as what makes a table is."""
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        module = ast.parse(source)
        self._imported = _called_at_import(module)
        self.visit(module)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[last - 1] + column

    def _replace(self, start: int, end: int, new: str, asked: tuple[int, int]) -> None:
        line = self._source.count(b"\n", 0, start) + 1
        probe = None if self._in_pattern else asked
        self.found.append(Mutant(self._path, line, start, end, new.encode(), probe, self._at_import))

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
        if self._at_import and node.name in self._imported:
            self._visit_all(node.body)
        elif node.name != "__repr__":
            self._visit_later(node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_later(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_later([node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(each for each in node.body if not isinstance(each, ast.AnnAssign))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Leave out how long something is said, which is a choice."""
        is_said = isinstance(node.func, ast.Attribute) and node.func.attr == "notify"
        self._visit_all([node.func, *node.args])
        self._visit_all(each for each in node.keywords if not (is_said and each.arg == "timeout"))

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

    def _visit_later(self, nodes: Iterable[ast.AST]) -> None:
        """Visit what is evaluated when a function is called."""
        before, self._at_import = self._at_import, False
        self._visit_all(nodes)
        self._at_import = before

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _called_at_import(module: ast.Module) -> frozenset[str]:
    """Return the functions of a module, by name, that it calls when it is imported, directly or through one of them."""
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    found: set[str] = set()
    left: list[ast.AST] = [module]
    while left:
        node = left.pop()
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
                name = inner.func.id
                if name in functions and name not in found:
                    found.add(name)
                    left += functions[name].body
            if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                left.append(inner)
    return frozenset(found)


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


def texts_of(paths: Iterable[str]) -> set[str]:
    """Return the texts of all mutants of some files, without the numbers of their lines."""
    sources = {path: (ROOT / path).read_bytes() for path in paths if (ROOT / path).exists()}
    return {each.anywhere(raw) for path, raw in sources.items() for each in mutants_of(path, raw)}


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
