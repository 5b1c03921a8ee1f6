"""Make tiny real wheels, byte for byte the same each time."""

from __future__ import annotations

__all__ = ["FOREIGN", "LONG_AGO", "Release", "core_metadata", "stem", "wheel", "wheel_tree"]

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
"""Before every cut-off that a test uses."""

FOREIGN = "cp27-cp27m-win32"
"""Tags of a wheel that no Python under test can install."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16


@dataclass(frozen=True)
class Release:
    """Describe one file of one made-up release; a release of two files is two of these.

    Without `modules`, the distribution holds one package, named after it, that defines
    `__version__`. `modules` maps paths to sources in place of it. `uploaded` is None where the
    index is not to tell; `yanked` is the reason, None for a release that is not yanked.
    A `broken-sdist` tells its metadata and then fails to build; a `mute-sdist` does not even tell.
    An `sdist` is built with `build_requires`, and runs `build_code` before it tells anything; a
    `plain-sdist` is one that has its modules in the folder `src`, too.
    `says` are more lines of its metadata, such as `License-Expression: MIT`.
    """

    name: str
    version: str
    requires: Sequence[str] = ()
    requires_python: str | None = None
    extras: Mapping[str, Sequence[str]] = field(default_factory=dict)
    modules: Mapping[str, str] | None = None
    uploaded: datetime | None = LONG_AGO
    yanked: str | None = None
    tags: str = "py3-none-any"
    form: Literal["wheel", "sdist", "plain-sdist", "broken-sdist", "mute-sdist"] = "wheel"
    build_requires: Sequence[str] = ()
    build_code: str = ""
    says: Sequence[str] = ()


def wheel(release: Release) -> tuple[str, bytes]:
    """Return the file name and the bytes of the release's wheel."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for path, text in wheel_tree(release).items():
            entry = zipfile.ZipInfo(path, _ZIP_EPOCH)
            entry.external_attr = _REGULAR_FILE
            zipped.writestr(entry, text)
    return f"{stem(release)}-{release.tags}.whl", archive.getvalue()


def wheel_tree(release: Release) -> dict[str, str]:
    """Return the text of every file of the wheel by its path, RECORD last."""
    dist_info = f"{stem(release)}.dist-info"
    tree = {
        **_modules(release),
        f"{dist_info}/METADATA": core_metadata(release),
        f"{dist_info}/WHEEL": _wheel_file(release.tags),
    }
    record = f"{dist_info}/RECORD"
    rows = [f"{path},{_digest(text)},{len(text.encode())}" for path, text in tree.items()]
    return {**tree, record: "\n".join([*rows, f"{record},,", ""])}


def core_metadata(release: Release) -> str:
    """Return the METADATA (or PKG-INFO) text of the release."""
    lines = ["Metadata-Version: 2.1", f"Name: {release.name}", f"Version: {release.version}"]
    if release.requires_python is not None:
        lines.append(f"Requires-Python: {release.requires_python}")
    lines += release.says
    lines += [f"Requires-Dist: {Requirement(text)}" for text in release.requires]
    for extra, requirements in release.extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_only_with(extra, text)}" for text in requirements]
    return "\n".join([*lines, ""])


def stem(release: Release) -> str:
    """Return `name-version` as file names spell it."""
    return f"{_package(release.name)}-{Version(release.version)}"


def _modules(release: Release) -> Mapping[str, str]:
    if release.modules is not None:
        return release.modules
    return {f"{_package(release.name)}/__init__.py": f'__version__ = "{release.version}"\n'}


def _package(name: str) -> str:
    return canonicalize_name(name).replace("-", "_")


def _only_with(extra: str, text: str) -> Requirement:
    requirement = Requirement(text)
    condition = f'extra == "{extra}"'
    if requirement.marker is not None:
        condition = f"({requirement.marker}) and {condition}"
    requirement.marker = Marker(condition)
    return requirement


def _wheel_file(tags: str) -> str:
    pure = "true" if tags.endswith("-none-any") else "false"
    lines = ["Wheel-Version: 1.0", "Generator: stackproof-tests", f"Root-Is-Purelib: {pure}"]
    pythons, abis, platforms = (part.split(".") for part in tags.split("-"))
    lines += [f"Tag: {p}-{a}-{o}" for p in pythons for a in abis for o in platforms]
    return "\n".join([*lines, ""])


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
