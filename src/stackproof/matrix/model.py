"""The matrix as data: what a TOML file in `matrices/` says, key by key.

Structure is judged here, the form of single values in `values`; whether the parts of a matrix agree
with one another is judged in `references`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from stackproof.base.versions import name_of
from stackproof.matrix.command import Command, ServerName
from stackproof.matrix.policy import Policy
from stackproof.matrix.table import Table
from stackproof.matrix.values import (
    AgeText,
    CheckText,
    Day,
    DistributionName,
    Instant,
    Label,
    LimitText,
    MarkerText,
    Megabytes,
    Module,
    PlatformName,
    Prereleases,
    PythonVersion,
    RangeText,
    RequirementText,
    Seconds,
    Text,
    Url,
    VersionText,
)

__all__ = [
    "Budget",
    "Claim",
    "Command",
    "ConstraintSource",
    "ExtraStage",
    "Index",
    "KnownFailure",
    "LinkRules",
    "Matrix",
    "Override",
    "Pin",
    "Remedy",
    "Row",
    "ServerName",
    "Stage",
]


class Claim(Table):
    """A sentence of the document, tied to the checks that prove or refute it."""

    text: Text
    checks: tuple[CheckText, ...] = Field(default=(), strict=False)


class _Asked(Table):
    """Which versions of a distribution are asked for: one, those in a range, or any."""

    version: VersionText | None = None
    range: RangeText | None = Field(
        default=None, description="The versions that will do, in place of one exact version."
    )

    @property
    def asked(self) -> str:
        """The version or the range, or nothing where any version will do."""
        return self.version or self.range or ""


class Pin(_Asked):
    """One distribution: at one exact version, at one in a range, or at any.

    Where its marker does not hold, a row goes without it.
    """

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["version", "range"]}})

    name: DistributionName
    marker: MarkerText | None = Field(
        default=None, description="Rows on whose Python it does not hold go without the pin."
    )
    imports: tuple[Module, ...] = Field(
        default=(),
        strict=False,
        min_length=1,
        description="The modules that must import; left out, those that the distribution installs.",
    )
    area: Text
    role: Text
    extras: tuple[DistributionName, ...] = Field(default=(), strict=False)
    claims: tuple[Claim, ...] = Field(default=(), strict=False)


class Index(Table):
    """A package index that a stage installs from in place of the default one."""

    url: Url
    upload_times: bool = Field(
        description="Whether it publishes upload times (PEP 700); where it does not, a row with a "
        "cut-off date takes the stage from the default index."
    )


class ConstraintSource(Table):
    """A published constraint file; `{version}` and `{python}` in its address are filled in."""

    url: Url
    pin: DistributionName = Field(description="The pin whose exact version fills {version}.")


class Stage(Table):
    """One step of the documented install order; what it is held to binds, and asks for nothing."""

    name: Label
    step: Text = Field(description="The document's own words for the step.")
    pins: tuple[DistributionName, ...] = Field(default=(), strict=False)
    requirements: tuple[RequirementText, ...] = Field(default=(), strict=False)
    constraints: Label | None = None
    held_to: tuple[LimitText, ...] = Field(default=(), strict=False)
    index: Label | None = None

    @property
    def installs(self) -> tuple[str, ...]:
        """The distributions that it names: its pins, then those of its requirements."""
        return (*self.pins, *map(name_of, self.requirements))


class ExtraStage(Stage):
    """A stage that a row adds to the documented ones, and why."""

    after: Label | None = Field(default=None, description="The stage it follows; else the last.")
    reason: Text
    reasons: dict[DistributionName, Text] = Field(
        default={}, description="Why the stage installs this one, by distribution."
    )
    date: Day


class Override(_Asked):
    """A pin at another version, or in another range, than the document's, and why."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["version"]}, {"required": ["range"]}]}
    )

    pin: DistributionName
    reason: Text
    date: Day


class Addition(Table):
    """A requirement that a row adds to what the document asks for, and why."""

    requirement: RequirementText
    reason: Text
    date: Day


class KnownFailure(Table):
    """A check that is known to fail, and why; strict: once it passes it must go.

    With `says`, only a failure whose message has these words is the known one; each complaint of a
    `pip-check:NAME` must have them. The same check failing for another reason is news then.
    """

    check: CheckText
    says: Text | None = Field(default=None, description="Words that the failure's message has.")
    reason: Text
    date: Day
    until: Day | None = Field(
        default=None, description="The last day on which an audit takes it as it is."
    )


class AllowedSkip(Table):
    """A workload that may be skipped where its server cannot be had, and why that is accepted."""

    check: CheckText
    reason: Text
    date: Day


