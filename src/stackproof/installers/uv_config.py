"""What uv's configuration files say: uv tells nobody, so they are read as it documents them.

First counts that of the project in which uv is called, which lies in its folder or in one above,
then the user's own `uv.toml`, then the system's
(https://docs.astral.sh/uv/concepts/configuration-files/).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import islice
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
            if file.name == "pyproject.toml":
                data = data.get("tool", {}).get("uv", {})
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
    """Yield where uv looks, what counts most first."""
    if environ.get("UV_CONFIG_FILE"):  # counts in spite of UV_NO_CONFIG
        yield Path(environ["UV_CONFIG_FILE"])
        return
    if environ.get("UV_NO_CONFIG", "") not in ("", "0", "false"):
        return
    here = Path.cwd() / environ.get("UV_WORKING_DIR", "") / environ.get("UV_PROJECT", "")
    yield from islice(filter(_settles, _of_projects(here)), 1)
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")) / ".config"
    yield Path(home).expanduser() / "uv" / "uv.toml"
    shared = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    system = [*(Path(folder) / "uv" / "uv.toml" for folder in shared), Path("/etc/uv/uv.toml")]
    yield from islice((file for file in system if file.is_file()), 1)


def _of_projects(folder: Path) -> Iterator[Path]:
    for parent in (folder, *folder.parents):
        yield parent / "uv.toml"
        yield parent / "pyproject.toml"


def _settles(file: Path) -> bool:
    """Tell whether a project's file ends uv's search: one without a table of uv's does not."""
    if file.name == "uv.toml" or not file.is_file():
        return file.is_file()
    try:
        return "uv" in tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False  # uv passes over it too
