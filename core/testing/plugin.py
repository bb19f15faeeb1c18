"""The pytest plugin: the fixture `bpf`, `--bpf-runtime`, `--bpf-cov`, and what a failure shows of the runs before it.

pytest loads it in every run (entry point `pytest11`): whatever is heavy is imported where it is used.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ..coverage.gathered import Gathered
    from .bpf import Bpf

__all__ = ["bpf"]

_RUNTIMES: Final = ("vm", "kernel", "both")
_MOST_RUNS: Final = 3
"""Runs that a failure tells of: the last ones."""
_DIGITS: Final = 16
"""Of the most instructions that a run may be allowed."""
_BPF = pytest.StashKey["Bpf"]()
_GATHERED = pytest.StashKey["Gathered"]()
_SENT: Final = "bpf_coverage"
"""Under which name a worker of pytest-xdist hands its coverage over."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where BPF programs run, and what is told of what they came to."""
    group = parser.getgroup("bpf")
    group.addoption(
        "--bpf-runtime",
        choices=_RUNTIMES,
        help="where the fixture bpf loads programs: the built-in machine (vm, which takes no rights), the running "
        "kernel, or both, which then have to do the same; default: bpf_runtime of the configuration, or vm",
    )
    group.addoption(
        "--bpf-cov",
        action="store_true",
        help="count what runs on the built-in machine come to, and report it at the end",
    )
    group.addoption(
        "--bpf-cov-report",
        action="append",
        metavar="KIND[:FILE]",
        help="with --bpf-cov: term (the default), html, lcov or cobertura, each but the first to a file "
        "(bpf-coverage.html, .info, .xml); may be given several times",
    )
    group.addoption(
        "--bpf-cov-append", action="store_true", help="with --bpf-cov: add to what the data file holds of runs before"
    )
    group.addoption(
        "--bpf-cov-data", metavar="FILE", default=".bpf-coverage", help="the data file (default: .bpf-coverage)"
    )
    group.addoption(
        "--bpf-limit",
        metavar="N",
        help="instructions after which a run on the built-in machine is stopped, where its test does not say it: more "
        "than the usual 33,554,432 for what takes long, fewer for a quick end; default: bpf_limit of the configuration",
    )
    parser.addini("bpf_limit", "instructions after which a run on the built-in machine is stopped", default="")
    parser.addini("bpf_runtime", "where the fixture bpf loads programs: vm, kernel or both", default="vm")
    parser.addini(
        "bpf_objects",
        "names of objects with tests of their own, as patterns: those are collected, and those that are named on the "
        "command line",
        type="args",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a runtime and a report that there is not, before the first test."""
    if (named := config.getini("bpf_runtime")) not in _RUNTIMES:
        raise pytest.UsageError(f"bpf_runtime = {named}: there is vm, kernel and both")
    _limit(config)
    if config.getoption("--bpf-cov"):
        from ..coverage.gathered import Gathered
        from ..coverage.report import parse_report
        from ..errors import BpftuiError
        from ..files import check_place, unwritable

        config.stash[_GATHERED] = Gathered()
        try:
            for text in config.getoption("--bpf-cov-report") or ():
                parse_report(text)
            if (file := _before(config)) is not None:
                Gathered.read(file)
            check_place(_data(config))
        except BpftuiError as error:
            raise pytest.UsageError(error.message) from None
        except OSError as error:
            raise pytest.UsageError(f"--bpf-cov-data: {unwritable(_data(config), error).message}") from None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect an object that brings tests along, as Cilium's do."""
    is_meant = file_path.suffix == ".o" and (
        parent.session.isinitpath(file_path)
        or any(fnmatch(file_path.name, each) for each in parent.config.getini("bpf_objects"))
    )
    if not is_meant:
        return None
    from .collected import HarnessFile

    config = parent.config
    return HarnessFile.of(parent, file_path, _bpf(config), lambda found: _gather(config, found))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Have what an object's own tests run told as what those run that load it by the fixture."""
    if type(item).__module__ == f"{__package__}.collected":
        item.stash[_BPF] = item.file.bpf  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def _bpf(config: pytest.Config) -> Bpf:
    """Return what loads objects as the options say."""
    from .bpf import Bpf

    return Bpf(config.getoption("--bpf-runtime") or config.getini("bpf_runtime"), limit=_limit(config))


def _limit(config: pytest.Config) -> int | None:
    """Return how many instructions a run may take; None for as many as the machine says."""
    text = str(config.getoption("--bpf-limit") or config.getini("bpf_limit")).replace("_", "").replace(",", "")
    if text and not (text.isascii() and text.isdecimal() and 0 < int(text[:_DIGITS]) < 10 ** (_DIGITS - 1)):
        raise pytest.UsageError(f"bpf-limit {text}: it is a number of instructions, at least 1")
    return int(text) if text else None


def _gather(config: pytest.Config, found: Bpf) -> None:
    """Add what programs came to, where that is asked for."""
    if (gathered := config.stash.get(_GATHERED, None)) is not None:
        from .coverage import gather

        gather(found, gathered)


@pytest.fixture
def bpf(request: pytest.FixtureRequest) -> Generator[Bpf]:
    """Load BPF objects: `bpf.load("prog.o").program("filter").run(packet)`; see bpftui's docs/testing.md."""
    with _bpf(request.config) as found:
        request.node.stash[_BPF] = found
        yield found
        _gather(request.config, found)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist has gathered."""
    gathered: Gathered | None = node.config.stash.get(_GATHERED, None)
    sent = getattr(node, "workeroutput", {}).get(_SENT)
    if gathered is not None and sent is not None:
        gathered.merge(type(gathered).from_document(sent, "a worker"))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over, or write to the data file, what runs came to."""
    gathered = session.config.stash.get(_GATHERED, None)
    if gathered is None:
        return
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SENT] = gathered.document()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        return
    if (file := _before(session.config)) is not None:
        before = type(gathered).read(file)
        before.merge(gathered)
        gathered = session.config.stash[_GATHERED] = before
    gathered.write(_data(session.config))


