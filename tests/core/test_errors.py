"""The errors' words, hints and exit codes."""

from __future__ import annotations

import pytest

from bpftui.core import errors
from bpftui.core.errors import BpftuiError, ExitCode, ObjectError, UnknownNameError, VerifierError, nearest, quoted


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AssemblyError", 1),
        ("AttachError", 1),
        ("LoadError", 1),
        ("ObjectError", 1),
        ("LimitError", 1),
        ("PartialError", 1),
        ("VerifierError", 1),
        ("TypeMismatchError", 2),
        ("UnknownNameError", 2),
        ("UnreadableError", 2),
        ("UsageError", 2),
        ("ValueRangeError", 2),
        ("NoPermissionError", 3),
        ("FeatureError", 4),
        ("GivenUpError", 130),
    ],
)
def test_every_error_has_the_exit_code_that_is_promised(name: str, code: int) -> None:
    found = getattr(errors, name)
    assert issubclass(found, BpftuiError)
    assert found.exit_code == code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ([None, {"a": False}, 1, "None"], "[null, {'a': false}, 1, 'None']"),
        (b"True", "b'True'"),
    ],
)
def test_values_are_quoted_with_the_words_of_json(value: object, text: str) -> None:
    assert quoted(value) == text


def test_no_error_is_left_out_of_the_table() -> None:
    kinds = {n for n in errors.__all__ if n.endswith("Error")}
    assert len(kinds) == 16
    assert ExitCode.INTERRUPTED == 130


def test_an_object_error_reads_from_the_outside_in() -> None:
    error = ObjectError("it is odd", file="prog.o", section="xdp", offset=32)
    assert str(error) == "prog.o: section xdp: offset 0x20: it is odd"
    assert (error.reason, error.section, error.offset) == ("it is odd", "xdp", 32)
    assert str(ObjectError("it is odd")) == "it is odd"


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        (["counting", "total_bytes"], "did you mean 'counting'?"),
        (["x", "a"], "there is: a, x"),
        ([f"v{i}" for i in range(9)], "there is: v0, v1, v2, v3, v4, v5, v6, v7, …"),
        ([], "there is no variable at all"),
    ],
)
def test_an_unknown_name_hints_at_what_there_is(known: list[str], hint: str) -> None:
    error = UnknownNameError("variable", "countin", known, where="prog.o")
    assert error.message == "there is no variable 'countin' in prog.o"
    assert error.hint == hint
    assert error.known == known


def test_the_nearest_name_also_in_the_other_case() -> None:
    assert nearest("mode_drop", ["MODE_DROP", "MODE_PASS"]) == "MODE_DROP"
    assert nearest("xyz", ["MODE_DROP"]) is None


def test_a_verifier_error_keeps_its_whole_log() -> None:
    error = VerifierError("no", program="p", log="0: r0 = 0\nR0 bad\n", hint="try")
    assert (error.program, error.log, error.hint) == ("p", "0: r0 = 0\nR0 bad\n", "try")
