"""Which rows there are to run: what nox itself lists, less what nobody asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from stackproof.base.invocation import typed
from stackproof.base.nox_report import OPTIONAL, VERIFY
from stackproof.base.records import Record
from stackproof.base.text import nearest
from stackproof.ci.jobs import Task
from stackproof.errors import StackproofError

__all__ = ["Listed", "choose", "list_rows", "parse_listing", "scheduled", "tasks_of", "trials_of"]

_SECONDS = 120


class Listed(Record):
    """A row as nox lists it; `default` says whether a plain `nox` runs it.

    `python` is None for a row of an environment that exists, which needs no interpreter.
    """

    session: str
    row: str
    python: str | None
    default: bool


class _Session(Record):
    """One entry of `nox --list --json`; `python` is false or null where a session has none."""

    session: str
    name: str
    python: str | Literal[False] | None
    call_spec: dict[str, Any]


_SESSIONS = TypeAdapter(tuple[_Session, ...])


def list_rows(root: Path, environ: Mapping[str, str]) -> tuple[Listed, ...]:
    """Ask nox for the rows of every matrix of a checkout.

    Raises StackproofError if nox cannot list them, with its words.
    """
    command = [sys.executable, "-m", "nox", "--noxfile", str(root / "noxfile.py")]
    answer = subprocess.run(
        # There may be no session of optional rows, and nox lists none beside one that is not there.
        [*command, "--list", "--json", "--keywords", VERIFY],
        cwd=root,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if answer.returncode != 0:
        raise StackproofError(
            f"nox cannot list the rows:\n{(answer.stderr or answer.stdout).strip()}"
        )
    return parse_listing(answer.stdout)


def parse_listing(text: str) -> tuple[Listed, ...]:
    """Return the rows of nox's JSON listing; sessions that prove no row are left out.

    Raises StackproofError for a listing in another form, or one of a matrix that cannot be used.
    """
    try:
        sessions = _SESSIONS.validate_json(text)
    except ValidationError as error:
        raise StackproofError(f"nox lists its sessions in no form known here: {error}") from error
    return tuple(_listed(sessions))


def _listed(sessions: Iterable[_Session]) -> Iterator[Listed]:
    for item in sessions:
        row = item.call_spec.get("row") if item.name in (VERIFY, OPTIONAL) else None
        if row and item.python is None:
            raise StackproofError(
                f"the matrix {row!r} cannot be used; `{typed(item.session)}` says why"
            )
        if row:
            yield Listed(
                session=item.session,
                row=row,
                python=item.python or None,
                default=item.name == VERIFY,
            )


def scheduled(rows: Sequence[Listed]) -> tuple[Listed, ...]:
    """Return the rows that are proved unasked: all of each matrix that has one run by default."""
    matrices = {item.row.partition("/")[0] for item in rows if item.default}
    return tuple(item for item in rows if item.row.partition("/")[0] in matrices)


def choose(rows: Sequence[Listed], names: Sequence[str]) -> tuple[Listed, ...]:
    """Return the rows of the given names, in the order of the list.

    A matrix's name stands for its rows that run by default. Raises StackproofError for a name that
    is none.
    """
    wanted: set[str] = set()
    for name in names:
        found = {item.row for item in rows if item.row == name}
        found |= {item.row for item in rows if item.default and item.row.startswith(f"{name}/")}
        if not found:
            known = [item.row for item in rows]
            raise StackproofError(f"there is no row {name!r}; {nearest(name, known)}")
        wanted |= found
    return tuple(item for item in rows if item.row in wanted)


def tasks_of(rows: Iterable[Listed]) -> tuple[Task, ...]:
    """Return the tasks that prove rows."""
    return tuple(
        Task(
            kind="verify",
            row=item.row,
            python=item.python,
            arguments=("--session", item.session),
        )
        for item in rows
    )


def trials_of(rows: Iterable[Listed], requests: Sequence[str]) -> tuple[Task, ...]:
    """Return the tasks that try upgrades, together, on each of the rows."""
    return tuple(
        Task(
            kind="candidate",
            row=item.row,
            python=item.python,
            arguments=("--session", "candidate", "--", *requests, "--row", item.row),
        )
        for item in rows
    )
