"""Tests for pytest, as source: what begins a module with one test of a program, and values as Python has them."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any, cast

from .visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["literal", "module", "remark"]


def module(
    says: str, file: str, program: str, body: Iterable[str], *, test: str, constants: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the lines of a module with one test, which is given the fixture `bpf` and finds the object as `OBJECT`.

    Args:
        says: What it tests, as a sentence without its period.
        file: The object.
        program: The program in it, after which the test is called.
        body: The lines of the test; `pytest` and `BpftuiError` are imported where they name them.
        test: The file in which the module will be: it looks for the object from there.
        constants: Lines that stand before the test.
    """
    lines = list(body)
    yield f'"""{remark(says)}."""'
    yield from ("", "from pathlib import Path")
    if _name("pytest", lines):
        yield from ("", "import pytest")
    if _name("BpftuiError", lines):
        yield from ("", "from bpftui.core.errors import BpftuiError")
    folder = os.path.relpath(os.path.abspath(file), os.path.dirname(os.path.abspath(test)))
    yield from ("", f"OBJECT = Path(__file__).parent / {literal(folder)}")
    yield from constants
    yield from ("", "", f"def test_{re.sub(r'[^0-9a-zA-Z_]', '_', program)}(bpf):")
    yield from (f"    {line}" if line else "" for line in lines)


def _name(name: str, lines: Sequence[str]) -> bool:
    """Whether lines of source name something; in a text they hardly do, and an import too many is no harm."""
    return any(re.search(rf"\b{name}\b", line) for line in lines)


def remark(text: str) -> str:
    """Return a text as it may stand in a docstring or a comment."""
    return visible(text).replace("\\", "\\\\").replace('"', "'")


def literal(value: Any) -> str:
    """Return a value as Python has it, on one line; texts and integers of our own are those of Python."""
    match value:
        case dict():
            items = cast("dict[object, object]", value).items()
            return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in items) + "}"
        case list():
            return "[" + ", ".join(map(literal, cast("list[object]", value))) + "]"
        case tuple():
            parts = [*map(literal, cast("tuple[object, ...]", value))]
            return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"
        case str():
            text = ascii(str(value))
            return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case bool() | float() | bytes():
            return repr(value)
        case int():
            return repr(int(value))
        case _:
            return repr(value)
