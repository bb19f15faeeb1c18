"""On which kernels objects load: what Debian's kernels said in `make test-kernels` is what versions tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.portability import portability
from bpftui.core.since import Version
from bpftui.core.spec import CollectionSpec, ProgramSpec
from tests.kernels.check_kernels import EVERYWHERE, REFUSED

ROOT = Path(__file__).parents[3]
V = Version.of


def lacking(file: str, program: str, version: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return what a version lacks of a program, with the version that has it and the instructions."""
    found = portability(CollectionSpec.from_file(ROOT / file), [V(version)])
    needs = found.programs[program][V(version)]
    return [(need.what, str(need.since.version) if need.since else "", need.slots) for need in needs]


def test_the_kernels_said_the_same() -> None:
    """What is wrong in every kernel is left out: versions do not tell it."""
    foreseen: set[tuple[str, str, str]] = set()
    for path in sorted((*(ROOT / "tests/objects").glob("*.o"), *(ROOT / "bpf").glob("*.o"))):
        try:
            spec = CollectionSpec.from_file(path)
        except BpftuiError:
            continue
        if spec.byte_order == "big":
            continue  # nobody has loaded them
        found = portability(spec, [V("6.1"), V("6.12")])
        for name, kernels in {**found.maps, **found.programs}.items():
            foreseen |= {
                (str(version), path.name, name)
                for version, needs in kernels.items()
                if name not in found.optional and not all(need.to_attach for need in needs)
            }
    refused = {(line, *part) for line, parts in REFUSED.items() for part in parts}
    assert foreseen <= refused
    of_the_version = {each for each in refused - foreseen if each[1:] not in EVERYWHERE}
    # It follows types that such a kernel does not have: versions do not tell of those, a file with them does.
    assert of_the_version == {("6.1", "inventory.o", "netfilters")}


def test_what_is_missing_is_told_with_the_version_and_the_place() -> None:
    assert lacking("bpf/traffic.o", "count_traffic", "5.10") == [("atomics that fetch", "5.12", ())]
    assert lacking("bpf/traffic.o", "count_traffic", "5.4") == [
        ("atomics that fetch", "5.12", ()),
        ("map events: map type ringbuf", "5.8", ()),
        ("helper bpf_ringbuf_reserve", "5.8", (144,)),
        ("helper bpf_ringbuf_submit", "5.8", (160,)),
    ]
    assert lacking("bpf/traffic.o", "count_traffic", "5.12") == []


def test_what_a_constant_keeps_dead_is_not_needed() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/traffic.o")
    spec.set("sample_every", 0)
    needs = portability(spec, [V("5.4")]).programs["count_traffic"][V("5.4")]
    assert [need.what for need in needs] == ["atomics that fetch", "map events: map type ringbuf"]


def test_programs_were_small_before_5_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProgramSpec, "insns", property(lambda _: 4097))
    assert lacking("bpf/count_packets.o", "count_packets", "5.1")[0] == ("more than 4,096 instructions", "5.2", ())
    assert lacking("bpf/count_packets.o", "count_packets", "5.2") == []
    monkeypatch.setattr(ProgramSpec, "insns", property(lambda _: 4096))
    assert "more than 4,096 instructions" not in [
        what for what, _, _ in lacking("bpf/count_packets.o", "count_packets", "5.1")
    ]


def test_kinds_of_types_that_a_kernel_does_not_know_keep_nothing_from_loading() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/values.o")
    found = portability(spec, [V("5.10"), V("5.16"), V("6.0")])
    told = {
        str(version): [(need.what, str(need.since.version) if need.since else "") for need in needs]
        for version, needs in found.types.items()
    }
    enum64, floats = ("BTF kind enum64", "6.0"), ("BTF kind float", "5.13")
    assert told == {"5.10": [enum64, floats], "5.16": [enum64], "6.0": []}
    assert found.ok


def test_a_kernel_function_that_is_weak_is_asked_for() -> None:
    assert lacking("tests/objects/externs.o", "kfuncs", "6.1") == []


@pytest.mark.parametrize(("version", "ok"), [("6.1", True), ("6.12", True)])
def test_what_cannot_be_attached_loads(version: str, ok: bool) -> None:
    found = portability(CollectionSpec.from_file(ROOT / "tests/objects/sessions.o"), [V(version)])
    (need,) = found.programs["twice"][V(version)]
    assert (need.what, need.to_attach, found.ok) == ("attach type trace_uprobe_session", True, ok)


def test_core_is_resolved_against_the_types_of_a_kernel() -> None:
    from bpftui.core.btf.target import read_btf

    target = read_btf(ROOT / "tests/objects/core_target.o")
    spec = CollectionSpec.from_file(ROOT / "tests/objects/core.o")
    found = portability(spec, [V("6.1"), V("6.12")], {V("6.1"): target})
    assert not found.ok
    reasons = [need.what for need in found.programs["core"][V("6.1")]]
    assert [reason.partition(" does not exist in the BTF of ")[0] for reason in reasons] == [
        "struct task_struct",
        "enum pid_type",
    ]
    assert found.programs["core"][V("6.12")] == ()


def test_big_endian_code_is_read_as_such() -> None:
    big, little = (CollectionSpec.from_file(ROOT / f"tests/objects/{name}.o") for name in ("isa.eb", "isa"))
    old = [V("4.9"), V("5.0"), V("5.11")]
    assert portability(big, old).programs == portability(little, old).programs


def test_loops_are_of_5_3_and_jumps_back_that_make_none_are_not() -> None:
    assert lacking("tests/objects/names.o", "second", "5.2")[0] == ("bounded loops", "5.3", (27, 23))
    assert lacking("tests/objects/names.o", "second", "5.3") == []
    assert "bounded loops" not in [what for what, _, _ in lacking("tests/objects/usdt.o", "on_fired", "5.2")]
