"""Ask the installer for broken requirements, and read its complaints.

The two speak differently, and do not always complain of the same: the speaker is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.base.process import run
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import PipCheck
from stackproof.installers.environment import Environment

__all__ = ["pip_check"]

_COMPLAINT = re.compile(
    r"^The package `(?P<uv>[^`]+)` requires "  # uv
    r"|^(?P<pip>[A-Za-z0-9][\w.-]*) \S+ (?:has requirement|requires|is not supported) "  # pip
    r"|^The package `(?P<other>[^`]+)` (?:was built|has multiple|is broken|is invalid)"  # uv
    r"|^(?:WARNING: )?Error parsing dependencies of (?P<unread>[A-Za-z0-9][\w.-]*): "  # pip
)
#: How many complaints uv says there are: one that is not read must not hide behind those that are.
_FOUND = re.compile(r"^Found (\d+) incompatibilit", re.MULTILINE)


def pip_check(environment: Environment, log: Path, environ: Mapping[str, str]) -> PipCheck:
    """Run the installer's own check in an environment.

    Raises CannotJudgeError if it ends in another way than by an answer.
    """
    finished = run(environment.check_command(), log=log, limit=300, env=environ)
    output = log.read_text(encoding="utf-8", errors="replace")
    complaints: dict[str, list[str]] = {}
    for line in output.splitlines():
        found = _COMPLAINT.match(line)
        if found:
            (name,) = filter(None, found.groups())
            complaints.setdefault(str(canonicalize_name(name)), []).append(line)
    if finished.timed_out or finished.exit < 0 or (finished.exit and not complaints):
        raise CannotJudgeError(f"`pip check` {finished.describe()}; see {log.name}")
    _require_all_read(output, sum(map(len, complaints.values())), log)
    return PipCheck(
        speaker=environment.installer,
        exit=finished.exit,
        seconds=round(finished.seconds, 3),
        complaints={name: tuple(lines) for name, lines in sorted(complaints.items())},
        output=output,
    )


def _require_all_read(output: str, read: int, log: Path) -> None:
    stated = _FOUND.search(output)
    if stated and int(stated[1]) != read:
        raise CannotJudgeError(
            f"`pip check` found {stated[1]} conflicts, but {read} could be read; see {log.name}"
        )
