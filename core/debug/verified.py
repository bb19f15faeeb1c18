"""Verified: what the kernel's verifier knew of the registers and stack slots where a session stands, from its log.

The log, at level 2, is a tree of all ways that the verifier walked. A run is followed through it from the beginning, as
long as its way was walked: the verifier prunes, which is to end a way at a state that it has found to be safe before.
From there on the states of other ways are all that there is. They admit what the run has where exact values are needed,
and legally may not where they are not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ..asm.opcodes import EXIT
from ..errors import BpftuiError, GivenUpError, UsageError
from ..verifier import VerifierLog, find_logs
from ..verifier.tree import WalkTree
from ..vm.maps import ArrayStore, HashStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..runtime.inspected import Inspector
    from ..verifier import State, Value
    from ..vm.engine.machine import Machine
    from .recording import Recording
    from .standing import Standing
    from .timeline import Timeline

__all__ = ["Known", "Verified", "VerifierLogs"]

_MASK64: Final = (1 << 64) - 1
_WORD: Final = 8
_LONGEST: Final = 1 << 18
"""Steps of a run that are followed."""
_MOST_VISITS: Final = 200
"""Visits of an instruction that are looked at where the run's own way was not walked."""
_OTHER_FRAME: Final = re.compile(r"fp\[\d+\]")
_LARGEST_RANGE: Final = 0xFFFF
"""Bytes of a packet that are known to be there, at most; more says that a pointer is at its end, or behind it."""
_NEVER_NULL: Final = frozenset(("mem", "sock", "sock_common", "tcp_sock", "xdp_sock", "flow_keys", "func", "buf"))
_ID: Final = re.compile(r"\b(?:id|ref_obj_id|map_uid)=[\d+-]+,?")


class Known(NamedTuple):
    """What the verifier knew of a register or a stack slot."""

    text: str
    """`0 … 65,535`, `17`, `pkt(off=14,r=34)`, `any number`."""
    admits: bool | None
    """Whether what the run has is what it knew; None where that cannot be told."""
    is_number: bool = False
    """Whether it is a number on all ways to where the run is, and so no pointer that it looks like."""
    doubt: str = ""
    """Why it may legally be something else, where it is: `pruned`, `imprecise`; empty where it may not."""

    @property
    def sign(self) -> str:
        """`✓`, `≠` for what may legally be something else, `✗` for what may not; empty where nothing can be told."""
        if self.admits is None:
            return ""
        return "✓" if self.admits else "≠" if self.doubt else "✗"

    @property
    def shown(self) -> str:
        """It for people, with the sign, and behind `≠` why."""
        return " ".join(filter(None, (self.text, self.sign, self.doubt if self.sign == "≠" else "")))


class VerifierLogs:
    """The verifier's logs of programs, each read when it is first asked for, and kept.

    Args:
        read: Returns the log at level 2 of a program; BpftuiError where there is none. What is a refusal counts too.
    """

    def __init__(self, read: Callable[[str], VerifierLog]) -> None:
        self._read = read
        self._found: dict[str, VerifierLog | None] = {}
        self._problems: dict[str, str] = {}
        """Why there is none, by program."""

    @classmethod
    def given(cls, text: str, program: str, file: str) -> VerifierLogs:
        """Return those that stand in a text, from wherever it was pasted.

        Args:
            text: The text.
            program: The program that a log is of which does not say it.
            file: Where the text is from.

        Raises:
            UsageError: There is no log in it.
        """
        found = {each.program or program: VerifierLog(each.text) for each in find_logs(text)}
        if not any(log.steps for log in found.values()):
            raise UsageError(f"{file} has no log of a verifier", hint="it takes log level 2: bpftool -d prog load …")

        def read(name: str) -> VerifierLog:
            if name not in found:
                raise UsageError(f"{file} has no log of {name}")
            return found[name]

        return cls(read)

    @classmethod
    def asked(cls, recording: Recording, inspector: Callable[[], Inspector]) -> VerifierLogs:
        """Return those of a kernel, which walks through the programs of a recording as they run: with the variables
        and the types that they have there.

        Args:
            recording: Which one.
            inspector: Returns what asks the kernel; called in the thread that asks, each time.
        """

        def read(name: str) -> VerifierLog:
            spec = recording.spec()
            return inspector().walk_log(spec, name, recording.target or spec.btf)

        return cls(read)

    def of(self, program: str) -> VerifierLog | None:
        """Return the log of a program; None where there is none."""
        if program not in self._found:
            try:
                self._found[program] = self._read(program)
            except GivenUpError:
                raise
            except BpftuiError as error:
                self._problems[program] = error.message
                self._found[program] = None
        return self._found[program]

    def problem_of(self, program: str) -> str:
        """Return why there is no log of a program, as a sentence; empty where there is one, or nobody asked for it."""
        return self._problems.get(program, "")


