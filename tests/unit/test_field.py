"""The runner of public cases calls right what is right, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from field.__main__ import main
from field.cases import Case, read_cases
from field.judging import judge
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from stackproof.experiments.diagnose.record import Blamed, Cause, Diagnosis, Fix, Instead, Kind

CASES = {case.id: case for case in read_cases()}
FLASK = CASES["flask20-werkzeug3"]


def cause(kind: Kind, culprit: str = "") -> Cause:
    name, _, version = culprit.partition(" ")
    blamed = Blamed(name=name, version=version, uploaded=None) if culprit else None
    return Cause(kind=kind, checks=(), culprit=blamed, confirmed=True, sentence="")


def fix(*lines: str, **versions: str) -> Fix:
    return Fix(found=True, requirements=lines, versions=versions, confirmed=True)


def found(*causes: Cause, mend: Fix | None = None, **changes: Any) -> Diagnosis:  # noqa: ANN401
    plain: dict[str, Any] = {
        "matrix": "requirements", "row": "documented", "python": "3.12", "verdict": "broken",
        "as_of": "2026-11-28T00:00:00Z", "born": None, "builds": 1, "built": 1, "seconds": 1,
        "instead": (), "notes": (), "trouble": None,
    }  # fmt: skip
    return Diagnosis(causes=causes, mend=mend or Fix(), **plain | changes)


WERKZEUG = cause("release", "werkzeug 3.0.0")
BOUND = fix("werkzeug<3", werkzeug="2.3.8")


@pytest.mark.parametrize(
    ("case", "answer", "grade"),
    [
        (FLASK, found(WERKZEUG, mend=BOUND), "right"),
        (FLASK, None, "none"),
        (FLASK, found(cause("unknown")), "none"),
        (FLASK, found(verdict="ok"), "wrong"),
        (FLASK, found(WERKZEUG), "partly"),
        (FLASK, found(mend=BOUND), "partly"),
        (FLASK, found(WERKZEUG, mend=BOUND, trouble="interrupted"), "partly"),
        # The cause is right, and what kind of cause that is is not.
        (FLASK, found(cause("floor", "werkzeug 3.0.0"), mend=BOUND), "partly"),
        (FLASK, found(WERKZEUG, cause("release", "click 8.2.0"), mend=BOUND), "wrong"),
        (FLASK, found(WERKZEUG, cause("system"), mend=BOUND), "wrong"),
        # An exact pin works, and is more than is needed.
        (FLASK, found(WERKZEUG, mend=fix("werkzeug==2.3.8", werkzeug="2.3.8")), "partly"),
        # One that is older than the newest that works.
        (FLASK, found(WERKZEUG, mend=fix("werkzeug<2.3", werkzeug="2.2.3")), "wrong"),
        (FLASK, found(WERKZEUG, mend=fix("werkzeug<4", werkzeug="2.3.8")), "wrong"),
        (FLASK, found(WERKZEUG, mend=fix("click<8", click="7.1.2")), "wrong"),
        (
            FLASK,
            found(WERKZEUG, instead=(Instead(pin="Flask", version="2.2.5", confirmed=True),)),
            "right",
        ),
        (
            FLASK,
            found(WERKZEUG, instead=(Instead(pin="Flask", version="2.0.1", confirmed=True),)),
            "wrong",
        ),
        (
            FLASK,
            found(
                WERKZEUG,
                mend=BOUND,
                instead=(Instead(pin="Flask", version="2.2.5", confirmed=True),),
            ),
            "right",
        ),
        (
            CASES["pyyaml541-cython3-sdist"],
            found(
                cause("build", "Cython 3.0.0"),
                mend=Fix(found=True, build_constraints=("cython<3",), confirmed=True),
            ),
            "right",
        ),
        (
            CASES["s3fs-fsspec-yanked"],
            found(
                cause("yank", "fsspec 2025.3.1"),
                mend=fix("fsspec==2025.3.1", fsspec="2025.3.1"),
            ),
            "right",
        ),
        (
            CASES["webpy062-cgi-py313"],
            found(cause("python"), mend=Fix(found=True, python="3.12", confirmed=True)),
            "right",
        ),
        (
            CASES["webpy062-cgi-py313"],
            found(cause("python"), mend=Fix(found=True, python="3.10", confirmed=True)),
            "wrong",
        ),
        (
            CASES["jwt-and-pyjwt"],
            found(cause("overwrite"), mend=Fix(found=True, removed=("jwt",), confirmed=True)),
            "right",
        ),
        (
            CASES["jwt-and-pyjwt"],
            found(cause("overwrite"), mend=Fix(found=True, removed=("pyjwt",), confirmed=True)),
            "wrong",
        ),
    ],
)
def test_an_answer_is_compared_with_what_is_right(
    case: Case, answer: Diagnosis | None, grade: str
) -> None:
    judged = judge(case, answer, None)
    assert (judged.grade, bool(judged.reasons)) == (grade, grade != "right")


def test_a_fix_that_does_not_hold_is_wrong() -> None:
    judged = judge(FLASK, found(WERKZEUG, mend=BOUND), "it failed")
    assert (judged.grade, judged.reasons) == ("wrong", ("the fix does not hold: it failed",))


def test_each_case_can_be_answered() -> None:
    for case in CASES.values():
        assert case.causes
        assert case.fixes
        for known in case.fixes:
            added = {Requirement(line).name for line in known.add}
            assert added >= known.proved.keys()
            assert all(map(SpecifierSet, (*known.proved.values(), *known.change.values())))


def test_a_case_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["flask"])
    assert "there is no case 'flask'" in capsys.readouterr().err
