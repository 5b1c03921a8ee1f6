"""Stacks whose pins have a range, no version, or a marker: built, checked and judged."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.audit_bench import Desk, matrix_text, messages
from support.checkout import Checkout
from support.index import Index
from support.matrices import matrix, pin, stage
from support.phones import BELLS, UNTIL, Phone, day, found
from support.wheels import FOREIGN, Release
from support.workbench import Bench, states, toml

from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict
from stackproof.experiments.repair.writing import write_repair
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix, parse_matrix
from stackproof.matrix.plan import Plan
from stackproof.reasons.reason import reason
from stackproof.report.terminal import print_verdict


def ranged(*pins: str, names: tuple[str, ...] = ("alpha", "beta")) -> str:
    return matrix("Tiny", *pins, stage("one", *names, step="Install all."))


def verified(bench: Bench, plan: Plan) -> tuple[Verdict, Evidence, dict[str, str]]:
    verdict, evidence = bench.verify(plan)
    return verdict, evidence, dict(states(verdict))


def test_what_a_range_comes_to_is_proved(bench: Bench) -> None:
    text = ranged(pin("alpha", among=">=1,<2"), pin("beta", among=""))
    verdict, evidence, _ = verified(bench, bench.plan(text=text))
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert {name: evidence.freeze[name] for name in ("alpha", "beta")} == {
        "alpha": "1.0",
        "beta": "1.0",
    }


def test_what_is_installed_outside_of_a_range_is_no_such_version(bench: Bench) -> None:
    text = matrix(
        "Tiny",
        pin("alpha", among=">=1,<2"),
        pin("beta"),
        stage("one", "alpha", step="Install alpha."),
        stage("two", "beta", step="Install beta.", more='requirements = ["mover==1.0"]\n'),
    )
    bench.index.add(Release("mover", "1.0", requires=["alpha>=2"]))
    verdict, _, found = verified(bench, bench.plan(text=text))
    assert verdict.verdict == "broken"
    assert [check for check, state in found.items() if state == "new"] == ["version:alpha"]
    (check,) = verdict.in_state("new")
    assert check.message == "Failed: alpha 2.0 is installed, not >=1,<2"
    assert check.why == reason(
        "failed", why=reason("other-there", release="alpha 2.0", asked=">=1,<2")
    )


def test_a_module_of_a_range_names_the_version_that_is_installed(
    bench: Bench, index: Index
) -> None:
    index.add(Release("liar", "1.5", modules={"liar.py": '__version__ = "1.4"\n'}))
    text = ranged(pin("alpha"), pin("liar", among=">=1"), names=("alpha", "liar"))
    verdict, _, found = verified(bench, bench.plan(text=text))
    assert found["version:liar"] == "new"
    (check,) = verdict.in_state("new")
    assert check.message == "Failed: liar.__version__ is 1.4, not 1.5"


def test_a_pin_without_a_version_must_be_installed(bench: Bench) -> None:
    text = ranged(pin("alpha"), pin("beta"), pin("gone", among=""))
    verdict, _, found = verified(bench, bench.plan(text=text))
    assert verdict.verdict == "broken"
    assert (found["version:gone"], found["import:gone"]) == ("new", "new")


def test_a_pin_whose_marker_does_not_hold_is_not_installed_and_named(bench: Bench) -> None:
    old = pin("beta", more="marker = \"python_version < '3'\"\n")
    verdict, evidence, found = verified(bench, bench.plan(text=ranged(pin("alpha"), old)))
    assert (verdict.verdict, list(evidence.freeze)) == ("ok", ["alpha"])
    assert not [check for check in found if "beta" in check]
    assert [note for note in evidence.plan.notes if "pin beta is left out" in note]
    report = Path(evidence.folder / "report.md").read_text(encoding="utf-8")
    assert "pin beta is left out" in report
    assert verdict.pins_left_out == {"beta": "python_version < '3'"}
    screen = Console(file=StringIO(), width=120)
    with screen.capture() as printed:
        print_verdict(verdict, Path("report.md"), screen)
    lines = printed.get().splitlines()
    assert [line for line in lines if line.startswith("left out") and " beta " in line]


def test_an_audit_names_the_pins_that_are_left_out(tmp_path: Path) -> None:
    text = matrix_text("alpha==1.0", "beta==1.0").replace(
        'version = "1.0"', 'version = "1.0"\nmarker = "python_version < \'3\'"', 1
    )
    report = audited(tmp_path, text, Release("beta", "1.0"))
    assert [item.pin for item in report.pins] == ["beta"]
    assert [note for note in report.notes if note.startswith("tiny/plain: pin alpha is left out")]
    assert report.exit_code == 0


# --- audit -----------------------------------------------------------------------------------


def audited(tmp_path: Path, text: str, *releases: Release) -> Any:  # noqa: ANN401 - an audit
    with Index(*releases) as index:
        return Desk(root=tmp_path, index=index).audit(text)


def alphas(*versions: str) -> list[Release]:
    return [Release("alpha", version) for version in versions]


def test_of_a_range_the_newest_release_that_fits_is_judged(tmp_path: Path) -> None:
    report = audited(
        tmp_path,
        matrix_text("alpha>=1,<2", "beta"),
        *alphas("1.0", "1.2", "2.0"),
        Release("alpha", "1.3", tags=FOREIGN),
        Release("alpha", "1.4", yanked="burns"),
        Release("alpha", "1.5rc1"),
        Release("beta", "3.0"),
    )
    pins = {item.pin: (item.version, item.range, item.exists) for item in report.pins}
    assert pins == {"alpha": ("1.2", "<2,>=1", "wheel"), "beta": ("3.0", "", "wheel")}
    alpha = report.pins[0].freshness
    assert (alpha.newest, alpha.releases, alpha.majors) == ("2.0", 2, 1)
    assert (messages(report, "exists"), report.exit_code) == ([], 0)


@pytest.mark.parametrize(
    ("pin", "releases", "exists", "near"),
    [
        ("alpha>=2", alphas("1.0", "1.1"), "no version", "1.1"),
        ("alpha<1", alphas("1.0", "1.1"), "no version", "1.0"),
        ("alpha>1,<2", alphas("0.9", "2.0", "3.0"), "no version", "0.9 and 2.0"),
        ("alpha>=1", [Release("alpha", "1.0", yanked="burns")], "yanked", ""),
        ("alpha", [Release("alpha", "1.0", tags=FOREIGN)], "no file", ""),
    ],
)
def test_a_range_that_comes_to_nothing(
    tmp_path: Path, pin: str, releases: list[Release], exists: str, near: str
) -> None:
    report = audited(tmp_path, matrix_text(pin), *releases)
    assert (report.pins[0].exists, report.exit_code) == (exists, 1)
    (said,) = messages(report, "exists")
    assert said.startswith("error ")
    assert said.endswith(near or "; no release of it fits the row")
    assert [item.together for item in report.joint] == ["resolved"]
    assert report.joint[0].left_out


def test_two_ranges_conflict_only_where_no_release_can_do(tmp_path: Path) -> None:
    report = audited(
        tmp_path,
        matrix_text("alpha==1.0", "beta>=1,<2", "gamma>=1", "delta==1.0"),
        Release("alpha", "1.0", requires=["beta>=2"]),
        Release("beta", "1.0"),
        Release("gamma", "1.0"),
        Release("gamma", "2.0", requires=["delta>=2"]),
        Release("delta", "1.0", requires=["beta>=1.5"]),
    )
    table = report.pairs["tiny/plain"]
    assert table["alpha"]["beta"].state == "conflict"
    # An older gamma may do, so nothing follows from the newest.
    assert table["gamma"]["delta"].state == "unknown"
    assert table["delta"]["beta"].state == "satisfied"
    # One stage installs both, and is refused.
    assert [item.checks for item in report.findings if item.rule == "pairwise"] == [
        ("stage:s1", "pip-check:alpha")
    ]


def test_what_stages_leave_outside_of_a_range_is_an_error(tmp_path: Path) -> None:
    report = audited(
        tmp_path,
        matrix_text("alpha<2", "beta==1.0", stages=(("alpha",), ("beta",))),
        *alphas("1.0", "2.0"),
        Release("beta", "1.0", requires=["alpha>=2"]),
    )
    (error,) = [item for item in report.findings if item.checks == ("version:alpha",)]
    assert (error.rule, error.line) == ("joint", 10)


def test_an_audit_of_another_range_says_nothing_of_a_row(tmp_path: Path) -> None:
    claim = 'claims = [{ text = "is there", checks = ["exists:alpha"] }]\n'
    text = matrix_text("alpha>=1").replace('area = "a"', f'{claim}area = "a"')
    report = audited(tmp_path, text, *alphas("1.0"))

    def answers(changed: str) -> object:
        matrix = parse_matrix(toml(changed), file="tiny.toml")
        return report.answers_of(make_plan(matrix, name="tiny", row="plain"))

    assert answers(text)
    assert not answers(text.replace(">=1", ">=1,<2"))


# --- experiments -----------------------------------------------------------------------------

RANGED_PHONE = matrix(
    "Phone",
    pin("phone", role="calls"),
    pin("numbers", "2.9", imports="numbers_", area="second", role="digits"),
    pin("bells", among=">=1,<2", area="third", role="rings"),
    stage("phone", "phone", "bells", step="Install the phone."),
    stage("numbers", "numbers", step="Install the numbers."),
)


@pytest.fixture
def phone(bench: Bench, index: Index, tmp_path: Path) -> Phone:
    made = Phone(bench, index, tmp_path / "index-cache", RANGED_PHONE)
    index.add(
        Release("bells", "1.1", uploaded=day(20)),
        Release("bells", "1.2", requires=["numbers>=3"], uploaded=day(60, 10)),
        Release("bells", "2.0", uploaded=day(90)),
    )
    return made


def test_a_release_in_the_range_of_a_pin_is_a_culprit(phone: Phone) -> None:
    timeline = phone.trace(BELLS)
    (item,) = found(timeline, BELLS).breaks
    assert item.confirmed
    assert [(name.name, name.before, name.after) for name in item.culprits] == [
        ("bells", "1.1", "1.2")
    ]


def test_a_range_is_narrowed_before_a_pin_is_added(phone: Phone) -> None:
    repair = phone.repair()
    (bells,) = repair.pins
    assert (repair.found, repair.minimal) == (True, True)
    assert (bells.version, bells.range, bells.documented) == ("1.1", ">=1,<=1.1", ">=1,<2")
    assert (bells.installed, "numbers>=3" in bells.because) == (False, True)
    file = phone.bench.write("matrices/phone.toml", RANGED_PHONE)
    write_repair(repair, file, UNTIL.date(), in_place=True)
    (override,) = load_matrix(file).rows["plain"].overrides
    assert (override.version, override.range) == (None, ">=1,<=1.1")


def test_a_range_that_is_in_the_way_is_left(phone: Phone) -> None:
    # Nothing that phone 1.0 admits is in the range.
    phone.index.add(
        Release("phone", "1.5", requires=["bells<1.1", "contacts", "lamps"], uploaded=day(2))
    )
    text = RANGED_PHONE.replace('version = "1.0"', 'version = "1.5"').replace(
        'range = ">=1,<2"', 'range = ">=1.1"'
    )
    phone.matrix = parse_matrix(toml(text), file="phone.toml")
    repair = phone.repair()
    (bells,) = repair.pins
    assert (repair.found, bells.version, bells.range, bells.documented) == (
        True,
        "1.0",
        None,
        ">=1.1",
    )


def test_a_grid_keeps_to_the_ranges_of_a_row(bench: Bench, index: Index) -> None:
    checkout = engines(bench, index)
    index.add(
        *(Release("plug", at, requires=[f"lamp>={at}"]) for at in ("1.0", "2.0")),
        *(Release("socket", at, requires=["plug"]) for at in ("1.0",)),
    )
    code, lines = checkout.run("grid", "plug>=1", "socket>=1", "--row", "verified")
    assert code == 0, lines
    grid = record(checkout, "grid.json")
    assert grid["held"] == ["lamp>=1,<2", "wire"]
    assert {tuple(cell["versions"]): cell["state"] for cell in grid["cells"]} == {
        ("1.0", "1.0"): "compatible",
        ("2.0", "1.0"): "conflict",
    }


def engines(bench: Bench, index: Index) -> Checkout:
    """Return a checkout whose lamp is in a range, and is broken from 2.2 on."""
    broken = {"lamp/__init__.py": "raise ImportError('the bulb is out')\n"}
    may = [datetime(2025, 5, number, tzinfo=timezone.utc) for number in (1, 5)]
    index.add(
        *(Release("lamp", at, uploaded=may[0]) for at in ("1.0", "1.1", "2.0", "2.1")),
        Release("lamp", "2.2", modules=broken, uploaded=may[1]),
        Release("wire", "1.0", uploaded=may[0]),
    )
    made = Checkout(bench)
    text = matrix(
        "Engines",
        pin("lamp", among=">=1,<2"),
        pin("wire", among=""),
        stage("all", "lamp", "wire", step="One."),
        row="verified",
    )
    made.write_matrix(text, name="engines")
    (bench.root / "matrices" / "tiny.toml").unlink()
    return made


def record(checkout: Checkout, path: str) -> dict[str, Any]:
    file = checkout.bench.root / "reports" / path
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return read


def test_a_candidate_takes_the_place_of_a_range(bench: Bench, index: Index) -> None:
    checkout = engines(bench, index)
    code, lines = checkout.run("candidate", "lamp==2.1", "--promote", "pins")
    assert code == 0, lines
    (override,) = load_matrix(bench.root / "matrices/engines.toml").rows["verified"].overrides
    assert (override.version, override.range) == ("2.1", None)
    code, lines = checkout.run("candidate", "lamp")
    assert code == 1, lines
    verdict = record(checkout, "candidates/engines-verified-lamp-2.2/latest/verdict.json")
    assert verdict["comparison"]["regressions"] == ["import:*", "import:lamp"]


def test_a_frontier_goes_beyond_the_range(bench: Bench, index: Index) -> None:
    checkout = engines(bench, index)
    code, lines = checkout.run("frontier")
    assert code == 0, lines
    lamp, wire = record(checkout, "engines/verified/frontier.json")["pins"]
    assert (lamp["pinned"], lamp["range"], lamp["newest_passing"]) == ("1.1", ">=1,<2", "2.1")
    assert lamp["blocked"]["version"] == "2.2"
    assert (wire["pinned"], wire["range"], wire["newest_passing"]) == ("1.0", "", "1.0")


def test_a_lock_holds_what_a_range_came_to(bench: Bench, index: Index) -> None:
    checkout = engines(bench, index)
    code, lines = checkout.run("lock", "verified")
    assert code == 0, lines
    text = (bench.root / "reports/engines/verified/requirements.txt").read_text(encoding="utf-8")
    assert [line.split()[0] for line in text.splitlines() if "==" in line] == [
        "lamp==1.1",
        "wire==1.0",
    ]
