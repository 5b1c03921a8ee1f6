"""What uv's configuration files say: uv tells nobody, so they are read as it documents them.

Only files outside of projects count: the user's own `uv.toml`, then the system's
(https://docs.astral.sh/uv/concepts/configuration-files/).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stackproof.errors import CannotJudgeError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["configured_index", "uv_settings"]


def uv_settings(environ: Mapping[str, str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each configuration file that counts with its settings for `uv pip`, the nearest first.

    Raises CannotJudgeError for a file that cannot be read.
    """
    for file in _files(environ):
        if file.is_file():
            try:
                data = tomllib.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise CannotJudgeError(f"uv's configuration {file}: {error}") from error
            yield file, {**data, **data.get("pip", {})}


def configured_index(environ: Mapping[str, str]) -> str | None:
    """Return the address of the default index that a configuration file names, or None."""
    for _, settings in uv_settings(environ):
        named = [item["url"] for item in settings.get("index", ()) if item.get("default")]
        url = next(iter(named), settings.get("index-url"))
        if url is not None:
            return str(url)
    return None


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("UV_NO_CONFIG", "") not in ("", "0", "false"):
        return
    if environ.get("UV_CONFIG_FILE"):
        yield Path(environ["UV_CONFIG_FILE"])
        return
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")) / ".config"
    yield Path(home).expanduser() / "uv" / "uv.toml"
    yield Path("/etc/uv/uv.toml")
