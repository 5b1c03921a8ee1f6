"""The suite beside what surrounds it: the user's settings, odd paths, a stack that meddles."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.faults import Fault
from support.index import Index
from support.matrices import pin, stage
from support.wheels import Release
from support.workbench import TINY, WORKLOAD, Bench, states
from uv import find_uv_bin

from stackproof.matrix.plan import Plan
from stackproof.matrix.planned import PlannedFailure
from stackproof.reasons.words import in_words
from stackproof.run.reuse import Mark

EXTRA = """
[[pins]]
name = "extra"
version = "1.0"
imports = ["extra"]
area = "third"
role = "what a test is about"

[[stages]]
name = "three"
step = "Install extra."
pins = ["extra"]
"""


def with_extra(
    bench: Bench, index: Index, modules: dict[str, str], imports: Sequence[str] = ("extra",)
) -> Plan:
    """Return a plan of the tiny stack with one more distribution, of these files."""
    index.add(Release("extra", "1.0", modules=modules))
    return bench.plan(text=TINY + extra_pin(imports))


def extra_pin(imports: Sequence[str]) -> str:
    """Return the tables of a pin `extra` that is imported by these modules."""
    return EXTRA.replace('["extra"]', json.dumps(list(imports)), 1)


def add_workload(bench: Bench, body: str, name: str = "added") -> None:
    bench.write(
        f"tests/stack/workloads/test_{name}.py",
        "import pytest\n\n\n"
        f'@pytest.mark.workload("{name}", needs=("alpha",), seconds=1, timeout=30)\n'
        f"def test_added():\n{body}",
    )


# --- settings of the user --------------------------------------------------------------------

SETTINGS = {
    "PYTHONOPTIMIZE": "1",
    "PYTHONINSPECT": "1",
    "PYTEST_PLUGINS": "extra",
    "PYTEST_ADDOPTS": "--collect-only",
}


@pytest.mark.fault("A3")
@pytest.mark.fault("B4")
def test_settings_of_the_user_reach_no_check(bench: Bench, index: Index) -> None:
    bench.environ |= SETTINGS
    plan = with_extra(bench, index, {"extra.py": "assert False, 'stripped'\n"})
    add_workload(bench, f"    import os\n    assert not set(os.environ) & {set(SETTINGS)}\n")
    verdict, _ = bench.verify(plan)
    assert verdict.verdict == "broken"
    assert {check.id for check in verdict.in_state("new")} == {"import:extra", "import:*"}
    assert states(verdict)["smoke:sum"] == states(verdict)["smoke:added"] == "ok"


@pytest.mark.fault("A3")
def test_settings_of_the_user_reach_no_build(bench: Bench, index: Index) -> None:
    bench.environ |= SETTINGS
    code = f"import os\nif set(os.environ) & {set(SETTINGS)}: raise SystemExit('meddled with')\n"
    index.add(Release("extra", "1.0", form="sdist", build_code=code))
    verdict, _ = bench.verify(bench.plan(text=TINY + EXTRA))
    assert states(verdict)["stage:three"] == "ok"


@pytest.mark.fault("A3")
def test_a_variable_of_the_user_turns_no_check_and_is_named(bench: Bench, index: Index) -> None:
    told = dict.fromkeys(["EXTRA_MODE", "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"], "s3cret")
    foreign = {**told, "LD_LIBRARY_PATH": "/opt/s3cret/lib", "ANYTHING": "1"}
    bench.environ |= foreign
    code = f"import os\nassert set(os.environ) & {set(foreign)}, 'not asked to'\n"
    plan = with_extra(bench, index, {"extra.py": code})
    add_workload(bench, f"    import os\n    assert not set(os.environ) & {set(foreign)}\n")
    verdict, evidence = bench.verify(plan)
    assert {check.id for check in verdict.in_state("new")} == {"import:extra", "import:*"}
    assert states(verdict)["smoke:added"] == "ok"
    (note,) = (note for note in evidence.run.notes if "EXTRA_MODE" in note)
    assert all(name in note for name in [*told, "LD_LIBRARY_PATH"])
    assert "ANYTHING" not in note
    assert "s3cret" not in evidence.run.model_dump_json()


def test_what_a_process_needs_reaches_a_check(bench: Bench) -> None:
    needed = {"LC_ALL": "C.UTF-8", "TZ": "Asia/Seoul", "LOGNAME": "me"}
    bench.environ |= needed
    body = f"    import os\n    assert {needed}.items() <= dict(os.environ).items()\n"
    add_workload(bench, f"{body}    assert os.environ['PATH'] and os.environ['HOME']\n")
    verdict, evidence = bench.verify(bench.plan())
    assert (verdict.verdict, states(verdict)["smoke:added"]) == ("ok", "ok")
    assert not [name for name in needed if any(name in note for note in evidence.run.notes)]


@pytest.mark.fault("A3")
def test_variables_that_may_change_a_build_are_named(bench: Bench, index: Index) -> None:
    bench.environ |= {"CFLAGS": "-O0", "EXTRA_VARIANT": "s3cret"}
    index.add(Release("extra", "1.0", form="sdist"))
    _, evidence = bench.verify(bench.plan(text=TINY + EXTRA))
    (note,) = (note for note in evidence.run.notes if "CFLAGS" in note)
    assert "EXTRA_VARIANT" in note
    assert "s3cret" not in note


@pytest.mark.fault("A3")
def test_an_environment_that_is_not_empty_is_not_judged(bench: Bench, index: Index) -> None:
    index.add(Release("seed", "70.0"))
    venv = bench.environment()
    install = [find_uv_bin(), "pip", "install", "--quiet", "--python", str(venv), "seed"]
    subprocess.run(install, check=True, env=bench.environ)
    verdict, _ = bench.verify(bench.plan(), venv)
    assert verdict.verdict == "unjudged"
    assert "seed 70.0" in (verdict.trouble or "")


# --- paths -----------------------------------------------------------------------------------


@pytest.mark.fault("B3")
@pytest.mark.fault("G")
@pytest.mark.parametrize("folder", ["x $HOME y", "x [x] y", "x::y"])
def test_a_path_is_a_path_whatever_it_holds(
    folder: str, tmp_path: Path, index: Index, pip_environment: Callable[[], Path]
) -> None:
    bench = Bench(root=tmp_path / folder, index=index, pip_environment=pip_environment)
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert states(verdict)["smoke:sum"] == "ok"


# --- ends of pytest --------------------------------------------------------------------------

CHILD = "import os\n\nif 'STACKPROOF_ISOLATED' in os.environ:\n    "


ENDS = {
    "two": "raise KeyboardInterrupt",
    "three": "import pytest; pytest.exit('x', 3)",
    "four": "import pytest; raise pytest.UsageError('no such option')",
    "five": "del test_sum",
}


@pytest.mark.fault("B3")
def test_an_end_of_pytests_own_is_not_the_stacks_fault(bench: Bench) -> None:
    """Each ends with a code of its own, which a test may end with too."""
    for code, there in ENDS.items():
        text = WORKLOAD.replace('"sum"', f'"{code}"')
        bench.write(f"tests/stack/workloads/test_{code}.py", f"{text}\n\n{CHILD}{there}\n")
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.unexpected) == ("unjudged", ())
    for code in ENDS:
        assert f"smoke:{code} has no answer" in (verdict.trouble or "")
    assert states(verdict)["smoke:sum"] == "ok"


# --- what a check says and does --------------------------------------------------------------


#: Django's own way to settings, as small as it can be.
DJANGO = {
    "django/__init__.py": "def setup():\n    conf.settings.ready = True\nfrom django import conf\n",
    "django/conf.py": """
