"""Objects inside other files, and how one is chosen."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core.errors import ObjectError
from bpftui.core.spec import CollectionSpec
from bpftui.core.spec.container import Embedded, SeveralObjectsError, find_objects, list_objects
from bpftui.tui.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable

OBJECTS = Path(__file__).parents[2] / "objects"
CORE = (OBJECTS / "core.o").read_bytes()
BIG = (OBJECTS / "core.eb.o").read_bytes()


def archive(*members: tuple[str, bytes]) -> bytes:
    """Return a System V archive."""
    data = b"!<arch>\n"
    for name, contents in members:
        data += f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{'644':<8}{len(contents):<10}`\n".encode()
        data += contents + b"\n" * (len(contents) % 2)
    return data


def test_objects_are_found_where_they_lie_and_end_where_their_section_tables_say() -> None:
    data = b"\x7fELF junk " * 3 + CORE + b"\0" * 5 + BIG + b"more"
    assert find_objects(data) == [Embedded(30, len(CORE), "core.c"), Embedded(35 + len(CORE), len(BIG), "core.c")]


def test_headers_without_a_sound_section_table_are_passed_over() -> None:
    assert find_objects(CORE[:-1]) == []
    assert find_objects(CORE[:64] * 1000) == []
    other = bytearray(CORE)
    other[18] = 62
    assert find_objects(bytes(other)) == []


def test_sections_begin_behind_the_header_at_the_earliest() -> None:
    def bare(table: int) -> bytes:
        header = struct.pack("<HHIQQQIHHHHHH", 1, 247, 1, 0, 0, table, 0, 64, 0, 0, 64, 1, 0)
        return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + header + bytes(64)

    assert [(item.offset, item.size) for item in find_objects(b"lead" + bare(64))] == [(4, 128)]
    assert find_objects(b"lead" + bare(63)) == []
    assert find_objects(b"lead" + bare(65)) == []


def test_an_object_that_does_not_say_it_is_for_bpf_is_known_by_its_sections() -> None:
    nameless = bytearray(CORE)
    nameless[18:20] = b"\0\0"
    assert [item.size for item in find_objects(b"lead" + bytes(nameless))] == [len(CORE)]
    plain = nameless.replace(b".BTF", b".FOO").replace(b"license\0", b"lacense\0").replace(b"raw_tp/", b"row_tq/")
    assert find_objects(b"lead" + bytes(plain)) == []


def test_a_file_with_one_object_opens_as_that(tmp_path: Path) -> None:
    path = tmp_path / "tool"
    path.write_bytes(b"#!/bin/sh\n" + CORE + bytes(2 << 20))  # large enough to be mapped
    assert list(CollectionSpec.from_file(path).programs) == ["core"]
    assert list(CollectionSpec.from_file(f"{path}#1").programs) == ["core"]
    with pytest.raises(ObjectError, match="it holds 1 BPF objects, so there is no number 2"):
        CollectionSpec.from_file(f"{path}#2")


def test_a_file_with_several_asks_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lib.a"
    path.write_bytes(archive(("first.o", CORE), ("second.o", BIG)))
    with pytest.raises(SeveralObjectsError, match="it holds 2 BPF objects") as caught:
        CollectionSpec.from_file(path)
    assert caught.value.hint == f"choose one as {path}#1: #1 first.o, #2 second.o"
    assert [item.name for item in list_objects(path)] == ["first.o", "second.o"]
    assert CollectionSpec.from_file(f"{path}#2").byte_order == "big"
    assert main(["show", "--json", str(path)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed == {
        "schema": "bpftui/objects/1",
        "file": str(path),
        "objects": [
            {"number": 1, "name": "first.o", "offset": 68, "size": len(CORE)},
            {"number": 2, "name": "second.o", "offset": 68 + 60 + len(CORE) + len(CORE) % 2, "size": len(BIG)},
        ],
    }
    assert main(["show", str(path)]) == 0
    assert f"{path}#2  second.o  {len(BIG):,} bytes" in capsys.readouterr().out
    assert main(["check", str(path)]) == 2
    assert main(["show", f"{path}#3"]) == 1


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])
def test_packed_objects_open_and_damaged_ones_say_so(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "core.o.packed"
    path.write_bytes(pack(CORE))
    assert list(CollectionSpec.from_file(path).programs) == ["core"]
    path.write_bytes(pack(CORE)[:200])
    with pytest.raises(ObjectError, match="data is damaged"):
        CollectionSpec.from_file(path)


def test_what_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as stream:
        for _ in range(257):
            stream.write(bytes(1 << 20))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ObjectError, match="unpacks to more than 256 MiB"):
        CollectionSpec.from_file(path)


def test_an_archive_is_not_copied_to_find_the_object_in_it(tmp_path: Path) -> None:
    path = tmp_path / "large.a"
    path.write_bytes(archive(("large", bytes(8 << 20)), ("core.o", CORE)))
    CollectionSpec.from_file(path)  # what is imported on the way is not counted
    tracemalloc.start()
    assert list(CollectionSpec.from_file(path).programs) == ["core"]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 20


def test_standard_input() -> None:
    words = [sys.executable, "-m", "bpftui.tui", "show", "--json", "-"]
    shown = subprocess.run(words, input=gzip.compress(CORE), capture_output=True, check=True)
    assert json.loads(shown.stdout)["programs"][0]["name"] == "core"


def test_a_thin_archive_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "thin.a"
    path.write_bytes(b"!<thin>\n" + b" " * 100)
    with pytest.raises(ObjectError, match="a thin archive"):
        CollectionSpec.from_file(path)


def test_a_file_that_is_named_like_a_choice(tmp_path: Path) -> None:
    path = tmp_path / "core#2"
    path.write_bytes(CORE)
    assert list(CollectionSpec.from_file(path).programs) == ["core"]


def test_the_type_of_a_program_can_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(OBJECTS / "sections.o")
    given = ["--type", "unheard_of=cgroup/connect4", "--type", "house_section=fentry/vfs_read"]
    assert main(["show", "--json", path, *given, "--type", "lookup=sched_act"]) == 0
    programs = {item["name"]: item for item in json.loads(capsys.readouterr().out)["programs"]}
    unheard, house, lookup = programs["unheard_of"], programs["house_section"], programs["lookup"]
    assert (unheard["type"], unheard["attach_type"], unheard["problem"]) == (
        "cgroup_sock_addr",
        "cgroup_inet4_connect",
        None,
    )
    assert (house["type"], house["attach_type"], house["attach_to"]) == ("tracing", "trace_fentry", "vfs_read")
    assert (lookup["type"], lookup["attach_type"]) == ("sched_act", None)
    assert main(["show", path, "--type", "lookup=xpd"]) == 2
    assert "did you mean 'xdp'?" in capsys.readouterr().err
