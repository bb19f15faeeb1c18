"""Where a register got what it holds: back along the path, through copies, spills and arithmetic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.opcodes import CALL

if TYPE_CHECKING:
    from .lines import Step
    from .log import SourceLine, VerifierLog
    from .value import Value

__all__ = ["Change", "Origin", "history", "loaded_from", "origin"]

_COPY: Final = re.compile(r"[rw](?P<to>\d+) = (?:\(s(?:8|16|32)\))?[rw](?P<from>\d+)$")
_FILL: Final = re.compile(r"r(?P<to>\d+) = \*\((?P<type>\w+) ?\*\)\(r(?P<from>\d+) (?P<off>[+-]\d+)\)$")
_LOAD: Final = re.compile(r"[rw](?P<to>\d+) = \*\((?P<type>\w+) ?\*\)\(r(?P<from>\d+) (?P<off>[+-]\d+)\)$")
_SPILL: Final = re.compile(r"\*\(u64 ?\*\)\(r(?P<to>\d+) (?P<off>[+-]\d+)\) = r(?P<from>\d+)$")
_STORE: Final = re.compile(r"\*\(\w+ ?\*\)\(r10 (?P<off>[+-]\d+)\) = ")
_ARITHMETIC: Final = re.compile(
    r"[rw](?P<to>\d+) (?:\+|-|\*|/|%|s/|s%|&|\||\^|<<|>>|s>>)= (?P<by>\S+)$|[rw](?P<neg>\d+) = -[rw]\d+$"
)
_SET: Final = re.compile(r"[rw](?P<to>\d+) = (?P<value>.+)$")
_CALLED: Final = re.compile(r"call (?!pc[+-])(?P<name>[A-Za-z_]\w*)")
_LOCAL: Final = re.compile(r"call pc")
_MOST: Final = 20_000
"""Steps that are walked back."""


class Change(NamedTuple):
    """One step of a value's history, the nearest first."""

    line: int
    slot: int
    text: str
    """The instruction."""
    place: str
    """The register or stack slot that it set: `R1`, `fp-8`."""
    how: str
    """`copied`, `spilled`, `filled`, `changed`, `loaded`, `called`, `set`, `argument`, `invalidated`."""
    value: Value | None
    """What the place held afterwards."""


class Origin(NamedTuple):
    """Where a value came from."""

    what: str
    """In words that follow "came from": `bpf_map_lookup_elem(&counts)`."""
    change: Change | None
    source: SourceLine | None

    def sentence(self) -> str:
        """Return `bpf_map_lookup_elem(&counts) at prog.c:20`."""
        if self.source is not None and self.source.place:
            return f"{self.what} at {self.source.place}"
        return f"{self.what}, instruction {self.change.slot}" if self.change else self.what


def history(log: VerifierLog, line: int, place: str) -> list[Change]:
    """Return how a register or a stack slot came to what it holds before the step on *line*, the nearest first."""
    changes: list[Change] = []
    for count, (at, step) in enumerate(log.backwards(line)):
        if count > _MOST:
            break
        found = _change(log, at, step, place)
        if found is None:
            continue
        how, before = found
        changes.append(Change(at, step.slot, step.text, place, how, _value(log, at, step, place)))
        if before is None:
            break
        place = before
    return changes


def origin(log: VerifierLog, line: int, place: str) -> Origin | None:
    """Return where what a place holds before the step on *line* was made; None where the log does not show it."""
    changes = history(log, line, place)
    if not changes:
        return _unchanged(log, line, place)
    last = next((change for change in changes if change.how == "invalidated"), changes[-1])
    if last.how in ("copied", "filled", "spilled", "changed"):
        return _unchanged(log, last.line, _before(last))
    return Origin(_words(log, last), last, log.source(last.slot, last.line))


def _before(change: Change) -> str:
    """Return the place that had what a change put elsewhere, or changed."""
    for pattern, before in ((_COPY, "R{}"), (_SPILL, "R{}"), (_FILL, "fp{}")):
        if found := pattern.match(change.text):
            return before.format(found["off"] if pattern is _FILL else found["from"])
    return change.place


def _unchanged(log: VerifierLog, line: int, place: str) -> Origin | None:
    value = log.before(line)[place]
    if value is not None and value.kind == "ctx":
        return Origin("the program's argument", None, None)
    return None


def _value(log: VerifierLog, line: int, step: Step, place: str) -> Value | None:
    from .state import parse_items
    from .value import parse_value

    told = dict(parse_items(step.state)).get(place)
    return parse_value(told) if told is not None else log.after(line)[place]


