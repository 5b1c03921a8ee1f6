"""A row verified from end to end: tiny wheels, real installers, the real suite, a verdict."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.matrices import row_stage
from support.wheels import Release
from support.workbench import ROOT, TINY, WORKLOAD, Bench, states
from uv import find_uv_bin

from stackproof.base.versions import OLDEST_MINOR
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import PipCheck
from stackproof.evidence.verdict import Verdict, judge
from stackproof.installers.interpreters import find_target
from stackproof.matrix.plan import Plan
from stackproof.run.reuse import Mark

OK = {
    "stage:one": "ok",
    "stage:two": "ok",
    "import:*": "ok",
    "import:alpha": "ok",
    "import:beta": "ok",
    "version:alpha": "ok",
    "version:beta": "ok",
    "pip-check:*": "ok",
    "smoke:sum": "ok",
}

# --- a stack that works ----------------------------------------------------------------------


def test_both_installers_prove_the_same_stack(bench: Bench) -> None:
    freezes = []
    for installer in ("uv", "pip"):
        verdict, evidence = bench.verify(bench.plan(installer=installer))
        assert (verdict.verdict, verdict.exit_code, verdict.trouble) == ("ok", 0, None)
        assert states(verdict) == OK
        assert (verdict.installer, evidence.run.suite_exit) == (installer, 0)
        assert evidence.run.installer_version.split()[0] == installer
        freezes.append((evidence.folder / "freeze.txt").read_text(encoding="utf-8"))
    # What the suite needs is in the environment by now, but is not part of the stack.
    assert freezes == ["alpha==1.0\nbeta==1.0\ngamma==1.1\n"] * 2


def test_a_run_leaves_its_evidence(bench: Bench, index: Index) -> None:
    plan = bench.plan()
    verdict, evidence = bench.verify(plan)
    home = bench.root / "reports" / "tiny" / "plain"
    assert evidence.folder.parent == home
    assert (home / "latest").resolve() == evidence.folder.resolve()
    assert {path.name for path in evidence.folder.iterdir()} >= {
        "plan.json",
        "stages.json",
        "freeze.txt",
        "pip-check.json",
        "checks.jsonl",
        "suite.log",
        "junit.xml",
        "report.md",
        "verdict.json",
        "run.json",
        "loaded.json",
    }
    assert evidence.plan == plan
    assert evidence.run.index == index.url
    assert [stage.name for stage in evidence.stages] == ["one", "two"]
    assert evidence.pip_check is not None
    assert (evidence.pip_check.speaker, evidence.pip_check.exit) == ("uv", 0)
    written = Verdict.model_validate_json(
        (evidence.folder / "verdict.json").read_text(encoding="utf-8")
    )
    # A verdict can be had again from the evidence alone.
    assert written == verdict == judge(Evidence(evidence.folder))
    assert verdict.counts == {
        "passed": 9,
        "failed": 0,
        "skipped": 0,
        "known": 0,
        "new": 0,
        "fixed": 0,
        "unsteady": 0,
    }
    assert [(claim.text, claim.state) for claim in verdict.claims] == [
        ("works with alpha", "proved")
    ]


# --- a stack that does not -------------------------------------------------------------------

BROKEN = (
    TINY.replace("alpha", "crash").replace("beta", "sleepy").replace("letters", "trouble")
    + """
[[pins]]
name = "moved"
version = "2.0"
imports = ["moved"]
area = "third"
role = "trouble"

[[pins]]
name = "forgotten"
version = "1.0"
imports = ["forgotten"]
area = "third"
role = "trouble"
claims = [
  { text = "is there", checks = ["import:forgotten", "import:moved"] },
  { text = "moves", checks = ["import:moved", "smoke:moves"] },
  { text = "says nothing" },
]

[[stages]]
name = "three"
step = "Install the rest."
pins = ["moved"]
requirements = ["needs-new==1.0"]

