"""What a request means, which trials it takes, and how a trial compares: without any index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from stackproof.errors import CannotJudgeError, StackproofError
from stackproof.evidence.records import Outcome
from stackproof.evidence.verdict import Check, State, Verdict
from stackproof.experiments.candidate.comparison import compare, moved
from stackproof.experiments.candidate.group_resolution import Baseline
from stackproof.experiments.candidate.trial_plan import Trial, TrialPlan, make_trial_plan
from stackproof.experiments.candidate.trial_series import TrialSeries, first_that_goes
from stackproof.experiments.machines.here import Here
from stackproof.index.choice import Release
from stackproof.index.request import Request, parse_request
from stackproof.matrix.planned import Change


def day(number: int) -> datetime:
    return datetime(2025, 1, number, tzinfo=timezone.utc)


def release(version: str, *, uploaded: int = 1, yanked: bool = False) -> Release:
    came = day(uploaded)
    last = came + timedelta(hours=1)
    return Release(version=Version(version), uploaded=came, completed=last, yanked=yanked)


@dataclass
class Recorded:
    """A catalogue of made-up releases; says which requirements were asked for."""

    known: dict[str, list[Release]]
    required: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def releases(
        self,
        name: str,
        *,
        refresh: bool = False,  # noqa: ARG002 - what is made up stays
    ) -> Sequence[Release]:
        """Return the made-up releases."""
        return self.known.get(name, [])

    def requirements(self, name: str, version: Version) -> Sequence[Requirement]:
        """Return the made-up requirements, and remember the question."""
        self.asked.append((name, str(version)))
        return [Requirement(text) for text in self.required.get((name, str(version)), [])]


FAMILY = Recorded(
    known={
        "engine": [release("1.0"), release("2.0"), release("3.0", uploaded=20), release("4.0a1")],
        "vision": [release("0.1"), release("0.2"), release("0.3", uploaded=20), release("0.4")],
        "audio": [release("1.0"), release("2.0"), release("3.0", uploaded=20)],
        "other": [release("5.0"), release("6.0", yanked=True)],
    },
    required={
        ("vision", "0.1"): ["engine==1.0"],
        ("vision", "0.2"): ["engine==2.0"],
        ("vision", "0.3"): ["engine==3.0"],
        ("vision", "0.4"): ["engine==4.0"],
    },
)


PINS = {"engine": "9", "vision": "9", "audio": "9", "other": "9"}


def scheme(
    *requests: str,
    extra: Sequence[str] = (),
    as_of: datetime | None = None,
    fixed: bool = False,
    own: Mapping[str, str] = PINS,
    catalogue: Recorded = FAMILY,
) -> TrialPlan:
    ground = Baseline(
        pins=own,
        groups={"family": ("engine", "vision", "audio")},
        catalogue=catalogue,
        as_of=as_of,
        fixed=fixed,
    )
    return make_trial_plan(
        [parse_request(text) for text in requests],
        ground,
        [parse_request(text) for text in extra],
    )


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("torch==2.6.0", Request(name="torch", version="2.6.0")),
        ("Scikit_Learn==1.4", Request(name="scikit-learn", version="1.4")),
        ("torch==latest", Request(name="torch", version=None)),
        ("torch", Request(name="torch", version=None)),
    ],
)
def test_a_request_is_a_name_and_perhaps_a_version(text: str, request_: Request) -> None:
    assert parse_request(text) == request_


@pytest.mark.parametrize(
    "text",
    [
        "--index-url",
        "-r",
        "-e",
        ".",
        "./torch",
        "/torch.whl",
        "torch @ https://example.org/torch.whl",
        "torch[all]==1",
        "torch==1; python_version < '3'",
        "torch>=2",
        "torch==2.*",
        "torch==1,==2",
        "$(id)",
        "torch==`id`",
        "torch\n",
        "",
    ],
)
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(StackproofError) as caught:
        parse_request(text)
    assert str(caught.value) == (
        f"{text!r} is no upgrade to try; write name==version, name==latest or name "
        "(no options, addresses, paths, extras or markers)"
    )


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(StackproofError) as caught:
        parse_request("torch==two")
    assert (
        str(caught.value) == "'torch==two': 'two' is not a version; write one such as torch==2.6.0"
    )


def test_a_lone_upgrade_is_one_trial() -> None:
    made = scheme("other==5.0")
    assert [trial.versions for trial in made.trials] == [{"other": "5.0"}]
    assert made.notes == ()


def test_companions_are_tried_beside_what_was_asked_for() -> None:
    made = scheme("engine==2.0")
    assert [trial.versions for trial in made.trials] == [
        {"engine": "2.0"},
        {"engine": "2.0", "vision": "0.2", "audio": "2.0"},
    ]
    assert made.notes == (
        (
            "engine moves together with vision, audio: vision 0.2 requires engine==2.0; "
            "audio 2.0 has the number of engine 2.0"
        ),
    )


def test_the_search_for_a_companion_stops_at_the_match() -> None:
    FAMILY.asked.clear()
    scheme("engine==3.0")
    assert ("vision", "0.3") in FAMILY.asked
    assert ("vision", "0.2") not in FAMILY.asked
    assert ("vision", "0.1") not in FAMILY.asked


def test_of_several_each_is_tried_alone_and_then_all() -> None:
    made = scheme("other==5.0", "engine==1.0")
    assert [trial.versions for trial in made.trials] == [
        {"other": "5.0"},
        {"engine": "1.0"},
        {"engine": "1.0", "vision": "0.1", "audio": "1.0"},
        {"other": "5.0", "engine": "1.0"},
        {"other": "5.0", "engine": "1.0", "vision": "0.1", "audio": "1.0"},
    ]


def test_latest_is_neither_yanked_nor_a_pre_release_nor_after_a_cut_off_asked_for() -> None:
    assert scheme("other").trials[0].versions == {"other": "5.0"}
    assert scheme("engine").trials[0].versions == {"engine": "3.0"}
    asked_for = scheme("engine", as_of=day(10), fixed=True)
    assert (asked_for.trials[0].versions, asked_for.as_of) == ({"engine": "2.0"}, day(10))


def test_latest_is_not_kept_down_by_the_cut_off_of_the_row() -> None:
    made = scheme("engine", as_of=day(10))
    assert made.trials[0].versions == {"engine": "3.0"}
    assert made.as_of is not None
    assert made.as_of > day(20)


def test_a_release_after_the_cut_off_moves_it_and_says_so() -> None:
    made = scheme("engine==3.0", as_of=day(10))
    # Behind the last file of each, companions included.
    assert made.as_of == datetime(2025, 1, 20, 1, 0, 1, tzinfo=timezone.utc)
    assert made.trials[1].versions == {"engine": "3.0", "vision": "0.3", "audio": "3.0"}
    assert made.notes[0] == (
        "audio, engine, vision came after the row's cut-off, so baseline and trial are built as of "
        "2025-01-20T01:00:01Z"
    )


def test_a_release_after_a_cut_off_that_was_asked_for_is_refused() -> None:
    with pytest.raises(StackproofError) as caught:
        scheme("engine==3.0", as_of=day(10), fixed=True)
    assert str(caught.value) == (
        "engine 3.0 came on 2025-01-20, after the cut-off that --as-of names; "
        "leave one of the two out"
    )


def test_a_member_moves_to_what_the_one_asked_for_requires() -> None:
    made = scheme("vision==0.2")
    assert made.trials[1].versions == {"vision": "0.2", "engine": "2.0", "audio": "2.0"}
    assert made.notes == (
        (
            "vision moves together with engine, audio: vision 0.2 requires engine==2.0; "
            "audio 2.0 has the number of engine 2.0"
        ),
    )


def test_a_member_that_may_stay_is_no_companion() -> None:
    own = {"engine": "2.0", "vision": "0.1", "audio": "2.0", "other": "5.0"}
    made = scheme("vision==0.2", own=own)
    assert [trial.versions for trial in made.trials] == [{"vision": "0.2"}]


#: As torch, torchvision and torchaudio: the last names no other, but has the first one's number.
NUMBERED = Recorded(
    known={
        "engine": [release("2.5"), release("2.11"), release("2.12")],
        "vision": [release("0.20"), release("0.26"), release("0.27")],
        "audio": [release("2.5"), release("2.11")],
    },
    required={
        ("vision", "0.20"): ["engine==2.5"],
        ("vision", "0.26"): ["engine==2.11"],
        ("vision", "0.27"): ["engine==2.12"],
        ("audio", "2.5"): ["engine==2.5"],
    },
)
NUMBERED_PINS = {"engine": "2.5", "vision": "0.20", "audio": "2.5", "other": "5.0"}


@pytest.mark.parametrize("asked", ["engine==2.11", "vision==0.26", "audio==2.11"])
def test_whoever_of_a_family_is_asked_for_the_same_versions_move(asked: str) -> None:
    made = scheme(asked, own=NUMBERED_PINS, catalogue=NUMBERED)
    assert made.trials[1].versions == {"engine": "2.11", "vision": "0.26", "audio": "2.11"}


def test_a_companion_that_follows_brings_what_it_requires() -> None:
    catalogue = Recorded(
        known={
            "engine": [release("1.0"), release("2.0")],
            "vision": [release("1.0"), release("2.0")],
            "audio": [release("1.0"), release("1.5"), release("1.6")],
        },
        required={
            ("vision", "1.0"): ["engine==1.0"],
            ("vision", "2.0"): ["engine==2.0", "audio>=1.5,<1.6"],
            ("audio", "1.6"): ["vision>=1.0"],
        },
    )
    own = {"engine": "1.0", "vision": "1.0", "audio": "1.0", "other": "5.0"}
    catalogue.asked.clear()
    made = scheme("engine==2.0", own=own, catalogue=catalogue)
    assert made.notes == (
        (
            "engine moves together with vision, audio: vision 2.0 requires engine==2.0; "
            "vision 2.0 requires audio<1.6,>=1.5"
        ),
    )
    assert made.trials[1].versions == {"engine": "2.0", "vision": "2.0", "audio": "1.5"}
    # No release is asked twice.
    assert len(catalogue.asked) == len(set(catalogue.asked))


def test_of_what_is_required_the_newest_is_taken_with_which_the_rest_goes() -> None:
    catalogue = Recorded(
        known={
            "engine": [release("1.0"), release("2.0"), release("2.1"), release("3.0")],
            "vision": [release("1.0"), release("2.0")],
            "audio": [release("1.0"), release("2.0")],
        },
        required={
            ("vision", "2.0"): ["engine>=2.0"],
            ("audio", "1.0"): ["engine==1.0"],
            ("audio", "2.0"): ["engine==2.1"],
        },
    )
    own = dict.fromkeys(("engine", "vision", "audio", "other"), "1.0")
    made = scheme("vision==2.0", own=own, catalogue=catalogue)
    assert made.trials[1].versions == {"vision": "2.0", "engine": "2.1", "audio": "2.0"}
    # Where the rest goes with none of them, it is the newest.
    del catalogue.required["audio", "2.0"]
    catalogue.known["audio"] = [release("1.0")]
    made = scheme("vision==2.0", own=own, catalogue=catalogue)
    assert made.trials[1].versions == {"vision": "2.0", "engine": "3.0"}


def test_members_that_require_each_other_move_once() -> None:
    catalogue = Recorded(
        known={name: [release("1.0"), release("2.0")] for name in ("engine", "vision", "audio")},
        required={
            ("engine", "2.0"): ["vision==2.0"],
            ("vision", "2.0"): ["audio==2.0"],
            ("audio", "2.0"): ["engine==2.0"],
        },
    )
    own = dict.fromkeys(("engine", "vision", "audio", "other"), "1.0")
    made = scheme("vision==2.0", own=own, catalogue=catalogue)
    assert made.trials[1].versions == {"engine": "2.0", "vision": "2.0", "audio": "2.0"}


def test_what_is_older_than_exact_requirements_is_no_companion() -> None:
    # As torchaudio's releases from before it named its torch.
    catalogue = Recorded(
        known={
            "engine": [release("3.0")],
            "vision": [release("0.1"), release("0.2")],
            "audio": [release("1.0")],
        },
        required={("vision", "0.1"): ["engine"], ("vision", "0.2"): ["engine==2.0"]},
    )
    made = scheme("engine==3.0", catalogue=catalogue)
    assert [trial.versions for trial in made.trials] == [{"engine": "3.0"}]


@pytest.mark.parametrize(
    ("newest", "because"),
    [
        ("engine>=2.5", "vision 0.3 requires engine>=2.5"),
        (None, "vision 0.3 requires no version of them"),
    ],
)
def test_what_is_newer_than_exact_requirements_may_be_one(newest: str | None, because: str) -> None:
    # As torchvision 0.29 and torchaudio 2.11, which stopped to name their torch.
    catalogue = Recorded(
        known={
            "engine": [release("3.0")],
            "vision": [release("0.2"), release("0.3")],
            "audio": [release("1.0")],
        },
        required={
            ("vision", "0.2"): ["engine==2.0"],
            ("vision", "0.3"): [newest] if newest else [],
        },
    )
    own = {"engine": "2.0", "vision": "0.2", "audio": "1.0", "other": "5.0"}
    made = scheme("engine==3.0", own=own, catalogue=catalogue)
    assert made.trials[1].versions == {"engine": "3.0", "vision": "0.3"}
    assert made.notes == (f"engine moves together with vision: {because}",)


def test_what_is_added_is_held_to_the_same() -> None:
    catalogue = Recorded(known={**FAMILY.known, "added": [release("1.0", uploaded=12)]})
    made = scheme("other==5.0", extra=["added==1.0"], as_of=day(10), catalogue=catalogue)
    assert made.extra == (Change("added", "1.0"),)
    assert made.as_of == day(12) + timedelta(hours=1, seconds=1)
    for extra, message in [
        ("aded==1.0", "there is no distribution 'aded' on the index"),
        ("added==2.0", "there is no release 2.0 of added; the nearest are 1.0"),
        ("engine==2.0", "engine is a pin of the row; ask for engine==2.0 without --with"),
        ("other==5.0", "other was asked for twice; name it once"),
    ]:
        with pytest.raises(StackproofError) as caught:
            scheme("other==5.0", extra=[extra], catalogue=catalogue)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        (["engine==9"], "there is no release 9 of engine; the nearest are 2.0, 3.0, 4.0a1"),
        (["other==6.0"], "release 6.0 of other was yanked; the nearest are 5.0"),
        (["other", "other==5.0"], "other was asked for twice; name it once"),
        (
            ["enigne==1.0"],
            (
                "the row has no pin 'enigne'; did you mean 'engine'? "
                "(a distribution that is no pin is added by --with name==version)"
            ),
        ),
    ],
)
def test_what_cannot_be_tried_is_said(requests: list[str], message: str) -> None:
    with pytest.raises(StackproofError) as caught:
        scheme(*requests)
    assert str(caught.value) == message


@pytest.mark.parametrize("edge", [0, 3, 4, 17, 38, 39])
def test_the_nearest_that_goes_is_found_with_few_questions(edge: int) -> None:
    asked: list[str] = []

    def goes(some: Sequence[str]) -> list[bool]:
        asked.extend(some)
        return [int(item) >= edge for item in some]

    assert first_that_goes([str(number) for number in range(40)], goes) == str(edge)
    assert len(asked) <= 4 + 4 * 3


def test_nothing_may_go() -> None:
    assert first_that_goes([str(n) for n in range(9)], lambda some: [False for _ in some]) == ""
    assert first_that_goes([], lambda some: [False for _ in some]) == ""


def judged(**states: tuple[Outcome, State]) -> Verdict:
    """Return a verdict of which only the checks matter."""
    checks = tuple(
        Check(
            id=f"smoke:{name}",
            kind="smoke",
            subject=name,
            outcome=outcome,
            state=state,
            grade="",
            message="",
            reason=None,
            seconds=0,
        )
        for name, (outcome, state) in states.items()
    )
    return Verdict(
        matrix="engines",
        row="verified",
        python="3.11",
        installer="uv",
        as_of=None,
        constraints=None,
        verdict="broken",
        trouble=None,
        started=day(1),
        seconds=1,
        checks=checks,
        claims=(),
        counts={},
    )


def test_a_known_failure_that_fails_otherwise_is_a_regression() -> None:
    before = judged(same=("failed", "known"), other=("failed", "known"), new=("failed", "new"))
    after = judged(same=("failed", "known"), other=("failed", "new"), new=("failed", "new"))
    found = compare(before, after)
    assert found.regressions == ("smoke:other",)
    assert found.still_failing == ("smoke:same", "smoke:new")


def test_a_check_that_went_with_its_pin_is_not_lost() -> None:
    before = judged(gone=("passed", "ok"), lost=("passed", "ok"), stays=("passed", "ok"))
    after = judged(stays=("passed", "ok"))
    found = compare(before, after, gone={"smoke:gone"})
    assert found.lost == ("smoke:lost",)
    assert found.not_comparable == ("smoke:gone", "smoke:lost")
    assert found.still_passing == ("smoke:stays",)


def test_moved_leaves_out_what_was_asked_for() -> None:
    before = {"engine": "1.0", "numbers": "2.0", "gone": "1"}
    after = {"engine": "2.0", "numbers": "1.9", "new": "3"}
    assert moved(before, after, {"engine"}) == {
        "gone": ("1", None),
        "new": (None, "3"),
        "numbers": ("2.0", "1.9"),
    }


def test_a_trial_that_breaks_something_stands_without_what_is_behind_it() -> None:
    def conflict(*_: object) -> str:
        raise CannotJudgeError("the index does not answer")

    broken = SimpleNamespace(
        breaks=True, exit_code=1, safe=False, requested=(Change("lamp", "2"),), companions=()
    )
    resolver = SimpleNamespace(refusal=lambda *_: None, conflict=conflict)
    runner = SimpleNamespace(machines=Here())
    bench: Any = SimpleNamespace(resolver=resolver, try_out=lambda *_: broken, runner=runner)
    plan = SimpleNamespace(requested=broken.requested)
    planner: Any = SimpleNamespace(base=lambda: None, trial=lambda _: plan)
    catalogue: Any = None
    scheme = TrialPlan(
        trials=(Trial(asked={"lamp": "2"}),), extra=(), as_of=None, moved=False, notes=()
    )
    made = TrialSeries(bench=bench, planner=planner, catalogue=catalogue).run(scheme)
    assert [trial.exit_code for trial in made] == [1]
