"""Distributions that own the same files: what a run says of them, and which of them count."""

from __future__ import annotations

import pytest
from support.index import Index
from support.wheels import Release
from support.workbench import TINY, Bench, states

from stackproof.evidence.reports import InRun
from stackproof.evidence.verdict import judge

# As jwt 1.3.1 and PyJWT 2.8.0: two distributions with one package, of which one wins.
TWIN = Release("twin", "2.0", modules={"alpha/__init__.py": '__version__ = "2.0"  # twin\n'})
BOTH = TINY.replace('pins = ["beta"]', 'pins = ["beta"]\nrequirements = ["twin==2.0"]')

#: What puts the twin's own file back at each start of Python, as urllib3-future does.
START = (
    "import shutil, sysconfig; place = sysconfig.get_path('purelib'); name = '__init__.py'; "
    "shutil.copy(f'{place}/twin_own/{name}', place + '/' + 'alpha' + '/' + name)\n"
)
EXTEND = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


@pytest.mark.fault("6")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_file_of_two_distributions_breaks_the_stack(
    bench: Bench, index: Index, installer: str
) -> None:
    index.add(TWIN)
    verdict, evidence = bench.verify(bench.plan(text=BOTH, installer=installer))
    assert (verdict.verdict, verdict.exit_code) == ("broken", 1)
    (check,) = [check for check in verdict.checks if check.kind == "overwrite"]
    assert (check.id, check.outcome, check.state) == ("overwrite:alpha", "failed", "new")
    for name in ("alpha 1.0", "twin 2.0", "alpha/__init__.py"):
        assert name in check.message
    found = evidence.overwritten
    assert found is not None
    assert found.files == {"alpha/__init__.py": ("alpha", "twin")}
    assert (found.settled, found.users) == ({}, ("alpha", "twin"))


def test_a_run_that_lost_a_file_with_answers_is_no_longer_judged(
    bench: Bench, index: Index
) -> None:
    """What failed in it did not pass because nobody can read that any more."""
    index.add(TWIN)
    text = BOTH.replace(
        'version = "1.0"\nimports = ["alpha"]', 'version = "2.0"\nimports = ["alpha"]'
    )
    verdict, evidence = bench.verify(bench.plan(text=text))
    assert [check.id for check in verdict.in_state("new")] == ["overwrite:alpha"]
    left = evidence.run.left
    assert set(left) >= {InRun.OVERWRITTEN, InRun.ACCELERATORS, InRun.CHECKS, InRun.FREEZE}
    for name in left:
        file = evidence.folder / name
        content = file.read_bytes()
        file.unlink()
        lost = judge(evidence)
        assert (lost.verdict == "ok", name in str(lost.untold or lost.trouble)) == (False, True)
        file.write_bytes(content)
    (evidence.folder / InRun.OVERWRITTEN).unlink()
    verdict = judge(evidence)
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)


def test_an_overwritten_file_can_be_a_known_failure(bench: Bench, index: Index) -> None:
    known = """
[[rows.plain.known-failures]]
check = "overwrite:alpha"
reason = "the twin took the same name for its package"
date = 2025-06-01
"""
    index.add(TWIN)
    text = BOTH.replace(
        'version = "1.0"\nimports = ["alpha"]', 'version = "2.0"\nimports = ["alpha"]'
    )
    verdict, _ = bench.verify(bench.plan(known, text=text))
    assert states(verdict)["overwrite:alpha"] == "known"
    # Where the files are whole again, the known failure is over.
    verdict, _ = bench.verify(bench.plan(known))
    assert states(verdict)["overwrite:alpha"] == "fixed"


#: Files of one name that two distributions bring.
HARMLESS = {
    "the same content": ("alpha/__init__.py", '__version__ = "1.0"\n', '__version__ = "1.0"\n'),
    "no module": ("data/share.json", "{}", "[]"),
    "a namespace package": ("ns/__init__.py", EXTEND, f"# twin's own words\n{EXTEND}"),
    "comments alone": ("words/__init__.py", "# licence\n", '"""Words."""\n'),
    "tests that nobody imports": ("tests/test_it.py", "one = 1\n", "twin = 1\n"),
}