[[rows.plain.stages]]
name = "four"
step = "none"
requirements = ["needs-old==1.0"]
reason = "moves a pin of an earlier stage"
date = 2025-01-02
"""
)

KNOWN = """
[[rows.plain.known-failures]]
check = "{}"
reason = "known for years"
date = 2025-01-02
says = "{}"
"""

RELEASES = (
    Release("crash", "1.0", modules={"crash.py": "import ctypes\nctypes.string_at(0)\n"}),
    Release("sleepy", "1.0", modules={"sleepy.py": "import time\ntime.sleep(600)\n"}),
    Release("moved", "1.0"),
    Release("moved", "2.0"),
    Release("needs-new", "1.0", requires=["moved>=2"]),
    Release("needs-old", "1.0", requires=["moved<2"]),
)

SMOKE = '''\
"""Workloads that fail each in a way of its own."""

import os
import signal
import time

import pytest


@pytest.mark.workload("wrong", needs=("moved",), seconds=0.1, timeout=20)
def test_wrong() -> None:
    print("said on the way")
    assert 2 + 2 == 5, "the sum is \\x1b[31mwrong\\x1b[0m"


@pytest.mark.workload("killed", needs=("moved",), seconds=0.1, timeout=20)
def test_killed() -> None:
    os.kill(os.getpid(), signal.SIGABRT)


@pytest.mark.workload("hangs", needs=("moved",), seconds=0.1, timeout=3)
def test_hangs() -> None:
    time.sleep(600)


@pytest.mark.workload("skips", needs=("moved",), seconds=0.1, timeout=20)
def test_skips() -> None:
    pytest.skip("no server today")


@pytest.mark.workload("other", needs=("nowhere",), seconds=0.1, timeout=20)
def test_other() -> None:
    raise AssertionError("this row has no use for it")
'''

FAILING = {
    "import:*": "crash crashed: ended by SIGSEGV",
    "import:crash": "import crash crashed: ended by SIGSEGV",
    "import:sleepy": "import sleepy hung: killed after its limit of 4 s",
    "import:forgotten": "ModuleNotFoundError: No module named 'forgotten'",
    "version:moved": "moved 1.0 is installed, not 2.0",
    "version:forgotten": "forgotten is not installed (pinned: 1.0)",
    "pip-check:*": "needs-new",
    "pip-check:needs-new": "moved>=2",
    "smoke:wrong": "the sum is",
    "smoke:killed": "the workload's process crashed: ended by SIGABRT",
    "smoke:hangs": "the workload's process hung: killed after its limit of 3 s",
}


@pytest.fixture
def broken(bench: Bench, index: Index) -> Bench:
    """Return a project whose stack fails in every way that a built one can."""
    bench.suite_workers = 3  # some of the ways are slow
    index.add(*RELEASES)
    bench.write("tests/stack/workloads/test_sum.py", SMOKE)
    return bench


ALLOWED = """
[[allowed-skips]]
check = "smoke:skips"
reason = "there is no server"
date = 2025-01-02
"""


def broken_plan(bench: Bench, *known: str) -> Plan:
    # Of what imports all each module that fails must be meant: here they fail in different ways.
    says = {**FAILING, "import:*": "ed"}
    failures = (KNOWN.format(check, says.get(check, "anything")) for check in known)
    text = BROKEN + "".join(failures) + ALLOWED
    return bench.plan(text=text, import_seconds=4)


def test_each_failure_is_seen_and_judged_by_what_is_known(broken: Bench) -> None:
    venv = broken.environment()
    verdict, evidence = broken.verify(broken_plan(broken, *FAILING), venv)
    found = {check.id: check for check in verdict.checks}
    assert {name for name, check in found.items() if check.outcome == "failed"} == FAILING.keys()
    for name, words in FAILING.items():
        assert words in found[name].message
        assert (found[name].state, found[name].reason) == ("known", "known for years")
    # Nothing is news, but the row is broken all the same.
    assert (verdict.verdict, verdict.exit_code) == ("broken", 0)
    assert (found["smoke:skips"].state, found["smoke:skips"].message) == (
        "skipped",
        "no server today",
    )
    assert "smoke:other" not in found
    assert verdict.left_out == {"smoke:other": ("nowhere",)}
    assert {(claim.text, claim.state, claim.because) for claim in verdict.claims} == {
        ("works with crash", "refuted", ("import:*",)),
        ("is there", "refuted", ("import:forgotten",)),
        ("moves", "not provable", ("smoke:moves",)),
        ("says nothing", "not provable", ()),
    }
    assert evidence.stages[3].drift.downgraded == {"moved": ("2.0", "1.0")}

    # The environment is kept (`nox -R`): what is known may change, what is built may not.
    less = [name for name in FAILING if name != "smoke:wrong"]
    again, later = broken.verify(broken_plan(broken, *less, "import:moved"), venv)
    assert (again.verdict, again.exit_code) == ("broken", 1)
    assert {check.id: check.state for check in again.unexpected} == {
        "smoke:wrong": "new",
        "import:moved": "fixed",
    }
    assert later.run.notes == (
        f"the environment was not built by this run but by {evidence.folder.name}",
    )
    assert (later.stages, later.freeze) == (evidence.stages, evidence.freeze)
    assert (later.folder / "stages" / "04-four.log").is_file()


def rejudged(evidence: Evidence, folder: Path, *known: str, says: str | None = None) -> Verdict:
    """Judge copied evidence as if other failures had been known, by what they say."""
    shutil.copytree(evidence.folder, folder)
    file = folder / "plan.json"
    plan = json.loads(file.read_text(encoding="utf-8"))
    plan["known_failures"] = [
        {"check": check, "says": says, "reason": "why", "date": "2025-01-02"} for check in known
    ]
    file.write_text(json.dumps(plan), encoding="utf-8")
    return judge(Evidence(folder))


def test_a_known_failure_is_known_by_its_words(broken: Bench, tmp_path: Path) -> None:
    _, evidence = broken.verify(broken_plan(broken, *FAILING))
    check, words = "smoke:wrong", FAILING["smoke:wrong"]
    meant = rejudged(evidence, tmp_path / "meant", check, says=words)
    other = rejudged(evidence, tmp_path / "other", check, says="another story")
    assert {item.state for item in meant.checks if item.id == check} == {"known"}
    assert {(item.state, item.reason) for item in other.checks if item.id == check} == {
        ("new", None)
    }


def test_a_second_complaint_of_one_distribution_is_news(bench: Bench, tmp_path: Path) -> None:
    _, evidence = bench.verify(bench.plan())
    complaints = {"beta": ("beta requires gamma>=2", "beta requires delta")}
    found = PipCheck(speaker="uv", exit=1, seconds=0.0, output="", complaints=complaints)
    found.write(evidence.folder / "pip-check.json")
    verdict = rejudged(evidence, tmp_path / "two", "pip-check:beta", says="gamma")
    assert {item.state for item in verdict.checks if item.id == "pip-check:beta"} == {"new"}


def test_known_failures_are_strict(bench: Bench, tmp_path: Path) -> None:
    _, evidence = bench.verify(bench.plan())
    fixed = rejudged(evidence, tmp_path / "fixed", "smoke:sum", "pip-check:beta")
    assert (fixed.verdict, fixed.exit_code) == ("ok", 1)
    assert {check.id: check.state for check in fixed.unexpected} == {
        "smoke:sum": "fixed",
        # A distribution that does not complain any more is a failure that is over.
        "pip-check:beta": "fixed",
    }
    assert fixed.counts["fixed"] == 2
    unknown = rejudged(evidence, tmp_path / "unknown", "smoke:summ", "smoke:sum")
    assert (unknown.verdict, unknown.exit_code) == ("unjudged", 2)
    assert unknown.trouble == (
        "expected failures name no check of this run: smoke:summ; "
        "correct or remove them in the matrix"
    )


def test_a_stage_that_cannot_be_resolved_is_a_verdict(bench: Bench, index: Index) -> None:
    index.add(Release("rival", "1.0", requires=["gamma<1"]))
    extra = """
