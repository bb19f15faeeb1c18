"""A scrape of 10,000 series, from the request to the last byte: the goal is 100 ms.

Beside it what prometheus-client takes to write as many as text, which is some 60 ms on a quiet machine: the ratio says
what the clock does not on one that has other things to do.
"""

from __future__ import annotations

import socket
import time
import urllib.request

import pytest

from bpftui import bpf
from bpftui.core.kernel import KernelRuntime
from bpftui.core.live import EventReader, Sampler
from bpftui.core.metrics import CollectionMetrics, Teller
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.scraping import Address
from tests.bench.timing import compare
from tests.census import why_no_bpf

SERIES = 10_000
COLUMNS = 3
"""Numbers in a value of the map `sources`."""


def theirs() -> float:
    """Return the seconds in which prometheus-client writes as many."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily

    class Collector:
        def collect(self) -> list[CounterMetricFamily]:
            family = CounterMetricFamily("bpf_x", "X.", labels=["address"])
            for number in range(SERIES):
                family.add_metric([f"10.0.{number >> 8}.{number & 255}"], number)
            return [family]

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    start = time.perf_counter()
    generate_latest(registry)
    return time.perf_counter() - start


@pytest.mark.skipif(why_no_bpf() is not None, reason=str(why_no_bpf()))
def test_a_scrape() -> None:
    spec = CollectionSpec.from_file(bpf.path("traffic"))
    spec.maps["sources"].max_entries = 2 * SERIES
    with KernelRuntime().load(spec, programs=set()) as collection, EventReader(collection) as events:
        sources = collection.maps["sources"]
        for number in range(SERIES // COLUMNS):
            address = list(socket.inet_aton(f"10.0.{number >> 8}.{number & 255}")) + [0] * 12
            sources.update({"family": "IPV4", "bytes": address}, {"packets": number, "bytes": number, "last_seen": 1})
        sampler, metrics = Sampler(collection, limit=SERIES), CollectionMetrics(collection)
        with (
            Teller(
                lambda: metrics.families(sampler.take(), events.totals()), version="1", failed=pytest.fail
            ) as teller,
            Address("127.0.0.1", 0).telling(teller, 1.0) as sentence,
        ):
            url = sentence.rpartition(" ")[2]

            def ours() -> float:
                start = time.perf_counter()
                with urllib.request.urlopen(url) as answer:
                    text = answer.read()
                spent = time.perf_counter() - start
                assert text.count(b"\nbpf_map_sources_") >= SERIES - COLUMNS
                return spent

            compare(f"a scrape of {SERIES:,} series against their text by prometheus-client", ours, theirs)
