"""Made-up distributions whose links are looked at: an index, a folder, and the real checker."""

from __future__ import annotations

__all__ = ["LinksBench", "checker_wheel", "mark"]

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

from stackproof.base.memory import Memory
from stackproof.evidence.links import Links
from stackproof.index.client import IndexClient
from stackproof.index.target import Target
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.metadata.links.checker import Checker
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.looking import Look, Stack
from stackproof.metadata.links.opening import open_look
from stackproof.metadata.links.pyrefly import REQUIREMENT
from stackproof.metadata.links.unpacking import Unpacker
from support.index import Index
from support.sandbox import hermetic_environ

PYTHON = "{}.{}".format(*sys.version_info)


def checker_wheel(cache: Path) -> Path:
    """Return the folder of `cache` with the checker's wheel, fetched if it is not there yet."""
    folder = cache / REQUIREMENT
    download = [find_uv_bin(), "tool", "run", "pip", "download", "--quiet", "--no-deps", "--dest"]
    with FileLock(cache / "checker.lock"):
        if not list(folder.glob("*.whl")):
            subprocess.run([*download, str(folder), REQUIREMENT], check=True)
    return folder


def mark(path: Path) -> str:
    """Return a line of Python that leaves a mark wherever it is run."""
    return f"import pathlib; pathlib.Path({str(path)!r}).touch()\n"


@dataclass(kw_only=True)
class LinksBench:
    """Looks at stacks of what `index` offers; what is kept lies below `root`."""

    root: Path
    index: Index

    @property
    def environ(self) -> Mapping[str, str]:
        """What installers see."""
        fast = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "2"}
        home = {"XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]}
        return hermetic_environ(self.root / "home", self.index.url) | fast | home

    def unpacked(self, versions: Mapping[str, str]) -> Library:
        """Unpack some versions."""
        with IndexClient(self.root / "cache") as client:
            unpacker = Unpacker(client=client, index=self.index.url, environ=self.environ)
            return unpacker.unpacked(versions, Target(PYTHON, f"{PYTHON}.0"))

    def look(self, *requirements: str, checker: Checker | None = None) -> Links:
        """Look at what requirements come to; each of them is a pin."""
        with IndexClient(self.root / "cache") as client:
            resolver = Resolver(client=client, index=self.index.url, environ=self.environ)
            found = resolver.resolve(
                Wanted(requirements=requirements, python=PYTHON, preferences={})
            )
        assert not isinstance(found, Refused), found.words
        versions = {name: chosen.version for name, chosen in found.items()}
        return self.look_at(versions, [item.partition("==")[0] for item in requirements], checker)

    def look_at(
        self,
        versions: Mapping[str, str],
        pins: Sequence[str] = (),
        checker: Checker | None = None,
    ) -> Links:
        """Look at some versions; each is a pin, but where `pins` are named."""
        with IndexClient(self.root / "cache") as client:
            resolver = Resolver(client=client, index=self.index.url, environ=self.environ)
            opened = open_look(resolver)
            look = Look(
                unpacker=opened.unpacker,
                births=opened.births,
                memory=Memory(self.root / "cache") if checker is None else Memory(self.root / "x"),
                checker=checker or opened.checker,
            )
            stack = Stack(
                matrix="tiny",
                row="plain",
                as_of=None,
                target=Target(PYTHON, f"{PYTHON}.0"),
                versions=versions,
                pins=dict.fromkeys(pins or versions, ()),
            )
            return look.at(stack)
