"""What a search found, as a test: a module for pytest that gives a program one input after the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..visible import visible
from .inputs import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .inputs import Input, Part

__all__ = ["test_module"]


def test_module(
    file: str,
    program: str,
    parts: Sequence[Part],
    inputs: Sequence[tuple[Input, int | None]],
    *,
    test: str,
    says: str,
    options: Mapping[str, str],
) -> Iterator[str]:
    """Yield the lines of the module.

    Args:
        file: The object.
        program: The program's name.
        parts: What an input is made of.
        inputs: The inputs with what the program returned for each; None where the run was stopped.
        test: The file in which the module will be: it looks for the object from there.
        says: What the inputs are, as a sentence.
        options: Other arguments of `Bpf.load` (`set`, `btf`), as Python has them.
    """
    names = ["packet" if part.kind is Kind.PACKET else "ctx" for part in parts if part.kind in _GIVEN]
    stopped = any(returned is None for _, returned in inputs)
    yield f'"""{_in_docstring(says)}"""'
    yield ""
    yield "from pathlib import Path"
    yield ""
    if stopped:
        yield "import pytest"
        yield ""
        yield "from bpftui.core.errors import BpftuiError"
        yield ""
    folder = os.path.relpath(os.path.abspath(file), os.path.dirname(os.path.abspath(test)))
    yield f"OBJECT = Path(__file__).parent / {folder!r}"
    yield "INPUTS = ["
    for given, returned in inputs:
        texts = [_hex(raw) for part, raw in zip(parts, given, strict=True) if part.kind in _GIVEN]
        maps = {
            part.name: (bytes(4), raw) if part.kind is Kind.SECTION else (raw[: part.key_size], raw[part.key_size :])
            for part, raw in zip(parts, given, strict=True)
            if part.kind not in _GIVEN and raw is not None
        }
        held = ", ".join(f"{name!r}: ({_hex(key)}, {_hex(value)})" for name, (key, value) in maps.items())
        yield f"    ({', '.join([*texts, f'{{{held}}}', repr(returned)])}),"
    yield "]"
    yield ""
    yield ""
    yield f"def test_{_identifier(program)}(bpf):"
    given = ", ".join(f"{name}={value}" for name, value in {**options, "programs": repr([program])}.items())
    yield f"    obj = bpf.load(OBJECT, {given})"
    yield f"    program = obj.program({program!r})"
    yield f"    for {', '.join([*names, 'maps', 'returned'])} in INPUTS:"
    yield "        for name, (key, value) in maps.items():"
    yield "            obj.maps[name][key] = value"
    arguments = ", ".join("packet" if name == "packet" else f"{name}={name}" for name in names)
    if stopped:
        yield "        if returned is None:"
        yield "            with pytest.raises(BpftuiError):"
        yield f"                program.run({arguments})"
        yield "        else:"
        yield f"            assert program.run({arguments}).retval == returned"
    else:
        yield f"        assert program.run({arguments}).retval == returned"


_GIVEN = (Kind.PACKET, Kind.CONTEXT)


def _hex(raw: bytes | None) -> str:
    return "None" if raw is None else f'bytes.fromhex("{raw.hex()}")'


def _identifier(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "_" for char in name)


def _in_docstring(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', "'")
