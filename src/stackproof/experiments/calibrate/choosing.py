"""Which releases, on which interpreter, a workload is asked on: the newest, or the oldest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackproof.errors import CannotJudgeError
from stackproof.evidence.layout import Project
from stackproof.index.client import IndexClient
from stackproof.index.constraints.published import (
    ConstraintFile,
    constraint_lines,
    find_constraints,
)
from stackproof.index.releases import Release
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.matrix.model import ConstraintSource
from stackproof.matrix.planned import PlannedConstraints

__all__ = ["Choice", "Chooser"]

#: How long after a release what it requires is taken: its own distributions may come days later.
_SETTLED = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An interpreter and the versions of distributions for it, to be installed as of a moment.

    `constraints` is the label of the constraint file under which the `constrained` are installed.
    """

    python: str
    versions: Mapping[str, str]
    as_of: datetime | None
    constraints: str | None = None
    constrained: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chooser:
    """Chooses by resolving, without installing; `sources` are the constraint files by label.

    `pythons` are the interpreters at hand, the newest first; `python` is the documented one.
    """

    project: Project
    client: IndexClient
    resolver: Resolver
    sources: Mapping[str, ConstraintSource]
    pythons: Sequence[str]
    python: str
    _files: dict[PlannedConstraints, ConstraintFile | None] = field(default_factory=dict)

    def newest(self, needs: Sequence[str], floors: Mapping[str, str]) -> Choice:
        """Return the newest releases that go together, on the newest interpreter that has them.

        None is older than its floor. The newest release of the first need counts more than those of
        others. Where the matrix has a constraint file for one of them, its newest release is the
        newest for which that file can be had. Raises CannotJudgeError if nothing can be installed.
        """
        wanted = [f"{name}>={floors[name]}" if name in floors else name for name in needs]
        label = self._label(needs)
        lead = self.sources[label].pin if label else needs[0]
        refusal = f"for no release of {lead} a constraint file can be had"
        for release in reversed(self._releases(lead)):
            version = str(release.version)
            if release.yanked is not None or release.version.is_prerelease:
                continue
            pythons = [item for item in self.pythons if self._fits(label, version, item)]
            try:
                if pythons:
                    return self._best(wanted, {lead: version}, pythons, _highest(needs))
            except CannotJudgeError as error:
                refusal = str(error)
        raise CannotJudgeError(refusal)

    def oldest(self, needs: Sequence[str], exact: Mapping[str, str]) -> Choice:
        """Return the `exact` versions and the rest as it was when the last of them was released.

        The interpreter is the oldest that they can be installed on.
        Raises CannotJudgeError if they cannot be installed.
        """
        label, pythons = self._label(needs), tuple(reversed(self.pythons))
        if label is not None and self.sources[label].pin in exact:
            version = exact[self.sources[label].pin]
            pythons = tuple(item for item in pythons if self._file(label, version, item))
            if not pythons:
                raise CannotJudgeError(
                    f"no constraint file for {self.sources[label].pin} {version} could be had"
                )
        wanted = tuple(dict.fromkeys((*needs, *exact)))
        return self._best(wanted, exact, pythons, next, self._born(exact))

    def _best(
        self,
        needs: Sequence[str],
        exact: Mapping[str, str],
        pythons: Sequence[str],
        choose: Callable[[Iterator[Choice]], Choice],
        as_of: datetime | None = None,
    ) -> Choice:
        """Return the choice among those of all interpreters; from wheels alone if that can be."""
        refusals: dict[str, str] = {}
        for builds in (False, True):
            found = (
                answer
                # What must be built most likely can be on the documented interpreter: the first.
                for python in sorted(pythons, key=lambda one: builds and one != self.python)
                for answer in [self._on(python, needs, exact, as_of, builds=builds)]
                if not _note(answer, python, refusals)
            )
            try:
                fitting = (answer for answer in found if isinstance(answer, Choice))
                return next(fitting) if builds else choose(fitting)
            except (StopIteration, ValueError):
                continue
        reasons = "; ".join(f"Python {python}: {words}" for python, words in refusals.items())
        raise CannotJudgeError(f"{', '.join(needs)} cannot be resolved together: {reasons}")

    def _on(
        self,
        python: str,
        needs: Sequence[str],
        exact: Mapping[str, str],
        as_of: datetime | None,
        *,
        builds: bool,
    ) -> Choice | Refused:
        """Resolve for one interpreter: first what a constraint file speaks of, then the rest."""
        label = self._label(needs)
        file = self._file(label, exact[self.sources[label].pin], python) if label else None
        held: dict[str, str] = {}
        preferences: dict[str, str] = {}
        constrained: tuple[str, ...] = ()
        if file is not None:
            # A constraint file need not speak of what it belongs to.
            spoken = _names(file) | {self.sources[label].pin} if label else set()
            constrained = tuple(name for name in map(_name, needs) if name in spoken)
            first = self.resolver.resolve(
                Wanted(
                    requirements=_requirements(constrained, exact),
                    python=python,
                    preferences={},
                    constraints=file.text,
                    as_of=as_of,
                    builds=builds,
                )
            )
            if isinstance(first, Refused):
                return first
            preferences = {name: item.version for name, item in first.items()}
            held = {name: preferences[name] for name in constrained}
        if len(constrained) < len(needs):
            rest = self.resolver.resolve(
                Wanted(
                    requirements=_requirements(needs, {**held, **exact}),
                    python=python,
                    preferences=preferences,
                    as_of=as_of,
                    builds=builds,
                )
            )
            if isinstance(rest, Refused):
                return rest
            held = {name: rest[name].version for name in map(_name, needs)}
        return Choice(
            python=python,
            versions=held,
            as_of=as_of,
            constraints=label if constrained else None,
            constrained=constrained,
        )

    def _fits(self, label: str | None, version: str, python: str) -> bool:
        return label is None or self._file(label, version, python) is not None

    def _label(self, needs: Iterable[str]) -> str | None:
        names = {_name(need) for need in needs}
        return next((name for name, item in self.sources.items() if item.pin in names), None)

    def _file(self, label: str, version: str, python: str) -> ConstraintFile | None:
        """Return a release's constraint file, or None where it cannot be had."""
        source = self.sources[label]
        wanted = PlannedConstraints(
            name=label,
            subject=source.pin,
            version=version,
            url=source.url.format(version=version, python=python),
        )
        if wanted not in self._files:
            project = self.project
            try:
                self._files[wanted] = find_constraints(
                    wanted, snapshots=project.snapshots, environ=project.environ
                )
            except CannotJudgeError:
                self._files[wanted] = None
        return self._files[wanted]

    def _born(self, exact: Mapping[str, str]) -> datetime | None:
        """Return when the last of these releases had settled; None where the index has no times."""
        times = [
            release.uploaded
            for name, version in exact.items()
            for release in self._releases(name)
            if release.version == Version(version) and release.uploaded
        ]
        return max(times) + _SETTLED if times else None

    def _releases(self, name: str) -> Sequence[Release]:
        project = self.client.project(self.resolver.index, name)
        return tuple(project.releases().values()) if project else ()


def _highest(needs: Sequence[str]) -> Callable[[Iterator[Choice]], Choice]:
    """Return what chooses the highest versions, those of the first need before all others.

    Of equal ones it is the first, which is that of the newest interpreter.
    """

    def key(choice: Choice) -> list[Version]:
        return [Version(choice.versions[name]) for name in needs]

    return lambda found: max(found, key=key)


def _note(answer: Choice | Refused, python: str, refusals: dict[str, str]) -> bool:
    """Keep a refusal by its interpreter; tell whether it is one."""
    if isinstance(answer, Refused):
        refusals[python] = " ".join(answer.words.split())
        return True
    return False


def _requirements(names: Iterable[str], exact: Mapping[str, str]) -> tuple[str, ...]:
    exactly = {name: f"{name}=={version}" for name, version in exact.items()}
    return tuple(exactly.get(_name(item), item) for item in names)


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _names(file: ConstraintFile) -> set[str]:
    """Return the distributions that a constraint file holds at a version."""
    lines = constraint_lines(file.content)
    return {canonicalize_name(line.name) for line in lines if "==" in str(line.specifier)}
