"""The next packets of a program that others have loaded become a recording's runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.debug import Call
from bpftui.tui.commands.debug import loaded
from bpftui.tui.commands.debug.loaded import take_packets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.debug import Recording
    from bpftui.tui.commands.debug.loaded import Capturing


class Source:
    """Takes two packets of what comes by."""

    def __init__(self, *packets: bytes) -> None:
        self.meeting = SimpleNamespace(interface="eth1", where="before it", tapped="eth1")
        self.dropped = 0
        self.asked: list[int] = []
        self._packets = packets

    def drop(self) -> None:
        self.dropped += 1

    def packets(self, count: int, stop: object) -> Iterator[bytes]:
        del stop
        self.asked.append(count)
        yield from self._packets[:count]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "taking the next packet on eth1, before it"),
        (2, "taking the next 2 packets on eth1, before it; ctrl+c begins with those that there are"),
        (1200, "taking the next 1,200 packets on eth1, before it; ctrl+c begins with those that there are"),
    ],
)
def test_packets_become_runs(count: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(loaded, "complain", told.append)
    source, recording = Source(b"one", b"two"), SimpleNamespace(calls=[])
    take_packets(cast("Recording", recording), cast("Capturing", source), count, None)
    expected = [Call(b"one", origin="packet 1 on eth1"), Call(b"two", origin="packet 2 on eth1")]
    assert recording.calls == expected[:count]
    assert (source.dropped, source.asked, told) == (1, [count], [said])


def test_nothing_came() -> None:
    recording = SimpleNamespace(calls=[])
    with pytest.raises(KeyboardInterrupt):
        take_packets(cast("Recording", recording), cast("Capturing", Source()), 3, None)
