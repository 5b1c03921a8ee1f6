"""Settings of installers that would change what a stack is made of, without any evidence of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stackproof.errors import StackproofError
from stackproof.index.uv_config import uv_settings

__all__ = ["refuse_meddling"]

#: Options of `uv pip` that choose other versions, or decide whether they are installed.
_UV = frozenset(
    [
        "build-constraint",
        "build-constraint-dependencies",
        "constraint",
        "constraint-dependencies",
        "dependency-metadata",
        "exclude",
        "exclude-dependencies",
        "exclude-newer",
        "exclude-newer-package",
        "fork-strategy",
        "no-binary",
        "no-binary-package",
        "no-build",
        "no-build-package",
        "no-deps",
        "only-binary",
        "override",
        "override-dependencies",
        "prerelease",
        "reinstall",
        "reinstall-package",
        "resolution",
        "torch-backend",
        "upgrade",
        "upgrade-package",
    ]
)
#: The same of pip.
_PIP = frozenset(
    [
        "build-constraint",
        "constraint",
        "dry-run",
        "force-reinstall",
        "ignore-installed",
        "ignore-requires-python",
        "no-binary",
        "no-deps",
        "only-binary",
        "pre",
        "prefix",
        "requirement",
        "target",
        "upgrade",
        "upgrade-strategy",
        "uploaded-prior-to",
        "user",
    ]
)


def refuse_meddling(environ: Mapping[str, str]) -> None:
    """Raise StackproofError if a variable, or a file of uv's, makes installers choose otherwise."""
    found = sorted([*_variables(environ), *_uv_files(environ)])
    if found:
        raise StackproofError(
            f"{', '.join(found)} would change what the stack is made of, and no evidence would "
            "show it; unset it, and write into the matrix what the stack needs"
        )


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    for prefix, options in (("UV", _UV), ("PIP", _PIP)):
        names = {f"{prefix}_{option.replace('-', '_').upper()}" for option in options}
        yield from names & environ.keys()


def _uv_files(environ: Mapping[str, str]) -> Iterator[str]:
    for file, settings in uv_settings(environ):
        yield from (f"{name} in {file}" for name in _UV & settings.keys())
