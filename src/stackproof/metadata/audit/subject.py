"""One row under audit: its plan, what the index knows of its pins, and where things stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from packaging.version import Version

from stackproof.index.constraints.facts import ConstraintFacts
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.releases import File, Project, Release
from stackproof.index.target import Target
from stackproof.matrix.checks import CheckId
from stackproof.matrix.model import Matrix, Override, Pin
from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedPin
from stackproof.metadata.audit.expected import Messages, expectation
from stackproof.metadata.audit.lines import Lines, Place
from stackproof.metadata.audit.record import Finding, Level, Rule
from stackproof.reasons.reason import Reason
from stackproof.reasons.words import in_words

__all__ = ["PinFacts", "Source", "Subject"]


@dataclass(frozen=True, kw_only=True)
class PinFacts:
    """What an index says of one pin; each is None where the one before it already is.

    Of a pin in a range, `release` is the newest that a row can have. `metadata` is also None where
    the index offers none. `file` is what would be installed.
    """

    planned: PlannedPin
    project: Project | None
    release: Release | None
    file: File | None
    metadata: CoreMetadata | None

    @property
    def name(self) -> str:
        """The name of the distribution."""
        return self.planned.name

    @property
    def exact(self) -> bool:
        """Whether one version alone will do."""
        return self.planned.version is not None

    @property
    def version(self) -> str:
        """The version that is pinned, or that a range comes to, "" where it comes to none."""
        found = str(self.release.version) if self.release else ""
        return self.planned.version or found

    def __str__(self) -> str:
        """Return name and version, as sentences have it, or the range where it comes to none."""
        return f"{self.name} {self.version}" if self.version else str(self.planned)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A row to audit, and what does not come from an index; `file` is shown to the user.

    `lacking` says why its constraint files cannot be had, and is empty where they can. `as_of` is
    the moment that the whole audit is as of, in place of the row's own cut-off.
    """

    matrix: Matrix
    plan: Plan
    file: str
    lines: Lines
    target: Target
    constraints: tuple[ConstraintFacts, ...]
    lacking: str
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Subject(Source):
    """A row with all that the rules judge it by: what indexes say of its pins, and the day."""

    pins: Mapping[str, PinFacts]
    today: date

    def others_of(self, final: Mapping[str, str]) -> set[tuple[str, str]]:
        """Return each pin in a range that stages leave at another release than its newest."""
        ranged = (pin for pin in self.pins.values() if not pin.exact and pin.name in final)
        return {(pin.name, final[pin.name]) for pin in ranged if final[pin.name] != pin.version}

    def installed(
        self, final: Mapping[str, str], known: Mapping[tuple[str, str], CoreMetadata | None]
    ) -> Subject:
        """Return the row with what an index says of its pins at the releases that stages leave.

        `known` has the metadata of those that are others than their newest.
        """
        pins = dict(self.pins)
        for name, version in self.others_of(final):
            project = pins[name].project
            releases = project.releases(self.as_of) if project else {}
            if release := releases.get(Version(version)):
                pins[name] = replace(
                    pins[name],
                    release=release,
                    file=self.target.best(release),
                    metadata=known.get((name, version)),
                )
        return replace(self, pins=pins)

    def finding(
        self,
        rule: Rule,
        level: Level,
        why: Reason,
        *,
        place: Place = (),
        pin: str | None = None,
        checks: tuple[str, ...] = (),
        messages: Messages = MappingProxyType({}),
    ) -> Finding:
        """Return a finding of this row, at the line of `place`, or else of the pin.

        `messages` are those of its checks, as far as they are known. An error that may be an
        expected one, or another, is a warning that says so.
        """
        expected = expectation(self.plan.known_failures, checks, messages)
        if expected.doubt:
            level, why = "warning", why.then(expected.doubt)
        at = place or (self.pin_place(pin) if pin else ("rows", self.plan.row))
        return Finding(
            rule=rule,
            level=level,
            matrix=self.plan.matrix,
            row=self.plan.row,
            pin=pin,
            file=self.file,
            line=self.lines.line(at),
            message=in_words(why),
            why=why,
            checks=checks,
            known=expected.known,
        )

    def pin_place(self, name: str) -> Place:
        """Return where the version of a pin stands: in an override, or in the pin itself."""
        for row, level in self.matrix.bases(self.plan.row):
            for number, override in enumerate(level.overrides):
                if override.pin == name:
                    return ("rows", row, "overrides", number, _key(override))
        for number, pin in enumerate(self.matrix.pins):
            if pin.name == name:
                return ("pins", number, _key(pin))
        return ()

    def stage_place(self, name: str) -> Place:
        """Return where a stage stands: among the document's, or in the row that adds it."""
        for number, stage in enumerate(self.matrix.stages):
            if stage.name == name:
                return ("stages", number)
        for row, level in self.matrix.bases(self.plan.row):
            for number, extra in enumerate(level.stages):
                if extra.name == name:
                    return ("rows", row, "stages", number)
        return ()

    def checks_of(self, pin: str) -> tuple[CheckId, ...]:
        """Return the checks of a run that fail where a pin cannot be installed."""
        stages = (stage.name for stage in self.plan.stages if pin in stage.pins)
        return (CheckId("version", pin), *(CheckId("stage", name) for name in stages))


def _key(asked: Pin | Override) -> str:
    """Return the key under which stands what is asked for of a pin."""
    if asked.version is not None:
        return "version"
    return "name" if asked.range is None else "range"
