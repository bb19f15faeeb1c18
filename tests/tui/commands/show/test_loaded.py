"""What `show` says of something that is loaded, of a machine that was made up."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bpftui.core.system import errands, loaded
from bpftui.tui.commands.show.loaded import loaded_json, print_loaded, snapshot_of
from tests.tui.looker import machine

if TYPE_CHECKING:
    from collections.abc import Generator

    from bpftui.core.references import LoadedName

OF_A_MAP = """\

id  name                type       on                  memory  age  held by
57  cil_from_container  sched_cls  tcx_ingress veth3  412 KiB  3 h  cilium 1544, /sys/fs/bpf/cil_from_container

id  name          type      key  value  entries  memory  programs  held by
12  ct4           lru_hash   20     56   65,536   9 MiB  42, 57    cilium 1544
13  lb4_services  hash       12     12   65,536   8 KiB  57        cilium 1544

id  type  program                on     order  held by
31  tcx   57 cil_from_container  veth3      1  cilium 1544
"""


@pytest.fixture(autouse=True)
def made_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened() -> Generator[Any]:
        yield SimpleNamespace(snapshot=machine)

    found = {42: ((42,), (), ()), 13: ((), (13,), ()), 35: ((71,), (), (35,)), 99: ((99,), (98,), ())}

    def find(name: LoadedName) -> Any:
        programs, maps, links = found[name.id]
        return SimpleNamespace(programs=programs, maps=maps, links=links)

    monkeypatch.setattr(errands, "open_inventory", opened)
    monkeypatch.setattr(loaded, "find_loaded", find)


@pytest.mark.parametrize(
    ("text", "programs", "maps", "links"),
    [
        ("id:42", [42], [12], [30]),  # with what it uses
        ("map:13", [57], [12, 13], [31]),  # with what uses it, and what that uses
        ("link:35", [71], [], [35]),
        ("id:99", [], [], []),  # they have gone meanwhile
    ],
)
def test_what_belongs_together(text: str, programs: list[int], maps: list[int], links: list[int]) -> None:
    found = snapshot_of(text)
    assert found is not None
    assert ([*found.programs], [*found.maps], [*found.links]) == (programs, maps, links)
    told = loaded_json(found)["loaded"]
    assert {noun: [each["id"] for each in told[noun]] for noun in told} == {
        "programs": programs,
        "maps": maps,
        "links": links,
    }


def test_a_file_is_none_of_it() -> None:
    assert snapshot_of("x.o") is None


def test_a_map_and_who_uses_it(capsys: pytest.CaptureFixture[str]) -> None:
    found = snapshot_of("map:13")
    assert found is not None
    capsys.readouterr()
    print_loaded(found, color=False)
    assert capsys.readouterr().out == OF_A_MAP
