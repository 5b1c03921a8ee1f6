"""A virtual environment: where it is, what is in it, and who installs into it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.base.process import ask
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import Freeze
from stackproof.installers.installer import Installer
from stackproof.installers.known import installer_named

__all__ = ["Environment", "distributions"]


_PROBE = """
import json, platform, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([platform.python_version(), platform.python_implementation(),
                  paths["purelib"], paths["platlib"]]))
"""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment at `root`, made by nox or by hand, that `installer` installs into."""

    root: Path
    installer: Installer
    python: Path
    version: str
    implementation: str
    libraries: tuple[Path, ...]

    @classmethod
    def at(cls, root: Path, installer: str) -> Environment:
        """Describe the environment at `root` by asking its interpreter.

        `installer` is the name of what installs into it. Raises CannotJudgeError if there is none,
        or the interpreter does not run.
        """
        python = root / "bin/python"
        try:
            answer = ask([str(python), "-I", "-c", _PROBE])
        except CannotJudgeError as error:
            raise CannotJudgeError(
                f"the environment at {root} has no working Python: {error}"
            ) from error
        if answer.exit != 0:
            raise CannotJudgeError(
                f"the environment at {root} has no working Python: {answer.errors}"
            )
        version, implementation, *libraries = json.loads(answer.output)
        return cls(
            root=root,
            installer=installer_named(installer),
            python=python,
            version=version,
            implementation=implementation,
            libraries=tuple(dict.fromkeys(map(Path, libraries))),
        )

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
            for library in self.libraries
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
    may bring any file. Both uv and pip write INSTALLER and RECORD into theirs (PyPA specification,
    "Recording installed projects").
    """
    for folder in library.glob("*-*.dist-info"):
        if all((folder / file).is_file() for file in ("INSTALLER", "RECORD")):
            name, _, version = folder.name.removesuffix(".dist-info").rpartition("-")
            yield folder, str(canonicalize_name(name)), version
