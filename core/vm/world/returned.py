"""What a helper or a kernel function returns where the user says so, by its prototype in the object's types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...btf import CType, Kind
from ...btf import types as t
from ...btf.ctype import parse_bytes
from ...errors import LoadError, UsageError

if TYPE_CHECKING:
    from .host import Host

__all__ = ["returned", "unknown_function"]


def returned(host: Host, name: str, value: int | str) -> int:
    """Return r0 of a call of *name*: a number as its result's type has it, or the address of what *value* describes.

    Args:
        host: Whose program calls; its object's types have the prototype of a kernel function, and none of a helper.
        name: The function.
        value: A number; or for a pointer what it leads to, the members of a struct as JSON or bytes (`hex:0102`).

    Raises:
        LoadError: It does not fit the function's result.
    """
    result = _result(host, name)
    if isinstance(value, int):
        return _number(name, value, result)
    pointer = None if result is None else result.stripped
    if result is not None and not isinstance(pointer, t.Pointer):
        raise LoadError(f"--return {name}={value}: it returns {result.c_text}, no pointer to such a thing")
    try:
        raw = _pointed(name, value, result, pointer)
    except UsageError as error:
        raise LoadError(f"--return {name}={value}: {error.message}", hint=error.hint) from error
    return host.memory.map(f"what {name} returned", raw).base


def _pointed(name: str, value: str, result: CType | None, pointer: object) -> bytes:
    target = None
    if result is not None and isinstance(pointer, t.Pointer) and pointer.target:
        target = CType(result.btf, pointer.target)
    if value.startswith("hex:"):
        raw = parse_bytes(value, name)
        return raw if target is None else raw.ljust(target.size, b"\0")
    if target is None or not target.size:
        raise UsageError("nothing tells what it points to", hint="give the bytes: hex:0102")
    return target.encode(target.parse(value, name), name)


def _number(name: str, value: int, result: CType | None) -> int:
    found = None if result is None else result.stripped
    if result is None or not isinstance(found, t.Int) or result.size >= 8:
        return value
    bits = 8 * result.size
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise LoadError(f"--return {name}={value}: it returns {result.c_text}, which has {bits} bits")
    return value


def _result(host: Host, name: str) -> CType | None:
    """Return the type of what a function returns; None where nothing tells it, or it returns nothing."""
    btf = host.btf
    function = None if btf is None else btf.find(name, Kind.FUNC)
    if btf is None or function is None:
        return None
    declared = btf.type(function)
    proto = btf.type(declared.proto) if isinstance(declared, t.Function) else None
    return CType(btf, proto.result) if isinstance(proto, t.FunctionProto) and proto.result else None


def unknown_function(host: Host, name: str) -> str:
    """Return what is said of a kernel function that the machine does not have, with what it returns."""
    result = _result(host, name)
    what = "" if result is None else f", which returns {result.c_text}"
    return f"the built-in machine does not have the kernel function {name}{what}"
