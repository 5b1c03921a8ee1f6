"""`nox -s publish`: give what was locked of a row a name."""

from __future__ import annotations

from collections import Counter

import nox

from stackproof.base.locking import alone
from stackproof.base.text import count
from stackproof.cli.nox_session import console, ends_in_words, open_project
from stackproof.cli.options import Options
from stackproof.cli.rows import find_row
from stackproof.cli.wiring import open_context
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InSet
from stackproof.report.publish.proved import proved_lock
from stackproof.report.publish.publishing import Publisher, default_name
from stackproof.report.publish.record import PublishedSet, SetChanges

__all__ = ["publish"]


@ends_in_words("exit 2, nothing was published")
def publish(session: nox.Session, project: Project) -> None:
    """Publish the lock of the row that stands behind `--`, or nothing and fail the session."""
    screen = console()
    options = Options("publish")
    options.add_argument("row", nargs="?", metavar="[MATRIX/]ROW")
    options.add_argument("--as", dest="name", metavar="NAME")
    options.add_argument("--wheel", action="store_true")
    project = open_project(session, project)
    given = options.parse_args(session.posargs)
    matrix, row, _ = find_row(given.row, project.matrices, usual="verified")
    with open_context(project, screen) as context, alone(project.reports / matrix / row):
        proved = proved_lock(project.reports, matrix, row)
        publisher = Publisher(project=project, client=context.client)
        name = given.name or default_name(proved)
        made, new = publisher.publish(proved, name, wheel=given.wheel)
    home = project.shown(project.published / matrix / row / made.name)
    for line in _told(made, new=new, home=str(home)):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


def _told(made: PublishedSet, *, new: bool, home: str) -> list[str]:
    """Return what there is to say of a set, a line each; the last one is the conclusion."""
    if not new:
        same = "the same distributions, of which the same checks passed"
        return [f"{made.label} is PUBLISHED already: {same}; see {home}"]
    found = f"{count(len(made.freeze), 'distribution')}, {len(made.direct)} of them pins"
    return [
        *(f"sha256 {sha256}  {home}/{file}" for file, sha256 in made.files.items()),
        f"use: pip install -c {home}/{InSet.CONSTRAINTS}, or its address where you serve it",
        f"{made.label} PUBLISHED: {found}{_changed(made.changes)}",
    ]


def _changed(changes: SetChanges | None) -> str:
    if changes is None:
        return "; the first set of its row"
    kinds = Counter(move.kind for move in changes.moves)
    moved = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    checks = f"{len(changes.gained)} checks gained, {len(changes.lost)} lost"
    return f"; since {changes.since} {moved or 'no distribution is another'}, {checks}"
