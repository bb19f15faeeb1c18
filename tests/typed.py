"""Code of users, as a strict type checker sees it that knows nothing but what is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]


def complaints(folder: Path, sources: Mapping[str, str]) -> list[str]:
    """Return what basedpyright, strict, says of some modules; *folder* is where they are put.

    Expressions that nobody uses are no fault: the examples of a guide show what they are.
    """
    for name, source in sources.items():
        (folder / name).write_text(source)
    settings = {
        "include": list(sources),
        "extraPaths": [str(ROOT / "typings")],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "reportUnusedExpression": False,
        "reportMissingModuleSource": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = (sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    done = subprocess.run((*command, "-p", str(folder)), capture_output=True, text=True, timeout=PATIENCE, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(sources)
    return [
        f"{Path(found['file']).name}:{found['range']['start']['line'] + 1}: {found['message']}"
        for found in report["generalDiagnostics"]
    ]
