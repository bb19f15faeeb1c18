"""What is installed: every package of the repository is listed."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        f"bpftui.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
        for folder in ("bpf", "core", "tui")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(listed) == found


def test_every_part_of_the_namespace_says_that_it_is_typed() -> None:
    # PEP 561: a namespace package has no py.typed of its own.
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for folder in ("bpf", "core", "tui"):
        assert "py.typed" in shipped[f"bpftui.{folder}"]
        assert (ROOT / folder / "py.typed").exists()
