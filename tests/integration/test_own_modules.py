"""A pin without `imports`: the modules are those that the installed distribution holds itself."""

from __future__ import annotations

import importlib.machinery

import pytest
from support.wheels import Release
from support.workbench import TINY, WORKLOAD, Bench, states

from stackproof.evidence.verdict import Check, Verdict

pytestmark = pytest.mark.fault("5")

UNSAID = TINY.replace('imports = ["alpha"]\n', "").replace('imports = ["beta"]\n', "")
GOOD = '"""A module."""\n'
BAD = "raise RuntimeError('must not be imported')\n"


def _check(verdict: Verdict, name: str) -> Check:
    return next(check for check in verdict.checks if check.id == name)


def _serve(bench: Bench, modules: dict[str, str], *, others: dict[str, str] | None = None) -> None:
    beta = {"beta/__init__.py": GOOD} if others is None else others
    bench.write("tests/stack/workloads/test_sum.py", WORKLOAD.replace("import alpha", "return"))
    bench.index.add(Release("alpha", "1.0", modules=modules))
    bench.index.add(Release("beta", "1.0", modules=beta))


def test_a_distribution_says_by_what_modules_it_is_imported(bench: Bench) -> None:
    jose = {"jose/__init__.py": GOOD, "jose/jwt.py": GOOD, "cose.py": GOOD}
    _serve(bench, jose)
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert verdict.verdict == "ok"
    assert _check(verdict, "import:alpha").modules == ("cose", "jose")
    assert _check(verdict, "import:*").modules == ("cose", "jose", "beta")
    assert states(verdict)["version:alpha"] == "ok"


def test_a_module_that_it_holds_and_that_does_not_import_is_a_failure(bench: Bench) -> None:
    _serve(bench, {"jose/__init__.py": GOOD, "cose.py": "import nowhere\n"})
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert verdict.verdict == "broken"
    assert {check.id for check in verdict.unexpected} == {"import:alpha", "import:*"}
    assert "nowhere" in _check(verdict, "import:alpha").message


#: As blackd of black: the server beside the tool, which says what it lacks.
SERVER = """\
try:
    from web_frames import serve
except ImportError as error:
    raise ImportError("install alpha[d]") from error
"""


def test_a_further_module_of_an_extra_that_nobody_asked_for_is_not_asked(bench: Bench) -> None:
    modules = {"alpha/__init__.py": '__version__ = "1.0"\n', "alphad/__init__.py": SERVER}
    _serve(bench, {})
    bench.index.add(
        Release("alpha", "1.0", modules=modules, extras={"d": ["web-frames>=3"]}),
        Release("web-frames", "3.0", modules={"web_frames.py": "serve = None\n"}),
        Release("web-frames", "4.0", modules={"web_frames.py": "served = None\n"}),
    )
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert (verdict.verdict, _check(verdict, "import:alpha").modules) == ("ok", ("alpha",))
    asked = UNSAID.replace('name = "alpha"', 'name = "alpha"\nextras = ["d"]', 1)
    verdict, _ = bench.verify(bench.plan(text=asked))
    assert _check(verdict, "import:alpha").modules == ("alpha", "alphad")
    assert "alpha[d]" in _check(verdict, "import:alpha").message


def test_a_further_module_that_needs_what_nobody_brings_is_not_asked(bench: Bench) -> None:
    """As pylint_plugins of mlflow 2.3: a tool of its authors', packed by accident."""
    modules = {
        "alpha/__init__.py": '__version__ = "1.0"\nimport json\n',
        "alpha_tools/__init__.py": "from .inner import checker\nfrom alpha import json\n",
        "alpha_tools/inner/__init__.py": "from . import checker\n",
        "alpha_tools/inner/checker.py": "import web_frames.serving\n",
        "alpha_too.py": "import alpha\ntry:\n    import web_frames\nexcept ImportError: pass\n",
    }
    _serve(bench, modules)
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert verdict.verdict == "ok"
    assert _check(verdict, "import:alpha").modules == ("alpha", "alpha_too")