def _data(config: pytest.Config) -> str:
    return str(config.getoption("--bpf-cov-data"))


def _before(config: pytest.Config) -> str | None:
    """Return the data file that is to be added to; None where there is none yet, or it begins anew."""
    file = _data(config)
    return file if config.getoption("--bpf-cov-append") and os.path.exists(file) else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report what runs came to."""
    gathered = config.stash.get(_GATHERED, None)
    if gathered is None:
        return
    from ..coverage.report import parse_report
    from .coverage import reported

    terminalreporter.section("BPF coverage")
    wanted = [parse_report(text) for text in config.getoption("--bpf-cov-report") or ["term"]]
    for line in reported(gathered, wanted):
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Skip a test whose fixtures ask for what is not here, with the reason."""
    try:
        return (yield)
    except Exception as error:
        _tell(item, error)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Skip a test that asks for what is not here, with the reason."""
    try:
        return (yield)
    except Exception as error:
        _tell(item, error)
        raise


def _tell(item: pytest.Item, error: Exception) -> None:
    """Skip a test that asks for what is not here; of another error of ours, have its hint shown."""
    if _BPF in item.stash:  # else nothing of this package has been imported
        from ..errors import BpftuiError
        from ..visible import visible
        from .errors import NotHereError

        if isinstance(error, NotHereError):
            pytest.skip(visible(error.message))
        if isinstance(error, BpftuiError) and error.hint and error.hint not in getattr(error, "__notes__", ()):
            error.add_note(error.hint)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failure what the last runs did, and the commands that run them again."""
    report = yield
    if call.when == "call" and report.failed and (found := item.stash.get(_BPF, None)) is not None:
        from .report import report_of

        if text := report_of(found, most=_MOST_RUNS):
            report.sections.append(("BPF runs", text))
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show in what packets and return codes differ, field by field and by name."""
    if op not in ("==", "!=") or type(left).__module__ != f"{__package__}.values":
        return None
    from .report import explain

    return explain(left, right, equal=op == "==")
