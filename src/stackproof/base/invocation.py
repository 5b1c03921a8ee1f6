"""How stackproof came here, and what its user types to run another of its sessions."""

from __future__ import annotations

import json
import os
import shlex
import sys
from importlib.metadata import Distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = ["UNPUBLISHED", "local_source", "opening", "repository", "requirement", "typed"]

_NAME = "stackproof"
#: Stands for the repository on GitHub whose workflow others call. There is none yet: whoever
#: publishes stackproof names theirs here, and nowhere else.
UNPUBLISHED = "OWNER/stackproof"


def requirement() -> str:
    """Return the requirement by which an installer gets the stackproof that runs.

    Where it was installed from an address, the environment says which (PEP 610, direct_url.json).
    """
    source = _source()
    return f"{_NAME} @ {source}" if source else _NAME


def local_source() -> str | None:
    """Return the file or folder of this machine that stackproof was installed from, if any."""
    address = urlsplit(_source() or "")
    return url2pathname(address.path) if address.scheme == "file" else None


def repository() -> str:
    """Return OWNER/NAME@REVISION of the repository on GitHub that stackproof was installed from.

    Where it came otherwise, it is `UNPUBLISHED`, at its branch main.
    """
    address, _, revision = (_source() or "").removeprefix("git+").rpartition("@")
    parts = urlsplit(address)
    if parts.hostname == "github.com":
        return f"{parts.path.strip('/').removesuffix('.git')}@{revision}"
    return f"{UNPUBLISHED}@main"


def typed(session: str, *words: str) -> str:
    """Return the command line that runs a session, in the way in which this one was run."""
    if _by_nox():
        return shlex.join(["nox", "-s", session, *(["--", *words] if words else [])])
    return shlex.join([*_command(), session, *words])


def opening(session: str) -> str:
    """Return the same up to where the session's own words begin."""
    return f"{typed(session)} --" if _by_nox() else typed(session)


def _by_nox() -> bool:
    return Path(sys.argv[0]).name != _NAME


def _command() -> list[str]:
    # `uvx` puts the command on no PATH but its own, and sets UV, as `uv run` does; that one
    # names the environment, too.
    if "UV" in os.environ and os.environ.get("VIRTUAL_ENV") != sys.prefix:
        return ["uvx", "--from", local_source() or requirement(), _NAME]
    return [_NAME]


def _source() -> str | None:
    """Return the address that stackproof was installed from; None where that was an index."""
    text = Distribution.from_name(_NAME).read_text("direct_url.json")
    if text is None:
        return None
    record = json.loads(text)
    url: str = record["url"]
    vcs = record.get("vcs_info")
    return f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url
