"""Functions of a library of our own that are named by version, by offset, by pattern; programs at entry and return."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bpftui.core import kernel
from bpftui.core.errors import BpftuiError, FeatureError, UnknownNameError, UsageError
from bpftui.core.kernel.sys.perf import event_type
from bpftui.core.spec import CollectionSpec
from tests.kernel.test_usdt import attach, own_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpftui.core.kernel import KernelCollection

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the library is for x86-64"),
]

OBJECTS = Path(__file__).parents[1] / "objects"


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return own_library(tmp_path, monkeypatch)


@pytest.fixture
def library(path: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(path))


@pytest.fixture
def loaded() -> Iterator[KernelCollection]:
    with kernel.load(CollectionSpec.from_file(OBJECTS / "attached.o"), programs=PROGRAMS) as collection:
        yield collection


PROGRAMS = {"on_uprobe", "on_uretprobe", "on_uprobes"}


def old_answer(library: ctypes.CDLL) -> int:
    """Call the older version of `answer`, which only who names it gets."""
    dlvsym = ctypes.CDLL(None).dlvsym
    dlvsym.restype, dlvsym.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    address = dlvsym(library._handle, b"answer", b"V1")
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()


@pytest.mark.parametrize(
    ("target", "old", "new"),
    [
        ("probed.so:answer@V1", 1, 0),
        ("probed.so:answer@@V1", 1, 0),
        ("probed.so:answer@V2", 0, 1),
        ("probed.so:answer@@V2", 0, 1),
        ("{path}:answer@@V2+0x0", 0, 1),
        ("probed.so:answer_1", 1, 0),
    ],
)
def test_versions_of_a_function_are_told_apart(
    loaded: KernelCollection, library: ctypes.CDLL, path: Path, target: str, old: int, new: int
) -> None:
    count = loaded.variables["in_uprobe"]
    with attach(loaded, "on_uprobe", target.format(path=path)):
        assert (old_answer(library), count.get()) == (1, old)
        assert (library.answer(), count.get()) == (2, old + new)
    old_answer(library)
    library.answer()
    assert count.get() == old + new


def test_a_place_in_a_function_and_in_a_file(loaded: KernelCollection, library: ctypes.CDLL) -> None:
    count = loaded.variables["in_uprobe"]
    with attach(loaded, "on_uprobe", "probed.so:stepped+5"):
        assert (library.stepped(), count.get()) == (7, 1)
    with attach(loaded, "on_uprobe", "probed.so:stepped+0x5"):
        assert (library.stepped(), count.get()) == (7, 2)
    # The second of two functions that are called `twin`.
    with attach(loaded, "on_uprobe", "probed.so:0x10d0"):
        assert (library.twins(), count.get()) == (22, 3)


def test_a_pattern_means_all_versions(loaded: KernelCollection, library: ctypes.CDLL) -> None:
    count = loaded.variables["in_uprobes"]
    for target, calls in (("answer", 2), ("answer@V*", 2), ("answer@@V2", 1), ("twi?", 2), ("nothing@*", None)):
        if calls is None:
            with pytest.raises(UnknownNameError, match="there is no function"):
                attach(loaded, "on_uprobes", f"probed.so:{target}")
            continue
        count.set(0)
        with attach(loaded, "on_uprobes", f"probed.so:{target}"):
            if "answer" in target:
                old_answer(library)
                library.answer()
            else:
                library.twins()
        assert (target, count.get()) == (target, calls)


def test_another_process_is_left_out(loaded: KernelCollection, library: ctypes.CDLL) -> None:
    for program, variable in (("on_uprobe", "in_uprobe"), ("on_uprobes", "in_uprobes")):
        for pid, calls in ((os.getppid(), 0), (os.getpid(), 1)):
            with attach(loaded, program, f"probed.so:stepped,pid={pid}"):
                library.stepped()
            assert loaded.variables[variable].get() == calls


@pytest.mark.parametrize(
    ("program", "target", "error", "said", "hint"),
    [
        (
            "on_uprobe",
            "probed.so:answer",
            UsageError,
            "answer is the name of 2 functions in {}: answer@V1 at 0x1070, answer@@V2 at 0x1080",
            "name one of them by its version, or by its offset in the file: answer@@V2",
        ),
        (
            "on_uprobe",
            "probed.so:twin",
            UsageError,
            "twin is the name of 2 functions in {}: twin at 0x10a0, twin at 0x10d0",
            "name one of them by its version, or by its offset in the file: 0x10a0",
        ),
        (
            "on_uprobe",
            "probed.so:answer@V3",
            UnknownNameError,
            "there is no function 'answer@V3' in {}",
            "did you mean 'answer@V1'?",
        ),
        (
            "on_uretprobe",
            "probed.so:stepped+5",
            UsageError,
            "cannot attach program on_uretprobe to 'stepped+5': a function returns as a whole, and not at an offset",
            "leave the offset out: stepped",
        ),
        (
            "on_uprobe",
            "probed.so:stepped,pid=0",
            UsageError,
            "cannot attach program on_uprobe to probed.so:stepped: there is no process 0",
            "",
        ),
        (
            "on_uprobe",
            "libc.so.6:memcpy",
            UsageError,
            "it chooses one of several when a program starts (STT_GNU_IFUNC)",
            "name the one that it chooses",
        ),
    ],
)
def test_what_is_no_place_is_said(
    loaded: KernelCollection,
    path: Path,
    program: str,
    target: str,
    error: type[BpftuiError],
    said: str,
    hint: str,
) -> None:
    with pytest.raises(error) as caught:
        attach(loaded, program, target)
    assert said.format(path) in caught.value.message
    assert hint in (caught.value.hint or "")
    assert not loaded.links


def test_a_session_runs_at_entry_and_unless_it_says_no_at_return(library: ctypes.CDLL) -> None:
    with kernel.load(CollectionSpec.from_file(OBJECTS / "sessions.o"), programs={"twice", "once"}) as loaded:
        runs = loaded.variables["runs"]
        if kernel_version() < (6, 13):
            with pytest.raises(FeatureError, match=r"this kernel lacks uprobe.session links \(Linux 6.13\)"):
                attach(loaded, "twice")
            return
        with attach(loaded, "twice"):
            library.watch(0)
        assert runs.get() == 2
        with attach(loaded, "once"):
            library.watch(0)
        library.watch(0)
        assert runs.get() == 3


def kernel_version() -> tuple[int, ...]:
    return tuple(int(number) for number in platform.release().split(".")[:2])


def test_sessions_in_the_kernel_are_refused_in_words_or_run() -> None:
    spec = CollectionSpec.from_file(OBJECTS / "sessions.o")
    with kernel.load(spec, programs={"twice_in_kernel", "once_in_kernel"}) as loaded:
        for program in ("twice_in_kernel", "once_in_kernel"):
            if event_type("kprobe") is None:
                with pytest.raises(FeatureError, match=r"lacks kprobe.session links \(Linux 6.10, CONFIG_FPROBE\)"):
                    attach(loaded, program)
