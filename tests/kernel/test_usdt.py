"""USDT probes, versions of functions and sessions in the kernel: a library of our own is called, and what arrives."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core import kernel
from bpftui.core.errors import AttachError, BpftuiError, FeatureError, UnknownNameError, UsageError
from bpftui.core.kernel.attach import usdt
from bpftui.core.kernel.host import kconfig
from bpftui.core.kernel.loading import hook
from bpftui.core.kernel.probe.link_types import has_links
from bpftui.core.spec import CollectionSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bpftui.core.kernel import KernelCollection, Link

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the library is for x86-64"),
]

OBJECTS = Path(__file__).parents[1] / "objects"


def own_library(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the library, as a file of the test's own: a probe is the file's, and sees whoever else calls it."""
    copy = directory / "probed.so"
    copy.write_bytes((OBJECTS / "native/probed.so").read_bytes())
    monkeypatch.setenv("LD_LIBRARY_PATH", str(directory))
    return copy


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return own_library(tmp_path, monkeypatch)


@pytest.fixture
def library(path: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(path))


@pytest.fixture
def loaded() -> Iterator[KernelCollection]:
    with kernel.load(CollectionSpec.from_file(OBJECTS / "usdt.o")) as collection:
        assert not collection.problems
        yield collection


def attach(loaded: KernelCollection, program: str, text: str = "") -> Link:
    return loaded.programs[program].attach(loaded.runtime.target(loaded.spec.program(program), text))


def calls(loaded: KernelCollection) -> list[tuple[int, list[int]]]:
    """Return the calls so far, at most four: which entry of the specs they were of, and their arguments."""
    made: Any = loaded.variables["made"].get()
    noted: Any = loaded.variables["calls"].get()
    return [(each["spec"], each["arguments"][: max(each["count"], 0)]) for each in noted[:made]]


def fire(library: ctypes.CDLL) -> None:
    numbers = (ctypes.c_long * 2)(11, -22)
    library.fire(ctypes.c_int(-7), numbers, ctypes.c_byte(-3), ctypes.c_long(4))


def each_way(loaded: KernelCollection, library: ctypes.CDLL, target: str = "") -> None:
    """Call both places of a probe, which have their arguments each in their own way."""
    with attach(loaded, "on_fired", target) as link:
        assert link.id > 0
        fire(library)
        library.fire_elsewhere(ctypes.c_long(1 << 40))
        # The sixth is 2@(%rsi,%rcx,2), the first half word of the second number: without a sign.
        assert calls(loaded) == [(0, [-7, 11, -3, 42, -22, 65514]), (1, [1 << 40, -9])]
    fire(library)
    assert len(calls(loaded)) == 2


def test_the_arguments_of_each_place_of_a_probe_arrive(loaded: KernelCollection, library: ctypes.CDLL) -> None:
    each_way(loaded, library)


def test_without_links_to_many_places_each_has_its_own(monkeypatch: pytest.MonkeyPatch, library: ctypes.CDLL) -> None:
    for module in (usdt, hook):
        monkeypatch.setattr(module, "has_links", lambda name: name != "uprobe_multi" and has_links(name))
    with kernel.load(CollectionSpec.from_file(OBJECTS / "usdt.o")) as loaded:
        each_way(loaded, library)
        with attach(loaded, "on_fired") as link:
            assert len(link.attachment.links) == 2


def test_without_cookies_the_address_says_what_it_is(monkeypatch: pytest.MonkeyPatch, library: ctypes.CDLL) -> None:
    def option(name: str, asked: Callable[[str], str | None] = kconfig.option) -> str | None:
        return "n" if name == "LINUX_HAS_BPF_COOKIE" else asked(name)

    monkeypatch.setattr(kconfig, "option", option)
    for module in (usdt, hook):
        monkeypatch.setattr(module, "has_links", lambda name: name != "uprobe_multi" and has_links(name))
    monkeypatch.setattr(usdt, "option", option)
    with kernel.load(CollectionSpec.from_file(OBJECTS / "usdt.o")) as loaded:
        with pytest.raises(FeatureError, match=r"without BPF cookies .* the process has to be known"):
            attach(loaded, "on_fired")
        target = f"probed.so:bpftui:fired,pid={os.getpid()}"
        each_way(loaded, library, target)
        assert list(loaded.maps["__bpf_usdt_ip_to_spec_id"].items()) == []
        with attach(loaded, "on_fired", target):
            assert len(list(loaded.maps["__bpf_usdt_ip_to_spec_id"].items())) == 2
            with pytest.raises(AttachError, match="cannot attach program on_any"):
                attach(loaded, "on_any", target)


