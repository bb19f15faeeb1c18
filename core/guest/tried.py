"""What runs in a guest that checks objects: each map and program is tried by itself, and what came of it is said."""

from __future__ import annotations

import platform
import traceback

from .init import HOME, load_modules, run, say

__all__ = ["INIT", "JOBS", "main"]

JOBS = HOME / "jobs"
"""The objects that are to be tried, `0.o`, and how, `0.json` (`Job`)."""
INIT = f"import sys\nsys.path.insert(0, {str(HOME)!r})\nfrom {__name__} import main\nmain()\n"
"""What the guest's first process is."""


def main() -> None:
    """Be that process."""
    run((load_modules, _try_objects))


def _try_objects() -> None:
    """Load the objects, part by part, and say what came of each."""
    from ..errors import BpftuiError
    from ..runtime import CheckReport
    from .job import answered

    for number in range(len(list(JOBS.glob("*.o")))):
        problem = ""
        try:
            _try_object(number)
        except BpftuiError as error:
            problem = error.message
        except Exception:  # a bug that one of them meets must not hide what is in the others
            problem = traceback.format_exc().strip().splitlines()[-1]
        if problem:
            say("answer", number=number, **answered(platform.release(), CheckReport((), (), 0), {}, problem))


def _try_object(number: int) -> None:
    from ..kernel.runtime import KernelRuntime
    from ..spec import CollectionSpec
    from ..verifier import VerifierLog
    from .job import Job, answered

    job = Job.of((JOBS / f"{number}.json").read_text())
    spec = CollectionSpec.from_bytes((JOBS / f"{number}.o").read_bytes(), file=job.file)
    for name, type_ in job.types:
        spec.set_type(name, type_)
    for name, digits in job.values.items():
        spec.variable(name).set_text(f"hex:{digits}")
    if job.only is not None:
        spec = spec.subset(maps=set(), programs=set(job.only), variables=set())
    runtime = KernelRuntime()
    report = runtime.check(spec, log_level=job.log_level)
    explanations = {
        each.name: runtime.explain(VerifierLog(each.log, program), program)
        for each in report.programs
        if not each.ok and each.log and (program := spec.programs[each.name])
    }
    say("answer", number=number, **answered(platform.release(), report, explanations))
