"""Read what installers say of a build that failed: of what, and whether this machine is to blame.

A build that fails by its code, or by its build dependencies, fails for whoever installs the stack.
One that lacks a compiler, a header or a tool of the system fails here alone: nothing follows for
the stack. What is not known for certain to be missing here is the stack's. The words are those of
uv 0.13.9 and pip 26.3 and of the compilers and build back ends below them, which
tests/unit/build_outputs holds as they were recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

__all__ = ["FailedBuild", "failed_build"]

_FAILED = re.compile(
    r"Failed to (?:download and )?build [`'](?P<uv>[^`']+)[`']"
    r"|Failed to build (?:installable wheels for )?(?P<pip>[A-Za-z0-9][\w.-]*)\s*$"
    r"|Failed building wheel for (?P<wheel>[A-Za-z0-9][\w.-]*)"
    r"|Encountered error while generating package metadata\.\s+\S+ (?P<metadata>[A-Za-z0-9][\w.-]*)"
    r"|(?P<unnamed>failed-wheel-build-for-install|metadata-generation-failed"
    r"|subprocess-exited-with-error)",
    re.MULTILINE,
)
_TOOLS = (
    r"(?:[\w.+-]*-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|ld)(?:-\d+)?|icc|nvcc|hipcc"
    r"|cargo|rustc|cmake|make|ninja|meson|swig|git|hg|go|javac?|node|npm|protoc|bazel|patchelf"
    r"|pkg-?config|autoconf|automake|libtool|bison|flex|perl|[\w.+-]+-config|\w+_config"
)
_OFFLINE = (
    "Name or service not known",
    "Temporary failure in name resolution",
    "Network is unreachable",
)
#: How a build says that something is missing; the group is what that is.
_MISSING = (
    rf"(?:error: command|unable to execute) '(?:\S*/)?({_TOOLS})' ?(?:failed)?: No such file",
    rf"No such file or directory: [bu]?'(?:\S*/)?({_TOOLS})'",
    rf"(?:^|[:/ ])({_TOOLS}): (?:command )?not found",
    rf"(?:^|\s)(?:Could not run )?({_TOOLS})(?: executable)? (?:was )?not found\b",
    r"(pg_config) is required to build",
    r"(?:fatal|catastrophic) error: '?([\w./+-]+\.h(?:pp|xx|h)?)'?(?:: No such file| file not)",
    r"(?:cannot find|library not found for) -l([\w.+-]+)",
    r"(rustc)[^\n]* is not installed or not in PATH",
    r"(Cargo), the Rust package manager, is not installed",
    r"can't find (Rust) compiler",
    r"(CMake) must be installed",
    r"\b(No CMAKE_\w+_COMPILER) could be found",
    r"Unknown compiler\(s\): \[\['?([\w+-]+)",
    r"did not find (pkg-config)",
    r"Dependency (?:lookup for )?[\"']?([\w.+-]+)[\"']? (?:not found|with method \S+ failed)",
    r"Please make sure the ([\w.+ -]+) development packages are installed",
    r"The headers or library files could not be found for ([\w.+-]+)",
    r"Can not find valid (pkg-config) name",
    r"Package '?([\w.+-]+)'?(?: was|, required by '\S+',) not found",
    # A build that downloads a part of itself.
    rf"({'|'.join(_OFFLINE)})",
)
#: Headers that no system package brings: those that Python dropped, and those of distributions.
_OF_THE_STACK = re.compile(
    r"(?:.*/)?(?:longintrepr|frameobject|node|graminit|parsetok|symtable|token|ast|asdl|code|eval"
    r"|pyarena|structmember|cStringIO|pycore_\w+|Python-ast)\.h$"
    r"|(?:numpy|pybind11|nanobind|torch|ATen|c10|tensorflow|arrow|cython)/"
)


#: The line of a build's output that tells most: the end of a traceback, what a compiler says.
_ERROR = re.compile(
    r"^[ \t]*(?:[\w.]*(?:Error|Exception|Exit)(?:: \S.*)?"
    r"|\S*[ \t]?(?:fatal )?error: (?!(?:[Cc]ommand|Failed to|subprocess-|metadata-|failed-)).*)$",
    re.MULTILINE,
)
#: Where an installer begins to repeat what a build said.
_OUTPUT = re.compile(r"(?:\[stderr\]\s*|╰─> (?!\[\d+ lines))(\S.*)")


@dataclass(frozen=True)
class FailedBuild:
    """What failed to build, `version` as far as it is known; `lacking` is what is missing here.

    `why` is the line of its output that tells most, "" where none is known.
    """

    name: str
    version: str | None
    lacking: str | None
    why: str

    def names(self, name: str, version: str) -> bool:
        """Tell whether it is this release that failed."""
        return self.name == name and self.version in (None, version)

    @property
    def shown(self) -> str:
        """The release in a few words."""
        return " ".join(filter(None, (self.name, self.version))) or "a release"


def failed_build(words: str) -> FailedBuild | None:
    """Return the build that failed by an installer's words; None if no build did."""
    found = list(_FAILED.finditer(words))
    if not found:
        return None
    texts = (match["uv"] or match["pip"] or match["wheel"] or match["metadata"] for match in found)
    named = next(filter(None, texts), "")
    name, _, version = named.partition("==")
    return FailedBuild(
        name=str(canonicalize_name(name.split(" ")[0])),
        version=version or None,
        lacking=_lacking(words),
        why=_telling_line(words),
    )


def _telling_line(words: str) -> str:
    errors = _ERROR.findall(words) or _OUTPUT.findall(words)[:1]
    return errors[-1].strip() if errors else ""


def _lacking(words: str) -> str | None:
    """Return what a build did not find on this machine, or None if that is not what it says."""
    # Compiled when a build failed: that takes as long as all else that a session compiles.
    missing = "|".join(f"(?:{item})" for item in _MISSING)
    for match in re.finditer(missing, words, re.MULTILINE | re.IGNORECASE):
        found = next(filter(None, match.groups()))
        if _OF_THE_STACK.match(found):
            return None  # whatever else is missing, this is missing on every machine
        if found in _OFFLINE:
            return f"a network that answers ({found})"
        return f"-l{found}" if f"-l{found}" in match[0] else found
    return None