[[rows.plain.stages]]
name = "rival"
step = "none"
after = "one"
requirements = ["rival==1.0"]
reason = "why"
date = 2025-01-02
"""
    verdict, evidence = bench.verify(bench.plan(extra))
    assert (verdict.verdict, verdict.exit_code, verdict.trouble) == ("broken", 1, None)
    assert states(verdict) == {
        **dict.fromkeys(OK.keys() - {"smoke:sum"}, "skipped"),
        "stage:one": "ok",
        "stage:rival": "new",
    }
    (failed,) = verdict.in_state("new")
    assert failed.message.startswith("cannot be installed as documented\n")
    assert "rival==1.0" in failed.message
    assert {check.message for check in verdict.in_state("skipped")} == {
        "not run: stage rival failed"
    }
    assert verdict.claims[0].state == "not provable"
    assert not (evidence.folder / "checks.jsonl").exists()
    assert evidence.freeze == {"alpha": "1.0"}
    known = bench.plan(extra + KNOWN.format("stage:rival", "rival==1.0"))
    verdict, _ = bench.verify(known)
    assert (verdict.verdict, verdict.exit_code) == ("broken", 0)


# --- runs that cannot be judged --------------------------------------------------------------


def test_a_skip_that_nobody_allowed_leaves_a_run_unjudged(bench: Bench) -> None:
    workload = bench.root / "tests" / "stack" / "workloads" / "test_absent.py"
    workload.write_text(
        "import pytest\n\n\n"
        '@pytest.mark.workload("absent", needs=("alpha",), seconds=1, timeout=30)\n'
        "def test_absent():\n    pytest.skip('no server today')\n",
        encoding="utf-8",
    )
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert verdict.trouble == (
        "checks were skipped that [[allowed-skips]] does not name: smoke:absent (no server today); "
        "give them what they need, or allow the skip with its reason"
    )


def _add_workload(bench: Bench, body: str, name: str = "added") -> None:
    file = bench.root / "tests" / "stack" / "workloads" / f"test_{name}.py"
    mark = f'@pytest.mark.workload("{name}", needs=("alpha",), seconds=1, timeout=30)\n'
    file.write_text(f"import os\n\nimport pytest\n\n\n{mark}{body}", encoding="utf-8")


#: How a workload may end, and what is told of it.
SLIPPING = {
    "expects": ("@pytest.mark.xfail\ndef test_it():\n    assert False\n", "expected failure"),
    "returns": ("def test_it():\n    return False\n", "PytestReturnNotNone"),
    "exits": ("def test_it():\n    import atexit\n    atexit.register(os._exit, 7)\n", "exit 7"),
    "halves": ("def test_it():\n    assert not '\\udcff'\n", "ended early: exit 1"),
}


def test_no_workload_slips_by(bench: Bench) -> None:
    for name, (body, _) in SLIPPING.items():
        _add_workload(bench, body, name)
    verdict, _ = bench.verify(bench.plan())
    failed = {check.id: check.message for check in verdict.in_state("new")}
    assert failed.keys() == {f"smoke:{name}" for name in SLIPPING}
    for name, (_, told) in SLIPPING.items():
        assert told in failed[f"smoke:{name}"]
    assert (verdict.verdict, verdict.exit_code) == ("broken", 1)


def test_a_file_that_skips_itself_is_no_silence(bench: Bench) -> None:
    _add_workload(bench, "def test_it():\n    assert False\n\n\npytest.importorskip('nothere')\n")
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "unjudged"
    assert verdict.trouble is not None
    assert "workloads/test_added.py skips itself as a whole" in verdict.trouble


def test_a_module_that_ends_the_process_is_not_imported(bench: Bench, index: Index) -> None:
    index.add(Release("quitter", "1.0", modules={"quitter/__init__.py": "raise SystemExit(0)"}))
    pin = """
