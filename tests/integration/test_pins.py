"""Stacks whose pins have a range, no version, or a marker: built, checked and judged."""

from __future__ import annotations

from pathlib import Path

from support.index import Index
from support.matrices import matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench, states

from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import Verdict
from stackproof.matrix.plan import Plan


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
