"""Publish what was locked of a row, under a name that never means anything else."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from stackproof.base.json_text import to_json
from stackproof.base.times import timestamp
from stackproof.errors import StackproofError
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InPublished, InSet
from stackproof.index.client import IndexClient
from stackproof.installers.interpreters import find_target
from stackproof.installers.known import DEFAULT
from stackproof.installers.meta_package import meta_wheel
from stackproof.matrix.plan import Plan
from stackproof.metadata.inventory import inventory, requirement_tree
from stackproof.report.audited import last_audit
from stackproof.report.markdown import markdown
from stackproof.report.publish.pages import changelog
from stackproof.report.publish.proved import Proved
from stackproof.report.publish.record import PublishedSet, SetChanges, moves_between
from stackproof.report.publish.sets import PublishedSets

__all__ = ["Publisher", "default_name"]

#: A name that is a folder everywhere, and reads the same in an address.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DATE = re.compile(r"^(\d{4})-(\d\d)-(\d\d)$")


def default_name(proved: Proved) -> str:
    """Return the day, in UTC, of the index that a lock was made of, such as 2026-06-01."""
    day = proved.lock.as_of or timestamp(proved.evidence.run.started)
    return day.partition("T")[0]


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Publishes locks of a project; the index is asked for licences and requirements."""

    project: Project
    client: IndexClient

    def publish(
        self, proved: Proved, name: str, *, wheel: bool = False
    ) -> tuple[PublishedSet, bool]:
        """Publish a lock, with a `wheel` that requires its pins if wanted.

        Returns the set, and whether it is new: where the last one holds the same distributions, of
        which the same checks passed, that one is returned. Raises StackproofError for a name that
        is taken or none, CannotJudgeError if the index fails.
        """
        sets = PublishedSets(self.project.published / proved.lock.matrix / proved.lock.row)
        last = sets.last()
        changes = _changes(proved, last, sets) if last else None
        if last and changes and not changes.any:
            return last, False
        _require_name(name)
        sets.require_free(name)
        published = _record(proved, name, changes)
        files = {**self._files(proved, published), **(self._wheel(published) if wheel else {})}
        sums = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
        published = published.model_copy(update={"files": sums})
        sets.add(published, files)
        return published, True

    def _files(self, proved: Proved, published: PublishedSet) -> dict[str, bytes]:
        audit = last_audit(proved.evidence)
        report = markdown(proved.evidence, proved.verdict, audit=audit, published=True)
        texts = {
            **proved.texts,
            InSet.CONSTRAINTS: _constraints(published, proved),
            InSet.VERDICT: to_json(proved.verdict.to_data()),
            InSet.REPORT: report,
            InSet.SBOM: self._sbom(proved, published),
            InSet.CHANGELOG: changelog(published),
        }
        return {name: text.encode() for name, text in texts.items()}

    def _sbom(self, proved: Proved, published: PublishedSet) -> str:
        # With all that it leans on, it takes long to load, and says so line by line.
        from stackproof.report.publish.sbom import sbom  # noqa: PLC0415

        environ = self.project.environ
        target = find_target(proved.lock.python, environ)
        parts = inventory(proved.pylock, self.client, DEFAULT.default_index(environ), target)
        asked = _requirements(proved.evidence.plan)
        tree = requirement_tree(parts, asked, target.markers)
        return sbom(published, proved.verdict.depth, parts, tree)

    def _wheel(self, published: PublishedSet) -> dict[str, bytes]:
        name, content = meta_wheel(
            f"{published.matrix}-{published.row}",
            _version(published.name),
            published.freeze,
            python=published.python,
            environ=self.project.environ,
        )
        return {name: content}


def _changes(proved: Proved, last: PublishedSet, sets: PublishedSets) -> SetChanges:
    before = {check.id for check in sets.verdict(last).checks if check.outcome == "passed"}
    freeze, python = proved.evidence.freeze, proved.lock.python
    return SetChanges(
        since=last.name,
        python=last.python if last.python != python else None,
        moves=moves_between(last.freeze, freeze, {*proved.pins, *last.direct}),
        gained=tuple(sorted(proved.passed - before)),
        lost=tuple(sorted(before - proved.passed)),
    )


def _record(proved: Proved, name: str, changes: SetChanges | None) -> PublishedSet:
    lock, freeze = proved.lock, proved.evidence.freeze
    return PublishedSet(
        matrix=lock.matrix,
        row=lock.row,
        name=name,
        published=datetime.now(timezone.utc),
        python=lock.python,
        as_of=lock.as_of,
        index=proved.evidence.run.index,
        run=lock.evidence,
        proof=lock.proof,
        direct={pin: freeze[pin] for pin in sorted(freeze) if pin in proved.pins},
        indirect={pin: freeze[pin] for pin in sorted(freeze) if pin not in proved.pins},
        changes=changes,
        files={},
    )


def _constraints(published: PublishedSet, proved: Proved) -> str:
    """Return what `pip install -c` takes: every version, and the indexes that these need."""
    said = f"{len(published.freeze)} distributions that were proved together"
    requirements = proved.texts[InSet.REQUIREMENTS].splitlines()
    indexes = (line for line in requirements if line.startswith("--extra-index-url "))
    pins = (f"{name}=={version}" for name, version in published.freeze.items())
    head = f"# {published.label}: {said} on Python {published.python}"
    return "\n".join([head, *indexes, *pins, ""])


def _requirements(plan: Plan) -> dict[str, set[str]]:
    """Return the extras that a plan asks for, by distribution."""
    asked: dict[str, set[str]] = {}
    for text in (text for stage in plan.stages for text in stage.requirements):
        requirement = Requirement(text)
        asked.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)
    return asked


def _require_name(name: str) -> None:
    """Raise StackproofError for what cannot be the name of a set."""
    if not _NAME.fullmatch(name) or name in (InPublished.LATEST, InPublished.INDEX):
        raise StackproofError(
            f"{name!r} cannot be the name of a set: it is letters, digits, dots, underscores and "
            f"hyphens, and neither {InPublished.LATEST} nor {InPublished.INDEX}"
        )


def _version(name: str) -> str:
    """Return the version of a package of this name; that of a date has its numbers.

    Raises StackproofError for a name that is no version.
    """
    try:
        return str(Version(_DATE.sub(r"\1.\2.\3", name)))
    except InvalidVersion:
        raise StackproofError(
            f"a package cannot have {name!r} as its version; give the set a name by --as that is "
            "one, such as 2026.6.1, or a date"
        ) from None
