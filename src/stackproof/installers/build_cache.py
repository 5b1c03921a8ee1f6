"""A cache for an installer call that holds no wheel which was built here under other conditions.

Installers keep what they build from source, and take it again whatever it was built with: a wheel
that an old cut-off let a build dependency make would then serve today, when it cannot be made any
more. So each call gets a cache folder of ours. What was downloaded is shared with the user's own
cache, by symbolic links; what was built belongs to one set of conditions alone, and where there is
no cut-off, to one hour, since an index may turn a build within hours.

How a cache is laid out each installer knows (`CacheLayout`).
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from platformdirs import user_cache_path
from pydantic import ValidationError

from stackproof.base.json_text import fingerprint
from stackproof.base.keeping import keep_newest
from stackproof.evidence.records import Built, BuiltFile
from stackproof.installers.installer import CacheLayout, Installer
from stackproof.installers.known import INSTALLERS
from stackproof.installers.settings import without_python_settings

__all__ = ["PERIOD_SECONDS", "BuildCache", "build_cache", "folder_beside", "users_cache"]

#: Beside the wheels: what they were built with.
_RECORD = "built.json"
#: For how long a wheel serves that was built without a cut-off.
PERIOD_SECONDS = 3600
_KEPT = 64
_CUT_OFFS = tuple(installer.cut_off_option for installer in INSTALLERS.values())
_CONSTRAINTS = ("--build-constraint", "--build-constraints", "-b")
#: Options that decide which build dependencies are chosen, beside the two kinds above.
_DECIDING = (
    *("--exclude-newer-package", "--index", "--default-index", "--index-url", "--index-strategy"),
    *("--extra-index-url", "--find-links", "--no-index", "--no-binary", "--only-binary"),
    *("--config-settings", "--config-setting", "--no-build-isolation"),
)


@dataclass(frozen=True, kw_only=True)
class BuildCache:
    """The variables that give a call its cache; `folder` is None where none is kept.

    `wheels` maps what was built before the call, by normal name and version, to when.
    """

    folder: Path | None
    environ: Mapping[str, str]
    wheels: Mapping[tuple[str, str], datetime]

    def taken(self, installed: Mapping[str, str], built: Sequence[Built]) -> tuple[Built, ...]:
        """Return those of what a call installed whose wheels had been built before it."""
        anew = {(item.name, item.version) for item in built}
        known = {(item.name, item.version): item for item in self._remembered()}
        keys = ((name, _normal(version)) for name, version in installed.items())
        return tuple(
            (known.get(key) or Built(name=key[0], version=key[1])).model_copy(
                update={"seconds": 0.0, "earlier": self.wheels[key]}
            )
            for key in keys
            if key in self.wheels and key not in anew
        )

    def remember(self, built: Sequence[Built]) -> None:
        """Keep beside the wheels what they were built with, for those who take them later."""
        made = [item for item in built if not item.failed]
        if self.folder is None or not made:
            return
        anew = {(item.name, item.version) for item in made}
        kept = [item for item in self._remembered() if (item.name, item.version) not in anew]
        with suppress(OSError):  # a full disk, say
            BuiltFile(built=(*kept, *made)).write(self.folder / _RECORD)

    def _remembered(self) -> tuple[Built, ...]:
        try:
            text = (self.folder / _RECORD).read_text(encoding="utf-8") if self.folder else "{}"
            return BuiltFile.model_validate_json(text).built
        except (OSError, ValidationError):
            return ()


@contextmanager
def build_cache(
    installer: Installer,
    arguments: Sequence[str],
    *,
    python: str,
    environ: Mapping[str, str],
    use: Literal["stages", "resolution"] = "stages",
) -> Iterator[BuildCache]:
    """Give an installer call with these arguments a cache in which only its own builds stand.

    Of `environ`, what would change how a build backend's Python runs is left out of what it gives.
    `python` is a version such as 3.11. What a resolution built for metadata serves no stage, whose
    builds are evidence. Where no folder can be had, nothing is cached.
    """
    environ = without_python_settings(environ)
    layout, home = installer.cache, users_cache(installer, environ)
    if home is None:
        yield BuildCache(folder=None, environ=environ, wheels={})
        return
    minor = ".".join(python.split(".")[:2])
    where = [use, installer.name, str(home), minor, sys.platform, platform.machine()]
    sources = [installer.default_index(environ), *installer.further_sources(environ)]
    try:
        home.mkdir(parents=True, exist_ok=True)
        store = folder_beside(home, "built")
        folder = store / fingerprint([*where, sources, _conditions(arguments)])[:32]
        _share(folder, home, layout)
        keep_newest(store.iterdir(), _KEPT)
    except OSError:
        yield BuildCache(folder=None, environ={**environ, layout.off: "1"}, wheels={})
        return
    try:
        told = {**environ, layout.variable: str(folder)}
        yield BuildCache(folder=folder, environ=told, wheels=_wheels(folder, layout))
    finally:
        with suppress(OSError):
            _leave(folder, home, layout)


def users_cache(installer: Installer, environ: Mapping[str, str]) -> Path | None:
    """Return the installer's cache folder by the user's settings; None if it is to keep none."""
    if environ.get(installer.cache.off, "").lower() not in ("", "0", "false"):
        return None
    return installer.users_cache(environ)


def folder_beside(cache: Path | None, name: str) -> Path:
    """Return a folder of ours on the file system of a cache, or hard links would become copies."""
    ours = user_cache_path("stackproof") / name
    ours.mkdir(parents=True, exist_ok=True)
    if cache is None or not cache.exists() or cache.stat().st_dev == ours.stat().st_dev:
        return ours
    beside = cache.parent / f"stackproof-{name}"
    beside.mkdir(exist_ok=True)
    return beside


def _conditions(arguments: Sequence[str]) -> list[object]:
    """Return what in an argument list decides what a build is made with."""
    found: list[object] = []
    dated = False
    for place, argument in enumerate(arguments):
        option, glued, value = argument.partition("=")
        if not glued:
            value = arguments[place + 1] if place + 1 < len(arguments) else ""
        if option in _CONSTRAINTS:
            found.append([option, Path(value).read_text(encoding="utf-8")])
        elif option in (*_CUT_OFFS, *_DECIDING):
            dated = dated or option in _CUT_OFFS
            found.append([option, value])
    return found if dated else [*found, ["period", int(time.time() // PERIOD_SECONDS)]]


def _share(folder: Path, home: Path, layout: CacheLayout) -> None:
    """Make a cache of ours that takes from the user's all but what was built."""
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for entry in home.iterdir():
        if entry.is_dir() and not entry.name.startswith((".", *layout.built)):
            with suppress(FileExistsError):
                (folder / entry.name).symlink_to(entry)
    if layout.lock is not None:
        # One lock for both, so that who cleans the user's cache waits for our calls too.
        (home / layout.lock).touch()
        with suppress(FileExistsError):
            (folder / layout.lock).symlink_to(home / layout.lock)
    for link in folder.iterdir():
        if link.is_symlink() and link.name != layout.lock:
            link.readlink().mkdir(exist_ok=True)  # the user's cache was cleaned meanwhile


