"""BTF: the types of an object or of a kernel, and the values of those types."""

from __future__ import annotations

from . import types
from .btf import Btf, ByteOrder
from .ctype import CType, format_value, parse_bytes
from .ext import BtfExt
from .types import Kind
from .values import Decoded, Text, Value

__all__ = [
    "Btf",
    "BtfExt",
    "ByteOrder",
    "CType",
    "Decoded",
    "Kind",
    "Text",
    "Value",
    "format_value",
    "parse_bytes",
    "types",
]
