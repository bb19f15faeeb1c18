"""What `--return` takes."""

from __future__ import annotations

import re

import pytest

from bpftui.core.errors import BpftuiError
from bpftui.core.vm.world.settings import parse_returns


def test_numbers_errors_and_what_a_pointer_leads_to() -> None:
    texts = ["a=3", "b = -0x10", "c=-ENOMEM", 'd={"pid": 5}', "e=hex:0102", "f=18446744073709551615"]
    assert parse_returns(texts) == {
        "a": 3,
        "b": -16,
        "c": -12,
        "d": '{"pid": 5}',
        "e": "hex:0102",
        "f": (1 << 64) - 1,
    }


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a", "--return 'a' is not of the form NAME=VALUE"),
        ("a=x", "--return 'a=x': x is neither a number nor the name of an errno"),
        ("a=18446744073709551616", "--return 'a=18446744073709551616': 18446744073709551616 does not fit 64 bits"),
        ("a=-9223372036854775808", "--return 'a=-9223372036854775808': 9223372036854775808 does not fit 64 bits"),
    ],
)
def test_what_it_does_not_take(text: str, error: str) -> None:
    with pytest.raises(BpftuiError, match=f"^{re.escape(error)}$"):
        parse_returns([text])
