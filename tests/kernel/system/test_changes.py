"""What others have is changed: as asked about and nothing else, by this process and by a steward."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bpftui import bpf
from bpftui.core.errors import BpftuiError, UsageError
from bpftui.core.kernel import Map
from bpftui.core.kernel.sys.changes import have_unpinned
from bpftui.core.spec import MapSpec, MapType
from bpftui.core.system.changes import unpin
from bpftui.core.system.consequences import of_unpinning
from bpftui.core.system.inventory import Inventory
from tests.kernel.private_bpffs import in_private_bpffs
from tests.tui.commands.command_line import ROOT
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.xfail(os.geteuid() != 0, reason="only root changes what others have", run=False),
]

SPEC = MapSpec("kept", "", MapType.HASH, 4, 8, 16)


@contextmanager
def somebody(module: str, *words: str, lines: int) -> Generator[list[int]]:
    """Have a process do something, that tells the ids of what it made in some lines."""
    command = [sys.executable, "-m", f"tests.kernel.system.{module}", *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield [int(word) for _ in range(lines) for word in process.stdout.readline().split()]
    finally:
        process.communicate(timeout=PATIENCE)


def client(script: str) -> list[str]:
    """Return the lines that a process prints which gave its rights up, and has a steward for changes."""
    hiring = """
        from bpftui.core.privileges import Capability, drop, hire
        from bpftui.core.privileges.steward import CHANGES, ERRANDS, INVENTORY, INVENTORY_RIGHTS
        hire({**ERRANDS, **INVENTORY, **CHANGES}, INVENTORY_RIGHTS)
        drop([Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_PERFMON])
        from bpftui.core.system.changes import detach_link, unpin
        from bpftui.core.system.errands import open_inventory
    """
    code = textwrap.dedent(hiring) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_steward_removes_pins_of_another_mount_namespace_also_those_whose_names_are_no_text(tmp_path: Path) -> None:
    with somebody("pinner", str(tmp_path), b"plain".hex(), b"\xff b".hex(), b"stays".hex(), lines=3) as numbers:
        told = client(f"""
            def pins():
                return {{each.id: each for each in inventory.snapshot().pins if each.id in {numbers}}}
            with open_inventory() as inventory:
                found = pins()
                for number in {numbers[:2]}:
                    print(ascii(found[number].path), found[number].mounts != 0)
                    unpin(found[number])
                print([{numbers}.index(each) for each in pins()])
                try:
                    unpin(found[{numbers[0]}])
                except Exception as error:
                    print(type(error).__name__, error)
        """)
    assert told == [
        f"'{tmp_path}/plain' True",
        f"'{tmp_path}/\\udcff b' True",
        "[2]",
        f"UsageError {tmp_path}/plain is gone already",
    ]


def test_a_steward_detaches_a_link() -> None:
    with somebody("loader", str(bpf.path("traffic")), "count_traffic", "traffic", "200", lines=1) as (_, _, link):
        told = client(f"""
            with open_inventory() as inventory:
                print(inventory.snapshot().links[{link}].detached)
                detach_link({link})
                print(inventory.snapshot().links[{link}].detached)
        """)
    assert told == ["False", "True"]


def test_hostile_messages_bring_nothing_and_leave_the_steward_at_work(tmp_path: Path) -> None:
    """Whoever has taken the client over says what it likes: names of other functions, ways out of folders, damage."""
    kept = tmp_path / "kept"
    kept.write_text("theirs")
    with somebody("loader", str(bpf.path("traffic")), "count_traffic", "traffic", "200", lines=1) as (_, _, link):
        hostile = [
            *(("object", f"link {link}"), ("object", "link"), ("object", "program 0x1"), ("ids", "../../etc/passwd")),
            *(("link_info", f"{link} 1"), ("link_info", "-1"), ("map_to_change", "1\0"), ("detach_link", "1e3")),
            *(("tracefs", "trace_pipe"), ("tracefs", "per_cpu/cpu0/trace_pipe"), ("tracefs", f"../{kept}")),
            *(("tracefs", "instances/../trace_pipe"), ("tracefs", "instances/theirs/trace_pipe")),
            *(("tracefs", "events/../trace"), ("tracefs", "events/x/enable"), ("switch_on", ".")),
            *(("instance", "../x"), ("instance", "theirs"), ("no_instance", "bpftui-1-1/.."), ("module", "vm\0linux")),
            *(("uprobe", f"x x x x {kept}"), ("uprobe", ""), ("unpin", f"0 map 1 {kept}"), ("unpin", "")),
            *(("unpin", f"0 map 1 ../{kept}"), ("unpin", "0 0 0 0 0"), ("inventory", "__reduce__")),
            *(("os:system", "id"), ("__import__", "os"), ("", ""), (" ", " ")),
        ]
        names = ["object", "link_info", "ids", "map_to_change", "detach_link", "unpin", "tracefs", "instance", "uprobe"]
        script = f"""
            import os, random
            from bpftui.core.privileges.steward import _hired
            from bpftui.core.kernel.sys.object import link_info
            chance, hostile = random.Random(14), {hostile}
            for size in (1, 8, 60, 4000) * 40:
                hostile.append((chance.choice({names}), os.fsdecode(b"\\xff" + chance.randbytes(size))))
            for message in hostile:
                try:
                    os.close(_hired[0].ask(*message))
                except OSError:
                    continue
                print("brought", message)
            print(link_info({link}).id == {link})
            with open_inventory() as inventory:
                print(inventory.snapshot().links[{link}].detached)
        """
        assert client(script) == ["True", "False"]
    assert kept.read_text() == "theirs"


def test_what_only_a_thread_sees_is_removed(tmp_path: Path) -> None:
    with somebody("pinner", str(tmp_path), b"plain".hex(), lines=1) as (number,):
        with Inventory() as inventory:
            pin = next(each for each in inventory.snapshot().pins if each.id == number)
        assert pin.mounts
        unpin(pin)
        with pytest.raises(UsageError, match="plain is gone already"):
            unpin(pin)
    # Where there is a process that even root may not look into, it is not known whether it is in there.
    with pytest.raises(BpftuiError, match=r"nobody is in the mount namespace of .*plain any more|permission denied"):
        unpin(pin)


def test_no_symbolic_link_is_followed_least_of_all_out_of_a_container(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    (tmp_path / "way").symlink_to(ours)

    def work() -> None:
        with Map.create(SPEC) as made, somebody("pinner", str(theirs), b"kept".hex(), lines=1) as (number,):
            made.pin(ours / "kept")
            with Inventory() as inventory:
                pin = next(each for each in inventory.snapshot().pins if each.id == number)
            for mounts in (pin.mounts, 0):
                with pytest.raises(UsageError, match="is no directory, and symbolic links are not followed"):
                    have_unpinned(f"{tmp_path}/way/kept", "map", made.id, mounts)
            assert (ours / "kept").exists()
            with pytest.raises(UsageError, match="a pin is removed by what it names, and its path"):
                have_unpinned(f"{theirs}/../ours/kept", "map", made.id, pin.mounts)

    in_private_bpffs(ours, work)


def test_a_name_that_stands_for_something_else_by_now_stays(tmp_path: Path) -> None:
    def work() -> None:
        path = tmp_path / "upgraded"
        with Map.create(SPEC) as old, Map.create(SPEC) as new:
            new.pin(path)
            with pytest.raises(UsageError, match=f"upgraded no longer names map {old.id}: nothing was removed"):
                have_unpinned(str(path), "map", old.id)
            with pytest.raises(UsageError, match=f"upgraded no longer names program {new.id}"):
                have_unpinned(str(path), "program", new.id)
            assert path.exists()
            (tmp_path / "alias").symlink_to(path)
            with pytest.raises(UsageError, match=f"alias no longer names map {new.id}"):
                have_unpinned(f"{tmp_path}/alias", "map", new.id)
            have_unpinned(str(path), "map", new.id)
            assert not path.exists()

    in_private_bpffs(tmp_path, work)


@pytest.mark.vmlinux  # who else holds it is told by an iterator, whose types are the kernel's
def test_the_id_of_what_has_no_name_is_asked_for_before_it_goes(tmp_path: Path) -> None:
    def work() -> None:
        with Map.create(MapSpec("", "", MapType.HASH, 4, 8, 16)) as made:
            made.pin(tmp_path / "unnamed")
            number = made.id
        with Inventory() as inventory:
            snapshot = inventory.snapshot()
        pin = next(each for each in snapshot.pins if each.id == number and each.kind == "map")
        found = of_unpinning(snapshot, pin)
        assert found.lines == (f"map {number} goes, with all that is in it", "nobody else holds it")
        assert found.last == str(number)
        unpin(pin)

    in_private_bpffs(tmp_path, work)
