"""Diagnoses of files with made-up stacks: kinds of causes, what to add, and builds."""

from __future__ import annotations

import re

import pytest
from support.desk import AS_OF, BAD_DAY, Desk, culprits
from support.faults import Fault
from support.matrices import PYTHON
from support.sessions import call
from support.wheels import LONG_AGO, Release

from stackproof import cli
from stackproof.installers.interpreters import interpreters

OLD = {"lamps/__init__.py": "def shine():\n    return 'bright'\n"}
NEW = {"lamps/__init__.py": "def glow():\n    return 'bright'\n"}
USES = {"phone/__init__.py": "from lamps import shine\n"}


def test_what_is_well_has_nothing_to_explain(desk: Desk) -> None:
    desk.index.add(Release("phone", "1.0"))
    ended, found = desk.diagnose("phone==1.0")
    assert ended == ""
    assert (found["verdict"], found["causes"], found["builds"]) == ("ok", [], 1)
    assert found["as_of"] == f"{AS_OF}T00:00:00Z"


def test_a_release_is_named_and_left_out_by_a_bound(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "1.4", modules=OLD),
        Release("lamps", "2.0.0", modules=NEW, uploaded=BAD_DAY),
        Release("lamps", "2.1", modules=NEW, uploaded=BAD_DAY.replace(day=20)),
    )
    ended, found = desk.diagnose("phone==1.0")
    assert ended == "exit 1"
    assert culprits(found) == [("release", "lamps", "2.0.0")]
    (cause,) = found["causes"]
    assert (cause["since"], cause["confirmed"]) == ("2025-03-02T10:00:00Z", True)
    said = "import:*, import:phone: ImportError: cannot import name 'shine' from 'lamps'"
    assert said in cause["sentence"]
    fix = found["mend"]
    assert (fix["requirements"], fix["versions"]) == (["lamps<2"], {"lamps": "1.4"})
    assert (fix["found"], fix["confirmed"], fix["minimal"]) == (True, True, True)
    assert found["born"] == "2020-01-01T00:00:00Z"
    # The row, the release of its birth, the first of the next series, and the fix.
    assert (found["builds"], found["built"]) == (4, 4)
    lines = capsys.readouterr().out.splitlines()
    assert "    lamps<2" in lines
    assert any(said in line for line in lines)
    assert lines[-1] == "diagnosis: reports/requirements/documented/diagnosis.md"
    # What was built is known: the next time nothing is.
    assert desk.diagnose("phone==1.0")[1]["built"] == 0


def test_a_release_in_the_middle_of_its_series_is_found_among_many(desk: Desk) -> None:
    versions = [
        f"{major}.{minor}.{patch}" for major in (1, 2) for minor in range(4) for patch in (0, 1)
    ]
    bad = versions.index("2.2.1")
    desk.index.add(
        Release("phone", "1.0", requires=["lamps>=1.1"], modules=USES),
        *(
            Release("lamps", version, modules=OLD if place < bad else NEW)
            for place, version in enumerate(versions)
        ),
    )
    _, found = desk.diagnose("phone==1.0")
    assert culprits(found) == [("release", "lamps", "2.2.1")]
    assert (found["mend"]["requirements"], found["mend"]["versions"]) == (
        ["lamps<2.2.1"],
        {"lamps": "2.2.0"},
    )
    # Nothing worked on the day of its birth, when all of these were there.
    assert found["builds"] == 7


def test_what_a_failure_names_by_the_way_is_not_blamed(desk: Desk) -> None:
    through = {"shades/__init__.py": "from lamps import shine\n"}
    desk.index.add(
        Release(
            "phone", "1.0", requires=["shades"], modules={"phone/__init__.py": "import shades\n"}
        ),
        Release("shades", "1.0", requires=["lamps"], modules=through),
        Release("shades", "2.0", requires=["lamps"], modules=through, uploaded=BAD_DAY),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    _, found = desk.diagnose("phone==1.0")
    assert culprits(found) == [("release", "lamps", "2.0")]
    assert found["mend"]["requirements"] == ["lamps<2"]


def test_what_moved_along_with_a_release_is_told_from_it(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["shades", "lamps"], modules=USES),
        Release("shades", "1.0", requires=["lamps<2"]),
        Release("shades", "2.0", requires=["lamps>=2"], uploaded=BAD_DAY),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=OLD, uploaded=BAD_DAY),
        Release("lamps", "2.1", modules=NEW, uploaded=BAD_DAY.replace(day=20)),
    )
    desk.bench.write("app.py", "import shades, lamps\nlamps.shine()  # shades\n")
    _, found = desk.diagnose("phone==1.0", more=("--workload", "app.py"))
    assert culprits(found) == [("release", "lamps", "2.1")]
    assert found["mend"]["requirements"] == ["lamps<2.1"]


