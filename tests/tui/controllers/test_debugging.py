"""What the debugger of the explorer goes through: which programs a packet comes to behind one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bpftui.core.runtime import AttachTarget
from bpftui.core.spec import CollectionSpec
from bpftui.tui.controllers.debugging import _behind


def links(*places: tuple[str, str]) -> Any:
    return [SimpleNamespace(program=program, target=AttachTarget(name=name)) for program, name in places]


def test_what_is_attached_to_the_same_interface_is_behind() -> None:
    spec = CollectionSpec.from_file("tests/objects/passage.o")
    attached = links(("second", "eth0"), ("behind", "eth1"), ("gate", "eth0"), ("first", "eth0"), ("gate", "eth0"))
    assert _behind(spec, "gate", attached) == ["second", "first"]
    assert _behind(spec, "second", attached) == ["first"]
    assert _behind(spec, "behind", attached) == []
    assert _behind(spec, "gate", ()) == []


def test_each_sandbox_is_an_interface_of_its_own() -> None:
    spec = CollectionSpec.from_file("tests/objects/passage.o")
    target = [AttachTarget(name="veth0", namespace=SimpleNamespace(number=each)) for each in range(2)]  # pyright: ignore[reportArgumentType]
    attached: Any = [
        SimpleNamespace(program="gate", target=target[0]),
        SimpleNamespace(program="first", target=target[1]),
        SimpleNamespace(program="second", target=target[0]),
    ]
    assert _behind(spec, "gate", attached) == ["second"]
