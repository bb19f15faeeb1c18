"""Variables of many bytes, and of as many as their symbols say: memory follows use."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from bpftui.core.elf import Elf
from bpftui.core.errors import ValueRangeError
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime

ROOT = Path(__file__).parents[3]
FLEXIBLE = ROOT / "tests/objects/flexible.o"


def grown(size: int) -> bytes:
    """Return flexible.o with a .bss, and a variable `many` in it, of that many bytes."""
    data = bytearray(FLEXIBLE.read_bytes())
    elf = Elf(bytes(data))
    (table,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<Q", data, table + 64 * elf.by_name[".bss"].number + 32, size)
    number = next(number for number, symbol in enumerate(elf.symbols) if symbol.name == "many")
    assert elf.symbol_table is not None
    struct.pack_into("<Q", data, elf.symbol_table.offset + 24 * number + 16, size)
    return bytes(data)


def test_members_of_a_flexible_array_are_set() -> None:
    spec = CollectionSpec.from_file(FLEXIBLE)
    spec.set_text("rules.n", "1")
    spec.set_text("rules.r[1].port", "7")
    spec.set_text("links.s[1]", "wlan0")
    assert spec.variables["rules"].get() == {"n": 1, "r": [{"ip": 1, "port": 80}, {"ip": 2, "port": 7}]}
    assert spec.variables["links"].get() == {"n": 2, "s": ["eth0", "wlan0"]}
    assert [(item.path, item.before, item.after) for item in spec.diff()] == [
        ("rules.n", 2, 1),
        ("rules.r[1].port", 443, 7),
        ("links.s[1]", "eth1", "wlan0"),
    ]
    with pytest.raises(ValueRangeError, match=r"^rules.r\[2\]: the array has 2 elements, 0 to 1$"):
        spec.set_text("rules.r[2].port", "7")


def test_whether_it_was_changed_is_found_without_looking_at_what_nobody_wrote_to() -> None:
    """The tree asks for each line that it draws; 160 MiB have 40,960 pages, of which each costs a page fault."""
    many = CollectionSpec.from_bytes(grown(160 << 20)).variables["many"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    assert not many.changed
    many.map.data[100_000_001] = 1  # type: ignore[index]
    assert many.changed
    many.map.data[100_000_001] = 0  # type: ignore[index]
    assert not many.changed
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 4000


def test_a_bss_of_160_mib_takes_no_memory() -> None:
    """Read, shown, changed and copied, in a process of its own, because what counts is the most that one ever had."""
    script = """
import resource, sys
from tests.core.spec.test_large import grown
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
from bpftui.tui.commands.show.spec_json import spec_json
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
spec = CollectionSpec.from_bytes(grown(160 << 20))
assert spec.maps[".bss"].value_size == 160 << 20
assert not spec.variables["many"].changed
spec.maps[".bss"].data[159 << 20] = 1
assert spec.variables["many"].changed
twin = spec.copy()
assert twin.maps[".bss"].data[159 << 20] == 1
spec_json(spec)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 40, "MiB"


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((2 << 30) + 8, ".bss: it claims 2,147,483,656 bytes without contents, and no map takes more than 2 GiB"),
        (1 << 40, "its 1,099,511,627,776 bytes do not fit into a map (32 bits)"),
    ],
)
def test_what_no_map_takes_is_refused_by_name(size: int, reason: str) -> None:
    spec = CollectionSpec.from_bytes(grown(size), file="x")
    assert ".bss" not in spec.maps
    assert any(item.name == ".bss" and reason in item.reason for item in spec.hidden), spec.hidden


def test_a_program_without_its_map_says_why_there_is_none() -> None:
    report = MachineRuntime().check(CollectionSpec.from_bytes(grown(1 << 40), file="x"))
    reasons = {outcome.error for outcome in report.programs if not outcome.ok}
    assert reasons == {
        "cannot load program flexible: map .bss: its 1,099,511,627,776 bytes do not fit into a map (32 bits)"
    }


def test_where_there_is_no_memory_a_sentence_says_so() -> None:
    script = f"""
import resource
from tests.core.spec.test_large import grown
from bpftui.core.spec import CollectionSpec
from bpftui.core.vm.runtime import MachineRuntime
data = grown(1 << 30)
resource.setrlimit(resource.RLIMIT_AS, ({600 << 20}, {600 << 20}))
spec = CollectionSpec.from_bytes(data, file="x")
print([item.reason for item in spec.hidden if item.name == ".bss"])
"""
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.stdout == "['x: section .bss: there is no memory for its 1,073,741,824 bytes']\n", result.stderr