def test_a_release_before_which_nothing_can_be_installed_is_found_by_days(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", form="sdist", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    _, found = desk.diagnose("phone==1.0")
    assert culprits(found) == [("release", "lamps", "2.0")]
    assert (found["mend"]["requirements"], found["mend"]["confirmed"]) == (["lamps<2"], True)


def test_a_release_too_old_to_work_at_birth_hides_no_later_one(desk: Desk) -> None:
    ancient = {"lamps/__init__.py": "raise ImportError('no such Python yet')\n"}
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=ancient),
        Release("lamps", "1.5", modules=OLD, uploaded=BAD_DAY.replace(month=1)),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    _, found = desk.diagnose("phone==1.0")
    assert culprits(found) == [("release", "lamps", "2.0")]
    assert (found["mend"]["requirements"], found["builds"]) == (["lamps<2"], 4)


def test_a_release_that_no_failure_names_is_found_among_all(desk: Desk) -> None:
    odd = {"odd/__init__.py": "VALUE = 2\n"}
    through = {"shades/__init__.py": "from odd import VALUE\n"}
    app = "import shades\n\nif shades.VALUE != 1:\n    raise SystemExit('wrong shade')\n"
    desk.index.add(
        Release("phone", "1.0", requires=["shades"]),
        Release("shades", "1.0", requires=["odd", "lamps", "bells"], modules=through),
        Release("odd", "1.0", modules={"odd/__init__.py": "VALUE = 1\n"}),
        Release("odd", "2.0", modules=odd, uploaded=BAD_DAY),
        *(
            Release(name, version, uploaded=BAD_DAY if version == "2.0" else LONG_AGO)
            for name in ("lamps", "bells")
            for version in ("1.0", "2.0")
        ),
    )
    desk.bench.write("app.py", app)
    _, found = desk.diagnose("phone==1.0", more=("--workload", "app.py"))
    assert culprits(found) == [("release", "odd", "2.0")]
    assert found["mend"]["requirements"] == ["odd<2"]
    assert found["builds"] == 6


def test_what_an_older_release_takes_along_is_asked_by_itself(desk: Desk) -> None:
    app = "import shades\n\nif shades.VALUE != 1:\n    raise SystemExit('wrong shade')\n"
    values = [{"shades/__init__.py": f"VALUE = {value}\n"} for value in (1, 2)]
    desk.index.add(
        Release("phone", "1.0", requires=["lamps", "shades"]),
        Release("lamps", "1.0", requires=["shades<2"]),
        Release("lamps", "2.0", uploaded=BAD_DAY),
        Release("shades", "1.0", modules=values[0]),
        Release("shades", "2.0", modules=values[1], uploaded=BAD_DAY),
    )
    desk.bench.write("app.py", app)
    _, found = desk.diagnose("phone==1.0", more=("--workload", "app.py"))
    assert culprits(found) == [("release", "shades", "2.0")]
    assert found["mend"]["requirements"] == ["shades<2"]


def test_what_fails_otherwise_with_old_releases_is_not_confirmed(desk: Desk) -> None:
    first = {"lamps/__init__.py": "raise ImportError('too old')\n"}
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=first),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    _, found = desk.diagnose("phone==1.0")
    assert culprits(found) == [("release", "lamps", "2.0")]
    assert not found["causes"][0]["confirmed"]
    assert (found["mend"]["found"], found["mend"]["requirements"]) == (False, [])


