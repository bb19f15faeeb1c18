"""Tests that an object brings along, as Cilium has them: programs that make a packet, run what is tested, and check it.

A program of `SEC("tc/test/NAME/check")` is a test; with `…/pktgen` and `…/setup` (`…/jump` in Kmesh) it is given what
they made. The three are run one after the other, the next one on the packet and the context that the one before left;
before the packet that setup left stand four bytes with what it returned. What check finds it returns and writes into a
map. The maps of the object carry over from one test to the next, in the order of their names
(Documentation/contributing/testing/bpf.rst and bpf/tests/bpftest/bpf_test.go of Cilium).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..btf import Kind
from ..btf.types import DeclTag
from ..context.values import layout_of
from ..errors import UsageError
from ..spec import MapEntry
from ..uapi import MapType, Pinning, ProgramType
from ..visible import visible
from .suite_result import ENTRIES, MESSAGE, Result, Status, entry_result, message_results, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec import CollectionSpec, MapSpec
    from .loaded import BpfObject
    from .run import Run

__all__ = ["HarnessTest", "Outcome", "harness_tests", "prepared", "run_harness_test"]

_SECTION: Final = re.compile(r"[^/]+/test/([^/]+)/(pktgen|setup|jump|check)")
_ROOM: Final = 4096 - 256 - 320
"""Bytes of the packet that pktgen is given: the most that test runs of the kernel take (net/bpf/test_run.c)."""
_MOST: Final = 4096
"""Entries for results, one for each: Cilium has 256. Each is read and cleared after each test."""
_MOCKED: Final = "mock_skb_meta_map"
"""What tests of Cilium note of a packet's context; it is cleared as the results are."""
_TAIL: Final = re.compile(r"tail:([^/]+)/(\d{1,9})")
"""The tag (`btf_decl_tag`) of a program that is tail-called: the program array, and the slot."""
_TYPES: Final = (ProgramType.XDP, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT)
"""Types of programs that are loaded: the others have no test runs on packets."""


@dataclass
class HarnessTest:
    """One test: the programs that it is made of, by name; empty where there is none."""

    name: str
    check: str = ""
    setup: str = ""
    pktgen: str = ""


@dataclass
class Outcome:
    """What a test came to."""

    results: list[Result]
    """What its parts came to, in their order; the last one is the whole, without a name."""

    @property
    def status(self) -> Status | None:
        """The worst of them: a failure before an error, and both before what was skipped."""
        found = [each.status for each in self.results]
        for worst in (Status.FAIL, Status.ERROR, None):
            if worst in found:
                return worst
        return self.results[-1].status

    @property
    def lines(self) -> list[str]:
        """What is to be told of them, a line each, visible; nothing of what passed and said nothing."""
        lines: list[str] = []
        for each in self.results:
            word = "unknown status" if each.status is None else each.status.name.lower()
            if each.name:
                lines.append(f"{word}: {each.name}")
            elif each.status is not Status.PASS:
                lines.append(f"{word}")
            lines += [f"  {line}" for line in each.lines]
        return [visible(line) for line in lines]


def harness_tests(spec: CollectionSpec) -> list[HarnessTest]:
    """Return the tests that an object brings along, by name.

    Raises:
        UsageError: Two programs are the same part of a test, a part is of a test that checks nothing, or there is room
            for more results than any harness has.
    """
    if (results := spec.maps.get(ENTRIES)) is not None and results.max_entries > _MOST:
        raise UsageError(f"{spec.file}: {ENTRIES} has {results.max_entries:,} entries: at most {_MOST:,} are read")
    found: dict[str, HarnessTest] = {}
    for program in spec.programs.values():
        match = _SECTION.fullmatch(program.section)
        if match is None:
            continue
        test = found.setdefault(match[1], HarnessTest(match[1]))
        part = "setup" if match[2] == "jump" else match[2]
        if getattr(test, part):
            raise UsageError(f"{spec.file}: {match[2]} of the test {match[1]} is there twice")
        setattr(test, part, program.name)
    for test in found.values():
        if not test.check:
            raise UsageError(f"{spec.file}: the test {test.name} has no check program")
    return [found[name] for name in sorted(found)]


