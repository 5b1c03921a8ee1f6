"""Find the constraint file of a stage: as published, from a mirror, or from the snapshot.

"Cannot be reached" sends us on to the next source; "there is no such file" is an answer, and ends
the search: a version without a constraint file must not be given another one's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import requests
from packaging.requirements import InvalidRequirement, Requirement

from stackproof.base.text import without_credentials
from stackproof.errors import NoConstraintsError, UnknownConstraintsError
from stackproof.evidence.records import ConstraintsUsed
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedConstraints

__all__ = [
    "MIRROR_VARIABLE",
    "ConstraintFile",
    "constraint_lines",
    "constraints_in_use",
    "find_constraints",
]

MIRROR_VARIABLE = "STACKPROOF_CONSTRAINTS_MIRROR"
_SECONDS = (5, 30)

_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(?:^|\s)#.*")
#: Options that stand behind a requirement, such as its hashes.
_OF_LINE = re.compile(r"\s--\S.*")


@dataclass(frozen=True, kw_only=True)
class ConstraintFile:
    """The content of a constraint file, and where it came from."""

    used: ConstraintsUsed
    content: bytes

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", errors="replace")


class _UnreachableError(Exception):
    """The source could not be asked; nothing is known about the file."""


class _NoSuchFileError(Exception):
    """The source was asked and does not have the file."""


def find_constraints(
    wanted: PlannedConstraints, *, snapshots: Path, environ: Mapping[str, str]
) -> ConstraintFile:
    """Return a stage's constraint file from the first source that can be reached.

    `snapshots` is a folder laid out like the mirror. Raises NoConstraintsError where the file is
    not published, and UnknownConstraintsError where a mirror lacks it or no source can be reached.
    """
    passed_over: list[str] = []
    for source, address in _sources(wanted, snapshots, environ):
        try:
            content = _read(address)
        except _UnreachableError as error:
            passed_over.append(f"{source}: {error}")
        except _NoSuchFileError as error:
            if source == "snapshot":
                passed_over.append(f"{source}: {error}")
                break
            wrong = NoConstraintsError if source == "published" else UnknownConstraintsError
            raise wrong(
                f"there is no constraint file for {wanted.subject} {wanted.version} "
                f"({source} source: {error}); check the version and the Python version"
            ) from error
        else:
            used = ConstraintsUsed(
                name=wanted.name,
                source=source,
                address=_shown(address),
                sha256=hashlib.sha256(content).hexdigest(),
                passed_over=tuple(passed_over),
            )
            return ConstraintFile(used=used, content=content)
    raise UnknownConstraintsError(
        f"no constraint file for {wanted.subject} {wanted.version} could be had "
        f"({'; '.join(passed_over)}); name a mirror in {MIRROR_VARIABLE}, or put the "
        f"file into matrices/constraints/"
    )


def constraint_lines(content: bytes) -> list[Requirement]:
    """Return the requirements of a constraint file; none at all where it is no such file.

    What no installer could read, such as a page to log in, is none, whatever its other lines are.
    Options, such as an index, say nothing of a distribution.
    https://pip.pypa.io/en/stable/reference/requirements-file-format/
    """
    try:
        text = content.decode("utf-8-sig")
        lines = (_COMMENT.sub("", line) for line in _CONTINUED.sub(" ", text).splitlines())
        said = (_OF_LINE.sub("", line).strip() for line in lines)
        return [Requirement(line) for line in said if line and not line.startswith("-")]
    except (UnicodeDecodeError, InvalidRequirement):
        return []


def constraints_in_use(
    plan: Plan, *, snapshots: Path, environ: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Return name and sha256 of each constraint file that a run of the plan would use now."""
    wanted = {stage.constraints for stage in plan.stages if stage.constraints is not None}
    found = [find_constraints(item, snapshots=snapshots, environ=environ).used for item in wanted]
    return {(used.name, used.sha256) for used in found}


def _sources(
    wanted: PlannedConstraints, snapshots: Path, environ: Mapping[str, str]
) -> list[tuple[Literal["published", "mirror", "snapshot"], str]]:
    # A mirror and the snapshot are laid out as the published address is: its last two parts.
    tail = "/".join(urlsplit(wanted.url).path.rsplit("/", maxsplit=2)[1:])
    mirror = environ.get(MIRROR_VARIABLE)
    sources: list[tuple[Literal["published", "mirror", "snapshot"], str]]
    sources = [("published", wanted.url)]
    if mirror:
        sources.append(("mirror", f"{mirror.rstrip('/')}/{tail}"))
    return [*sources, ("snapshot", str(snapshots / tail))]


def _shown(address: str) -> str:
    """Return a web address without its password, of a path what means something elsewhere."""
    if _is_web(address):
        return without_credentials(address)
    return "/".join(Path(address).parts[-2:])


def _is_web(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https")


def _read(address: str) -> bytes:
    content = _fetch(address) if _is_web(address) else _read_file(address)
    if not constraint_lines(content):
        raise _UnreachableError(f"what {_shown(address)} holds is no constraint file")
    return content


def _read_file(address: str) -> bytes:
    path = Path(address.removeprefix("file://"))
    try:
        return path.read_bytes()
    except FileNotFoundError:
        # A mirror that is not there at all is out of reach; one that is, lacks the file.
        if path.parent.parent.is_dir():
            raise _NoSuchFileError(f"{_shown(address)} does not exist") from None
        raise _UnreachableError(f"there is no folder {path.parent.parent.name}") from None
    except OSError as error:
        raise _UnreachableError(f"{_shown(address)}: {error.strerror}") from error


def _fetch(url: str) -> bytes:
    try:
        answer = requests.get(url, timeout=_SECONDS)
    except requests.RequestException as error:
        raise _UnreachableError(f"{urlsplit(url).hostname}: {type(error).__name__}") from error
    if answer.status_code in (requests.codes.not_found, requests.codes.gone):
        raise _NoSuchFileError(f"answer {answer.status_code} for {_shown(url)}")
    if not answer.ok:
        raise _UnreachableError(f"answer {answer.status_code} for {_shown(url)}")
    return answer.content
