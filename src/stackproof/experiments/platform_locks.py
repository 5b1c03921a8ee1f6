"""Locks of what was proved here for other machines, where nobody installs them: only resolved."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.pylock import Pylock
from packaging.tags import platform_tags
from pydantic import Field

from stackproof.base.records import Record
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import Freeze, Move
from stackproof.evidence.reports import InSet
from stackproof.installers.choosing import Choice
from stackproof.installers.compiling import Compilation, compiled, wanted_project
from stackproof.installers.failures import classify
from stackproof.installers.refusal import sentence
from stackproof.matrix.plan import Plan

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["UNIVERSAL", "PlatformLock", "PlatformLocker"]

#: What stands for all platforms in place of the name of one.
UNIVERSAL = "universal"
_LIMIT_SECONDS = 600
_SAID = "# resolved only, for {where}: nobody has installed this there\n"


class PlatformLock(Record):
    """What is locked for a platform, in the words of uv's `--python-platform`.

    `differs` holds what is otherwise than on this machine, each as (here, there), None for absent.
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
    """Resolves what a plan asks for on other platforms, held to the versions of `freeze`.

    `indexes` are those of distributions that do not come from the default one. `require_pages`
    raises CannotJudgeError if uv's words speak of a distribution whose page is none.
    """

    plan: Plan
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
        there: Freeze = {str(package.name): str(package.version) for package in locked}
        return PlatformLock(
            platform=platform,
            state="resolved only",
            file=file.name,
            distributions=len(there),
            differs=_differs(self.freeze, there),
        )

    def _compile(self, file: Path, platform: str) -> Compilation:
        """Resolve what the stages ask for in one go, near to what was proved."""
        folder = file.parent / platform
        folder.mkdir()
        asked = [text for stage in self.plan.stages for text in stage.requirements]
        wanted, held = folder / "pyproject.toml", folder / "held-to.txt"
        wanted.write_text(wanted_project(asked, self.indexes), encoding="utf-8")
        pins = (f"{name}=={version}\n" for name, version in self.freeze.items())
        held.write_text("".join(pins), encoding="utf-8")
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


def _differs(here: Freeze, there: Freeze) -> dict[str, Move]:
    names = sorted(here.keys() | there.keys())
    pairs = {name: (here.get(name), there.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
