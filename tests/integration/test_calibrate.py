"""Calibration, by its door: workloads on the newest, the documented and the oldest tiny wheels."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import datetime, timezone

import pytest
from support.matrices import PYTHON
from support.sessions import call
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof.cli import calibrate
from stackproof.experiments.calibrate.record import Calibration
from stackproof.installers.interpreters import find_target, interpreters

JUNE = datetime(2025, 6, 1, tzinfo=timezone.utc)

#: `alpha` 2.0 is released with `helper` 1, and needs it; `helper` 2 came in June and breaks it.
RELEASES = (
    Release("delta", "1.0"),
    Release(
        "delta", "2.0", requires=["helper"], uploaded=datetime(2025, 1, 1, tzinfo=timezone.utc)
    ),
    Release("delta", "3.0", requires=["helper"], uploaded=JUNE),
    Release("helper", "1.0", modules={"helper.py": "def help(): return 1\n"}),
    Release("helper", "2.0", modules={"helper.py": "def aid(): return 1\n"}, uploaded=JUNE),
)

NEW_ONLY = """\
import pytest


@pytest.mark.workload(
    "new-only", needs=("alpha",), seconds=0.1, timeout=20, oldest={"alpha": "1.0"}
)
def test_new_only() -> None:
    import alpha

    assert alpha.__version__ != "1.0", "alpha 1.0 cannot do this"
"""

OF_ITS_DAY = """\
import pytest


@pytest.mark.workload(
    "of-its-day", needs=("delta",), seconds=0.1, timeout=20, oldest={"delta": "2.0"}
)
def test_of_its_day() -> None:
    import delta, helper

    assert hasattr(helper, "help") == (delta.__version__ == "2.0")
"""


CONSTRAINTS = """\
[constraints.of-alpha]
url = "https://127.0.0.1:9/c-{version}/c-{python}.txt"
pin = "alpha"

