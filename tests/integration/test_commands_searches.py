"""Trials, repairs and diagnoses that speak of the test cases of a team's own project."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from support.index import Index
from support.sessions import call
from support.shop import CASE, open_shop
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof import cli

#: The release that one test case of the shop does not go with.
BAD_DAY = datetime(2025, 3, 15, 10, tzinfo=timezone.utc)
BROKEN = f"{CASE}TestVersions::test_is_of_old[1]"
#: As of a day after it.
LATER = ("--as-of", "2025-06-01T00:00:00Z")


@pytest.fixture
def shop(bench: Bench) -> Bench:
    return open_shop(bench)


def of_alpha(shop: Bench, text: str = "") -> None:
    """Have the shop use a pin of the matrix, in place of what a pin brings along."""
    shop.write(
        "shop/shop.py", text or "import alpha as gamma\n\nversion = lambda: gamma.__version__\n"
    )


def trial(shop: Bench, requested: str) -> dict[str, Any]:
    home = shop.root / "reports" / "candidates" / f"tiny-plain-{requested}" / "latest"
    found: dict[str, Any] = json.loads((home / "verdict.json").read_text(encoding="utf-8"))
    return found


def written(shop: Bench, name: str) -> dict[str, Any]:
    file = shop.root / "reports" / "tiny" / "plain" / name
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_a_trial_names_each_test_case_that_it_breaks(
    shop: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    of_alpha(shop)
    ended = call(cli.candidate, shop.project, ("alpha==2.0", "--row", "plain"), shop.environ)
    assert ended == "exit 1"
    found = trial(shop, "alpha-2.0")["comparison"]
    assert found["regressions"] == ["command:unit", BROKEN]
    assert {f"{CASE}test_starts"} < set(found["still_passing"])
    assert f"{BROKEN}" in capsys.readouterr().out


def test_test_cases_that_a_trial_does_not_come_to_are_told_as_lost(shop: Bench) -> None:
    of_alpha(
        shop, "import alpha as gamma\n\nassert gamma.__version__ < '2'\n\nversion = lambda: '1'\n"
    )
    ended = call(cli.candidate, shop.project, ("alpha==2.0", "--row", "plain"), shop.environ)
    assert ended == "exit 1"
    found = trial(shop, "alpha-2.0")["comparison"]
    assert "command:unit" in found["regressions"]
    assert BROKEN in found["lost"]


def test_a_trial_that_breaks_no_test_case_is_safe_and_can_be_promoted(shop: Bench) -> None:
    words = ("alpha==2.0", "--row", "plain", "--promote")
    assert call(cli.candidate, shop.project, words, shop.environ) == ""
    assert trial(shop, "alpha-2.0")["comparison"]["regressions"] == []
    text = (shop.root / "matrices" / "tiny.toml").read_text(encoding="utf-8")
    assert text.startswith(TINY.split("[rows.plain]")[0])
    assert "alpha" in text.split("[rows.")[-1]


def test_a_row_is_repaired_for_a_test_case(shop: Bench, index: Index) -> None:
    index.add(Release("gamma", "2.0", uploaded=BAD_DAY))
    assert call(cli.repair, shop.project, ("plain", *LATER), shop.environ) == ""
    found = written(shop, "repair.json")
    assert (found["found"], found["confirmed"], found["minimal"]) == (True, True, True)
    (gamma,) = found["pins"]
    assert (gamma["name"], gamma["range"], gamma["version"]) == ("gamma", "<2", "1.1")
    assert gamma["mends"] == ["command:unit", BROKEN]
    assert "gamma 2.0, uploaded 2025-03-15" in gamma["because"]


def test_a_row_is_repaired_for_a_test_case_by_exact_pins(shop: Bench, index: Index) -> None:
    """Of a timeline, which names the culprits."""
    index.add(Release("gamma", "2.0", uploaded=BAD_DAY))
    dates = ("--since", "2025-02-01T00:00:00Z", "--until", "2025-06-01T00:00:00Z")
    assert call(cli.timeline, shop.project, ("plain", *dates), shop.environ) == ""
    assert call(cli.repair, shop.project, ("plain", *LATER, "--exact"), shop.environ) == ""
    (gamma,) = written(shop, "repair.json")["pins"]
    assert (gamma["name"], gamma["version"]) == ("gamma", "1.1")
    assert BROKEN in gamma["mends"]


def test_a_diagnosis_names_the_release_and_the_test_case(shop: Bench, index: Index) -> None:
    index.add(Release("gamma", "2.0", uploaded=BAD_DAY))
    call(cli.diagnose, shop.project, ("plain", *LATER), shop.environ)
    (cause,) = written(shop, "diagnosis.json")["causes"]
    assert (cause["kind"], cause["culprit"]["name"], cause["culprit"]["version"]) == (
        "release",
        "gamma",
        "2.0",
    )
    assert cause["checks"] == ["command:unit", BROKEN]


def test_a_module_of_tests_that_cannot_be_imported_is_traced_too(shop: Bench, index: Index) -> None:
    """A case of its name is written then, and there is none as of a day when it could be."""
    shop.write(
        "shop/tests/test_shop.py",
        "import shop\n\nassert shop.version() < '2'\n\n\ndef test_starts():\n    pass\n",
    )
    index.add(Release("gamma", "2.0", uploaded=BAD_DAY))
    call(cli.diagnose, shop.project, ("plain", *LATER), shop.environ)
    (cause,) = written(shop, "diagnosis.json")["causes"]
    culprit = cause["culprit"]
    assert (cause["kind"], culprit["name"], culprit["version"]) == ("release", "gamma", "2.0")
    assert cause["checks"] == ["command:unit", "command:unit::tests.test_shop"]


SCRIPT = """
[[commands]]
name = "unit"
run = ["sh", "check"]
cwd = "shop"
"""
#: Each asks another file what the command answers.
SCRIPTS = {
    "check": "exit {}\n",
    "limits.csv": "{}\n",
    ".settings/limits": "{}\n",
    "elsewhere/limits": "{}\n",
}


@pytest.fixture
def scripted(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return a bench whose row has a command that may read whatever file."""
    bench.write("matrices/tiny.toml", TINY + SCRIPT)
    (bench.root / "shop").mkdir()
    (bench.root / "shop" / "elsewhere").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    return bench