[[pins]]
name = "quitter"
version = "1.0"
imports = ["quitter"]
area = "tests"
role = "goes away"
"""
    stage = '\n[[stages]]\nname = "quitter"\nstep = "Last"\npins = ["quitter"]\n'
    verdict, _ = bench.verify(bench.plan(pin + stage))
    found = {check.id: check for check in verdict.in_state("new")}
    assert found.keys() == {"import:quitter", "import:*"}
    assert "quitter ended the process (exit 0)" in found["import:*"].message


JEALOUS = """
import sys
if "alpha" in sys.modules:
    raise ImportError("not beside alpha")
"""
# A note may be empty, and is printed after the error itself.
SULKY = """
error = ImportError("not today")
error.__notes__ = [""]
raise error
"""


def test_a_known_failure_of_the_common_import_hides_no_other(bench: Bench, index: Index) -> None:
    index.add(Release("sulky", "1.0", modules={"sulky.py": SULKY}))
    index.add(Release("jealous", "1.0", modules={"jealous.py": JEALOUS}))
    pins = "".join(
        f"""
[[pins]]
name = "{name}"
version = "1.0"
imports = ["{name}"]
area = "tests"
role = "trouble"
"""
        for name in ("sulky", "jealous")
    )
    stage = '\n[[stages]]\nname = "last"\nstep = "Last"\npins = ["sulky", "jealous"]\n'
    known = "".join(KNOWN.format(check, "not today") for check in ("import:sulky", "import:*"))
    verdict, _ = bench.verify(bench.plan(pins + stage + known))
    assert (verdict.verdict, verdict.exit_code) == ("broken", 1)
    (found,) = verdict.in_state("new")
    assert found.id == "import:*"
    assert found.message.splitlines()[:3] == [
        "Failed: sulky failed: ImportError: not today",
        "jealous failed: ImportError: not beside alpha",
        "",
    ]


def test_a_run_that_executes_nothing_proves_nothing(bench: Bench) -> None:
    suite = bench.root / "tests" / "stack"
    for file in (*suite.glob("test_*.py"), *suite.glob("workloads/test_*.py")):
        text = file.read_text(encoding="utf-8")
        skip = "import pytest\npytestmark = pytest.mark.skip('not today')\n"
        head, _, rest = text.partition("import pytest\n")
        file.write_text(f"{head}{skip}{rest}", encoding="utf-8")
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert verdict.trouble == "the suite executed nothing: every check was skipped"
    assert {check.state for check in verdict.checks if check.kind == "import"} == {"skipped"}


WRONG_OLDEST = (
    '@pytest.mark.workload("mine", needs=("alpha",), seconds=1, timeout=9, oldest={"alpha": 1})'
)


MARKED = '@pytest.mark.workload("mine", needs=("alpha",), seconds=1, timeout=30)'
#: Files whose workloads are none, or would never be run, and what is told of each.
NONE = (
    ("test_gone.py", "import nowhere\n", "ModuleNotFoundError: No module named 'nowhere'"),
    ("test_bare.py", "def test_bare():\n    pass\n", "test_bare: has no workload marker"),
    (
        "test_oldest.py",
        f"import pytest\n\n{WRONG_OLDEST}\ndef test_it():\n    pass\n",
        "oldest must map distribution names to exact versions",
    ),
    (
        "parser.py",
        f"import pytest\n\n\n{MARKED}\ndef test_it():\n    assert False\n",
        "parser.py: holds a workload, but only files named test_<topic>.py are run; rename it",
    ),
    (
        "test_mine.py",
        f"import pytest\n\n\n{MARKED}\ndef check_it():\n    assert False\n",
        "test_mine.py: check_it: has a workload marker, but only functions named test_<what> ",
    ),
    (
        "test_class.py",
        f"import pytest\n\n\nclass Parser:\n    {MARKED}\n    def test_it(self):\n        pass\n",
        "test_class.py: Parser: has a workload marker, but only functions named test_<what> ",
    ),
)


def test_a_workload_that_is_none_or_never_run_is_told_of(bench: Bench) -> None:
    for file, text, _ in NONE:
        bench.write(f"tests/stack/workloads/{file}", text)
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert verdict.trouble is not None
    assert verdict.trouble.startswith("the suite has errors:\n")
    for _, _, told in NONE:
        assert told in verdict.trouble


#: Prints the cause first and then as much as a traceback does in a checkout that lies deep.
_DEEP = "print('the cause'); [print('.' * 200) for _ in range(40)]; raise SystemExit(1)"


_WAYS = {
    "runs": "def test_it(run):\n    run({command})\n",
    "spawns": "def test_it(spawn):\n    spawn({command}).wait_until(lambda: None, seconds=20)\n",
}


def test_a_failure_shows_its_cause_in_deep_checkouts_and_servers_that_nobody_named(
    bench: Bench,
) -> None:
    fixtures = (ROOT / "tests" / "stack" / "workloads" / "conftest.py").read_text(encoding="utf-8")
    bench.write("tests/stack/workloads/conftest.py", fixtures)
    for name, way in _WAYS.items():
        _add_workload(bench, way.format(command=f"{sys.executable!r}, '-c', {_DEEP!r}"), name)
    # The same fixtures: none of a server that the marker does not name.
    _add_workload(bench, "def test_it(server):\n    server('kafka')\n")
    verdict, _ = bench.verify(bench.plan())
    failed = {check.id: check.message for check in verdict.in_state("new")}
    assert failed.keys() == {"smoke:runs", "smoke:spawns", "smoke:added"}
    for name in _WAYS:
        assert "the cause" in failed[f"smoke:{name}"].splitlines()
    assert "the marker does not name server 'kafka'" in failed["smoke:added"]


def test_the_longest_workloads_start_first(bench: Bench) -> None:
    mark = '@pytest.mark.workload("w{0}", needs=("alpha",), seconds={0}, timeout=99)'
    body = "\n\n\n".join(f"{mark}\ndef test_{{0}}():\n    pass".format(n) for n in range(20, 40))
    bench.write("tests/stack/workloads/test_sum.py", f"import pytest\n\n\n{body}\n")
    bench.suite_workers = 3
    _, evidence = bench.verify(bench.plan())
    lines = (evidence.folder / "checks.jsonl").read_text(encoding="utf-8").splitlines()
    reports = [entry for line in lines if "start" in (entry := json.loads(line))]
    first: dict[str, str] = {}
    for report in sorted(reports, key=lambda report: report["start"]):
        first.setdefault(report["worker_id"], dict(report["user_properties"])["check"])
    workers = len(first)
    assert workers > 1
    assert set(first.values()) == {f"smoke:w{seconds}" for seconds in range(40 - workers, 40)}


def test_what_workloads_share_is_no_workload(bench: Bench) -> None:
    bench.write("tests/stack/workloads/shared.py", "ANSWER = 42\n")
    verdict, _ = bench.verify(bench.plan())
    assert states(verdict) == OK


def test_an_environment_of_another_python_is_not_judged(bench: Bench) -> None:
    verdict, evidence = bench.verify(bench.plan(python="3.9"))
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert verdict.trouble == (
        f"the plan wants Python 3.9, but the environment has {evidence.run.python}; "
        "install Python 3.9"
    )


def pinned(bench: Bench, requirement: str) -> Plan:
    return bench.plan(row_stage("clash", requirement))


# --- test tools, which no stack may see ------------------------------------------------------

PACKAGING = Release("leaner", "1.0", modules={"leaner.py": "import packaging.version\n"})
LEANER = """
[[pins]]
name = "leaner"
version = "1.0"
imports = ["leaner"]
area = "third"
role = "forgets what it requires"

