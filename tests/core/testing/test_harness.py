"""Objects that bring their tests along, as Cilium's and Kmesh's do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bpftui.core.btf import Btf, Kind
from bpftui.core.errors import UsageError
from bpftui.core.spec import CollectionSpec, MapEntry
from bpftui.core.testing.bpf import Bpf
from bpftui.core.testing.harness import HarnessTest, Outcome, harness_tests, prepared, run_harness_test
from bpftui.core.testing.suite_result import Result, Status, entry_result, message_results, status_of
from bpftui.core.visible import is_visible
from tests.core.btf.blob import Blob
from tests.hostile import PAYLOADS
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
HARNESS = ROOT / "tests/objects/harness.o"


def test_the_tests_of_an_object() -> None:
    assert harness_tests(CollectionSpec.from_file(HARNESS)) == [
        HarnessTest("few_hops", "few_check", "few_setup", "few_pktgen"),
        HarnessTest("many_hops", "many_check", "many_setup", "many_pktgen"),
        HarnessTest("seen", "seen_check"),
        HarnessTest("skipped", "skipped_check"),
        HarnessTest("unprepared", "unprepared_check", pktgen="unprepared_pktgen"),
    ]
    assert harness_tests(CollectionSpec.from_file(ROOT / "bpf/traffic.o")) == []


def test_a_part_that_is_there_twice_or_checks_nothing() -> None:
    spec = CollectionSpec.from_file(HARNESS)
    spec.programs["few_setup"].section = "tc/test/many_hops/jump"
    with pytest.raises(UsageError, match="of the test many_hops is there twice"):
        harness_tests(spec)
    spec.programs["few_setup"].section = "tc/test/lonely/setup"
    with pytest.raises(UsageError, match="the test lonely has no check program"):
        harness_tests(spec)


def test_what_is_tagged_as_called_by_an_array_is_in_it() -> None:
    """As Cilium's __declare_tail has it; whatever else a tag names is left alone."""
    spec = CollectionSpec.from_file(ROOT / "tests/objects/tail_calls.o")
    blob = Blob()
    prototype = blob.prototype(blob.integer("int", 4), ())
    last, absent = (blob.add(name, Kind.FUNC, prototype) for name in ("last", "absent"))
    tags = [("tail:filled_later/0", last), ("tail:filled_later/1", absent), ("tail:filled_later/2", last)]
    tags += [("tail:first_table/0", last), ("tail:nowhere/0", last), ("tail:filled_later/x", last), ("other", last)]
    for tag, function in tags:
        blob.add(tag, Kind.DECL_TAG, function, 0xFFFF_FFFF)
    spec.btf = Btf(blob.bytes(), spec.byte_order)
    before = list(spec.maps["first_table"].contents)
    made = prepared(spec)
    assert made.maps["filled_later"].contents == [MapEntry(0, "last")]
    assert made.maps["first_table"].contents == before
    assert spec.maps["filled_later"].contents == []  # the object is left as it is


@pytest.mark.parametrize("runtime", ["vm", pytest.param("both", marks=pytest.mark.kernel)])
def test_they_run_as_they_are(runtime: str) -> None:
    spec = prepared(CollectionSpec.from_file(HARNESS))
    with Bpf(runtime) as bpf:  # pyright: ignore[reportArgumentType]
        obj = bpf.load(spec)
        outcomes = {test.name: run_harness_test(obj, test) for test in harness_tests(spec)}
    assert {name: found.status for name, found in outcomes.items()} == {
        "few_hops": Status.PASS,
        "many_hops": Status.FAIL,
        "seen": Status.PASS,
        "skipped": Status.SKIP,
        "unprepared": Status.ERROR,
    }
    assert outcomes["few_hops"].lines == ["pass: accepts it", "pass: counts the hop", "pass: marks it"]
    assert outcomes["many_hops"].lines == ["pass: drops it", "fail: accepts it", "  found 2"]
    assert outcomes["unprepared"].lines == ["error", "  unprepared_pktgen returned 100: nothing was checked"]