class Settings:
    configured = ready = False
    def configure(self):
        self.configured = True
    def __getattr__(self, name):
        if not self.configured:
            raise LookupError("settings are not configured")
        return "the default"
settings = Settings()
""",
}


def test_a_module_that_wants_djangos_settings_finds_those_it_begins_with(
    bench: Bench, index: Index
) -> None:
    asks = "from django.conf import settings\nassert settings.DEBUG\nassert settings.ready\n"
    verdict, _ = bench.verify(with_extra(bench, index, {**DJANGO, "extra.py": asks}))
    assert states(verdict)["import:extra"] == states(verdict)["import:*"] == "ok"


def test_a_module_that_fails_with_djangos_settings_too_says_how_it_does_then(
    bench: Bench, index: Index
) -> None:
    asks = "from django.conf import settings\nsettings.DEBUG\nimport gone_from_django\n"
    verdict, _ = bench.verify(with_extra(bench, index, {**DJANGO, "extra.py": asks}))
    (check,) = (check for check in verdict.checks if check.id == "import:extra")
    assert check.state == "new"
    assert "No module named 'gone_from_django'" in check.message


@pytest.mark.fault("D1")
def test_half_a_letter_in_an_imports_error_takes_nothing_with_it(
    bench: Bench, index: Index
) -> None:
    plan = with_extra(bench, index, {"extra.py": "raise ValueError('half \\ud800 letter')\n"})
    verdict, _ = bench.verify(plan)
    assert (verdict.verdict, verdict.untold) == ("broken", None)
    failed = {check.id: check.message for check in verdict.in_state("new")}
    assert failed.keys() == {"import:extra", "import:*"}
    assert "letter" in failed["import:extra"]


@pytest.mark.fault("D1")
def test_half_a_letter_in_a_version_takes_nothing_with_it(bench: Bench, index: Index) -> None:
    plan = with_extra(bench, index, {"extra.py": "__version__ = '1.0 \\ud800'\n"})
    verdict, _ = bench.verify(plan)
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert states(verdict)["import:extra"] == states(verdict)["version:extra"] == "ok"


@pytest.mark.fault("D2")
def test_a_workload_that_removes_its_sandbox_ends_alone(bench: Bench) -> None:
    add_workload(bench, "    import os, shutil\n    shutil.rmtree(os.path.dirname(os.getcwd()))\n")
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert states(verdict)["smoke:added"] == states(verdict)["smoke:sum"] == "ok"


# --- what a module does to the process that imports it ------------------------------------------

MEDDLING = {
    "takes the command line for its own": "import sys; sys.argv = sys.argv[:1]\n",
    "reads the command line": "import sys; assert sys.argv == ['-c'], sys.argv\n",
    "has no word on its version": "def __getattr__(name):\n    raise LookupError(name)\n",
    "has a version that is no text": "__version__ = (1, 0)\n",
    "has a module of that name": "from types import ModuleType\n__version__ = ModuleType('v')\n",
    "puts others in place of builtins": "import builtins; builtins.open = builtins.print = None\n",
    "has a child that ends by itself": (
        "import os, sys\npid = os.fork()\nif pid == 0:\n    sys.exit(0)\nos.waitpid(pid, 0)\n"
    ),
    "closes whatever is open": "import os; os.closerange(0, 1000)\n",
}


@pytest.mark.fault("meddling")
def test_a_module_may_do_as_it_likes_to_its_process(bench: Bench, index: Index) -> None:
    """Each is imported by a process of its own, and all by one, in this order."""
    modules = {what.replace(" ", "_"): source for what, source in MEDDLING.items()}
    files = {f"{name}.py": source for name, source in modules.items()}
    verdict, _ = bench.verify(with_extra(bench, index, files, list(modules)))
    assert (verdict.verdict, verdict.trouble, verdict.unexpected) == ("ok", None, ())
    (check,) = (check for check in verdict.checks if check.id == "import:extra")
    assert sorted(check.modules or ()) == sorted(modules)


@pytest.mark.fault("meddling")
def test_a_module_may_leave_no_file_to_be_opened(bench: Bench, index: Index) -> None:
    nothing = "setrlimit(RLIMIT_NOFILE, (0, getrlimit(RLIMIT_NOFILE)[1]))"
    source = f"from resource import *\n{nothing}\n"
    verdict, _ = bench.verify(with_extra(bench, index, {"extra.py": source}))
    assert (verdict.trouble, states(verdict)["import:extra"]) == (None, "ok")
    # Whatever is imported after it finds none, which is no fault of the one that is.
    (check,) = verdict.unexpected
    assert (check.id, "imported in reverse order" in check.message) == ("import:*", True)
    assert "beta fails after extra, of these two alone, and not without it" in check.message


@pytest.mark.fault("A5")
def test_a_child_that_goes_on_as_its_parent_answers_for_nobody(bench: Bench, index: Index) -> None:
    """Else its second answer stands for the next module, which fails beside this one."""
    apart = "import sys\nassert 'alpha' not in sys.modules\n__version__ = '1.0.1'\n"
    index.add(
        Release("alpha", "1.0.1", modules={"alpha/__init__.py": "import os\nos.fork()\n"}),
        Release("beta", "1.0.1", modules={"beta/__init__.py": apart}),
    )
    verdict, _ = bench.verify(bench.plan(text=TINY.replace('version = "1.0"', 'version = "1.0.1"')))
    assert states(verdict)["import:*"] == "new"
    assert states(verdict)["import:beta"] == "ok"


# --- what the stack has run at the start of every Python -------------------------------------


@pytest.mark.fault("7")
def test_what_every_python_prints_at_its_start_spoils_nothing(bench: Bench, index: Index) -> None:
    now, at_the_end = "print('{}', flush=True)", "print('ready')"
    words = f"import sys; {now}; {at_the_end}; print('begun', file=sys.stderr)\n"
    files = dict.fromkeys(("sitecustomize.py", "usercustomize.py", "extra.pth"), words)
    verdict, _ = bench.verify(with_extra(bench, index, {"extra.py": "", **files}))
    assert (verdict.verdict, verdict.trouble, verdict.unexpected) == ("ok", None, ())


@pytest.mark.fault("G")
@pytest.mark.parametrize(
    ("file", "end", "told"),
    [
        ("sitecustomize.py", "import os; os._exit(0)\n", "exit 0"),
        ("extra.pth", "import sys; print('no licence'); sys.exit(3)\n", "no licence"),
    ],
)
def test_a_stack_that_ends_every_python_is_broken_by_that(
    bench: Bench, index: Index, file: str, end: str, told: str
) -> None:
    verdict, _ = bench.verify(with_extra(bench, index, {"extra.py": "", file: end}))
    assert (verdict.verdict, verdict.untold) == ("broken", None)
    failed = {check.id: check.message for check in verdict.in_state("new")}
    assert {"import:alpha", "import:extra", "import:*", "smoke:sum"} <= failed.keys()
    for message in failed.values():
        assert "no Python of the environment starts" in message
        assert told in message


@pytest.mark.fault("disk")
def test_a_python_that_does_not_start_for_a_full_disk_is_no_verdict(
    bench: Bench, index: Index
) -> None:
    ends = "import sys; sys.exit('[Errno 122] Disk quota exceeded: /home')\n"
    verdict, _ = bench.verify(with_extra(bench, index, {"extra.py": "", "extra.pth": ends}))
    assert (verdict.verdict, verdict.unexpected) == ("unjudged", ())
    assert "import:alpha has no answer: the disk is full" in str(verdict.trouble)


@pytest.mark.fault("A5")
def test_what_runs_at_every_start_is_named_with_its_owner(bench: Bench, index: Index) -> None:
    files = {"extra.py": "", "extra.pth": "import sys\n", "paths.pth": "# import sys\nbelow\n"}
    plan = with_extra(bench, index, files | {"sitecustomize/__init__.py": ""})
    verdict, evidence = bench.verify(plan)
    assert verdict.verdict == "ok"
    notes = [note for note in evidence.run.notes if "at its start" in note]
    assert [note.partition(" at its start")[0] for note in notes] == [
        "extra 1.0 has every Python run extra.pth",
        "extra 1.0 has every Python run sitecustomize",
    ]
    report = (evidence.folder / "report.md").read_text(encoding="utf-8")
    assert all(file in report for file in ("extra.pth", "sitecustomize"))


@pytest.mark.fault("A5")
def test_what_runs_from_a_folder_that_a_path_line_adds_is_named(bench: Bench, index: Index) -> None:
    files = {
        "extra.py": "",
        "paths.pth": "# a comment\n\nbelow\n../site-packages/below\nnowhere\n",
        "below/sitecustomize.py": "",
        "below/more.pth": "import sys\n",  # no line of it is read here
    }
    _, evidence = bench.verify(with_extra(bench, index, files))
    notes = [note for note in evidence.run.notes if "at its start" in note]
    assert [note.partition(" at its start")[0] for note in notes] == [
        "extra 1.0 has every Python run below/sitecustomize.py"
    ]


# --- workloads that vanish -------------------------------------------------------------------

MARK = '@pytest.mark.workload("{}", needs=("alpha",), seconds=1, timeout=30)'
ONE, TWO = MARK.format("one"), MARK.format("two")


#: Bodies of files, and what of each vanished.
VANISHING = {
    "init": (
        (
            f"class TestIt:\n    def __init__(self):\n        pass\n\n"
            f"    {ONE}\n    def test_one(self):\n        assert False\n"
        ),
        "TestIt",
    ),
    "unittest": (
        (
            f"import unittest\n\n\nclass Case(unittest.TestCase):\n"
            f"    {ONE}\n    def test_one(self):\n        assert False\n"
        ),
        "Case",
    ),
    "two": (
        f"{ONE}\ndef test_it():\n    assert False\n\n\n{TWO}\ndef test_it():\n    pass\n",
        "test_it",
    ),
    "unmarked": (
        f"{ONE}\ndef test_it():\n    assert False\n\n\ndef test_it():\n    pass\n",
        "test_it",
    ),
    "deleted": (f"{ONE}\ndef test_it():\n    assert False\n\n\ndel test_it\n", "test_it"),
    "method": (
        (
            f"class TestIt:\n    {ONE}\n    def test_one(self):\n        assert False\n\n"
            f"    test_one = None\n"
        ),
        "TestIt.test_one",
    ),
    "condition": (
        f"if not pytest:\n    {ONE}\n    def test_it():\n        assert False\n",
        "test_it",
    ),
}


@pytest.mark.fault("A4")
def test_no_workload_vanishes(bench: Bench) -> None:
    for what, (body, _) in VANISHING.items():
        own = body.replace('"one"', f'"{what}-one"').replace('"two"', f'"{what}-two"')
        bench.write(f"tests/stack/workloads/test_{what}.py", f"import pytest\n\n\n{own}")
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    for what, (_, name) in VANISHING.items():
        assert f"test_{what}.py: {name}: has a workload marker" in (verdict.trouble or "")
    assert states(verdict)["smoke:sum"] == "ok"


@pytest.mark.fault("A4")
def test_all_that_is_wrong_in_a_file_of_workloads_is_told(bench: Bench) -> None:
    body = (
        f"import pytest\n\n\n{ONE}\ndef test_it():\n    pass\n\n\n"
        f"{TWO}\ndef test_it():\n    pass\n\n\n"
        f"{MARK.format('three')}\ndef wrong():\n    pass\n\n\n"
        '@pytest.mark.workload("four")\ndef test_four():\n    pass\n'
    )
    bench.write("tests/stack/workloads/test_mine.py", body)
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "unjudged"
    said = [line for line in (verdict.trouble or "").splitlines() if "test_mine.py: " in line]
    assert [line.split("test_mine.py: ")[1].split(":")[0] for line in said] == [
        "test_it",
        "wrong",
        "test_four",
    ]


@pytest.mark.fault("A4")
def test_no_workload_vanishes_for_the_name_of_its_folder(bench: Bench) -> None:
    bench.write(
        "tests/stack/workloads/build/test_mine.py",
        f"import pytest\n\n\n{ONE}\ndef test_one():\n    assert False\n",
    )
    verdict, _ = bench.verify(bench.plan())
    assert states(verdict)["smoke:one"] == "new"


@pytest.mark.fault("A4")
@pytest.mark.parametrize(
    ("file", "line"),
    [("test_mine.py", "__test__ = False"), ("conftest.py", 'collect_ignore_glob = ["test_mi*"]')],
    ids=["module", "ignored"],
)
def test_no_workload_vanishes_with_its_whole_file(bench: Bench, file: str, line: str) -> None:
    body = f"import pytest\n\n\n{ONE}\ndef test_one():\n    assert False\n"
    mine = bench.root / "tests/stack/workloads/test_mine.py"
    bench.write("tests/stack/workloads/test_mine.py", body)
    where = mine.with_name(file)
    before = where.read_text(encoding="utf-8") if where.exists() else ""
    where.write_text(f"{before}\n{line}\n", encoding="utf-8")
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict != "ok"
    assert "test_mine.py" in (verdict.trouble or "") or states(verdict)["smoke:one"] == "new"


FORGED = """\
import os
for number in range(3, 30):
    try:
        os.write(number, b'{"version": null, "error": null}\\n')
    except OSError:
        pass