def _leave(folder: Path, home: Path, layout: CacheLayout) -> None:
    """Remove what builds that were stopped left, and give the user's cache what it lacks.

    Only while nobody else works there.
    """
    with (folder / (layout.lock or ".lock")).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        for left in folder.glob("builds-*/*"):
            shutil.rmtree(left, ignore_errors=True)
        _give_back(folder, home, layout)


def _give_back(folder: Path, home: Path, layout: CacheLayout) -> None:
    """Move what a call downloaded to the user's cache, where that had no such folder yet.

    All or nothing: the folders point into one another.
    """
    new = [
        entry
        for entry in folder.iterdir()
        if entry.is_dir()
        and not entry.is_symlink()
        and not entry.name.startswith((".", *layout.built))
    ]
    if any((home / entry.name).exists() for entry in new):
        return
    for entry in new:
        entry.rename(home / entry.name)
        entry.symlink_to(home / entry.name)


def _wheels(folder: Path, layout: CacheLayout) -> dict[tuple[str, str], datetime]:
    """Return when each wheel in a cache of ours was built, by normal name and version."""
    found: dict[tuple[str, str], datetime] = {}
    for file in (file for pattern in layout.wheels for file in folder.glob(pattern)):
        with suppress(InvalidWheelFilename, OSError):
            name, version, *_ = parse_wheel_filename(file.name)
            moment = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
            found[str(name), str(version)] = moment
    return found


def _normal(version: str) -> str:
    with suppress(InvalidVersion):
        return str(Version(version))
    return version
