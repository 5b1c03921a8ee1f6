"""The interpreters of this machine, looked for once by all tests of a session.

Each test has a cache of uv's own, which knew none of them. Where a version manager has shims on the
PATH, uv starts these too, at each search, and keeps nothing of what they lead to: a search took
three seconds of processor time, more than most of the builds that tests make.
"""

from __future__ import annotations

__all__ = ["find_interpreters", "hand_over", "without_shims"]

import os
import re
import shutil
import subprocess
from pathlib import Path

from uv import find_uv_bin

_SHIMS = "shims"
_PYTHON = re.compile(r"python3\.\d+")
#: Where `find_interpreters` keeps what uv found, below the cache folder of the tests.
_FOUND = "interpreters"


def without_shims(path: str) -> str:
    """Return a PATH with the interpreters that a version manager has chosen, in place of its shims.

    What else it has shims for is not found any more.
    """
    folders = (Path(folder) for folder in path.split(os.pathsep) if folder)
    found = ([str(folder)] if folder.name != _SHIMS else _behind(folder) for folder in folders)
    return os.pathsep.join(dict.fromkeys(place for places in found for place in places))


def _behind(shims: Path) -> list[str]:
    """Return the folders of the interpreters that shims start; those not chosen start none."""
    found = []
    for shim in sorted(shims.glob("python3.*")):
        if _PYTHON.fullmatch(shim.name):
            command = [str(shim), "-I", "-c", "import sys; print(sys.base_prefix)"]
            asked = subprocess.run(command, capture_output=True, text=True, check=False)
            found += [f"{asked.stdout.strip()}/bin"] if asked.returncode == 0 else []
    return found


def find_interpreters(cache: Path) -> None:
    """Have uv look for all interpreters once, in place of once in each test."""
    command = [find_uv_bin(), "python", "list", "--only-installed", "--no-python-downloads"]
    environ = os.environ | {"UV_CACHE_DIR": str(cache / _FOUND), "UV_NO_CONFIG": "1"}
    subprocess.run(command, env=environ, check=True, capture_output=True)


def hand_over(cache: Path, uv_cache: Path) -> None:
    """Give a new cache of uv's what is known of the interpreters; `cache` is that of the tests."""
    for known in (cache / _FOUND).glob("interpreter-*"):
        if not uv_cache.exists():
            shutil.copytree(known, uv_cache / known.name, copy_function=os.link)
