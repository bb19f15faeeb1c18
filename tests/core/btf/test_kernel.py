"""Split BTF, and the kernel's: mapped, indexed once, the index kept in a file that cannot mislead."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from bpftui.core.btf import Btf, ByteOrder, CType, Kind, cache, kernel, types
from bpftui.core.btf.access import CoreKind
from bpftui.core.btf.core import CoreResolver
from bpftui.core.btf.header import c_header
from bpftui.core.errors import FeatureError, UnknownNameError
from tests.core.btf.blob import Blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kernel.vmlinux.cache_clear()
    kernel.module.cache_clear()
    yield
    kernel.vmlinux.cache_clear()
    kernel.module.cache_clear()


def base_blob(order: str = "<") -> Blob:
    blob = Blob(order=order)
    integer = blob.integer("int", 4)
    blob.struct("point", 8, [("x", integer, 0), ("y", integer, 32)])
    return blob


@pytest.mark.parametrize("order", ["<", ">"])
def test_split_btf_continues_the_ids_and_strings_of_its_base(order: str) -> None:
    byte_order = "little" if order == "<" else "big"
    base = Btf(base_blob(order).bytes(), byte_order)
    own = Blob(first_id=len(base), first_string=len(base.strings), order=order)
    line = own.struct("line", 16, [("from", 2, 0), ("to", 2, 64)])
    point = own.struct(base.strings.index(b"point"), 4, [("x", 1, 0)])
    split = Btf(own.bytes(), byte_order, base=base)

    assert (line, point, len(split)) == (3, 4, 5)
    assert split.find("line") == 3
    assert base.find("line") is None
    assert split.find_all("point") == [2, 4]
    assert split.type(2) is base.type(2)
    assert [split.kind(i) for i in range(5)] == [Kind.VOID, Kind.INT, Kind.STRUCT, Kind.STRUCT, Kind.STRUCT]
    assert [split.type_name(i) for i in range(5)] == ["void", "int", "point", "line", "point"]
    assert split.ids(Kind.STRUCT) == [2, 3, 4]
    assert split.word_offset(2) == base.word_offset(2)
    assert split.word_offset(3) == 24
    raw = bytes(range(16))
    decoded = CType(split, line).decode(raw)
    assert decoded["to"]["y"] == int.from_bytes(raw[12:], byte_order)
    assert "struct line {\n\tstruct point from;\n\tstruct point to;\n};" in c_header(split)


def test_an_index_stands_for_the_search() -> None:
    raw = base_blob().bytes()
    index = Btf(raw).index
    again = Btf(memoryview(raw), index=index)
    found = again.type(again.find("point") or 0)
    assert isinstance(found, types.Composite)
    assert [member.name for member in found.members] == ["x", "y"]


def indexed(raw: bytes, order: ByteOrder = "little", base: Btf | None = None) -> Btf:
    """Return what finds types by the index that is made of them."""
    return Btf(raw, order, base=base, index=Btf(raw, order, base=base).index)


@pytest.mark.parametrize("read", [Btf, indexed])
def test_the_end_of_another_string_is_a_name(read: Callable[[bytes], Btf]) -> None:
    blob = base_blob()
    blob.add("waypoint", 7, 0)
    blob.add(blob.name("viewpoint") + 4, 7, 0)
    assert read(blob.bytes()).find_all("point") == [2, 4]
    for number in range(20):
        blob.name(f"{number}point")
    assert read(blob.bytes()).find_all("point") == [2, 4]


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_index_finds_names_by_their_order(order: str) -> None:
    byte_order: ByteOrder = "little" if order == "<" else "big"
    base = indexed(base_blob(order).bytes(), byte_order)
    own = Blob(first_id=len(base), first_string=len(base.strings), order=order)
    own.struct("line", 8, [("from", 2, 0)])
    own.add(0, 2, 2)  # a pointer, which has no name
    own.struct(base.strings.index(b"point"), 4, [("x", 1, 0)])
    own.struct("line", 4, [])
    own.struct("lines", 4, [])
    split = indexed(own.bytes(), byte_order, base)

    found = {name: split.find_all(name) for name in ("line", "lines", "point", "int", "lin", "zoo", "")}
    assert found == {"line": [3, 6], "lines": [7], "point": [2, 5], "int": [1], "lin": [], "zoo": [], "": []}
    assert split.index.by_name[0] == 1, "nothing comes before what has no name"
    scanned = Btf(own.bytes(), byte_order, base=base)
    assert {name: scanned.find_all(name) for name in found} == found


def test_many_names_are_found_as_few_are() -> None:
    blob = Blob()
    ids = {f"s{number}": blob.struct(f"s{number}", 0, []) for number in range(200)}
    blob.struct("s7", 4, [])
    types_ = Btf(blob.bytes())
    found = {name: types_.find_all(name) for name in (*ids, "none")}
    assert found == {name: [number] for name, number in ids.items()} | {"s7": [8, 201], "none": []}


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(kernel, "DIRECTORY", folder)
    monkeypatch.setattr(kernel, "VMLINUX", folder / "vmlinux")


def test_the_index_is_kept_and_only_used_for_its_own_blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path)
    (tmp_path / "vmlinux").write_bytes(base_blob().bytes())
    assert kernel.vmlinux().find("point") == 2
    file = cache.directory() / "vmlinux.index"
    assert file.parent == tmp_path / "cache" / "bpftui"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["vmlinux.index"]

    key = cache.key((tmp_path / "vmlinux").read_bytes())
    kept = cache.fetch("vmlinux", key)
    assert kept is not None
    assert (list(kept.places), list(kept.by_name)) == ([0, 4], [0, 1])
    whole = file.read_bytes()
    for damaged in (b"", whole[:20], whole[:-1], whole + b"\0", whole[:-1] + b"\xff", b"x" + whole[1:]):
        file.write_bytes(damaged)
        assert cache.fetch("vmlinux", key) is None
        kernel.vmlinux.cache_clear()
        assert kernel.vmlinux().find("point") == 2
        assert file.read_bytes() == whole
    assert cache.fetch("vmlinux", (key[0], key[1] ^ 1)) is None

    other = Blob()
    other.integer("long", 8)
    (tmp_path / "vmlinux").write_bytes(other.bytes())
    kernel.vmlinux.cache_clear()
    assert kernel.vmlinux().find("long") == 1


def test_no_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path)
    (tmp_path / "vmlinux").write_bytes(base_blob().bytes())
    (tmp_path / "cache").write_text("a file where the directory would be")
    assert kernel.vmlinux().find("point") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="sudo is what root is told of")
def test_under_sudo_it_belongs_to_who_called(public_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "1234")
    monkeypatch.setenv("SUDO_GID", "5678")
    home = public_path / "home"
    home.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    btf = Btf(base_blob().bytes())
    cache.store("vmlinux", (1, 2), btf.index)
    assert cache.fetch("vmlinux", (1, 2)) is None, "it was written where only root may write"
    os.chown(home, 1234, 5678)
    cache.store("vmlinux", (1, 2), btf.index)
    for path in (home / "bpftui", home / "bpftui" / "vmlinux.index"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)
    (public_path / "only-root-writes-here").touch()
    assert (public_path / "only-root-writes-here").stat().st_uid == 0


def test_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path)
    with pytest.raises(FeatureError, match="does not publish its types"):
        kernel.vmlinux()
    base = base_blob()
    (tmp_path / "vmlinux").write_bytes(base.bytes())
    own = Blob(first_id=3, first_string=len(base.strings))
    own.struct("device", 8, [("at", 2, 0)])
    (tmp_path / "veth").write_bytes(own.bytes())
    assert kernel.modules() == ["veth"]
    assert kernel.module("veth").find("device") == 3
    with pytest.raises(UnknownNameError, match="no kernel module 'vet'") as caught:
        kernel.module("vet")
    assert caught.value.hint == "did you mean 'veth'?"


@pytest.mark.skipif(not kernel.VMLINUX.exists(), reason=f"no {kernel.VMLINUX}")
def test_the_running_kernels_own() -> None:
    first = kernel.vmlinux()
    expected = {name: first.find_all(name) for name in ("task_struct", "list_head", "pid", "int", "no_such_type")}
    kernel.vmlinux.cache_clear()
    second = kernel.vmlinux()
    assert second is not first
    assert {name: second.find_all(name) for name in expected} == expected
    task = second.find("task_struct", Kind.STRUCT)
    assert task is not None
    assert CType(second, task).member(".comm")[0].c_text == "char[16]"


def test_core_candidates_of_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As libbpf does: modules are asked where the kernel has no type of that name, and each has ids of its own."""
    use(monkeypatch, tmp_path)
    base = base_blob()
    (tmp_path / "vmlinux").write_bytes(base.bytes())
    for name, offset in (("one", 32), ("two", 32), ("three", 64)):
        own = Blob(first_id=3, first_string=len(base.strings))
        own.struct("entry" if name != "three" else "other", 16, [("key", 1, offset)])
        own.struct(base.strings.index(b"point"), 16, [("x", 1, 96)])
        (tmp_path / name).write_bytes(own.bytes())
    local = Blob()
    integer = local.integer("int", 4)
    entry = local.struct("entry", 4, [("key", integer, 0)])
    other = local.struct("other", 4, [("key", integer, 0)])
    point = local.struct("point", 8, [("x", integer, 0)])
    resolver = CoreResolver(Btf(local.bytes()), kernel.vmlinux(), kernel.loaded_modules)

    found = resolver.resolve(entry, "0:0", CoreKind.FIELD_BYTE_OFFSET)
    assert (found.value, found.candidates, found.matches, found.module) == (4, (3, 3), (3, 3), "one")
    assert found.result == "offset 4, 4 bytes, module one"
    found = resolver.resolve(other, "0:0", CoreKind.FIELD_BYTE_OFFSET)
    assert (found.value, found.module) == (8, "three")
    found = resolver.resolve(point, "0:0", CoreKind.FIELD_BYTE_OFFSET)
    assert (found.value, found.candidates, found.module) == (0, (2,), "")
    assert CoreResolver(Btf(local.bytes()), kernel.vmlinux()).candidates(other) == ()
    kept = {path.name for path in cache.directory().iterdir()}
    assert {"vmlinux.index", "one.index", "two.index", "three.index"} <= kept
    kernel.module.cache_clear()
    assert kernel.module("three").find("other") == 3


def test_a_type_is_found_in_the_kernel_or_in_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path)
    base = base_blob()
    (tmp_path / "vmlinux").write_bytes(base.bytes())
    (tmp_path / "broken").write_bytes(b"no BTF at all, and long enough for a header")
    own = Blob(first_id=3, first_string=len(base.strings))
    own.add("help_me", Kind.FUNC, own.prototype(1, [("x", 1)]), vlen=1)
    (tmp_path / "veth").write_bytes(own.bytes())
    found = kernel.find_type("help_me", Kind.FUNC)
    assert found is not None
    assert found == (kernel.module("veth"), 4)
    assert CType(*found).c_text == "int help_me(int x)"
    assert kernel.find_type("point", Kind.STRUCT) == (kernel.vmlinux(), 2)
    assert kernel.find_type("help_me", Kind.VAR) is None
    assert [btf.file for btf in kernel.loaded_modules()] == [str(tmp_path / "veth")]
