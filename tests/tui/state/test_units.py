"""Units that were chosen are kept for an object, wherever it lies; what is damaged is begun anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpftui.core.btf.units import Unit
from bpftui.tui.state.units import keep_units, kept_units

if TYPE_CHECKING:
    from pathlib import Path


def test_they_are_kept_by_the_name_of_the_object(tmp_path: Path) -> None:
    file = tmp_path / "units.json"
    assert kept_units("a.o", file) == {}
    keep_units("/one/a.o", {"map traffic.bytes": Unit.NUMBER, "variable took": Unit.MICROSECONDS}, file)
    keep_units("b.o", {"variable took": Unit.SECONDS}, file)
    assert kept_units("/two/a.o", file) == {"map traffic.bytes": Unit.NUMBER, "variable took": Unit.MICROSECONDS}
    keep_units("a.o", {}, file)
    assert (kept_units("a.o", file), kept_units("b.o", file)) == ({}, {"variable took": Unit.SECONDS})


def test_what_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "units.json"
    for text in ("", "[]", "{", '{"objects": 5}', '{"objects": {"a.o": ["x"]}}', '{"objects": {"a.o": {"x": 7}}}'):
        file.write_text(text)
        assert kept_units("a.o", file) == {}
    file.write_text('{"objects": {"a.o": {"x": "furlongs", "y": "B"}}}')
    assert kept_units("a.o", file) == {"y": Unit.BYTES}
    keep_units("a.o", {"x": Unit.BYTES}, file)
    assert kept_units("a.o", file) == {"x": Unit.BYTES}
