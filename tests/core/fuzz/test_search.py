"""The search for inputs: what it finds where chance does not, and what it makes of that."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bpftui.core.fuzz.inputs import Kind
from bpftui.core.fuzz.mutation import hinted, mutated
from bpftui.core.fuzz.search import Search, fewest
from bpftui.core.fuzz.written import written
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.engine.errors import RunError

if TYPE_CHECKING:
    import pytest

    from bpftui.core.vm.engine.calls import Calls

ROOT = Path(__file__).parents[3]


def begin(name: str, program: str, seed: int = 1) -> Search:
    return Search(CollectionSpec.from_file(ROOT / name), program, seed=seed)


def test_magic_numbers_and_lengths_are_taken_from_comparisons() -> None:
    """32 bits of magic, and a length that has to be the packet's: 2 in 2**48 packets get behind both."""
    with begin("tests/objects/parser_magic.o", "magic") as search:
        assert [(part.kind, part.name) for part in search.target.parts] == [(Kind.PACKET, ""), (Kind.SECTION, ".bss")]
        assert search.found.all_outcomes == 98
        for _ in range(30):  # seconds of this process; it takes one or two, and a random packet reaches 3
            if search.go(1.0, clock=time.process_time).outcomes >= 12:
                break
        found = search.found
        assert found.outcomes >= 12
    deepest = found.corpus[-1][0]
    assert deepest is not None
    assert deepest[:4] == (0xB16B00B5).to_bytes(4, "little")
    assert deepest[4] in (3, 4)
    assert int.from_bytes(deepest[6:8], "big") == len(deepest)


def test_few_inputs_reach_as_much() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        found = search.go(0.5, clock=time.process_time)
    assert found.all_outcomes == 30  # of 32: two are decided by constants
    inputs = fewest(found.corpus, lambda: begin("bpf/traffic.o", "count_traffic"))
    assert len(inputs) <= len(found.corpus)
    with begin("bpf/traffic.o", "count_traffic") as search:
        for given in inputs:
            search.run(given)
        again = search.found.outcomes
    with begin("bpf/traffic.o", "count_traffic") as search:
        for given in found.corpus:
            search.run(given)
        assert search.found.outcomes <= again


def test_variables_are_inputs() -> None:
    """The program does nothing while `counting` is false, which no packet changes."""
    with begin("bpf/traffic.o", "count_traffic") as search:
        section = next(number for number, part in enumerate(search.target.parts) if part.name == ".data")
        packet = search.target.first[0]
        search.run(search.target.first)
        before = search.found.outcomes
        given: list[bytes | None] = [None] * len(search.target.parts)
        given[0], given[section] = packet, bytes(1)
        assert search.run(tuple(given))
        assert search.found.outcomes == before + 1


def test_what_stops_a_run_is_told_once() -> None:
    with begin("tests/objects/bad_null.o", "bad_null") as search:
        first = search.target.first
        search.run(first)
        search.run(first)
        (finding,) = search.found.findings
    assert "NULL" in finding.message


def test_what_stops_a_timer_is_told() -> None:
    """What has become due runs at the end of a run, and may be stopped as that may."""

    def faulty() -> Calls[None]:
        yield from ()
        raise RunError("the callback reads 8 bytes at 0x0")

    with begin("bpf/traffic.o", "count_traffic") as search:
        search.target.program.parts.host.background.append(faulty)
        found = search.go(20, clock=lambda: float(search.found.runs))
        assert [finding.message for finding in found.findings] == ["the callback reads 8 bytes at 0x0"]
        assert found.outcomes > 2


def test_a_long_loop_gives_few_hints() -> None:
    """Each of its turns compares something else: the first ones and the last ones tell enough."""
    with begin("tests/objects/bad_complexity.o", "bad_complexity") as search:
        compared = search._operands(search.target.first)
        inner = [pair for slot, *pair in compared if slot == 9]
    assert inner[:8] == [[turn, 2000] for turn in range(1, 9)]
    assert len(inner) == 16
    assert inner[8:] == [[turn, 2000] for turn in range(inner[8][0], inner[8][0] + 8)]
    assert inner[8][0] > 100


