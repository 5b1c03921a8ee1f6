"""What nox's report says of sessions: its own exit code knows no more than that one failed."""

from __future__ import annotations

import json
import re
from pathlib import Path

__all__ = ["exit_code"]

_CODE = re.compile(r"exit (\d+)")


def exit_code(report: Path) -> int:
    """Return the code of sessions that did not all end well, from the file of `nox --report`.

    That is 1 where one of them found a failure, and 2 where all that failed could not judge: a
    session of ours says so first of all, and one that never began has no interpreter.
    """
    sessions = json.loads(report.read_text(encoding="utf-8"))["sessions"]
    reasons = [str(item["reason"] or "") for item in sessions if item["result_code"] <= 0]
    codes = [_CODE.match(reason) for reason in reasons]
    unjudged = [
        found[1] == "2" if found else reason.startswith("Python interpreter ")
        for found, reason in zip(codes, reasons, strict=True)
    ]
    return 2 if all(unjudged) else 1