import nothing_at_all
"""


CRASH = "import os, signal, sys\nif {0!r} in sys.modules: os.kill(os.getpid(), signal.SIGSEGV)\n"


@pytest.mark.parametrize(
    ("before", "order"), [("beta", "documented"), ("far", "reverse")], ids=["documented", "reverse"]
)
def test_a_crash_after_another_import_names_the_two(
    bench: Bench, index: Index, before: str, order: str
) -> None:
    files = {"extra.py": CRASH.format(before), "far.py": "", "near.py": ""}
    plan = with_extra(bench, index, files, imports=["extra", "near", "far"])
    verdict, _ = bench.verify(plan)
    (check,) = verdict.in_state("new")
    assert (check.id, check.failure and check.failure.kind) == ("import:*", "crash")
    assert check.message.splitlines()[:4] == [
        "Failed: extra crashed: ended by SIGSEGV",
        "",
        f"imported in {order} order",
        f"extra fails after {before}, of these two alone, and not without it",
    ]


EXPECTED = """
[[rows.plain.known-failures]]
check = "import:*"
reason = "known for years"
date = 2025-01-02
says = "the known one"
"""


def test_an_expected_failure_in_one_order_hides_no_other_in_the_reverse_one(
    bench: Bench, index: Index
) -> None:
    known = "import sys\nif 'beta' in sys.modules: raise RuntimeError('the known one')\n"
    files = {"extra.py": known, "near.py": "", "far.py": ""}
    text = TINY + extra_pin(["extra", "near", "far"]) + EXPECTED
    index.add(Release("extra", "1.0", modules=files))
    verdict, _ = bench.verify(bench.plan(text=text))
    assert states(verdict)["import:*"] == "known"
    index.add(Release("extra", "1.1", modules={**files, "near.py": CRASH.format("far")}))
    text = text.replace('"extra"\nversion = "1.0"', '"extra"\nversion = "1.1"')
    verdict, _ = bench.verify(bench.plan(text=text))
    (check,) = verdict.in_state("new")
    assert check.message.splitlines()[:3] == [
        "Failed: extra failed: RuntimeError: the known one",
        "near crashed: ended by SIGSEGV",
        "",
    ]
    assert "imported in documented order\nextra fails after beta" in check.message
    assert "imported in reverse order\nnear fails after far" in check.message


def with_heavy(bench: Bench, index: Index, torch: str, pyarrow: str, **others: str) -> Plan:
    """Return a plan of both, with another module between them in either order, and more heavy."""
    files = {"torch": torch, "extra": "", "pyarrow": pyarrow, **others}
    modules = {name: {"scikit-learn": "sklearn"}.get(name, name) for name in files}
    for name, source in files.items():
        index.add(Release(name, "1.0", modules={f"{modules[name]}.py": source}))
    tables = [pin(name, imports=modules[name]) for name in files]
    return bench.plan(text="\n".join([TINY, *tables, stage("heavy", *files, step="Install.")]))


@pytest.mark.parametrize("first", ["torch", "pyarrow"])
def test_heavy_packages_are_imported_two_by_two_with_nothing_between_them(
    bench: Bench, index: Index, first: str
) -> None:
    (second,) = {"torch", "pyarrow"} - {first}
    alone = f"'extra' not in sys.modules and {first!r}"
    crash = CRASH.replace("{0!r}", alone)
    source = {second: crash, first: ""}
    verdict, _ = bench.verify(with_heavy(bench, index, **source))
    (check,) = verdict.in_state("new")
    assert (check.id, check.failure and check.failure.kind) == ("import:*", "crash")
    assert check.message.splitlines()[:4] == [
        f"Failed: {second} crashed: ended by SIGSEGV",
        "",
        "imported two by two",
        f"{second} fails after {first}, of these two alone, and not without it",
    ]
    assert check.why is not None
    assert in_words(check.why) == check.message
    assert f"{second} 비정상 종료: SIGSEGV" in in_words(check.why, "ko")


def after_torch_alone(then: str) -> str:
    """Return a module that does something where torch is imported before it, and extra is not."""
    return (
        "import os, signal, sys, time\n"
        f"if 'torch' in sys.modules and 'extra' not in sys.modules: {then}\n"
    )


#: Says in a fork that it fails, and in a process of its own nothing, after a while.
SLOW = "assert sys.modules['torch'].process == os.getpid(); time.sleep(3)"
KILLED = "os.kill(os.getpid(), signal.SIGSEGV)"


@pytest.mark.parametrize("is_expected", [False, True], ids=["alone", "beside-a-failure"])
def test_pairs_that_no_time_was_left_to_ask_again_are_no_pass(
    bench: Bench,
    index: Index,
    is_expected: bool,  # noqa: FBT001
) -> None:
    """Nor are they hidden by a failure that is expected."""
    torch = "import os\nprocess = os.getpid()\n"
    slow, killed = after_torch_alone(SLOW), after_torch_alone(KILLED)
    last = "import sys\nassert 'pyarrow' not in sys.modules, 'the known one'\n"
    others = {"tensorflow": slow, "scikit-learn": killed, "last": last if is_expected else ""}
    plan = with_heavy(bench, index, torch, slow, **others)
    known = PlannedFailure(check="import:*", reason="known", date="2025-01-02")
    changes = {"import_seconds": 6, "known_failures": (known,) if is_expected else ()}
    verdict, _ = bench.verify(plan.model_copy(update=changes))
    said = verdict.untold if is_expected else verdict.trouble
    assert "no process of their own could tell whether they do: sklearn after torch" in (said or "")
    assert states(verdict)["import:*"] == ("known" if is_expected else "skipped")
    assert verdict.exit_code == 2


AT_END = "import atexit, os, sys\natexit.register(lambda: {} and os.kill(os.getpid(), 11))\n"
APART = "{'pyarrow', 'extra'}.intersection(sys.modules) == {'pyarrow'}"


@pytest.mark.parametrize("when", ["'pyarrow' in sys.modules", APART], ids=["always", "apart"])
def test_a_pair_that_crashes_at_the_end_of_the_process_is_named(
    bench: Bench, index: Index, when: str
) -> None:
    """Whether all together crash there too, or something between the two hides it."""
    verdict, _ = bench.verify(with_heavy(bench, index, AT_END.format(when), ""))
    (check,) = verdict.in_state("new")
    assert (check.id, check.failure and check.failure.kind) == ("import:*", "crash")
    said = check.message.splitlines()
    assert said[0] == "Failed: the end of the process crashed: ended by SIGSEGV"
    assert said[said.index("imported two by two") + 1] == (
        "the end of the process fails after torch and pyarrow, of these two alone, and not with one"
    )


def test_a_pair_that_crashes_when_python_takes_down_its_modules_is_named(
    bench: Bench, index: Index
) -> None:
    crash = (
        "import os, sys\nclass Last:\n    def __del__(self, kill=os.kill, process=os.getpid):\n"
        "        kill(process(), 11)\n"
        "last = Last() if 'torch' in sys.modules else None\n"
    )
    verdict, _ = bench.verify(with_heavy(bench, index, "", crash))
    (check,) = verdict.in_state("new")
    assert "the end of the process fails after torch and pyarrow" in check.message


def test_what_fails_in_a_fork_alone_is_no_failure(bench: Bench, index: Index) -> None:
    mine = "import os, sys\nfirst = sys.modules.setdefault('first', type(os)('first'))\n"
    mine += "assert vars(first).setdefault('process', os.getpid()) == os.getpid()\n"
    verdict, _ = bench.verify(with_heavy(bench, index, mine, mine))
    assert (verdict.verdict, verdict.unexpected) == ("ok", ())


def test_a_workload_fails_because_of_an_import_that_its_traceback_goes_through(
    bench: Bench, index: Index
) -> None:
    plan = with_extra(bench, index, {"extra.py": "import gone\n"})
    add_workload(bench, "    from extra import more\n")
    add_workload(bench, "    import gone\n", name="other")
    verdict, _ = bench.verify(plan)
    found = {check.id: check.failure and check.failure.because for check in verdict.in_state("new")}
    assert found == {
        "import:extra": None,
        "import:*": "import:extra",
        "smoke:added": "import:extra",
        "smoke:other": None,
    }


@pytest.mark.fault("A5")
def test_an_import_cannot_write_its_own_answer(bench: Bench, index: Index) -> None:
    index.add(Release("alpha", "1.0.1", modules={"alpha/__init__.py": FORGED}))
    text = TINY.replace('version = "1.0"', 'version = "1.0.1"', 1)
    verdict, _ = bench.verify(bench.plan(text=text))
    assert states(verdict)["import:alpha"] == "new"


@pytest.mark.fault("A4")
def test_a_module_of_the_stack_is_its_own_whatever_its_name(bench: Bench, index: Index) -> None:
    """Pytest rewrites modules of such names, and has imported some of them itself."""
    files = {"extra.py": "", "workloads/__init__.py": ""}
    names = ("conftest", "test_imports", "workloads.test_it")
    for number, name in enumerate(names):
        file = f"{name.replace('.', '/')}.py"
        files[file] = (
            f"def extra():\n    return type(__loader__).__name__, __file__.count({file!r})\n"
        )
        add_workload(
            bench,
            f"    import {name} as stacks\n    from importlib.metadata import distribution\n"
            "    (found, _) = stacks.extra()\n    assert found == 'SourceFileLoader'\n"
            "    assert 'site-packages' in stacks.__file__\n",
            name=f"added{number}",
        )
    verdict, _ = bench.verify(with_extra(bench, index, files))
    found = states(verdict)
    assert [found[f"smoke:added{number}"] for number in range(len(names))] == ["ok"] * len(names)


# --- the environment and the tools -----------------------------------------------------------


@pytest.mark.fault("8")
def test_a_run_whose_environment_was_taken_says_so(bench: Bench) -> None:
    venv = bench.environment()
    bench.verify(bench.plan(), venv)
    mark = Mark.read(venv)
    assert mark is not None
    other = mark.model_copy(update={"evidence": "another"}).model_dump_json()
    (gone,) = venv.glob("lib/*/site-packages/gamma-*.dist-info")  # as when it is built anew
    add_workload(
        bench,
        f"    import pathlib, shutil\n    shutil.rmtree({str(gone)!r})\n"
        f"    pathlib.Path({str(venv / 'stackproof.json')!r}).write_text({other!r})\n",
    )
    verdict, _ = bench.verify(bench.plan(), venv)
    assert verdict.verdict == "unjudged"
    assert "replaced by another run of the same row" in (verdict.trouble or "")


@pytest.mark.fault("G")
def test_test_tools_that_cannot_be_had_are_named_with_the_reason(
    bench: Bench, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing-kept"))
    bench.environ["XDG_CACHE_HOME"] = str(tmp_path / "nothing-kept")
    index.fail(Fault.SERVER_ERROR, "pytest")
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.unexpected) == ("unjudged", ())
    assert (verdict.trouble or "").startswith("the test tools (pytest")
    assert "500" in (verdict.trouble or "")
