"""What helpers do with their arguments, beside their prototypes and the flags of the kernel's header."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from pathlib import Path

import pytest

from bpftui.core.helpers.effects import MapUse, effect_of, flag_names
from bpftui.core.helpers.names import HELPERS
from bpftui.core.helpers.prototypes import Helper, find_helper

HEADER = Path("/usr/include/linux/bpf.h")
KNOWN = [number for number in range(len(HELPERS)) if effect_of(number) is not None]


def helper(number: int) -> Helper:
    found = find_helper(number)
    assert found is not None
    return found


def test_each_letter_stands_for_such_a_parameter() -> None:
    assert len(KNOWN) > 130
    for number in KNOWN:
        effect, known = effect_of(number), helper(number)
        assert effect is not None
        assert len(effect.arguments) == len(known.parameters), known.name
        for letter, parameter in zip(effect.arguments, known.parameters, strict=False):
            is_map = parameter.type == "struct bpf_map *" or parameter.name in ("map", "ringbuf")
            is_memory = parameter.type.endswith("*") and not is_map
            assert (letter == "m") is is_map, known.name
            assert letter not in "rwxkc" or is_memory, known.name
            assert letter not in "wx" or not parameter.type.startswith("const"), known.name
            assert letter != "f" or not is_memory, known.name


def test_those_that_return_an_element_or_change_a_map() -> None:
    names = {HELPERS[number].removeprefix("bpf_"): effect_of(number) for number in KNOWN}
    assert {name for name, effect in names.items() if effect is not None and effect.returns_element} == {
        "map_lookup_elem",
        "map_lookup_percpu_elem",
        "get_local_storage",
        "sk_storage_get",
        "inode_storage_get",
        "task_storage_get",
        "cgrp_storage_get",
    }
    uses = {name: effect.use for name, effect in names.items() if effect is not None and effect.use is not None}
    assert {name for name, use in uses.items() if MapUse.WRITE in use} == {
        "map_update_elem",
        "map_delete_elem",
        "map_push_elem",
        "map_pop_elem",
        "perf_event_output",
        "skb_output",
        "xdp_output",
        "get_stackid",
        "sock_map_update",
        "sock_hash_update",
        "sk_storage_delete",
        "inode_storage_delete",
        "task_storage_delete",
        "cgrp_storage_delete",
        "ringbuf_output",
        "ringbuf_reserve",
    }
    assert uses["map_pop_elem"] == MapUse.READ | MapUse.WRITE


def test_flags_are_those_of_the_argument_of_that_name() -> None:
    names: dict[str, set[str]] = {}
    for number in range(1, len(HELPERS)):
        for at, parameter in enumerate(helper(number).parameters):
            if flag_names(number, at):
                names.setdefault(parameter.name, set()).add(HELPERS[number].removeprefix("bpf_"))
        assert flag_names(number, len(helper(number).parameters)) == {}
    assert names.pop("level") == {"setsockopt", "getsockopt"}
    assert names.pop("mode") == {"skb_adjust_room"}
    assert names.pop("type") == {"skb_change_type"}
    assert names.pop("argval") == {"sock_ops_cb_flags_set"}
    assert names.pop("netns") == {"sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp"}
    assert len(names.pop("flags")) == 31
    assert names == {}


@pytest.mark.skipif(not HEADER.exists(), reason="linux/bpf.h is not installed")
def test_flags_have_the_values_of_the_header() -> None:
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
    values = {
        name: eval(re.sub(r"(?<=[\da-f])(?:ULL|U|L)", "", value))  # numbers, shifts and signs
        for name, value in re.findall(r"\b((?:BPF|XDP)_\w+)\s*=\s*([-()<\d\sxULa-f]+?)\s*[,}]", text)
    }
    checked: set[str] = set()
    for number in range(1, len(HELPERS)):
        for at in range(5):
            for value, name in flag_names(number, at).items():
                parts = name.split(" | ")
                known = [values.get(part, int(part) if part.isdecimal() else None) for part in parts]
                if None not in known:
                    wide = (1 << 64) - 1
                    assert reduce(or_, (part & wide for part in known if part is not None)) == value, name
                    checked.update(parts)
    assert len(checked) > 30


def test_flags_that_no_header_of_the_kernels_interface_enumerates() -> None:
    numbers = {name: number for number, name in enumerate(HELPERS)}
    assert flag_names(numbers["bpf_redirect_map"], 2) == {
        0: "XDP_ABORTED",
        1: "XDP_DROP",
        2: "XDP_PASS",
        3: "XDP_TX",
        8: "BPF_F_BROADCAST",
        24: "BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS",
    }
    assert flag_names(numbers["bpf_map_update_elem"], 3)[6] == "BPF_EXIST | BPF_F_LOCK"
    assert flag_names(numbers["bpf_get_stack"], 3)[2304] == "BPF_F_USER_STACK | …BUILD_ID"
    assert flag_names(numbers["bpf_perf_event_output"], 2) == {0xFFFF_FFFF: "BPF_F_CURRENT_CPU"}
    assert flag_names(numbers["bpf_sk_lookup_tcp"], 3) == {0xFFFF_FFFF_FFFF_FFFF: "BPF_F_CURRENT_NETNS"}


def test_what_an_access_does_with_a_map() -> None:
    uses = [MapUse.of(reads=reads, writes=writes) for reads in (False, True) for writes in (False, True)]
    assert uses == [MapUse(0), MapUse.WRITE, MapUse.READ, MapUse.READ | MapUse.WRITE]
    assert [(use.reads, use.writes) for use in uses] == [(False, False), (False, True), (True, False), (True, True)]
