"""The JSON schemas of what commands print, and the page that lists them:  python -m tests.schemas

They stand here in a notation of their own, a tenth as long, of which docs/schemas/ is made; tests/test_schemas.py
compares them with what commands print. A text is a type (`str`, `int?`: or null), a list has items of one kind, a dict
has members (`name?`: may be missing), `Names` any names with values of one kind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

__all__ = ["FOLDER", "SCHEMAS", "document", "page", "published"]

FOLDER: Final = Path(__file__).parents[1] / "docs/schemas"
PAGE: Final = FOLDER.with_suffix(".md")


@dataclass(frozen=True)
class Names:
    """An object whose members are called by what is in the object: maps, variables, versions."""

    values: Shape


@dataclass(frozen=True)
class OrNull:
    """What may be null."""

    value: Shape


@dataclass(frozen=True)
class OneOf:
    """One of these texts."""

    texts: tuple[str, ...]


Shape: TypeAlias = "str | list[Any] | dict[str, Any] | Names | OrNull | OneOf"

_TYPES: Final = {"str": "string", "int": "integer", "number": "number", "bool": "boolean"}
_HEX: Final = {"type": "string", "pattern": "^[0-9a-f]*$"}

_OWNERS = OrNull([{"pid": "int", "comm": "str"}])
_ATTACHED = {
    "program": "int",
    "hook": "str",
    "target": "str",
    "order": "int?",
    "link": "int?",
    "detail": "str",
    "owner?": {"pid": "int", "comm": "str"},
}
_HOOKS = [{"hook": "str", "programs": ["int"], "attached": [_ATTACHED], "mode?": "str"}]
_LISTS: dict[str, Any] = {
    "programs": [
        {
            "id": "int",
            "name": "str",
            "type": "str",
            "tag": "str",
            "maps": ["int"],
            "links": ["int"],
            "pids": _OWNERS,
            "pinned": ["str"],
            "held_by": ["str"],
            "attached": [_ATTACHED],
            "run_cnt": "int?",
            "run_time_ns": "int?",
            "recursion_misses": "int?",
            "memlock": "int?",
            "verified_insns": "int?",
            "xlated_size": "int?",
            "jited_size": "int?",
            "gpl_compatible": "bool",
            "btf": "int?",
            "uid": "int",
            "loaded_at": "int",
        }
    ],
    "maps": [
        {
            "id": "int",
            "name": "str",
            "type": "str",
            "key_size": "int",
            "value_size": "int",
            "max_entries": "int",
            "flags": "int",
            "map_extra": "int",
            "memlock": "int?",
            "frozen": "bool?",
            "btf": "int?",
            "pids": _OWNERS,
            "pinned": ["str"],
            "programs": ["int"],
            "holds": ["int"],
            "held_by": ["str"],
            "state?": "str",
        }
    ],
    "links": [
        {
            "id": "int",
            "type": "str",
            "program": "int",
            "attach_type": "str?",
            "target": "str",
            "order": "int?",
            "pids": _OWNERS,
            "pinned": ["str"],
            "detached": "bool",
            "details": Names("any"),
        }
    ],
    "btf": [
        {
            "id": "int",
            "name": "str",
            "size": "int",
            "kernel": "bool",
            "pids": _OWNERS,
            "programs": ["int"],
            "maps": ["int"],
        }
    ],
    "pins": [{"path": "str", "kind": "str", "id": "int", "mount_namespace": "int?"}],
    "processes": [
        {
            "pid": "int",
            "inner_pid": "int",
            "comm": "str",
            "command": "str",
            "uid": "int",
            "cgroup": "str",
            "container": "str?",
            "mount_namespace": "int?",
            "programs": ["int"],
            "maps": ["int"],
            "links": ["int"],
            "btf": ["int"],
        }
    ],
    "net": [
        {
            "namespace": "int",
            "namespace_path": "str?",
            "ifindex": "int?",
            "name": "str?",
            "hooks": _HOOKS,
            "kind?": "str",
            "up?": "bool",
            "mtu?": "int",
            "addresses?": ["str"],
            "default_route?": "bool",
        }
    ],
    "cgroups": [{"path": "str", "id": "int", "hooks": _HOOKS}],
}
_MAP = {
    "name": "str",
    "section": "str",
    "type": "str",
    "key_size": "int",
    "value_size": "int",
    "max_entries": "int",
    "flags": "int",
    "map_extra": "int",
    "numa_node": "int",
    "pinning": "str",
    "key_type": "str?",
    "value_type": "str?",
    "inner": "map?",
    "contents": "int",
    "problem": "str?",
}
_MARK = {"time": "number", "kind": "str", "what": "str", "detail": "str"}
_RAN = {
    "time": "number",
    "program": "str",
    "retval": "int",
    "duration_ns": "int",
    "data": "hex",
    "data_out": "hex",
}
_EXTERN = {"name": "str", "weak": "bool", "type": "str"}
_SIDE = OrNull({"type": "str", "bit_offset": "int", "bits": "int"})
_EXPLANATION = {
    "key": "str",
    "summary": "str",
    "details": ["str"],
    "mends": ["str"],
    "message": "str",
    "register": "str?",
    "insn": "int?",
    "instruction": "str?",
    "file": "str?",
    "line": "int?",
    "source": "str?",
    "log_line": "int?",
}
_ENTRIES = {
    "entries": [{"key?": "any", "value": "any", "key_bytes?": "hex"}],
    "count": "int?",
    "partial": "bool",
    "at_least?": "bool",
    "note?": "str",
    "peek?": "any",
    "size?": "int",
}
_STREAMS = {
    "events": Names(["any"]),
    "lost": Names("int"),
    "behind?": Names("int"),
    "full?": Names("int"),
}
_REACHED = {"reached": "int", "of": "int"}
_PARTS = {"lines": _REACHED, "outcomes": _REACHED, "instructions": _REACHED}
_CHANGE = OneOf(("same", "changed", "added", "removed"))
_FACTS = [{"what": "str", "old": "str", "new": "str"}]
_ITEM = [{"name": "str", "change": _CHANGE, "facts": _FACTS, "breaks": ["str"]}]
_CODE = OrNull({"slot": "int", "text": "str", "comment": "str"})
_ROW = {"kind": "str", "what": "str", "old": _CODE, "new": _CODE}
_COST = OrNull({"ok": "bool", "verified": "int?", "states": "int?", "jited": "int?", "error": "str"})
_INPUT = Names("str")
_LACKS = [
    {
        "what": "str",
        "why": "str?",
        "since": "str?",
        "source": "str?",
        "instructions": ["int"],
        "to_attach": "bool",
    }
]
_NEEDS = [
    {
        "name": "str",
        "type": "str",
        "optional": "bool",
        "since": "str?",
        "kernels": Names({"ok": "bool", "lacks": _LACKS}),
    }
]
_OBSTACLES = [
    {
        "name": "str",
        "type": "str",
        "ok": "bool",
        "obstacles": [{"reason": "str", "hint": "str?", "instructions": ["int"]}],
    }
]

SCHEMAS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "spec/1": (
        "`show OBJECT --json`: what an object holds; of what is loaded also `loaded`, of a recording `recording`",
        {
            "file": "str",
            "byte_order": OneOf(("little", "big")),
            "license": "str",
            "kernel_version": "int",
            "architecture": "str?",
            "maps": [_MAP],
            "programs": [
                {
                    "name": "str",
                    "section": "str",
                    "type": "str",
                    "attach_type": "str?",
                    "attach_to": "str",
                    "flags": "int",
                    "autoload": "bool",
                    "insns": "int",
                    "functions": ["str"],
                    "maps": ["str"],
                    "line_infos": "int",
                    "core_relocations": "int",
                    "problem": "str?",
                }
            ],
            "variables": [
                {
                    "name": "str",
                    "section": "str",
                    "map": "str",
                    "offset": "int",
                    "size": "int",
                    "constant": "bool",
                    "type": "str",
                    "value": "any",
                    "bytes": "hex",
                }
            ],
            "hidden": [{"name": "str", "kind": "str", "reason": "str"}],
            "externs": {"kconfig": [_EXTERN], "ksyms": [_EXTERN], "kfuncs": [_EXTERN]},
            "types": {"count": "int"},
            "loaded?": {name: _LISTS[name] for name in ("programs", "maps", "links")},
            "recording?": {
                "began": "str?",
                "duration": "number",
                "interval": "number?",
                "samples": "int",
                "is_written?": "bool",
                "runtime": "str",
                "machine": Names("any"),
                "marks": [Names("any")],
                "runs": [Names("any")],
            },
            "core?": [
                {
                    "program": "str",
                    "insn": "int",
                    "kind": "str",
                    "access": "str",
                    "local": "str",
                    "outcome": "str",
                    "target": "str?",
                    "exists": "bool",
                    "value": "int?",
                    "size": "int?",
                    "module": "str?",
                    "candidates": ["int"],
                    "reason": "str?",
                }
            ],
            "externs_resolved?": [{**_EXTERN, "kind": "str", "found": "bool", "answer": "str"}],
            "against?": [
                {
                    "type": "str",
                    "size": "int",
                    "other_size": "int",
                    "same": "bool",
                    "members": [
                        {
                            "name": "str",
                            "difference": ["str"],
                            "here": _SIDE,
                            "there": _SIDE,
                            "core": [Names("any")],
                        }
                    ],
                }
            ],
        },
    ),
    "objects/1": (
        "`show FILE --json` where a file holds several objects",
        {"file": "str", "objects": [{"number": "int", "name": "str", "offset": "int", "size": "int"}]},
    ),
    "check/1": (
        "`check OBJECT --json`; of several objects a list of them",
        {
            "file": "str",
            "runtime": OneOf(("kernel", "vm")),
            "ok": "bool",
            "maps": [{"name": "str", "type": "str", "ok": "bool", "error": "str?", "optional": "bool"}],
            "programs": [
                {
                    "name": "str",
                    "type": "str",
                    "ok": "bool",
                    "error": "str?",
                    "optional": "bool",
                    "verified_insns": "int?",
                    "log": "str?",
                    "insns": "int",
                    "processed_insns": "int?",
                    "states": "int?",
                    "peak_states": "int?",
                    "states_per_insn": "int?",
                    "time_usec": "int?",
                    "stack": ["int"],
                    "log_size": "int",
                    "explanation": OrNull(_EXPLANATION),
                }
            ],
            "open_ms": "number",
            "load_ms": "number",
        },
    ),
    "sweep/1": (
        "`check OBJECT --sweep … --json`: each combination with its check",
        {"file": "str", "ok": "bool", "combinations": [{"values": Names("str"), "check": "check/1"}]},
    ),
    "run/1": (
        "`run … --json`: an object a run, with what the run changed; with `--pcap` one a packet",
        {
            "program": "str",
            "retval?": "int",
            "duration_ns?": "int",
            "data_out?": "hex?",
            "ctx_out?": "hex",
            "maps?": Names(_ENTRIES),
            "variables?": Names("any"),
            "printed?": ["str"],
            **{f"{name.rstrip('?')}?": shape for name, shape in _STREAMS.items()},
            "packet?": "int",
            "time?": "number",
            "error?": "str",
        },
    ),
    "sample/2": (
        "`watch … --json`, `demo --json`: an object a sample; version 1 lost entries whose keys print alike; the "
        "value of a stack trace is its frames: `address`, or `build_id` and `file_offset`; `function`, `offset` in it; "
        "and `in` which module or file",
        {
            "time": "number",
            "maps": Names(_ENTRIES),
            "variables": Names("any"),
            "programs": Names({"run_cnt": "int?", "run_time_ns": "int?"}),
            **_STREAMS,
            "printed": ["str"],
        },
    ),
    "debug/1": (
        "`debug … --json`: an object a stop, with what was asked there",
        {
            "run": "int",
            "step": "int",
            "program": "str",
            "function": "str?",
            "slot": "int?",
            "reason": OneOf(("start", "step", "breakpoint", "watchpoint", "end", "error")),
            "file": "str?",
            "line": "int?",
            "registers": Names("int"),
            "retval": "int?",
            "error": "str?",
            "returned": Names("str"),
            "printed": ["str"],
            "answers": [{"command": "str", "value": "any", "text": "str"}],
        },
    ),
    "cover/1": (
        "`cover … --json`: what runs came to",
        {
            "file": "str",
            "program": "str",
            "runs": "int",
            **_PARTS,
            "files": [
                {
                    "name": "str",
                    **_PARTS,
                    "source": [
                        {
                            "line": "int",
                            "text": "str",
                            "runs": "int",
                            "state": "str",
                            "jumps": [{"slot": "int", "text": "str", "on": "int", "jumped": "int", "decided": "bool?"}],
                        }
                    ],
                }
            ],
        },
    ),
    "fuzz/1": (
        "`fuzz … --json`: the inputs that were found, and what stopped runs",
        {
            "file": "str",
            "program": "str",
            "seed": "int",
            "seconds": "number",
            "runs": "int",
            "outcomes": _REACHED,
            "inputs": [_INPUT],
            "stopped": [{"message": "str", "input": _INPUT}],
            "kernel": OrNull(
                {
                    "inputs": "int",
                    "not_taken": "int",
                    "differs": [{"where": "str", "text": "str", "inputs": "int", "input": _INPUT}],
                }
            ),
        },
    ),
    "diff/1": (
        "`diff OLD NEW --json`",
        {
            "old": "str",
            "new": "str",
            "same": "bool",
            "failed": OrNull(["str"]),
            "facts": _FACTS,
            "remarks": ["str"],
            "not_compared": ["str"],
            "programs": [{"name": "str", "change": _CHANGE, "facts": _FACTS, "functions": ["str"]}],
            **dict.fromkeys(("maps", "variables", "types", "relocations", "externs", "sections"), _ITEM),
            "costs": [{"name": "str", "old": _COST, "new": _COST}],
            "functions": [
                {
                    "name": "str",
                    "section": "str",
                    "change": _CHANGE,
                    "only_registers": "bool",
                    "registers": [["any"]],
                    "problem": "str?",
                    "counts": dict.fromkeys(("same", "renamed", "changed", "removed", "added"), "int"),
                    "hunks": [{"old": ["int"], "new": ["int"], "source": OrNull(_ROW), "rows": [_ROW]}],
                }
            ],
        },
    ),
    "log/1": (
        "`log FILE --json`: each log that is in it, explained",
        {
            "file": "str",
            "logs": [
                {
                    "program": "str?",
                    "ok": "bool",
                    "explanation": OrNull(_EXPLANATION),
                    "state": Names("str"),
                    "path": [{"insn": "int", "instruction": "str", "place": "str?", "log_line": "int"}],
                    "summary": {
                        "insns": "int?",
                        "limit": "int?",
                        "states": "int?",
                        "peak_states": "int?",
                        "states_per_insn": "int?",
                        "time_usec": "int?",
                        "stack": ["int"],
                    },
                    "lines": "int",
                    "hot?": "any",
                }
            ],
        },
    ),
    "list/1": (
        "`list [NOUN] --json`: what a machine runs; with a noun that list alone. Null is what takes rights to know",
        {
            **{f"{name}?": shape for name, shape in _LISTS.items()},
            "partial": "bool",
            "gone": ["any"],
            "missing": ["str"],
        },
    ),
    "top/1": (
        "`top --json`: an object a second; null until a program was seen twice",
        {
            "time": "number",
            "programs": [
                {
                    "id": "int",
                    "name": "str",
                    "type": "str",
                    "runs_per_s": "number?",
                    "ns_per_run": "number?",
                    "cpu_percent": "number?",
                    "missed": "number?",
                }
            ],
        },
    ),
    "doctor/1": (
        "`doctor --json`: what this machine can do",
        {
            "features": [
                {
                    "name": "str",
                    "group": "str",
                    "ok": "bool?",
                    "detail": "str",
                    "needed_for": "str",
                    "remedy": "str",
                }
            ]
        },
    ),
    "helpers/1": (
        "`doctor --helpers --json`",
        {
            "programs": [
                {
                    "program_type": "str",
                    "attach_type": "str?",
                    "usable": ["str"],
                    "missing": ["str"],
                    "untold": ["str"],
                    "problem": "str?",
                }
            ]
        },
    ),
    "forecast/1": (
        "`doctor OBJECT --json`: what of it cannot be loaded here",
        {
            "file": "str",
            "runtime": "str",
            "ok": "bool",
            "maps": _OBSTACLES,
            "programs": _OBSTACLES,
            "remarks": ["str"],
        },
    ),
    "kernels/1": (
        "`doctor OBJECT --kernels … --json`: on which versions it loads",
        {
            "file": "str",
            "ok": "bool",
            "kernels": ["str"],
            "maps": _NEEDS,
            "programs": _NEEDS,
            "types": Names(_LACKS),
            "limits": Names({"program_insns": "int", "verified_insns": "int", "log_bytes": "int"}),
        },
    ),
}
"""By name and version: which command prints it, and what it is but for its `schema`."""


def document(name: str, *, strict: bool = False) -> dict[str, Any]:
    """Return a schema of draft 2020-12; *strict*: with no member that it does not name, as tests want it."""
    told, shape = SCHEMAS[name]
    made = _schema({"schema": OneOf((f"bpftui/{name}",)), **shape}, strict)
    defined = {"map": _schema(_MAP, strict)} if name == "spec/1" else {}
    if name == "sweep/1":
        defined = {"check/1": _schema({"schema": OneOf(("bpftui/check/1",)), **SCHEMAS["check/1"][1]}, strict)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"bpftui/{name}",
        "description": told.replace("`", ""),
        **made,
        **({"$defs": defined} if defined else {}),
    }


def _schema(shape: Shape, strict: bool) -> dict[str, Any]:
    if isinstance(shape, OrNull):
        return {"anyOf": [_schema(shape.value, strict), {"type": "null"}]}
    if isinstance(shape, OneOf):
        return {"enum": list(shape.texts)}
    if isinstance(shape, Names):
        return {"type": "object", "additionalProperties": _schema(shape.values, strict)}
    if isinstance(shape, list):
        return {"type": "array", "items": _schema(shape[0], strict)}
    if isinstance(shape, dict):
        return {
            "type": "object",
            "properties": {name.rstrip("?"): _schema(each, strict) for name, each in shape.items()},
            "required": [name for name in shape if not name.endswith("?")],
            **({"additionalProperties": False} if strict else {}),
        }
    return _leaf(shape)


def _leaf(text: str) -> dict[str, Any]:
    name = text.rstrip("?")
    if name == "any":
        return {}
    made: dict[str, Any] = {"type": _TYPES[name]} if name in _TYPES else {**_HEX}
    if name not in _TYPES and name != "hex":
        made = {"$ref": f"#/$defs/{name.replace('/', '~1')}"}
        return {"anyOf": [made, {"type": "null"}]} if text != name else made
    return made | ({"type": [made["type"], "null"]} if text != name else {})


def published(name: str) -> Path:
    """Return the file of a schema."""
    return FOLDER / f"{name.replace('/', '-')}.json"


def page(text: str) -> str:
    """Return the page of the schemas, whose table is made of them."""
    rows = [f"| [`bpftui/{name}`](schemas/{published(name).name}) | {told} |" for name, (told, _) in SCHEMAS.items()]
    table = "\n".join(["| schema | what prints it |", "|---|---|", *rows])
    return re.sub(r"^\| schema .*?(?=\n\n|\Z)", lambda _: table, text.rstrip(), flags=re.MULTILINE | re.DOTALL) + "\n"


def text_of(name: str) -> str:
    """Return what the file of a schema holds."""
    return json.dumps(document(name), indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in SCHEMAS:
        published(each).write_text(text_of(each))
    PAGE.write_text(page(PAGE.read_text()))
