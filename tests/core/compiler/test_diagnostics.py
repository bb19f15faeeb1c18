"""bpftui.core.compiler.diagnostics: what clang 14 and 19 print."""

from __future__ import annotations

from bpftui.core.compiler import Diagnostic, Severity, parse_diagnostics
from tests.waiting import Effort

OF_14 = """\
d.c:3:6: warning: unused variable 'x' [-Wunused-variable]
        int x;
            ^
d.c:4:9: error: use of undeclared identifier 'y'
        return y;
               ^
1 warning and 1 error generated.
"""
OF_19 = """\
In file included from d.c:1:
./e.h:2:10: fatal error: 'none.h' file not found
    2 | #include <none.h>
      |          ^~~~~~~~
d.c:4:9: note: here
1 error generated.
"""


def test_with_the_line_that_stands_below() -> None:
    assert parse_diagnostics(OF_14) == (
        Diagnostic("d.c", 3, 6, Severity.WARNING, "unused variable 'x' [-Wunused-variable]", "int x;"),
        Diagnostic("d.c", 4, 9, Severity.ERROR, "use of undeclared identifier 'y'", "return y;"),
    )
    assert parse_diagnostics(OF_19) == (
        Diagnostic("./e.h", 2, 10, Severity.ERROR, "'none.h' file not found", "#include <none.h>"),
        Diagnostic("d.c", 4, 9, Severity.NOTE, "here", ""),
    )


def test_nothing_said() -> None:
    assert parse_diagnostics("") == ()
    assert parse_diagnostics("clang: error: unknown target triple\n") == ()


def test_long_lines_take_no_time() -> None:
    """A line of spaces took the square of its length."""
    told = "d.c:1:9: warning: x [-W#pragma-messages]\na\n" + " " * 2_000_000 + "\n"
    effort = Effort()
    (found,) = parse_diagnostics(told)
    assert effort.within(1.0)
    assert (found.text, found.code) == ("x [-W#pragma-messages]", "")
