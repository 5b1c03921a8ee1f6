"""Diagnoses of stacks of which a pin, the Python or a workload has to change."""

from __future__ import annotations

from typing import Any

import pytest
from support.desk import BAD_DAY, Desk, culprits
from support.matrices import PYTHON
from support.wheels import Release

from stackproof.installers.interpreters import interpreters

OLD = {"lamps/__init__.py": "def shine():\n    return 'bright'\n"}
NEW = {"lamps/__init__.py": "def glow():\n    return 'bright'\n"}
USES = {"phone/__init__.py": "from lamps import shine\n"}
USES_NEW = {"phone/__init__.py": "from lamps import glow\n"}


def changes(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the changes that were confirmed, each of which does alone."""
    assert all(item["confirmed"] and not item["together"] for item in found["instead"])
    return [(item["pin"], item["version"]) for item in found["instead"]]


def other_pythons(desk: Desk) -> list[str]:
    """Return the other Pythons of this machine; skip where there are none."""
    others = [item for item in interpreters(desk.bench.environ) if item != PYTHON]
    return others or pytest.skip("this machine has no other Python")


def sentence(found: dict[str, Any]) -> str:
    (cause,) = found["causes"]
    return str(cause["sentence"])


@pytest.mark.parametrize("beside", [(), ("lamps",)], ids=["brought", "named"])
def test_the_nearest_later_release_of_the_pin_needs_no_other_pin(
    desk: Desk, beside: tuple[str, ...]
) -> None:
    desk.index.add(
        *(Release("phone", f"1.0{n}", requires=["lamps"], modules=USES) for n in ("", ".1", ".2")),
        *(Release("phone", n, requires=["lamps"], modules=USES_NEW) for n in ("1.0.3", "1.0.4")),
        Release("phone", "1.1", requires=["lamps"], modules=USES_NEW),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    ended, found = desk.diagnose("phone==1.0", *beside)
    assert ended == "exit 1"
    assert culprits(found) == [("release", "lamps", "2.0")]
    assert found["mend"]["requirements"] == ["lamps<2"]
    assert changes(found) == [("phone", "1.0.3")]
    assert found["builds"] == 6


def test_a_minor_version_that_was_passed_over_is_asked_too(desk: Desk) -> None:
    desk.index.add(
        *(Release("phone", f"1.{n}", requires=["lamps"], modules=USES) for n in range(4)),
        *(Release("phone", f"1.{n}", requires=["lamps"], modules=USES_NEW) for n in (4, 5, 6)),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    _, found = desk.diagnose("phone==1.0")
    assert found["mend"]["requirements"] == ["lamps<2"]
    assert changes(found) == [("phone", "1.4")]


def test_a_floor_that_is_too_low_is_raised(desk: Desk) -> None:
    needs = (
        "import wire\n"
        "if wire.__version__ < '1.2':\n"
        "    raise RuntimeError('made with wire 1.2, runs with wire ' + wire.__version__)\n"
    )
    desk.index.add(
        *(Release("wire", version) for version in ("1.0", "1.1", "1.2", "1.3", "2.0")),
        Release("codec", "1.0", requires=["wire>=1"], modules={"codec/__init__.py": needs}),
    )
    ended, found = desk.diagnose("codec==1.0", "wire==1.0")
    assert ended == "exit 1"
    assert culprits(found) == [("floor", "codec", "1.0")]
    assert changes(found) == [("wire", "1.2")]
    assert not found["mend"]["requirements"]
    assert sentence(found).startswith(
        "codec 1.0 asks for wire>=1; it fails with 1.0 and passes with 1.2; "
    )
    assert found["builds"] == 5


def test_a_resolver_that_went_back_years_is_told_by_whom(desk: Desk) -> None:
    broken = {"panel/__init__.py": "raise ModuleNotFoundError('no six')\n"}
    desk.index.add(
        Release("panel", "0.9", requires=["chart>=1"], modules=broken),
        Release("panel", "1.8", requires=["chart>=1,<3"], uploaded=BAD_DAY.replace(day=1)),
        Release("panel", "1.9", requires=["chart>=1"], uploaded=BAD_DAY.replace(month=5)),
        Release("chart", "2.0"),
        Release("chart", "2.4"),
        Release("chart", "3.0", uploaded=BAD_DAY),
    )
    ended, found = desk.diagnose("chart==3.0", "panel<1.9")
    assert ended == "exit 1"
    assert culprits(found) == [("backtrack", "panel", "0.9")]
    assert changes(found) == [("chart", "2.4")]
    assert sentence(found).startswith(
        "the resolver went back to panel 0.9, 5 years older than 1.8, which does not go with "
        "chart 3.0; "
    )
    assert found["builds"] == 2


def test_a_python_that_is_too_new_is_told_from_a_release(desk: Desk) -> None:
    others = other_pythons(desk)
    old = (
        "import sys\n"
        f"if sys.version_info[:2] == {tuple(map(int, PYTHON.split('.')))}:\n"
        "    raise ModuleNotFoundError(\"No module named 'cgi'\")\n"
    )
    desk.index.add(
        Release("web", "1.0", modules={"web/__init__.py": old}),
        Release("web", "1.1", modules={"web/__init__.py": old}),
        Release("web", "2.0"),
    )
    ended, found = desk.diagnose("web==1.0")
    assert ended == "exit 1"
    assert [kind for kind, *_ in culprits(found)] == ["python"]
    assert found["mend"]["python"] in others
    assert f"fails on Python {PYTHON}, passes on {found['mend']['python']}" in sentence(found)
    assert changes(found) == [("web", "2.0")]
    assert found["builds"] == 4


def test_what_no_supported_python_has_any_more_is_put_down_to_python(desk: Desk) -> None:
    code = "import collections\n\nCall = collections.Callable\n"
    desk.index.add(Release("nose", "1.3.7", modules={"nose/__init__.py": code}))
    ended, found = desk.diagnose("nose==1.3.7")
    assert ended == "exit 1"
    (cause,) = found["causes"]
    assert (cause["kind"], cause["confirmed"]) == ("python", False)
    assert cause["checks"] == ["import:*", "import:nose"]
    assert cause["sentence"].startswith(
        f"Python {PYTHON} has no collections.Callable, which was removed in Python 3.10; no Python "
        "from before that can show it: 3.10 is the oldest that is supported; import:*, import:nose:"
    )
    # No newer Python is asked: what is gone from this one does not come back.
    assert (found["mend"]["found"], found["builds"]) == (False, 3)
    # It is what a repair would send to.
    assert not any("diagnose" in note for note in found["notes"])


def test_what_python_dropped_is_asked_of_the_pythons_that_had_it(desk: Desk) -> None:
    here, *others = interpreters(desk.bench.environ)
    if "3.10" not in others[2:]:
        pytest.skip("this machine has no Python 3.10, or none that are newer")
    code = "from inspect import getargspec\n"
    desk.index.add(Release("web", "1.0", modules={"web/__init__.py": code}))
    _, found = desk.diagnose("web==1.0", more=("--python", here))
    assert [kind for kind, *_ in culprits(found)] == ["python"]
    assert (found["mend"]["python"], found["mend"]["confirmed"]) == ("3.10", True)
    assert found["builds"] == 2


def test_a_script_that_is_wrong_by_itself_is_named_and_nothing_is_searched(desk: Desk) -> None:
    desk.index.add(Release("phone", "1.0"), Release("phone", "1.1", uploaded=BAD_DAY))
    ended, found = desk.diagnose("phone==1.0", more=desk.script("import phone\nphne.call()\n"))
    assert ended == "exit 1"
    assert culprits(found) == [("workload", "", "")]
    assert sentence(found).startswith(
        "app.py itself is at fault, whatever is installed: NameError: name 'phne' is not defined"
    )
    assert found["builds"] == 1


def test_a_script_that_asks_a_module_for_what_it_never_had_is_named(desk: Desk) -> None:
    lazy = "def __getattr__(name):\n    raise AttributeError(f'there is no {name} here')\n"
    desk.index.add(Release("phone", "1.0", modules={"phone/__init__.py": lazy}))
    _, found = desk.diagnose("phone==1.0", more=desk.script("import phone\nphone.cal()\n"))
    assert culprits(found) == [("workload", "", "")]
    assert "there is no cal here" in sentence(found)


def test_a_script_that_asks_for_what_no_pin_brings_is_named(desk: Desk) -> None:
    desk.index.add(Release("phone", "1.0"))
    ended, found = desk.diagnose("phone==1.0", more=desk.script("import phone\nimport tables\n"))
    assert ended == "exit 1"
    assert culprits(found) == [("workload", "", "")]
    assert sentence(found) == "app.py imports tables, which no pin of the row brings"
    assert found["builds"] == 3


def test_a_conflict_moves_the_nearest_pin(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", extras={"loud": ["wire>=2,<3"]}),
        Release("wire", "1.0"),
        *(Release("wire", version) for version in ("2.0", "2.1", "3.0")),
    )
    ended, found = desk.diagnose("phone[loud]==1.0", "wire==1.0")
    assert ended == "exit 1"
    assert culprits(found)[0][0] == "conflict"
    assert sentence(found) == (
        "the requirements cannot be resolved: phone[loud] 1.0 requires wire>=2,<3 and wire 1.0 is "
        "asked for"
    )
    assert changes(found) == [("wire", "2.0")]
    assert found["builds"] == 2


def test_a_compiler_that_is_not_there_is_no_release_of_anybody(desk: Desk) -> None:
    code = "import subprocess\nsubprocess.run(['nowhere-gcc', '--version'], check=True)\n"
    desk.index.add(
        Release("metal", "1.0", form="sdist", build_code=code),
        Release("metal", "1.1", uploaded=BAD_DAY),
    )
    ended, found = desk.diagnose("metal==1.0")
    assert ended == "exit 2"
    assert culprits(found) == [("system", "", "")]
    assert sentence(found) == "the build of metal 1.0 needs nowhere-gcc; this machine has none"
    # No build is one to rest an answer on, and nothing is searched for.
    assert (found["builds"], found["built"]) == (0, 1)


def test_what_is_imported_and_required_by_nobody_is_added(desk: Desk) -> None:
    brings = {"setuptools/__init__.py": "", "pkg_resources/__init__.py": ""}
    desk.index.add(
        Release("phone", "1.0", modules={"phone/__init__.py": "import pkg_resources\n"}),
        Release("setuptools", "80.9", modules=brings, uploaded=BAD_DAY.replace(month=1)),
        Release("setuptools", "80.10", modules=brings, uploaded=BAD_DAY.replace(month=2)),
        Release("setuptools", "82.0", uploaded=BAD_DAY),
    )
    ended, found = desk.diagnose("phone==1.0")
    assert ended == "exit 1"
    assert culprits(found) == [("floor", "phone", "1.0"), ("release", "setuptools", "82.0")]
    assert found["causes"][0]["sentence"].startswith(
        "phone 1.0 imports pkg_resources, which setuptools brings, and nothing requires that; "
    )
    assert found["mend"]["requirements"] == ["setuptools<82"]
    assert found["mend"]["versions"] == {"setuptools": "80.10"}
    assert found["mend"]["confirmed"]
    assert found["builds"] == 6


def test_a_python_for_which_there_is_a_wheel_is_asked_first(desk: Desk) -> None:
    far = max(other_pythons(desk), key=lambda item: abs(int(item[2:]) - int(PYTHON[2:])))
    tag = f"cp{far.replace('.', '')}"
    desk.index.add(
        Release("metal", "1.0", form="broken-sdist"),
        Release("metal", "1.0", tags=f"{tag}-{tag}-manylinux_2_17_x86_64"),
        Release("metal", "2.0"),
    )
    ended, found = desk.diagnose("metal==1.0")
    assert ended == "exit 1"
    assert [kind for kind, *_ in culprits(found)] == ["python"]
    assert found["mend"]["python"] == far
    assert changes(found) == [("metal", "2.0")]
    assert found["builds"] == 5
