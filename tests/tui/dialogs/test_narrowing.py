"""Lists that what is typed narrows: what an event of a stream is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from textual.widgets import Button, OptionList

from bpftui.core.analysis.records import RecordType
from bpftui.tui.dialogs.record_type import RecordTypeDialog

if TYPE_CHECKING:
    from collections.abc import Callable


def shown(dialog: RecordTypeDialog) -> list[list[str]]:
    options = dialog.query_one(OptionList)
    return [str(options.get_option_at_index(at).prompt).split() for at in range(options.option_count)]


async def test_a_record_is_chosen_by_words_and_arrows(explore: Callable[..., Any]) -> None:
    chosen: list[RecordType | None] = []
    async with explore() as walk:
        dialog = RecordTypeDialog(walk.explorer.spec, "events", RecordType(None))
        walk.app.push_screen(dialog, chosen.append)
        await walk.settle()
        assert shown(dialog)[0] == ["struct", "address", "20", "bytes"]
        await walk.type("ip struct")  # words, in any order
        assert shown(dialog) == [["struct", "iphdr", "20", "bytes"], ["struct", "ipv6hdr", "40", "bytes"]]
        options = dialog.query_one(OptionList)
        places = [options.highlighted]
        for key in ("down", "up"):
            await walk.press(key)
            places.append(options.highlighted)
        assert places == [0, 1, 0]
        await walk.type(" nothing")
        assert re.search(r"none of \d+ has 'ip struct nothing'", walk.screen)
        assert dialog.query_one("#set", Button).disabled
        await walk.press("enter")
        assert chosen == []
        await walk.press(*["backspace"] * len(" nothing"), "down", "enter")
        assert [str(each and each.text) for each in chosen] == ["struct ipv6hdr"]
