"""What is read of single types."""

from __future__ import annotations

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf import types as t
from bpftui.core.btf.ext import BtfExt
from bpftui.core.errors import ObjectError
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


def test_a_header_of_btf_ext_that_is_none() -> None:
    with pytest.raises(ObjectError) as error:
        BtfExt(bytes(32), Btf(Blob().bytes(), file="prog.o"))
    assert error.value.message == "prog.o: section .BTF.ext: offset 0x0: no BTF magic: 0x0000 instead of 0xeb9f"
