"""The manual names keys that there are, as the user has them."""

from __future__ import annotations

from importlib.resources import files

from bpftui.tui import manual
from bpftui.tui.key_table import key_ids
from bpftui.tui.text.manual import KEY, pages


def test_eleven_pages_with_the_keys_of_the_user() -> None:
    found = pages({"load": "f5"})
    assert [page.name for page in found] == [
        "collection", "maps", "variables", "core", "verifier", "attaching", "test-runs", "machine", "rights", "system",
        "keys",
    ]  # fmt: skip
    assert found[0].title == "What an object holds"
    assert "| SPEC | the file is read, nothing else | `f5` loads |" in found[0].text
    assert "`,` and `.` go through the runs" in found[6].text
    assert all("{" not in page.text.replace('{"', "").replace("`{`", "") for page in found)


def test_every_key_that_a_page_names_is_the_default_of_a_binding() -> None:
    bindings = {each.id: each.keys for each in key_ids()}
    named = [
        match
        for page in files(manual).iterdir()
        if page.name.endswith(".md")
        for match in KEY.findall(page.read_text())
    ]
    assert len(named) > 20
    assert [(name, key) for name, key in named if key not in bindings[name].split(",")] == []