[[stages]]
name = "three"
step = "Install leaner."
pins = ["leaner"]
"""


@pytest.mark.fault("A1")
def test_a_python_that_checks_do_not_run_on_is_named(bench: Bench) -> None:
    before = f"3.{OLDEST_MINOR - 1}"
    if not find_target(before, os.environ).found:
        pytest.skip(f"there is no Python {before} on this machine")
    venv = bench.root / "venv"
    command = [find_uv_bin(), "venv", "--quiet", "--python", before, str(venv)]
    subprocess.run(command, check=True, env=bench.environ)
    verdict, _ = bench.verify(bench.plan(python=before), venv)
    assert (verdict.verdict, states(verdict)["stage:two"]) == ("unjudged", "ok")
    told = f"checks need Python 3.{OLDEST_MINOR} or newer, and this is {before}."
    assert str(verdict.trouble).startswith(told)


def test_test_tools_stand_in_for_nothing_that_the_stack_lacks(bench: Bench, index: Index) -> None:
    index.add(PACKAGING)
    _add_workload(bench, "def test_it():\n    import leaner\n")
    verdict, _ = bench.verify(bench.plan(text=TINY + LEANER))
    assert verdict.verdict == "broken"
    assert {check.id for check in verdict.in_state("new")} == {
        "import:*",
        "import:leaner",
        "smoke:added",
    }
    for check in verdict.in_state("new"):
        assert "No module named 'packaging'" in check.message


HIDDEN = """\
def test_it(pytestconfig):
    import importlib
    import importlib.metadata
    import sys

    import alpha

    tools = {"_pytest", "iniconfig", "packaging", "pluggy", "py", "pygments", "pytest_reportlog"}
    for name in tools - {"_pytest"}:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(name)
        with pytest.raises(ModuleNotFoundError):
            __import__(name)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("pytest")
    assert not {name.partition(".")[0] for name in sys.modules} & tools
    installed = {found.name for found in importlib.metadata.distributions()}
    assert installed == {"alpha", "beta", "gamma"}
    import _pytest.pytester  # which nothing has imported yet
    assert "_pytest" not in sys.modules
    with pytest.raises(ValueError, match="tea"):
        raise ValueError("tea")
    assert pytest.approx(0.3) == 0.1 + 0.2
