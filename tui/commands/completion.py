"""`bpftui completion`: what a shell reads to complete what is typed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...core.errors import ExitCode
from ..terminal.output import write_text
from .parser import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SCRIPTS", "make_parser", "run"]

FOLDER: Final = Path(__file__).parents[1] / "completions"
SCRIPTS: Final = {"bash": "bpftui.bash", "zsh": "_bpftui", "fish": "bpftui.fish"}
"""By shell: the name of its script, under which it is found where each shell looks."""


def make_parser() -> Parser:
    """Return what reads its arguments."""
    parser = Parser(
        "completion",
        "Print the completion script of a shell. Installed from a package, it is where the shell looks already: below "
        "share/bash-completion/completions, share/zsh/site-functions, share/fish/vendor_completions.d.",
        examples=(
            ("completion bash > ~/.local/share/bash-completion/completions/bpftui", ""),
            ("completion zsh > ~/.zfunc/_bpftui", "zsh, with ~/.zfunc in $fpath"),
            ("completion fish > ~/.config/fish/completions/bpftui.fish", ""),
        ),
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="bash, zsh or fish")
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = make_parser().parse(arguments)
    write_text((FOLDER / SCRIPTS[options.shell]).read_text("utf-8"))
    return ExitCode.OK
