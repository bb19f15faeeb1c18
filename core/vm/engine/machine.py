"""Machine: BPF instructions, ready to run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from ...asm import CallSource, Class, ImmSource, helper_name
from ...asm.opcodes import CALL, INSN_SIZE
from .calls import CALLING, walked
from .code import MASK64, Code, function_address
from .counting import Counter
from .errors import AccessError, Lack, RunError, Thrown
from .image import is_kernel_address
from .memory import GRANULE_BITS
from .processor import DEFAULT_LIMIT, MAX_TAIL_CALLS, PLACE_BITS, Processor
from .stepper import Stepper

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Mapping

    from ...asm import ByteOrder
    from .calls import Calls, Walker
    from .counting import Watcher
    from .memory import Region
    from .processor import Sample
    from .translation import Translation

    Called: TypeAlias = Callable[[int, int, int, int, int], int]
    """A helper or a kernel function: from r1 to r5, as unsigned integers, to r0."""

__all__ = ["Machine"]

_KEPT: Final = 4
"""Translations for some stops that are kept."""
MAX_TRANSLATED: Final = 50_000
"""Instructions of the longest code that is worth translating."""


class Machine:
    """One program's code, checked and ready to run.

    What surrounds it comes from outside: helpers and kernel functions are Python functions that get r1 to r5 as
    unsigned integers and return r0; they reach the program's memory through `processor.memory`, and call back into the
    program with `call`.

    Args:
        code: The instructions, 8 bytes a slot.
        helpers: By number, what a helper does.
        name: The program's name, for errors.
        byte_order: That of the instructions and of memory.
        processor: What it shares with other machines; one of its own when not given.
        addresses: For 64-bit immediate loads by slot, the address to load: of maps, of values, of kernel symbols.
        kfuncs: By slot of the call, what a kernel function does; these calls need not look like such in the code.
        tail_call: Finds the machine for helper 12, from the address of a map and an index; None where there is no
            program. Without it, helper 12 is a helper like others.
        load_packet: What legacy loads read, in host order: from an offset and a size; None outside of the packet,
            which ends the function with 0. Negative offsets from -0x200000 on mean the link layer's header, from
            -0x100000 on the network's (`SKF_LL_OFF`, `SKF_NET_OFF`). Without it, they read from what `run` was given.
        arena: The arena's region, for casts between address spaces; its address is a multiple of 4 GiB.
        probes: Slots of loads by pointers of the kernel's, which give 0 where nothing is (`BPF_PROBE_MEM`).
        line_of: Returns the C line of a slot, for errors.
        limit: Steps after which a run is stopped.

    Raises:
        InvalidCodeError: Something in the code cannot be run.
    """

    def __init__(
        self,
        code: bytes,
        helpers: Mapping[int, Called] | None = None,
        *,
        name: str = "",
        byte_order: ByteOrder = "little",
        processor: Processor | None = None,
        addresses: Mapping[int, int] | None = None,
        kfuncs: Mapping[int, Called] | None = None,
        tail_call: Callable[[int, int], Machine | None] | None = None,
        load_packet: Callable[[int, int], int | None] | None = None,
        arena: Region | None = None,
        probes: Container[int] = (),
        line_of: Callable[[int], str | None] | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        self.code = Code(bytes(code), byte_order, addresses or {}, kfuncs or {})
        self.helpers = helpers or {}
        self.name = name
        self.processor = Processor() if processor is None else processor
        self.tail_call = tail_call
        self.arena = arena
        self.probes = probes
        self.line_of = line_of
        self.limit = limit
        self._kfuncs = kfuncs or {}
        self._load_packet = load_packet
        self._input: Region | None = None
        self.base = self.processor.memory.map(
            f"the code of {name}" if name else "the code", memoryview(code), readable=False, writable=False
        ).base
        """The address of slot 0. Code cannot be read; its addresses are for callbacks."""
        self.number = self.processor.add(self)
        """Which of its processor's machines it is."""
        self.watcher: Watcher | None = None
        """What sees what its runs come to."""
        self._sampled: tuple[Sample, Mapping[int, Walker]] | None = None
        """The walkers for the sample that was taken last."""
        self._walkers: dict[frozenset[int] | None, Mapping[int, Walker]] = {}

    def __repr__(self) -> str:
        return f"<Machine {self.name} {self.code.count} slots>"

    def run(self, memory: bytes = b"") -> int:
        """Run it on a copy of *memory*; return r0, unsigned.

        r1 is the copy's address, 0 when it is empty, and r2 its length.

        Raises:
            RunError: The run was stopped; the message says at which instruction and why.
        """
        if not memory:
            return self.execute()
        space = self.processor.memory
        before = self._input
        # Addresses are not used twice, and low ones are fast: what fits goes where the last one was.
        stays = self.processor.idle and len(memory) <= 1 << GRANULE_BITS
        if stays and before is not None:
            space.replace(before, bytearray(memory))
            region = before
        else:
            region = self._input = space.map("memory", bytearray(memory))
        try:
            return self.execute(region.base, len(memory))
        finally:
            if stays:
                space.replace(region, bytearray())
            else:
                space.unmap(region)
                self._input = before

    def execute(self, r1: int = 0, r2: int = 0, r3: int = 0, r4: int = 0, r5: int = 0) -> int:
        """Run it with these arguments; return r0, unsigned. RunError as `run` raises it."""
        processor = self.processor
        depth = processor.depth
        if depth[0] >= 0 or self.is_stepped:
            return self._enter(0, (r1, r2, r3, r4, r5))
        # What follows is `_enter` once more: this is what each packet costs.
        processor.start(self.limit, self.name)
        try:
            return self._main(r1, r2, r3, r4, r5)
        except Thrown as thrown:
            return thrown.cookie
        except Exception as error:
            self._explain(error)
            raise
        finally:
            depth[0] = -1

    def bind(self) -> None:
        """Make all that the code calls ready now, so that what takes an address for it has the same one each time."""
        for slot, insn in enumerate(self.code.insns):
            if insn is not None and insn.opcode == CALL and insn.src != CallSource.SUBPROGRAM:
                self.called(slot)

    def watch(self, watcher: Watcher) -> None:
        """Let *watcher* see what runs come to from now on, and nobody else."""
        self.watcher = watcher
        for made in ("translation", "_main"):
            self.__dict__.pop(made, None)

    @property
    def counter(self) -> Counter | None:
        """What its runs are counted by; None where they are not."""
        return self.watcher if isinstance(self.watcher, Counter) else None

    def count(self) -> Counter:
        """Count from now on what runs come to; return what counts.

        Runs that stop in between (`walkers`) are not counted.
        """
        found = self.counter
        if found is None:
            found = Counter(self.code)
            self.watch(found)
        return found

    def prepare(self) -> None:
        """Translate it now, where that is done at all, so that a run which is timed does not pay for it."""
        if not self.is_stepped:
            _ = self._main

    def call(self, address: int, *arguments: int) -> int:
        """Call the function at *address*, from outside or from within a helper; return r0, unsigned.

        Args:
            address: What a 64-bit immediate load of a function gave.
            *arguments: r1 to r5 as far as they matter, unsigned.

        Raises:
            RunError: There is no function, or the run was stopped.
        """
        entry = self.function_at(address)
        if entry is None:
            raise RunError(f"{address:#x} is no function")
        return self._enter(entry, (*arguments, 0, 0, 0, 0, 0)[:5])

    def _enter(self, entry: int, arguments: tuple[int, ...]) -> int:
        processor = self.processor
        depth = processor.depth[0]
        if depth < 0:
            processor.start(self.limit, self.name)
        if self.is_stepped or processor.stepper is not None:
            return self.step_through(entry, arguments)
        try:
            return self.translation.functions[entry](*arguments)
        except Thrown as thrown:
            if depth >= 0:
                raise
            return thrown.cookie
        except Exception as error:
            self._explain(error)
            raise
        finally:
            processor.depth[0] = depth

    @staticmethod
    def _explain(error: Exception) -> None:
        """Say where *error* happened; raise another in its place where it is one of translated code itself."""
        from .translation import located

        found = located(error)
        if found is not error:
            raise found from None

    @staticmethod
    def explained(error: Exception) -> Exception:
        """Return what an exception out of `walkers` means: the error to raise in its place, or itself."""
        from .translation import located

        return located(error)

    @cached_property
    def _main(self) -> Callable[[int, int, int, int, int], int]:
        return self.translation.functions[0]

    def step_through(self, entry: int, arguments: tuple[int, ...]) -> int:
        """Run a function to its end on the stepping engine; return r0."""
        caller = self.processor.stepper
        stepper = Stepper(self, entry, arguments, caller.trace if caller else None)
        try:
            stepper.resume()
        finally:
            stepper.close()
        assert stepper.result is not None
        return stepper.result

    @cached_property
    def is_stepped(self) -> bool:
        """Whether only the stepping engine can run it: it jumps to addresses in registers, or is very long."""
        return self.code.has_computed_jumps or self.code.size > MAX_TRANSLATED

    @cached_property
    def translation(self) -> Translation:
        """Its functions as functions of Python, translated when it first runs."""
        from .translation import Translation

        return Translation(self, watcher=self.watcher)

    @property
    def walkers(self) -> Mapping[int, Walker]:
        """Its functions by their entries as generators, which stop where `processor.stops` says.

        Each yields the places (`place`) where it stops, and returns r0. Whoever runs the outermost calls
        `processor.start` before, sets `processor.depth[0]` back behind it, and asks `explained` what an exception
        means. Code that only the stepper can run stops before each instruction.
        """
        if self.is_stepped:
            return {entry: self._stepping(entry) for entry in self.code.functions}
        if self.processor.sample is not None:
            return self._sampling(self.processor.sample)
        if self.processor.doubts:
            return self._doubting
        every = self.processor.stops
        stops = None if every is None else every.get(self.number, frozenset())
        found = self._walkers.get(stops)
        if found is None:
            from .translation import Translation

            if stops is not None and len(self._walkers) > _KEPT:
                del self._walkers[next(key for key in self._walkers if key is not None)]  # the oldest
            where = range(self.code.count) if stops is None else stops
            found = self._walkers[stops] = Translation(self, where).functions
        return found

    @cached_property
    def _doubting(self) -> Mapping[int, Walker]:
        """The walkers for runs in which somebody changes registers: they stop before each instruction."""
        from .translation import Translation

        return Translation(self, range(self.code.count), doubts=True).functions

    def _sampling(self, sample: Sample) -> Mapping[int, Walker]:
        """Return the walkers that yield a sample at each slot of `behind_writes`."""
        if self._sampled is None or self._sampled[0] is not sample:
            from .translation import Translation

            self._sampled = sample, Translation(self, self.behind_writes, sample=sample).functions
        return self._sampled[1]

    @cached_property
    def behind_writes(self) -> frozenset[int]:
        """The slots behind instructions that may change memory, and those with which functions begin."""
        found = {
            slot + 1
            for slot, insn in enumerate(self.code.insns)
            if insn is not None and (insn.opcode & 7 in (Class.ST, Class.STX) or insn.is_call)
        }
        return frozenset(found | self.code.functions.keys())

    def forget_samples(self) -> None:
        """Let go of what yields samples, and so of their memory."""
        self._sampled = None

    def _stepping(self, entry: int) -> Walker:
        """Return a function that only the stepper can run, as a generator."""

        def walk(*arguments: int) -> Generator[int, None, int]:
            stepper = Stepper(self, entry, arguments)
            turn, depth = self.processor.turn, 0
            try:
                while not stepper.finished:
                    if len(stepper.frames) != depth:
                        depth = len(stepper.frames)
                        turn()
                    yield stepper.machine.place(stepper.slot)
                    stepper.step()
            finally:
                stepper.close()
            assert stepper.result is not None
            self.processor.returned[0] = stepper.result
            turn()
            return stepper.result

        return walk

    def stepper(self, *arguments: int) -> Stepper:
        """Return a run of it that goes one instruction at a time, with r1, r2, … as given."""
        self.processor.start(self.limit, self.name)
        return Stepper(self, 0, arguments)

    # What both engines ask for

    def locate(self, error: RunError, slot: int) -> None:
        """Tell *error* that it happened at *slot*."""
        error.locate(slot, self.code.text(slot), self.line_of(slot) if self.line_of else None)

    def place(self, slot: int) -> int:
        """Return the number of the instruction at *slot* among those of all machines of the processor."""
        return self.number << PLACE_BITS | slot

    def function_at(self, address: int) -> int | None:
        """Return the slot of the function at *address*; None where none begins."""
        slot, rest = divmod(address - self.base, INSN_SIZE)
        return slot if not rest and slot in self.code.functions else None

    def immediate(self, slot: int) -> int:
        """Return what the 64-bit immediate load at *slot* loads."""
        if (address := self.code.addresses.get(slot)) is not None:
            return address & MASK64
        insn = self.code.at(slot)
        if insn.src == ImmSource.FUNC:
            return function_address(self.base, slot + 1 + insn.imm)
        return insn.imm64

    def helper(self, number: int) -> Callable[..., int]:
        """Return what helper *number* does; RunError where there is none."""
        if (function := self.helpers.get(number)) is None:
            name = helper_name(number)
            known = f"{name} (helper {number})" if name else f"helper {number}"
            raise RunError(f"there is no {known} here", lacks=Lack(name) if name else None)
        return function

    def kfunc(self, slot: int) -> Callable[..., int]:
        """Return what the kernel function that is called at *slot* does; RunError where there is none."""
        if (function := self._kfuncs.get(slot)) is None:
            raise RunError("there is no such kernel function here")
        return function

    def helper_or_error(self, number: int) -> Callable[..., int]:
        """Return what helper *number* does, or what raises `helper`'s error when it is called."""
        function = self.helpers.get(number)
        return (lambda *_: self.helper(number)()) if function is None else function

    def kfunc_or_error(self, slot: int) -> Callable[..., int]:
        """Return what the kernel function called at *slot* does, or what raises `kfunc`'s error when it is called."""
        function = self._kfuncs.get(slot)
        return (lambda *_: self.kfunc(slot)()) if function is None else function

    def call_address(self, address: int, *arguments: int) -> int:
        """Call a function's address, or a helper by its number, as `callx` does; return r0."""
        entry = self.function_at(address)
        if entry is None:
            return self.checked(self.helper(address)(*arguments))
        return self.translation.functions[entry](*arguments)

    def tail_call_entry(self, table: int, index: int) -> Callable[..., int] | None:
        """Return what a tail call goes on with; None where it goes on with the next instruction."""
        target = self.tail_call_target(table, index)
        if target is None:
            return None
        if target.is_stepped:
            return lambda *arguments: target.step_through(0, arguments)
        return target.translation.functions[0]

    def called(self, slot: int) -> Callable[..., int]:
        """Return the helper or the kernel function that is called at *slot*, or what raises an error in its place."""
        insn = self.code.at(slot)
        return self.kfunc_or_error(slot) if insn.src == CallSource.KFUNC else self.helper_or_error(insn.imm)

    def calls_back(self, slot: int) -> bool:
        """Whether what is called at *slot* calls functions of the program."""
        return hasattr(self.called(slot), CALLING)

    def walked(self, function: Callable[..., int]) -> Walker:
        """Return a helper that calls back as a generator, which stops in the functions that it calls."""
        calling: Callable[..., Calls[int]] = getattr(function, CALLING)
        return lambda *registers: walked(calling(*registers), self.processor.walk)

    def walk_address(self, address: int, *arguments: int) -> Generator[int, None, int]:
        """Call a function's address, or a helper by its number, as `call_address` does, as a generator."""
        entry = self.function_at(address)
        if entry is None:
            return self.checked(self.helper(address)(*arguments))
        return (yield from self.walkers[entry](*arguments))

    def walk_tail_call(self, table: int, index: int) -> Walker | None:
        """Return what a tail call goes on with, as a generator; None where it goes on with the next instruction."""
        target = self.tail_call_target(table, index)
        return None if target is None else target.walkers[0]

    @staticmethod
    def checked(result: object) -> int:
        """Return what a helper returned as r0; RunError where it is no integer."""
        if not isinstance(result, int):
            raise RunError(f"the helper returned {type(result).__name__}, not an integer")
        return result & MASK64

    def tail_call_target(self, table: int, index: int) -> Machine | None:
        """Return the machine that a tail call goes to; None where it goes on with the next instruction."""
        processor = self.processor
        if self.tail_call is None or processor.tail_calls >= MAX_TAIL_CALLS:
            return None
        target = self.tail_call(table, index & 0xFFFF_FFFF)
        if target is not None:
            processor.tail_calls += 1
            # Out of a subprogram it comes back to where that was called, and nobody says so.
            processor.running = target.name if processor.depth[0] <= 0 else ""
            processor.deepen()
        return target

    def load_packet(self, offset: int, size: int) -> int | None:
        """Return *size* bytes of the packet at *offset*, as an integer in host order; None outside of it."""
        if self._load_packet is not None:
            return self._load_packet(offset, size)
        data = self._input.data if self._input else b""
        if offset < 0 or offset + size > len(data):
            return None
        return int.from_bytes(data[offset : offset + size], "big")

    def probe(self, address: int, size: int) -> int:
        """Return what a load by a pointer of the kernel's reads, as an unsigned integer: 0 where nothing is."""
        address &= MASK64
        memory = self.processor.memory
        found = memory.own(address, size)
        if found is None and is_kernel_address(address):
            found = memory.image.read(address, size)
        return int.from_bytes(found or b"", self.code.byte_order)

    def arena_address(self, pointer: int) -> int:
        """Return the address in the arena that a cast of *pointer* gives: NULL stays NULL."""
        if self.arena is None:
            raise AccessError("a cast between address spaces without an arena", address=pointer, size=0, region=None)
        # The arena's first page has addresses whose lower 32 bits are 0; the kernel keeps no more than these.
        return self.arena.base + (pointer & 0xFFFF_FFFF) if pointer else 0
