"""Where the verifier's work goes, of programs that it takes and of those that it refuses."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.interrupt import Interrupt
from bpftui.core.kernel.inspect import walk
from bpftui.core.kernel.inspect.walk import read_walk
from bpftui.core.spec import CollectionSpec
from tests.tui.commands.command_line import bpftui
from tests.waiting import Effort

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]


def test_a_program_that_loads():
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    heat = read_walk(spec, "count_traffic")
    program = spec.programs["count_traffic"]
    assert heat.visits[0] == 1
    assert max(heat.visits.values()) > 1
    # The verifier counts what it prunes at as processed, and prints it not.
    assert heat.total <= (heat.summary.insns or 0) <= heat.total + (heat.summary.states or 0)
    assert heat.total == heat.within(0, program.insns) == sum(heat.visits.values())
    fill = program.functions[1]
    assert 0 < heat.within(fill.start, fill.stop) < heat.total
    assert heat.hottest is not None
    assert heat.hottest.source is not None
    assert heat.hottest.source.file == "traffic.c"


def test_a_constant_shortens_the_walk():
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    long = read_walk(spec, "count_traffic").total
    spec.set("track_sources", value=False)
    assert read_walk(spec, "count_traffic").total < long


def test_a_program_that_is_refused_and_one_that_is_not_walked_through():
    heat = read_walk(CollectionSpec.from_file(ROOT / "tests/objects/bad_loop.o"), "bad_loop")
    assert max(heat.visits.values()) > 2
    with pytest.raises(LoadError, match="section xpd names no program type"):
        read_walk(CollectionSpec.from_file(ROOT / "tests/objects/sections.o"), "unheard_of")


def test_a_walk_whose_log_is_too_long_to_keep(monkeypatch: pytest.MonkeyPatch):
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    whole = read_walk(spec, "count_traffic")
    monkeypatch.setattr(walk, "MOST_WHOLE_LOG", 8192)
    end = read_walk(spec, "count_traffic")
    assert 0 < end.total < whole.total
    assert all(visits <= whole.visits[slot] for slot, visits in end.visits.items())
    assert (whole.walked, end.walked) == (f"{whole.total}", f"the last {end.total} of {whole.summary.insns}")


def test_a_walk_that_takes_too_long_is_given_up():
    spec = CollectionSpec.from_file(ROOT / "tests/objects/bad_complexity.o")
    interrupt = Interrupt()
    timer = threading.Timer(0.3, interrupt.set)
    start, effort = time.monotonic(), Effort()
    timer.start()
    with interrupt, pytest.raises(LoadError, match="EAGAIN"):
        read_walk(spec, "bad_complexity")
    assert time.monotonic() - start > 0.2
    assert effort.within(5)  # undisturbed, it takes 15 s and more


def test_the_listing():
    told = bpftui("disasm", "bpf/traffic.o", "count_traffic", "--heat")
    assert (told.code, told.err) == (0, "")
    first, second, *rest = told.out.splitlines()
    assert first.startswith("; count_traffic: ")
    total = int(first.split()[2].replace(",", ""))
    assert second == f"{sum_of(rest, 'count_traffic'):>3}  count_traffic:"
    assert total > 100
    insns = [line for line in rest if line[:3].strip() and line[5:].lstrip()[:1].isdigit()]
    assert sum(int(line[:3]) for line in insns) == total
    assert bpftui("disasm", "bpf/traffic.o", "--heat", "--dead").code == 2
    assert bpftui("disasm", "bpf/traffic.o", "--heat", "--raw").code == 2


def sum_of(lines: list[str], function: str) -> int:
    """Return the visits of the instructions before the next function's header."""
    found = 0
    for line in lines:
        text = line[5:]
        if text.endswith(":") and not text.startswith(";"):
            break
        if text.lstrip()[:1].isdigit() and line[:3].strip():
            found += int(line[:3])
    return found
