"""An environment: where it is, what is in it, and who installs into it."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from stackproof.base.process import ask
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import Freeze
from stackproof.installers.installer import Installer
from stackproof.installers.known import installer_named

__all__ = ["Environment", "distributions", "metadata_of", "rows_of"]

_SHOWN = 200

#: Where Python looks for distributions is where they are installed to and, for an environment that
#: others made, whatever it searches besides its own modules.
_PROBE = """
import json, os, platform, sys, sysconfig
paths = sysconfig.get_paths()
own = [paths["stdlib"], paths["platstdlib"]]
own += [os.path.join(path, "lib-dynload") for path in own]
installed = [paths["purelib"], paths["platlib"]]
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "prefix": sys.prefix,
    "standard": own[:2],
    "installed": installed,
    "searched": [path for path in sys.path if os.path.isdir(path) and path not in own],
}))
"""
#: An `.egg-info`, by which older tools and some systems tell what they installed; see
#: https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html
_EGG_INFO = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+)(?:-py\d.*)?)?\.egg-info")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An environment at `root`; `installer` installs into it, or beside it.

    `libraries` are the folders of its distributions, the one that Python searches first first;
    `standard` are those of Python's own modules.
    """

    root: Path
    installer: Installer
    python: Path
    version: str
    implementation: str
    libraries: tuple[Path, ...]
    standard: tuple[Path, ...]

    @classmethod
    def at(cls, root: Path, installer: str) -> Environment:
        """Describe the environment at `root` by asking its interpreter.

        `installer` is the name of what installs into it. Raises CannotJudgeError if there is none,
        or the interpreter does not run.
        """
        python = root / "bin/python"
        try:
            found = _asked(python)
        except CannotJudgeError as error:
            raise CannotJudgeError(
                f"the environment at {root} has no working Python: {error}"
            ) from error
        return cls(
            root=root,
            installer=installer_named(installer),
            python=python,
            version=found["version"],
            implementation=found["implementation"],
            libraries=tuple(dict.fromkeys(map(Path, found["installed"]))),
            standard=tuple(dict.fromkeys(map(Path, found["standard"]))),
        )

    @classmethod
    def of(cls, python: Path, installer: str) -> Environment:
        """Describe the environment that exists around an interpreter, changing nothing of it.

        Raises CannotJudgeError if it is none, or does not run.
        """
        _require_interpreter(python)
        try:
            found = _asked(python)
        except CannotJudgeError as error:
            raise CannotJudgeError(
                f"the interpreter {python} does not work as a Python: {error}; name another, or "
                "make its environment anew"
            ) from error
        libraries = map(Path, (*found["searched"], *found["installed"]))
        return cls(
            root=Path(found["prefix"]),
            installer=installer_named(installer),
            python=python,
            version=found["version"],
            implementation=found["implementation"],
            libraries=tuple(dict.fromkeys(libraries)),
            standard=tuple(dict.fromkeys(map(Path, found["standard"]))),
        )

    @property
    def markers(self) -> dict[str, str]:
        """What its Python says to environment markers, where that may differ from this one's."""
        minor = ".".join(self.version.split(".")[:2])
        return {"python_full_version": self.version, "python_version": minor}

    def has_python(self, minor: str) -> bool:
        """Tell whether its Python is of a minor version such as 3.11."""
        return f"{self.version}.".startswith(f"{minor}.")

    def install_command(self, arguments: Sequence[str], *, debug_log: Path) -> list[str]:
        """Return the command that installs what arguments common to installers say.

        `debug_log` is where the installer may tell what it does not print.
        """
        return self.installer.install(self.python, arguments, debug_log)

    def check_command(self) -> list[str]:
        """Return the command that looks for broken requirements among what is installed."""
        return self.installer.check(self.python)

    def version_command(self) -> list[str]:
        """Return the command that prints the installer's own version."""
        return self.installer.version(self.python)

    def freeze(self) -> Freeze:
        """Return what is installed now, without what an environment for its installer begins with.

        Names and versions are read from the names of the metadata folders, which the standards fix
        (binary distribution format, "the .dist-info directory"): reading 230 metadata files after
        each stage would take longer than some stages do.
        """
        freeze = {
            name: version
            for library in reversed(self.libraries)
            for _, name, version in distributions(library)
            if name not in self.installer.brings
        }
        return dict(sorted(freeze.items()))

    def strays(self) -> list[str]:
        """Return the names of metadata folders that belong to nothing that was installed."""
        return sorted(
            path.name
            for library in self.libraries
            for path in {*library.glob("*.dist-info")}
            - {path for path, *_ in distributions(library)}
        )


def distributions(library: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield metadata folder, normal name and version of all that is installed in a folder.

    A folder *.dist-info that no installer made does not count: a wheel may bring one along as it
    may bring any file. Installers write INSTALLER into theirs (PyPA specification, "Recording
    installed projects"); where none has it, as in Debian's folder, a system put them all there.
    """
    folders = [path for path in library.glob("*-*.dist-info") if (path / "METADATA").is_file()]
    made = [folder for folder in folders if (folder / "INSTALLER").is_file()]
    for folder in made or folders:
        name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
        yield folder, str(canonicalize_name(name)), version
    for path in library.glob("*.egg-info"):
        if (found := _EGG_INFO.fullmatch(path.name)) is not None:
            name, version = found["name"], found["version"] or _version_in(path)
            yield path, str(canonicalize_name(name)), version


def rows_of(record: Path) -> list[list[str]]:
    """Return the lines of a RECORD: path, hash, size; none of what cannot be read as one."""
    try:
        return list(csv.reader(record.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def metadata_of(path: Path) -> str:
    """Return the core metadata that a distribution's folder, or file, of metadata holds."""
    for file in (path / "METADATA", path / "PKG-INFO", path):
        if file.is_file():
            return file.read_text(encoding="utf-8", errors="replace")
    return ""


def _version_in(path: Path) -> str:
    return str(parse_email(metadata_of(path))[0].get("version", "0"))


def _asked(python: Path) -> dict[str, Any]:
    """Return what an interpreter says of itself; raise CannotJudgeError if it does not."""
    answer = ask([str(python), "-I", "-B", "-c", _PROBE])
    if answer.exit != 0:
        raise CannotJudgeError(answer.errors or f"it ended with exit code {answer.exit}")
    try:
        found: dict[str, Any] = json.loads(answer.output)
    except ValueError:
        raise CannotJudgeError(f"it answered {answer.output[:_SHOWN]!r}") from None
    return found


def _require_interpreter(python: Path) -> None:
    """Raise CannotJudgeError for what is no interpreter, as far as the file system tells."""
    example = "such as /opt/venv/bin/python"
    if python.is_symlink() and not python.exists():
        raise CannotJudgeError(
            f"the interpreter {python} is a link to {python.readlink()}, which is gone: make the "
            "environment anew"
        )
    if python.is_dir():
        raise CannotJudgeError(
            f"{python} is a folder; name the interpreter of the environment, {example}"
        )
    if not python.is_file():
        raise CannotJudgeError(f"there is no interpreter {python}; name one that exists, {example}")
    if not os.access(python, os.X_OK):
        raise CannotJudgeError(
            f"{python} may not be executed; name the interpreter of the environment, {example}"
        )