"""


@pytest.mark.fault("A1")
def test_a_workload_has_pytest_and_no_other_tool(bench: Bench) -> None:
    _add_workload(bench, HIDDEN)
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.in_state("new")) == ("ok", ())


UNINSTALLED = """
[[pins]]
name = "pluggy"
version = "1.7.0"
imports = ["pluggy"]
area = "third"
role = "no stage installs it"
"""


@pytest.mark.fault("A1")
def test_a_test_tool_is_not_counted_as_installed(bench: Bench) -> None:
    verdict, evidence = bench.verify(bench.plan(text=TINY + UNINSTALLED))
    assert {check.id for check in verdict.in_state("new")} == {
        "import:*",
        "import:pluggy",
        "version:pluggy",
    }
    assert "pluggy" not in evidence.freeze
    _add_workload(bench, "def test_it():\n    import pluggy\n")
    file = bench.root / "tests/stack/workloads/test_added.py"
    file.write_text(file.read_text().replace('("alpha",)', '("pluggy",)'), encoding="utf-8")
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.left_out) == ("ok", {"smoke:added": ("pluggy",)})


OWN_PYTEST = """\
def test_it():
    import user

    assert user.found == ("7.4.4", "7.4.4", "21.3", "7.4.4")
    assert pytest.__version__.startswith("8.")
