"""Contents of an object's `.kconfig` section, from what options are said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..btf import CType, Kind
from ..btf import types as t
from ..errors import BpftuiError, TypeMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .collection import CollectionSpec

__all__ = ["KCONFIG", "KERNEL_VERSION", "encode_option", "encode_options", "option_misfit"]

KCONFIG: Final = ".kconfig"
KERNEL_VERSION: Final = "LINUX_KERNEL_VERSION"
"""The version as an integer, which libbpf offers among the options."""

_TRISTATE: Final = {"n": 0, "y": 1, "m": 2}
"""`enum libbpf_tristate`."""


def encode_options(spec: CollectionSpec, option: Callable[[str], str | None]) -> tuple[bytes, list[str]]:
    """Return the contents of the object's `.kconfig` section, and the options that *option* has no answer to.

    Args:
        spec: The object; it has such a section.
        option: Returns what there is for an option's name, as a configuration writes it.

    Raises:
        TypeMismatchError, ValueRangeError: An answer does not fit.
    """
    section = spec.maps[KCONFIG]
    contents = bytearray(section.value_size)
    unanswered: list[str] = []
    if section.value is None:
        return bytes(contents), unanswered
    btf = section.value.btf
    layout = btf.type(section.value.id)
    end = 0
    for item in layout.variables if isinstance(layout, t.DataSec) else ():
        var = btf.type(item.type_id)
        if not isinstance(var, t.Var):
            continue
        ctype = CType(btf, var.type_id)
        # The reader lays the variables out one after the other, each aligned to its size, as libbpf does.
        alignment = min(ctype.size & -ctype.size, 8) or 1
        start = -(-end // alignment) * alignment
        end = start + ctype.size
        value = option(var.name)
        if value is not None:
            contents[start:end] = encode_option(ctype, var.name, value)
        else:
            unanswered.append(var.name)
    return bytes(contents), unanswered


def encode_option(ctype: CType, name: str, value: str) -> bytes:
    """Return the bytes of an option: `y`, `n` and `m` as a boolean, an enum or a letter; a number; or text.

    Args:
        ctype: What the object declares it as.
        name: Its name.
        value: What the configuration has: `y`, `250`, `"text"`.

    Raises:
        TypeMismatchError, ValueRangeError: It does not fit.
    """
    if value in _TRISTATE:
        if ctype.enumerators:
            return ctype.encode(_TRISTATE[value], name)
        if ctype.size == 1 and ctype.is_integer:
            return value.encode()
        if ctype.is_integer:
            raise TypeMismatchError(f"{name} is {value} in this kernel, but the object takes it for {ctype.c_text}")
        return ctype.encode(value != "n", name)
    if value.startswith('"'):
        # A string that is too long is cut off, as libbpf does it; it keeps its terminating zero.
        return value.strip('"').encode()[: ctype.size - 1].ljust(ctype.size, b"\0")
    return ctype.encode(ctype.parse(value, name), name)


def option_misfit(spec: CollectionSpec, name: str, value: str) -> str:
    """Return why what an option is does not fit the variable that the object has for it; empty where it does."""
    type_id = None if spec.btf is None else spec.btf.find(name, Kind.VAR)
    var = None if spec.btf is None or type_id is None else spec.btf.type(type_id)
    if spec.btf is not None and isinstance(var, t.Var):
        try:
            encode_option(CType(spec.btf, var.type_id), name, value)
        except BpftuiError as error:
            return error.message
    return ""
