"""What an index serves: files with their metadata, from made-up releases or from disk."""

from __future__ import annotations

__all__ = ["Artifact", "from_path", "from_release"]

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path

from packaging.utils import NormalizedName, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from support.sdists import sdist
from support.wheels import LONG_AGO, Release, core_metadata, wheel


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One file as an index offers it; `metadata` is None for an sdist."""

    filename: str
    content: bytes
    metadata: bytes | None
    requires_python: str | None
    uploaded: datetime | None
    yanked: str | None

    @property
    def project(self) -> NormalizedName:
        """Read from the file name."""
        return _project_and_version(self.filename)[0]

    @property
    def version(self) -> Version:
        """Read from the file name."""
        return _project_and_version(self.filename)[1]

    @cached_property
    def sha256(self) -> str:
        """Hash the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def metadata_sha256(self) -> str | None:
        """Hash the metadata; None where there is none."""
        return None if self.metadata is None else hashlib.sha256(self.metadata).hexdigest()


def from_release(release: Release) -> Artifact:
    """Build the file that `release` describes."""
    is_wheel = release.form == "wheel"
    filename, content = wheel(release) if is_wheel else sdist(release)
    return Artifact(
        filename=filename,
        content=content,
        metadata=core_metadata(release).encode() if is_wheel else None,
        requires_python=release.requires_python,
        uploaded=release.uploaded,
        yanked=release.yanked,
    )


def from_path(path: Path) -> Artifact:
    """Read a real wheel from disk; it counts as uploaded long ago."""
    content = path.read_bytes()
    metadata = _wheel_metadata(content)
    return Artifact(
        filename=path.name,
        content=content,
        metadata=metadata,
        requires_python=HeaderParser().parsestr(metadata.decode())["Requires-Python"],
        uploaded=LONG_AGO,
        yanked=None,
    )


def _wheel_metadata(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # The one at the top: setuptools, for one, carries those of others in its own package.
        paths = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        (path,) = (name for name in paths if name.count("/") == 1)
        return archive.read(path)


def _project_and_version(filename: str) -> tuple[NormalizedName, Version]:
    if filename.endswith(".whl"):
        return parse_wheel_filename(filename)[:2]
    return parse_sdist_filename(filename)
