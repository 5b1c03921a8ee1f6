"""Read out of a run's report log where a failure came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.evidence.failures import telling_line
from stackproof.evidence.reports import InRun
from stackproof.matrix.checks import CheckId

__all__ = ["fault", "telling_line", "traceback_packages"]

#: What differs between two builds though the fault is the same: places, addresses and numbers.
_VARYING = re.compile(r"\S*/\S*|\b0x[0-9a-f]+\b|\d+(?:\.\d+)*")
_PACKAGE = re.compile(r"site-packages/([A-Za-z_]\w*)")


def traceback_packages(runs: Iterable[Path], check: str) -> list[str]:
    """Return the packages that the traceback of a failed check goes through, the deepest first.

    `runs` are folders of evidence, of which the first with that check counts. Names are spelt as
    distributions are, which those of packages mostly are.
    """
    for folder in runs:
        said = _said(folder, check)
        if said is not None:
            found = _PACKAGE.findall(said)
            return list(dict.fromkeys(map(canonicalize_name, reversed(found))))
    return []


def _said(folder: Path, check: str) -> str | None:
    """Return all that a failed check said in a run, None if it did not fail there."""
    asked = CheckId.parse(check)
    if asked.kind == "command":
        name = asked.subject.partition("::")[0]
        log = folder / InRun.COMMAND_LOGS / f"{name}.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else None
    log = folder / InRun.CHECKS
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    failures = (line for line in lines if f'"{check}"' in line and '"failed"' in line)
    return next((json.dumps(json.loads(line).get("longrepr")) for line in failures), None)


def fault(message: str) -> str:
    """Return what two failures share that are of one fault, in builds of other versions too."""
    return _VARYING.sub("#", telling_line(message))