"""
USER = """\
import importlib.metadata

import packaging
import pytest
from _pytest import _version

found = (
    pytest.__version__, _version.version, packaging.__version__,
    importlib.metadata.version("pytest"),
)
"""


@pytest.mark.fault("R8.8")
def test_a_stack_that_pins_test_tools_of_its_own_has_those(bench: Bench, index: Index) -> None:
    own = {"pytest/__init__.py": "from _pytest._version import version as __version__\n"}
    own |= {"_pytest/__init__.py": "", "_pytest/_version.py": 'version = "7.4.4"\n'}
    index.add(
        Release("pytest", "7.4.4", modules=own),
        Release("packaging", "21.3"),
        Release("user", "1.0", modules={"user.py": USER}),
    )
    _add_workload(bench, OWN_PYTEST)
    wanted = 'requirements = ["pytest==7.4.4", "packaging==21.3", "user==1.0"]'
    text = TINY.replace('pins = ["alpha"]', f'pins = ["alpha"]\n{wanted}')
    verdict, evidence = bench.verify(bench.plan(text=text))
    assert (verdict.verdict, verdict.trouble, verdict.in_state("new")) == ("ok", None, ())
    assert evidence.freeze["pytest"] == "7.4.4"
    tools = (evidence.folder / "test-tools.txt").read_text(encoding="utf-8")
    assert "pytest==8." in tools


# --- environments that nox kept --------------------------------------------------------------


def test_a_kept_environment_is_judged_only_as_what_it_is(bench: Bench, index: Index) -> None:
    venv = bench.environment()
    _, evidence = bench.verify(bench.plan(), venv)
    index.forget()
    reused, _ = bench.verify(bench.plan(), venv)
    assert states(reused) == OK
    assert not index.requests

    def refusal(plan: Plan) -> str | None:
        verdict, _ = bench.verify(plan, venv)
        assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
        assert {check.state for check in verdict.checks} == {"skipped"}
        return verdict.trouble

    again = "; build it anew, without -r or -R"
    other = pinned(bench, "gamma==1.0")
    assert refusal(other) == f"the kept environment was built for another plan{again}"

    uv = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(venv), "gamma==1.0"]
    subprocess.run(uv, check=True, env=bench.environ)
    assert refusal(bench.plan()) == f"the kept environment was changed since it was built{again}"
    subprocess.run([*uv[:-1], "gamma==1.1"], check=True, env=bench.environ)

    (evidence.folder / "run.json").rename(evidence.folder / "away.json")
    lost = f"the kept environment has lost the evidence of its build{again}"
    assert refusal(bench.plan()) == lost
    (evidence.folder / "away.json").rename(evidence.folder / "run.json")

    mark = Mark.read(venv)
    assert mark is not None
    mark.model_copy(update={"freeze": None}).leave(venv)
    assert refusal(bench.plan()) == f"the kept environment was not completely built{again}"

    (venv / "stackproof.json").write_text('{"evidence": ', encoding="utf-8")
    torn = refusal(bench.plan())
    assert torn is not None
    assert torn.startswith("stackproof.json in the environment cannot be read (")
    assert torn.endswith("run without -r or -R")


def test_a_marker_that_cannot_be_read_before_a_build_is_noted(bench: Bench) -> None:
    bench.write(
        "tests/stack/workloads/test_hidden.py",
        'import pytest\n\nNEEDS = ("alpha",)\n\n\n'
        '@pytest.mark.workload("hidden", needs=NEEDS, seconds=1, timeout=30)\n'
        "def test_hidden() -> None:\n    pass\n",
    )
    verdict, evidence = bench.verify(bench.plan())
    assert states(verdict)["smoke:hidden"] == "ok"
    assert "test_hidden.py, line 6" in " ".join(evidence.run.notes)


CAME_ALONG = """\
import pytest


