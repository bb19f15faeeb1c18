"""The helpers' names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpftui.core.asm import HELPERS, helper_name
from bpftui.core.helpers.prototypes import Parameter, find_helper

HEADER = Path("/usr/include/linux/bpf.h")


def test_the_list_is_frozen_at_211() -> None:
    assert len(HELPERS) == 1 + 211
    assert len(set(HELPERS)) == len(HELPERS)
    assert (HELPERS[0], HELPERS[1], HELPERS[-1]) == (
        "bpf_unspec",
        "bpf_map_lookup_elem",
        "bpf_cgrp_storage_delete",
    )


@pytest.mark.parametrize("number", [-1, 212, 1 << 31])
def test_no_such_helper(number: int) -> None:
    assert helper_name(number) is None


@pytest.mark.skipif(not HEADER.exists(), reason="linux/bpf.h is not installed")
def test_the_installed_header_agrees() -> None:
    mapper = HEADER.read_text().split("_BPF_FUNC_MAPPER(FN", 1)[1].split("/* integer value", 1)[0]
    names = re.findall(r"\bFN\((\w+)(?:, (\d+), ##ctx)?\)", mapper)
    assert len(names) > 200
    for place, (name, number) in enumerate(names):
        assert helper_name(int(number or place)) == f"bpf_{name}"


def test_every_helper_has_a_prototype_and_a_meaning() -> None:
    assert find_helper(0) is find_helper(212) is None
    for number in range(1, 212):
        helper = find_helper(number)
        assert helper is not None
        assert (helper.number, helper.name) == (number, HELPERS[number])
        assert len(helper.parameters) + helper.variadic <= 5
        assert all(re.fullmatch(r"[\w ]+( \*)?", parameter.type) for parameter in helper.parameters), helper
        assert helper.meaning.endswith(".")
        # What a meaning puts in backquotes is a parameter, or a type, which has an underscore.
        names = {parameter.name for parameter in helper.parameters}
        assert all(word in names or "_" in word or " " in word for word in re.findall(r"`([^`]+)`", helper.meaning)), (
            helper
        )


@pytest.mark.parametrize(
    ("number", "result", "parameters", "variadic"),
    [
        (1, "void *", (("struct bpf_map *", "map"), ("const void *", "key")), False),
        (5, "u64", (), False),
        (6, "long", (("const char *", "fmt"), ("u32", "fmt_size")), True),
        (
            84,
            "struct bpf_sock *",
            (
                ("void *", "ctx"),
                ("struct bpf_sock_tuple *", "tuple"),
                ("u32", "tuple_size"),
                ("u64", "netns"),
                ("u64", "flags"),
            ),
            False,
        ),
        (
            106,
            "long",
            (("const char *", "buf"), ("size_t", "buf_len"), ("u64", "flags"), ("unsigned long *", "res")),
            False,
        ),
        (132, "void", (("void *", "data"), ("u64", "flags")), False),
    ],
)
def test_prototypes(number: int, result: str, parameters: tuple[tuple[str, str], ...], variadic: bool) -> None:
    helper = find_helper(number)
    assert helper is not None
    assert (helper.result, helper.variadic) == (result, variadic)
    assert helper.parameters == tuple(Parameter(*parameter) for parameter in parameters)


@pytest.mark.skipif(not HEADER.exists(), reason="linux/bpf.h is not installed")
def test_the_installed_headers_prototypes_agree() -> None:
    """Word for word, but for a few that older headers have otherwise."""
    text = HEADER.read_text()
    text = text[text.index("Start of BPF helper function descriptions") :]
    found = re.findall(r"^ \* ((?:[a-z]\w* )+\*?(bpf_\w+)\(.*\))$", text[: text.index("*/")], re.MULTILINE)
    assert len(found) > 200
    # The first of those that are overloaded.
    prototypes = {name: prototype for prototype, name in reversed(found)}
    helpers = {name: find_helper(HELPERS.index(name)) for name in prototypes}
    agreed = sum(helper is not None and helper.prototype == prototypes[name] for name, helper in helpers.items())
    assert agreed > 200
