"""What reads a command's arguments: options by what they are about, help in two lengths, errors that are ours."""

from __future__ import annotations

import argparse
import os
import textwrap
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ...core.errors import UsageError, nearest
from ..terminal.output import write_text
from ..terminal.process import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from _typeshed import SupportsWrite

__all__ = ["EVERY_COMMAND", "LOADING", "OBJECT", "Parser", "shortened"]

OBJECT: Final = "the object"
LOADING: Final = "how it is loaded"
EVERY_COMMAND: Final = "every command"
"""What options are about that several commands have."""
_SHARED: Final = (OBJECT, LOADING, EVERY_COMMAND)

_EXPLORE: Final = "explore"
"""The name of the command that has none."""
_PLACED: Final[dict[int | str | None, str]] = {None: "{}", "?": "[{}]", "*": "[{}…]", "+": "{}…"}
"""By how many of it there may be: how what is told by its place is written."""
_NAMES: Final = 28
"""Columns of the names of options in short help; what is said of a longer one stands behind it."""
_FLAGS: Final = ("--cflags", "--variant")
"""Options whose value is a compiler's flags, and so begins as an option does."""
_TYPED: Final = 49
"""Columns of what is typed in an example; what is said of a longer one stands behind it."""


_SCREEN: Final = 24
"""Lines that short help has at most, if its options have not more."""
_ONE: Final = 3
"""Lines of the examples with the first of them."""


