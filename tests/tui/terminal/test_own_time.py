"""How much time a process has had, by what a made-up kernel tells of its threads."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bpftui.tui.terminal import own_time
from bpftui.tui.terminal.own_time import OwnTime

SECOND = 1_000_000_000


class Machine:
    """What the kernel tells: of each thread seconds that it ran, and waited, and its state."""

    def __init__(self) -> None:
        self.now = 100.0
        self.threads: dict[str, tuple[float, float, str]] = {"7": (1.0, 2.0, "S")}
        self.has_schedstat = True

    def read(self, path: str) -> bytes:
        *_, thread, name = path.split("/")
        if thread not in self.threads:
            raise FileNotFoundError(path)
        ran, waited, state = self.threads[thread]
        if name == "schedstat":
            if not self.has_schedstat:
                raise FileNotFoundError(path)
            return f"{ran * SECOND:.0f} {waited * SECOND:.0f} 12\n".encode()
        return f"{thread} (a (R) b) {state} R 1 1".encode()

    def listed(self, path: str) -> list[str]:
        assert path == "/proc/42/task"
        return [*self.threads, "gone"]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(own_time, "_read", made.read)
    monkeypatch.setattr(own_time, "os", SimpleNamespace(listdir=made.listed))
    monkeypatch.setattr(own_time, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


@pytest.mark.parametrize(
    ("ran", "waited", "state", "had"),
    [
        (0.0, 0.0, "S", 10.0),  # it had nothing to do
        (2.0, 3.0, "S", 7.0),  # of which it waited for a processor three
        (2.0, 0.0, "R", 2.0),  # it waits still, nobody knows for how long: what it ran
        (2.0, 9.5, "R", 1.0),  # but a tenth at least
        (9.0, 9.5, "S", 1.0),
        (20.0, 0.0, "S", 10.0),  # several threads ran at a time
        (20.0, 0.0, "R", 10.0),
    ],
)
def test_what_a_process_waited_for_a_processor_does_not_count(
    machine: Machine, ran: float, waited: float, state: str, had: float
) -> None:
    clock = OwnTime(42)
    machine.now += 10
    machine.threads = {"7": (1.0 + ran, 2.0 + waited, state)}
    assert clock() == pytest.approx(had)
    machine.threads["7"] = (*machine.threads["7"][:2], "S")
    machine.now += 5
    assert clock() == pytest.approx(had + 5)


def test_threads_that_come_and_end_count_too(machine: Machine) -> None:
    clock = OwnTime(42)
    machine.now += 10
    machine.threads["8"] = (1.0, 4.0, "S")
    assert clock() == pytest.approx(6)
    machine.now += 10
    del machine.threads["8"]  # what it waited stays
    assert clock() == pytest.approx(16)


def test_where_the_kernel_does_not_tell_it_is_the_clock_on_the_wall(machine: Machine) -> None:
    machine.has_schedstat = False
    clock = OwnTime(42)
    machine.now += 10
    machine.threads["7"] = (1.0, 9.0, "R")
    assert clock() == pytest.approx(10)
