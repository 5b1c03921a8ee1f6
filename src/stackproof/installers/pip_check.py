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

from stackproof.base.process import Finished, run
from stackproof.base.versions import satisfies
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import PipCheck
from stackproof.index.core_metadata import CoreMetadata
from stackproof.installers.environment import Environment, distributions, metadata_of
from stackproof.installers.installer import Installer
from stackproof.installers.pip.installer import PIP, check_from_outside
from stackproof.matrix.markers import holds
from stackproof.reasons.reason import reason
from stackproof.reasons.words import in_words

__all__ = ["pip_check", "pip_check_from_outside"]

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
    return _read(environment.installer, finished, log, _lacking_extras(environment, asked))


def pip_check_from_outside(
    environment: Environment,
    pip: Path,
    log: Path,
    environ: Mapping[str, str],
    asked: Iterable[str],
) -> PipCheck:
    """Have the pip in a folder check an environment that exists, wherever its packages lie.

    uv looks only where it would install, and misses what a system or a parent environment has. Of
    the extras that are `asked` for no check of an installer knows: what they require is looked for.
    Raises CannotJudgeError as `pip_check` does.
    """
    command = check_from_outside(environment.python, pip)
    finished = run(command, log=log, limit=300, env={**environ, **PIP.no_files})
    wanted = tuple(asked)
    lacking = (*_lacking_extras(environment, wanted), *_unmet_extras(environment, wanted))
    return _read(PIP, finished, log, lacking)


def _read(
    speaker: Installer, finished: Finished, log: Path, lacking: Iterable[tuple[str, str]]
) -> PipCheck:
    """Return what a check said, and what is `lacking` besides, by the distribution."""
    output = log.read_text(encoding="utf-8", errors="replace")
    complaints: dict[str, list[str]] = {}
    for line in output.splitlines():
        found = speaker.complaint.match(line)
        if found:
            (name,) = filter(None, found.groups())
            complaints.setdefault(str(canonicalize_name(name)), []).append(line)
    if finished.timed_out or finished.exit < 0 or (finished.exit and not complaints):
        raise CannotJudgeError(f"`pip check` {finished.describe()}; see {log.name}")
    _require_all_read(output, sum(map(len, complaints.values())), log)
    for name, sentence in lacking:
        complaints.setdefault(name, []).append(sentence)
    return PipCheck(
        speaker=speaker.name,
        exit=finished.exit,
        seconds=round(finished.seconds, 3),
        complaints={name: tuple(lines) for name, lines in sorted(complaints.items())},
        output=output,
    )


def _lacking_extras(environment: Environment, asked: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield, by the distribution, each requirement whose extra the installed release has not."""
    for name, version, metadata, extras in _with_extras(environment, asked):
        if lacking := metadata.lacking(extras):
            why = reason("extra-asked", pin=f"{name} {version}", missing=lacking)
            yield name, in_words(why)


def _unmet_extras(environment: Environment, asked: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield, by the distribution, what an extra of it requires and the environment has not."""
    freeze, here = environment.freeze(), environment.markers
    for name, version, metadata, extras in _with_extras(environment, asked):
        always = set(metadata.requirements(here))
        for other, requirement in set(metadata.requirements(here, sorted(extras))) - always:
            if other not in freeze or not satisfies(freeze[other], str(requirement.specifier)):
                pin = f"{name}[{','.join(sorted(extras))}] {version}"
                wanted = f"{other}{requirement.specifier}"
                why = reason("extra-needs-absent", pin=pin, requirement=wanted)
                if other in freeze:
                    at = freeze[other]
                    why = reason("extra-needs-other", pin=pin, requirement=wanted, version=at)
                yield name, in_words(why)


def _with_extras(
    environment: Environment, asked: Iterable[str]
) -> Iterator[tuple[str, str, CoreMetadata, set[str]]]:
    """Yield what is installed of the distributions that are asked for with extras."""
    wanted, here = defaultdict[str, set[str]](set), environment.markers
    for requirement in map(Requirement, asked):
        if holds(requirement, here):
            wanted[canonicalize_name(requirement.name)] |= requirement.extras
    for library in environment.libraries:
        for folder, name, version in distributions(library):
            if wanted[name]:
                yield name, version, CoreMetadata.parse(metadata_of(folder)), wanted[name]


def _require_all_read(output: str, read: int, log: Path) -> None:
    stated = _FOUND.search(output)
    if stated and int(stated[1]) != read:
        raise CannotJudgeError(
            f"`pip check` found {stated[1]} conflicts, but {read} could be read; see {log.name}"
        )
