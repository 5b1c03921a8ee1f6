"""Which of a user's settings reach an installer: those that say where and how, never what.

An allow-list: where packages come from, credentials, certificates, proxies, caches, time limits,
links and interpreters. Whatever else a variable or a file says could choose other versions, and no
evidence would show it; it is not passed on, and named. Names are those of the installers' options
(https://docs.astral.sh/uv/reference/settings/, https://docs.astral.sh/uv/reference/environment/,
https://pip.pypa.io/en/stable/cli/pip_install/).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from platformdirs import user_cache_path

from stackproof.base.records import write_atomically
from stackproof.errors import CannotJudgeError
from stackproof.installers.pip_config import pip_settings
from stackproof.installers.uv_config import uv_settings
from stackproof.matrix.plan import Installer

__all__ = ["Settings", "allowed_settings", "without_python_settings"]

#: What of uv's is passed on, be it a variable or in a file.
_UV = frozenset(
    [
        *("index", "default-index", "index-url", "extra-index-url", "find-links"),
        *("index-strategy", "keyring-provider", "credentials-dir"),
        *("native-tls", "system-certs", "allow-insecure-host", "insecure-host"),
        *("http-proxy", "https-proxy", "no-proxy"),
        *("cache-dir", "no-cache", "link-mode"),
        *("http-timeout", "request-timeout", "http-connect-timeout", "http-retries"),
        *("lock-timeout", "concurrent-downloads", "concurrent-builds", "concurrent-installs"),
        *("python-downloads", "python-preference", "managed-python", "no-managed-python"),
        *("python-install-dir", "python-install-mirror", "pypy-install-mirror"),
        *("python-downloads-json-url", "python-search-path", "python-cache-dir"),
        *("s3-endpoint-url", "gcs-endpoint-url", "azure-endpoint-url"),
    ]
)
_UV_CREDENTIALS = re.compile(r"UV_INDEX_\w+_(?:USERNAME|PASSWORD)")
#: What of pip's is passed on.
_PIP = frozenset(
    [
        *("index-url", "extra-index-url", "find-links", "keyring-provider"),
        *("cert", "client-cert", "trusted-host", "proxy"),
        *("timeout", "default-timeout", "retries", "resume-retries"),
        *("cache-dir", "no-cache-dir"),
    ]
)
#: Settings that no installation asks for, of which nothing is said.
_OF_UV_ALONE = re.compile(
    r"python|system-python|(?:tool|project|publish|run|init|internal|installer|test|preview|show|env)(?:-.*)?"
    r"|no-(?:progress|env-file|config|sources|wrap|modify-path)|config-file|working-dir|color"
    r"|cache-keys|dev-dependencies|workspace|sources|package|managed|.*environments|conflicts"
    r"|default-groups|dependency-groups|build-backend|compile-bytecode|required-version|pip"
    r"|trusted-publishing|check-url|log-context|stack-size|venv-.*"
)
_OF_PIP_ALONE = re.compile(
    r"config-file|no-input|no-color|progress-bar|quiet|verbose|debug|log|log-file|exists-action"
    r"|disable-pip-version-check|root-user-action|require-virtualenv|no-warn-.*|build-tracker"
    r"|no-python-version-warning|break-system-packages|(?:no-)?compile|no-clean"
)
#: What a switch says that is off.
_OFF = ("", "0", "false", "no", "off")
#: Settings of files that may be a path from the file's own folder.
_PATHS = ("index-url", "extra-index-url", "find-links")


#: Returns variables in place of files, and what of those was left out.
_Reader = Callable[[Mapping[str, str]], tuple[dict[str, str], list[str]]]


@dataclass(frozen=True)
class Settings:
    """Variables for installers, which then read no file of the user's; what was left out of them.

    `left_out` says so in a sentence each.
    """

    environ: dict[str, str]
    left_out: tuple[str, ...]


def allowed_settings(environ: Mapping[str, str], by: Installer) -> Settings:
    """Return what of a user's variables and files is passed on to installers.

    `by` is the one that installs: its files have to be readable, and what they lose is said.
    Raises CannotJudgeError for a file of its that cannot be read.
    """
    passed = {name: value for name, value in environ.items() if _is_passed(name)}
    left_out = [
        name
        for name, value in sorted(environ.items())
        if name not in passed and not _is_silent(name, value)
    ]
    taken, lost = _of_files("uv", _uv_files, environ, by)
    taken_by_pip, lost_by_pip = _of_files("pip", _pip_files, environ, by)
    files = {"UV_NO_CONFIG": "1", "PIP_CONFIG_FILE": os.devnull}
    return Settings(
        environ={**taken, **taken_by_pip, **passed, **files},
        left_out=tuple(
            f"{setting} is not passed on to installers: it could change what the stack is made of"
            for setting in (*left_out, *(lost if by == "uv" else lost_by_pip))
        ),
    )


def without_python_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the settings of Python and pytest.

    They are of whoever runs this, and would change what is measured: `PYTHONOPTIMIZE` takes the
    asserts out of a whole stack, `PYTEST_PLUGINS` loads what patches reports.
    """
    return {
        name: value for name, value in environ.items() if not name.startswith(("PYTHON", "PYTEST_"))
    }


def _of_files(
    installer: Installer, read: _Reader, environ: Mapping[str, str], by: Installer
) -> tuple[dict[str, str], list[str]]:
    """Return what an installer's files say; those of one that does not install may be broken."""
    try:
        return read(environ)
    except CannotJudgeError:
        if installer == by:
            raise
        return {}, []


def _is_passed(variable: str) -> bool:
    prefix, option = _split(variable)
    if prefix == "UV":
        return option in _UV or _UV_CREDENTIALS.fullmatch(variable) is not None
    return prefix != "PIP" or option in _PIP


def _split(variable: str) -> tuple[str, str]:
    """Return whose variable it is, and the name of the option that it sets."""
    prefix, _, rest = variable.partition("_")
    return prefix if rest else "", rest.lower().replace("_", "-")


def _is_silent(variable: str, value: object) -> bool:
    prefix, option = _split(variable)
    alone = _OF_UV_ALONE if prefix == "UV" else _OF_PIP_ALONE
    off = str(value).lower() in _OFF or value in ([], {})
    return off or alone.fullmatch(option) is not None


def _pip_files(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return variables in place of pip's files, and what of those was left out."""
    kept: dict[str, str] = {}
    left_out: list[str] = []
    for file, settings in pip_settings(environ):
        for option, value in settings.items():
            variable = f"PIP_{option.replace('-', '_').upper()}"
            if option in _PIP:
                kept.setdefault(variable, value)
            elif not _is_silent(variable, value):
                left_out.append(f"{option} in {file}")
    return kept, left_out


def _uv_files(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the variable that names a file of ours in place of uv's, and what was left out."""
    kept: dict[str, Any] = {}
    left_out: list[str] = []
    for file, settings in uv_settings(environ):
        for option, value in settings.items():
            if option not in _UV:
                if not _is_silent(f"UV_{option}", value):
                    left_out.append(f"{option} in {file}")
            elif isinstance(value, list):  # uv joins those of several files, the nearest first
                kept[option] = [*kept.get(option, ()), *_absolute(option, value, file)]
            else:
                kept.setdefault(option, next(_absolute(option, [value], file)))
    return ({"UV_CONFIG_FILE": str(_written(kept))} if kept else {}), left_out


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
