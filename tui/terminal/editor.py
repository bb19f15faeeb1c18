"""The user's editor: what is run for a line of a file, never by a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Final

from ...core.errors import UsageError, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["editor_command", "run_editor"]

_USUAL: Final = ("editor", "vi", "nano")
"""What is taken where the user has said nothing: Debian's own name first."""
_BEHIND: Final = frozenset({"hx", "helix", "micro", "subl", "zed"})
"""Editors that take `FILE:LINE`; all others take `+LINE` before the file, as vi does."""
_GOTO: Final = frozenset({"code", "code-insiders", "codium", "cursor"})
"""Editors that take `--goto FILE:LINE`, and that have to be told to wait."""


def editor_command(path: str, line: int, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return what opens a file at a line: $VISUAL, else $EDITOR, else what is usual.

    Args:
        path: The file, with its whole path: no editor takes that for an option.
        line: From 1.
        environment: Where the variables are.

    Raises:
        UsageError: The variable holds no command, or there is none like it.
    """
    variable = next((name for name in ("VISUAL", "EDITOR") if environment.get(name, "").strip()), "")
    try:
        words = shlex.split(environment[variable]) if variable else []
    except ValueError as error:
        raise UsageError(f"${variable} is no command: {error}", hint="set it to the name of an editor") from None
    if not variable:
        words = [next((name for name in _USUAL if shutil.which(name)), "")]
        if not words[0]:
            raise UsageError("there is no editor", hint="set $EDITOR to the name of one")
    if shutil.which(words[0]) is None:
        raise UsageError(f"${variable} is {words[0]}, which is not here", hint="set it to the name of an editor")
    name = os.path.basename(words[0])
    if name in _GOTO:
        return [*words, "--wait", "--goto", f"{path}:{line}"]
    if name in _BEHIND:
        return [*words, f"{path}:{line}"]
    return [*words, f"+{line}", path]


def run_editor(command: list[str]) -> str:
    """Run an editor on this terminal until it ends; return what went wrong, empty where nothing did."""
    try:
        ended = subprocess.run(command, check=False, stdout=None if os.isatty(1) else 2)
    except OSError as error:
        return f"{command[0]} cannot be started: {reason_of(error)}"
    if ended.returncode < 0:
        return f"{command[0]} was ended by {signal.Signals(-ended.returncode).name}"
    return f"{command[0]} ended with exit code {ended.returncode}" if ended.returncode else ""
