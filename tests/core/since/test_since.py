"""Versions of Linux, and what each brought."""

from __future__ import annotations

import re

import pytest

from bpftui.core import since
from bpftui.core.context.fields import fields_of
from bpftui.core.errors import UsageError
from bpftui.core.helpers.names import HELPERS
from bpftui.core.kernel.probe.instructions import INSTRUCTIONS
from bpftui.core.since import Version
from bpftui.core.since.facts import read
from bpftui.core.since.features import FIELDS
from bpftui.core.spec import AttachType, MapType, ProgramType


@pytest.mark.parametrize(
    ("text", "version"),
    [("5.4", (5, 4)), ("v6.1", (6, 1)), (" 6.12.117+deb12-cloud-amd64", (6, 12)), ("7.0-rc3", (7, 0))],
)
def test_versions_as_people_write_them(text: str, version: tuple[int, int]) -> None:
    assert Version.of(text) == version


@pytest.mark.parametrize("text", ["", "6", "6.", "linux", "6.x", "-6.1", "9" * 5000 + ".1", "1000.1"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(UsageError, match="is no version of Linux"):
        Version.of(text)


def test_versions_are_ordered_as_numbers() -> None:
    assert Version.of("5.4") < Version.of("5.10") < Version.of("6.1")
    assert (str(Version.of("v5.10.3")), Version.of("5.10").code) == ("5.10", 330240)


def test_options_of_libbpfs_making() -> None:
    found = [since.option(name) for name in ("LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER", "CONFIG_HZ")]
    assert [str(each.version) if each else None for each in found] == ["5.15", "4.17", None]


def test_facts() -> None:
    known = {
        "ringbuf": since.map_type(MapType.RINGBUF),
        "xdp": since.program_type(ProgramType.XDP),
        "tcx": since.attach_type(AttachType.TCX_INGRESS),
        "loop": since.helper("bpf_loop"),
        "throw": since.kfunc("bpf_throw"),
        "mmapable": since.flag("MMAPABLE"),
        "gso_size": since.field("__sk_buff", "gso_size"),
        "callbacks": since.code("callbacks"),
    }
    assert {name: str(found.version) if found else None for name, found in known.items()} == {
        "ringbuf": "5.8",
        "xdp": "4.8",
        "tcx": "6.6",
        "loop": "5.17",
        "throw": "6.7",
        "mmapable": "5.5",
        "gso_size": "5.7",
        "callbacks": "5.13",
    }
    assert since.kfunc("mine") is None
    assert since.field("bpf_sock_ops", "mark") is None
    fields = {
        "__sk_buff.mark": "4.1",
        "bpf_sock.mark": "4.14",
        "xdp_md.rx_queue_index": "4.16",
        "sk_reuseport_md.migrating_sk": "5.14",
        "bpf_sock_ops.skb_hwtstamp": "6.2",
        "xdp_md.data": None,  # as old as the context
    }
    found = {name: since.field(*name.split(".")) for name in fields}
    assert {name: str(each.version) if each else None for name, each in found.items()} == fields


def test_fields_are_those_of_contexts() -> None:
    for struct, table in FIELDS.items():
        assert set(read(table)) <= {field.name for field in fields_of(struct)}


def test_how_large_programs_may_be() -> None:
    (large,) = (each for each in INSTRUCTIONS if each.name == "more than 4096")  # what is tried on a kernel
    assert since.code("large") == (Version.of(large.version), large.source)
    found = {text: tuple(since.limits(Version.of(text))) for text in ("4.13", "4.14", "5.1", "5.2", "6.18")}
    assert found == {
        "4.13": (4096, 98_304, 16_777_215),
        "4.14": (4096, 131_072, 16_777_215),
        "5.1": (4096, 131_072, 16_777_215),
        "5.2": (1_000_000, 1_000_000, 1_073_741_823),
        "6.18": (1_000_000, 1_000_000, 1_073_741_823),
    }


def test_everything_that_linux_has_is_known_and_has_a_source() -> None:
    found = [since.helper(name) for name in HELPERS if name != "bpf_unspec"]
    found += [since.map_type(each) for each in MapType if each]
    found += [since.program_type(each) for each in ProgramType if each]
    found += [since.attach_type(each) for each in AttachType]
    assert None not in found
    assert all(each and re.fullmatch(r"[0-9a-f]{12}|\d{4}-\d\d-\d\d", each.commit) for each in found)
    ringbuf, netfilter = since.map_type(MapType.RINGBUF), since.attach_type(AttachType.NETFILTER)
    assert ringbuf
    assert netfilter
    assert ringbuf.source == "https://git.kernel.org/linus/457f44363a88"
    assert netfilter.source == "include/uapi/linux/bpf.h, commit of 2023-06-05"
