"""Externs as they are on the machine that runs the tests."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from bpftui.core.btf import Btf, Kind
from bpftui.core.kernel.host import externs, kallsyms, kconfig
from bpftui.core.kernel.host.externs import look_up_externs
from bpftui.core.runtime import ExternAnswer
from bpftui.core.spec import CollectionSpec
from tests.core.btf.blob import Blob

ROOT = Path(__file__).parents[4]


def test_each_extern_has_an_answer() -> None:
    answers = look_up_externs(CollectionSpec.from_file(ROOT / "tests/objects/externs.o"))
    assert list(answers) == [
        "CONFIG_THAT_IS_NOT_THERE",
        "LINUX_KERNEL_VERSION",
        "init_task",
        "symbol_that_is_not_there",
        "bpf_rcu_read_lock",
        "bpf_rcu_read_unlock",
        "kfunc_that_is_not_there",
    ]
    assert answers["LINUX_KERNEL_VERSION"].found
    assert answers["LINUX_KERNEL_VERSION"].text.endswith(f": {platform.release()}")
    assert not answers["CONFIG_THAT_IS_NOT_THERE"].found
    assert not answers["symbol_that_is_not_there"].found
    assert not answers["kfunc_that_is_not_there"].found


KALLSYMS = """\
ffffffff81000000 T _text
ffffffff82a0c980 D init_task
ffffffff81000010 t helper.llvm.1234
ffffffffc0000020 t in_module	[veth]
ffffffff81000030 t twice
ffffffff81000040 t twice
0000000000000000 D hidden
"""


@pytest.fixture
def _symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kallsyms").write_text(KALLSYMS)
    monkeypatch.setattr(kallsyms, "KALLSYMS", str(tmp_path / "kallsyms"))


@pytest.mark.usefixtures("_symbols")
def test_symbols_by_their_names() -> None:
    found = kallsyms.find_symbols(["init_task", "helper", "in_module", "twice", "hidden", "nowhere"])
    assert {name: [(hex(p.address), p.module) for p in places] for name, places in found.items()} == {
        "init_task": [("0xffffffff82a0c980", "")],
        "helper": [("0xffffffff81000010", "")],
        "in_module": [("0xffffffffc0000020", "veth")],
        "twice": [("0xffffffff81000030", ""), ("0xffffffff81000040", "")],
        "hidden": [("0x0", "")],
        "nowhere": [],
    }
    said = {name: externs._symbol(places) for name, places in found.items()}
    assert said == {
        "init_task": (True, "at 0xffffffff82a0c980"),
        "helper": (True, "at 0xffffffff81000010"),
        "in_module": (True, "at 0xffffffffc0000020 in module veth"),
        "twice": (False, "ambiguous: at 0xffffffff81000030, at 0xffffffff81000040"),
        "hidden": (False, "there, but its address is hidden from this user (kernel.kptr_restrict)"),
        "nowhere": (False, "not in /proc/kallsyms"),
    }


@pytest.mark.vmlinux
@pytest.mark.parametrize(
    ("symbols", "found", "text"),
    [
        ("ffffffff81000000 D bpf_prog_active\n", True, "BTF id "),
        ("ffffffff81000000 T _text\n", False, "in the kernel's types, but without an address: not in /proc/kallsyms"),
    ],
)
def test_a_typed_symbol_needs_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, symbols: str, found: bool, text: str
) -> None:
    (tmp_path / "kallsyms").write_text(symbols)
    monkeypatch.setattr(kallsyms, "KALLSYMS", str(tmp_path / "kallsyms"))
    monkeypatch.setattr(externs, "KALLSYMS", str(tmp_path / "kallsyms"))
    answer = look_up_externs(CollectionSpec.from_file(ROOT / "tests/objects/ksym_kinds.o"))["bpf_prog_active"]
    assert answer.found is found
    assert answer.text.startswith(text)


def kernel_with(parameters: int) -> Btf:
    """Return a kernel's types with one function, which has so many int parameters."""
    blob = Blob()
    integer = blob.integer("int", 4)
    proto = blob.prototype(integer, [(f"p{n}", integer) for n in range(parameters)])
    blob.add("kfunc_that_is_not_there", Kind.FUNC, proto, vlen=1)
    return Btf(blob.bytes(), file="other.btf")


def test_against_another_kernels_types() -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/externs.o")
    answers = look_up_externs(spec, kernel_with(1))
    assert answers["kfunc_that_is_not_there"] == ExternAnswer(
        "kfunc_that_is_not_there",
        True,
        "BTF id 3: int kfunc_that_is_not_there(int p0)",
        "kfunc",
        True,
        "int kfunc_that_is_not_there(int)",
    )
    assert answers["bpf_rcu_read_lock"].text == "not in the BTF of other.btf"
    assert answers["init_task"].text == "only a running kernel tells: its types do not"
    other = look_up_externs(spec, kernel_with(2))["kfunc_that_is_not_there"]
    assert not other.found
    assert other.text == "of another type there: BTF id 3: int kfunc_that_is_not_there(int p0, int p1)"


def test_an_option_that_does_not_fit_its_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = CollectionSpec.from_file(ROOT / "tests/objects/externs.o")
    monkeypatch.setattr(kconfig, "_config", lambda: {"CONFIG_THAT_IS_NOT_THERE": "250"})
    answer = look_up_externs(spec)["CONFIG_THAT_IS_NOT_THERE"]
    assert not answer.found
    assert answer.text == "CONFIG_THAT_IS_NOT_THERE: bool takes true or false, not '250'"
    monkeypatch.setattr(kconfig, "_config", lambda: {"CONFIG_THAT_IS_NOT_THERE": "y"})
    assert look_up_externs(spec)["CONFIG_THAT_IS_NOT_THERE"][1:3] == (True, "y")


@pytest.mark.parametrize(
    ("names", "release", "cookie"),
    [
        (b"\0BPF_FUNC_get_attach_cookie\0", "4.0.0", "y"),
        (b"\0x\0", "6.1.0", "n"),
        (b"", "5.15.0", "y"),
        (b"", "5.14.9", "n"),
    ],
)
def test_what_libbpf_offers_among_the_options(
    names: bytes, release: str, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kconfig, "kernel_names", lambda: names)
    monkeypatch.setattr(platform, "release", lambda: release)
    assert kconfig.option("LINUX_HAS_BPF_COOKIE") == cookie
    assert kconfig.option("LINUX_NO_SUCH_THING") is None
