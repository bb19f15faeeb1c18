"""Listings by meaning, each made of one object alone, and what becomes of an old one when a diff is applied to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bpftui.core.asm import INSN_SIZE
from bpftui.core.asm.assembler import assemble
from bpftui.core.diff import Kind, What
from bpftui.core.diff.forms import LABEL, FunctionCode, functions_of
from bpftui.core.spec import CollectionSpec, ProgramSpec
from bpftui.core.spec.program import Function, LinkedCode
from bpftui.core.uapi import ProgramType

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from bpftui.core.diff import FunctionDiff

_LABEL = re.compile(r"\bL\d+\b")


def functions(spec: CollectionSpec) -> list[FunctionCode]:
    """Return the functions of an object."""
    known: dict[Hashable, FunctionCode] = {}
    for program in spec.programs.values():
        functions_of(spec, program, known)
    return list(known.values())


def listing(function: FunctionCode) -> list[str]:
    """Return a function's instructions by meaning, and its labels, which are numbered from the first on."""
    targets = sorted({target for insn in function.insns() for target in insn.targets})
    names = {target: f"L{number}" for number, target in enumerate(targets, 1)}
    lines: list[str] = []
    for number, insn in enumerate(function.insns()):
        if number in names:
            lines.append(f"{names[number]}:")
        text = insn.form.meaning
        if insn.targets:
            where = ", ".join(names[target] for target in insn.targets)
            text = text.replace(LABEL, where) if LABEL in text else f"{text} to {where}"
        lines.append(text)
    return lines


def applied(old: Sequence[str], diff: FunctionDiff) -> list[str]:
    """Return what the old listing becomes: rows that are the same are taken from it, all others from the diff."""
    old_names: dict[str, str] = {}
    rows = [row for row in diff.rows() if row.what is not What.SOURCE]
    at = 0
    for row in rows:
        if row.old is not None and row.what is What.LABEL:
            old_names[old[at].removesuffix(":")] = row.old.text
        at += row.old is not None
    assert at == len(old)
    lines: list[str] = []
    at = 0
    for row in rows:
        text = _renamed(old[at], old_names) if row.old is not None else ""
        if row.kind is Kind.SAME:
            lines.append(text)
        elif row.new is not None:
            lines.append(f"{row.new.text}:" if row.what is What.LABEL else row.new.meaning)
        at += row.old is not None
    names = {
        line.removesuffix(":"): f"L{number}"
        for number, line in enumerate((line for line in lines if re.fullmatch(r"L\d+:", line)), 1)
    }
    return [_renamed(line, names) for line in lines]


def _renamed(line: str, names: dict[str, str]) -> str:
    return _LABEL.sub(lambda match: names.get(match[0], match[0]), line)


def spec_of(text: str) -> CollectionSpec:
    """Return an object with a program `f` of assembly, its instructions with semicolons between them."""
    code = assemble(text.replace("; ", "\n"))
    linked = LinkedCode(code, (Function("f", 0, len(code) // INSN_SIZE, "socket", 0),))
    spec = CollectionSpec("f.o")
    spec.programs["f"] = ProgramSpec("f", "socket", ProgramType.SOCKET_FILTER, link=lambda: linked)
    return spec


def function_of(text: str) -> FunctionCode:
    """Return a function of assembly, its instructions with semicolons between them."""
    spec = spec_of(text)
    (function,) = functions_of(spec, spec.programs["f"], {})
    return function
