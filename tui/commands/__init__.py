"""The commands, each in a module of its own that is imported only when it is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["COMMANDS", "EXPLORE", "Command", "explores", "usage"]

EXPLORE: Final = "explore"
"""The command that is meant where none is named: `bpftui prog.o`."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line."""

    module: str
    synopsis: str
    summary: str
    explores: bool = False
    """Whether it opens the explorer, as a rule."""
    has_sandbox: bool = False
    """Whether it may make a sandbox, for which it keeps rights where there are no user namespaces."""

    def run(self, arguments: Sequence[str]) -> int:
        """Run it with its own arguments, and return the exit code."""
        run = import_module(f".{self.module}", __package__).run
        return cast("Callable[[Sequence[str]], int]", run)(arguments)


COMMANDS: Final[dict[str, Command]] = {
    EXPLORE: Command("explore", "[OBJECT]", "open the explorer", explores=True, has_sandbox=True),
    "show": Command("show.command", "show OBJECT", "what the object holds, as text or JSON"),
    "disasm": Command("disasm.command", "disasm OBJECT [PROGRAM]", "its code as assembly beside the C source"),
    "diff": Command("diff.command", "diff OLD NEW", "what differs between two, and what breaks"),
    "run": Command("run.command", "run OBJECT PROGRAM", "run a program on a test packet"),
    "debug": Command("debug.command", "debug OBJECT PROGRAM", "step through a run, forwards and backwards"),
    "dap": Command("dap", "dap", "the same for editors: Debug Adapter Protocol"),
    "cover": Command("cover", "cover OBJECT PROGRAM", "what its runs come to, by C lines and jumps"),
    "fuzz": Command("fuzz.command", "fuzz OBJECT PROGRAM", "search for inputs that reach more of it"),
    "watch": Command("watch", "watch OBJECT", "load, attach, print maps as they change", has_sandbox=True),
    "check": Command("check.command", "check OBJECT", "load all and close it: what loads, and why not"),
    "list": Command("system.list", "list [NOUN]", "what this machine runs, whoever loaded it"),
    "top": Command("system.top", "top", "what its programs cost, as it changes"),
    "export": Command("export.command", "export RECORDING", "what was recorded, as others read it"),
    "log": Command("log", "log FILE", "explain a verifier's log, from wherever it is"),
    "serve": Command("serve.command", "serve [OBJECT]", "the explorer in a browser, by its address"),
    "demo": Command("demo", "demo", "count packets live, in a sandbox", explores=True, has_sandbox=True),
    "doctor": Command(
        "doctor.command", "doctor [OBJECT]", "what this machine can do, and what it lacks", has_sandbox=True
    ),
    "completion": Command("completion", "completion SHELL", "print the completion of bash, zsh or fish"),
}


def explores(arguments: Sequence[str]) -> bool:
    """Whether arguments, without the program's name, ask for the explorer, as far as the first one tells."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    return command.explores if command is not None else arguments[:1] not in (["-h"], ["--help"], ["-V"], ["--version"])


def usage(*, short: bool = False) -> str:
    """Return the text of `bpftui --help`; *short*: that of `bpftui -h`, which fits on a screen of 24 lines."""
    width = max(len(command.synopsis) for command in COMMANDS.values())
    lines = [f"  bpftui {c.synopsis:<{width}}  {c.summary}" for c in COMMANDS.values()]
    more = [
        "",
        "Of each, -h tells the options on a screen, --help all of them. What can be given to `bpftui OBJECT`",
        "tells `bpftui explore --help`. A file whose name is that of a command is opened as ./NAME.",
        "",
        "Exit codes: 0 ok, 1 refused by the object, the verifier or the load, 2 usage or no terminal,",
        "3 no permission, 4 not in this kernel, 130 interrupted.",
    ]
    title = "bpftui: an explorer for eBPF in the terminal"
    return "\n".join([title, *lines, *(["bpftui COMMAND -h tells its options, --help all of each"] if short else more)])