def _change(log: VerifierLog, line: int, step: Step, place: str) -> tuple[str, str | None] | None:
    """Return how a step sets a place, and the place whose history goes on from there; None where it does not."""
    if step.opcode == CALL:
        return _call(log, line, step, place)
    if place[0] == "f":
        return _stored(step, place)
    number = place[1:]
    text = step.text
    if (found := _COPY.match(text)) and found["to"] == number:
        return "copied", f"R{found['from']}"
    if (found := _FILL.match(text)) and found["to"] == number and found["from"] == "10":
        return "filled", f"fp{int(found['off'])}"
    if (found := _LOAD.match(text)) and found["to"] == number:
        return "loaded", None
    if (found := _ARITHMETIC.match(text)) and (found["to"] or found["neg"]) == number:
        return "changed", place
    if (found := _SET.match(text)) and found["to"] == number:
        return "set", None
    return None


def _call(log: VerifierLog, line: int, step: Step, place: str) -> tuple[str, str | None] | None:
    if place == "R0":
        return "called", None
    if place in ("R1", "R2", "R3", "R4", "R5"):
        return "invalidated", None
    if not _LOCAL.match(step.text) and "bpf_" in step.text:
        before = log.before(line)
        held = before[place]
        if held is not None and held.is_pointer and place in before.after(step).invalidated:
            return "invalidated", None
    return None


def _stored(step: Step, place: str) -> tuple[str, str | None] | None:
    offset = int(place[2:])
    if (found := _SPILL.match(step.text)) and found["to"] == "10" and int(found["off"]) == offset:
        return "spilled", f"R{found['from']}"
    if (found := _STORE.match(step.text)) and offset <= int(found["off"]) < offset + 8:
        return "set", None
    return None


def _words(log: VerifierLog, change: Change) -> str:
    """Return what a change was, in words that follow "came from"."""
    if change.how in ("called", "invalidated"):
        called = _CALLED.search(change.text)
        if called is None:
            return "the function called"
        return f"{called['name']}({_argument(log, change)})"
    if change.how == "loaded":
        return _loaded(log, change)
    found = _SET.match(change.text)
    if found is not None and change.value is not None and change.value.kind == "map_ptr" and change.value.map:
        return f"&{change.value.map}"
    return f"the constant {found['value']}" if found is not None else change.text


def _width(type_: str) -> int:
    """Return the bytes of `u8` to `u64` and `s8` to `s32`."""
    return int(type_[1:]) // 8


def _argument(log: VerifierLog, change: Change) -> str:
    first = log.before(change.line)["R1"]
    return f"&{first.map}" if first is not None and first.kind == "map_ptr" and first.map else ""


def loaded_from(log: VerifierLog, change: Change) -> tuple[int, str, int | None] | None:
    """Return the map's value that a change loaded from; None where it loaded from elsewhere.

    It is the slot of the instruction that took the address, -1 where that is not on the path; the map's name as the log
    has it, empty before Linux 6.8; and the offset in bytes, None where it depends on a register.
    """
    found = _LOAD.match(change.text)
    base = log.before(change.line)[f"R{found['from']}"] if found is not None else None
    if found is None or base is None or base.kind != "map_value":
        return None
    steps = history(log, change.line, f"R{found['from']}")
    slot = steps[-1].slot if steps and steps[-1].how == "set" else -1
    return slot, base.map or "", None if base.get("umax") else int(found["off"]) + base.integer("off")


def _loaded(log: VerifierLog, change: Change) -> str:
    found = _LOAD.match(change.text)
    assert found is not None
    base = log.before(change.line)[f"R{found['from']}"]
    offset = int(found["off"])
    kind = "" if base is None else base.kind
    if kind == "ctx":
        if change.value is not None and change.value.kind in ("pkt", "pkt_end", "pkt_meta"):
            member = {"pkt": "data", "pkt_end": "data_end", "pkt_meta": "data_meta"}[change.value.kind]
            return f"ctx->{member}"
        member = log.context.expression(offset, _width(found["type"]), log.source(change.slot, change.line))
        return member or f"the context, offset {offset}"
    if kind.startswith("pkt"):
        return f"the packet, offset {offset + (base.integer('off') if base else 0)}"
    if kind == "map_value":
        name = f" of map {base.map}" if base is not None and base.map else ""
        return f"the value{name}, offset {offset + (base.integer('off') if base else 0)}"
    if kind.startswith("ptr_"):
        return f"struct {kind[4:]}, offset {offset}"
    return f"memory ({change.text.partition(' = ')[2]})"
