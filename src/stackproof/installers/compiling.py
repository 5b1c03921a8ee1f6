"""One call of uv that resolves requirements to pins and installs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import tomlkit
from uv import find_uv_bin

from stackproof.base.process import Finished, run
from stackproof.index.client import IndexClient
from stackproof.index.target import Target
from stackproof.installers.build_cache import build_cache
from stackproof.installers.choosing import Choice
from stackproof.installers.pages import DEBUG_LOG, PAGE_LOGGING, doubts
from stackproof.installers.session_pages import session_pages
from stackproof.installers.uv.installer import UV

__all__ = ["Compilation", "compiled", "pinned_project", "shown_command", "wanted_project"]


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """How a resolution ended; `told` are uv's words and its debug log."""

    finished: Finished
    told: str

    @property
    def words(self) -> str:
        """What uv said, without its debug log."""
        return DEBUG_LOG.sub("", self.told)

    def settle(
        self, client: IndexClient, indexes: Sequence[str], target: Target, as_of: datetime | None
    ) -> None:
        """Raise DoubtfulError if the answer rests on a page of the indexes that is none."""
        found = doubts(self.told)
        if found.projects():
            found.settle(client, indexes, target, as_of)


def compiled(
    wanted: Path,
    output: Path,
    options: Sequence[str],
    *,
    python: str,
    choice: Choice,
    environ: Mapping[str, str],
    limit: float,
    cwd: Path | None = None,
    tick: Callable[[], None] = lambda: None,
    session: str | None = None,
) -> Compilation:
    """Resolve what the file `wanted` asks for, within `limit` seconds, and write pins to `output`.

    Pins that `output` holds before are preferred. Temporary files and the log go beside it. Where a
    `session` is named, only pages that were asked for in it are taken.
    """
    log = output.with_suffix(".log")
    command = [
        find_uv_bin(),
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-python-downloads",
        "--python-version",
        python,
    ]
    command += [*options, *choice.arguments(UV)]
    command += ["--output-file", str(output), str(wanted)]
    told = {"NO_COLOR": "1", "RUST_LOG": PAGE_LOGGING, "TMPDIR": str(output.parent)}
    with ExitStack() as stack:
        cache = stack.enter_context(
            build_cache(UV, command, python=python, environ=environ, use="resolution")
        )
        variables = cache.environ
        if session is not None:
            variables = stack.enter_context(session_pages(cache, UV.cache, session))
        env = {**variables, **told}
        finished = run(command, log=log, limit=limit, env=env, cwd=cwd, tick=tick)
    return Compilation(finished=finished, told=log.read_text(encoding="utf-8", errors="replace"))


def shown_command(requirements: Sequence[str]) -> tuple[str, ...]:
    """Return what a resolution of requirements may be shown as, in place of its files."""
    return ("uv", "pip", "compile", *requirements)


def pinned_project(pins: Mapping[str, str], indexes: Mapping[str, str]) -> str:
    """Return a pyproject.toml that asks uv for exactly some pins, some from `indexes` of their own.

    Names to versions, and names to addresses.
    """
    return wanted_project([f"{name}=={version}" for name, version in pins.items()], indexes)


def wanted_project(asked: Sequence[str], indexes: Mapping[str, str]) -> str:
    """Return a pyproject.toml that asks uv for requirements, as `pinned_project` does for pins."""
    urls = dict.fromkeys(indexes.values())
    labels = {url: f"index-{number}" for number, url in enumerate(urls)}
    uv = {
        "index": [{"name": labels[url], "url": url, "explicit": True} for url in urls],
        "sources": {name: {"index": labels[url]} for name, url in indexes.items()},
    }
    project = {"name": "stackproof-lock", "version": "0", "dependencies": list(asked)}
    return tomlkit.dumps({"project": project, "tool": {"uv": uv}})