class _Way:
    """The steps of the verifier's walk that a run took, as long as there were any.

    Args:
        timeline: The run.
        trees: Returns the walk through the program of a machine; None where there is none.
        machine_at: Returns machine and slot of a place.
    """

    def __init__(
        self,
        timeline: Timeline,
        trees: Callable[[Machine], WalkTree | None],
        machine_at: Callable[[int], tuple[Machine, int]],
    ) -> None:
        self._timeline = timeline
        self._trees = trees
        self._machine_at = machine_at
        self._steps: list[Sequence[int]] = []
        """By position, the steps that it may have been."""
        self._around: dict[int, Sequence[int]] = {}
        """By depth, the steps that each function may have got to that has begun."""
        self._ended = False
        self._certain = 0
        """The first position at which there are several."""

    def at(self, position: int) -> Sequence[int]:
        """Return the steps that the verifier may have taken where the run is at a position; none where it took none."""
        while len(self._steps) <= position and not self._ended:
            self._go_on()
        return self._steps[position] if position < len(self._steps) else ()

    def is_certain(self, position: int) -> bool:
        """Whether it is known which step that is: where a walk forks, a way that is not walked further may be it."""
        return position < self._certain

    def _go_on(self) -> None:
        timeline, position = self._timeline, len(self._steps)
        found: Sequence[int] = ()
        if position < min(len(timeline.places), _LONGEST):
            machine, slot = self._machine_at(timeline.places[position])
            tree = self._trees(machine)
            if tree is not None:
                found = self._after(position, tree, machine, slot) if position else tree.begin(0)
        if not found:
            self._ended = True
            return
        if self._certain == position and len(found) == 1:
            self._certain = position + 1
        self._around[timeline.depth(position)] = found
        self._steps.append(found)

    def _after(self, position: int, tree: WalkTree, machine: Machine, slot: int) -> Sequence[int]:
        """Return the steps that follow the last ones."""
        before, last_slot = self._machine_at(self._timeline.places[position - 1])
        last_depth, depth = self._timeline.depth(position - 1), self._timeline.depth(position)
        if before is not machine:
            return tree.begin(slot) if depth == last_depth else ()  # a tail call
        returns = before.code.at(last_slot).opcode == EXIT
        last = self._steps[-1]
        found = {each for step in last for each in tree.next(step, slot, returns=returns)}
        if not found and depth > last_depth:
            return tree.begin(slot)  # a global function
        if not found and depth < last_depth:
            found = {each for step in self._around.get(depth, ()) for each in tree.next(step, slot)}
        return sorted(found)


