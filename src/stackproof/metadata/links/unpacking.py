"""Unpack the wheels of a set of versions into one folder; nothing is built, nothing is run.

uv lays a wheel's files out where it is told to, and writes the installed record that says whose
each is. Of what has no wheel the modules are taken from its source distribution, where they stand
there as they would be installed; else it is left out. The folders are kept in the user's cache,
named by what is in them, as links to what uv keeps of each wheel.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from stackproof.base.json_text import fingerprint
from stackproof.base.keeping import keep_newest
from stackproof.base.process import run
from stackproof.base.temporary import temporary_folder
from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.target import Target
from stackproof.installers.environment import distributions
from stackproof.installers.failures import classify, explain
from stackproof.installers.known import DEFAULT
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.pyrefly import REQUIREMENT, Pyrefly
from stackproof.metadata.links.source_files import lay_out_modules

__all__ = ["Unpacker"]

_LIMIT_SECONDS = 900
_AT_ONCE = 16
_DAY = 24 * 3600
#: A look needs one folder of the stack, and one of each code's own day.
_KEPT = 64
_EXACTLY = ("--no-deps", "--only-binary", ":all:", "--quiet")


@dataclass(frozen=True, kw_only=True)
class Unpacker:
    """Unpacks from `index`, and from `further` ones beside it, by the user's settings."""

    client: IndexClient
    index: str
    environ: Mapping[str, str]
    further: tuple[str, ...] = ()

    def unpacked(self, versions: Mapping[str, str], target: Target) -> Library:
        """Return the files of some versions: of their wheels, or what source distributions have.

        Raises CannotJudgeError if the index fails, or uv cannot unpack.
        """
        wheels = self._with_wheels(versions, target)
        lacking = {name: version for name, version in versions.items() if name not in wheels}
        named = fingerprint(
            [target.python, sorted(wheels.items()), sorted(lacking), self.index, self.further]
        )
        asked = [f"{name}=={version}" for name, version in sorted(wheels.items())]
        options = ["--python-version", target.python, *_EXACTLY]
        for url in self.further:
            options += ["--index", url, "--index-strategy", "unsafe-best-match"]
        folder = self._kept("unpacked", named[:32], [*asked, *options] if asked else [], lacking)
        there = {name for _, name, _ in distributions(folder)}
        read = {name: version for name, version in lacking.items() if name in there}
        return Library(
            folder=folder,
            versions={**wheels, **read},
            lacking={name: version for name, version in lacking.items() if name not in read},
            from_source=frozenset(read),
        )

    def checker(self) -> Pyrefly:
        """Return the checker; raise CannotJudgeError if it cannot be had."""
        folder = self._kept("checkers", REQUIREMENT, [REQUIREMENT, *_EXACTLY])
        return Pyrefly(program=folder / "bin" / "pyrefly")

    def _with_wheels(self, versions: Mapping[str, str], target: Target) -> dict[str, str]:
        """Return the versions that have a wheel; a released one does not go."""
        inputs = [target.python, sorted(versions.items()), self.index, self.further]
        known = self.client.memory.recall("wheels", inputs)
        if known is not None and (known.age < _DAY or len(known.value) == len(versions)):
            return {name: versions[name] for name in known.value}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            has = pool.map(lambda name: self._has_wheel(name, versions[name], target), versions)
            found = [name for name, there in zip(versions, has, strict=True) if there]
        self.client.memory.keep("wheels", inputs, found)
        return {name: versions[name] for name in found}

    def _has_wheel(self, name: str, version: str, target: Target) -> bool:
        for index in (self.index, *self.further):
            project = self.client.project(index, name)
            release = project.find(version) if project else None
            best = target.best(release) if release else None
            if best is not None and best.is_wheel:
                return True
        return False

    def source(self, name: str, version: str, target: Target) -> bytes | None:
        """Return the source distribution of what has no wheel for a Python; None where it has one.

        Raises CannotJudgeError if the index fails.
        """
        return None if self._has_wheel(name, version, target) else self._archive(name, version)

    def _archive(self, name: str, version: str) -> bytes | None:
        for index in (self.index, *self.further):
            project = self.client.project(index, name)
            release = project.find(version) if project else None
            for file in release.files if release else ():
                if not file.is_wheel and (archive := self.client.source(index, file)) is not None:
                    return archive
        return None

    def _kept(
        self, kind: str, name: str, arguments: list[str], sources: Mapping[str, str] | None = None
    ) -> Path:
        """Return a kept folder, in which uv has laid out what some arguments ask for.

        Beside it lie the modules of source distributions, by their versions.
        """
        store = user_cache_path("stackproof") / "links" / kind
        home = store / name
        store.mkdir(parents=True, exist_ok=True)
        with FileLock(store / f".{name}.lock"):
            if not home.exists():
                aside = store / f"aside-{name}"
                shutil.rmtree(aside, ignore_errors=True)  # of a look that was killed
                self._lay_out(aside, arguments)
                for source, version in (sources or {}).items():
                    if (archive := self._archive(source, version)) is not None:
                        lay_out_modules(archive, aside, source, version)
                aside.rename(home)
            home.touch()
        keep_newest((path for path in store.iterdir() if path.name[:1] not in ".a"), _KEPT)
        return home

    def _lay_out(self, folder: Path, arguments: list[str]) -> None:
        folder.mkdir()
        if not arguments:
            return
        with temporary_folder("unpacking") as aside:
            log = aside / "log.txt"
            command = DEFAULT.install(
                Path(sys.executable), [*arguments, "--target", str(folder)], aside / "debug.txt"
            )
            ended = run(command, log=log, limit=_LIMIT_SECONDS, env=self.environ)
            words = log.read_text(encoding="utf-8", errors="replace")
        if not ended.succeeded:
            why = explain(classify(words, ended) or "unknown", words, ended)
            raise CannotJudgeError(f"wheels could not be unpacked: {why}")