def prepared(spec: CollectionSpec) -> CollectionSpec:
    """Return an object as the harness loads it.

    Nothing is pinned, programs of types that it cannot run are left out, and program arrays hold what is tagged as
    being called by them (`__declare_tail` of bpf/lib/tailcall.h, resolveTailCalls of pkg/bpf/collection.go).
    """
    programs = {name for name, each in spec.programs.items() if each.type in _TYPES}
    spec = spec.subset(maps=set(spec.maps), programs=programs, variables=set(spec.variables))
    for each in spec.maps.values():
        each.pinning = Pinning.NONE
    for array, entry in _tail_calls(spec):
        array.contents.append(entry)
    return spec


def _tail_calls(spec: CollectionSpec) -> Iterator[tuple[MapSpec, MapEntry]]:
    """Iterate over the program arrays with the tagged programs that are to be in them, and are not."""
    types = spec.types
    if types is None:
        return
    for tag in map(types.type, types.ids(Kind.DECL_TAG)):
        match = _TAIL.fullmatch(tag.name)
        array = None if match is None else spec.maps.get(match[1])
        if not isinstance(tag, DeclTag) or match is None or array is None or array.type is not MapType.PROG_ARRAY:
            continue
        slot, program = int(match[2]), types.type_name(tag.target)
        if slot < array.max_entries and program in spec.programs and all(each.key != slot for each in array.contents):
            yield array, MapEntry(slot, program)


def run_harness_test(obj: BpfObject, test: HarnessTest) -> Outcome:
    """Run a test, in all runtimes that the object is loaded into, and return what it came to.

    Raises:
        DisagreementError: They did not do the same.
        NotHereError, BpftuiError: As for a run.
    """
    packet = bytes(_ROOM)
    layout = layout_of(obj.spec.programs[test.check])
    is_tc = obj.spec.programs[test.check].type is not ProgramType.XDP
    ctx = bytes(layout.size) if is_tc and layout is not None else None

    def run(program: str) -> Run:
        nonlocal packet, ctx
        found = obj.program(program).run(packet, ctx=ctx)
        packet, ctx = bytes(found.packet), found.raw_ctx if is_tc else None
        return found

    for part in (test.pktgen, test.setup):
        if part:
            code = int(run(part).retval)
            if code in (100, 102):  # before Cilium 1.18 an error was 0, as TC_ACT_OK is
                return Outcome([Result("", Status.ERROR, [f"{part} returned {code}: nothing was checked"])])
            if part == test.setup:
                packet = code.to_bytes(4, obj.spec.byte_order) + packet
    status = status_of(int(run(test.check).retval))
    results, lines = _results(obj)
    return Outcome([*results, Result("", status, lines)])


def _results(obj: BpfObject) -> tuple[list[Result], list[str]]:
    """Return what the check has written, and leave nothing of it for the next test."""
    order = obj.spec.byte_order
    _taken(obj, _MOCKED, 1)
    found = [entry_result(raw, order) for raw in _taken(obj, ENTRIES, _MOST)]
    results = [each for each in found if each is not None]
    for raw in _taken(obj, MESSAGE, 1):
        return message_results(raw, order)
    return results, []


def _taken(obj: BpfObject, name: str, most: int) -> list[bytes]:
    """Return the first entries of a map, of the first runtime, and clear them in all; none where it is not there."""
    found: list[bytes] = []
    for side in obj.sides if name in obj.spec.maps else ():
        source = side.collection.maps[name]
        entries = source.snapshot(most).entries
        found = found or [entry.values[0] for entry in entries]
        for entry in entries:
            if any(entry.values[0]):
                source.update(entry.key, bytes(obj.spec.maps[name].value_size))
    return found
