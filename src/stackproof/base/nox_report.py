"""What nox's report says of sessions: its own exit code knows no more than that one failed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["OPTIONAL", "VERIFY", "exit_code"]

_CODE = re.compile(r"exit (\d+)")
#: The sessions that prove rows: those run by default, and the others.
VERIFY, OPTIONAL = "verify", "verify-optional"


def exit_code(report: Path) -> int:
    """Return the code of sessions that did not all end well, from the file of `nox --report`.

    That is 1 where one of them found a failure, and 2 where all that failed could not judge.
    """
    sessions = json.loads(report.read_text(encoding="utf-8"))["sessions"]
    return 2 if all(map(_is_unjudged, (it for it in sessions if it["result_code"] <= 0))) else 1


def _is_unjudged(session: Mapping[str, Any]) -> bool:
    """Tell whether a session that did not end well found nothing out.

    One of ours says so first of all, or has no interpreter. One that verifies rows fails as nox
    sees it, and with no reason, where nox could not make the environment for it.
    """
    reason = str(session["reason"] or "")
    if code := _CODE.match(reason):
        return code[1] == "2"
    if reason:
        return reason.startswith("Python interpreter ")
    return session["result_code"] == 0 and session["name"] in (VERIFY, OPTIONAL)