@pytest.mark.workload("along", needs=("gamma",), seconds=1, timeout=30)
def test_along() -> None:
    raise AssertionError("nobody pinned it")


@pytest.mark.workload("used", needs=("beta",), uses=("gamma",), seconds=1, timeout=30)
def test_used() -> None:
    import gamma


@pytest.mark.workload("absent", needs=("beta",), uses=("nowhere",), seconds=1, timeout=30)
def test_absent() -> None:
    raise AssertionError("there is no such thing")
"""


@pytest.mark.fault("2")
def test_what_came_along_is_not_judged_by_workloads_of_its_own(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_along.py", CAME_ALONG)
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "ok"
    assert verdict.left_out == {"smoke:along": ("gamma",), "smoke:absent": ("nowhere",)}
    assert states(verdict)["smoke:used"] == "ok"
    assert verdict.depth == {"alpha": "workload", "beta": "workload"}


OF_LATER_RELEASES = """\
import pytest


@pytest.mark.workload("later", needs=("beta",), seconds=1, timeout=30, oldest={"beta": "9.0"})
def test_later() -> None:
    raise AssertionError("it is not meant for what is installed")


@pytest.mark.workload("reached", needs=("alpha",), seconds=1, timeout=30, oldest={"alpha": "0.1"})
def test_reached() -> None:
    import alpha
"""


def test_a_release_older_than_a_workload_is_meant_for_is_not_judged_by_it(bench: Bench) -> None:
    bench.write("tests/stack/workloads/test_later.py", OF_LATER_RELEASES)
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "ok"
    assert verdict.left_out == {"smoke:later": ("beta>=9.0",)}
    assert states(verdict)["smoke:reached"] == "ok"


@pytest.mark.fault("B3")
def test_a_module_of_the_stack_that_is_named_as_tests_are_stays_as_it_is(bench: Bench) -> None:
    modules = {
        "delta/__init__.py": "from delta import page_test, test_page\n",
        "delta/page_test.py": "assert True\n",
        "delta/test_page.py": "assert True\n",
    }
    bench.index.add(Release("delta", "1.0", modules=modules))
    bench.write(
        "tests/stack/workloads/test_delta.py",
        WORKLOAD.replace('"sum"', '"delta"')
        .replace("import alpha", "import delta as alpha")
        .replace("alpha.__version__", "alpha.test_page.__name__")
        .replace('"1.0"', '"delta.test_page"'),
    )
    text = TINY.replace('pins = ["alpha"]', 'pins = ["alpha"]\nrequirements = ["delta==1.0"]')
    verdict, _ = bench.verify(bench.plan(text=text))
    assert states(verdict)["smoke:delta"] == "ok"


# --- extras ----------------------------------------------------------------------------------

EXTRAS = {"fast": ["gamma"], "My_Other": []}


@pytest.mark.fault("A3")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_extra_that_does_not_exist_is_a_failure(
    bench: Bench, index: Index, installer: str
) -> None:
    index.add(Release("alpha", "1.0", extras=EXTRAS), Release("delta", "1.0"))
    text = TINY.replace('pins = ["beta"]', 'pins = ["beta"]\nrequirements = ["delta[more]==1.0"]')
    text = text.replace('"1.0"\n', '"1.0"\nextras = ["fast", "nonsense"]\n', 1)
    verdict, _ = bench.verify(bench.plan(text=text, installer=installer))
    failed = {"pip-check:*", "pip-check:alpha", "pip-check:delta"}
    assert {check.id for check in verdict.unexpected} == failed
    (check,) = (check for check in verdict.checks if check.id == "pip-check:alpha")
    assert check.message == (
        "alpha 1.0 has no extra nonsense (it has fast, my-other), "
        "which the documented commands ask for"
    )


def test_extras_that_exist_are_known_however_they_are_spelled(bench: Bench, index: Index) -> None:
    old = ["gamma; extra == 'old'"]  # metadata of before `Provides-Extra`
    index.add(Release("alpha", "1.0", extras=EXTRAS, requires=old))
    text = TINY.replace('"1.0"\n', '"1.0"\nextras = ["fast", "my-other", "old"]\n', 1)
    verdict, _ = bench.verify(bench.plan(text=text))
    assert states(verdict)["pip-check:*"] == "ok"
