"""The verifier's state at one point of its walk: its registers and stack slots, of the current frame."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..asm import Class
from ..asm.opcodes import CALL
from .value import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .lines import Step

__all__ = ["State", "parse_items"]

_ITEM: Final = re.compile(
    r"(?:^|\s)(?P<place>[RrWw]\d+|fp-?\d+|refs)(?:_[rwDPp]+)?=(?P<value>(?:[^\s()]|\((?:[^()]|\([^()]*\))*\))+)"
)
_FRAME: Final = re.compile(r"(?:^|\s)frame(\d+):")
_HELPER: Final = re.compile(r"call (?P<name>[A-Za-z_]\w*)(?:#\d+)?\s*$")

_MOVES_PACKETS: Final = re.compile(
    r"bpf_(?:xdp_adjust_(?:head|tail|meta)|skb_(?:store_bytes|vlan_push|vlan_pop|change_\w+|pull_data|adjust_room"
    r"|ecn_set_ce)|l[34]_csum_replace|clone_redirect|msg_(?:pull|push|pop)_data|lwt_\w+|sk_assign_tcp_reqsk"
    r"|store_hdr_opt|reserve_hdr_opt)$"
)
"""Helpers after which no packet pointer is valid any more (`bpf_helper_changes_pkt_data`, net/core/filter.c)."""


def parse_items(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a line says of registers (`R1`), stack slots (`fp-8`) and held references (`refs`)."""
    for found in _ITEM.finditer(text):
        place = found["place"]
        yield ("R" + place[1:] if place[0] in "rwW" and place != "refs" else place), found["value"]


class State:
    """What is known at one point. `after` makes the next one; a state itself does not change."""

    __slots__ = ("changed", "frame", "invalidated", "values", "whole")

    def __init__(
        self,
        values: dict[str, str],
        *,
        frame: int = 0,
        whole: bool = True,
        changed: frozenset[str] = frozenset(),
        invalidated: frozenset[str] = frozenset(),
    ) -> None:
        self.values = values
        """Texts of the values, by `R0` … `R10`, `fp-8` …; a register that is not there cannot be read."""
        self.frame = frame
        """The depth of the call, 0 for the program itself."""
        self.whole = whole
        """Whether the walk to it begins at a state that the log has whole: else what is not there may be unknown."""
        self.changed = changed
        """What the last instruction changed."""
        self.invalidated = invalidated
        """What the last instruction made useless without the log saying so: pointers into a packet that moved."""

    @classmethod
    def parse(cls, text: str) -> State:
        """Return the state that a line gives whole."""
        values = dict(parse_items(text))
        frame = _FRAME.search(text)
        return cls(values, frame=int(frame[1]) if frame else 0, changed=frozenset(values))

    def __getitem__(self, place: str) -> Value | None:
        """Return what is known of `R1` or `fp-8`; None where it is not set."""
        text = self.values.get(place)
        return None if text is None else parse_value(text)

    @property
    def places(self) -> list[str]:
        """Registers in their order, then stack slots from the frame's top down."""
        return sorted((place for place in self.values if place != "refs"), key=_order)

    @property
    def references(self) -> str:
        """The ids of the references that are held, as the kernel prints them; empty where there are none."""
        return self.values.get("refs", "")

    def noted(self, text: str) -> State:
        """Return the state after a line that names some values anew."""
        items = dict(parse_items(text))
        if "=" in text and "refs" not in items:
            items["refs"] = ""
        values = {**self.values, **items}
        if not values.get("refs"):
            values.pop("refs", None)
        changed = {place for place, value in items.items() if self.values.get(place) != value and place != "refs"}
        return State(values, frame=self.frame, whole=self.whole, changed=self.changed | changed)

    def after(self, step: Step) -> State:
        """Return the state after an instruction, from what its line says and from what it leaves unsaid."""
        if step.jumped_to is not None:
            told = State.parse(step.state)
            same = {place for place, value in told.values.items() if self.values.get(place) == value}
            told.changed = told.changed - same
            return told
        values = dict(self.values)
        lost: set[str] = set()
        if step.opcode == CALL:
            lost = self._call(values, step.text)
        items = dict(parse_items(step.state))
        if step.state and "refs" not in items:
            values.pop("refs", None)
        if step.opcode & 7 in (Class.JMP, Class.JMP32):
            self._spread(values, items)
        values.update(items)
        changed = {place for place in {*values, *self.values} if values.get(place) != self.values.get(place)}
        changed.discard("refs")
        return State(
            values, frame=self.frame, whole=self.whole, changed=frozenset(changed), invalidated=frozenset(lost)
        )

    def _call(self, values: dict[str, str], text: str) -> set[str]:
        """Forget what a call leaves unreadable; return the places whose pointers it makes invalid."""
        for place in ("R0", "R1", "R2", "R3", "R4", "R5"):
            values.pop(place, None)
        lost: set[str] = set()
        helper = _HELPER.search(text)
        if helper is not None and _MOVES_PACKETS.match(helper["name"]):
            for place, value in values.items():
                if value.startswith(("pkt(", "pkt_meta(", "pkt_end(")):
                    values[place] = "scalar()"
                    lost.add(place)
        released = self["R1"]
        held = None if released is None else released.get("ref_obj_id")
        if helper is not None and held and re.search(r"submit|discard|release|drop|put", helper["name"]):
            for place, value in values.items():
                if f"ref_obj_id={held}," in value or f"ref_obj_id={held})" in value:
                    values[place] = "scalar()"
                    lost.add(place)
        return lost

    def _spread(self, values: dict[str, str], items: dict[str, str]) -> None:
        """Tell other registers with the same value what a comparison has shown of one: the log does not."""
        for place, text in items.items():
            old = self.values.get(place)
            if old is None or old == text:
                continue
            if text.startswith("pkt(") and old.startswith("pkt("):
                known, fresh = parse_value(old), parse_value(text)
                grown = fresh.integer("r")
                if grown <= known.integer("r") or fresh.id != known.id:
                    continue
                for other, value in values.items():
                    if value.startswith("pkt(") and parse_value(value).id == fresh.id:
                        values[other] = re.sub(r"\br=\d+", f"r={grown}", value)
            elif "_or_null" in old and "_or_null" not in text:
                for other, value in values.items():
                    if value == old:
                        values[other] = text


def _order(place: str) -> tuple[int, int]:
    return (0, int(place[1:])) if place[0] == "R" else (1, -int(place[2:]))
