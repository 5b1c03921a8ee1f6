"""The rules of the audit, each on made-up releases that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.audit_bench import Desk, matrix_text, messages
from support.index import Index
from support.matrices import PYTHON
from support.wheels import FOREIGN, Release

from stackproof.index.core_metadata import CoreMetadata
from stackproof.metadata.audit.auditing import audit
from stackproof.metadata.audit.lines import Lines
from stackproof.metadata.audit.record import Audit

Auditor = Callable[..., Audit]


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Auditor]:
    """Audit a matrix against an index of the given releases."""
    opened: list[Index] = []

    def run(text: str, *releases: Release) -> Audit:
        index = Index(*releases)
        opened.append(index)
        return Desk(root=tmp_path, index=index.__enter__()).audit(text)

    yield run
    for index in opened:
        index.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (
            Release("alpha", "0.9"),
            "error 10: alpha 1.0 was never released; the nearest that can be installed: 0.9",
        ),
        (
            Release("alpha", "1.0", yanked="it eats data"),
            "warning 10: alpha 1.0 was yanked (it eats data); no release of it fits the row",
        ),
        (
            Release("alpha", "1.0", tags=FOREIGN),
            (
                f"error 10: alpha 1.0 has no file for Python {PYTHON} on this platform; no release "
                "of it fits the row"
            ),
        ),
        (
            Release("alpha", "1.0", form="sdist"),
            (
                f"note 10: alpha 1.0 has no wheel for Python {PYTHON} on this platform, so it is "
                "built from source"
            ),
        ),
    ],
)
def test_a_pin_that_is_not_to_be_had(audited: Auditor, release: Release, said: str) -> None:
    found = audited(matrix_text("alpha==1.0"), release)
    assert messages(found, "exists") == [said]


def test_a_build_of_an_index_of_its_own_is_not_said_never_to_have_been_released(
    audited: Auditor,
) -> None:
    text = matrix_text("alpha==1.0").replace('version = "1.0"', 'version = "1.0+cpu"')
    found = audited(text, Release("alpha", "1.0"))
    assert messages(found, "exists") == [
        (
            "error 10: the index has no alpha 1.0+cpu; builds such as +cpu come from an index of "
            "their own, which a stage names; the nearest that can be installed: 1.0"
        )
    ]


def test_an_extra_that_a_pin_has_not(audited: Auditor) -> None:
    text = matrix_text("alpha==1.0").replace(
        'version = "1.0"', 'version = "1.0"\nextras = ["fast", "nonsense"]'
    )
    found = audited(text, Release("alpha", "1.0", extras={"Fast": []}))
    assert messages(found, "exists") == [
        "error 10: alpha 1.0 has no extra nonsense (it has fast), and is installed without"
    ]
    assert [finding.checks for finding in found.findings] == [("pip-check:alpha",)]


def test_the_nearest_on_both_sides_are_named_and_yanked_ones_passed_over(audited: Auditor) -> None:
    found = audited(
        matrix_text("alpha==1.5"),
        *(Release("alpha", version) for version in ("1.0", "1.1", "2.0", "3.0")),
        Release("alpha", "1.2", yanked=""),
        Release("alpha", "1.9rc1"),
    )
    assert found.pins[0].nearest == ("1.1", "2.0")
    assert found.pins[0].exists == "no version"
    assert found.exit_code == 1


def test_a_project_that_the_index_does_not_know(audited: Auditor) -> None:
    found = audited(matrix_text("alpha==1.0", "betta==1.0"), Release("alpha", "1.0"))
    assert messages(found, "exists") == ["error 17: the index has no project betta; check the name"]


def test_a_pin_that_refuses_the_python(audited: Auditor) -> None:
    found = audited(
        matrix_text("alpha==2.0"),
        Release("alpha", "2.0", requires_python=">=3.99"),
        Release("alpha", "1.0"),
    )
    assert messages(found, "python") == [
        (
            f"error 10: alpha 2.0 requires Python >=3.99, and the row has {PYTHON}; the nearest "
            "that admits it: 1.0"
        )
    ]
    assert messages(found, "exists") == []
    assert found.pins[0].python == "refused"


def test_pairs_have_a_state_and_a_reason(audited: Auditor) -> None:
    found = audited(
        matrix_text("alpha==1.0", "beta==1.0", "gamma==1.0", "delta==1.0", "epsilon==1.0"),
        Release("alpha", "1.0", requires=["beta>=2", "shared>=1"]),
        Release("beta", "1.0", requires=["shared<3"]),
        Release("gamma", "1.0", requires=["shared>=5"]),
        Release("delta", "1.0", requires=["beta<2 ; python_version > '3'", "alpha ; extra == 'x'"]),
        Release("epsilon", "1.0"),
        *(Release("shared", version) for version in ("1.0", "5.0")),
    )
    table = found.pairs["tiny/plain"]
    cells = {
        ("alpha", "alpha"): ("itself", "alpha 1.0 is one and the same"),
        ("alpha", "beta"): (
            "conflict",
            "alpha 1.0 requires beta>=2, and it is pinned to 1.0",
        ),
        ("beta", "gamma"): (
            "conflict",
            (
                "beta 1.0 requires shared<3 and gamma 1.0 requires shared>=5, and no version is in "
                "both ranges"
            ),
        ),
        ("alpha", "gamma"): (
            "common range",
            "alpha 1.0 and gamma 1.0 both require shared, in ranges that overlap",
        ),
        ("delta", "beta"): ("satisfied", "delta 1.0 requires beta<2, which admits 1.0"),
        ("delta", "alpha"): (
            "conflict",
            (
                "alpha 1.0 requires beta>=2 and delta 1.0 requires beta<2, and no version is in "
                "both ranges"
            ),
        ),
        ("epsilon", "alpha"): (
            "unrelated",
            "alpha and epsilon require neither each other nor one thing",
        ),
    }
    for (first, second), (state, reason) in cells.items():
        for cell in (table[first][second], table[second][first]):
            assert (cell.state, cell.reason) == (state, reason)
    assert messages(found, "pairwise") == [
        (
            "error 10: alpha 1.0 requires beta>=2 and delta 1.0 requires beta<2, and no version is "
            "in both ranges"
        ),
        "error 10: alpha 1.0 requires beta>=2, and it is pinned to 1.0",
        (
            "error 17: beta 1.0 requires shared<3 and gamma 1.0 requires shared>=5, and no version "
            "is in both ranges"
        ),
    ]
    assert sum(len(row) for row in table.values()) == 25


def test_groups_match_differ_or_are_tied_by_nothing(audited: Auditor) -> None:
    more = (
        "[groups]\n"
        'family = ["core", "vision"]\n'
        'quarrel = ["core", "audio"]\n'
        'strangers = ["core", "other"]'
    )
    found = audited(
        matrix_text("core==2.5.1", "vision==0.20.1", "audio==1.0", "other==1.0", more=more),
        Release("core", "2.5.1"),
        Release("vision", "0.20.1", requires=["core==2.5.1"]),
        Release("audio", "1.0", requires=["core==2.4"]),
        Release("other", "1.0"),
    )
    assert messages(found, "groups") == [
        "error 8: group quarrel: audio 1.0 requires core==2.4, and it is pinned to 2.5.1",
        "warning 9: group strangers: nothing in its metadata ties core, other to the others",
    ]


@pytest.mark.fault("R8.3")
def test_a_line_of_constraints_counts_where_its_marker_holds(tmp_path: Path) -> None:
    here, elsewhere = f'python_version == "{PYTHON}"', f'python_version != "{PYTHON}"'
    lines = f"alpha==1.0; {here}\nalpha==9.0; {elsewhere}\nbeta>=1\nbeta<2\n"
    with Index(Release("alpha", "1.0"), Release("beta", "1.0")) as index:
        url = index.put("constraints-1.0/constraints.txt", lines.encode())
        more = f'[constraints.all]\nurl = "{url}"\npin = "alpha"'
        text = matrix_text("alpha==1.0", "beta==1.0", more=more)
        text = text.replace('pins = ["alpha"', 'constraints = "all"\npins = ["alpha"')
        found = Desk(root=tmp_path, index=index).audit(text)
    said = [(pin.constraints[0].state, pin.constraints[0].says) for pin in found.pins]
    assert said == [("agrees", "1.0"), ("agrees", "<2,>=1")]


def test_constraints_agree_differ_or_do_not_mention(tmp_path: Path) -> None:
    with Index(*(Release(name, "1.0") for name in ("alpha", "beta", "gamma"))) as index:
        url = index.put("constraints-1.0/constraints.txt", b"# all\nalpha==1.0\nBeta==2.0  # no\n")
        more = f'[constraints.all]\nurl = "{url}"\npin = "alpha"'
        text = matrix_text("alpha==1.0", "beta==1.0", "gamma==1.0", more=more)
        text = text.replace('pins = ["alpha"', 'constraints = "all"\npins = ["alpha"')
        claims = 'claims = [{ text = "in the constraints", checks = ["constraints:%s"] }]'
        for name in ("alpha", "beta", "gamma"):
            text = text.replace(f'name = "{name}"', f'name = "{name}"\n{claims % name}')
        found = Desk(root=tmp_path, index=index).audit(text)
    assert [(pin.pin, pin.constraints[0].state, pin.constraints[0].says) for pin in found.pins] == [
        ("alpha", "agrees", "1.0"),
        ("beta", "differs", "2.0"),
        ("gamma", "not mentioned", None),
    ]
    title = f"the constraint file of alpha 1.0 for Python {PYTHON}"
    assert messages(found, "constraints") == [
        f"warning 21: beta is pinned to 1.0; {title} says 2.0"
    ]
    assert [(claim.state, claim.because) for claim in found.claims] == [
        ("proved", f"{title} says 1.0 too"),
        ("refuted", f"{title} says 2.0, the pin 1.0"),
        ("refuted", f"{title} does not mention gamma"),
    ]


@pytest.mark.parametrize(
    ("text", "checks", "judged"),
    [
        ("Beta 1.0 호환", [], [("pairwise:alpha:beta", "proved")]),
        ("Beta + Gamma", ["smoke:x"], [("pairwise:alpha:beta", "proved")]),
        ("Beta, Alpha", ["pairwise:alpha:delta"], [("pairwise:alpha:delta", "not provable")]),
        ("works with Delta", [], [("pairwise:alpha:delta", "not provable")]),
        ("stable", [], []),
    ],
)
def test_a_claim_that_names_another_pin_is_judged_by_the_pair(
    audited: Auditor, text: str, checks: list[str], judged: list[tuple[str, str]]
) -> None:
    matrix = matrix_text("alpha==1.0", "beta==1.0", "delta==1.0").replace(
        'name = "alpha"', f'name = "alpha"\nclaims = [{{ text = "{text}", checks = {checks} }}]'
    )
    found = audited(
        matrix,
        Release("alpha", "1.0", requires=["beta>=1"]),
        Release("beta", "1.0"),
        Release("delta", "1.0"),
    )
    assert [(claim.check, claim.state) for claim in found.claims] == judged


def test_freshness_counts_releases_months_and_majors(audited: Auditor) -> None:
    from datetime import datetime, timezone

    found = audited(
        matrix_text("alpha==1.0"),
        Release("alpha", "1.0"),
        Release("alpha", "1.1", yanked=""),
        Release("alpha", "2.0"),
        Release("alpha", "3.0", uploaded=datetime(2021, 1, 1, tzinfo=timezone.utc)),
        Release("alpha", "4.0b1"),
    )
    assert messages(found, "freshness") == [
        (
            "note 10: alpha 1.0 of 2020-01-01 is 2 releases, 12 months, 2 major versions behind "
            "3.0 of 2021-01-01"
        )
    ]
    assert found.exit_code == 0


def test_a_range_is_at_the_release_that_goes_with_the_others(audited: Auditor) -> None:
    found = audited(
        matrix_text("alpha", "beta==1.0"),
        Release("alpha", "1.0", requires_python=">=3.8"),
        Release("alpha", "2.0"),
        Release("beta", "1.0", requires=["alpha<2"]),
    )
    assert [(pin.pin, pin.version, pin.requires_python) for pin in found.pins] == [
        ("alpha", "1.0", ">=3.8"),
        ("beta", "1.0", None),
    ]
    assert messages(found, "freshness") == [
        "note 9: alpha 1.0 of 2020-01-01 is 1 release, 1 major version behind 2.0 of 2020-01-01"
    ]


def test_entries_that_are_old_or_lie_ahead(audited: Auditor) -> None:
    today = date.today()  # noqa: DTZ011 - a matrix has days, not instants
    old, ahead = today - timedelta(days=91), today + timedelta(days=3)
    entries = "\n".join(
        f'[[rows.plain.known-failures]]\ncheck = "smoke:{day.year}-{number}"\nreason = "r"\n'
        f"date = {day}"
        for number, day in enumerate([old, today, ahead])
    )
    found = audited(matrix_text("alpha==1.0", row=entries), Release("alpha", "1.0"))
    assert [message.split(", on ")[0] for message in messages(found, "expiry")] == [
        f"warning 25: the expected failure smoke:{old.year}-0 was written down 91 days ago",
        (
            f"warning 33: the expected failure smoke:{ahead.year}-2 is dated {ahead}, which lies "
            "ahead; write the day of the entry"
        ),
    ]


def test_an_error_that_is_written_down_is_no_news(audited: Auditor) -> None:
    known = (
        '[[rows.plain.known-failures]]\ncheck = "version:alpha"\nreason = "never released"\n'
        f"date = {date.today()}"  # noqa: DTZ011 - a matrix has days, not instants
    )
    found = audited(
        matrix_text("alpha==1.0", "beta==1.0", stages=(("beta",),), row=known),
        Release("alpha", "2.0"),
        Release("beta", "1.0"),
    )
    (finding,) = [finding for finding in found.findings if finding.rule == "exists"]
    assert (finding.level, finding.known) == ("error", "never released")
    assert found.exit_code == 0


def test_an_addition_grows_old(tmp_path: Path) -> None:
    addition = '[[rows.plain.additions]]\nrequirement = "beta<2"\nreason = "r"\ndate = 2020-01-01\n'
    with Index(Release("alpha", "1.0"), Release("beta", "1.0")) as index:
        desk = Desk(root=tmp_path, index=index)
        file = desk.write(matrix_text("alpha==1.0", row=addition))
        found = audit([(file, "plain")], desk.place)
    (message,) = messages(found, "expiry")
    assert "the addition beta<2 was written down " in message


def test_an_override_of_a_base_is_one_of_the_row(tmp_path: Path) -> None:
    override = (
        '[[rows.plain.overrides]]\npin = "alpha"\nversion = "1.0"\nreason = "r"\n'
        'date = 2020-01-01\n[rows.derived]\nsummary = "D"\nbase = "plain"'
    )
    with Index(Release("alpha", "1.0")) as index:
        desk = Desk(root=tmp_path, index=index)
        file = desk.write(matrix_text("alpha==1.1", row=override))
        found = audit([(file, "derived")], desk.place)
    (message,) = messages(found, "expiry")
    assert message.startswith("warning 26: the override of alpha was written down ")


@pytest.mark.parametrize(
    ("check", "says", "is_known"),
    [
        ("pip-check:alpha", "beta", True),
        ("pip-check:alpha", "gamma", False),
        ("pip-check:beta", "beta", False),
    ],
)
def test_a_conflict_is_known_by_the_complaint_that_was_written_down(
    audited: Auditor,
    check: str,
    says: str,
    is_known: bool,  # noqa: FBT001
) -> None:
    known = (
        f'[[rows.plain.known-failures]]\ncheck = "{check}"\nsays = "{says}"\nreason = "r"\n'
        f"date = {date.today()}"  # noqa: DTZ011 - a matrix has days, not instants
    )
    found = audited(
        matrix_text(
            "alpha==1.0",
            "beta==1.0",
            stages=(("alpha",), ("beta",)),
            more='[groups]\npair = ["alpha", "beta"]',
            row=known,
        ),
        Release("alpha", "1.0", requires=["beta>=2"]),
        Release("beta", "1.0"),
    )
    conflicts = [item for item in found.findings if item.rule in ("pairwise", "groups")]
    assert [item.checks for item in conflicts] == [("pip-check:alpha",)] * 2
    assert [item.known is not None for item in conflicts] == [is_known] * 2


def test_requirements_of_extras_apply_when_asked_for() -> None:
    metadata = CoreMetadata.parse(
        "Metadata-Version: 2.1\nName: x\nVersion: 1\n"
        "Requires-Dist: a\nRequires-Dist: b ; extra == 'e'\nRequires-Dist: not a requirement\n"
        "Requires-Dist: c ; python_version < '3' or extra == 'e'\n"
        "Classifier: Programming Language :: Python :: 3.11\n"
        "Classifier: Programming Language :: Python :: 3\n\nText."
    )
    environment = {"python_version": "3.11", "extra": ""}
    assert [name for name, _ in metadata.requirements(environment)] == ["a"]
    assert [name for name, _ in metadata.requirements(environment, ["e"])] == ["a", "b", "c"]
    assert metadata.pythons == ("3.11",)


def test_lines_of_tables_keys_and_arrays() -> None:
    lines = Lines(
        'a = """\n[[not.a.table]]\n"""\n'  # 1 to 3
        "[[pins]]\n"  # 4
        'name = "x" # ]\n'  # 5
        "list = [\n  \"]\", # [\n  '}',\n]\n"  # 6 to 9
        "[[pins]]\nversion = '1'\n"  # 10, 11
        '[rows."a.b"]\n'  # 12
        "[[rows.'a.b'.overrides]]\n"  # 13
        "pin.sub = 1\n"  # 14
    )
    assert [
        lines.line(place)
        for place in (
            ("a",),
            ("pins", 0),
            ("pins", 0, "list"),
            ("pins", 1, "version"),
            ("pins", 1, "no such key"),
            ("rows", "a.b"),
            ("rows", "a.b", "overrides", 0, "pin", "sub"),
            ("nowhere",),
        )
    ] == [1, 4, 6, 11, 10, 12, 14, 1]


def test_lines_of_tables_within_an_array() -> None:
    lines = Lines(
        "pins = [ # {\n"
        '  { name = "x", claims = [{ text = "{" }] },\n\n'  # 2
        '  { name = "y" }, { name = "]" },\n'  # 4
        "]\n"
        "[rows.a]\n"  # 6
        'overrides = [\n  { pin = "x" },\n]\n'  # 7 to 9
        'summary = "{"\n'  # 10
    )
    places = [("pins", n, "version") for n in range(3)]
    assert [lines.line(place) for place in places] == [2, 4, 4]
    assert lines.line(("rows", "a", "overrides", 0, "version")) == 8
    assert lines.line(("rows", "a", "summary")) == 10


def test_an_expected_failure_that_was_to_be_gone_is_an_error(audited: Auditor) -> None:
    today = date.today()  # noqa: DTZ011 - a matrix has days, not instants
    entries = "".join(
        f'[[rows.plain.known-failures]]\ncheck = "smoke:{name}"\nreason = "r"\ndate = {today}\n'
        f"until = {until}\n"
        for name, until in (("gone", today - timedelta(days=1)), ("today", today))
    )
    found = audited(matrix_text("alpha==1.0", row=entries), Release("alpha", "1.0"))
    (message,) = messages(found, "expiry")
    assert message.startswith("error 26: the expected failure smoke:gone was to be gone by ")
    assert found.exit_code == 1


def test_what_is_younger_than_a_row_admits_is_not_taken(audited: Auditor) -> None:
    new = datetime.now(timezone.utc) - timedelta(days=2)
    releases = (
        Release("alpha", "1.0", requires=["gamma"]),
        Release("gamma", "1.0"),
        Release("gamma", "2.0", uploaded=new),
        Release("beta", "1.0", uploaded=new),
    )
    row = 'min-age = "7d"\nmin-age-exempt = ["beta"]\n'
    found = audited(matrix_text("alpha==1.0", "beta==1.0", row=row), *releases)
    assert [message.partition(": ")[2] for message in messages(found, "freshness")] == [
        f"beta 1.0 of {new.date()} is younger than the row admits, and exempt from that"
    ]
    assert (found.joint[0].together, found.exit_code) == ("resolved", 0)
    found = audited(matrix_text("alpha==1.0", "beta==1.0", row='min-age = "7d"\n'), *releases)
    (message,) = messages(found, "exists")
    assert "after the row's cut-off" in message
    assert "(its min-age is 7d)" in message


def test_pre_releases_are_let_in_by_name(audited: Auditor) -> None:
    releases = (
        Release("alpha", "1.0", requires=["beta", "gamma"]),
        *(Release(name, version) for name in ("beta", "gamma") for version in ("1.0", "2.0rc1")),
    )
    for let_in, chosen in (('["beta"]', ["2.0rc1", "1.0"]), ('"all"', ["2.0rc1", "2.0rc1"])):
        text = matrix_text("alpha", "beta", "gamma", row=f"prereleases = {let_in}\n")
        found = audited(text, *releases)
        assert [pin.version for pin in found.pins] == ["1.0", *chosen]
        assert (messages(found, "joint"), found.joint[0].stages) == ([], "resolved")
