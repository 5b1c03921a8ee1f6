"""The class of a failure, and which failures are only those of another check."""

from __future__ import annotations

import pytest

from stackproof.base.text import MOST_CHARACTERS, bounded
from stackproof.evidence.check import Check, by_root
from stackproof.evidence.failures import Failure, failures
from stackproof.evidence.records import CheckResult
from stackproof.report.wording import because, classified

GONE = ("missing-name", "g")
TRACE = "Failed: import {0} failed\n\nTraceback (most recent call last):\n{1}{2}"


def failed(
    check: str, message: str, modules: tuple[str, ...] | None = None, trace: str = ""
) -> CheckResult:
    return CheckResult(
        id=check, outcome="failed", message=message, seconds=0.0, modules=modules, trace=trace
    )


def traceback(module: str, error: str, *through: str) -> str:
    """Return what an import says whose traceback goes through files, the last of them raising."""
    frames = (f'  File "site-packages/{file}", line 1, in <module>\n' for file in through)
    return TRACE.format(module, "".join(frames), error)


def roots(*results: CheckResult) -> dict[str, str]:
    found = failures(results, unbuilt=False)
    return {check: why.because for check, why in found.items() if why.because}


@pytest.mark.parametrize(
    ("check", "message", "kind", "name"),
    [
        ("import:a", "import a crashed: ended by SIGSEGV\nsome words", "crash", "SIGSEGV"),
        ("command:t", "was killed by SIGABRT", "crash", "SIGABRT"),
        ("import:a", "Failed: import a hung: killed after its limit of 60 s", "hang", ""),
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
        ("smoke:a", "the workload's process crashed: ended by SIGSEGV\nwords", "crash", "SIGSEGV"),
        ("smoke:a", "the workload's process hung: killed after its limit of 2 s", "hang", ""),
        ("import:*", "Failed: a failed: no\nb crashed: ended by SIGSEGV\n\nso", "crash", "SIGSEGV"),
        ("command:t", "did not end within its time limit and was stopped after 9 s", "hang", ""),
        # What anybody else says in these words is no end of a process.
        ("smoke:a", "AssertionError: executor 3 was killed by YARN", "value", ""),
        ("command:t::b.py::c", "the job was killed by YARN", "error", ""),
        ("smoke:a", "RuntimeError: it did not end within its time limit", "error", ""),
        ("import:a", "Failed: import a failed: OSError: b crashed: ended by SIGSEGV", "error", ""),
        ("import:a", "import a failed: no\n\nthe other crashed: ended by SIGSEGV", "error", ""),
        # What is only printed as a warning tells less than an error above it.
        (
            "import:a",
            "ModuleNotFoundError: No module named 'pkg'\nUserWarning: so it goes",
            "missing-module",
            "pkg",
        ),
        ("import:a", "x.py:1\nDeprecationWarning: module 'm' has no attribute 'g'", *GONE),
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


GONE_MODULE = "ModuleNotFoundError: No module named 'gone'"
FLOW = failed("import:flow", traceback("flow", GONE_MODULE, "flow/__init__.py"), ("flow",))


def test_what_goes_through_an_import_that_fails_in_the_same_words_fails_because_of_it() -> None:
    hint = f"{GONE_MODULE}. Did you mean: 'gun'?"
    deep = traceback("flow_provider", GONE_MODULE, "flow_provider/x.py", "flow/__init__.py")
    plugin = traceback("plug", GONE_MODULE, "plug.py", "flow_provider/x.py", "flow/__init__.py")
    assert roots(
        failed("import:plug", plugin),
        failed("import:flow-provider", deep),
        FLOW,
        failed(
            "smoke:dag", GONE_MODULE, trace="test_dag.py\n    from flow.models import Dag\nx.py"
        ),
        failed("command:app", traceback("app", hint, "app.py", "flow/__init__.py")),
        failed("import:other", traceback("other", "ImportError: no", "flow/__init__.py")),
        failed("smoke:sum", "2 is 3"),
        failed("smoke:product", "2 is 3"),
    ) == {
        "import:plug": "import:flow",
        "import:flow-provider": "import:flow",
        "smoke:dag": "import:flow",
        "command:app": "import:flow",
    }


def test_the_same_words_alone_make_no_failure_one_of_another() -> None:
    """Each uses what is gone, and neither is the other's fault."""
    gone = "AttributeError: module 'numpy' has no attribute 'bool'"
    assert not roots(
        failed("import:tensorflow", traceback("tensorflow", gone, "tensorflow/np.py")),
        failed("import:scikit-image", traceback("skimage", gone, "skimage/a.py"), ("skimage",)),
        failed("smoke:draw", gone, trace="test_draw.py\n    numpy.bool\nairflow/skimage/x.py"),
        failed("command:app", gone),
    )


@pytest.mark.parametrize(
    ("said", "root"),
    [
        (f"flow failed: {GONE_MODULE}", "import:flow"),
        (f"flow failed: {GONE_MODULE}\nplug failed: ImportError: no", "import:flow"),
        # What fails only beside the others is a failure of its own.
        (f"flow failed: {GONE_MODULE}\nlamps failed: ImportError: no", None),
        ("lamps crashed: ended by SIGSEGV", None),
        ("plug failed: ImportError: no\nflow crashed: ended by SIGSEGV", None),
    ],
)
def test_all_imports_fail_because_of_one_if_nothing_else_fails(said: str, root: str | None) -> None:
    plug = failed("import:plug", traceback("plug", "ImportError: no", "plug.py"), ("plug",))
    every = failed("import:*", f"Failed: {said}\n\nimported in documented order\n\n{GONE_MODULE}")
    assert roots(FLOW, plug, every).get("import:*") == root


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
