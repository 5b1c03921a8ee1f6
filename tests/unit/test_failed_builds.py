"""Why a build failed, by what uv 0.13.9 and pip 26.3 said when it did: recorded, and shortened."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.base.process import Finished
from stackproof.evidence.records import Built
from stackproof.installers.failed_builds import failed_build
from stackproof.installers.failures import cause, classify, explain
from stackproof.metadata.grid.refusal import read_refusal
from stackproof.reasons.words import in_words

OUTPUTS = Path(__file__).with_name("build_outputs")
ENDED = Finished(exit=1, seconds=1.0, processor_seconds=1.0, peak_memory=1, timed_out=False)

MACHINE = {
    "gcc": ("regex", "gcc"),
    "header": ("pygraphviz", "graphviz/cgraph.h"),
    "krb5": ("gssapi", "krb5-config"),
    "ldap": ("python-ldap", "lber.h"),
    "mysql": ("mysqlclient", "pkg-config"),
    "cairo": ("pycairo", "cairo"),
    "offline": ("rpds-py", "a network that answers (Name or service not known)"),
}
STACK = {
    "cython": ("pyyaml", "AttributeError: 'build_ext' object has no attribute 'cython_sources'"),
    "longint": ("aiohttp", "longintrepr.h: No such file or directory"),
    "sklearn": ("sklearn", "The 'sklearn' PyPI package is deprecated, use 'scikit-learn'"),
    "numpy": ("pystan", "Cython>=0.22 and NumPy are required."),
}


def said(name: str, installer: str) -> str:
    return (OUTPUTS / f"{name}.{installer}.txt").read_text(encoding="utf-8")


@pytest.mark.fault("R8.6")
@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("name", MACHINE)
def test_a_build_that_lacks_something_on_this_machine(name: str, installer: str) -> None:
    words = said(name, installer)
    build = failed_build(words)
    assert build is not None
    assert (build.name, build.lacking) == MACHINE[name]
    assert classify(words, ENDED) == "machine"
    message = explain("machine", words, ENDED)
    assert f"needs {build.lacking}, which this machine does not have" in message


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("name", STACK)
def test_a_build_that_fails_by_its_code_or_its_build_dependencies(
    name: str, installer: str
) -> None:
    words = said(name, installer)
    build = failed_build(words)
    assert build is not None
    shown, why = STACK[name]
    assert (build.name, build.lacking) == (shown, None)
    assert classify(words, ENDED) == "refused"
    assert build.why.endswith(why)
    tried = Built(name=shown, version=build.version or "1", requires={"cython": "3", "wheel": "1"})
    told = in_words(cause(explain("refused", words, ENDED, built=[tried])))
    assert told == (
        f"{shown} {tried.version} cannot be built: {build.why} (with cython 3, wheel 1)"
    )


@pytest.mark.parametrize(
    "line",
    [
        "src/yarl.c:196:12: fatal error: longintrepr.h: No such file or directory",
        "x.c:1:10: fatal error: numpy/arrayobject.h: No such file or directory",
        "FileNotFoundError: [Errno 2] No such file or directory: 'requirements.txt'",
        "ModuleNotFoundError: No module named 'imp'",
    ],
)
def test_what_is_missing_on_every_machine_is_the_stacks_fault(line: str) -> None:
    words = f"error: Failed to build `old==1`\n  cause: The build backend failed\n{line}\n"
    assert classify(words, ENDED) == "refused"


@pytest.mark.parametrize(
    ("line", "lacking"),
    [
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file", "x86_64-linux-gnu-gcc"),
        ("Error: pg_config executable not found.", "pg_config"),
        ("/usr/bin/ld: cannot find -lxml2: No such file or directory", "-lxml2"),
        ("pyconfig.h:1: fatal error: Python.h: No such file or directory", "Python.h"),
        ("/bin/sh: 1: curl-config: not found", "curl-config"),
        ("error: can't find Rust compiler", "Rust"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'cmake'", "cmake"),
    ],
)
def test_more_that_a_machine_may_lack(line: str, lacking: str) -> None:
    build = failed_build(f"error: Failed to build `old==1`\n{line}\n")
    assert build is not None
    assert build.lacking == lacking


@pytest.mark.parametrize("name", [*MACHINE, *STACK])
def test_no_failed_build_is_a_conflict_of_a_grid(name: str) -> None:
    cell = read_refusal(("one", "other"), ("1", "2"), said(name, "uv"), builds=True)
    assert (cell.state, "the build failed" in cell.reason) == ("unknown", True)
