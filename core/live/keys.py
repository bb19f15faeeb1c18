"""Keys that look alike: what tells the entries of a map apart where their typed keys do not.

The value of a C type does not have all of its bytes: padding, bits without a name, what a char array holds behind its
NUL, the payload of a NaN and its sign. The kernel compares keys byte by byte, all the same.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from ..btf import CType, Text
from ..btf import types as t
from ..btf.members import fields, is_text
from ..errors import BpftuiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..btf import Btf, Value
    from .counters import Valued

__all__ = ["ambiguous_keys"]


def ambiguous_keys(source: Valued, keys: Iterable[bytes]) -> frozenset[bytes]:
    """Return those of *keys* whose bytes are needed beside their values: to tell them from each other, and to be told.

    These are keys whose value another one has too, and keys that are not what their value is encoded to.
    """
    ctype = source.key
    if ctype is None or _is_exact(ctype.btf, ctype.id):
        return frozenset()
    texts = {key: json.dumps(_plain(ctype.decode(key)), default=bytes.hex) for key in keys}
    alike = Counter(texts.values())
    return frozenset(key for key, text in texts.items() if alike[text] > 1 or not _is_canonical(ctype, key))


def _is_exact(btf: Btf, type_id: int) -> bool:
    """Whether values of a type have other bytes wherever they differ, and only there."""
    found = btf.strip(type_id)
    match found:
        case t.Int() | t.Enum() | t.Pointer():
            return True
        case t.Array() if not is_text(btf, found):
            return _is_exact(btf, found.element)
        case t.Composite(is_union=False):
            bits = 0
            for field in fields(btf, found):
                if not _is_exact(btf, field.type_id):
                    return False
                bits += field.bit_size or btf.size(field.type_id) * 8
            return bits == btf.size(type_id) * 8
        case _:
            return False


def _is_canonical(ctype: CType, key: bytes) -> bool:
    try:
        return ctype.encode(_plain(ctype.decode(key))) == key
    except BpftuiError:  # members of a union that say different things of the same bytes
        return False


def _plain(value: Value) -> Value:
    """Return a value as it is printed: texts without what follows them."""
    match value:
        case Text():
            return str(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case _:
            return value