def test_a_program_sees_that_somebody_looks(loaded: KernelCollection, library: ctypes.CDLL, path: Path) -> None:
    watchers = ctypes.c_ushort.in_dll(library, "watchers")
    assert (watchers.value, library.watch(5)) == (0, 0)
    with attach(loaded, "on_any", "probed.so:bpftui:watched"):
        assert (watchers.value, library.watch(0xFFF0)) == (1, 1)
        with attach(loaded, "on_any", f"{path}:bpftui:watched"):
            assert watchers.value == 1  # the kernel counts places, and not who looks there
    assert (watchers.value, library.watch(5)) == (0, 0)
    assert calls(loaded) == [(0, [0xFFF0])]


def test_entries_of_the_map_are_given_back(loaded: KernelCollection, library: ctypes.CDLL) -> None:
    # There are three; two places take two.
    for _ in range(3):
        with attach(loaded, "on_fired"), attach(loaded, "on_any", "probed.so:bpftui:watched"):
            library.watch(1)
            with pytest.raises(AttachError, match="all 3 entries of map __bpf_usdt_specs are in use"):
                attach(loaded, "on_any", "probed.so:bpftui:watched")
    assert [entry for entry, _ in calls(loaded)] == [2, 2, 2]


def test_other_processes_are_left_out(loaded: KernelCollection, library: ctypes.CDLL, path: Path) -> None:
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1]).fire_elsewhere(7); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with attach(loaded, "on_fired", f"probed.so:bpftui:fired,pid={os.getpid()}"):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        assert calls(loaded) == []
        library.fire_elsewhere(8)
    with attach(loaded, "on_fired"):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert [arguments for _, arguments in calls(loaded)] == [[8, -9], [7, -9]]


@pytest.mark.parametrize(
    ("target", "error", "said", "hint"),
    [
        ("probed.so:bpftui:fire", UnknownNameError, "there is no USDT probe 'bpftui:fire' in /", "'bpftui:fired'"),
        ("probed.so:fired", UsageError, "'probed.so:fired' names no USDT probe", "PATH:PROVIDER:NAME"),
        ("nothing.so:a:b", UsageError, "there is no executable and no library nothing.so", "whole path"),
        ("/etc/passwd:a:b", UsageError, "cannot look for USDT probes in /etc/passwd: ", ""),
        (f"{OBJECTS}/usdt.o:a:b", UsageError, "it is no executable and no library", ""),
        ("true:a:b", UnknownNameError, "there is no USDT probe 'a:b' in /", "there is no USDT probe at all"),
        ("probed.so:bpftui:in_vector", UsageError, "where its argument 1 is (8f@%xmm0) cannot be told", "constants"),
        ("probed.so:bpftui:fired,pid=4194304", UsageError, "there is no process 4194304", ""),
    ],
)
def test_what_is_no_probe_is_said(
    loaded: KernelCollection, target: str, error: type[BpftuiError], said: str, hint: str
) -> None:
    with pytest.raises(error) as caught:
        attach(loaded, "on_any", target)
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")
    assert not loaded.links


def test_an_object_without_the_header_s_maps_is_refused() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "attached.o")
    spec.program("on_uprobe").set_type("usdt")
    missing = pytest.raises(UsageError, match="its object has no map __bpf_usdt_specs")
    with kernel.load(spec, programs={"on_uprobe"}) as loaded, missing:
        attach(loaded, "on_uprobe", "probed.so:bpftui:fired")


def test_the_probes_of_a_file_are_offered(loaded: KernelCollection) -> None:
    spec = loaded.spec
    assert [(each.text, each.title) for each in loaded.runtime.targets(spec, spec.program("on_fired"))] == [
        ("", "probed.so:bpftui:fired"),
        ("probed.so:bpftui:in_vector", "1 place"),
        ("probed.so:bpftui:watched", "1 place"),
    ]
    assert loaded.runtime.targets(spec, spec.program("on_any")) == []