def test_the_fault_behind_the_newest_one_is_found_too(desk: Desk) -> None:
    both = {"phone/__init__.py": "from bells import ring\nfrom lamps import shine\n"}
    ring = {"bells/__init__.py": "def ring():\n    return 1\n"}
    desk.index.add(
        Release("phone", "1.0", requires=["lamps", "bells"], modules=both),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
        Release("bells", "1.0", modules=ring),
        Release("bells", "3.0", uploaded=BAD_DAY.replace(month=5)),
    )
    ended, found = desk.diagnose("phone==1.0")
    assert ended == "exit 1"
    assert {name for _, name, _ in culprits(found)} == {"lamps", "bells"}
    assert sorted(found["mend"]["requirements"]) == ["bells<3", "lamps<2"]
    assert (found["mend"]["confirmed"], found["mend"]["minimal"]) == (True, True)
    assert found["builds"] == 6
    reasons = re.findall(r'requirement = "(\w+)<\d"\nreason = "(\w+) ', found["toml"])
    assert sorted(reasons) == [("bells", "bells"), ("lamps", "lamps")]


def test_what_fails_for_a_release_that_it_does_not_name_is_put_down_to_it_too(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    app = "try:\n    import phone\nexcept ImportError:\n    raise SystemExit('all is dark')\n"
    _, found = desk.diagnose("phone==1.0", more=desk.script(app))
    (cause,) = found["causes"]
    assert {"import:phone", "command:app"} <= {*cause["checks"]}
    assert "command:app" not in cause["sentence"]
    assert found["builds"] == 3


def test_a_script_is_a_workload(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"]),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
    )
    desk.bench.write("my app.py", "import lamps\nassert lamps.shine() == 'bright'\n")
    ended, found = desk.diagnose("phone==1.0", more=("--workload", "my app.py"))
    assert ended == "exit 1"
    assert [item["checks"] for item in found["causes"]] == [["command:my-app"]]
    assert (
        "AttributeError: module 'lamps' has no attribute 'shine'"
        in (found["causes"][0]["sentence"])
    )
    assert found["mend"]["requirements"] == ["lamps<2"]
    assert found["builds"] == 3


def test_a_build_dependency_is_left_out_by_a_build_constraint(desk: Desk) -> None:
    picky = "import tool\nif tool.__version__ == '3.0':\n    raise SystemExit('no old_api')\n"
    desk.index.add(
        Release("tool", "1.0"),
        Release("tool", "3.0", uploaded=BAD_DAY),
        Release("needy", "1.0", form="sdist", build_requires=["tool"], build_code=picky),
    )
    ended, found = desk.diagnose("needy==1.0")
    assert ended == "exit 1"
    assert culprits(found) == [("build", "tool", "3.0")]
    fix = found["mend"]
    assert (fix["requirements"], fix["build_constraints"]) == ([], ["tool<3"])
    assert fix["confirmed"]
    assert found["builds"] == 3


def test_a_yanked_release_is_named_with_its_reason(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["wire==1.0.*"]),
        Release("wire", "1.0", yanked="too short"),
        Release("wire", "1.1"),
    )
    ended, found = desk.diagnose("phone==1.0")
    assert ended == "exit 1"
    assert culprits(found) == [("yank", "wire", "1.0")]
    assert "too short" in found["causes"][0]["sentence"]
    assert (found["mend"]["requirements"], found["mend"]["confirmed"]) == (["wire==1.0"], True)
    assert found["builds"] == 2


@pytest.mark.parametrize(
    ("between", "bound", "versions"),
    [
        ([], "lamps<2", {"lamps": "1.4"}),
        # What is offered between them stays within the bound.
        ([Release("lamps", "2.0.1", form="sdist", modules=OLD)], "lamps<2.0.2", {"lamps": "2.0.1"}),
    ],
)
def test_a_bound_lies_below_yanked_releases_that_nobody_is_offered(
    desk: Desk, between: list[Release], bound: str, versions: dict[str, str]
) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.3.1", modules=OLD, yanked="not theirs"),
        Release("lamps", "1.4", modules=OLD),
        Release("lamps", "2.0rc1", modules=NEW, yanked="not ready"),
        Release("lamps", "2.0.0", modules=NEW, yanked="in the dark"),
        Release("lamps", "2.0.2", modules=NEW, yanked="in the dark, too"),
        Release("lamps", "2.0.3", modules=NEW, uploaded=BAD_DAY),
        *between,
    )
    _, found = desk.diagnose("phone==1.0")
    assert culprits(found) == [("release", "lamps", "2.0.3")]
    fix = found["mend"]
    assert (fix["requirements"], fix["versions"], fix["confirmed"]) == ([bound], versions, True)
    assert [note.partition(", was yanked")[0] for note in found["notes"]] == [
        f"lamps {version}, uploaded 2020-01-01T00:00:00Z" for version in ("2.0.0", "2.0.2")
    ]


