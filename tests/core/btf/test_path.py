"""What lies at an offset of a type."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.btf import Btf
from bpftui.core.btf.path import member_path
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("offset", "size", "path"),
    [
        (0, 8, ".seed"),
        (4, 4, ".seed+4"),
        (8, 4, ".limits[0].burst"),
        (28, 4, ".limits[2].rate"),
        (24, 8, ".limits[2]"),
        (8, 32, ".limits"),
        (24, 2, ".limits[2].burst+0"),
        (40, 8, ".label"),
        (42, 1, ".label[2]"),
        (42, 2, ".label[2]…"),
        (48, 4, ".word"),
        (50, 2, ".halves[1]"),
        (48, 1, ".word+0"),
        (0, 56, ""),
        (52, 4, None),  # padding
        (56, 1, None),
        (-8, 8, None),
        (36, 8, None),  # across two members, beginning within one
    ],
)
def test_members_of_a_struct(offset: int, size: int, path: str | None) -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/names.o")
    assert spec.btf is not None
    found = spec.btf.find("config")
    assert found is not None
    assert member_path(spec.btf, found, offset, size) == path


def test_an_array_of_arrays_twenty_deep() -> None:
    blob = Blob()
    inner = blob.integer("int", 4)
    for _ in range(20):
        inner = blob.array(inner, 2)
    outer = blob.struct("s", 4 << 20, [("m", inner, 0)])
    assert member_path(Btf(blob.bytes()), outer, 4, 4) == f".m{'[0]' * 19}[1]"


def test_bitfields_and_what_is_behind_them() -> None:
    blob = Blob()
    word = blob.integer("int", 4)
    fields = [("low", word, 3 << 24 | 0), ("high", word, 5 << 24 | 3), ("top", word, 8 << 24 | 8), ("count", word, 32)]
    outer = blob.struct("s", 8, fields, bitfields=True)
    btf = Btf(blob.bytes())
    assert [member_path(btf, outer, offset, 1) for offset in (0, 1, 2)] == [None, ".top", None]
    assert (member_path(btf, outer, 0, 2), member_path(btf, outer, 4, 4)) == (None, ".count")
