"""What tests hand over: what is of the wrong kind, or names what there is not, is said in a sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.errors import UnknownNameError, UsageError
from bpftui.core.testing.bpf import Bpf

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bpftui.core.testing.loaded import BpfObject


@pytest.fixture(scope="module")
def obj() -> Generator[BpfObject]:
    """Return an object that these tests leave as it is."""
    with Bpf() as bpf:
        yield bpf.load("bpf/traffic.o")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"set": "sample_every=1"}, "set takes values by name, and not 'sample_every=1'"),
        ({"set": {5: 1}}, "set takes values by name, and 5 is no name"),
        ({"set": {"sample_every.x": object()}}, "no variable takes <object"),
        ({"programs": "count_traffic"}, "programs takes several names, and not 'count_traffic'"),
        ({"programs": 5}, "programs takes several names, and not 5"),
        ({"helpers": ["bpf_loop"]}, "helpers takes values by name, and not ['bpf_loop']"),
        ({"helpers": {"bpf_loop": None}}, "bpf_loop is to return None, which is no integer"),
        (
            {"helpers": {"bpf_loop": lambda a, b, c, d, e, f: 0}},  # pyright: ignore[reportUnknownLambdaType]
            "what is called in place of bpf_loop takes r1 to r5 at most, in that order",
        ),
        ({"kconfig": {"CONFIG_HZ": 250}}, "kconfig takes texts, and CONFIG_HZ is 250"),
        ({"time": "now"}, "time takes an integer, and not 'now'"),
        ({"time": -1}, "time takes integers from 0 on, and not -1"),
        ({"seed": 1.5}, "seed takes an integer, and not 1.5"),
        ({"limit": 0}, "limit takes integers from 1 on, and not 0"),
        ({"cpus": 100_000}, "cpus takes integers from 1 to 8,192, and not 100,000"),
        ({"btf": 5}, "takes the path of an object, or a CollectionSpec, and not 5"),
    ],
)
def test_what_an_object_is_not_loaded_with(arguments: dict[str, Any], said: str) -> None:
    with Bpf() as bpf, pytest.raises(UsageError, match=re.escape(said)):
        bpf.load("bpf/traffic.o", **arguments)


def test_what_is_no_file() -> None:
    with (
        Bpf() as bpf,
        pytest.raises(UsageError, match="takes the path of an object, or a CollectionSpec, and not None"),
    ):
        bpf.load(None)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("arguments", "said", "near"),
    [
        ({"helpers": {"bpf_ktime_get_n": 1}}, "there is no helper or kernel function 'bpf_ktime_get_n'", "_get_ns"),
        ({"may_differ": ["source.last_seen"]}, "there is no map or variable 'source' in traffic.o", "'sources'"),
        ({"may_differ": ["return"]}, "there is no map or variable 'return' in traffic.o", "'returned'"),
    ],
)
def test_names_that_would_change_nothing(arguments: dict[str, Any], said: str, near: str) -> None:
    with Bpf() as bpf, pytest.raises(UnknownNameError, match=said) as error:
        bpf.load("bpf/traffic.o", **arguments)
    assert near in str(error.value.hint)


def test_names_of_parts_of_a_run() -> None:
    with Bpf() as bpf:
        bpf.load("bpf/traffic.o", may_differ={"sources.last_seen", "ctx.data", "returned", "packet", ".rodata"})


@pytest.mark.parametrize(
    ("asked", "said", "hint"),
    [
        (lambda obj: obj.maps["trafic"], "there is no map 'trafic' in traffic.o", "did you mean 'traffic'?"),
        (
            lambda obj: obj.variables["lost_event"],
            "there is no variable 'lost_event' in traffic.o",
            "did you mean 'lost_events'?",
        ),
        (
            lambda obj: obj.program("count_traffic").run(bytes(64)).maps["trafic"],
            "there is no map 'trafic' in traffic.o",
            "did you mean 'traffic'?",
        ),
        (
            lambda obj: obj.program("count_traffic").run(bytes(64)).maps["events"],
            "map events has no entries that can be read: what came out of it is among the events",
            None,
        ),
        (
            lambda obj: obj.program("count_traffic").run(bytes(64)).variables["lost_events"],
            "variable lost_events was not changed",
            None,
        ),
        (
            lambda obj: obj.program("count_traffic").run(bytes(64)).maps["traffic"][object],
            "there is no entry \"<class 'object'>\"",
            "there is: {family=OTHER, protocol=NONE}",
        ),
    ],
)
def test_what_a_test_finds_by_name(
    obj: BpfObject, asked: Callable[[BpfObject], object], said: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as error:
        asked(obj)
    assert said in error.value.message
    assert error.value.hint == hint


def test_an_entry_that_is_not_there_is_a_key_error() -> None:
    with Bpf() as bpf:
        entries = bpf.load("bpf/traffic.o").maps["traffic"]
        key = {"family": "IPV4", "protocol": "UDP"}
        with pytest.raises(KeyError) as error:
            entries[key]
        assert str(error.value) == 'there is no entry \'{family="IPV4", protocol="UDP"}\' in traffic'
        with pytest.raises(KeyError):
            del entries[key]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"packet": [1, 300]}, "a packet is bytes, or what has them, and not [1, 300]"),
        ({"packet": object()}, "a packet is bytes, or what has them, and not <object"),
        ({"packet": bytes(64), "ctx": 5}, "ctx takes values by name, and not 5"),
        ({"packet": bytes(64), "cpu": "1"}, "cpu takes an integer, and not '1'"),
        ({"packet": bytes(64), "time": -1}, "time takes integers from 0 on, and not -1"),
    ],
)
def test_what_a_run_is_not_given(obj: BpfObject, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        obj.program("count_traffic").run(**arguments)


@pytest.mark.parametrize(("seconds", "said"), [("1", "not '1'"), (float("nan"), "not nan"), (1e10, "not 1000000")])
def test_what_is_no_time(obj: BpfObject, seconds: Any, said: str) -> None:
    with pytest.raises(UsageError, match=f"time is a number of seconds, below 9,000,000,000, and {said}"):
        obj.advance(seconds)


def test_what_is_no_packet_is_not_sent(obj: BpfObject) -> None:
    with pytest.raises(UsageError, match="a packet is bytes, or what has them, and not 'x'"):
        obj.attach("count_traffic").send("x")
