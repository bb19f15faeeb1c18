"""The whole line without a screen: a session in the kernel, its traffic in a sandbox, sampled and streamed."""

from __future__ import annotations

import math
import signal
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bpftui.core.errors import UnknownNameError
from bpftui.core.kernel import Sandbox, stats_enabled
from bpftui.core.kernel.net.interfaces import netlink
from bpftui.core.live import Look, OfEntry, RingBuffer, Session, State, Track, counters, map_table, variable_counters
from bpftui.core.spec import CollectionSpec
from bpftui.core.traffic import Traffic
from tests.census import census
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.kernel import Map

pytestmark = pytest.mark.kernel

BPF = Path(__file__).parents[2] / "bpf"
EVENT_SIZE = 48
"""sizeof(struct event) in traffic.c: two u64, a kind of 8 bytes, an address of 20, a u32."""


@pytest.fixture
def session() -> Iterator[Session]:
    spec = CollectionSpec.from_file(BPF / "traffic.o")
    spec.set("sample_every", 10)
    with Session(spec, traffic=Traffic(rate=0)) as session:
        session.load()
        yield session


def test_every_packet_is_counted_and_every_tenth_is_an_event(session: Session) -> None:
    session.attach("count_traffic", "sandbox,native")
    assert session.state is State.ATTACHED
    assert session.collection is not None
    assert isinstance(session.sandbox, Sandbox)
    with RingBuffer.of(cast("Map", session.collection.maps["events"])) as events:
        assert not events.poll(0)
        session.sandbox.send(5000)
        assert events.poll(2)
        records = events.read()
        assert (events.count, events.pending) == (500, 0)
    assert {len(record) for record in records} == {EVENT_SIZE}
    assert [struct.unpack_from("=Q", record, 8)[0] for record in records] == list(range(0, 5000, 10))
    sample = session.sampler().take()
    (total,) = variable_counters(session.spec.variables["total_packets"])
    assert total.find(sample) == 5000
    table = map_table(session.collection.maps["traffic"], sample)
    assert [counter.label for counter in table.counters] == ["packets", "bytes"]
    assert sum(row.values[0] for row in table.rows) == 5000
    assert max(table.rows, key=lambda row: row.values).key_text == "{family=IPV4, protocol=TCP}"
    assert map_table(session.collection.maps["sources"], sample).total == 32


def test_rates_agree_with_the_interface(session: Session) -> None:
    session.attach("count_traffic", "sandbox,generic")
    assert isinstance(session.sandbox, Sandbox)
    track = Track(OfEntry(variable_counters(session.spec.variables["total_packets"])[0]))
    sampler = session.sampler()
    before = session.sandbox.rx_packets()
    samples = [sampler.take()]
    for count in (500, 2000):
        session.sandbox.send(count)
        samples.append(sampler.take())
    for sample in samples:
        track.add(Look(sample))
    rates = [value for _, value in track.rates if not math.isnan(value)]
    times = [sample.time_of("variable") for sample in samples]
    counted = [round(rate * (later - time)) for rate, (time, later) in zip(rates, pairwise(times), strict=True)]
    assert counted == [500, 2000]
    assert session.sandbox.rx_packets() - before == 2500


def test_program_statistics_count_only_when_asked_for(session: Session) -> None:
    session.attach("count_traffic", "sandbox")
    assert isinstance(session.sandbox, Sandbox)
    sampler = session.sampler()
    session.sandbox.send(100)
    uncounted = sampler.take().programs["count_traffic"].run_cnt
    assert uncounted in (0, 100)  # it is the whole machine that counts: somebody else may want it
    samples = session.sampler(interval=0.1, statistics=stats_enabled()).samples(0.1)
    assert next(samples).programs["count_traffic"].run_cnt == uncounted
    session.sandbox.send(100)
    assert next(samples).programs["count_traffic"].run_cnt == uncounted + 100
    assert list(samples) == []


def test_what_goes_with_the_session(session: Session) -> None:
    sampler = session.sampler(interval=0.01)
    sampler.start()
    link = session.attach("count_traffic", "sandbox")
    with pytest.raises(UnknownNameError, match="interface 'veth0'"):
        session.attach("count_traffic", "veth0")  # the sandbox's, which is in a namespace of its own
    assert session.links == (link,)
    session.unload()
    assert (session.state, session.sandbox, sampler.running) == (State.SPEC, None, False)
    session.load()
    session.attach("count_traffic", "sandbox")
    assert counters(session.spec.maps["traffic"])


def test_kill_9_while_attached_leaves_nothing() -> None:
    code = f"""
import time
from bpftui.core.live import Session
from bpftui.core.spec import CollectionSpec
session = Session(CollectionSpec.from_file({str(BPF / "traffic.o")!r}))
loaded = session.load()
link = session.attach("count_traffic", "sandbox")
session.sampler(interval=0.01).start()
print(*[f"map:{{each.id}}" for each in loaded.maps.values()], f"link:{{link.id}}", end=" ")
print(f"program:{{loaded.programs['count_traffic'].id}}", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            made = {(kind, number) for kind, _, number in (word.partition(":") for word in words)}
            assert len(made) >= 5
            assert made <= census()
        finally:
            process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while (left := made & census()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == set()


def test_a_deleted_interface_is_told(session: Session) -> None:
    """The kernel keeps the link, with an index of 0."""
    link = session.attach("count_traffic", "sandbox,native")
    assert session.gone == ()
    sandbox = cast("Sandbox", session.sandbox)
    sandbox.namespace.run(lambda: netlink(lambda route: route.link("del", index=link.target.index)))
    assert session.gone == (link,)
    assert link.gone
    session.detach(link)
    assert session.gone == ()


def test_watch_says_so_and_fails(tmp_path: Path) -> None:
    """In a namespace of its own: it ends by itself once nothing is attached any more."""
    script = (
        "ip link add gone9 type veth peer name gone8 && ip link set gone9 up && ip link set gone8 up || exit 9\n"
        f"{sys.executable} -m bpftui.tui watch {BPF}/count_packets.o --attach count_packets=gone9 --interval 1 >out &\n"
        "while ! [ -s out ]; do sleep 0.05; done; ip link del gone9; wait $!"
    )
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    warning = "bpftui: warning: count_packets is attached to nothing any more: gone9 is gone\n"
    assert (done.returncode, done.stderr) == (1, warning)
