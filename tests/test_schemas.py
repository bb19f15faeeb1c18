"""What commands print as JSON is what the published schemas say, and nothing more."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.core.spec.test_container import archive
from tests.schemas import FOLDER, PAGE, SCHEMAS, document, page, published, text_of
from tests.tui.commands.command_line import ROOT, bpftui

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed: make test does it")

OBJECT = "bpf/traffic.o"
RUN = (OBJECT, "count_traffic", "--data", "0200000000000200000000010800")
STORED = {"bpftui/loaded/1", "bpftui/packets/1", "bpftui/presets/1", "bpftui/recent/1", "bpftui/stops/1"} | {
    "bpftui/units/1",
    "bpftui/coverage/1",
    "bpftui/recording/1",
}
"""What is in files that bpftui writes and reads itself."""
ANYWHERE = [
    ("spec/1", ["show", OBJECT]),
    ("spec/1", ["show", "bpf/constants.eb.o"]),
    ("spec/1", ["show", "tests/objects/map_kinds.o"]),
    ("spec/1", ["show", OBJECT, "--against", "bpf/constants.o"]),
    ("check/1", ["check", OBJECT, "bpf/my_map.o", "--runtime", "vm"]),
    ("sweep/1", ["check", OBJECT, "--sweep", "sample_every=1,2", "--runtime", "vm"]),
    ("run/1", ["run", *RUN, "--set", "sample_every=1", "--repeat", "2", "--runtime", "vm"]),
    ("debug/1", ["debug", *RUN, "--batch", "break 30", "--batch", "continue", "--batch", "why r0"]),
    ("cover/1", ["cover", *RUN]),
    ("fuzz/1", ["fuzz", OBJECT, "count_traffic", "--seconds", "0.2"]),
    ("sample/2", ["watch", OBJECT, "--attach", "count_traffic=sandbox", "--duration", "0.3", "--runtime", "vm"]),
    ("diff/1", ["diff", OBJECT, "bpf/constants.o"]),
    ("diff/1", ["diff", OBJECT, OBJECT]),
    ("kernels/1", ["doctor", "tests/objects/map_kinds.o", "--kernels", "4.9,6.1"]),
]
KERNEL = [
    ("check/1", ["check", "tests/objects/bad_offbyone.o", OBJECT]),
    ("run/1", ["run", *RUN]),
    ("sample/2", ["watch", OBJECT, "--attach", "count_traffic=sandbox", "--duration", "0.3", "--per-cpu", "--bytes"]),
    ("diff/1", ["diff", OBJECT, "bpf/constants.o", "--cost"]),
    ("list/1", ["list"]),
    ("list/1", ["list", "net"]),
    ("top/1", ["top", "--duration", "0.5", "--interval", "0.2"]),
    ("doctor/1", ["doctor"]),
    ("helpers/1", ["doctor", "--helpers", "xdp"]),
    ("forecast/1", ["doctor", OBJECT, "tests/objects/map_kinds.o"]),
]


@functools.cache
def validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(document(name, strict=True))


def documents(text: str) -> Iterator[dict[str, Any]]:
    """Iterate over the documents in what was printed, also those that are in a list."""
    decoder, rest = json.JSONDecoder(), text.lstrip()
    while rest:
        found, end = decoder.raw_decode(rest)
        yield from cast("list[dict[str, Any]]", found if isinstance(found, list) else [found])
        rest = rest[end:].lstrip()


def complaints(name: str, text: str) -> list[str]:
    """Return what is not as the schema says, by its place; and that nothing was printed."""
    told = list(documents(text))
    wrong = [
        f"{error.json_path}: {error.message}"[-300:] for each in told for error in validator(name).iter_errors(each)
    ]
    return wrong if told else ["nothing was printed"]


@pytest.mark.parametrize(
    ("name", "words"), ANYWHERE, ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else value
)
def test_what_is_printed(name: str, words: list[str]) -> None:
    done = bpftui(*words, "--json")
    assert done.code in (0, 1), done
    assert complaints(name, done.out) == []


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("name", "words"), KERNEL, ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else value
)
def test_what_is_printed_of_a_kernel(name: str, words: list[str]) -> None:
    done = bpftui(*words, "--json")
    assert done.code in (0, 1), done
    assert complaints(name, done.out) == []


def test_what_is_printed_of_a_file_with_several(tmp_path: Path) -> None:
    several = tmp_path / "several.a"
    several.write_bytes(archive(*((name, (ROOT / "bpf" / name).read_bytes()) for name in ("traffic.o", "my_map.o"))))
    told = bpftui("show", several, "--json").out
    assert complaints("objects/1", told) == []
    assert len(json.loads(told)["objects"]) == 2


def test_what_is_printed_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "verifier.log"
    log.write_text("0: R1=ctx() R10=fp0\n0: (61) r0 = *(u32 *)(r1 +100)\ninvalid bpf_context access off=100 size=4\n")
    assert complaints("log/1", bpftui("log", log, "--json").out) == []


def test_what_is_printed_of_a_recording(tmp_path: Path) -> None:
    kept = tmp_path / "a.rec"
    attached = ("--attach", "count_traffic=sandbox", "--duration", "0.3", "--runtime", "vm")
    bpftui("watch", OBJECT, *attached, "--record", kept)
    assert complaints("spec/1", bpftui("show", kept, "--json").out) == []
    assert complaints("sample/2", bpftui("watch", kept, "--json").out) == []


def test_a_member_more_or_less_and_another_type_are_noticed() -> None:
    sound: dict[str, Any] = {"schema": "bpftui/objects/1", "file": "a", "objects": []}
    assert complaints("objects/1", json.dumps(sound)) == []
    for wrong in ({**sound, "more": 1}, {"schema": "bpftui/objects/1", "file": "a"}, {**sound, "file": 1}):
        assert len(complaints("objects/1", json.dumps(wrong))) == 1
    assert complaints("objects/1", "") == ["nothing was printed"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_are_current(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(document(name))
    assert published(name).read_text() == text_of(name), "run: python -m tests.schemas"


def test_every_schema_of_the_code_is_published_or_in_a_file_of_ours() -> None:
    sources = [path.read_text() for part in ("core", "tui") for path in (ROOT / part).rglob("*.py")]
    named = {found for text in sources for found in re.findall(r'= "(bpftui/[a-z]+/\d+)"', text)}
    assert named == STORED | {f"bpftui/{name}" for name in SCHEMAS}
    assert {path.name for path in FOLDER.iterdir()} == {published(name).name for name in SCHEMAS}
    assert PAGE.read_text() == page(PAGE.read_text())