[[stages]]
"""


@pytest.fixture
def checkout(bench: Bench) -> Bench:
    bench.index.add(*RELEASES)
    bench.write("matrices/tiny.toml", TINY)
    return bench


def _calibrate(checkout: Bench, *posargs: str) -> str:
    """Run the session; return the message that it failed with, or nothing."""
    arguments = ["--row", "plain", *posargs]
    return call(calibrate, checkout.project, arguments, checkout.environ)


def _found(checkout: Bench) -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    """Return outcome and versions that were written, by workload and column."""
    text = (checkout.root / "reports" / "calibration.json").read_text(encoding="utf-8")
    written = Calibration.model_validate(json.loads(text))
    return {(item.workload, item.column): (item.outcome, item.versions) for item in written.results}


#: A Python that tells whoever asks for its version of an older one.
OLDER = f"""#!{sys.executable}
import os, sys
told = "import platform, sys; platform.python_version = lambda: '3.9.98'; "
told += "sys.version_info = (3, 9, 98, 'final', 0); "
words = [told + word if word.startswith("import sys") else word for word in sys.argv[1:]]
os.execv({sys.executable!r}, [{sys.executable!r}, *words])
"""


@pytest.mark.fault("3")
def test_no_interpreter_is_taken_that_the_suite_does_not_run_on(checkout: Bench) -> None:
    older = checkout.write("bin/python3.9", OLDER)
    older.chmod(0o755)
    checkout.environ["PATH"] = f"{older.parent}{os.pathsep}{checkout.environ['PATH']}"
    assert find_target("3.9", checkout.environ).full == "3.9.98"
    assert "3.9" not in interpreters(checkout.environ)


@pytest.mark.fault("3")
def test_a_workload_that_fails_on_its_oldest_release_is_told(
    checkout: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.write("tests/stack/workloads/test_new.py", NEW_ONLY)
    assert _calibrate(checkout) == "exit 1"
    assert _found(checkout) == {
        ("new-only", "newest"): ("passed", {"alpha": "2.0"}),
        ("new-only", "documented"): ("failed", {"alpha": "1.0"}),
        ("new-only", "oldest"): ("failed", {"alpha": "1.0"}),
        ("sum", "newest"): ("passed", {"alpha": "2.0"}),
        ("sum", "documented"): ("passed", {"alpha": "1.0"}),
        # It declares none.
        ("sum", "oldest"): ("not asked", {}),
    }
    assert "alpha 1.0 cannot do this" in capsys.readouterr().out
    table = (checkout.root / "reports" / "calibration.md").read_text(encoding="utf-8")
    assert "| alpha 2.0 (Python 3." in table


def test_an_oldest_release_is_asked_among_what_it_found_on_its_day(checkout: Bench) -> None:
    checkout.write("tests/stack/workloads/test_day.py", OF_ITS_DAY)
    assert _calibrate(checkout, "delta") == ""
    assert _found(checkout) == {
        ("of-its-day", "newest"): ("passed", {"delta": "3.0"}),
        ("of-its-day", "documented"): ("not asked", {}),  # the row has no delta
        ("of-its-day", "oldest"): ("passed", {"delta": "2.0"}),
    }


def test_a_row_that_pins_nothing_of_what_is_asked_is_not_built(checkout: Bench) -> None:
    checkout.write("tests/stack/workloads/test_day.py", OF_ITS_DAY)
    assert _calibrate(checkout, "--only", "documented", "of-its-day", "sum") == ""
    plans = (checkout.root / "reports" / "calibration").glob("2*/plan.json")
    assert [json.loads(plan.read_text(encoding="utf-8"))["row"] for plan in plans] == ["plain"]
    shutil.rmtree(checkout.root / "reports")
    assert _calibrate(checkout, "--only", "documented", "of-its-day") == "exit 2"
    assert not (checkout.root / "reports" / "calibration").exists()
    result = _found(checkout)[("of-its-day", "documented")]
    assert result == ("not asked", {})
    written = json.loads((checkout.root / "reports" / "calibration.json").read_text("utf-8"))
    assert written["results"][0]["message"] == "plain has no delta"


def test_what_cannot_be_installed_is_not_judged(checkout: Bench) -> None:
    marker = NEW_ONLY.replace('{"alpha": "1.0"}', '{"alpha": "0.1"}')
    checkout.write("tests/stack/workloads/test_new.py", marker)
    assert _calibrate(checkout, "new-only", "--only", "newest", "--only", "oldest") == "exit 2"
    outcomes = {column: outcome for (_, column), (outcome, _) in _found(checkout).items()}
    assert outcomes == {"newest": "passed", "oldest": "not judged"}


def test_a_release_comes_with_the_constraint_file_that_can_be_had(
    checkout: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STACKPROOF_CONSTRAINTS_MIRROR", raising=False)
    checkout.write("matrices/tiny.toml", TINY.replace("[[stages]]", CONSTRAINTS, 1))
    checkout.write(f"matrices/constraints/c-1.0/c-{PYTHON}.txt", "gamma==1.0\n")
    assert _calibrate(checkout, "sum", "--only", "newest") == ""
    assert _found(checkout) == {("sum", "newest"): ("passed", {"alpha": "1.0"})}
    latest = checkout.root / "reports" / "calibration" / "latest"
    [stage] = json.loads((latest / "plan.json").read_text(encoding="utf-8"))["stages"]
    assert stage["constraints"]["name"] == "of-alpha"


@pytest.mark.parametrize(
    ("names", "marker", "message"),
    [
        (["omega"], "", "'omega' is neither a workload nor a distribution that one needs"),
        (["sum"], 'needs=tuple(["alpha"])', "values are not written out"),
    ],
)
def test_what_cannot_be_asked_is_said(
    checkout: Bench, names: list[str], marker: str, message: str
) -> None:
    if marker:
        text = NEW_ONLY.replace('needs=("alpha",)', marker)
        checkout.write("tests/stack/workloads/test_new.py", text)
    said = _calibrate(checkout, *names)
    assert said.startswith("exit 2, could not judge: ")
    assert message in said
