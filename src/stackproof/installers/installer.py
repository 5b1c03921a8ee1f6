"""What an installer is to the rest of us: its commands, its settings, its cache and its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from stackproof.evidence.records import Built, FailureKind

__all__ = ["ALWAYS_THERE", "Allowed", "CacheLayout", "Installer"]

#: A project that every package index has: asked of one of which nothing else is wanted.
ALWAYS_THERE = "pip"

#: What a switch says that is off.
_OFF = ("", "0", "false", "no", "off")


@dataclass(frozen=True, kw_only=True)
class CacheLayout:
    """How an installer is told of its cache, and what in there is built: names begin so.

    `variable` names the folder, `off` says that there is none. `wheels` are patterns of the built
    ones. `lock` is the file that whoever works in the cache locks. `pages` begin the names of what
    an index was asked for that may change.
    """

    variable: str
    off: str
    built: tuple[str, ...]
    wheels: tuple[str, ...]
    lock: str | None = None
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Which of a user's options are passed on, by their names as in `index-url`.

    Of those that are `silent` nothing is said when they are not: no installation asks for them.
    """

    passed: re.Pattern[str]
    silent: re.Pattern[str]

    def passes(self, option: str) -> bool:
        """Tell whether an option is passed on."""
        return self.passed.fullmatch(option) is not None

    def is_silent(self, option: str, value: object) -> bool:
        """Tell whether nothing is lost where an option is not passed on."""
        off = str(value).lower() in _OFF or value in ([], {})
        return off or self.silent.fullmatch(option) is not None


class Installer(Protocol):
    """What knows how to install into an environment, and how to be understood.

    `backends` are the venv backends of nox whose environments it installs into; `brings` is what
    those begin with. `forget` is the command, but for the names, that takes distributions out of
    its cache. `names_yanks` tells whether it says why a release was yanked. `allowed` is
    what of its variables, which begin with its name, is passed on. With the variables `telling` it
    tells in its debug log what its answer rests on and what it builds; with `no_files` it reads no
    file of the user's. `failures` are patterns of what it says when it fails, by kind of failure;
    the group of `complaint` that matches is whose requirements are broken.
    """

    name: str
    index_option: str
    cut_off_option: str
    forget: str
    backends: tuple[str, ...]
    brings: frozenset[str]
    names_yanks: bool
    cache: CacheLayout
    allowed: Allowed
    telling: Mapping[str, str]
    no_files: Mapping[str, str]
    failures: Mapping[FailureKind, tuple[str, ...]]
    complaint: re.Pattern[str]

    def install(self, python: Path, arguments: Sequence[str], debug_log: Path) -> list[str]:
        """Return the command that installs what arguments common to installers say.

        `debug_log` is where it may tell what it does not print.
        """

    def choosing(
        self, as_of: datetime | None, exempt: Sequence[str], prereleases: Sequence[str]
    ) -> list[str]:
        """Return the options that say what it may choose from.

        That is no file uploaded after `as_of`, but for those of `exempt`, and the pre-releases of
        `prereleases`, or all where that is `*`. Raises StackproofError for what it cannot do.
        """

    def check(self, python: Path) -> list[str]:
        """Return the command that looks for broken requirements among what is installed."""

    def version(self, python: Path) -> list[str]:
        """Return the command that prints its own version."""

    def environment(self, folder: Path, python: str) -> list[str]:
        """Return the command that makes an empty environment."""

    def users_cache(self, environ: Mapping[str, str]) -> Path | None:
        """Return its cache folder by the user's settings; None if it is to keep none."""

    def default_index(self, environ: Mapping[str, str]) -> str:
        """Return the address that it takes packages from when told nothing.

        Environment variables count before configuration files. Raises CannotJudgeError for one
        that cannot be read.
        """

    def extra_indexes(self, environ: Mapping[str, str]) -> list[str]:
        """Return the indexes on the web beside the default one, what counts first first.

        Raises CannotJudgeError for a configuration file that cannot be read.
        """

    def further_sources(self, environ: Mapping[str, str]) -> Iterator[str]:
        """Yield what it is told of sources beside its default index, without credentials.

        Raises CannotJudgeError for a configuration file that cannot be read.
        """

    def settings(self, environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """Return variables in place of its configuration files, and what of those was left out.

        Raises CannotJudgeError for a file that cannot be read.
        """

    def parted(self, said: str) -> tuple[str, str]:
        """Return its words and its debug log, of what it printed."""

    def built(self, said: str, told: str, cache: Path | None, log: str) -> tuple[Built, ...]:
        """Return what a call built from source, by what it printed and its debug log.

        `cache` is the folder of the call's cache, `log` the file that tells more.
        """

    def with_public_lifetimes(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Return variables with which it takes what the public index has for as long as that says.

        What stands between (a proxy, a mirror) may take off what the index says of that.
        """

    def anew(
        self, environ: Mapping[str, str], projects: Sequence[str]
    ) -> tuple[Mapping[str, str], list[str]]:
        """Return the variables and options with which it asks for pages of projects once more."""
