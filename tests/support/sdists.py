"""Make tiny real source distributions that build without a network or a build tool."""

from __future__ import annotations

__all__ = ["BUILD_ERROR", "sdist"]

import gzip
import io
import json
import tarfile

from support.wheels import Release, core_metadata, stem, wheel, wheel_tree

BUILD_ERROR = "the made-up compiler is missing"
"""What the build of a `broken-sdist` says."""

_LONG_AGO = 1577836800  # 2020: the wheel that is built is a zip, which knows no date before 1980

_PYPROJECT = """\
[build-system]
requires = {requires}
build-backend = "backend"
backend-path = ["."]
"""

_BACKEND = """\
import pathlib
import shutil
import zipfile

WHEEL = {wheel!r}
ERROR = {error!r}
MUTE = {mute!r}
CODE = {code!r}
HERE = pathlib.Path(__file__).parent / "built"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    if MUTE:
        raise SystemExit(ERROR)
    exec(CODE)
    (info,) = HERE.glob("*.dist-info")
    shutil.copytree(info, pathlib.Path(metadata_directory) / info.name)
    return info.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    if ERROR:
        raise SystemExit(ERROR)
    exec(CODE)
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / WHEEL, "w") as archive:
        for path in sorted(HERE.rglob("*")):
            archive.write(path, path.relative_to(HERE))
    return WHEEL
"""


def sdist(release: Release) -> tuple[str, bytes]:
    """Return the file name and the bytes of the release's sdist.

    Its build back end lies in the tree itself and needs the standard library alone.
    """
    error = "" if release.form in ("sdist", "plain-sdist") else BUILD_ERROR
    plain = release.modules if release.form == "plain-sdist" else None
    mute = release.form == "mute-sdist"
    tree = {
        "PKG-INFO": core_metadata(release),
        "pyproject.toml": _PYPROJECT.format(requires=json.dumps(list(release.build_requires))),
        "backend.py": _BACKEND.format(
            wheel=wheel(release)[0], error=error, mute=mute, code=release.build_code
        ),
        **{f"built/{path}": text for path, text in wheel_tree(release).items()},
        **{f"src/{path}": text for path, text in (plain or {}).items()},
    }
    return f"{stem(release)}.tar.gz", _tarball(stem(release), tree)


def _tarball(root: str, tree: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in tree.items():
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(text.encode())
            entry.mtime = _LONG_AGO
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)