class Budget(Table):
    """What a check may take: one that goes over it in two runs, one after the other, is told of."""

    check: CheckText
    seconds: Seconds | None = Field(default=None, description="Wall time of the check.")
    memory: Megabytes | None = Field(
        default=None, description="Memory of its largest process, in megabytes (10^6 bytes)."
    )


class Remedy(Stage):
    """What the document says repairs a broken stack: one more call of the installer."""

    reinstall: bool = Field(default=False, description="Install even what is there, by force.")
    alone: bool = Field(default=False, description="Install without what is required.")


class LinkRules(Table):
    """What is asked of the links between distributions, see docs/links.md."""

    strict: bool = Field(
        default=False, description="Whether a suspect link fails a row; else it is only told."
    )


class Row(Table):
    """One variant of the stack to prove.

    A derived row takes python, overrides, additions, stages and their indexes, and what it goes
    without from its base, never its interpreter, its known failures, its cut-off date or what else
    limits or widens the choice of releases: those were found by running one row and say nothing
    about another.
    """

    summary: Text
    base: Label | None = None
    default: bool = Field(default=True, description="Whether a plain `verify` runs it.")
    python: PythonVersion | None = None
    interpreter: Text | None = Field(
        default=None,
        description="The Python of an environment that exists, such as /opt/venv/bin/python: it is "
        "judged as it is, and nothing is installed into it.",
    )
    as_of: Instant | None = None
    min_age: AgeText | None = Field(
        default=None,
        description='What is younger is not taken, such as "7d"; hours (h), days (d) or weeks (w).',
    )
    min_age_exempt: tuple[DistributionName, ...] = Field(
        default=(), strict=False, description="Distributions that may be younger all the same."
    )
    prereleases: Prereleases = Field(
        default=(), description='Distributions whose pre-releases may be taken, or "all".'
    )
    overrides: tuple[Override, ...] = Field(default=(), strict=False)
    without: tuple[DistributionName, ...] = Field(
        default=(), strict=False, description="The pins that the row goes without."
    )
    additions: tuple[Addition, ...] = Field(
        default=(),
        strict=False,
        description="Requirements that its one stage installs too, or a last one after several.",
    )
    indexes: dict[Label, Label] = Field(
        default={}, description="By stage, the index that it installs from in the row."
    )
    stages: tuple[ExtraStage, ...] = Field(default=(), strict=False)
    known_failures: tuple[KnownFailure, ...] = Field(default=(), strict=False)


class Matrix(Table):
    """A stack: its pins, stages, groups, claims and rows."""

    format: Literal[1]
    title: Text
    document: Text = Field(description="The document that the matrix was written from.")
    python: PythonVersion
    servers: tuple[ServerName, ...] = Field(
        default=(), strict=False, description="Servers without which the stack is not judged."
    )
    platforms: tuple[PlatformName, ...] = Field(
        default=(), strict=False, description="Platforms that an audit looks at besides this one."
    )
    allowed_skips: tuple[AllowedSkip, ...] = Field(default=(), strict=False)
    budgets: tuple[Budget, ...] = Field(
        default=(), strict=False, description="What imports and workloads may take."
    )
    claims: tuple[Claim, ...] = Field(default=(), strict=False)
    groups: dict[Label, Annotated[tuple[DistributionName, ...], Field(strict=False)]] = Field(
        default={}, description="Pins that must move together."
    )
    indexes: dict[Label, Index] = Field(default={})
    links: LinkRules = Field(default=LinkRules())
    constraints: dict[Label, ConstraintSource] = Field(default={})
    pins: tuple[Pin, ...] = Field(strict=False, min_length=1)
    stages: tuple[Stage, ...] = Field(default=(), strict=False)
    commands: tuple[Command, ...] = Field(
        default=(), strict=False, description="The team's own commands, run after the suite."
    )
    remedies: tuple[Remedy, ...] = Field(
        default=(), strict=False, description="What the document says repairs a broken stack."
    )
    policy: Policy = Field(
        default=Policy(), description="What the stack may be made of, which an audit asks."
    )
    rows: dict[Label, Row] = Field(min_length=1)

    def pin(self, name: str) -> Pin:
        """Return the pin of the distribution `name`; raise KeyError if there is none."""
        for pin in self.pins:
            if pin.name == name:
                return pin
        raise KeyError(name)

    def lineage(self, row: str) -> list[Row]:
        """Return the row and the rows it derives from, the most basic one first."""
        return [level for _, level in self.bases(row)][::-1]

    def python_of(self, row: str) -> str:
        """Return the Python of the row: its own, or that of the nearest base, or the matrix's."""
        return next((level.python for _, level in self.bases(row) if level.python), self.python)

    def bases(self, row: str) -> Iterator[tuple[str, Row]]:
        """Yield the row and the rows it derives from, each with its name, the nearest first."""
        name: str | None = row
        while name is not None:
            yield name, self.rows[name]
            name = self.rows[name].base
