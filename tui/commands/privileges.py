"""What each command keeps of its rights when it gives the others up, before it reads a file.

What needs CAP_SYS_ADMIN or CAP_SYS_PTRACE is left to a steward (`bpftui.core.privileges.steward`), and a sandbox is
made in a user namespace; where there are none, the rights to make one without are kept.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ...core.privileges import Capability, drop, hire, privileges
from ...core.privileges.steward import CHANGES, ERRANDS, ERRANDS_RIGHTS, INVENTORY, INVENTORY_RIGHTS
from ...core.references import parse_loaded
from ..permission import BESIDE_A_FILE, READ_ONLY
from . import COMMANDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

__all__ = ["EXPLORER", "changes_refused", "give_up", "give_up_for", "kept"]

_LOADING: Final = (Capability.CAP_BPF, Capability.CAP_NET_ADMIN, Capability.CAP_PERFMON)
"""To load, run, attach and watch programs of all types."""
_LOOKING: Final = (Capability.CAP_SYSLOG,)
"""To see native code and the kernel's addresses."""
_SANDBOX: Final = (Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW, Capability.CAP_SYS_ADMIN)
"""To make a sandbox where there are no user namespaces."""
_EVERYTHING: Final = (*_LOADING, *_LOOKING)
EXPLORER: Final = "bpftui"
"""What the command is called that is none: the explorer, from which one gets to what the machine runs."""
_CLONE_NEWUSER: Final = 0x1000_0000


def kept(command: str, options: argparse.Namespace) -> tuple[Capability, ...]:
    """Return the capabilities that a command needs, with these options."""
    if options.runtime == "vm":
        return ()
    match command:
        case "debug" if options.ranges == "kernel":
            return _LOADING
        case "debug" if options.maps is not None:
            return (Capability.CAP_BPF,)
        case "fuzz" if options.against is not None:
            return _LOADING
        case "debug" | "dap" | "cover" | "fuzz":
            return ()
        case "watch" if options.record is not None and parse_loaded(options.object) is not None:
            return _EVERYTHING  # what the kernel has made of code is undone by loading probes
        case "show" | "disasm" | "watch" if parse_loaded(options.object) is not None:
            return (Capability.CAP_BPF, *_LOOKING)  # without the first the kernel hides the code
        case "diff":
            from ...core.diff.verdict import parse_conditions

            loaded = any(each and parse_loaded(each) is not None for each in (options.old, options.new))
            conditions = parse_conditions(options.fail_on) if options.fail_on is not None else ()
            costs = options.cost or any(each.asks_cost for each in conditions)
            return tuple(dict.fromkeys((*(_LOADING * costs), *((Capability.CAP_BPF, *_LOOKING) * loaded))))
        case "show":
            return _LOOKING if options.externs else ()
        case "disasm":
            return _EVERYTHING if options.xlated or options.jited or options.dead else ()
        case "log" | "list" | "top" | "export" | "completion" | "serve":
            return ()
        case "check":
            return () if options.kernels or options.kernel_image else _LOADING
        case _:  # the explorer, its demo, what tells what can be done; run and watch: which program printed a line
            return _EVERYTHING


def give_up_for(command: str, options: argparse.Namespace) -> str:
    """Give up what a command does not need; return it as a sentence, empty where there was nothing to give up."""
    if os.geteuid() != 0 and not privileges().permitted and not options.drop:
        return ""
    given = vars(options)
    names = _named(options)
    objects = [given.get(name) for name in ("object", "maps", "old", "new")] + [*(given.get("objects") or ())]
    is_loaded = any(isinstance(each, str) and parse_loaded(each) is not None for each in objects)
    # FILE#2 is the second object of FILE, or a file of that name.
    reads = [each for name in names for each in (name, name.rpartition("#")[0]) if each]
    return give_up(
        kept(command, options),
        sandbox=command == EXPLORER or COMMANDS[command].has_sandbox,
        inventory=is_loaded or command in ("list", "top") or (command == EXPLORER and options.runtime != "vm"),
        changes=command == EXPLORER and not changes_refused(options),
        reads=reads,
    )


def changes_refused(options: argparse.Namespace) -> str:
    """Return why what others have loaded is not changed, as a sentence; empty where it may be, as the user is asked.

    Whatever is read of a file may take this process over, and what its steward changes it changes for whoever asks.
    """
    if vars(options).get("read_only"):
        return READ_ONLY
    return BESIDE_A_FILE if any(parse_loaded(name) is None for name in _named(options)) else ""


def _named(options: argparse.Namespace) -> list[str]:
    """Return what is to be read as the command line names it: files, and what is loaded."""
    given = vars(options)
    named = ("object", "btf", "file", "old", "new", "compare", "coverage", "ranges")
    names = [given.get(name) for name in named] + list(given.get("objects") or ())
    names += given.get("kernel_image") or ()
    return [name for name in names if isinstance(name, str)]


def give_up(
    keep: Iterable[Capability],
    *,
    sandbox: bool = False,
    inventory: bool = False,
    changes: bool = False,
    reads: Sequence[str] = (),
) -> str:
    """Give all rights up but those to *keep*, and write so to the log; return what was given up, as a sentence.

    Args:
        keep: Capabilities; with any, a steward is there for what takes more.
        sandbox: Whether there is to be a sandbox.
        inventory: Whether what the whole machine runs is looked at, which a steward of its own does.
        changes: Whether that one may also change what others have loaded, as the user is asked about.
        reads: Files that will be read.
    """
    from ..state.journal import Journal

    held = privileges().permitted
    wanted = list(keep)
    if sandbox and wanted and not _has_user_namespaces():
        wanted += _SANDBOX
    is_held = held >> Capability.CAP_SYS_ADMIN & 1
    if Capability.CAP_BPF in wanted and is_held and Capability.CAP_SYS_ADMIN not in wanted:
        hire(ERRANDS, ERRANDS_RIGHTS)
    if inventory and is_held:
        hire({**INVENTORY, **CHANGES} if changes else INVENTORY, INVENTORY_RIGHTS)
    _remember_ssh_client()
    text = str(drop(wanted, reads=reads))
    Journal().write(text)
    return text


def _has_user_namespaces() -> bool:
    """Whether this user may make one: a child tries."""
    child = os.fork()
    if child == 0:
        import ctypes

        os._exit(0 if ctypes.CDLL(None).unshare(_CLONE_NEWUSER) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def _remember_ssh_client() -> None:
    """Note from where this user came by SSH, which sudo's environment tells to those only who may read it."""
    from ...core.privileges.ssh import ssh_client

    client = ssh_client()
    if client:
        os.environ["SSH_CONNECTION"] = client
