"""What a search found, as a test: a module for pytest that gives a program one input after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..pytest_source import literal, module
from .inputs import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .inputs import Input, Part

__all__ = ["written"]

_GIVEN: Final = (Kind.PACKET, Kind.CONTEXT)
"""What a program is given, where all else lies in maps before it runs."""


def written(
    file: str,
    program: str,
    parts: Sequence[Part],
    inputs: Sequence[tuple[Input, int | None]],
    *,
    test: str,
    says: str,
    options: Mapping[str, Any],
) -> Iterator[str]:
    """Yield the lines of the module.

    Args:
        file: The object.
        program: The program's name.
        parts: What an input is made of.
        inputs: The inputs with what the program returned for each; None where the run was stopped.
        test: The file in which the module will be: it looks for the object from there.
        says: What the inputs are, as a sentence without its period.
        options: Other arguments of `Bpf.load` (`set`, `btf`).
    """
    body = _test(program, parts, options, stopped=any(returned is None for _, returned in inputs))
    return module(says, file, program, body, test=test, constants=_inputs(parts, inputs))


def _inputs(parts: Sequence[Part], inputs: Sequence[tuple[Input, int | None]]) -> Iterator[str]:
    """Yield the inputs as a list."""
    yield "INPUTS = ["
    for given, returned in inputs:
        texts = [_hex(raw) for part, raw in zip(parts, given, strict=True) if part.kind in _GIVEN]
        maps = {
            part.name: (bytes(4), raw) if part.kind is Kind.SECTION else (raw[: part.key_size], raw[part.key_size :])
            for part, raw in zip(parts, given, strict=True)
            if part.kind not in _GIVEN and raw is not None
        }
        held = ", ".join(f"{literal(name)}: ({_hex(key)}, {_hex(value)})" for name, (key, value) in maps.items())
        yield f"    ({', '.join([*texts, f'{{{held}}}', repr(returned)])}),"
    yield "]"


def _test(program: str, parts: Sequence[Part], options: Mapping[str, Any], *, stopped: bool) -> Iterator[str]:
    names = ["packet" if part.kind is Kind.PACKET else "ctx" for part in parts if part.kind in _GIVEN]
    given = ", ".join(f"{name}={literal(value)}" for name, value in {**options, "programs": [program]}.items())
    yield f"obj = bpf.load(OBJECT, {given})"
    yield f"program = obj.program({literal(program)})"
    yield f"for {', '.join([*names, 'maps', 'returned'])} in INPUTS:"
    yield "    for name, (key, value) in maps.items():"
    yield "        obj.maps[name][key] = value"
    arguments = ", ".join("packet" if name == "packet" else f"{name}={name}" for name in names)
    if stopped:
        yield "    if returned is None:"
        yield "        with pytest.raises(BpftuiError):"
        yield f"            program.run({arguments})"
        yield "    else:"
        yield f"        assert program.run({arguments}).retval == returned"
    else:
        yield f"    assert program.run({arguments}).retval == returned"


def _hex(raw: bytes | None) -> str:
    return "None" if raw is None else f'bytes.fromhex("{raw.hex()}")'
