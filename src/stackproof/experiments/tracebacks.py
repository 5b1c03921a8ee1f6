"""Read out of a run's report log where a failure came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.evidence.reports import InRun

__all__ = ["traceback_packages"]

_PACKAGE = re.compile(r"site-packages/([A-Za-z_]\w*)")


def traceback_packages(runs: Iterable[Path], check: str) -> list[str]:
    """Return the packages that the traceback of a failed check goes through, the deepest first.

    `runs` are folders of evidence, of which the first with that check counts. Names are spelt as
    distributions are, which those of packages mostly are.
    """
    for folder in runs:
        log = folder / InRun.CHECKS
        lines = (
            log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        )
        for line in lines:
            if f'"{check}"' in line and '"failed"' in line:
                found = _PACKAGE.findall(json.dumps(json.loads(line).get("longrepr")))
                return list(dict.fromkeys(map(canonicalize_name, reversed(found))))
    return []
