"""The objects in bpf/ are what their sources say, hold what is promised, and name no path of their maker."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import bpftui.bpf
from bpftui.core.errors import UnknownNameError
from bpftui.core.spec import CollectionSpec

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "bpf"
OBJECTS = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("bpf/*.o"), *ROOT.glob("tests/objects/*.o")])

CONTENTS: dict[str, tuple[set[str], set[str], set[str]]] = {
    # name: programs, maps without data sections, variables
    "constants": (
        {"constants"},
        {"weighted", "by_name", "windows"},
        {"enabled", "mode", "min_length", "name", "cfg", "weights"},
    ),
    "count_packets": ({"count_packets"}, {"pkt_count"}, set()),
    "global_example": ({"global_example"}, set(), {"global_u16"}),
    "hidden_example": ({"hidden_example"}, set(), set()),
    "inventory": (
        {"held", "tasks", "counts", "maps", "netfilters"},
        {"sample"},
        {"sample_pid", "samples", "releases", "offsets", "known", "number", "cpus", "possible"},
    ),
    "my_map": ({"my_prog"}, {"my_map"}, set()),
    "traffic": (
        {"count_traffic"},
        {"traffic", "sources", "events"},
        {"sample_every", "track_sources", "counting", "total_packets", "total_bytes", "lost_events"},
    ),
}
CONTENTS.update({f"{name}.eb": CONTENTS[name] for name in ("constants", "count_packets")})


@cache
def clang() -> str | None:
    """Return the clang (19 or newer) that bpf/Makefile would take, or None."""
    for command in [f"clang-{version}" for version in range(19, 25)] + ["clang"]:
        if shutil.which(command):
            words = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
            version = re.search(r"version (\d+)", words)
            if version and int(version[1]) >= 19:
                return command
    return None


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile a copy of bpf/ in another folder, and return that folder."""
    compiler = clang()
    if compiler is None:
        pytest.skip("no clang from 19 on is installed")
    folder = tmp_path_factory.mktemp("compiled") / "elsewhere"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.o"))
    subprocess.run(["make", "-s", "-C", str(folder), f"CLANG={compiler}"], check=True, capture_output=True)
    return folder


def producer(path: Path) -> bytes:
    """Return the compiler's name as DWARF has it: the same one makes the same bytes."""
    match = re.search(rb"[ \w]*clang version [^\0]+", path.read_bytes())
    assert match is not None
    return match[0]


def described(path: Path, *, counts: bool) -> dict[str, Any]:
    """Return what `show --json` says of an object, but for its file's name.

    Without *counts* of instructions, lines and types, which differ from one compiler to the next.
    """
    from bpftui.tui.commands.show.spec_json import spec_json

    spec = spec_json(CollectionSpec.from_file(path))
    del spec["file"]
    if not counts:
        del spec["types"]
        for program in spec["programs"]:
            del program["insns"], program["line_infos"]
    return spec


def test_every_object_that_ships_is_listed_here() -> None:
    assert bpftui.bpf.names() == sorted(CONTENTS)


@pytest.mark.parametrize("name", CONTENTS)
def test_object_matches_its_source(name: str, compiled: Path) -> None:
    shipped, fresh = bpftui.bpf.path(name), compiled / f"{name}.o"
    same = producer(shipped) == producer(fresh)
    if same:
        assert shipped.read_bytes() == fresh.read_bytes()
    assert described(shipped, counts=same) == described(fresh, counts=same)


@pytest.mark.parametrize("name", CONTENTS)
def test_object_holds_what_it_should(name: str) -> None:
    programs, maps, variables = CONTENTS[name]
    spec = CollectionSpec.from_file(bpftui.bpf.path(name))
    assert set(spec.programs) == programs
    assert {name for name in spec.maps if not name.startswith(".")} == maps
    assert set(spec.variables) == variables
    assert spec.license == "Dual MIT/GPL"


MADE_UP = {"live.o": [b"/tmp/x"], "source_elsewhere.dwarf4.o": [b"/srv/b/h/faults"]}
"""Paths that a source has on purpose, which are of no machine."""


@pytest.mark.parametrize("path", OBJECTS, ids=str)
def test_object_has_no_path_of_the_machine_that_made_it(path: Path) -> None:
    strings = re.findall(rb"[\x20-\x7e]{2,}", (ROOT / path).read_bytes())
    absolute = [text for text in strings if re.match(rb"/[^/*\s]+/", text)]
    assert absolute == MADE_UP.get(Path(path).name, [])


def test_path_of_an_unknown_object_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="there is no shipped object 'trafic'") as caught:
        bpftui.bpf.path("trafic")
    assert caught.value.hint == "did you mean 'traffic'?"