def repaired(shop: Bench) -> dict[str, Any]:
    call(cli.repair, shop.project, ("plain", *LATER, "--exact"), shop.environ)
    return written(shop, "repair.json")


@pytest.mark.parametrize("name", SCRIPTS)
def test_whatever_file_a_command_reads_is_asked_again_where_it_changed(
    scripted: Bench, name: str
) -> None:
    scripted.write("shop/check", f"exit $(cat {name})\n")
    found = []
    for code in ("0", "0", "3"):
        scripted.write(f"shop/{name}", SCRIPTS[name].format(code))
        repair = repaired(scripted)
        found.append((repair["failing"], repair["built"] > 0))
    assert found == [([], True), ([], False), (["command:unit"], True)]


def test_what_a_command_writes_beside_itself_is_told(scripted: Bench) -> None:
    scripted.write("shop/check", "date +%N > last-run\n")
    _, evidence = scripted.verify(scripted.plan(SCRIPT))
    (told,) = (note for note in evidence.run.notes if "last-run" in note)
    assert told.startswith("during the run shop/last-run changed, where commands may read it: ")


def test_what_a_run_answered_is_of_the_files_that_it_began_with(scripted: Bench) -> None:
    """Whoever edits a file meanwhile has it asked next time."""
    scripted.write("shop/check", "sed -i 's/true/false/' later; exit 0\n")
    scripted.write("shop/later", "true\n")
    repaired(scripted)
    assert repaired(scripted)["built"] == 1


def test_a_trial_that_a_first_look_ended_is_found_again_on_a_row_with_commands(
    scripted: Bench, index: Index
) -> None:
    index.add(Release("alpha", "3.0", modules={"alpha/__init__.py": "raise ImportError('no')\n"}))
    scripted.write("shop/check", "exit 0\n")
    words = ("alpha", "--row", "plain", *LATER)
    call(cli.frontier, scripted.project, words, scripted.environ)
    assert trial(scripted, "alpha-3.0")["verdict"] == "broken"
    before = sorted((scripted.root / "reports").rglob("run.json"))
    call(cli.frontier, scripted.project, words, scripted.environ)
    assert sorted((scripted.root / "reports").rglob("run.json")) == before