def _width() -> int:
    """Return how wide help is; to find it out, argparse imports shutil, and that bz2 and lzma."""
    try:
        columns = int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        columns = os.get_terminal_size(1).columns if os.isatty(1) else 80
    return max(columns - 2, 20)


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=_width())


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours: one line, exit code 2."""

    explores: Callable[[argparse.Namespace], bool] | None = None
    """Whether, with these options, a command is the explorer, and keeps the rights that this one keeps."""

    def __init__(self, command: str, description: str, examples: Iterable[tuple[str, str]] = ()) -> None:
        """Make the parser of a command.

        Args:
            command: Its name; empty for the explorer.
            description: What it does; the first sentence is the one of the short help.
            examples: What is typed, behind `bpftui`, and what comes of it.
        """
        super().__init__(
            prog=f"bpftui {command}".strip(),
            description=description,
            allow_abbrev=False,
            add_help=False,
            formatter_class=_formatter,
        )
        self.color = False  # from Python 3.14 on help has colours, as escape sequences, which are text to our gate
        self.examples = tuple((f"bpftui {typed}".rstrip(), meaning) for typed, meaning in examples)
        """What is typed, and what comes of it."""
        common = self.group(EVERY_COMMAND)
        common.add_argument("-h", action=_ShortHelp, help="the options in short, a line each")
        common.add_argument("--help", action="help", help="all that there is to say of each, as here")
        common.add_argument(
            "--color",
            choices=("auto", "always", "never"),
            default="auto",
            help="colours: auto (on a terminal, unless NO_COLOR is set), always, never",
        )
        common.add_argument(
            "--runtime",
            choices=("auto", "kernel", "vm"),
            default="auto",
            help="what runs the programs: the kernel, or the built-in machine",
        )
        common.add_argument(
            "--token",
            metavar="DIRECTORY",
            help="in a user namespace: a bpffs that delegates BPF tokens (default: LIBBPF_BPF_TOKEN_PATH, /sys/fs/bpf)",
        )
        common.add_argument(
            "--drop",
            action=argparse.BooleanOptionalAction,
            help="before any file is read, give up all capabilities that the command does not need and, under sudo, "
            "being root; the explorer does so by itself",
        )

    def group(self, title: str) -> argparse._ArgumentGroup:  # pyright: ignore[reportPrivateUsage]
        """Return the group of options about something: `OBJECT`, `LOADING`, `EVERY_COMMAND`."""
        found = next((group for group in self._action_groups if group.title == title), None)
        return found or self.add_argument_group(title)

    def groups(self) -> list[tuple[str, list[argparse.Action]]]:
        """Return the options, without what is told by its place, by what they are about: first the command's own."""
        found = [(group.title or "", group._group_actions) for group in self._action_groups[1:]]
        found.sort(key=lambda each: each[0] == EVERY_COMMAND)
        return [(title, actions) for title, actions in found if actions]

    def usage_line(self) -> str:
        """Return what is typed: the command, `[OPTION]…`, and what is told by its place."""
        placed = [_PLACED[action.nargs].format(action.metavar) for action in self._get_positional_actions()]
        return " ".join([self.prog, "[OPTION]…", *placed])

    def format_help(self) -> str:
        """Return all that there is to say: the text of `--help`."""
        formatter = self._get_formatter()
        formatter.add_usage(self.usage_line(), [], [])
        formatter.add_text(self.description)
        for title, actions in [("arguments", self._get_positional_actions()), *self.groups()]:
            formatter.start_section(title)
            formatter.add_arguments(actions)
            formatter.end_section()
        return "\n".join([formatter.format_help().rstrip(), *self._told_examples()])

    def format_short_help(self) -> str:
        """Return what fits on a screen of 24 lines: the text of `-h`."""
        width = _width()
        titled = self.groups()
        own = [action for title, actions in titled if title not in _SHARED for action in actions]
        first = f"{(self.description or '').partition('. ')[0].rstrip('.')}."
        lines = [f"usage: {self.usage_line()}  (--help tells all)", *textwrap.wrap(first, width)]
        lines += [_short(action, width) for action in own]
        for title, actions in titled:
            if title in _SHARED:
                names = ", ".join(action.option_strings[0] for action in actions)
                lines += textwrap.wrap(f"{title}: {names}", width, initial_indent="  ", subsequent_indent="    ")
        examples = self._told_examples()
        return "\n".join([*lines, *examples[: max(_SCREEN - len(lines), _ONE)]])

    def _told_examples(self) -> list[str]:
        """Return the examples as lines; they are typed as they stand, and are not broken."""
        column = max((len(typed) for typed, _ in self.examples if len(typed) <= _TYPED), default=0)
        return ["", "examples:", *(f"  {typed:<{column}}  {meaning}".rstrip() for typed, meaning in self.examples)]

    def parse(self, arguments: Sequence[str], *, drops: bool = False) -> argparse.Namespace:
        """Return the options; rights are given up for `--drop`, or without it where the command *drops* by itself.

        `options.gave_up` is what was given up, as a sentence; empty for nothing.
        """
        arguments = list(self._flags_joined(arguments))
        try:
            options, rest = self.parse_known_args(arguments)
        except UsageError:
            # argparse misses arguments first: an option that it does not know is worth more, as it may be why.
            if unknown := self._unknown(arguments):
                self._refuse([unknown], argparse.Namespace())
            raise
        if rest and "--" not in arguments:
            # An optional argument behind an option: before Python 3.12.7 it is taken to be left out at the first one.
            options, rest = self.parse_known_intermixed_args(arguments)
        if rest:
            self._refuse(rest, options)
        if options.token is not None:
            os.environ["LIBBPF_BPF_TOKEN_PATH"] = options.token
        options.gave_up = ""
        explores = self.explores is not None and self.explores(options)
        if options.drop or (options.drop is None and (drops or explores) and process.own):
            from .privileges import EXPLORER, give_up_for

            options.gave_up = give_up_for(EXPLORER if explores else self.prog.rpartition(" ")[2], options)
        return options

    def _flags_joined(self, arguments: Sequence[str]) -> Iterator[str]:
        """Yield the arguments with `--cflags -Iinclude` as one: argparse takes the second for an option of its own."""
        waiting = ""
        for number, each in enumerate(arguments):
            is_own = each == "--" or each.partition("=")[0] in self._option_string_actions
            if waiting and each.startswith("-") and not is_own:
                each = f"{waiting}={each}"
            elif waiting:
                yield waiting
            waiting = ""
            if each == "--":
                yield from arguments[number:]
                return
            if each in _FLAGS:
                waiting = each
            else:
                yield each
        if waiting:
            yield waiting

    def _unknown(self, arguments: Sequence[str]) -> str:
        """Return the first option that there is not; empty where there is none such."""
        before = arguments[: arguments.index("--")] if "--" in arguments else arguments
        options = (each for each in before if each.startswith("--") and " " not in each)
        return next((each for each in options if each.partition("=")[0] not in self._option_string_actions), "")

    def _refuse(self, rest: Sequence[str], options: argparse.Namespace) -> NoReturn:
        """Raise what is wrong with arguments that nobody takes."""
        given: object = getattr(options, "object", None)
        unknown = next((each for each in rest if each.startswith("-") and each != "-"), None)
        if unknown is None and isinstance(given, str) and os.path.lexists(rest[0]):
            raise UsageError(
                f"{self.prog} takes one object, and {rest[0]} is one more than {given}",
                hint="bpftui check takes several; bpftool gen object links the parts of one program",
            )
        known = [name for action in self._actions for name in action.option_strings]
        close = nearest(unknown.partition("=")[0], known) if unknown is not None else None
        raise UsageError(
            f"unrecognized arguments: {' '.join(rest)}",
            hint=f"did you mean {close}? {self._see_help}" if close else self._see_help,
        )

    @property
    def _see_help(self) -> str:
        """Where all of its options are told: `bpftui --help` tells the commands."""
        return f"see {self.prog if ' ' in self.prog else f'{self.prog} {_EXPLORE}'} --help"

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help; argparse writes it in one piece."""
        if message:
            write_text(message, stream=file)

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong instead of printing it."""
        raise UsageError(message, hint=self._see_help)


class _ShortHelp(argparse.Action):
    """`-h`: what fits on a screen."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        assert isinstance(parser, Parser)
        write_text(parser.format_short_help())
        parser.exit()


_CUTS: Final = ("; ", ", ")
"""Where what is said of an option may end, if half of a line stands before it."""


def shortened(action: argparse.Action, width: int) -> str:
    """Return what an option is, on one line of at most so many characters."""
    text = (" ".join((action.help or "").split()) % vars(action)).partition(" (")[0]
    ends = [end for cut in _CUTS if (end := text.rfind(cut, width // 2, width + 1)) > 0]
    return text[: ends[0]] if ends and len(text) > width else textwrap.shorten(text, width, placeholder=" …")


def _short(action: argparse.Action, width: int) -> str:
    """Return an option as a line: its names, its value, what it is."""
    value = "" if action.nargs == 0 else str(action.metavar or "|".join(map(str, action.choices or ())))
    if action.nargs == "?":
        value = f"[{value}]"
    names = f"  {', '.join(action.option_strings)} {value}".rstrip()
    column = max(len(names) + 2, _NAMES)
    return f"{names:<{column}}{shortened(action, width - column)}" if width - column > 8 else names
