"""Packets that a user keeps by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.state.packets import SavedPackets

if TYPE_CHECKING:
    from pathlib import Path


def test_packets_are_kept_newest_first(tmp_path: Path) -> None:
    saved = SavedPackets(tmp_path / "packets.json")
    assert saved.all() == {}
    saved.save("one", b"\1")
    saved.save(" two ", b"\2")
    saved.save("one", b"\3")
    assert list(SavedPackets(tmp_path / "packets.json").all().items()) == [("one", b"\3"), ("two", b"\2")]
    saved.delete("one")
    assert saved.all() == {"two": b"\2"}


@pytest.mark.parametrize("name", ["", "  ", "a\x1b[31m", "x" * 65])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a packet"):
        SavedPackets(tmp_path / "packets.json").save(name, b"\1")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"packets": {"a": 5}}', '{"packets": {"a": "0"}}', "[" * 100_000])
def test_a_damaged_file_is_said_put_beside_and_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "packets.json").write_text(text)
    with pytest.raises(UsageError, match=r"packets\.json: these are no packets"):
        SavedPackets(tmp_path / "packets.json").all()
    saved = SavedPackets(tmp_path / "packets.json")
    told = f"{tmp_path}/packets.json was damaged: it is packets.json.damaged now, and saved packets begin anew"
    assert saved.mend() == told
    assert (saved.mend(), saved.all()) == ("", {})
    saved.save("one", b"\1")
    assert (saved.all(), (tmp_path / "packets.json.damaged").read_text()) == ({"one": b"\1"}, text)
