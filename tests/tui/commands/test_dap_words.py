"""Launch arguments of an editor as words of `bpftui debug`."""

from __future__ import annotations

from typing import Any

import pytest

from bpftui.core.errors import UsageError
from bpftui.tui.commands.dap import _words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"object": "prog.o"}, ["--", "prog.o"]),
        ({"object": "prog.o", "program": "count"}, ["--", "prog.o", "count"]),
        ({"recording": "day.rec"}, ["--", "day.rec"]),
        (
            {"object": "-x.o", "data": "00ff", "pcap": "a.pcap", "btf": "vmlinux", "preset": "loud", "steps": 5},
            ["--data=00ff", "--pcap=a.pcap", "--btf=vmlinux", "--preset=loud", "--steps=5", "--", "-x.o"],
        ),
        ({"object": "prog.o", "ctx": "hex:00"}, ["--ctx=hex:00", "--", "prog.o"]),
        ({"object": "prog.o", "ctx": {"len": 5}}, ['--ctx={"len": 5}', "--", "prog.o"]),
        ({"object": "prog.o", "behind": ["one", "two"]}, ["--behind=one", "--behind=two", "--", "prog.o"]),
        ({"object": "prog.o", "set": ["a=1", "b=2"]}, ["--set=a=1", "--set=b=2", "--", "prog.o"]),
        (
            {"object": "prog.o", "set": {"a": 1, "b": "x", "c": [1]}},
            ["--set=a=1", "--set=b=x", "--set=c=[1]", "--", "prog.o"],
        ),
    ],
)
def test_words(given: dict[str, Any], words: list[str]) -> None:
    assert _words(given) == words


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "launch takes an object and a program of it, or a recording"),
        ({"object": "a", "recording": "b"}, "launch takes an object and a program of it, or a recording"),
        ({"object": "-"}, "launch: standard input has the editor's messages, and no object"),
    ],
)
def test_what_is_no_launch(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        _words(given)
    assert raised.value.message == message
