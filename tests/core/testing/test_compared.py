"""Machine and kernel, asked the same."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bpftui.core.errors import NoPermissionError
from bpftui.core.packet import template
from bpftui.core.spec import CollectionSpec
from bpftui.core.testing import compared as compared_module
from bpftui.core.testing.bpf import Bpf
from bpftui.core.testing.compared import Answer, Comparison, Question, compared
from bpftui.core.testing.run import Difference

ROOT = Path(__file__).parents[3]
TRAFFIC = ROOT / "bpf/traffic.o"
UDP, TCP = bytes(template("IPv4 UDP")), bytes(template("IPv6 TCP"))


def test_each_kind_of_difference_is_told_once() -> None:
    found = Comparison()
    first = [Difference("a.b", "a[1].b: 1, 2"), Difference("a.b", "a[2].b: 1, 2"), Difference("c", "c: \x1b")]
    found.note(2, Answer(first))
    found.note(5, Answer([Difference("a.b", "a[1].b: 3, 4")]))
    found.note(6, Answer([]))
    found.note(7, Answer([], "it is too short"))
    assert (found.asked, found.untaken, found.reason) == (3, 1, "it is too short")
    assert [(each.where, each.text, each.number, each.count) for each in found.found.values()] == [
        ("c", "c: \\x1b", 2, 1),
        ("a.b", "a[1].b: 1, 2", 2, 2),
    ]


def test_without_a_kernel_there_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bpftui.core.kernel.available", lambda: "no rights")
    with pytest.raises(NoPermissionError, match="the kernel cannot be asked: no rights"):
        compared(CollectionSpec.from_file(TRAFFIC), "count_traffic", ())


def test_both_begin_anew_where_they_differ_as_they_had_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs first where something had differed already is asked once more, and counts if it differs then."""
    loads: list[int] = []

    class Fresh(contextlib.AbstractContextManager["Fresh"]):
        def __init__(self, _: str) -> None:
            loads.append(0)

        def __exit__(self, *_: object) -> None: ...

        def load(self, *_: object, **__: object) -> Fresh:
            return self

    def asked(_: object, __: str, question: Question, ___: object) -> Answer:
        loads[-1] += 1
        at = questions.index(question)
        # A time differs always; at 3 something follows from it, and at 5 something does not.
        unlike = ["time", *["follows"] * (at == 3 and loads[-1] > 1), *["own"] * (at == 5)]
        return Answer([Difference(where, where) for where in unlike])

    questions = [Question(bytes([number]), None, ()) for number in range(7)]
    monkeypatch.setattr("bpftui.core.kernel.available", lambda: None)
    monkeypatch.setattr(compared_module, "Bpf", Fresh)
    monkeypatch.setattr(compared_module, "_asked", asked)
    found = compared(CollectionSpec.from_file(TRAFFIC), "count_traffic", questions)
    assert found.asked == 7
    assert {each.where: (each.number, each.count) for each in found.found.values()} == {"time": (0, 7), "own": (5, 1)}
    assert loads == [1, 3, 3, 1, 1]  # 0 | 1 2 3 | 3 4 5 | 5 | 6


@pytest.mark.kernel
def test_what_the_kernel_answers_differently() -> None:
    """Time is what differs by nature; what follows a difference begins anew, where both hold the same."""
    spec = CollectionSpec.from_file(TRAFFIC)
    spec.set_text("sample_every", "0")
    questions = [Question(UDP, None, ()), Question(TCP, None, ()), Question(UDP, None, ())]
    found = compared(spec, "count_traffic", questions)
    assert (found.asked, found.untaken) == (3, 0)
    assert [(each.where, each.number, each.count) for each in found.found.values()] == [("sources.last_seen", 0, 3)]
    again = compared(spec, "count_traffic", questions, may_differ=["sources.last_seen"])
    assert (again.asked, again.found) == (3, {})


@pytest.mark.kernel
def test_maps_hold_what_is_asked_for_and_what_is_not_taken_is_counted() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/count_packets.o")
    held = [("pkt_count", bytes(4), (41).to_bytes(8, "little"))]
    asked = [Question(bytes(64), None, held), Question(bytes(64), None, [("pkt_count", b"\xff" * 4, bytes(8))])]
    assert compared(spec, "count_packets", asked).found == {}
    found = compared(spec, "count_packets", [Question(b"", None, ()), *asked])
    assert (found.asked, found.untaken, bool(found.reason)) == (2, 1, True)


@pytest.mark.kernel
def test_where_only_the_machine_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where it does not know what the kernel does."""
    load = Bpf._runtimes

    def limited(bpf: Bpf, owned: dict[str, object], *rest: object) -> object:
        return load(bpf, {**owned, "limit": 3}, *rest)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Bpf, "_runtimes", limited)
    (found,) = compared(CollectionSpec.from_file(TRAFFIC), "count_traffic", [Question(UDP, None, ())]).found.values()
    assert found.where == "stopped"
    assert found.text.endswith("(vm), returned XDP_PASS (2) (kernel)")
