"""What pip's configuration files say, read as pip documents them.

pip itself could be asked, but nox's own Python need not have one
(https://pip.pypa.io/en/stable/topics/configuration/). Names of options are those of
https://pip.pypa.io/en/stable/cli/pip_install/.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from pathlib import Path

from stackproof.errors import CannotJudgeError
from stackproof.installers.installer import Allowed

__all__ = ["ALLOWED", "allowed_in_files", "configured_index", "pip_settings"]

#: What of pip's is passed on, be it a variable or in a file, and what is no loss.
ALLOWED = Allowed(
    passed=re.compile(
        r"index-url|extra-index-url|find-links|keyring-provider|cert|client-cert|trusted-host"
        r"|proxy|timeout|default-timeout|retries|resume-retries|cache-dir|no-cache-dir"
    ),
    silent=re.compile(
        r"config-file|no-input|no-color|progress-bar|quiet|verbose|debug|log|log-file"
        r"|exists-action|disable-pip-version-check|root-user-action|require-virtualenv|no-warn-.*"
        r"|build-tracker|no-python-version-warning|break-system-packages|(?:no-)?compile|no-clean"
    ),
)


def pip_settings(environ: Mapping[str, str]) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield each file that counts with its settings for `pip install`, what counts most first.

    Raises CannotJudgeError for a file that cannot be read.
    """
    files = [(file, _read(file)) for file in _files(environ) if file.is_file()]
    for section in ("install", "global"):  # whatever files they stand in
        for file, parsed in files:
            if parsed.has_section(section):
                yield file, {_name(key): value for key, value in parsed.items(section)}


def configured_index(environ: Mapping[str, str]) -> str | None:
    """Return the address of the index that a configuration file names, or None."""
    found = (settings.get("index-url") for _, settings in pip_settings(environ))
    return next(filter(None, found), None)


def allowed_in_files(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return variables in place of the files, and what of those was left out.

    Raises CannotJudgeError for a file that cannot be read.
    """
    kept: dict[str, str] = {}
    left_out: list[str] = []
    for file, settings in pip_settings(environ):
        for option, value in settings.items():
            if ALLOWED.passes(option):
                kept.setdefault(f"PIP_{option.replace('-', '_').upper()}", value)
            elif not ALLOWED.is_silent(option, value):
                left_out.append(f"{option} in {file}")
    return kept, left_out


def _name(key: str) -> str:
    return key.lower().replace("_", "-").removeprefix("--")


def _read(file: Path) -> RawConfigParser:
    parser = RawConfigParser()
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, Error) as error:
        raise CannotJudgeError(f"pip's configuration {file}: {error}") from error
    return parser


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield where pip looks, what counts most first."""
    own = environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return
    home = Path(environ.get("HOME", "~")).expanduser()
    if own:
        yield Path(own)
    if not own or not Path(own).exists():
        yield _user(home, environ) / "pip.conf"
        yield home / ".pip" / "pip.conf"
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
        return
    yield Path("/etc/pip.conf")
    for folder in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
        yield Path(folder) / "pip" / "pip.conf"


def _user(home: Path, environ: Mapping[str, str]) -> Path:
    of_mac = home / "Library" / "Application Support" / "pip"
    if sys.platform == "darwin" and of_mac.is_dir():
        return of_mac
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"
