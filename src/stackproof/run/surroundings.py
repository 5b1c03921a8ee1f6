"""What surrounds a run: the user's variables, and an environment that somebody else made.

What reaches a check is the suite's to choose, by a list of what is allowed (`stack_suite/sandbox`).
Here is told which of a user's variables somebody may have expected to count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from stackproof.base.text import first_of
from stackproof.errors import CannotJudgeError
from stackproof.evidence.records import Built, Freeze
from stackproof.installers.environment import Environment

__all__ = ["build_notes", "check_notes", "require_empty"]

#: Settings of Python, the loader of libraries, and what most numeric stacks are built upon.
_OF_THE_MACHINE = re.compile(
    r"PYTHON(?!_(?:VERSION|SHA256|PIP_VERSION|SETUPTOOLS_VERSION|GET_PIP_\w+)$)\w+|PYTEST_\w+"
    r"|(?:LD|DYLD)_\w+|GLIBC_TUNABLES|MALLOC_\w+|OPENSSL_CONF|PROTOCOL_BUFFERS_\w+"
    r"|(?:CUDA|NVIDIA|HIP|ROCR|OMP|KMP|MKL|OPENBLAS|NUMEXPR|TF|XLA|HF)_\w+"
)
#: Those that images and services set for everybody and that change nothing that is measured, those
#: that do reach checks, and those of installers, of which the session tells.
_SILENT = re.compile(
    r"PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|PYTHONPYCACHEPREFIX|REQUESTS_CA_BUNDLE|(?:UV|PIP)_\w+"
)
_SHOWN = 6
#: What compilers and the commonest build backends go by.
_OF_BUILDS = re.compile(
    r"CC|CXX|CPP|LD|AR|FC|\w*FLAGS|(?:LD|DYLD)_\w+|\w*LIBRARY_PATH|\w*INCLUDE_PATH|CPATH"
    r"|PKG_CONFIG_\w+|CMAKE_\w+|SETUPTOOLS_\w+|DISTUTILS_\w+|\w+_PRETEND_VERSION\w*|CYTHON_\w+"
    r"|NPY_\w+|RUSTFLAGS|CARGO_BUILD_\w+|SOURCE_DATE_EPOCH|MACOSX_DEPLOYMENT_TARGET|SDKROOT"
)


def check_notes(environ: Mapping[str, str], freeze: Freeze) -> Iterator[str]:
    """Say which variables did not reach the checks, though they could change what those see.

    That is settings of the machine and of what is installed, by their names alone: a value may be
    a password.
    """
    names = [
        name
        for name, value in sorted(environ.items())
        if value and (_OF_THE_MACHINE.fullmatch(name) or _is_of(name, freeze))
        if not _SILENT.fullmatch(name)
        if not (name == "LD_LIBRARY_PATH" and _is_pythons_own(value))
    ]
    if names:
        shown = first_of(names, _SHOWN)
        yield f"not passed on to checks, which could measure something else: {shown}"


def build_notes(environ: Mapping[str, str], built: Sequence[Built]) -> Iterator[str]:
    """Say which variables may have changed what was built from source."""
    made = sorted({item.name for item in built})
    names = [
        name
        for name, value in sorted(environ.items())
        if value and (_OF_BUILDS.fullmatch(name) or _is_of(name, made))
        if not _SILENT.fullmatch(name)
    ]
    if made and names:
        what, shown = first_of(made, _SHOWN), first_of(names, _SHOWN)
        yield f"set while {what} was built from source, which may show: {shown}"


def require_empty(environment: Environment) -> None:
    """Raise CannotJudgeError if a new environment has what would stand in for what a stack lacks.

    One that begins with its installer may have more, as everybody's has who follows the document.
    """
    seeds = {} if environment.installer.brings else environment.freeze()
    if seeds:
        found = ", ".join(f"{name} {version}" for name, version in seeds.items())
        raise CannotJudgeError(
            f"the new environment is not empty but has {found}, which could stand in for what the "
            "stack lacks; unset UV_VENV_SEED and whatever else puts it there"
        )


def _is_of(variable: str, distributions: Sequence[str] | Mapping[str, str]) -> bool:
    """Tell whether a variable begins with the name of a distribution."""
    words = canonicalize_name(variable).split("-")
    return any("-".join(words[:end]) in distributions for end in range(1, len(words) + 1))


def _is_pythons_own(library_path: str) -> bool:
    """Tell whether nothing but folders of interpreters is named, as services for CI do."""
    folders = filter(None, library_path.split(os.pathsep))
    return all(next(Path(folder).glob("libpython*"), None) for folder in folders)
