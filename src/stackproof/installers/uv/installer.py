"""uv, as an `Installer`: its commands, and its words of versions 0.8.4 and 0.13.9."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

from uv import find_uv_bin

from stackproof.base.process import ask
from stackproof.base.public_index import public_index
from stackproof.base.times import timestamp
from stackproof.evidence.records import Built, FailureKind
from stackproof.index.web import PAGE_SECONDS
from stackproof.installers.installer import CacheLayout, Installer
from stackproof.installers.pages import PAGE_LOGGING
from stackproof.installers.sources import (
    extra_by_variables,
    further_by_variables,
    index_by_variables,
    on_web,
)
from stackproof.installers.uv import config
from stackproof.installers.uv.builds import BUILD_LOGGING, built_by_uv, debug_log, without_debug_log
from stackproof.matrix.checks import ALL

__all__ = ["UV", "Uv", "asks_public_index"]

#: As the public index answers: pages count as fresh for ten minutes, and files never change.
_PUBLIC_LIFETIMES = MappingProxyType(
    {"api": f"max-age={PAGE_SECONDS}", "files": "max-age=365000000, immutable"}
)


class Uv:
    """See `Installer`."""

    name = "uv"
    index_option = "--default-index"
    cut_off_option = "--exclude-newer"
    forget = "uv cache clean"
    backends: tuple[str, ...] = ("uv", "none")
    brings: frozenset[str] = frozenset()
    names_yanks = True
    # Of the public index, and of any other one, in folders of name, version and revision
    # (https://docs.astral.sh/uv/concepts/cache/).
    cache = CacheLayout(
        variable="UV_CACHE_DIR",
        off="UV_NO_CACHE",
        built=("sdists-", "builds-"),
        wheels=("sdists-*/pypi/*/*/*/*.whl", "sdists-*/index/*/*/*/*/*.whl"),
        lock=".lock",
        pages=("simple-",),
    )
    allowed = config.ALLOWED
    telling: Mapping[str, str] = MappingProxyType(
        {"RUST_LOG": f"{PAGE_LOGGING},{BUILD_LOGGING}", "UV_LOG_CONTEXT": "1"}
    )
    no_files: Mapping[str, str] = MappingProxyType({"UV_NO_CONFIG": "1"})
    failures: Mapping[FailureKind, tuple[str, ...]] = MappingProxyType(
        {
            "upload-times": ("is missing an upload date",),
            "index": (
                r"Request failed after \d+ retr",
                "Failed to fetch:",
                "error sending request for url",
                "error decoding response body",
                "lack of valid authentication credentials",
                "returned a 403 Forbidden error",
                "Indexes search failed because of status code failure",
                "Error while accessing remote requirements file",
            ),
            "refused": (
                "No solution found when resolving",
                "Failed to build",
                "Failed to download and build",
            ),
        }
    )
    complaint = re.compile(
        r"^The package `([^`]+)` (?:requires|was built|has multiple|is broken|is invalid)"
    )

    def install(self, python: Path, arguments: Sequence[str], debug_log: Path) -> list[str]:  # noqa: ARG002 - it prints its debug log
        """See `Installer`."""
        return [find_uv_bin(), "pip", "install", "--python", str(python), *arguments]

    def choosing(
        self, as_of: datetime | None, exempt: Sequence[str], prereleases: Sequence[str]
    ) -> list[str]:
        """See `Installer`."""
        found = [] if as_of is None else [self.cut_off_option, timestamp(as_of)]
        found += [f"--exclude-newer-package={name}=false" for name in exempt]
        if ALL in prereleases:
            return [*found, "--prerelease=allow"]
        return [*found, *(f"--prerelease-package={name}=allow" for name in prereleases)]

    def check(self, python: Path) -> list[str]:
        """See `Installer`."""
        return [find_uv_bin(), "pip", "check", "--python", str(python)]

    def version(self, python: Path) -> list[str]:  # noqa: ARG002 - it belongs to no environment
        """See `Installer`."""
        return [find_uv_bin(), "--version"]

    def environment(self, folder: Path, python: str) -> list[str]:
        """See `Installer`."""
        return [find_uv_bin(), "venv", "--quiet", "--python", python, str(folder)]

    def users_cache(self, environ: Mapping[str, str]) -> Path | None:
        """See `Installer`."""
        return _cache_folder(frozenset(environ.items()), Path.cwd())

    def default_index(self, environ: Mapping[str, str]) -> str:
        """See `Installer`."""
        named = index_by_variables(environ, "UV_DEFAULT_INDEX", "UV_INDEX_URL")
        return named or config.configured_index(environ) or public_index()

    def extra_indexes(self, environ: Mapping[str, str]) -> list[str]:
        """See `Installer`."""
        by_variables = extra_by_variables(self.name, environ)
        return on_web([*by_variables, *config.configured_extra_indexes(environ)])

    def further_sources(self, environ: Mapping[str, str]) -> Iterator[str]:
        """See `Installer`."""
        yield from further_by_variables(self.name, environ)
        yield from config.configured_sources(environ)

    def settings(self, environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """See `Installer`."""
        return config.allowed_in_files(environ)

    def parted(self, said: str) -> tuple[str, str]:
        """See `Installer`."""
        return without_debug_log(said), debug_log(said)

    def built(self, said: str, told: str, cache: Path | None, log: str) -> tuple[Built, ...]:  # noqa: ARG002 - it prints its debug log
        """See `Installer`."""
        return built_by_uv(said, cache, log)

    def with_public_lifetimes(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """See `Installer`.

        Where nobody says how long, uv asks for every page anew in each call, and for every source
        too, which it then builds as if it had not been built before.
        """
        if not asks_public_index(environ):
            return environ
        # Written as uv has it: what it took from there under another address it would fetch again.
        address = public_index().rstrip("/")
        return config.with_lifetimes(environ, address, _PUBLIC_LIFETIMES)

    def anew(
        self, environ: Mapping[str, str], projects: Sequence[str]
    ) -> tuple[Mapping[str, str], list[str]]:
        """See `Installer`.

        Where a file gives the default index a lifetime, uv keeps to that in spite of the option;
        not so for an index that a variable names.
        """
        options = [f"--refresh-package={name}" for name in projects] or ["--refresh"]
        if config.gives_lifetime(environ):
            environ = {**environ, "UV_DEFAULT_INDEX": self.default_index(environ)}
        return environ, options


UV: Installer = Uv()


@cache
def _cache_folder(environ: frozenset[tuple[str, str]], cwd: Path) -> Path | None:
    """Ask uv, once, for its cache folder by these variables and the files that it finds there."""
    said = ask([find_uv_bin(), "cache", "dir"], env=dict(environ))
    return cwd / said.output if said.exit == 0 else None


def asks_public_index(environ: Mapping[str, str]) -> bool:
    """Tell whether uv asks the public index, and no file of the user's says otherwise how.

    It then takes pages as fresh for as long as that index says (`PAGE_SECONDS`).
    """
    public = UV.default_index(environ) == public_index()
    return public and not config.speaks_of_indexes(environ)