@pytest.mark.parametrize(
    ("modules", "requires", "said"),
    [
        # Where none has the distribution's name, which one is for its users is not known.
        ({"jose/__init__.py": GOOD, "alphad/__init__.py": SERVER}, [], "alpha[d]"),
        # What was there once: its loss is a break.
        ({"alpha.py": GOOD, "alphad.py": "import pkg_resources\n"}, [], "pkg_resources"),
        # What it requires, and has no such module.
        ({"alpha.py": GOOD, "alphad.py": "import beta.gone\n"}, [], "beta.gone"),
        # What it requires, and is called otherwise now.
        ({"alpha.py": GOOD, "alphad.py": "import beta_old\n"}, ["beta-old"], "beta_old"),
        ({"alpha.py": "import web_frames\n", "other.py": GOOD}, [], "web_frames"),
    ],
)
def test_a_module_that_lacks_what_it_has_to_have_is_a_failure(
    bench: Bench, modules: dict[str, str], requires: list[str], said: str
) -> None:
    _serve(bench, {})
    bench.index.add(
        Release("alpha", "1.0", modules=modules, requires=requires),
        Release("beta-old", "1.0", modules={"beta_new.py": GOOD}),
    )
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert said in _check(verdict, "import:alpha").message
    assert _check(verdict, "import:alpha").state == "new"


def test_a_module_is_named_by_its_place_in_the_environment(bench: Bench) -> None:
    """So a failure is the same in another checkout, or in a scratch environment."""
    inner = "raise RuntimeError(f'{__file__} is broken')\n"
    _serve(bench, {"jose/__init__.py": "from jose import inner\n", "jose/inner.py": inner})
    verdict, evidence = bench.verify(bench.plan(text=UNSAID))
    assert "site-packages/jose/inner.py" in _check(verdict, "import:alpha").message
    for file in ("verdict.json", "checks.jsonl", "suite.log", "report.md", "junit.xml"):
        assert str(bench.root) not in (evidence.folder / file).read_text(encoding="utf-8"), file


def test_what_is_no_public_module_is_not_asked(bench: Bench) -> None:
    beside = [
        "tests/__init__.py",
        "docs/conf.py",
        "examples/one.py",
        "src/__init__.py",
        "jose_sources/src/inner/__init__.py",
        "setup.py",
        "conftest.py",
        "_private.py",
        "_inner/__init__.py",
        "with-dash/__init__.py",
        "data/table.csv",
        "jose/tests/__init__.py",
        "class.py",
        "libplain.so",
    ]
    _serve(bench, {"jose/__init__.py": GOOD} | dict.fromkeys(beside, BAD))
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert (verdict.verdict, _check(verdict, "import:alpha").modules) == ("ok", ("jose",))


def test_a_namespace_is_looked_into(bench: Bench) -> None:
    old = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    modules = {
        "google/proto/__init__.py": GOOD,
        "google/proto/deeper/__init__.py": BAD,
        "google/_hidden/__init__.py": BAD,
        "google/tests/__init__.py": BAD,
        "google/store.py": GOOD,
        "google/cloud/made_grpc.py": BAD,
        "google/empty/notes.txt": BAD,
        "zope/__init__.py": old,
        "zope/face/__init__.py": GOOD,
    }
    _serve(bench, modules)
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    found = ("google.proto", "google.store", "zope.face")
    assert (verdict.verdict, _check(verdict, "import:alpha").modules) == ("ok", found)


def test_a_compiled_module_counts(bench: Bench) -> None:
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    fake = f"PyInit_fast{chr(0)}"  # the name by which an interpreter finds it; it cannot be loaded
    _serve(bench, {f"fast{suffix}": fake})
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert _check(verdict, "import:alpha").modules == ("fast",)
    assert {check.id for check in verdict.unexpected} == {"import:alpha", "import:*"}


def test_a_distribution_without_any_module_says_so(bench: Bench) -> None:
    _serve(bench, {"data/notes.txt": "nothing to import\n"})
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    check = _check(verdict, "import:alpha")
    assert (check.outcome, check.modules, check.message) == (
        "passed",
        (),
        "it installs no module of its own",
    )
    assert _check(verdict, "import:*").modules == ("beta",)