def test_maps_carry_over() -> None:
    spec = prepared(CollectionSpec.from_file(HARNESS))
    with Bpf() as bpf:
        obj = bpf.load(spec)
        outcome = run_harness_test(obj, HarnessTest("seen", "seen_check"))
    assert (outcome.status, outcome.lines) == (Status.FAIL, ["fail", "  seen 0"])


def pytest_run(
    folder: Path, *options: str, ini: str = "", changes: dict[bytes, bytes] | None = None
) -> tuple[int, str]:
    """Run pytest in a project that knows nothing of this one, and has the object; also with other names in it."""
    shutil.copy(HARNESS, folder / "hops_test.o")
    if changes is not None:
        data = HARNESS.read_bytes()
        for name, other in changes.items():
            assert len(name) == len(other)
            data = data.replace(b"/test/" + name, b"/test/" + other)
        (folder / "hostile_test.o").write_bytes(data)
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}")
    loaded = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:asyncio", "-p", "no:hypothesispytest")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", *loaded, *options],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_pytest_runs_what_is_named_and_counts_it(tmp_path: Path) -> None:
    status, out = pytest_run(tmp_path, "--bpf-cov", "hops_test.o")
    assert status == 1, out
    assert "hops_test.o .F.sF" in out
    assert "fail: accepts it\n  found 2\n" in out
    assert "many_setup returned TC_ACT_SHOT (2) on the vm runtime\n" in out
    assert "  seen: 1 -> 2\n" in out
    assert "few_check" not in out  # what other tests ran is told by none
    assert "more characters)" in out  # of the map of the results
    assert "2 failed, 2 passed, 1 skipped" in out
    assert "harness.c" in out.partition("BPF coverage")[2]


def test_pytest_collects_what_the_configuration_names(tmp_path: Path) -> None:
    status, out = pytest_run(tmp_path)
    assert (status, "no tests ran" in out) == (5, True), out
    status, out = pytest_run(tmp_path, "-k", "few or seen", ini="bpf_objects = *_test.o\n")
    assert (status, "1 passed" in out or "1 failed" in out) == (1, True), out
    status, out = pytest_run(tmp_path, "-k", "few", ini="bpf_objects = *_test.o\n")
    assert (status, "1 passed, 4 deselected" in out) == (0, True), out


def test_names_that_a_terminal_would_obey(tmp_path: Path) -> None:
    status, out = pytest_run(
        tmp_path, "-v", "hostile_test.o", changes={b"many_hops": b"\x1b]0;o\x07abc", b"skipped": b"\xc2\x9b31mab"}
    )
    assert status == 1, out
    assert "\nhostile_test.o::\\x1b]0;o\\x07abc FAILED" in out
    assert "\nhostile_test.o::\\x9b31mab SKIPPED" in out
    assert [line for line in out.split("\n") if not is_visible(line)] == []
    status, out = pytest_run(tmp_path, "hostile_test.o", changes={b"many_hops/pktgen": b"\x1b]0;o\x07abc/pktgen"})
    assert "the test \\x1b]0;o\\x07abc has no check program" in out
    assert [line for line in out.split("\n") if not is_visible(line)] == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_results_that_a_terminal_would_obey(payload: bytes) -> None:
    entry = (
        b"\1\0\0\0" + payload.ljust(256, b"\0") + (2).to_bytes(4, "little") + b"\1\0\0\0" + payload.ljust(256, b"\0")
    )
    line = b"\x0a" + bytes([len(payload)]) + payload
    results, lines = message_results(b"\x12" + bytes([len(line)]) + line, "little")
    found = entry_result(entry, "little")
    assert found is not None
    shown = Outcome([found, *results, Result("", Status.FAIL, lines)]).lines
    assert len(shown) == 4
    assert all(map(is_visible, shown))


