"""The search: inputs that reached something new are kept and changed further.

What guides it are the outcomes of conditional jumps, which translated code notes as it runs. An input that reached a
new one is run once more by code that tells both operands of each comparison: where one of them is in the input, the
other is put there. So magic numbers, lengths and checksums are not guessed (as RedQueen does it: C. Aschermann and
others, NDSS 2019).
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, Self

from ..analysis.constants import living
from ..closing import Closing
from ..errors import BpftuiError, FeatureError, GivenUpError
from ..vm.engine.counting import Outcomes
from ..vm.engine.translation import Translation
from ..vm.runtime import MachineRuntime
from ..vm.world.settings import Settings, parse_returns
from .inputs import Input, Target
from .mutation import hinted, mutated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from threading import Event

    from ..btf import Btf
    from ..spec import CollectionSpec
    from ..vm.collection import MachineCollection
    from ..vm.engine.machine import Machine

__all__ = ["Finding", "Found", "Search", "fewest"]

_CLOCK: Final = 1_000_000_000
"""The time that a run finds, in nanoseconds: that of the fixture `bpf`."""
_BATCH: Final = 200
_PAIRS: Final = 16
"""Pairs of operands of one jump that are hints: those of the first turns of a loop, and those of the last."""
_RECENT: Final = 8
_STEPS: Final = 1 << 20
"""Of one run."""
_MOST_FINDINGS: Final = 100


@dataclass(frozen=True)
class Finding:
    """What stopped a run."""

    given: Input
    message: str


@dataclass
class Found:
    """What a search came to."""

    outcomes: int = 0
    """Outcomes of conditional jumps that were reached."""
    all_outcomes: int = 0
    """Those that there are, without what constants exclude."""
    runs: int = 0
    seconds: float = 0
    corpus: list[Input] = field(default_factory=list[Input])
    """The inputs that reached something new, in that order."""
    findings: list[Finding] = field(default_factory=list[Finding])
    """What stopped runs, each once."""

    @property
    def told(self) -> list[Input]:
        """The inputs of both: what a kernel is asked, too."""
        return [*self.corpus, *(each.given for each in self.findings)]


class Search(Closing):
    """A search for inputs of one program, on the built-in machine; closed with its context.

    Args:
        spec: The object, with its variables as they are set.
        name: The program.
        seed: Of what is left to chance: the same seed does the same as long as it has the time.
        returns: What helpers and kernel functions return, as `NAME=VALUE`.
        types: The types to adapt the program to (CO-RE).

    Raises:
        FeatureError: The program jumps to addresses in registers.
        BpftuiError: It cannot be loaded.
    """

    def __init__(
        self,
        spec: CollectionSpec,
        name: str,
        *,
        seed: int = 1,
        returns: Iterable[str] = (),
        types: Btf | None = None,
    ) -> None:
        settings = Settings(clock=lambda: _CLOCK, limit=_STEPS, returns=parse_returns(returns))
        runtime = MachineRuntime(settings, target=types)
        self.collection: MachineCollection = runtime.load(spec.copy(), programs={name})
        self.target = Target(self.collection, name)
        self.machine: Machine = self.target.program.machine
        if self.machine.is_stepped:
            self.collection.close()
            raise FeatureError(
                f"{name} jumps to addresses in registers, or is very long: the machine steps through it, which is too "
                "slow for a search"
            )
        self.found = Found()
        self._random = random.Random(seed)
        self._outcomes = Outcomes()
        self._compared: dict[int, dict[tuple[int, int], None]] = {}
        """By the slot of a conditional jump, some pairs of operands that it compared in the last run that told."""
        self._known: set[str] = set()
        self._reached = 0
        self.machine.watch(self._outcomes)
        self.machine.prepare()
        left = living(self.target.program.spec, self.collection.spec)
        self.found.all_outcomes = sum(
            slot in left.slots and left.decided.get(slot, bool(jumps)) == bool(jumps)
            for slot, jumps in self._outcomes.numbers
        )

    def __enter__(self) -> Self:
        return self

    @property
    def seen(self) -> dict[tuple[int, bool], bool]:
        """By the slot of a conditional jump and whether it jumps, whether that happened."""
        seen = self._outcomes.seen
        return {(slot, bool(jumps)): bool(seen[number]) for (slot, jumps), number in self._outcomes.numbers.items()}

    def run(self, given: Input) -> bool:
        """Run the program on an input; return whether it reached something new."""
        self._execute(given, self.machine.execute)
        reached = self._outcomes.seen.count(1)
        if reached == self._reached:
            return False
        self._reached = self.found.outcomes = reached
        self.found.corpus.append(given)
        return True

    def _execute(self, given: Input, execute: Callable[[int], int]) -> None:
        target, program = self.target, self.target.program
        parts, host = program.parts, program.parts.host
        self.found.runs += 1
        if given.count(None) == len(given) - 1 and given[0] is not None and target.on_packets:
            packet, context = given[0], None  # as most are
        else:
            target.prepare(given)
            packet, context = target.halves(given)
        with parts.lock:
            try:
                if target.on_packets:
                    host.cpu = host.retval = 0
                    host.packet = program.packet
                    execute(program.packet.start(packet, None))
                else:
                    with program.given(packet, context, 0) as laid_out:
                        execute(laid_out.r1)
            except GivenUpError:
                raise
            except BpftuiError as error:
                self._note(given, error)
            finally:
                if parts.unsettled or host.locks:
                    parts.settle()
            if host.background:
                try:
                    parts.catch_up()
                except GivenUpError:
                    raise
                except BpftuiError as error:  # of a timer's callback
                    self._note(given, error)

    def _note(self, given: Input, error: BpftuiError) -> None:
        # Addresses differ from run to run, what is wrong does not.
        kind = error.message.partition(" at 0x")[0]
        if kind not in self._known and len(self._known) < _MOST_FINDINGS:
            self._known.add(kind)
            self.found.findings.append(Finding(given, error.message))

    def _operands(self, given: Input) -> list[tuple[int, int, int]]:
        """Return what the conditional jumps of a run on an input compare: slots, and two registers each."""
        self._compared.clear()
        processor = self.machine.processor

        def execute(r1: int) -> int:
            processor.start(self.machine.limit, self.machine.name)
            try:
                return self._telling(r1, 0, 0, 0, 0)
            except Exception as error:
                raise self.machine.explained(error) from None
            finally:
                processor.depth[0] = -1

        self._execute(given, execute)
        return [(slot, left, right) for slot, pairs in self._compared.items() for left, right in pairs]

    def _compares(self, slot: int, left: int, right: int) -> None:
        """Note the operands of a comparison; of many of one jump, the first ones and the last ones."""
        pairs = self._compared.setdefault(slot, {})
        pair = left, right
        if pair in pairs:
            return
        if len(pairs) == _PAIRS:
            del pairs[next(islice(pairs, _PAIRS // 2, None))]
        pairs[pair] = None

    @property
    def _telling(self) -> Callable[..., int]:
        if self._translation is None:
            self._translation = Translation(self.machine, watcher=Outcomes(self._compares))
        return self._translation.functions[0]

    _translation: Translation | None = None

    def go(
        self,
        seconds: float,
        *,
        stop: Event | None = None,
        told: Callable[[Found], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> Found:
        """Search for so many seconds, or until all outcomes are reached, or *stop* is set.

        Args:
            seconds: How long.
            stop: Ends the search early.
            told: Told of what was found so far, between each two runs.
            clock: What the seconds are those of.
        """
        start = clock()
        found, rng = self.found, self._random
        if not found.corpus:
            self.run(self.target.first)
        corpus = found.corpus or [self.target.first]
        waiting = [corpus[-1]]

        def is_over() -> bool:
            found.seconds = clock() - start
            if told is not None:
                told(found)
            return (
                found.seconds >= seconds
                or found.outcomes == found.all_outcomes
                or (stop is not None and stop.is_set())
                or not self.target.parts
            )

        while not is_over():
            if waiting:
                given = waiting.pop()
                for each in self._hints(given):
                    if self.run(each):
                        waiting.append(each)
                    if is_over():
                        return found
            for _ in range(_BATCH):
                if is_over():
                    return found
                recent = corpus[-1 - rng.randrange(min(_RECENT, len(corpus)))]
                given = mutated(rng, recent if rng.randrange(2) else rng.choice(corpus), corpus, self.target)
                if self.run(given):
                    waiting.append(given)
            if not waiting and not rng.randrange(4):
                waiting.append(mutated(rng, rng.choice(corpus), corpus, self.target))
        return found

    def _hints(self, given: Input) -> Iterator[Input]:
        packet = range(0)
        if self.target.on_packets:
            base = self.target.program.packet.region.base
            packet = range(base, base + (1 << 17))
        return hinted(self._random, given, self._operands(given), self.target, packet)

    def close(self) -> None:
        """Let go of what was loaded; a second call does nothing."""
        self.collection.close()


def fewest(corpus: list[Input], begin: Callable[[], Search]) -> list[Input]:
    """Return few inputs that reach, one after the other, what all of a corpus do.

    Args:
        corpus: The inputs.
        begin: Begins a search anew: what a program left behind is none of an input's.
    """

    def kept(inputs: list[Input]) -> tuple[int, list[Input]]:
        with begin() as search:
            found = [given for given in inputs if search.run(given)]
            return search.found.outcomes, found

    # Those that were found last came furthest.
    tries = [kept(kept(corpus[::-1])[1]), kept(kept(corpus)[1])]
    most = max(reached for reached, _ in tries)
    return min((inputs for reached, inputs in tries if reached == most), key=len)
