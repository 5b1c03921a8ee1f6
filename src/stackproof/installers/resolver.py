"""Ask uv what an installer call would choose, without installing: one resolution, remembered.

uv does the choosing, as in a real run. Versions that an environment would already hold are handed
over as preferences, which is how an installer treats them: kept wherever they satisfy.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.pylock import Pylock
from packaging.utils import canonicalize_name

from stackproof.base.temporary import temporary_folder
from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.target import Target
from stackproof.index.web import PAGE_SECONDS
from stackproof.installers.choosing import Choice
from stackproof.installers.compiling import Compilation, compiled
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import classify
from stackproof.installers.pages import DoubtfulError
from stackproof.installers.uv.installer import UV, asks_public_index
from stackproof.matrix.platforms import PLATFORMS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Chosen", "Refused", "Resolution", "Resolver", "Wanted"]

_LIMIT_SECONDS = 300
_NAMED = 3
_LINE = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>\S+)(?:\s+# via (?P<via>.*))?$")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One installer call: `index` in place of the default one, `further` indexes beside it.

    `platform` is one that uv knows, None for this machine's own. Without `builds`, a release that
    has no wheel cannot be chosen. Of what is `without`, nobody is taken to require any.
    """

    requirements: tuple[str, ...]
    python: str
    platform: str | None = None
    preferences: Mapping[str, str]
    constraints: str | None = None
    index: str | None = None
    further: tuple[str, ...] = ()
    as_of: datetime | None = None
    exempt: tuple[str, ...] = ()
    prereleases: tuple[str, ...] = ()
    builds: bool = True
    without: tuple[str, ...] = ()

    @property
    def target(self) -> Target:
        """What the call would install on."""
        major, minor, *patch = self.python.split(".")
        full = self.python if patch else f"{self.python}.0"
        platform = PLATFORMS[self.platform] if self.platform else None
        return Target(f"{major}.{minor}", full, platform=platform)


@dataclass(frozen=True)
class Chosen:
    """A version, and the distributions that directly require it."""

    version: str
    via: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """There is no such set of versions; `words` are the resolver's."""

    words: str


