"""The real Prometheus: it takes what is told, its rates are ours, and it sees what stops and starts."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.choice import choose_runtime
from bpftui.core.live import EventReader, RateTracker, Sampler
from bpftui.core.metrics import CollectionMetrics, Teller
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.scraping import Address
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Generator

    from bpftui.core.btf import Value
    from bpftui.core.metrics import Family
    from bpftui.core.runtime import Collection

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
TRAFFIC = Path(__file__).parents[3] / "bpf" / "traffic.o"
KEY: Value = {"family": "IPV4", "protocol": "UDP"}
PACKETS = 'bpf_map_traffic_packets_total{family="IPV4",protocol="UDP"}'


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Prometheus:
    """A Prometheus that scrapes a port of this machine ten times a second."""

    def __init__(self, directory: Path, target: int) -> None:
        self._url = f"http://127.0.0.1:{free_port()}"
        config = {
            "global": {"scrape_interval": "100ms", "scrape_timeout": "100ms"},
            "scrape_configs": [{"job_name": "bpf", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}],
        }
        file = directory / "prometheus.yml"
        file.write_text(json.dumps(config))  # YAML has all of JSON
        self._log = (directory / "log").open("w")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address={self._url.partition('//')[2]}",
                "--query.lookback-delta=1s",
            ],
            stderr=self._log,
        )

    def ask(self, query: str) -> dict[tuple[tuple[str, str], ...], Any]:
        """Return what a query comes to: by labels, the value, or all of them where it asks for a range."""
        url = f"{self._url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return {}  # it does not listen yet
        return {tuple(sorted(each["metric"].items())): each.get("values") or float(each["value"][1]) for each in found}

    def number(self, query: str) -> float | None:
        """Return what a query comes to, if it is one number."""
        found = [*self.ask(query).values()]
        return found[0] if len(found) == 1 else None

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)
        self._log.close()


@contextmanager
def prometheus(directory: Path, target: int) -> Generator[Prometheus]:
    found = Prometheus(directory, target)
    try:
        yield found
    finally:
        found.close()


class Steady:
    """A collection whose counter grows by so many packets a second, however late anybody looks.

    Args:
        collection: It has the map `traffic`.
        rate: How many.
        start: What the counter begins at.
    """

    def __init__(self, collection: Collection, rate: float, start: int) -> None:
        self._collection, self._rate, self._start = collection, rate, start
        self._began = time.monotonic()
        self._sampler = Sampler(collection, limit=100)
        self._metrics = CollectionMetrics(collection)

    def look(self) -> tuple[float, int]:
        """Return when it was looked at, and how many packets there were."""
        now = time.monotonic()
        packets = self._start + int(self._rate * (now - self._began))
        # On two CPUs, so that what is told is their sum.
        halves: list[Value] = [{"packets": packets - packets // 2, "bytes": 0}, {"packets": packets // 2, "bytes": 0}]
        map_ = self._collection.maps["traffic"]
        rest: list[Value] = [{"packets": 0, "bytes": 0}] * (map_.cpus - 2)
        map_.update(KEY, [*halves, *rest] if map_.cpus > 1 else {"packets": packets, "bytes": 0})
        return now, packets

    def families(self) -> list[Family]:
        self.look()
        with EventReader(self._collection) as events:
            return self._metrics.families(self._sampler.take(), events.totals())


@contextmanager
def steady(rate: float, start: int) -> Generator[Steady]:
    with choose_runtime("vm").load(CollectionSpec.from_file(TRAFFIC)) as collection:
        yield Steady(collection, rate, start)


@contextmanager
def told(source: Steady, port: int) -> Generator[None]:
    with (
        Teller(source.families, version="1", failed=pytest.fail) as teller,
        Address("127.0.0.1", port).telling(teller, 1.0),
    ):
        yield


def test_its_rate_is_ours_and_a_target_that_is_lost_and_starts_anew_is_no_jump(tmp_path: Path) -> None:
    port, said = free_port(), []
    with prometheus(tmp_path, port) as found:
        with steady(50_000.0, 100_000_000) as source, told(source, port):
            tracker = RateTracker()
            tracker.update(*source.look())

            def agree() -> bool:
                """Whether both say the same of the last seconds; on a loaded machine a scrape may come late."""
                theirs, ours = found.number(f"rate({PACKETS}[2s])"), tracker.update(*source.look())
                said.append((theirs, ours))
                return theirs is not None and ours is not None and abs(theirs / ours - 1) < 0.01

            assert wait_for(agree), said
            series: list[tuple[tuple[str, str], ...]] = []

            def told_of() -> bool:
                """Whether a scrape is in sight: one that comes late leaves none there for a while."""
                series[:] = found.ask(PACKETS)
                return bool(series)

            assert wait_for(told_of)
            (labels,) = series
            assert {*labels} >= {("family", "IPV4"), ("protocol", "UDP"), ("job", "bpf")}
            assert wait_for(lambda: found.number("up") == 1)
            assert wait_for(lambda: found.number("bpftui_scrape_seconds") is not None)
            assert found.number("sum(bpf_map_unexported_entries)") == 0
        # Whoever told it is gone.
        assert wait_for(lambda: found.number("up") == 0)
        assert wait_for(lambda: found.ask(PACKETS) == {})
        # And another one begins, at 0.
        with steady(50_000.0, 0) as source, told(source, port):
            assert wait_for(lambda: found.number(f"resets({PACKETS}[30s])") == 1)
            assert wait_for(lambda: found.number(f"count_over_time({PACKETS}[1s])") is not None)
        rates = found.ask(f"rate({PACKETS}[1s])[30s:100ms]")
        highest = max(float(value) for values in rates.values() for _, value in values)
        # Neither what it had counted before nor that it is 0 again is taken for something that has happened meanwhile.
        assert 0 < highest < 1_000_000, rates
