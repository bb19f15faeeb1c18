"""The pytest plugin: the fixture `bpf`, `--bpf-runtime`, and what a failure shows of the runs before it.

pytest loads it in every run (entry point `pytest11`): whatever is heavy is imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from .bpf import Bpf

__all__ = ["bpf"]

_RUNTIMES: Final = ("vm", "kernel", "both")
_MOST_RUNS: Final = 3
"""Runs that a failure tells of: the last ones."""
_BPF = pytest.StashKey["Bpf"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where BPF programs run."""
    parser.getgroup("bpf").addoption(
        "--bpf-runtime",
        choices=_RUNTIMES,
        help="where the fixture bpf loads programs: the built-in machine (vm, which takes no rights), the running "
        "kernel, or both, which then have to do the same; default: bpf_runtime of the configuration, or vm",
    )
    parser.addini("bpf_runtime", "where the fixture bpf loads programs: vm, kernel or both", default="vm")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a runtime that there is not, before the first test."""
    if (named := config.getini("bpf_runtime")) not in _RUNTIMES:
        raise pytest.UsageError(f"bpf_runtime = {named}: there is vm, kernel and both")


@pytest.fixture
def bpf(request: pytest.FixtureRequest) -> Generator[Bpf]:
    """Load BPF objects: `bpf.load("prog.o").program("filter").run(packet)`; see bpftui's docs/testing.md."""
    from .bpf import Bpf

    named = request.config.getoption("--bpf-runtime") or request.config.getini("bpf_runtime")
    with Bpf(named) as found:
        request.node.stash[_BPF] = found
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Skip a test whose fixtures ask for what is not here, with the reason."""
    try:
        return (yield)
    except Exception as error:
        _skip(item, error)
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Skip a test that asks for what is not here, with the reason."""
    try:
        return (yield)
    except Exception as error:
        _skip(item, error)
        raise


def _skip(item: pytest.Item, error: Exception) -> None:
    if _BPF in item.stash:  # else nothing of this package has been imported
        from .errors import NotHereError

        if isinstance(error, NotHereError):
            pytest.skip(error.message)


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
