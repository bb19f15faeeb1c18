"""Where the arguments of USDT probes are, in the words of two machines' assemblers."""

from __future__ import annotations

import pytest

from bpftui.core.errors import FeatureError, UsageError
from bpftui.core.kernel.attach.usdt_arguments import ArgumentKind, UsdtArgument, parse_arguments

CONSTANT, REGISTER, MEMORY, INDEXED = ArgumentKind


@pytest.mark.parametrize(
    ("machine", "text", "arguments"),
    [
        ("x86_64", "", []),
        ("x86_64", "8@%rax", [UsdtArgument(REGISTER, 8, False, 0, 80)]),
        (
            "x86_64",
            " -4@%r15d\t1@%sil 2@%bx ",
            [
                UsdtArgument(REGISTER, 4, True, 0, 0),
                UsdtArgument(REGISTER, 1, False, 0, 104),
                UsdtArgument(REGISTER, 2, False, 0, 40),
            ],
        ),
        ("x86_64", "-8@$-1234 4@$7", [UsdtArgument(CONSTANT, 8, True, -1234), UsdtArgument(CONSTANT, 4, False, 7)]),
        (
            "x86_64",
            "-4@-20(%rbp) 8@(%rsp)",
            [UsdtArgument(MEMORY, 4, True, -20, 32), UsdtArgument(MEMORY, 8, False, 0, 152)],
        ),
        (
            "x86_64",
            "1@-96(%rbp,%rax,8) 1@( %rbp , %rcx )",
            [
                UsdtArgument(INDEXED, 1, False, -96, 32, 80, 8),
                UsdtArgument(INDEXED, 1, False, 0, 32, 88, 1),
            ],
        ),
        ("x86_64", "8@16(%rip)", [UsdtArgument(MEMORY, 8, False, 16, 128)]),
        (
            "aarch64",
            "-4@x0 8@[sp, 96] -8@[x29] 4@-5",
            [
                UsdtArgument(REGISTER, 4, True, 0, 0),
                UsdtArgument(MEMORY, 8, False, 96, 248),
                UsdtArgument(MEMORY, 8, True, 0, 232),
                UsdtArgument(CONSTANT, 4, False, -5),
            ],
        ),
    ],
)
def test_arguments_are_where_the_assembler_says(machine: str, text: str, arguments: list[UsdtArgument]) -> None:
    assert parse_arguments(text, "a:b", machine) == arguments


@pytest.mark.parametrize(
    ("machine", "text", "said"),
    [
        ("x86_64", "8@%rdi 8f@%xmm0", "where its argument 1 is (8f@%xmm0) cannot be told"),
        ("x86_64", "8@%xmm0", "where its argument 0 is (8@%xmm0) cannot be told"),
        ("x86_64", "3@%rax", "where its argument 0 is (3@%rax) cannot be told"),
        ("x86_64", "8@counter(%rip)", "where its argument 0 is (8@counter(%rip)) cannot be told"),
        ("x86_64", "8@(,%rax,8)", "where its argument 0 is (8@(,%rax,8)) cannot be told"),
        ("x86_64", "8@%rax8@%rbx", "where its argument 0 is (8@%rax8@%rbx) cannot be told"),
        ("x86_64", "nonsense", "where its argument 0 is (nonsense) cannot be told"),
        ("x86_64", "8@%rax " * 13, "it has more than 12 arguments"),
        ("aarch64", "4@[x31]", "where its argument 0 is (4@[x31]) cannot be told"),
    ],
)
def test_what_cannot_be_told_is_said(machine: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_arguments(text, "a:b", machine)
    assert caught.value.message == f"cannot attach to USDT probe a:b: {said}" + (
        " to a program" if "told" in said else ""
    )


def test_machines_whose_words_are_not_known_are_named() -> None:
    with pytest.raises(FeatureError, match="cannot read the arguments of USDT probe a:b: they are those of s390x"):
        parse_arguments("8@%r1", "a:b", "s390x")
