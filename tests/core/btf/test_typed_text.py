"""What an editor of a value begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf.typed_text import edit_text
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("full", b"ab\0\0", "ab"),
        ("full", b"ab\0c", "hex:61620063"),
        ("full", b"[ab\0", "hex:5b616200"),
        ("full", b" ab\0", "hex:20616200"),
        ("full", b"a\x07\0\0", "hex:61070000"),
        ("full", "\u202ea".encode(), "hex:e280ae61"),
        ("f32", b"\0\0\xc0\x7f", "nan"),
        ("f32", b"\1\0\xc0\x7f", "hex:0100c07f"),
    ],
)
def test_it_reads_back_to_the_same_bytes(name: str, raw: bytes, text: str) -> None:
    ctype = CollectionSpec.from_file(ROOT / "tests/objects/values.o").variables[name].type
    assert ctype is not None
    assert edit_text(ctype, raw) == text
