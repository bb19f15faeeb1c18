"""Places: instructions by the addresses that the protocol has for them, and code as rows of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..asm import INSN_SIZE
from ..errors import UsageError

if TYPE_CHECKING:
    from ..debug import Session
    from ..vm.engine.machine import Machine
    from ..vm.engine.processor import Processor
    from .sources import Sources

__all__ = ["Places", "address_of"]

_MOST_ROWS: Final = 10_000


def address_of(text: str) -> int:
    """Return the address that a memory reference is; UsageError where it is none."""
    try:
        found = int(text, 0)
    except ValueError:
        found = -1
    if not 0 <= found < 1 << 64:
        raise UsageError(f"{text[:40]!r} is no address")
    return found


class Places:
    """Gives instructions addresses: where the machine has the program's code.

    Args:
        session: Whose.
        sources: What files are called.
    """

    def __init__(self, session: Session, sources: Sources) -> None:
        self._session = session
        self._sources = sources

    @property
    def _processor(self) -> Processor:
        """The machine's of now: an answer to what it lacks puts another in its place."""
        return self._session.world.processor

    def reference(self, place: int) -> str:
        """Return the address of an instruction."""
        machine, slot = self._processor.at(place)
        return f"{machine.base + slot * INSN_SIZE:#x}"

    def _found(self, text: str, offset: int) -> tuple[Machine, int]:
        """Return the machine of an address, and how many bytes beyond its first instruction it is, or before."""
        address = address_of(text) + offset
        machine = self._processor.machine_at(address_of(text))
        if machine is None:
            raise UsageError(f"there is no code at {text}")
        return machine, address - machine.base

    def at(self, text: str, offset: int = 0) -> int:
        """Return the place of the instruction at an address.

        Raises:
            UsageError: There is none.
        """
        machine, distance = self._found(text, offset)
        slot, within = divmod(distance, INSN_SIZE)
        if within or not 0 <= slot < machine.code.count or machine.code.insns[slot] is None:
            raise UsageError(f"no instruction begins at {text}{offset:+}")
        return machine.place(slot)

    def disassembled(self, text: str, offset: int, first: int, count: int) -> list[dict[str, Any]]:
        """Return instructions as rows; those before and behind the code are marked as invalid.

        Args:
            text: An address.
            offset: Bytes from there on.
            first: How many instructions from there on the first one is.
            count: How many there are to be.

        Raises:
            UsageError: There is no code.
        """
        if not 0 <= count <= _MOST_ROWS:
            raise UsageError(f"disassemble: not {count:,} instructions, but at most {_MOST_ROWS:,}")
        machine, distance = self._found(text, offset)
        slot = distance // INSN_SIZE
        slots = [number for number, insn in enumerate(machine.code.insns) if insn is not None]
        at = sum(1 for each in slots if each < slot) if 0 <= slot < machine.code.count else 0
        if slot < 0:
            at = slot
        elif slot >= machine.code.count:
            at = len(slots) + slot - machine.code.count
        rows: list[dict[str, Any]] = []
        shown = -1
        for number in range(at + first, at + first + count):
            if not 0 <= number < len(slots):
                beyond = number if number < 0 else machine.code.count + number - len(slots)
                address = max(machine.base + beyond * INSN_SIZE, 0)
                rows.append({"address": f"{address:#x}", "instruction": "", "presentationHint": "invalid"})
                continue
            row = self._row(machine, slots[number])
            if row.get("line") == shown:
                del row["line"], row["location"]
            else:
                shown = row.get("line", -1)
            rows.append(row)
        return rows

    def _row(self, machine: Machine, slot: int) -> dict[str, Any]:
        location = self._session.symbols.location(machine.place(slot))
        size = machine.code.at(slot).slots * INSN_SIZE
        region = self._processor.memory.find(machine.base)
        start = slot * INSN_SIZE
        row: dict[str, Any] = {
            "address": f"{machine.base + start:#x}",
            "instruction": f"{slot}: {location.text}",
            "instructionBytes": bytes(region.data[start : start + size]).hex(" ") if region is not None else "",
            "symbol": location.function,
        }
        at = self._sources.at(location)
        if "source" in at:
            row |= {"location": at["source"], "line": at["line"]}
        return row
