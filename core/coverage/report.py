"""Reports by the names that users give them: `term`, `html`, `lcov`, `cobertura`, each with a file that it goes to."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import UnknownNameError
from ..files import check_place, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .lines import FileCoverage

__all__ = ["REPORTS", "Wanted", "check_report", "parse_report", "report_lines", "write_report"]

REPORTS: Final = {"term": "", "html": "bpf-coverage.html", "lcov": "bpf-coverage.info", "cobertura": "bpf-coverage.xml"}
"""The reports that there are, each with the file that it is written to; `term` is for the terminal."""


class Wanted(NamedTuple):
    """A report that was asked for."""

    kind: str
    file: str
    """Where it goes; empty for the terminal."""


def parse_report(text: str) -> Wanted:
    """Read `KIND` or `KIND:FILE`.

    Raises:
        UnknownNameError: There is no such report.
    """
    kind, _, file = text.partition(":")
    if kind not in REPORTS:
        raise UnknownNameError("report", kind, REPORTS)
    return Wanted(kind, file or REPORTS[kind])


def check_report(wanted: Wanted) -> None:
    """Raise the OSError that will keep a report from being written, as far as it is known before it is made."""
    place = os.path.abspath(wanted.file)
    while not os.path.lexists(folder := os.path.dirname(place)):
        place = folder
    check_place(place)


def report_lines(kind: str, files: Sequence[FileCoverage]) -> Iterable[str]:
    """Return the lines of a report."""
    if kind == "html":
        from .html import html

        return html(files)
    if kind == "lcov":
        from .lcov import lcov

        return lcov(files)
    if kind == "cobertura":
        from .cobertura import cobertura

        return cobertura(files, timestamp=time.time_ns() // 1_000_000)
    from .text import summary

    return summary(files)


def write_report(wanted: Wanted, files: Sequence[FileCoverage]) -> None:
    """Write a report to its file, as a whole or not at all; OSError where that is not possible.

    The folder that it goes to is made where there is none.
    """
    os.makedirs(os.path.dirname(os.path.abspath(wanted.file)), exist_ok=True)
    write_whole(wanted.file, (f"{line}\n" for line in report_lines(wanted.kind, files)))
