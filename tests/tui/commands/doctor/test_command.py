"""Which question `bpftui doctor` asks: of the kernel, of its helpers, of objects, or of other kernels."""

from __future__ import annotations

import pytest

from bpftui.core.errors import UsageError
from bpftui.core.kernel import probe
from bpftui.tui.commands.doctor import command, kernels
from bpftui.tui.commands.doctor import object as objects


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of what is asked, which asks nobody."""
    found: list[str] = []

    def answer(name: str, result: object) -> object:
        def called(*_: object, **__: object) -> object:
            found.append(name)
            return result

        return called

    monkeypatch.setattr(command, "_helpers", answer("helpers", 0))
    monkeypatch.setattr(probe, "report", answer("features", []))
    monkeypatch.setattr(objects, "run", answer("objects", 0))
    monkeypatch.setattr(kernels, "run", answer("kernels", 0))
    return found


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ([], "features"),
        (["--json"], "features"),
        (["--helpers"], "helpers"),
        (["--helpers", "xdp"], "helpers"),
        (["bpf/traffic.o"], "objects"),
        (["bpf/traffic.o", "--btf", "x"], "objects"),
        (["bpf/traffic.o", "--kernels", "6.1"], "kernels"),
        (["bpf/traffic.o", "--kernel-btf", "x"], "kernels"),
    ],
)
def test_who_is_asked(words: list[str], question: str, asked: list[str]) -> None:
    assert command.run(words) == 0
    assert asked == [question]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--btf", "x"], "are about an OBJECT"),
        (["--set", "a=1"], "are about an OBJECT"),
        (["--kernels", "6.1"], "--kernels and --kernel-btf are about an OBJECT"),
        (["bpf/traffic.o", "--kernels", "6.1", "--btf", "x"], "go with neither --helpers nor --btf"),
        (["--kernels", "6.1", "--helpers"], "go with neither --helpers nor --btf"),
    ],
)
def test_what_does_not_go_together(words: list[str], said: str, asked: list[str]) -> None:
    with pytest.raises(UsageError, match=said):
        command.run(words)
    assert asked == []
