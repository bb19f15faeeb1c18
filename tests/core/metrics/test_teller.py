"""What is told: labels that anybody may be shown, and what happened to what could not be read."""

from __future__ import annotations

import threading

import pytest

from bpftui.core.errors import LoadError
from bpftui.core.metrics import Family, Teller


def told(teller: Teller) -> dict[str, Family]:
    return {each.name: each for each in teller.tell()}


def labels_of(*labels: tuple[str, ...]) -> list[tuple[str, ...]]:
    family = Family("bpf_x", "gauge", "X.", ("a", "b")[: len(labels[0])], [(each, 1.0) for each in labels])
    with Teller(lambda: [family], version="1", failed=pytest.fail) as teller:
        return [each for each, _ in told(teller)["bpf_x"].numbers]


def test_labels_are_visible_short_and_different() -> None:
    assert labels_of(("\x1b[31m\udcff",)) == [("\\x1b[31m\\xff",)]
    assert labels_of(("plain", "größe")) == [("plain", "größe")]
    long = labels_of(("x" * 200,), ("x" * 5000,), ("x" * 5001,))
    assert long[0] == ("x" * 200,)
    assert [each.partition("… ")[0] for (each,) in long[1:]] == ["x" * 200] * 2
    assert len({*long}) == 3
    # Prometheus keeps one of two numbers with the same labels, or nothing at all.
    alike = labels_of(("a", "\x1b"), ("a", "\\x1b"), ("a", "b"))
    assert (len({*alike}), alike[0], alike[2]) == (3, ("a", "\\x1b"), ("a", "b"))
    # A type can have any number of members of one name.
    assert labels_of(("x",), ("x",), ("x",)) == [("x",), ("x 4adf4367f96e584f",), ("x 66cfab8a2632359c",)]
    assert labels_of((), ()) == [()]


def test_what_it_tells_of_itself() -> None:
    with Teller(list, version="1.2", failed=pytest.fail) as teller:
        found = told(teller)
    assert found["bpftui_build_info"].numbers == [(("1.2",), 1)]
    assert found["bpftui_scrape_failures_total"].numbers == [((), 0)]
    ((labels, cost),) = found["bpftui_scrape_seconds"].numbers
    assert labels == ()
    assert cost > 0


def test_what_cannot_be_read_is_counted_and_said_once_until_it_can_be_again() -> None:
    looks = [LoadError("it is gone"), LoadError("still"), None, OSError("no"), KeyError("a mistake")]
    said: list[str] = []

    def families() -> list[Family]:
        found = looks.pop(0)
        if found is not None:
            raise found
        return []

    with Teller(families, version="", failed=said.append) as teller:
        counts = [told(teller)["bpftui_scrape_failures_total"].numbers[0][1] for _ in range(5)]
    assert counts == [1, 2, 2, 3, 4]
    assert said == ["metrics cannot be read: it is gone", "metrics cannot be read: no"]


def test_who_closes_it_waits_for_what_is_being_told() -> None:
    reading, go_on = threading.Event(), threading.Event()

    def families() -> list[Family]:
        reading.set()
        assert go_on.wait(60)
        return [Family("bpf_x", "gauge", "X.", (), [((), 1.0)])]

    teller = Teller(families, version="", failed=pytest.fail)
    found: list[dict[str, Family]] = []
    ended: list[str] = []

    def ask() -> None:
        # Noted while it is still being told: who closes it can only come after.
        for each in teller.tell():
            found.append({each.name: each})
            if each.name == "bpf_x":
                ended.append("told")

    def close() -> None:
        closing_begins.set()
        teller.close()
        ended.append("closed")

    closing_begins = threading.Event()
    asking = threading.Thread(target=ask)
    asking.start()
    assert reading.wait(60)
    closing = threading.Thread(target=close)
    closing.start()
    assert closing_begins.wait(60)
    closing.join(0.05)  # time enough for one that does not wait
    go_on.set()
    closing.join(60)
    asking.join(60)
    assert ended == ["told", "closed"]
    assert "bpf_x" in found[0]
    assert "bpf_x" not in told(teller)
