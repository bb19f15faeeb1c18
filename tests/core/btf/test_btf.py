"""What is read of single types."""

from __future__ import annotations

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf import types as t
from tests.core.btf.blob import Blob


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        (0, (False, False, False)),
        (1, (True, False, False)),  # BTF_INT_SIGNED
        (2, (False, True, False)),  # BTF_INT_CHAR
        (4, (False, False, True)),  # BTF_INT_BOOL
        (3, (True, True, False)),
    ],
)
def test_how_an_integer_is_encoded(encoding: int, told: tuple[bool, bool, bool]) -> None:
    blob = Blob()
    number = blob.add("x", 1, 2, encoding << 24 | 16)
    found = Btf(blob.bytes()).type(number)
    assert isinstance(found, t.Int)
    assert (found.signed, found.is_char, found.is_bool) == told
    assert (found.size, found.bits, found.bit_offset) == (2, 16, 0)
