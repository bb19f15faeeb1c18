"""Parts of the inventory that need no kernel: containers by their control groups, rates, errands of a steward."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest

from bpftui.core.closing import Closing
from bpftui.core.errors import UsageError
from bpftui.core.kernel.sys.object import open_object
from bpftui.core.kernel.sys.survey import Runs, number_in
from bpftui.core.system.errands import read_for_client
from bpftui.core.system.links import detail_text
from bpftui.core.system.load import Observer, ProgramLoad, Rates
from bpftui.core.system.model import Attachment, Hook, ProgramEntry, Snapshot
from bpftui.core.system.names import functions_text
from bpftui.core.system.places import _routed
from bpftui.core.system.processes import container_of
from bpftui.core.uapi import Pinning
from tests.tui.looker import a_program

if TYPE_CHECKING:
    from bpftui.core.system.model import Detail

ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["vfs_read"], "vfs_read"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
        (["", "main", ""], "main and 2 more"),
        (["", ""], ""),
    ],
)
def test_functions_of_a_multi_link(names: list[str], text: str) -> None:
    assert functions_text(names, len(names)) == text


@pytest.mark.parametrize(
    ("path", "container"),
    [
        ("/system.slice/cilium.service", ""),
        ("/", ""),
        (f"/docker/{ID}", "0123456789ab"),
        (f"/system.slice/docker-{ID}.scope", "0123456789ab"),
        (f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope/init", "0123456789ab"),
        (f"/machine.slice/libpod-{ID}.scope/container", "0123456789ab"),
        (
            "/kubepods.slice/kubepods-besteffort-pod8d8e6d8e_1a2b_3c4d_5e6f_0123456789ab.slice",
            "pod 8d8e6d8e-1a2b-3c4d-5e6f-0123456789ab",
        ),
        ("/lxc.payload.web/system.slice/nginx.service", "web"),
        ("/machine.slice/machine-web.scope", "web"),
    ],
)
def test_container(path: str, container: str) -> None:
    assert container_of(path) == container


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("hook", 1, "input (1)"),
        ("hook", 9, "9"),
        ("pf", 2, "ipv4 (2)"),
        ("event_type", 1, "software (1)"),
        ("prio", -7, "-7"),
        ("addrs", (0xFFFF_FFFF_8100_0000, 16), "0xffffffff81000000, 0x10"),
        ("offset", 0x2DF0, "0x2df0"),
        ("symbols", ("target", "other"), "target, other"),
        ("tp_name", "sched_switch", "sched_switch"),
    ],
)
def test_what_a_link_tells_is_in_words_where_it_has_some(name: str, value: Detail, text: str) -> None:
    assert detail_text(name, value) == text


def test_rates_are_those_of_real_time_and_never_negative() -> None:
    rates = Rates()
    assert rates.feed(10.0, {1: Runs(100, 5_000, 0), 2: Runs(7, 70, 0)}) == {}
    found = rates.feed(12.0, {1: Runs(300, 25_000, 4), 2: Runs(7, 70, 0), 3: Runs(9, 9, 9)})
    assert found == {1: ProgramLoad(100.0, 100.0, 0.001, 2.0), 2: ProgramLoad(0.0, None, 0.0, 0.0)}
    # An id that means another program, whose counters begin anew, has no rate.
    assert rates.feed(13.0, {1: Runs(5, 50, 0), 3: Runs(9, 9, 9)}) == {3: ProgramLoad(0.0, None, 0.0, 0.0)}


class SlowReader(Closing):
    """Takes so many seconds to read a snapshot, of a clock of its own; no program comes or goes but when it is told."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0
        self.read: list[float] = []
        self.programs: dict[int, ProgramEntry] = {}

    def snapshot(self) -> Snapshot:
        self.read.append(self.now)
        self.now += self.seconds
        return Snapshot(0.0, 0.0, programs=dict(self.programs))

    def counters(self) -> dict[int, Runs]:
        return {number: Runs(0, 0, 0) for number in self.programs}

    def entries(self) -> dict[int, int]:
        return {}

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("seconds", "read"),
    [(0.0, [0.0, 5.0, 10.0, 15.0, 20.0]), (0.125, [0.0, 5.0, 13.0, 21.0]), (3.0, [0.0, 5.0])],
)
def test_a_snapshot_that_takes_long_is_followed_by_a_long_rest(seconds: float, read: list[float]) -> None:
    reader = SlowReader(seconds)
    with Observer(reader, clock=lambda: reader.now) as observer:
        for second in range(24):
            reader.now = float(second)
            observer.look()
    assert reader.read == read


