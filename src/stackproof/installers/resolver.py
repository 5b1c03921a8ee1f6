"""Ask uv what an installer call would choose, without installing: one resolution, remembered.

uv does the choosing, as in a real run. Versions that an environment would already hold are handed
over as preferences, which is how an installer treats them: kept wherever they satisfy.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from stackproof.base.process import run
from stackproof.base.temporary import temporary_folder
from stackproof.base.times import timestamp
from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.pages import DEBUG_LOG, PAGE_LOGGING, DoubtfulError, doubts
from stackproof.index.target import Target
from stackproof.index.web import PAGE_SECONDS
from stackproof.installers.build_cache import build_cache
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import classify
from stackproof.installers.lifetimes import (
    has_public_lifetimes,
    public_lifetimes,
    without_lifetimes,
)
from stackproof.installers.sources import extra_indexes, further_sources

__all__ = ["Chosen", "Refused", "Resolution", "Resolver", "Wanted"]

_LIMIT_SECONDS = 300
_NAMED = 3
_LINE = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>\S+)(?:\s+# via (?P<via>.*))?$")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One installer call: `index` in place of the default one, `further` indexes beside it.

    Without `builds`, a release that has no wheel cannot be chosen.
    """

    requirements: tuple[str, ...]
    python: str
    preferences: Mapping[str, str]
    constraints: str | None = None
    index: str | None = None
    further: tuple[str, ...] = ()
    as_of: datetime | None = None
    builds: bool = True


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

    def resolve(self, wanted: Wanted) -> Resolution | Refused:
        """Return what would be installed, by normal name.

        An answer given before stands as long as the index's pages count as fresh; offline, and
        under a cut-off before which they held everything, it stands for good.
        Raises CannotJudgeError if the index fails.
        """
        sources = [self.index, *sorted(further_sources("uv", self.environ))]
        inputs = [version("uv"), sources, vars(wanted) | {"as_of": _text(wanted.as_of)}]
        known = self.client.memory.recall("resolution", inputs)
        if known and (
            self.offline
            or known.age < PAGE_SECONDS
            or _is_past(wanted.as_of, known.age + PAGE_SECONDS)
        ):
            return _read(known.value)
        with public_lifetimes(self.environ) as environ:
            try:
                value = self._ask(wanted, environ)
                stands = "refused" not in value or self._saw_all(wanted)
            except DoubtfulError:
                stands = False
            if not stands:
                # Fresh pages may lack a release: a refusal takes an index that was asked.
                value = self._ask(wanted, without_lifetimes(environ), "--refresh")
        if _is_settled(value) and ("chosen" in value or _is_past(wanted.as_of, 0)):
            self.client.memory.keep("resolution", inputs, value)
        return _read(value)

    def _saw_all(self, wanted: Wanted) -> bool:
        """Tell whether every page that counts as fresh has all releases before a cut-off.

        The public index's pages do, since they are younger than a cut-off that is older than they
        may get. Other indexes are asked again whatever the cut-off: their pages may live longer,
        and a mirror shows a release long after its date.
        """
        return (
            _is_past(wanted.as_of, PAGE_SECONDS)
            and wanted.index is None
            and not wanted.further
            and has_public_lifetimes(self.environ)
            and not any(further_sources("uv", self.environ))
        )

    def _ask(self, wanted: Wanted, environ: Mapping[str, str], *options: str) -> dict[str, Any]:
        with temporary_folder("audit") as folder:
            log, output = folder / "log", folder / "resolved.txt"
            command = [*self._command(wanted, folder, output), *options]
            with build_cache(
                "uv", command, python=wanted.python, environ=environ, use="resolution"
            ) as cache:
                finished = run(
                    command,
                    log=log,
                    limit=self.limit,
                    env={
                        **cache.environ,
                        "NO_COLOR": "1",
                        "RUST_LOG": PAGE_LOGGING,
                        "TMPDIR": str(folder),
                    },
                    tick=self.tick,
                )
            words = log.read_text(encoding="utf-8", errors="replace")
            resolved = output.read_text(encoding="utf-8")
        kind = classify(words, finished)
        if kind in (None, "refused") and not self.offline:
            self._settle(wanted, words)
        words = DEBUG_LOG.sub("", words)
        if kind is None or (self.offline and finished.exit == 0):
            return {"chosen": _parse(resolved)}
        if kind == "refused" and not self.offline:
            return {"refused": words}
        raise CannotJudgeError(
            f"the resolution of {', '.join(wanted.requirements[:_NAMED])} "
            f"{'and others ' if wanted.requirements[_NAMED:] else ''}failed: "
            f"uv {finished.describe()}{' (offline)' if self.offline else ''}: {_last_line(words)}"
        )

    def _settle(self, wanted: Wanted, words: str) -> None:
        """Raise DoubtfulError if an answer rests on a page that is none."""
        found = doubts(words)
        if found.projects():
            beside = [*wanted.further, *extra_indexes("uv", self.environ)]
            target = Target(wanted.python, f"{wanted.python}.0")
            found.settle(self.client, [*beside, wanted.index or self.index], target, wanted.as_of)

    def _command(self, wanted: Wanted, folder: Path, output: Path) -> list[str]:
        (folder / "wanted.in").write_text("\n".join(wanted.requirements), encoding="utf-8")
        preferences = (f"{name}=={version}\n" for name, version in wanted.preferences.items())
        output.write_text("".join(preferences), encoding="utf-8")
        command = [
            find_uv_bin(),
            "pip",
            "compile",
            "--quiet",
            "--no-header",
            "--no-python-downloads",
        ]
        command += ["--annotation-style", "line", "--python-version", wanted.python]
        command += ["--output-file", str(output), str(folder / "wanted.in")]
        if not wanted.builds:
            command += ["--no-build"]
        if wanted.constraints is not None:
            (folder / "constraints.txt").write_text(wanted.constraints, encoding="utf-8")
            command += ["--constraint", str(folder / "constraints.txt")]
        if wanted.index is not None:
            command += ["--default-index", wanted.index]
        for url in wanted.further:
            command += ["--index", url, "--index-strategy", "unsafe-best-match"]
        if wanted.as_of is not None:
            command += ["--exclude-newer", timestamp(wanted.as_of)]
        return [*command, "--offline"] if self.offline else command


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