def test_what_changes_no_module_does_not_count(bench: Bench, index: Index) -> None:
    first = {file: text for file, text, _ in HARMLESS.values() if not file.startswith("alpha/")}
    second = {file: text for file, _, text in HARMLESS.values()}
    beside = {"one.py": "", "ns/one.py": "one = 1\n", "words/one.py": ""}
    index.add(
        Release("one", "1.0", modules=first | beside),
        Release(
            "twin",
            "2.0",
            modules={**second, "one.pyi": "", "ns/twin.py": "", "words/twin.py": ""},
            requires=["one"],
        ),
    )
    verdict, evidence = bench.verify(bench.plan(text=BOTH))
    assert (verdict.trouble, verdict.verdict) == (None, "ok")
    assert evidence.freeze.keys() >= {"alpha", "one", "twin"}
    assert evidence.overwritten is not None
    assert evidence.overwritten.files == evidence.overwritten.settled == {}


@pytest.mark.fault("6")
def test_a_package_that_lost_all_it_has_to_comments_is_no_namespace(
    bench: Bench, index: Index
) -> None:
    """With pip, which installs one after the other, it is the twin that wins."""
    (bench.root / "tests/stack/workloads/test_sum.py").unlink()
    index.add(Release("twin", "2.0", modules={"alpha/__init__.py": "# nothing\n"}))
    verdict, evidence = bench.verify(bench.plan(text=BOTH, installer="pip"))
    assert {check.id for check in verdict.unexpected} >= {"overwrite:alpha"}
    assert evidence.overwritten is not None
    assert evidence.overwritten.files == {"alpha/__init__.py": ("alpha", "twin")}


OWN = '__version__ = "1.0"  # twin\n'


@pytest.mark.fault("6")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_an_owner_settles_at_each_start_is_said_and_does_not_count(
    bench: Bench, index: Index, installer: str
) -> None:
    """Though alpha's file was the last to be written."""
    modules = {"alpha/__init__.py": OWN, "twin_own/__init__.py": OWN, "twin.pth": START}
    index.add(Release("twin", "2.0", modules=modules))
    verdict, evidence = bench.verify(bench.plan(text=FIRST, installer=installer))
    assert (verdict.trouble, verdict.verdict) == (None, "ok")
    found = evidence.overwritten
    assert found is not None
    assert (found.files, found.settled) == ({}, {"alpha/__init__.py": ("twin", "alpha")})
    assert [note for note in evidence.run.notes if "twin has Python put its own" in note]


NAMES = "import sys; package = 'alpha'\n"
FIRST = TINY.replace('pins = ["alpha"]', 'requirements = ["twin==2.0"]').replace(
    'pins = ["beta"]', 'pins = ["alpha", "beta"]'
)
#: Not settled by a twin of these files, which comes after alpha, or before it.
UNSETTLED = {
    "it has nothing to put back": (BOTH, {"alpha/__init__.py": OWN, "twin.pth": NAMES}),
    "it put nothing back": (
        FIRST,
        {"alpha/__init__.py": OWN, "twin_own/__init__.py": OWN, "twin.pth": NAMES},
    ),
}


@pytest.mark.fault("6")
@pytest.mark.parametrize(("text", "modules"), UNSETTLED.values(), ids=UNSETTLED)
def test_an_owner_whose_start_only_names_the_package_settles_nothing(
    bench: Bench, index: Index, text: str, modules: dict[str, str]
) -> None:
    """With pip, which installs one after the other, that order says whose file stands."""
    index.add(Release("twin", "2.0", modules=modules))
    verdict, evidence = bench.verify(bench.plan(text=text, installer="pip"))
    assert {check.id for check in verdict.unexpected} == {"overwrite:alpha"}
    assert evidence.overwritten is not None
    assert evidence.overwritten.settled == {}
