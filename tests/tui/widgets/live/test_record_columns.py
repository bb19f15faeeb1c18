"""Columns of records: how wide they stand."""

from __future__ import annotations

from bpftui.core.btf import Btf, CType
from bpftui.core.live.field import Form
from bpftui.tui.widgets.live.record_columns import RecordColumns
from tests.core.btf.blob import Blob


def test_a_text_has_forty_cells_at_most_and_columns_only_grow() -> None:
    blob = Blob()
    record = blob.struct("record", 72, [("comm", 2, 0), ("number", 4, 64 * 8)])
    blob.array(3, 64)
    blob.add("char", 1, 1, 1 << 24 | 8)
    blob.integer("long", 8)
    columns = RecordColumns(CType(Btf(blob.bytes()), record), Form.TYPED)
    assert columns.titles == ["comm", "number"]
    assert [columns.width(0), columns.width(1)] == [4, 6]
    assert columns.make_room([b"c" * 64 + (-(10**15)).to_bytes(8, "little", signed=True)])
    assert [columns.width(0), columns.width(1)] == [40, 22]
    assert not columns.make_room([bytes(72)])
    assert [columns.width(0), columns.width(1)] == [40, 22]
    assert [columns.is_right(0), columns.is_right(1)] == [False, True]