def test_a_search_is_over_between_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is doing: trying hints, of which there may be many, or what chance says."""
    told: list[int] = []
    with begin("bpf/traffic.o", "count_traffic") as search:
        found = search.go(20, clock=lambda: float(search.found.runs), told=lambda found: told.append(found.outcomes))
        assert found.runs <= 22
        assert 15 < len(told) <= 22
        assert told == sorted(told)
        assert told[-1] == found.outcomes
    with begin("bpf/traffic.o", "count_traffic") as search:
        monkeypatch.setattr(search, "_operands", lambda _given: [(5, turn, 0) for turn in range(1000)])
        assert search.go(20, clock=lambda: float(search.found.runs)).runs <= 22


def test_an_operand_is_put_where_the_other_one_is() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        target = search.target
        empty = (None,) * (len(target.parts) - 1)
        given = (bytes(12) + b"\x12\x34" + bytes(20), *empty)
        found = {each[0] for each in hinted(random.Random(1), given, [(5, 0x3412, 0xDD86)], target, range(0))}
        assert bytes(12) + b"\x86\xdd" + bytes(20) in found
        packet = range(0x1000, 0x2000)
        sizes = {len(each[0] or b"") for each in hinted(random.Random(1), given, [(5, 0x1036, 0x1022)], target, packet)}
        assert sizes == {34 + 20, 34 - 20 if 34 - 20 > 14 else 54}


def test_what_a_program_can_be_given() -> None:
    """A key of `sources` has 20 bytes; `traffic` has a value for each CPU, and `events` none that could be set."""
    with begin("bpf/traffic.o", "count_traffic") as search:
        assert [tuple(part) for part in search.target.parts] == [
            (Kind.PACKET, "", 64, 0),
            (Kind.ENTRY, "sources", 44, 20),
            (Kind.SECTION, ".data", 1, 0),
            (Kind.SECTION, ".bss", 24, 0),
        ]


def test_the_halves_of_an_input() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        assert search.target.halves((b"packet", b"key and value", None, b"x")) == (b"packet", None)
        assert search.target.halves((None, None, None, None)) == (b"", None)
    with begin("tests/objects/contexts.o", "on_syscall") as search:
        assert [part.kind for part in search.target.parts] == [Kind.CONTEXT]
        assert search.target.halves((b"context",)) == (b"", b"context")


def test_an_operand_is_found_in_either_order_and_what_is_beside_it_tried() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        target = search.target
        given = (b"\xff" * 4 + b"\x78\x56\x34\x12" + b"\xee" * 4 + b"\x12\x34\x56\x78", None, None, None)
        found = [each[0] or b"" for each in hinted(random.Random(1), given, [(5, 0x12345678, 5)], target, range(0))]
        known = [raw[4:8] + raw[12:] for raw in found if raw[:4] == b"\xff" * 4 and raw[8:12] == b"\xee" * 4]
        assert [each.hex(" ", 4) for each in known if len(each) == 8] == [
            "05000000 12345678",
            "78563412 00000005",
            "06000000 12345678",
            "78563412 00000006",
            "04000000 12345678",
            "78563412 00000004",
        ]


def test_only_a_packet_changes_its_length() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        target = search.target
        given = (None, bytes(44), b"\1", bytes(24))
        rng = random.Random(3)
        for _ in range(300):
            assert [len(raw or b"") for raw in mutated(rng, given, [given], target)[1:]] == [44, 1, 24]


def test_the_same_seed_changes_the_same() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        first, target = search.target.first, search.target
        one, two = ([mutated(rng, first, [first], target) for _ in range(50)] for rng in map(random.Random, (7, 7)))
        assert one == two
        assert all(14 <= len(each[0] or b"") <= 512 for each in one)


def test_a_test_is_written_that_python_reads() -> None:
    with begin("bpf/traffic.o", "count_traffic") as search:
        parts = search.target.parts
        given = search.target.first
    told = [(given, 2), (given, None)]
    lines = written("/a'b.o", "p\x1b", parts, told, test="/tests/t.py", says='\x1b"""', options={"set": {"x": 1}})
    text = "\n".join(lines)
    assert """OBJECT = Path(__file__).parent / "../a'b.o"\n""" in text
    assert 'bpf.load(OBJECT, set={"x": 1}, programs=["p\\x1b"])' in text
    compile(text, "test", "exec")
    assert "\x1b" not in text