def test_what_is_not_installed_has_no_module(bench: Bench) -> None:
    _serve(bench, {"jose/__init__.py": GOOD})
    missing = '\n[[pins]]\nname = "gone"\nversion = "1.0"\narea = "a"\nrole = "r"\n'
    verdict, _ = bench.verify(bench.plan(missing, text=UNSAID))
    assert {check.id for check in verdict.unexpected} == {"import:gone", "import:*", "version:gone"}


def test_what_the_matrix_names_stays_the_claim(bench: Bench) -> None:
    _serve(bench, {"jose/__init__.py": GOOD, "cose.py": BAD})
    plan = bench.plan(text=TINY.replace('= ["alpha"]', '= ["jose.jwt"]', 1))
    verdict, _ = bench.verify(plan)
    assert _check(verdict, "import:alpha").modules == ("jose.jwt",)
    assert verdict.verdict == "broken"


def test_the_version_that_a_module_gives_itself_counts_where_the_matrix_names_it(
    bench: Bench,
) -> None:
    """opencv-python-headless 4.10.0.84 has a module that calls itself 4.10.0."""
    _serve(bench, {"cv/__init__.py": '__version__ = "0.9"\n'})
    assert bench.verify(bench.plan(text=UNSAID))[0].verdict == "ok"
    named, _ = bench.verify(bench.plan(text=TINY.replace('= ["alpha"]', '= ["cv"]', 1)))
    assert {check.id for check in named.unexpected} == {"version:alpha"}


# --- two distributions with one name for their modules, in files of their own ------------------

PACKAGE = {"slug/__init__.py": '__version__ = "1.0"\n'}
MODULE = {"slug.py": '__version__ = "1.0"\n'}


@pytest.mark.fault("A3")
@pytest.mark.parametrize("named", [True, False])
def test_a_module_whose_own_file_is_never_loaded_is_a_failure(bench: Bench, *, named: bool) -> None:
    _serve(bench, MODULE, others=PACKAGE)
    text = TINY.replace('["alpha"]', '["slug"]', 1).replace('["beta"]', '["slug"]', 1)
    verdict, _ = bench.verify(bench.plan(text=text if named else UNSAID))
    assert {check.id for check in verdict.unexpected} == {"import:alpha"}
    message = _check(verdict, "import:alpha").message
    said = "alpha 1.0", "site-packages/slug.py", "beta 1.0", "site-packages/slug/__init__.py"
    assert all(words in message for words in said)


OTHERS = "import sys, beta; sys.modules[__name__] = beta\n"
NOT_LOST = {
    "the same file, which is another check's to tell": (PACKAGE, PACKAGE),
    "a namespace": ({"ns/one.py": GOOD}, {"ns/two.py": GOOD}),
    "a name left to its owner": ({"alpha.py": GOOD, "beta.py": BAD}, {"beta/__init__.py": GOOD}),
    "a backport of what Python has": ({"dataclasses.py": BAD, "alpha.py": GOOD}, {}),
    "an alias": ({"alpha.py": OTHERS}, {"beta.py": GOOD}),
    "a part of another package": (
        {"beta/plugins/__init__.py": GOOD, "beta/plugins/alpha.py": GOOD},
        {"beta/__init__.py": GOOD},
    ),
}


@pytest.mark.parametrize("modules", NOT_LOST.values(), ids=NOT_LOST)
def test_a_module_that_nobody_loses_is_no_failure(
    bench: Bench, modules: tuple[dict[str, str], dict[str, str]]
) -> None:
    mine, others = modules
    _serve(bench, mine, others=others)
    verdict, _ = bench.verify(bench.plan(text=UNSAID))
    assert states(verdict)["import:alpha"] == states(verdict)["import:beta"] == "ok"


def test_a_claim_may_name_a_module_of_another_distribution(bench: Bench) -> None:
    _serve(bench, {"alpha.py": GOOD}, others={"beta.py": GOOD})
    text = TINY.replace('["alpha"]', '["alpha", "beta"]', 1)
    assert states(bench.verify(bench.plan(text=text))[0])["import:alpha"] == "ok"
