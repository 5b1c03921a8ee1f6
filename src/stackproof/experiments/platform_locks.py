"""Locks of what was proved here for other machines, where nobody installs them: only resolved."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.markers import default_environment
from packaging.pylock import Package, Pylock
from packaging.requirements import Requirement
from packaging.tags import platform_tags
from packaging.utils import canonicalize_name
from pydantic import Field

from stackproof.base.records import Record
from stackproof.base.versions import admits
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import Freeze, Move
from stackproof.evidence.reports import InSet
from stackproof.installers.choosing import Choice
from stackproof.installers.compiling import Compilation, compiled, wanted_project
from stackproof.installers.failures import classify
from stackproof.installers.refusal import sentence
from stackproof.matrix.markers import environment_of, holds
from stackproof.matrix.plan import Plan
from stackproof.matrix.platforms import PLATFORMS, UNIVERSAL

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["PlatformLock", "PlatformLocker"]

_LIMIT_SECONDS = 600
#: The markers that tell this machine from the platforms that uv has names for.
_HERE = ("sys_platform", "platform_machine", "python_version")
_SAID = "# resolved only, for {where}: nobody has installed this there\n"


class PlatformLock(Record):
    """What is locked for a platform, in the words of uv's `--python-platform`.

    `differs` holds what is otherwise than on this machine, each as (here, there), None for absent;
    for all platforms there may be several versions, as in `1.0 or 1.1`.
    Where it is refused, there is no `file`, and `reason` says why.
    """

    platform: str
    state: Literal["proved here", "resolved only", "refused"]
    file: str | None
    distributions: int
    differs: dict[str, Move] = Field(default={})
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PlatformLocker:
    """Resolves what a row asks for on other platforms, held to the versions of `freeze`.

    These are what `plan` installs here; `everywhere` is the row's plan for all platforms. `indexes`
    are those of distributions that do not come from the default one. `require_pages`
    raises CannotJudgeError if uv's words speak of a distribution whose page is none.
    """

    plan: Plan
    everywhere: Plan
    freeze: Freeze
    indexes: Mapping[str, str]
    environ: Mapping[str, str]
    require_pages: Callable[[str], None]

    def lock(self, platforms: Iterable[str], folder: Path) -> tuple[PlatformLock, ...]:
        """Write a lock for each platform and one for all, and say of each what it is.

        Nothing where no platform is named. Raises CannotJudgeError if uv fails otherwise than by
        refusing, as it does where it knows no such platform.
        """
        named = [*dict.fromkeys(platforms)]
        return tuple(self._parts(named, folder)) if named else ()

    def _parts(self, platforms: Iterable[str], folder: Path) -> Iterator[PlatformLock]:
        yield PlatformLock(
            platform=next(platform_tags()),
            state="proved here",
            file=InSet.PYLOCK,
            distributions=len(self.freeze),
        )
        for platform in (UNIVERSAL, *platforms):
            yield self._part(platform, folder)

    def _part(self, platform: str, folder: Path) -> PlatformLock:
        file = folder / f"pylock.{platform}.toml"
        made = self._compile(file, platform)
        if not made.finished.succeeded:
            if classify(made.told, made.finished) != "refused":
                raise CannotJudgeError(f"no {file.name} could be made: {made.words.strip()}")
            self.require_pages(made.words)
            reason = sentence(made.words)
            return PlatformLock(
                platform=platform, state="refused", file=None, distributions=0, reason=reason
            )
        text = file.read_text(encoding="utf-8")
        where = "every platform" if platform == UNIVERSAL else platform
        file.write_text(_SAID.format(where=where) + text, encoding="utf-8")
        locked = Pylock.from_dict(tomllib.loads(text)).packages
        there = _versions(locked)
        return PlatformLock(
            platform=platform,
            state="resolved only",
            file=file.name,
            distributions=len(there),
            differs=_differs(self.freeze, there),
        )

    def _compile(self, file: Path, platform: str) -> Compilation:
        """Resolve what the stages ask for in one go, near to what was proved.

        That holds, and what all stages are held to. What is asked for elsewhere in another version
        holds here, and is preferred everywhere else.
        """
        folder = file.parent / platform
        folder.mkdir()
        asked = self._asked(platform)
        elsewhere = self._elsewhere(asked)
        pins = {name: f"{name}=={version}" for name, version in self.freeze.items()}
        asked += [f"{pins[name]} ; {self._here}" for name in sorted(elsewhere)]
        wanted, held = folder / "pyproject.toml", folder / "held-to.txt"
        wanted.write_text(wanted_project(asked, self._indexes), encoding="utf-8")
        lines = [pin for name, pin in pins.items() if name not in elsewhere]
        lines += filter(None, [self.everywhere.common_limits])
        held.write_text("\n".join(lines), encoding="utf-8")
        shutil.copyfile(file.with_name(InSet.PYLOCK), file)
        where = ["--universal"] if platform == UNIVERSAL else ["--python-platform", platform]
        options = ["--no-annotate", "--constraints", str(held), "--generate-hashes", *where]
        return compiled(
            wanted,
            file,
            [*options, "--format", InSet.PYLOCK],
            python=self.plan.python,
            choice=Choice.within(self.plan),
            environ=self.environ,
            limit=_LIMIT_SECONDS,
            cwd=folder,
        )

    def _asked(self, platform: str) -> list[str]:
        """Return what the stages ask for on a platform, or under their markers on all.

        uv judges these for the oldest patch of a Python, and a row for the newest.
        """
        asked = [text for stage in self.everywhere.stages for text in stage.requirements]
        if platform not in PLATFORMS:
            return asked
        there = environment_of(self.plan.python, platform=PLATFORMS[platform])
        holding = [item for item in map(Requirement, asked) if holds(item, there)]
        for item in holding:
            item.marker = None
        return [*map(str, holding)]

    @property
    def _indexes(self) -> Mapping[str, str]:
        """The index of each distribution; of a pin that is not installed here, its last stage's."""
        stages = self.everywhere.stages
        last = {pin: stage.index for stage in stages for pin in stage.pins}
        own = {pin: index for pin, index in last.items() if index and pin not in self.freeze}
        return {**self.indexes, **own}

    def _elsewhere(self, asked: Iterable[str]) -> set[str]:
        """Return what came along here in another version than is asked for elsewhere."""
        wanted = [(canonicalize_name(item.name), item) for item in map(Requirement, asked)]
        return {
            name
            for name, item in wanted
            if name in self.freeze and not admits(item, self.freeze[name])
        }

    @property
    def _here(self) -> str:
        """The marker that holds on this machine, as far as platforms differ in what uv knows."""
        environment = {**default_environment(), "python_version": self.plan.python}
        return " and ".join(f"{key} == '{environment[key]}'" for key in _HERE)


def _versions(packages: Iterable[Package]) -> Freeze:
    """Return the version of each distribution, or all of them where markers tell them apart."""
    found: dict[str, list[str]] = {}
    for package in packages:
        found.setdefault(str(package.name), []).append(str(package.version))
    return {name: " or ".join(versions) for name, versions in found.items()}


def _differs(here: Freeze, there: Freeze) -> dict[str, Move]:
    names = sorted(here.keys() | there.keys())
    pairs = {name: (here.get(name), there.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
