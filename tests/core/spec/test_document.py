"""A spec as a document: all that a run takes is in it, and a damaged one is refused in a sentence."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.document import document_of, is_document


def told() -> Any:
    return json.loads(document_of(CollectionSpec.from_file("bpf/traffic.o")))


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_what_is_read_is_what_was_written() -> None:
    own = CollectionSpec.from_file("bpf/traffic.o")
    raw = document_of(own)
    assert is_document(raw)
    found = CollectionSpec.from_bytes(raw, file="id:42")
    assert found.raw == raw
    assert document_of(found) == raw
    assert (found.license, found.byte_order) == ("Dual MIT/GPL", "little")
    program, before = found.programs["count_traffic"], own.programs["count_traffic"]
    assert program.code == before.code
    assert not program.translated
    assert program.linked.references == before.linked.references
    assert [line.text for line in program.linked.line_infos] == [line.text for line in before.linked.line_infos]
    assert str(found.maps["traffic"].key) == "struct kind"
    assert (found.maps["sources"].type.label, found.maps["sources"].max_entries) == ("lru_hash", 4096)
    assert found.variables["sample_every"].raw == own.variables["sample_every"].raw
    assert found.variables["track_sources"].constant


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("byte_order",), "middle", "its byte order is none"),
        (("license",), 5, "5 is no text"),
        (("types", 0), "not base64!", "damaged"),
        (("programs", "count_traffic", "code"), None, "None is no text"),
        (("programs", "count_traffic", "type"), 4711, "4711 is not a valid ProgramType"),
        (("programs", "count_traffic", "functions", 0, 2), 5, "the functions of count_traffic are not its code"),
        (
            ("programs", "count_traffic", "references"),
            {"9999": ["map", "traffic", "traffic", 0, 0, False]},
            "not there",
        ),
        (("maps", "traffic", "max_entries"), -1, "-1 is no number of 64 bits"),
        (("maps", "traffic", "key"), [7, 1], "list index out of range"),
        (("variables", "total_packets", 1), 1 << 40, "variable total_packets lies outside of .bss"),
    ],
)
def test_what_is_damaged_is_said(path: tuple[Any, ...], value: Any, said: str) -> None:
    document = told()
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(ObjectError) as raised:
        CollectionSpec.from_bytes(written(document), file="x.json")
    assert said in raised.value.message


def test_whatever_is_changed_in_one_is_no_traceback() -> None:
    raw = document_of(CollectionSpec.from_file("bpf/count_packets.o"))
    rng = random.Random(1)
    for _ in range(150):
        broken = bytearray(raw)
        for _ in range(rng.randint(1, 3)):
            broken[rng.randrange(30, len(broken))] = rng.randrange(32, 127)
        try:
            found = CollectionSpec.from_bytes(bytes(broken), file="x.json")
            for program in found.programs.values():
                assert program.problem is None or program.problem
        except ObjectError:
            continue


def test_what_an_older_version_wrote_is_read() -> None:
    """It did not say whether code is the verifier's."""
    document = json.loads(document_of(CollectionSpec.from_file("bpf/traffic.o")))
    for program in document["programs"].values():
        del program["translated"]
    assert not CollectionSpec.from_bytes(written(document)).programs["count_traffic"].translated