Resolution = dict[str, Chosen]


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Resolves with uv; `offline` takes only what is cached, however old.

    `index` is the default one by `environ`, in which uv finds the rest of its settings itself.
    `limit` is in seconds; `tick` is called some twenty times a second while uv works.
    """

    client: IndexClient
    index: str
    environ: Mapping[str, str]
    offline: bool = False
    limit: float = _LIMIT_SECONDS
    tick: Callable[[], None] = lambda: None
    _session: str = field(default_factory=lambda: secrets.token_hex(8))
    _refused: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)

    def resolve(self, wanted: Wanted) -> Resolution | Refused:
        """Return what would be installed, by normal name.

        An answer given before stands as long as the index's pages count as fresh; offline, and
        under a cut-off before which they held everything, it stands for good. A refusal is asked
        anew, but on another platform, where it is no error.
        Raises CannotJudgeError if the index fails.
        """
        inputs = self._inputs(wanted)
        known = self.client.memory.recall("resolution", inputs)
        if known and self._stands(known.age, wanted):
            return _read(known.value)
        key = json.dumps(inputs, sort_keys=True)
        asked, refused = self._refused.get(key, (0.0, {}))
        if refused and time.monotonic() - asked < PAGE_SECONDS:
            return _read(refused)
        begin = time.monotonic()
        memory = self.client.memory
        value = self._answer(wanted, doomed=memory.recall("refused", inputs) is not None)
        stands = "chosen" in value or _is_past(wanted.as_of, 0)
        if wanted.platform is not None or (_is_settled(value) and stands):
            memory.keep("resolution", inputs, value)
        elif "refused" in value:
            # The index was asked, in this session; another one asks again, and only once.
            self._refused[key] = begin, value
            memory.keep("refused", inputs, [])
        return _read(value)

    def without_wheel(self, wanted: Wanted) -> list[str]:
        """Return what would be built of exactly what is wanted, by normal name.

        What that requires is not asked. uv's lock of it (PEP 751) names the wheels that fit.
        Raises CannotJudgeError where there is no such lock.
        """
        inputs = self._inputs(wanted)
        known = self.client.memory.recall("without-wheel", inputs)
        if known and self._stands(known.age, wanted):
            return list(known.value)
        with temporary_folder("audit") as folder:
            lock = folder / "pylock.toml"
            options = ["--no-deps", "--format", lock.name]
            environ = UV.with_public_lifetimes(self.environ)
            found = self._compiled(wanted, lock, environ, options)
            if not found.finished.succeeded:
                raise self._failed(wanted, found)
            packages = Pylock.from_dict(tomllib.loads(lock.read_text(encoding="utf-8"))).packages
        built = [str(package.name) for package in packages if not package.wheels]
        self.client.memory.keep("without-wheel", inputs, built)
        return built

    def _inputs(self, wanted: Wanted) -> list[Any]:
        """Return all that an answer hangs on, but for what the index has meanwhile."""
        sources = [self.index, *sorted(UV.further_sources(self.environ))]
        return [version("uv"), sources, vars(wanted) | {"as_of": _text(wanted.as_of)}]

    def _stands(self, age: float, wanted: Wanted) -> bool:
        """Tell whether an answer of an age, in seconds, is what uv would say now."""
        return self.offline or age < PAGE_SECONDS or _is_past(wanted.as_of, age + PAGE_SECONDS)

    def _answer(self, wanted: Wanted, *, doomed: bool) -> dict[str, Any]:
        """Ask uv; where it refuses, of an index that was asked: fresh pages may lack a release.

        What was refused before is `doomed`: an index that was asked is all that it is asked of.
        """
        environ = UV.with_public_lifetimes(self.environ)
        alone = self._asks_public_index_alone(wanted)
        settled = _is_past(wanted.as_of, PAGE_SECONDS)
        session = self._session if doomed and alone and not settled else None
        try:
            value = self._ask(wanted, environ, session=session)
        except DoubtfulError:
            environ, options = UV.anew(self.environ, ())
            return self._ask(wanted, environ, *options)
        if "refused" not in value or session is not None or wanted.platform is not None:
            return value
        if not alone:
            environ, options = UV.anew(self.environ, ())
            return self._ask(wanted, environ, *options)
        if settled:
            return value
        return self._ask(wanted, environ, session=self._session)

    def _asks_public_index_alone(self, wanted: Wanted) -> bool:
        """Tell whether the public index alone is asked, whose pages live ten minutes.

        They have all releases before a cut-off that is older than they may get. Other indexes are
        asked again whatever the cut-off: their pages may live longer, and a mirror shows a release
        long after its date.
        """
        return (
            wanted.index is None
            and not wanted.further
            and asks_public_index(self.environ)
            and not any(UV.further_sources(self.environ))
        )

    def _ask(
        self,
        wanted: Wanted,
        environ: Mapping[str, str],
        *options: str,
        session: str | None = None,
    ) -> dict[str, Any]:
        with temporary_folder("audit") as folder:
            preferred = (f"{name}=={version}" for name, version in wanted.preferences.items())
            output = _written(folder / "resolved.txt", preferred)
            options = ("--annotation-style", "line", *options)
            found = self._compiled(wanted, output, environ, options, session=session)
            resolved = output.read_text(encoding="utf-8")
        kind = classify(found.told, found.finished)
        if kind in (None, "refused") and not self.offline:
            beside = [*wanted.further, *UV.extra_indexes(self.environ)]
            indexes = [*beside, wanted.index or self.index]
            found.settle(self.client, indexes, wanted.target, wanted.as_of)
        if kind is None or (self.offline and found.finished.exit == 0):
            return {"chosen": _parse(resolved)}
        if kind == "refused" and not self.offline:
            return {"refused": found.words}
        raise self._failed(wanted, found)

    def _compiled(
        self,
        wanted: Wanted,
        output: Path,
        environ: Mapping[str, str],
        options: Sequence[str],
        *,
        session: str | None = None,
    ) -> Compilation:
        """Have uv write to a file, in a folder of its own, what it makes of what is wanted."""
        return compiled(
            _written(output.with_name("wanted.in"), wanted.requirements),
            output,
            [*self._options(wanted, output.parent), *options],
            python=wanted.python,
            choice=Choice(as_of=wanted.as_of, exempt=wanted.exempt, prereleases=wanted.prereleases),
            environ=environ,
            limit=self.limit,
            tick=self.tick,
            session=session,
        )

    def _failed(self, wanted: Wanted, found: Compilation) -> CannotJudgeError:
        others = "and others " if wanted.requirements[_NAMED:] else ""
        return CannotJudgeError(
            f"the resolution of {', '.join(wanted.requirements[:_NAMED])} {others}failed: uv "
            f"{found.finished.describe()}{' (offline)' if self.offline else ''}: "
            f"{_last_line(found.words)}"
        )

    def _options(self, wanted: Wanted, folder: Path) -> list[str]:
        options = ["--python-platform", wanted.platform] if wanted.platform else []
        if not wanted.builds:
            options += ["--no-build"]
        if wanted.without:
            # https://docs.astral.sh/uv/concepts/resolution/#dependency-overrides
            never = (f"{name}; python_version < '3'" for name in wanted.without)
            options += ["--override", str(_written(folder / "never.txt", never))]
        if wanted.constraints is not None:
            file = _written(folder / "constraints.txt", [wanted.constraints])
            options += ["--constraint", str(file)]
        if wanted.index is not None:
            options += [UV.index_option, wanted.index]
        for url in wanted.further:
            options += ["--index", url, "--index-strategy", "unsafe-best-match"]
        return [*options, "--offline"] if self.offline else options


def _written(file: Path, lines: Iterable[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def _is_settled(value: Mapping[str, Any]) -> bool:
    """Tell whether an answer stands: what fails to build today may be built tomorrow."""
    return "refused" not in value or failed_build(value["refused"]) is None


def _is_past(cut_off: datetime | None, seconds: float) -> bool:
    """Tell whether there is a cut-off and it is at least so many seconds old."""
    return cut_off is not None and time.time() - cut_off.timestamp() >= seconds


def _text(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


def _parse(text: str) -> dict[str, list[Any]]:
    chosen: dict[str, list[Any]] = {}
    for line in text.splitlines():
        if match := _LINE.match(line):
            via = (match["via"] or "").split(", ")
            names = [str(canonicalize_name(item)) for item in via if item and item[0] != "-"]
            chosen[canonicalize_name(match["name"])] = [match["version"], names]
    return chosen


def _read(value: dict[str, Any]) -> Resolution | Refused:
    if "refused" in value:
        return Refused(value["refused"])
    return {name: Chosen(version, tuple(via)) for name, (version, via) in value["chosen"].items()}


def _last_line(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
