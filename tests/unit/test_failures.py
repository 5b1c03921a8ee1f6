"""The class of a failure, and which failures are only those of another check."""

from __future__ import annotations

import pytest

from stackproof.base.text import MOST_CHARACTERS, bounded
from stackproof.evidence.check import Check, by_root
from stackproof.evidence.failures import Failure, failures
from stackproof.evidence.records import CheckResult
from stackproof.report.wording import because, classified

TRACE = "Failed: import {0} failed\n\nTraceback (most recent call last):\n{1}{2}"


def failed(check: str, message: str) -> CheckResult:
    return CheckResult(id=check, outcome="failed", message=message, seconds=0.0)


def traceback(module: str, error: str, frames: int = 1) -> str:
    return TRACE.format(module, '  File "site-packages/x.py", line 1\n' * frames, error)


@pytest.mark.parametrize(
    ("check", "message", "kind", "name"),
    [
        ("import:a", "import a crashed: ended by SIGSEGV\nsome words", "crash", "SIGSEGV"),
        ("command:t", "was killed by SIGABRT", "crash", "SIGABRT"),
        ("smoke:a", "hung: killed after its limit of 60 s", "hang", ""),
        ("stage:one", "cannot be installed as documented", "resolution", ""),
        ("import:a", "ModuleNotFoundError: No module named 'pkg'", "missing-module", "pkg"),
        ("smoke:a", "ImportError: cannot import name 'f' from 'm'", "missing-name", "f"),
        ("smoke:a", "AttributeError: module 'm' has no attribute 'g'", "missing-name", "g"),
        ("smoke:a", "TypeError: f() got an unexpected keyword argument 'k'", "call", "k"),
        ("smoke:a", "TypeError: f() takes 1 positional argument but 2 were given", "call", "f()"),
        (
            "import:a",
            "ValueError: numpy.dtype size changed, may indicate binary incompatibility.",
            "binary",
            "",
        ),
        (
            "import:a",
            "ImportError: libgone.so.1: cannot open shared object file: No such file",
            "binary",
            "libgone.so.1",
        ),
        ("smoke:a", "E   assert 1 == 2\nAssertionError: assert 1 == 2", "value", ""),
        ("pip-check:a", "a 1.0 requires b", "conflict", ""),
        ("version:a", "1.1 is installed", "version", ""),
        ("build:torchvision", "is a build for the CPU", "accelerator", ""),
        ("smoke:a", "RuntimeError: no", "error", ""),
        ("smoke:a", "", "error", ""),
    ],
)
def test_a_failure_has_a_class(check: str, message: str, kind: str, name: str) -> None:
    (found,) = failures([failed(check, message)], unbuilt=False).values()
    assert (found.kind, found.name) == (kind, name)


@pytest.mark.timeout(60)
def test_an_error_without_a_space_is_classed_however_long_it_is() -> None:
    said = "ValueError: " + "x" * (4 * MOST_CHARACTERS)
    (found,) = failures([failed("smoke:a", bounded(said))], unbuilt=False).values()
    assert found == Failure(kind="error")


def test_a_stage_may_fail_by_a_build() -> None:
    (found,) = failures([failed("stage:one", "no")], unbuilt=True).values()
    assert found == Failure(kind="build")


def test_what_ends_in_the_same_line_is_of_the_import_that_comes_to_it_first() -> None:
    gone = "ModuleNotFoundError: No module named 'gone'"
    found = failures(
        [
            failed("import:provider", traceback("provider", gone, frames=3)),
            failed("import:flow", traceback("flow", gone, frames=2)),
            failed("import:*", f"{traceback('flow', gone, frames=2)}\nand more"),
            failed("smoke:dag", traceback("flow", gone, frames=5)),
            failed("command:app", traceback("flow", f"{gone}. Did you mean: 'gun'?", frames=2)),
            failed("import:other", traceback("other", "ImportError: no")),
            failed("smoke:sum", "2 is 3"),
            failed("smoke:product", "2 is 3"),
        ],
        unbuilt=False,
    )
    assert {check: why.because for check, why in found.items() if why.because} == {
        "import:provider": "import:flow",
        "import:*": "import:flow",
        "smoke:dag": "import:flow",
        "command:app": "import:flow",
    }


def judged(check: str, kind: str, root: str | None = None) -> Check:
    failure = {"kind": kind, "name": "gone", "because": root}
    kind_of, _, subject = check.partition(":")
    return Check.model_validate(
        {
            "id": check,
            "kind": kind_of,
            "subject": subject,
            "message": "",
            "reason": None,
            "outcome": "failed",
            "state": "new",
            "grade": "real",
            "seconds": 0.0,
            "failure": failure,
        }
    )


def test_the_worst_comes_first_and_what_it_causes_stands_below_it() -> None:
    value, module = judged("smoke:sum", "value"), judged("import:flow", "missing-module")
    below = [judged(f"smoke:{place}", "missing-module", "import:flow") for place in range(8)]
    assert by_root([value, *below, module]) == [(module, below), (value, [])]
    # One whose root is none of these stands for itself.
    assert by_root(below[:1]) == [(below[0], [])]
    assert classified(module) == "missing module: gone"
    assert classified(module, "ko") == "없는 모듈: gone"
    assert because(module, below) == (
        "8 more, because flow cannot be imported: smoke:0, smoke:1, smoke:2, smoke:3, smoke:4, "
        "smoke:5 and 2 more"
    )
