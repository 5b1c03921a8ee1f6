"""Ask the installer for broken requirements, and read its complaints.

The two speak differently, and do not always complain of the same: the speaker is kept. What neither
complains of, since both only warn while they install, is an extra that is not there: that is ours
to find, in the metadata of what is installed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackproof.base.process import run
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import PipCheck
from stackproof.index.core_metadata import CoreMetadata
from stackproof.installers.environment import Environment, distributions

__all__ = ["pip_check"]

#: How many complaints uv says there are: one that is not read must not hide behind those that are.
_FOUND = re.compile(r"^Found (\d+) incompatibilit", re.MULTILINE)


def pip_check(
    environment: Environment, log: Path, environ: Mapping[str, str], asked: Iterable[str] = ()
) -> PipCheck:
    """Run the installer's own check in an environment; look for the extras that were `asked` for.

    `asked` are the requirements that were installed, as the installer was given them. Raises
    CannotJudgeError if it ends in another way than by an answer.
    """
    finished = run(environment.check_command(), log=log, limit=300, env=environ)
    output = log.read_text(encoding="utf-8", errors="replace")
    complaints: dict[str, list[str]] = {}
    for line in output.splitlines():
        found = environment.installer.complaint.match(line)
        if found:
            (name,) = filter(None, found.groups())
            complaints.setdefault(str(canonicalize_name(name)), []).append(line)
    if finished.timed_out or finished.exit < 0 or (finished.exit and not complaints):
        raise CannotJudgeError(f"`pip check` {finished.describe()}; see {log.name}")
    _require_all_read(output, sum(map(len, complaints.values())), log)
    for name, sentence in _lacking_extras(environment, asked):
        complaints.setdefault(name, []).append(sentence)
    return PipCheck(
        speaker=environment.installer.name,
        exit=finished.exit,
        seconds=round(finished.seconds, 3),
        complaints={name: tuple(lines) for name, lines in sorted(complaints.items())},
        output=output,
    )


def _lacking_extras(environment: Environment, asked: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield, by the distribution, each requirement whose extra the installed release has not."""
    wanted = defaultdict[str, set[str]](set)
    minor = ".".join(environment.version.split(".")[:2])
    here = {"python_full_version": environment.version, "python_version": minor}
    for requirement in map(Requirement, asked):
        if requirement.marker is None or requirement.marker.evaluate(here):
            wanted[canonicalize_name(requirement.name)] |= requirement.extras
    for library in environment.libraries:
        for folder, name, version in distributions(library):
            if not wanted[name]:
                continue
            text = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
            if lacking := CoreMetadata.parse(text).lacking(wanted[name]):
                yield name, f"{name} {version} has {lacking}, which the documented commands ask for"


def _require_all_read(output: str, read: int, log: Path) -> None:
    stated = _FOUND.search(output)
    if stated and int(stated[1]) != read:
        raise CannotJudgeError(
            f"`pip check` found {stated[1]} conflicts, but {read} could be read; see {log.name}"
        )
