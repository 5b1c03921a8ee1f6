"""For how long uv takes an index's pages as fresh.

The public index lets its pages count as fresh for ten minutes. A proxy or a mirror in its place may
lose that header, and uv then asks anew for hundreds of pages at each call. uv is told the lifetime
by its `cache-control` of an index
(https://docs.astral.sh/uv/concepts/indexes/#customizing-cache-control-headers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stackproof.base.temporary import temporary_folder
from stackproof.index.web import PAGE_SECONDS
from stackproof.installers.sources import PUBLIC_INDEX, default_index
from stackproof.installers.uv_config import uv_settings

__all__ = ["has_public_lifetimes", "public_lifetimes", "without_lifetimes", "write_lifetimes"]


_CONFIG = """\
[[index]]
url = {url}
default = true
cache-control = {{ api = "max-age={seconds}", files = "max-age=365000000, immutable" }}
"""


def write_lifetimes(file: Path, index: str) -> None:
    """Write a configuration file for uv: its default index, with the public index's lifetimes."""
    # In this spelling alone uv knows it as the public index, whose wheels are in its cache.
    index = index.rstrip("/") if index == PUBLIC_INDEX else index
    url = '"' + index.replace("\\", "\\\\").replace('"', '\\"') + '"'
    file.touch(mode=0o600)  # an address may hold a password
    file.write_text(_CONFIG.format(url=url, seconds=PAGE_SECONDS), encoding="utf-8")


def has_public_lifetimes(environ: Mapping[str, str]) -> bool:
    """Tell whether `public_lifetimes` says how long pages live: no file and no index else does.

    Raises CannotJudgeError for a file of uv's that cannot be read.
    """
    public = default_index("uv", environ) == PUBLIC_INDEX
    return public and not any(settings for _, settings in uv_settings(environ))


def without_lifetimes(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables with which uv asks for pages anew when it is told to by `--refresh`.

    Where a file gives the default index a lifetime, uv keeps to that in spite of the option; not
    so for an index that a variable names. Raises CannotJudgeError for a file that cannot be read.
    """
    indexes = (item for _, settings in uv_settings(environ) for item in settings.get("index", ()))
    if any(item.get("default") and "cache-control" in item for item in indexes):
        return {**environ, "UV_DEFAULT_INDEX": default_index("uv", environ)}
    return environ


@contextmanager
def public_lifetimes(environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Give the variables with which uv takes the public index's pages for as long as it says.

    They are the given ones where another index is the default one: what that says of its pages
    counts. Who configures uv by a file can set lifetimes there, and is left alone too.
    Raises CannotJudgeError for a file of uv's that cannot be read.
    """
    if not has_public_lifetimes(environ):
        yield environ
        return
    with temporary_folder("uv") as folder:
        file = folder / "uv.toml"
        write_lifetimes(file, PUBLIC_INDEX)
        yield {**environ, "UV_CONFIG_FILE": str(file)}
