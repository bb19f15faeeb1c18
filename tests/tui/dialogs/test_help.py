"""The help: which keys it lists."""

from __future__ import annotations

from textual.binding import Binding

from bpftui.tui.dialogs.help import keys_of
from bpftui.tui.widgets.overview import Overview


def test_a_key_that_a_class_has_an_id_of_its_own_for_stands_once() -> None:
    ids = [each.id for each in keys_of(Overview) if isinstance(each, Binding)]
    assert {"overview.left", "overview.right"} < set(ids)
    assert not {"links.left", "links.right"} & set(ids)
    assert len(ids) == len(set(ids))
