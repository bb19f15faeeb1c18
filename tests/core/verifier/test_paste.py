"""Logs as they are pasted: libbpf's wrappers, prefixes, escapes, several at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpftui.core.verifier import VerifierLog, explain, find_logs
from bpftui.core.verifier.paste import _separate

LOG = (Path(__file__).parent / "logs" / "bad_null.log").read_text()
LINES = LOG.splitlines()


def test_a_log_by_itself() -> None:
    assert find_logs(LOG) == [("", LOG, False)]


def test_libbpf() -> None:
    text = "\n".join(
        [
            "libbpf: prog 'bad_null': BPF program load failed: Permission denied",
            "libbpf: prog 'bad_null': -- BEGIN PROG LOAD LOG --",
            *LINES,
            "-- END PROG LOAD LOG --",
            "libbpf: prog 'bad_null': failed to load: -13",
            "libbpf: prog 'other': -- BEGIN PROG LOAD LOG --",
            "combined stack size of 2 calls is 608. Too large",
            "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0",
            "-- END PROG LOAD LOG --",
            "libbpf: failed to load object 'x.o'",
        ]
    )
    first, second = find_logs(text)
    assert first == ("bad_null", LOG, False)
    assert second.program == "other"
    assert second.text.startswith("combined stack size of 2 calls")


@pytest.mark.parametrize(
    "prefix",
    ["\t", "  ", "> ", "> > ", "[  123.456789] ", "Nov 22 21:39:01 host agent[1234]: ", "2026-11-22T21:39:01.5Z | "],
)
def test_prefixes(prefix: str) -> None:
    ((_, text, _),) = find_logs("\n".join(prefix + line for line in ["some loader says no:", *LINES, ""]))
    assert text == LOG


def test_ebpf_go() -> None:
    text = "load program bad_null: permission denied:\n" + "\n".join("\t" + line for line in LINES)
    assert find_logs(text) == [("bad_null", LOG, False)]


def test_what_ebpf_go_prints_with_v() -> None:
    bounds = "invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0): R1 offset is outside of the packet"
    for before, lines in ((": ", 2), (": 1: (71) r2 = *(u8 *)(r1 +12): ", 3)):
        ((_, text, known),) = find_logs(f"load program: permission denied{before}{bounds} (7 line(s) omitted)\n")
        assert known
        assert len(text.splitlines()) == lines
        explanation = explain(VerifierLog(text, refused=known))
        assert explanation is not None
        assert explanation.key == "packet-bounds"


def test_times_of_the_kernel_that_grow_a_digit() -> None:
    pasted = "\n".join(f"[{9_999.5 + 0.1 * number:12.6f}] {line}" for number, line in enumerate([*LINES, ""]))
    assert "[ 9999." in pasted
    assert "[10000." in pasted
    assert find_logs(pasted) == [("", LOG, False)]


@pytest.mark.parametrize("prefix", ["Nov 22 21:39:01 host agent[1234]: ", "[  123.456789] ", "\t"])
def test_what_is_indented_in_the_log_stays_so_behind_a_prefix(prefix: str) -> None:
    """The report of newer kernels says by indentation what belongs to which section."""
    lines = [
        *LINES[:-1],
        "Verification failed: Type Safety: bad",
        "",
        "At:",
        "  insn 5",
        "    >>> 5 | r0",
        LINES[-1],
        "",
    ]
    ((_, text, _),) = find_logs("\n".join(prefix + line for line in lines))
    assert text == "\n".join(lines)


def test_what_ebpf_go_puts_into_a_json_log() -> None:
    error = "program bad_null: load program: permission denied:\n" + "\n".join("\t" + line for line in LINES)
    ((name, text, _),) = find_logs(json.dumps({"level": "fatal", "error": error}))
    assert name == "bad_null"
    assert text.splitlines()[:-1] == LINES[:-1]


def test_a_byte_order_mark_and_bare_carriage_returns() -> None:
    assert find_logs("\ufeff" + LOG) == find_logs(LOG.replace("\n", "\r")) == [("", LOG, False)]


def test_a_libbpf_log_that_was_cut_at_its_start_is_named_by_what_follows() -> None:
    lines = [*LINES[9:], "-- END PROG LOAD LOG --", "libbpf: prog 'bad_null': failed to load: -13"]
    assert find_logs("\n".join(lines)) == [("bad_null", "\n".join(LINES[9:]) + "\n", False)]


def test_a_log_ends_where_another_one_begins() -> None:
    cut = "\n".join(LINES[:-2]) + "\n"
    assert [text for _, text, _ in find_logs(cut + LOG)] == [cut, LOG]
    assert [text for _, text, _ in find_logs(f"func#0 @0\n{cut}func#0 @0\n{LOG}")][1] == f"func#0 @0\n{LOG}"


def test_an_escaped_string() -> None:
    escaped = LOG.replace('"', '\\"').replace("\n", "\\n")
    ((_, text, _),) = find_logs(f'Error: the BPF_PROG_LOAD syscall failed. Verifier output: "{escaped}"\n')
    assert LINES[1] in text
    assert "R0 invalid mem access 'map_value_or_null'" in text.splitlines()


def test_colours_and_carriage_returns() -> None:
    text = "".join(f"\x1b[31m{line}\x1b[0m\r\n" for line in LINES)
    assert find_logs(text) == [("", LOG, False)]


def test_two_logs_in_a_row() -> None:
    assert [text for _, text, _ in find_logs(LOG + LOG)] == [LOG, LOG]


def test_cut_logs() -> None:
    head, tail = "\n".join(LINES[:8]), "\n".join(LINES[8:])
    assert find_logs(head)[0].text == head + "\n"
    assert find_logs(tail)[0].text == tail + "\n"


@pytest.mark.parametrize("text", ["", "hello\nworld\n", "\x00\xff", "libbpf: failed to load object 'x.o'\n"])
def test_no_log(text: str) -> None:
    assert find_logs(text) == []


def test_where_logs_without_markers_begin_and_end() -> None:
    size, cut = len(LINES), LINES[:-1]  # a cut one has no numbers at its end
    assert LINES[-1].startswith("processed ")
    assert _separate(LINES) == [(0, size)]
    assert _separate(["the loader says no:", *LINES]) == [(0, size + 1)]
    assert _separate([*LINES, *LINES]) == [(0, size), (size, 2 * size)]
    assert _separate([*LINES, "and that was it"]) == [(0, size)]
    assert _separate(cut) == [(0, size - 1)]
    assert _separate([*cut, *LINES]) == [(0, size - 1), (size - 1, 2 * size - 1)]
    assert _separate(["nothing of a verifier"]) == []