def test_one_of_two_owners_of_a_file_is_left_out(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", modules={"phone/__init__.py": "def call(): ...\n"}),
        Release("twin", "1.0", modules={"phone/__init__.py": "def text(): ...\n"}),
    )
    desk.bench.write("app.py", "from phone import text\n")
    ended, found = desk.diagnose("phone==1.0", "twin==1.0", more=("--workload", "app.py"))
    assert ended == "exit 1"
    assert [kind for kind, *_ in culprits(found)] == ["overwrite"]
    assert (found["mend"]["removed"], found["mend"]["confirmed"]) == (["phone"], True)
    assert found["builds"] == 2


def test_a_library_that_the_machine_lacks_is_no_release_of_anybody(desk: Desk) -> None:
    message = "libodbc.so.2: cannot open shared object file: No such file or directory"
    desk.index.add(
        Release("wire", "1.0", modules={"wire/__init__.py": f"raise ImportError({message!r})\n"}),
        Release("wire", "1.1", uploaded=BAD_DAY),
    )
    ended, found = desk.diagnose("wire==1.0")
    assert ended == "exit 1"
    assert [kind for kind, *_ in culprits(found)] == ["system"]
    assert "libodbc.so.2" in found["causes"][0]["sentence"]
    # Nothing is searched for.
    assert (found["builds"], found["mend"]["found"]) == (1, False)


def test_what_cannot_be_resolved_says_who_asks_for_what(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["wire>=2"]),
        Release("wire", "1.0"),
        Release("wire", "2.0"),
    )
    ended, found = desk.diagnose("phone==1.0", "wire==1.0")
    assert ended == "exit 1"
    assert culprits(found)[0][0] == "conflict"
    assert "phone 1.0 requires wire>=2" in found["causes"][0]["sentence"]
    assert found["instead"] == [
        {"pin": "wire", "version": "2.0", "confirmed": True, "together": False}
    ]
    assert found["builds"] == 2


def test_what_never_worked_has_no_release_to_blame(desk: Desk) -> None:
    desk.index.add(Release("phone", "1.0", modules={"phone/__init__.py": "raise OSError('no')\n"}))
    ended, found = desk.diagnose("phone==1.0")
    assert ended == "exit 1"
    assert culprits(found) == [("unknown", "", "")]
    assert not found["mend"]["found"]
    # Two neighbours of its Python are tried, where they are on this machine.
    others = [python for python in interpreters(desk.bench.environ) if python != PYTHON]
    assert found["builds"] == 3 + len(others[:2])


def test_a_day_on_which_a_pin_was_not_there_yet_tells_nothing(desk: Desk) -> None:
    desk.index.add(Release("phone", "1.0", uploaded=BAD_DAY.replace(year=2025, month=11)))
    ended, found = desk.diagnose("phone==1.0")
    assert ended.startswith("exit 2")
    assert "phone 1.0 was uploaded 2025-11-" in ended
    assert (found["verdict"], found["builds"]) == ("unjudged", 0)


def test_a_file_that_is_not_there_is_named_as_one(desk: Desk) -> None:
    words = ("nowhere.txt", "--python", PYTHON)
    ended = call(cli.diagnose, desk.bench.project, words, desk.bench.environ)
    assert ended.startswith("exit 2, could not judge: there is no file nowhere.txt; as a row: ")


def test_what_was_found_before_the_index_failed_is_kept(desk: Desk) -> None:
    desk.index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", requires=["wick"], modules=OLD),
        Release("lamps", "2.0", modules=NEW, uploaded=BAD_DAY),
        Release("wick", "1.0"),
    )
    desk.index.fail(Fault.SERVER_ERROR, "wick")  # which is wanted as of earlier days alone
    ended, found = desk.diagnose("phone==1.0")
    assert ended.startswith("exit 2, could not judge: ")
    assert (found["verdict"], found["causes"], found["builds"]) == ("broken", [], 1)
    assert found["trouble"]
    (left,) = [note for note in found["notes"] if note.startswith("not explained yet: ")]
    assert "cannot import name 'shine' from 'lamps'" in left
    desk.index.mend()
    ended, found = desk.diagnose("phone==1.0")
    assert (ended, found["mend"]["requirements"]) == ("exit 1", ["lamps<2"])
    # What was found before is not built again.
    assert found["built"] < found["builds"]
