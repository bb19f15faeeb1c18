"""The helpers' names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpftui.core.asm import HELPERS, helper_name

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
