"""JSON, TOML and numbers that others wrote, of any depth and length."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpftui.core.documents import parse_json, parse_toml
from bpftui.core.errors import BpftuiError, UsageError, ValueRangeError, quoted
from bpftui.core.spec import CollectionSpec
from bpftui.tui.commands.check.table import read_results
from bpftui.tui.state.config import load_config
from bpftui.tui.state.presets import Presets
from bpftui.tui.state.recent import recent, remember

ROOT = Path(__file__).parents[2]
DEEP = "[" * 200_000


@pytest.mark.parametrize(
    "text",
    [DEEP, '{"a":' * 200_000, "[" * 129 + "]" * 129, '{"a":' * 700 + "1" + "}" * 700, "9" * 5000, "", "nul"],
)
def test_json_that_cannot_be_read_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_what_structs_may_be_nested_can_be_read() -> None:
    assert parse_json("[" * 128 + "]" * 128) is not None
    assert parse_json("7") == 7


def test_toml_that_is_nested_too_deep_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        parse_toml(f"a = {DEEP}")


@pytest.mark.parametrize(
    "content", [DEEP.encode(), b"9" * 5000, b"\xff\xfe", b'{"files": 3}', b'{"files": ["\\u0000"]}']
)
def test_a_damaged_list_of_recent_objects_is_begun_anew(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    path.write_bytes(content)
    assert recent(path) == []
    remember(str(ROOT / "bpf/my_map.o"), path)
    assert recent(path) == [str(ROOT / "bpf/my_map.o")]


@pytest.mark.parametrize("text", ["[" * 100_000, "0x" + "f" * 5000, "9" * 5000])
@pytest.mark.parametrize("name", ["global_u16"])
def test_values_of_any_depth_and_length_are_refused_in_a_line(name: str, text: str) -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/global_example.o")
    with pytest.raises(BpftuiError) as caught:
        spec.set_text(name, text)
    assert len(caught.value.message) < 300


def test_an_integer_of_any_size_does_not_fit_in_a_line() -> None:
    spec = CollectionSpec.from_file(ROOT / "bpf/global_example.o")
    with pytest.raises(ValueRangeError, match=r"does not fit volatile __u16, which takes 0 to 65535$"):
        spec.variables["global_u16"].set(1 << 20_000)
    assert len(quoted(1 << 20_000)) == 41


def test_comparing_with_json_that_is_nested_too_deep(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text(DEEP)
    with pytest.raises(BpftuiError, match="it is no JSON: it is nested too deep"):
        read_results(str(path))


@pytest.mark.parametrize("depth", [129, 700, 200_000])
def test_presets_that_are_nested_too_deep(depth: int, tmp_path: Path) -> None:
    """700 levels are few enough for the parser, and were a traceback of whoever looked at them."""
    spec = CollectionSpec.from_file(ROOT / "bpf/global_example.o")
    presets = Presets(spec, tmp_path)
    presets.save("one", {"global_u16": 7})
    (path,) = tmp_path.iterdir()
    values = '{"global_u16": ' + "[" * depth + "]" * depth + "}"
    path.write_text('{"presets": {"one": {"saved": "now", "variables": ' + values + "}}}")
    with pytest.raises(UsageError) as caught:
        presets.all()
    assert caught.value.message == f"{path}: these are no presets: it is nested too deep"


@pytest.mark.parametrize("depth", [129, 700, 200_000])
def test_a_configuration_that_is_nested_too_deep(depth: int, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"theme = {'[' * depth}{']' * depth}")
    with pytest.raises(UsageError) as caught:
        load_config(path)
    assert caught.value.message == f"{path}: it is nested too deep"
