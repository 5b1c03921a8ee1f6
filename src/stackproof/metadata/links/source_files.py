"""Take the modules out of a source distribution, which is read and never built.

What a build would make of it (compiled code, generated modules, folders that move) is not known: a
source distribution with code to compile, or whose modules do not lie where they are named, is not
taken. The names of its modules stand in setuptools' `top_level.txt`, and are else that of the
distribution (https://packaging.python.org/en/latest/specifications/source-distribution-format/).
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath

from packaging.metadata import parse_email

from stackproof.metadata.links.library import module_of

__all__ = ["INSTALLER", "lay_out_modules", "requirements_in"]

#: Who laid out the files, as an installed record says (PyPA specification, "Recording installed
#: projects").
INSTALLER = "stackproof\n"
_MOST_BYTES = 1 << 24
_COMPILED = (
    *(".c", ".cc", ".cpp", ".cxx", ".pyx", ".f", ".f90", ".rs", ".go", ".swig"),
    *(".so", ".pyd", ".dll", ".dylib"),
)
_PLACES = ("", "src/", "lib/")


def lay_out_modules(archive: bytes, folder: Path, name: str, version: str) -> bool:
    """Write the modules of a source distribution to a folder, with an installed record.

    Tell whether they could be taken as they are.
    """
    try:
        files = dict(_files(archive))
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError):
        return False
    if any(path.endswith(_COMPILED) for path in files):
        return False
    modules = _modules(files, name)
    record = f"{name.replace('-', '_')}-{version}.dist-info"
    if not modules or any((folder / path).exists() for path in modules):
        return False
    own = {
        f"{record}/METADATA": files.get("PKG-INFO", b""),
        f"{record}/INSTALLER": INSTALLER.encode(),
        f"{record}/RECORD": "".join(map(_row, modules.items())).encode(),
    }
    for path, content in {**modules, **own}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return True


def requirements_in(archive: bytes) -> list[str]:
    """Return what a source distribution says that it requires, without extras.

    It says so in its metadata, or else in the `requires.txt` of setuptools, where the first part is
    what is always required.
    """
    try:
        files = dict(_files(archive))
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError):
        return []
    said = parse_email(files.get("PKG-INFO", b""))[0].get("requires_dist", [])
    texts = [text.decode() for path, text in files.items() if path.endswith("/requires.txt")]
    listed = texts[0].partition("[")[0].splitlines() if texts and not said else said
    return [line.strip() for line in listed if line.strip() and "extra ==" not in line]


def _row(module: tuple[str, bytes]) -> str:
    path, content = module
    return f"{path},{sha256(content).hexdigest()},{len(content)}\n"


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an archive, by their paths in the one folder that it has."""
    if zipfile.is_zipfile(BytesIO(archive)):
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            for item in opened.infolist():
                if not item.is_dir() and item.file_size <= _MOST_BYTES:
                    yield _inside(item.filename), opened.read(item)
        return
    with tarfile.open(fileobj=BytesIO(archive)) as opened:
        for member in opened:
            if member.isfile() and member.size <= _MOST_BYTES:
                stream = opened.extractfile(member)
                yield _inside(member.name), stream.read() if stream else b""


def _inside(path: str) -> str:
    return "/".join(PurePosixPath(path).parts[1:])


def _modules(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """Return the files of the modules, by where an installer would put them."""
    named = [content for path, content in files.items() if path.endswith("/top_level.txt")]
    tops = named[0].decode(errors="replace").split() if named else [name.replace("-", "_")]
    for place in _PLACES:
        found = {
            path.removeprefix(place): content
            for path, content in files.items()
            if path.startswith(place) and _is_of(path.removeprefix(place), tops)
        }
        if found:
            return found
    return {}


def _is_of(path: str, tops: list[str]) -> bool:
    # Each part of a module's path is a name, so none leads out of the folder.
    module = module_of(path)
    return module is not None and module.partition(".")[0] in tops