def test_where_tests_stand_in_the_source(tmp_path: Path) -> None:
    """Each names its C line, the first one too, where the C file is beside the object; else none."""
    show = "def pytest_runtest_logfinish(nodeid, location): print('at', nodeid, *location[:2])"
    (tmp_path / "conftest.py").write_text(show)
    _, out = pytest_run(tmp_path, "-s", "hops_test.o")
    assert "at hops_test.o::few_hops hops_test.o None\n" in out
    assert "at hops_test.o::many_hops hops_test.o None\n" in out
    shutil.copy(HARNESS.with_suffix(".c"), tmp_path)
    _, out = pytest_run(tmp_path, "-s", "hops_test.o")
    source = HARNESS.with_suffix(".c").read_text().splitlines()
    begins = source.index('SEC("tc/test/few_hops/check") int few_check(struct skb *skb)')
    assert f"at hops_test.o::few_hops harness.c {begins}\n" in out
    begins = source.index('SEC("tc/test/many_hops/check") int many_check(struct skb *skb)')
    assert f"at hops_test.o::many_hops harness.c {begins + 3}\n" in out  # its first instruction is of another line


def test_room_for_a_million_results_is_refused() -> None:
    spec = CollectionSpec.from_file(HARNESS)
    spec.maps["suite_result_map2"] = spec.maps.pop("suite_result_map")
    spec.maps["suite_result_map2"].max_entries = 4096
    assert len(harness_tests(spec)) == 5
    spec.maps["suite_result_map2"].max_entries = 1_000_000
    with pytest.raises(UsageError, match="suite_result_map2 has 1,000,000 entries: at most 4,096 are read"):
        harness_tests(spec)


def test_an_object_without_tests_that_is_named(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bpf/traffic.o", tmp_path / "traffic.o")
    status, out = pytest_run(tmp_path, "traffic.o")
    assert status == 2, out
    assert 'has no tests: no program of SEC("TYPE/test/NAME/check")' in out
    (tmp_path / "broken.o").write_bytes(b"\x7fELF")
    status, out = pytest_run(tmp_path, "broken.o")
    assert status == 2, out
    assert "Traceback" not in out


def test_statuses_of_both_generations() -> None:
    assert [status_of(code) for code in (0, 1, 2, 3, 4, 99, 100, 101, 102, 103, 104)] == [
        Status.ERROR,
        Status.PASS,
        Status.FAIL,
        Status.SKIP,
        None,
        None,
        *(Status.ERROR, Status.PASS, Status.FAIL, Status.SKIP, None),
    ]


def test_a_message_is_read_as_far_as_it_goes() -> None:
    one = b"\x0a\x04fits\x10\x01"
    line = b"\x0a\x0bn=%d %llx%%\x11\xff\xff\xff\xff\x00\x00\x00\x00\x11\xef\xbe\xad\xde\x00\x00\x00\x00"
    message = b"\x0a" + bytes([len(one)]) + one + b"\x12" + bytes([len(line)]) + line
    assert message_results(message + bytes(100), "little") == ([Result("fits", Status.PASS)], ["n=-1 deadbeef%"])
    for end in range(len(message)):
        results, lines = message_results(message[:end], "little")
        assert len(results) <= 1
        assert not lines
    assert message_results(b"\xff" * 200, "little") == ([], [])
    assert message_results(b"\x12\x04\x0a\x02%d", "little") == ([], ["?"])


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_result_of_the_newer_form(order: str) -> None:
    """`struct suite_test_result`: valid, two asserts, a name of 256 bytes, the result, lines of 256 bytes."""
    raw = b"\1\0" + (2).to_bytes(2, order) + b"adds".ljust(256, b"\0")  # pyright: ignore[reportArgumentType]
    raw += (102).to_bytes(4, order) + b"\1\0\0\0" + b"assert failed at a.c:7".ljust(256, b"\0")  # pyright: ignore[reportArgumentType]
    found = entry_result(raw, order)  # pyright: ignore[reportArgumentType]
    assert found == Result("adds", Status.FAIL, ["assert failed at a.c:7"])
    assert entry_result(bytes(len(raw)), "little") is None
    assert entry_result(b"\1", "little") is None
    assert entry_result(raw[:264] + b"\xff" + raw[265:], order) is not None  # pyright: ignore[reportArgumentType]