class Verified:
    """What the verifier knew where a session stands.

    Args:
        session: Which one.
        logs: The verifier's logs of its programs.
    """

    def __init__(self, session: Standing, logs: VerifierLogs) -> None:
        self._session = session
        self.logs = logs
        self._trees: dict[str, WalkTree | None] = {}
        self._way: tuple[Timeline, _Way] | None = None

    def here(self) -> dict[str, Known]:
        """Return what it knew: of `r0` to `r10` and of `fp-8`, `fp-16`, … of the innermost function.

        What is missing was not set, as the verifier knows it. Empty where nothing was walked, or the run is over.
        """
        session = self._session
        found = session.activations
        if not found or session.position >= len(session.timeline.places):
            return {}
        tree = self._tree(found[-1].machine)
        if tree is None:
            return {}
        position = session.position
        way = self._way_of(session.timeline)
        # Where its way was not walked, some other one came here with a state that admits what there is.
        steps = way.at(position) or tree.log.visits(found[-1].slot)[:_MOST_VISITS]
        is_certain = way.is_certain(position)
        states = [self._known(tree.log.before(step), tree.precise(step) if is_certain else None) for step in steps]
        return min(states, key=_outside) if states else {}

    @property
    def problem(self) -> str:
        """Why nothing is known of the program that the session stands in; empty where something is, or it is over."""
        found = self._session.activations
        return self.logs.problem_of(self._session.world.program_of(found[-1].machine).name) if found else ""

    def _way_of(self, timeline: Timeline) -> _Way:
        if self._way is None or self._way[0] is not timeline:
            self._way = timeline, _Way(timeline, self._tree, self._session.world.processor.at)
        return self._way[1]

    def _tree(self, machine: Machine) -> WalkTree | None:
        name = self._session.world.program_of(machine).name
        if name not in self._trees:
            log = self.logs.of(name)
            self._trees[name] = None if log is None or not log.steps else WalkTree(log)
        return self._trees[name]

    # What there is, beside what was known

    def _known(self, state: State, precise: frozenset[str] | None) -> dict[str, Known]:
        """Return what is known in a state.

        Args:
            state: The state.
            precise: Of what exact values were needed; None where the way to the state was not the run's.
        """
        registers = self._session.registers
        # A value that the user has changed, or a packet that nobody could send, is no fault of the verifier.
        is_changed = bool(self._session.recording.changes_in(self._session.run))
        found: dict[str, Known] = {}
        for place in state.places:
            value = state[place]
            if value is None:
                continue
            doubt = ""
            if is_changed:
                doubt = "changed"
            elif precise is None:
                doubt = "pruned"
            elif not value.precise and place not in precise:
                doubt = "imprecise"
            if place[0] == "R":
                number = int(place[1:])
                if number < len(registers):
                    is_number = value.kind == "scalar" and precise is not None
                    found[f"r{number}"] = Known(_text(value), self._admits(value, registers[number]), is_number, doubt)
            else:
                found[place] = Known(_text(value), self._slot_admits(value, int(place[2:])), doubt=doubt)
        return found

    def _slot_admits(self, value: Value, offset: int) -> bool | None:
        """Tell of eight bytes of the stack whether they are what was known."""
        raw = self._session.memory.own(self._session.registers[10] + offset, _WORD)
        if raw is None:
            return None
        if value.kind == "bytes":
            # The first letter is of the byte with the highest address.
            zeros = [raw[_WORD - 1 - at] for at, letter in enumerate(value.slots) if letter == "0"]
            return not any(zeros) if zeros else None
        spilled = raw[: _WORD - len(value.slots)] if len(value.slots) < _WORD else raw
        return self._admits(value, int.from_bytes(spilled, self._session.symbols.byte_order))

    def _admits(self, value: Value, number: int) -> bool | None:
        """Tell of a register whether it is what was known."""
        if value.kind == "scalar":
            return value.admits(number)
        if not number and value.may_be_null:
            return True
        session = self._session
        packet = session.world.host.packet
        offset = value.integer("off")
        match value.kind:
            case "fp" if value.number is not None:
                frames = [each.registers[10] for each in session.activations]
                ends = frames if _OTHER_FRAME.match(value.text) else frames[-1:]
                return number in [end + value.number for end in ends]
            case "ctx":
                return value.admits(number - session.context_address - offset & _MASK64)
            case "pkt" if packet is not None:
                start = packet.region.base + packet.meta
                behind = number - start - offset & _MASK64
                checked = value.integer("r")
                is_there = checked > _LARGEST_RANGE or number - offset + checked <= packet.region.end
                return value.admits(behind) and is_there
            case "pkt_meta" if packet is not None:
                return value.admits(number - packet.region.base - offset & _MASK64)
            case "pkt_end" if packet is not None:
                return number == packet.region.end
            case "map_ptr":
                store = session.world.host.maps.get(number)
                return store is not None and _is_named(store.name, value.map)
            case "map_value":
                return self._in_map(value, number, offset)
            case kind if kind in _NEVER_NULL:
                return bool(number)
            case _:
                return None

    def _in_map(self, value: Value, address: int, offset: int) -> bool | None:
        """Tell of a pointer to a value of a map whether it is what was known."""
        number = address - offset
        for name, found in self._session.world.collection.maps.items():
            if not _is_named(name, value.map):
                continue
            store = found.store
            if isinstance(store, ArrayStore):
                region = next((each for each in store.regions if each.base <= number <= each.end), None)
                if region is not None:
                    return value.admits((number - region.base) % store.shape.stride)
            elif isinstance(store, HashStore):
                region = self._session.memory.find(number)
                if region is not None and store.key_at(region.base) is not None:
                    return value.admits(number - region.base)
            else:
                return None
        return None if value.map is None else False


def _outside(known: dict[str, Known]) -> int:
    """Return how much is not what was known."""
    return sum(each.admits is False for each in known.values())


def _is_named(name: str, told: str | None) -> bool:
    """Whether the log calls a map so: the kernel knows 15 characters of its name."""
    return told is None or name[:15] == told or (name[:1] == "." and told.endswith(name[:8]))


def _text(value: Value) -> str:
    """Return what was known, as short as it can be said."""
    if value.kind == "bytes":
        return _bytes_text(value.slots)
    if value.kind != "scalar":
        return _ID.sub("", value.text).replace(",)", ")").replace("()", "")
    if value.number is not None:
        return f"{value.number:,}"
    low, high = value.bound("umin"), value.bound("umax")
    if high == _MASK64:
        low, high = value.bound("smin"), value.bound("smax")
        if (low, high) == (-(1 << 63), (1 << 63) - 1):
            return "any number"
    form = "#x" if max(abs(low), abs(high)) >= 1 << 31 else ",d"  # both ends in one base
    return " … ".join(format(each, form) if each else "0" for each in (low, high))


def _bytes_text(slots: str) -> str:
    """Return what the bytes of a stack slot hold, by the letters of the log (`slot_type_char` in kernel/bpf/log.c)."""
    counts = {letter: slots.count(letter) for letter in dict.fromkeys(slots)}
    words = [_OF_BYTES.get(letter, letter) for letter in counts]
    if len(counts) == 1:
        return words[0]
    return ", ".join(f"{count} {word}" for word, count in zip(words, counts.values(), strict=True))


_OF_BYTES: Final = {
    "m": "any bytes",
    "0": "zeros",
    "?": "unwritten",
    "d": "of a dynptr",
    "i": "of an iterator",
    "f": "of an irq flag",
}