def test_looks_have_the_time_since_the_first_one() -> None:
    reader = SlowReader(0.0)
    with Observer(reader, clock=lambda: reader.now) as observer:
        times: list[float] = []
        for reader.now in (100.0, 100.5, 103.0):
            times.append(observer.look().time)
    assert times == [0.0, 0.5, 3.0]


@pytest.mark.parametrize(
    ("types", "programs"),
    [
        ({"lwt_in": [40]}, [7, 40]),
        ({"lwt_in": [40, 41]}, [7, 0]),
        ({"lwt_out": [40]}, [7, 0]),
    ],
)
def test_the_program_of_a_route_is_the_only_one_of_its_type(types: dict[str, list[int]], programs: list[int]) -> None:
    hook = Hook("lwt_in", (Attachment(7, "lwt_in", "a"), Attachment(0, "lwt_in", "b")))
    assert [each.program for each in _routed(hook, types).attached] == programs


@pytest.mark.parametrize(("value", "is_foreign"), [(0, False), (1, False), (2, True), (77, True)])
def test_ways_to_pin_are_libbpf_s_or_of_another_loader(value: int, is_foreign: bool) -> None:
    assert Pinning(value).is_foreign is is_foreign


def test_what_comes_is_seen_at_the_next_look_and_where_that_takes_long_soon() -> None:
    quick, slow = SlowReader(0.001), SlowReader(0.125)
    for reader in (quick, slow):
        with Observer(reader, clock=lambda reader=reader: reader.now) as observer:
            for second in range(6):
                reader.now = float(second)
                reader.programs = {number: a_program(number, "p", "xdp") for number in range(second)}
                observer.look()
    assert quick.read == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert slow.read == [0.0, 1.0, 4.0]


def test_what_the_first_snapshot_takes_holds_up_no_other() -> None:
    reader = SlowReader(1.0)
    with Observer(reader, clock=lambda: reader.now) as observer:
        observer.look()
        reader.seconds, reader.programs = 0.01, {1: a_program(1, "p", "xdp")}  # what was read then is known now
        assert list(observer.look().snapshot.programs) == [1]
        for second in (2.0, 3.0, 4.0, 5.0, 6.0, 7.0):
            reader.now = second
            observer.look()
    assert reader.read == [0.0, 1.0, 6.0]


@pytest.mark.parametrize("argument", ["snapshots", "counters 1", "snapshot ", "../x"])
def test_a_steward_takes_inventories_and_nothing_else(argument: str) -> None:
    with pytest.raises(UsageError, match="a steward takes an inventory, or reads counters"):
        read_for_client(argument)


def test_a_steward_that_is_asked_whether_it_is_there() -> None:
    with os.fdopen(read_for_client(""), "rb") as file:
        assert pickle.load(file) is None


@pytest.mark.parametrize("argument", ["program", "program x", "program -1", "map 4294967296", "file 1", "link 1 2", ""])
def test_an_object_is_asked_for_by_kind_and_id(argument: str) -> None:
    with pytest.raises(UsageError, match=r"an object is asked for by (kind and|its) id"):
        open_object(argument)


def test_numbers_in_fdinfo() -> None:
    told = b"pos:\t0\nmap_id:\t12\nmemlock:\t8192\nfrozen:\t1\n"
    assert [number_in(told, name) for name in (b"memlock", b"frozen", b"map_id", b"prog_id")] == [8192, 1, 12, None]
