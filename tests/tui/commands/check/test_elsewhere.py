"""`bpftui check OBJECT --kernels`: what is printed of what kernels say; here they say what the test has them say."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bpftui.core.guest import check
from bpftui.core.guest.archive import Archive
from bpftui.core.guest.job import Job, answered
from bpftui.core.runtime import CheckReport, LoadOutcome
from bpftui.core.verifier import Explanation
from bpftui.core.verifier.log import SourceLine
from bpftui.tui.__main__ import main
from bpftui.tui.commands.check import elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bpftui.core.guest.kernels import Kernel

WHY = Explanation(
    key="packet-bounds",
    summary="nothing checked that",
    details=("r1 came from ctx->data",),
    mends=("check it",),
    message="invalid access to packet",
    register=1,
    slot=1,
    instruction="r2 = *(u8 *)(r1 +12)",
    source=SourceLine("return eth->h_proto;", "bad.c", 16),
    line=2,
)
FINE = LoadOutcome("fine", "xdp", ok=True, verified_insns=2, log="processed 2 insns (limit 1000000) total_states 0\n")
REFUSED = LoadOutcome("bad_bounds", "xdp", ok=False, error="the verifier refused it", log="invalid access to packet\n")
LOADED = LoadOutcome("bad_bounds", "xdp", ok=True, verified_insns=9, log="processed 9 insns (limit 1000000)\n")


class Guests:
    """What stands in for the emulator: an old kernel that refuses a program, and a new one."""

    def __init__(self) -> None:
        self.booted: list[str] = []

    def boot(self, kernel: Kernel, files: bytes) -> list[dict[str, Any]]:
        self.booted.append(kernel.name)
        is_old = kernel.image.read_bytes().endswith(b"old")
        report = CheckReport((), (FINE, REFUSED if is_old else LOADED), 7.5)
        answers = [answered(f"{kernel.name}-1-amd64", report, {"bad_bounds": WHY if is_old else None})]
        return [{"finding": "answer", "number": number, **each} for number, each in enumerate(answers)]


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Guests:
    found = Guests()
    monkeypatch.setattr(check, "boot", found.boot)
    monkeypatch.setattr(check, "guest_files", lambda kernel, init: Archive())  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr("bpftui.tui.commands.check.elsewhere.require_emulator", bool)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("old", "new"):
        (tmp_path / name).write_bytes(bytes(0x202) + b"HdrS" + name.encode())
    monkeypatch.chdir(tmp_path)
    return found


OLD_AND_NEW = ["--kernel-image", "old", "--kernel-image", "new"]


@pytest.fixture
def file(request: pytest.FixtureRequest) -> str:
    return str(request.config.rootpath / "tests/objects/bad_bounds.o")


def test_each_kernel_has_its_column_table_and_explanations(
    guests: Guests, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", file, *OLD_AND_NEW, "--compare"]) == 1
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [
        "kind     name        type  old  new",
        "program  fine        xdp   ok   ok",
        "program  bad_bounds  xdp   NO   ok",
    ]
    assert f"══ {file} on old-1-amd64" in lines
    assert f"══ {file} on new-1-amd64" in lines
    assert "bad.c:16: nothing checked that" in lines
    assert "  because      r1 came from ctx->data" in lines
    assert "compared with old: 1 different" in lines
    assert guests.booted == ["old", "new"]


def test_what_a_kernel_said_is_known_the_next_time(
    guests: Guests, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    documents: list[dict[str, Any]] = []
    for options in ([], [], ["--log-level", "1"], ["--type", "fine=tc"]):
        assert main(["check", file, "--kernel-image", "old", "--json", *options]) == 1
        documents.append(json.loads(capsys.readouterr().out))
    assert guests.booted == ["old"] * 3  # once for each way of trying it
    first, second = documents[:2]
    assert [each["kernels"][0]["cached"] for each in documents] == [False, True, False, False]
    assert (first["schema"], first["ok"]) == ("bpftui/check-kernels/1", False)
    (kernel,) = first["kernels"]
    assert (kernel["kernel"], kernel["release"], kernel["problem"]) == ("old", "old-1-amd64", None)
    assert kernel["check"]["schema"] == "bpftui/check/1"
    assert kernel["check"]["programs"][1]["explanation"]["details"] == ["r1 came from ctx->data"]
    assert second["kernels"][0]["check"]["programs"] == kernel["check"]["programs"]


def test_kernels_in_files_of_one_name_are_told_apart(
    guests: Guests, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [tmp_path / name / "bzImage" for name in ("a", "b")]
    for image, other in zip(images, ("old", "new"), strict=True):
        image.parent.mkdir()
        (tmp_path / other).rename(image)
    words = [f"--kernel-image={each}" for each in (*images, images[0], "a/bzImage")]
    assert main(["check", file, *words, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["ok"]
    found = [(each["kernel"], each["check"]["ok"]) for each in document["kernels"]]
    assert found == [(str(images[0]), False), (str(images[1]), True)]
    assert len(guests.booted) == 2


def test_an_answer_that_is_none_is_asked_for_again(guests: Guests, file: str, tmp_path: Path) -> None:
    words = ["check", file, "--kernel-image", "new"]
    assert main(words) == 0
    (place,) = tmp_path.glob("cache/bpftui/checks/*.json")
    place.write_text(json.dumps(json.loads(place.read_text()) | {"explanations": []}))
    assert main(words) == 0
    assert guests.booted == ["new", "new"]


def test_how_an_object_is_tried_gets_to_the_guest() -> None:
    job = Job("prog.o", (("fine", "tc"),), {"limit": "05000000"}, ("fine",), 2)
    assert Job.of(job.text()) == job


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kernels", ""], "--kernels names no version of Linux"),
        (["--kernels", ","], "--kernels names no version of Linux"),
        (["--kernels", "x"], "'x' is no version of Linux"),
        (["--kernels", "6.1", "--csv"], "with --kernels there is no --btf, --table, --csv or --runtime vm"),
        (["--kernel-image", "none"], "none: there is no such file"),
        (["--runtime", "vm", "--compare"], "--compare names no FILE"),
    ],
)
def test_what_makes_no_sense(
    guests: Guests, file: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", file, *words]) in (1, 2)
    assert said in capsys.readouterr().err
    assert guests.booted == []


def test_that_kernels_are_emulated_is_said_once_and_only_where_one_boots(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    booted: list[str] = []

    def tried(kernel: Kernel, questions: object, booting: Callable[[], None]) -> list[object]:
        del questions
        if kernel.name != "known":  # what is known already boots nothing
            booted.append(kernel.name)
            booting()
        return []

    monkeypatch.setattr(elsewhere, "try_objects", tried)
    monkeypatch.setattr(elsewhere, "warn", said.append)
    kernels = cast("list[Kernel]", [SimpleNamespace(name=name) for name in ("known", "6.1", "6.12")])
    monkeypatch.setattr(elsewhere, "emulation_remark", lambda: "it is slow")
    assert [name for name, _ in elsewhere._tried(kernels[:1], [])] == ["known"]
    assert said == []
    assert [name for name, _ in elsewhere._tried(kernels, [])] == ["known", "6.1", "6.12"]
    assert (booted, said) == (["6.1", "6.12"], ["it is slow"])
    monkeypatch.setattr(elsewhere, "emulation_remark", lambda: "")
    list(elsewhere._tried(kernels, []))
    assert said == ["it is slow"]
