"""What uv's configuration files say: uv tells nobody, so they are read as it documents them.

First counts that of the project in which uv is called, which lies in its folder or in one above,
then the user's own `uv.toml`, then the system's
(https://docs.astral.sh/uv/concepts/configuration-files/). Names of options are those of
https://docs.astral.sh/uv/reference/settings/ and https://docs.astral.sh/uv/reference/environment/.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import tomlkit
from platformdirs import user_cache_path

from stackproof.base.records import write_atomically
from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.installers.installer import Allowed
from stackproof.installers.sources import FURTHER, with_login

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "ALLOWED",
    "allowed_in_files",
    "configured_extra_indexes",
    "configured_index",
    "configured_sources",
    "gives_lifetime",
    "speaks_of_indexes",
    "uv_settings",
    "with_lifetimes",
]

#: What of uv's is passed on, be it a variable or in a file, and what is no loss.
ALLOWED = Allowed(
    passed=re.compile(
        r"index|default-index|index-url|extra-index-url|find-links|index-strategy"
        r"|keyring-provider|credentials-dir|index-.+-(?:username|password)"
        r"|native-tls|system-certs|allow-insecure-host|insecure-host"
        r"|http-proxy|https-proxy|no-proxy|cache-dir|no-cache|link-mode"
        r"|http-timeout|request-timeout|http-connect-timeout|http-retries"
        r"|lock-timeout|concurrent-(?:downloads|builds|installs)"
        r"|python-(?:downloads|preference|install-dir|install-mirror|downloads-json-url)"
        r"|python-(?:search-path|cache-dir)|(?:no-)?managed-python|pypy-install-mirror"
        r"|(?:s3|gcs|azure)-endpoint-url"
    ),
    silent=re.compile(
        r"python|system-python"
        r"|(?:tool|project|publish|run|init|internal|installer|test|preview|show|env)(?:-.*)?"
        r"|no-(?:progress|env-file|config|sources|wrap|modify-path)|config-file|working-dir|color"
        r"|cache-keys|dev-dependencies|workspace|sources|package|managed|.*environments|conflicts"
        r"|default-groups|dependency-groups|build-backend|compile-bytecode|required-version|pip"
        r"|trusted-publishing|check-url|log-context|stack-size|venv-.*"
    ),
)
#: Settings that say which index is asked, or how: all else leaves its pages as they are.
_OF_INDEXES = frozenset(
    ("index", "default-index", "index-url", "extra-index-url", "find-links", "no-index", "offline")
)
_NAMING = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
#: Settings that may be a path from the file's own folder.
_PATHS = ("index-url", "extra-index-url", "find-links")


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
        named = [
            with_login(item["url"], item.get("name"), environ)
            for item in settings.get("index", ())
            if item.get("default")
        ]
        url = next(iter(named), settings.get("index-url"))
        if url is not None:
            return str(url)
    return None


def configured_extra_indexes(environ: Mapping[str, str]) -> list[str]:
    """Return the indexes beside the default one that configuration files name."""
    found: list[str] = []
    for _, settings in uv_settings(environ):
        found += _beside(settings.get("index"))
        found += settings.get("extra-index-url", ())
    return found


def configured_sources(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what configuration files say of sources beside the default index."""
    for file, settings in uv_settings(environ):
        for option in FURTHER:
            value = settings.get(option)
            value = _beside(value) if option == "index" else value
            if value:
                yield f"{option} in {file} is {without_credentials(str(value))}"


def gives_lifetime(environ: Mapping[str, str]) -> bool:
    """Tell whether a configuration file says how long pages of the default index are fresh."""
    indexes = (item for _, settings in uv_settings(environ) for item in settings.get("index", ()))
    return any(item.get("default") and "cache-control" in item for item in indexes)


def speaks_of_indexes(environ: Mapping[str, str]) -> bool:
    """Tell whether a configuration file says which index is asked, or how long its pages live."""
    return any(not _OF_INDEXES.isdisjoint(settings) for _, settings in uv_settings(environ))


def with_lifetimes(
    environ: Mapping[str, str], url: str, lifetimes: Mapping[str, str]
) -> dict[str, str]:
    """Return variables by which uv takes pages and files of its default index as fresh for so long.

    `url` is that index, of which no file says anything else (`speaks_of_indexes`); the lifetimes
    are values of `Cache-Control` by `api` and `files`. They count in spite of what is answered.
    """
    variables, _ = allowed_in_files(environ)
    named = variables.get("UV_CONFIG_FILE")
    kept = tomllib.loads(Path(named).read_text(encoding="utf-8")) if named else {}
    index = {"url": url, "default": True, "cache-control": dict(lifetimes)}
    file = _written({**kept, "index": [index]})
    # An index that a variable names takes no lifetime from a file.
    left = {name: environ[name] for name in environ if name not in _NAMING}
    return {**left, "UV_CONFIG_FILE": str(file)}


def allowed_in_files(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the variable that names a file of ours in place of the user's, and what was left out.

    Raises CannotJudgeError for a file that cannot be read.
    """
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    for file, settings in uv_settings(environ):
        for option, value in settings.items():
            if not ALLOWED.passes(option):
                if not ALLOWED.is_silent(option, value):
                    left_out.append(f"{option} in {file}")
            elif isinstance(value, list):  # uv joins those of several files, the nearest first
                kept[option] = [*kept.get(option, ()), *_absolute(option, value, file)]
            else:
                kept.setdefault(option, next(_absolute(option, [value], file)))
    return ({"UV_CONFIG_FILE": str(_written(kept))} if kept else {}), left_out


def _beside(indexes: list[dict[str, Any]] | None) -> list[str]:
    """Return the addresses of indexes without the default one, which stands among them."""
    return [item["url"] for item in indexes or () if not item.get("default")]


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


def _absolute(option: str, values: list[Any], file: Path) -> Iterator[Any]:
    for value in values:
        if option == "index" and isinstance(value, dict) and "url" in value:
            yield {**value, "url": _place(str(value["url"]), file)}
        else:
            yield _place(value, file) if option in _PATHS else value


def _place(text: str, file: Path) -> str:
    return text if re.match(r"[a-z][a-z0-9+.-]*:", text) else str(file.parent / text)


def _written(settings: Mapping[str, Any]) -> Path:
    """Keep a file for uv, found again by what it says: runs compare where packages came from."""
    text = tomlkit.dumps(dict(settings))
    folder = user_cache_path("stackproof") / "settings"
    file = folder / f"uv-{hashlib.sha256(text.encode()).hexdigest()[:16]}.toml"
    if not file.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # an address may hold a password
        write_atomically(file, text)
    return file
