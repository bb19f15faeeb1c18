"""Verifier logs in what they were pasted from: libbpf's wrappers, prefixes of loggers and mails, escaped strings."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, NamedTuple

from .lines import LineKind, classify

__all__ = ["Excerpt", "find_logs"]

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_KNOWN: Final = re.compile(
    r"^(?P<prefix>.{0,160}?)(?:\d+: \([0-9a-f]{2}\) |processed \d+ insns |\d+: (?:R1=ctx|R\d+_w=)|from \d+ to \d+:)"
)
_ESCAPED: Final = re.compile(r"\\n(?:\\t)?(?:\d+: \([0-9a-f]{2}\)|processed \d+ insns)")
_BEGIN: Final = re.compile(r"(?:prog '(?P<name>[^']+)': )?-- BEGIN (?P<what>PROG|BTF) LOAD LOG --")
_END: Final = re.compile(r"-- END (?:PROG|BTF) LOAD LOG --")
_NAMED: Final = re.compile(r"(?:load program|program|prog) [`'\"]?(?P<name>[A-Za-z_]\w*)[`'\"]?(?:: |$)")
_LAST: Final = re.compile(r"processed \d+ insns")
_OMITTED: Final = re.compile(r" ?\(\d+ line(?:s|\(s\))? omitted\)|\(truncated\)")
_SHORT: Final = re.compile(
    r"(?:^|: )(?P<insn>\d+: \([0-9a-f]{2}\) .*?: )?(?P<last>[^:]*(?:: R\d+ [^:]*)?) \(\d+ line\(s\) omitted\)$"
)
"""What ebpf-go prints with %v: the last lines, behind colons."""

_BLANKS: Final = re.compile(r"(?:\\[ \t])+$")
"""Escaped ones, at a pattern's end."""
_FIRST: Final = re.compile(r"0: R1=ctx\([^)]*\) R10=fp0$|func#0 @0$")
"""The line with which a log begins."""

_ENOUGH: Final = 5_000
"""Lines from which the prefix is told."""


class Excerpt(NamedTuple):
    """One verifier log within a text."""

    program: str
    """The program's name, where the text says it; else empty."""
    text: str
    refused: bool = False
    """Whether it is known to end with a refusal although nothing in it shows that it is a log."""


def find_logs(text: str) -> list[Excerpt]:
    """Return the verifier logs in a text, in their order; none where there are none."""
    lines = _plain(text)
    short = [_short(line) for line in lines if "line(s) omitted" in line]
    if short and not any(classify(line) is LineKind.SUMMARY for line in lines):
        return [Excerpt("", found, refused=True) for found in short if found]
    excerpts = _wrapped(lines)
    if not excerpts:
        excerpts = [(_name(lines, start), lines[start:stop]) for start, stop in _separate(lines)]
    found = [Excerpt(name, "\n".join(_trim(body)) + "\n") for name, body in excerpts]
    return [excerpt for excerpt in found if excerpt.text.strip()]


def _short(line: str) -> str:
    """Return the lines that stand behind one another in one of ebpf-go's."""
    found = _SHORT.search(line)
    if found is None:
        return ""
    insn = (found["insn"] or "").removesuffix(": ")
    return "\n".join(part for part in (insn, *re.split(r": (?=R\d+ )", found["last"])) if part) + "\n"


def _plain(text: str) -> list[str]:
    """Return the lines without colours, escapes and what stands before each of them."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\\n" in text and len(_ESCAPED.findall(text)) > text.count("\n") // 4:
        text = text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    lines = text.split("\n")
    prefixes = Counter(
        _generic(found["prefix"]) for line in lines[:_ENOUGH] if (found := _KNOWN.match(line)) is not None
    )
    if not prefixes:
        return lines
    (common, _), *_ = prefixes.most_common(1)
    if not common:
        return lines
    prefix = re.compile(common)
    bare = re.compile(_BLANKS.sub("", common) + r"\s*$")
    # A line without the prefix is somebody else's, or what a prefix was lost of.
    return [
        "" if bare.match(line) else line[found.end() :] if (found := prefix.match(line)) else line for line in lines
    ]


def _generic(prefix: str) -> str:
    """Return a pattern for a prefix whose numbers, being times, differ from line to line, and the room before them.

    The blanks at its end are the same on all lines: what more there is belongs to the log.
    """
    head = prefix.rstrip()
    escaped = "".join(re.escape(part) if not part.isdecimal() else r"\d+" for part in re.split(r"(\d+)", head))
    escaped = re.sub(r"(?:\\ )+", lambda _: r"\s+", escaped)
    escaped = re.sub(r"\\\[(?:\\s\+)?(?=\\d)", lambda _: r"\[\s*", escaped)  # [ 9999.9] and [10000.0]
    return escaped + re.escape(prefix[len(head) :])


def _wrapped(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Return what stands between libbpf's markers."""
    found: list[tuple[str, list[str]]] = []
    name, start = "", -1
    for number, line in enumerate(lines):
        if "-- " not in line:
            continue
        if (begin := _BEGIN.search(line)) is not None and begin["what"] == "PROG":
            name, start = begin["name"] or _name(lines, number), number + 1
        elif _END.search(line) and (start >= 0 or not found):
            # One that was cut at its start has its name behind it.
            found.append((name or _name(lines[: number + 2], number + 1), lines[max(start, 0) : number]))
            name, start = "", -1
    if start >= 0:
        found.append((name, lines[start:]))
    return found


def _separate(lines: list[str]) -> list[tuple[int, int]]:
    """Return where logs begin and end, without markers: each ends with its numbers, or where another one begins."""
    spans: list[tuple[int, int]] = []
    start, walked = 0, False
    for number, line in enumerate(lines):
        last = line[:1] == "p" and _LAST.match(line) is not None
        if last or (walked and line[:1] in "0f" and _FIRST.match(line)):
            spans.append((start, number + last))
            start, walked = number + last, False
        walked = walked or classify(line) is LineKind.INSTRUCTION
    rest = lines[start:]
    if any(classify(line) is LineKind.INSTRUCTION for line in rest):
        spans.append((start, len(lines)))
    return spans


def _trim(body: list[str]) -> list[str]:
    """Return a log without what a loader says before it."""
    body = [_OMITTED.sub("", line) if line[-1:] == ")" else line for line in body]
    kinds = (number for number, line in enumerate(body) if line.strip() and classify(line) is not LineKind.MESSAGE)
    start = next(kinds, len(body))
    if start < len(body) and classify(body[start]) is LineKind.SUMMARY:
        # Refused before or after the walk: there are only messages.
        while start and body[start - 1].strip() and ": " not in body[start - 1].split(". ")[0]:
            start -= 1
    return body[start:]


def _name(lines: list[str], before: int) -> str:
    """Return the program's name from the lines before a log."""
    for number in range(min(before, len(lines) - 1), max(-1, before - 4), -1):
        found = _NAMED.search(lines[number])
        if found is not None:
            return found["name"]
    return ""
