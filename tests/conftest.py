"""What holds for all tests: who may be skipped, and that nothing is left behind.

- A test marked `kernel` needs bpf(2). Without it the test is skipped, with the reason. With it, a skipped
  kernel test makes the run fail: a suite that quietly tests nothing is worse than one that is red.
- A test marked `vmlinux` needs the kernel's own types. Without them it is skipped, and nobody is to blame.
- A test marked `terminal` needs tmux.
- A run that leaves a BPF object, an interface, a network namespace or a mount behind fails. It ends with a status of
  its own, as for skipped kernel tests: nothing makes up for either (tests/again.py).
- A test that takes more than five minutes (`limit` in pyproject.toml) fails, whatever it is doing, and the run goes on.
- Each test has configuration and state of its own, and leaves its process as it was: the environment, the working
  directory, and what signals do.

A run of whole folders is spread over the machine's cores by pytest-xdist, where that is installed: `-n 0` (or
`-p no:xdist`) is one process, `-n 4` four. What the rules above ask for is then looked after by the process that
coordinates the others. A test marked `alone` runs while no other one does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.dont_write_bytecode:
    # What is imported below would be compiled anew by every run, and by each of the hundreds of processes that it
    # starts: 4 s of a processor. The folders of the sources stay as they are.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[1] / ".pytest_cache/bytecode"))
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import gc
import itertools
import shutil
import signal
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.census import census, leftovers, why_no_bpf
from tests.guard import Limit, longest_turn, turn
from tests.home import HOMES

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from _pytest.terminal import TerminalReporter

_NO_BPF = pytest.StashKey[str | None]()
_BEFORE = pytest.StashKey[set[tuple[str, str]]]()
_SKIPPED = pytest.StashKey[list[str]]()
_HOME = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
_COMPLAINTS = pytest.StashKey[list[str]]()
_LIMIT = pytest.StashKey[Limit]()
_HAS_ITS_TURN = pytest.StashKey[bool]()
_IS_KERNEL = "bpftui kernel"
# SIGURG's handler does nothing: an `Interrupt` of the kernel's verifier sets it, and it stays.
_SIGNALS = tuple(sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGURG}))
VMLINUX = Path("/sys/kernel/btf/vmlinux")
COMPLAINED = 6  # pytest's own exit statuses end at 5

# What takes long on a loaded machine is right all the same.
settings.register_profile("loaded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("loaded")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what pyproject.toml says."""
    parser.addini("limit", "seconds that a test may take, its fixtures included", default="300")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Use all cores for whole folders, unless the command line says how many.

    Many tests wait for the kernel, for other processes or for a time, a third of what they take: with a worker for each
    core, the cores are idle for as long.
    """
    option = config.option
    if _is_worker(config) or getattr(option, "numprocesses", 0) is not None or option.usepdb or option.collectonly:
        return  # told so, or there is no xdist
    if all(Path(argument).is_dir() for argument in config.args):
        cores = len(os.sched_getaffinity(0))
        option.numprocesses = cores + cores // 2
        option.dist = "worksteal"  # neighbours stay together, and with them what modules set up


def pytest_configure(config: pytest.Config) -> None:
    """Look around before the first test, and keep away from the user's own configuration, presets and log."""
    config.stash[_NO_BPF] = why_no_bpf()
    config.stash[_SKIPPED] = []
    config.stash[_COMPLAINTS] = []
    config.stash[_LIMIT] = Limit(_seconds(config), os.dup(2))
    if _is_worker(config):
        return
    for number, action in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:  # as nohup and a shell's & have it; what is started inherits it
            signal.signal(number, action)
    config.stash[_HOME] = tempfile.TemporaryDirectory(prefix="bpftui-tests-")
    for variable in ("COLUMNS", "LINES"):  # Textual would believe them
        os.environ.pop(variable, None)
        os.unsetenv(variable)  # readline puts them in behind Python's back, for workers too
    for variable in HOMES:
        os.environ[variable] = f"{config.stash[_HOME].name}/{variable}"
    os.environ["PATH"] += f"{os.pathsep}/usr/sbin"  # where Debian has bpftool, out of an ordinary user's way
    config.stash[_BEFORE] = census() if config.stash[_NO_BPF] is None else set()
    config.pluginmanager.register(_SkipWatch(config), "bpftui-skip-watch")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where the locks are."""
    node.workerinput["locks"] = node.config.stash[_HOME].name


def _seconds(config: pytest.Config) -> float:
    return float(config.getini("limit"))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


class _SkipWatch:
    """Notes the kernel tests that were skipped."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note *report* if it says "skipped" of a kernel test; an expected failure is no skip."""
        if report.skipped and not hasattr(report, "wasxfail") and (_IS_KERNEL, True) in report.user_properties:
            self._config.stash[_SKIPPED].append(report.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note in the report of a kernel test that it is one: that is what comes from a worker."""
    report = yield
    excused = item.get_closest_marker("vmlinux") is not None and not VMLINUX.exists()
    report.user_properties.append((_IS_KERNEL, item.get_closest_marker("kernel") is not None and not excused))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test for as long as it may take, and while no other worker runs one, where it is marked so."""
    config = item.config
    limit = config.stash[_LIMIT]
    told: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    if told is None:
        with limit.of(item.nodeid):
            return (yield)
    patience = longest_turn(_seconds(config), told["workercount"])
    alone = item.get_closest_marker("alone") is not None
    with turn(told["locks"], alone=alone, patience=patience) as came, limit.of(item.nodeid):
        item.stash[_HAS_ITS_TURN] = came
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Fail a test whose turn never came, or that takes too long."""
    if not item.stash.get(_HAS_ITS_TURN, True):
        pytest.fail("its turn never came: another worker runs a test that does not end", pytrace=False)
    with item.config.stash[_LIMIT].interruptible():
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test that takes too long."""
    with item.config.stash[_LIMIT].interruptible():
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test whose end takes too long."""
    with item.config.stash[_LIMIT].interruptible():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Go on to limit a test that has failed: what it has begun is still to be ended."""
    if not node.config.option.usepdb:
        node.config.stash[_LIMIT].renew()


def pytest_enter_pdb(config: pytest.Config) -> None:
    """Leave a test alone that is looked at."""
    config.stash[_LIMIT].suspend()


_serial = itertools.count()


@pytest.fixture(autouse=True)
def own_process() -> Generator[None]:
    """Give a test configuration and state of its own, made when something is written; and see what it leaves behind."""
    before = _process()
    with pytest.MonkeyPatch.context() as patch:
        serial = f"{os.getpid()}-{next(_serial)}"  # workers share the folder
        for variable in HOMES:
            patch.setenv(variable, f"{os.environ[variable]}/{serial}")
        yield
    after = _process()
    left = {name: (value, after[name]) for name, value in before.items() if value != after[name]}
    for number, action in before["signals"].items():
        signal.signal(number, action)
    os.chdir(before["working directory"])
    assert not left, f"the test leaves its process otherwise than it was: {left}"


@pytest.fixture(autouse=True, scope="session")
def _patient_pilots() -> Generator[None]:
    """Have Textual's pilots wait for the app, wherever a test of the screen stands."""
    if "textual" not in sys.modules:  # no test that was collected has one
        yield
        return
    from tests.rest import patient_pilots

    with patient_pilots():
        yield


def _process() -> dict[str, Any]:
    """Return what all tests of a process have in common."""
    return {
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "working directory": os.getcwd(),
        "signals": {number: signal.getsignal(number) for number in _SIGNALS},
    }


@pytest.fixture
def public_path() -> Generator[Path]:
    """Return a directory of its own that everybody may enter; pytest's are for its user alone."""
    with tempfile.TemporaryDirectory(prefix="bpftui-public-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, with the reason."""
    no_bpf = config.stash[_NO_BPF]
    no_types = None if VMLINUX.exists() else "the kernel's types are not there (/sys/kernel/btf)"
    no_tmux = None if shutil.which("tmux") else "tmux is not installed"
    for item in items:
        if item.get_closest_marker("kernel") and no_bpf is not None:
            item.add_marker(pytest.mark.skip(reason=no_bpf))
        if item.get_closest_marker("vmlinux") and no_types:
            item.add_marker(pytest.mark.skip(reason=no_types))
        if item.get_closest_marker("terminal") and no_tmux:
            item.add_marker(pytest.mark.skip(reason=no_tmux))


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what lasts as long as the run: thousands of tests, and the modules.

    An app makes a hundred thousand objects. By default the collector goes through the young ones at every 700, and
    through all there are several times an app, which is a sixth of what such a test takes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for kernel tests that were skipped without need, and for what was left behind."""
    stash = session.config.stash
    if stash[_NO_BPF] is not None or _is_worker(session.config):
        return
    complaints = stash[_COMPLAINTS]
    complaints += [f"skipped though bpf(2) is available: {nodeid}" for nodeid in stash[_SKIPPED]]
    complaints += [f"left behind: {thing}" for thing in leftovers(stash[_BEFORE])]
    if complaints:
        session.exitstatus = COMPLAINED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say why the run failed."""
    complaints = config.stash[_COMPLAINTS]
    if complaints:
        terminalreporter.section("the run failed", red=True)
        for complaint in complaints:
            terminalreporter.line(complaint)
        if any(complaint.startswith("left behind") for complaint in complaints):
            terminalreporter.line(
                "(or loaded meanwhile by somebody else: whatever comes up during a run counts as its own)"
            )
