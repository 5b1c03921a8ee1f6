"""Trials and frontiers on stacks of tiny wheels; a few of them through a real nox."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from datetime import date, datetime, timezone
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from support.checkout import Checkout
from support.index import Fault, Index
from support.kept_reports import KeptReports
from support.matrices import PYTHON, matrix, pin, stage
from support.processes import wait_for
from support.wheels import Release
from support.workbench import Bench

from stackproof.evidence.folder import Evidence
from stackproof.experiments.candidate.promotion import promote_into_row
from stackproof.experiments.candidate.record import TrialVerdict
from stackproof.installers.interpreters import interpreters
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix

MATRIX = "# The stack of the tests.\n" + matrix(
    "Engines",
    '[groups]\nfamily = ["engine", "vision"]\n',
    pin("engine", area="1", role="moves").replace('"1.0"', '"1.0"  # what moves the rest'),
    pin("vision", area="1", role="sees"),
    pin("lamp", area="2", role="shines"),
    pin("wire", area="2", role="connects"),
    stage("moving", "engine", "vision", step="One."),
    stage("shining", "lamp", "wire", step="Two."),
    row="verified",
    summary="Works.",
)

#: The same, but the row's own lamp does not go with its wire.
DIM = MATRIX.replace('name = "lamp"\nversion = "1.0"', 'name = "lamp"\nversion = "1.4"')

#: The same, but the row's own lamp is one that does not shine.
DARK = MATRIX.replace('name = "lamp"\nversion = "1.0"', 'name = "lamp"\nversion = "0.9"')

#: A last stage that moves wire back.
PLUGGED = """
[[rows.verified.stages]]
name = "plugging"
step = "none"
requirements = ["plug==1.0"]
reason = "somebody has to"
date = 2025-05-01
"""

TODAY = date(2025, 6, 2)

BROKEN = {"lamp/__init__.py": "raise ImportError('the bulb is out')\n"}
#: Works unless the other one is new too.
NEW_WIRE = {
    "wire/__init__.py": "__version__ = '2.0'\n"
    "import lamp\n"
    "assert lamp.__version__ < '1.2' or lamp.__version__ > '2', 'too bright'\n"
}


#: Cannot tell whether one release works.
SHINE = """\
import pytest


@pytest.mark.workload("shine", needs=("lamp",), seconds=0.1, timeout=20)
def test_shine() -> None:
    import lamp

    if lamp.__version__ == "1.2":
        pytest.skip("no socket for it")
"""


def released(day: int) -> datetime:
    return datetime(2025, 5, day, tzinfo=timezone.utc)


STACK = (
    Release("engine", "1.0"),
    Release("engine", "2.0", uploaded=released(10)),
    Release("vision", "1.0", requires=["engine==1.0"]),
    Release("vision", "1.5", requires=["engine==2.0"], uploaded=released(11)),
    Release("lamp", "1.0"),
    Release("lamp", "1.1", uploaded=released(1)),
    Release("lamp", "1.2", uploaded=released(2)),
    Release("lamp", "1.3", modules=BROKEN, uploaded=released(3)),
    Release("lamp", "1.4", requires=["wire<1"], uploaded=released(4)),
    Release("lamp", "1.5", uploaded=released(5), yanked="burns"),
    Release("wire", "1.0"),
    Release("wire", "2.0", modules=NEW_WIRE, uploaded=released(6)),
)


#: A pin that comes from an index of its own.
PROBED = """
[[pins]]
name = "probe"
version = "1.0"
imports = ["probe"]
area = "3"
role = "probes"

[[stages]]
name = "probing"
step = "Three."
pins = ["probe"]
index = "own"

[indexes.own]
url = "{url}"
upload-times = true
"""


#: A constraint file for each release of lamp.
CONSTRAINED = """
[constraints.lamps]
url = "{base}/constraints-{{version}}/constraints-{{python}}.txt"
pin = "lamp"
"""
KEPT = b"wire==1.0\n"


@pytest.fixture
def unproved(bench: Bench, index: Index) -> Checkout:
    """Return a checkout whose row was never built."""
    index.add(*STACK)
    made = Checkout(bench)
    made.write_matrix(MATRIX, name="engines")
    (bench.root / "matrices" / "tiny.toml").unlink()
    return made


@pytest.fixture
def checkout(unproved: Checkout, kept_reports: KeptReports) -> Checkout:
    """Return a checkout whose row was built today; one that is changed is built anew."""
    bench = unproved.bench
    row = load_matrix(bench.root / "matrices" / "engines.toml")
    plan = make_plan(row, name="engines", row="verified")
    kept_reports.give(bench, "engines-verified", lambda: bench.verify(plan))
    return unproved


def constrain(checkout: Checkout, index: Index, files: dict[str, bytes | None]) -> None:
    """Let the stage of lamp have these constraint files, by version; None is for no such file."""
    for version, content in files.items():
        if content is not None:
            index.put(f"constraints-{version}/constraints-{PYTHON}.txt", content)
    base = index.put("base", b"").removesuffix("/base")
    stage = 'pins = ["lamp", "wire"]'
    text = MATRIX.replace(stage, f'{stage}\nconstraints = "lamps"')
    checkout.write_matrix(text + CONSTRAINED.format(base=base), name="engines")


def expected_dark(more: str = "") -> str:
    """Return entries of the row that expect its lamp not to shine, each with one key more."""
    entry = """
[[rows.verified.known-failures]]
check = "import:{}"
reason = "the bulb is out"
date = 2025-01-01
{}
"""
    return "".join(entry.format(what, more) for what in ("lamp", "*"))


def json_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def trial(checkout: Checkout, requested: str) -> dict[str, Any]:
    """Return the verdict of the latest trial of these requirements."""
    home = checkout.bench.root / "reports" / "candidates" / f"engines-verified-{requested}"
    found: dict[str, Any] = json.loads((home / "latest" / "verdict.json").read_text("utf-8"))
    return found


def latest(checkout: Checkout, requested: str) -> tuple[Evidence, TrialVerdict]:
    """Return the latest trial of these requirements, and what was found."""
    home = checkout.bench.root / "reports" / "candidates" / f"engines-verified-{requested}"
    verdict = TrialVerdict.load_or_none(home / "latest" / "verdict.json")
    assert verdict is not None
    return Evidence(home / "latest"), verdict


def made(checkout: Checkout, requested: str) -> int:
    """Return how often a trial of these requirements was made."""
    home = checkout.bench.root / "reports" / "candidates" / f"engines-verified-{requested}"
    return len(list(home.glob("[0-9]*")))


def assert_refused(found: dict[str, Any], requirement: str, nearest: str = "") -> None:
    """Assert that a trial was refused by a requirement, and how near one could go, if told."""
    refusal, _, rest = found["reason"].partition("; ")
    assert requirement in refusal
    assert bool(rest) == bool(nearest)
    assert rest.endswith(nearest)


def named_frontier(checkout: Checkout) -> dict[str, Any]:
    """Return the latest table of named pins; there is none of all of them."""
    home = checkout.bench.root / "reports" / "engines" / "verified"
    assert not (home / "frontier.json").exists()
    return json_of(home / "frontier-named.json")


def test_a_safe_upgrade_says_so_is_compared_and_promoted_as_a_row(unproved: Checkout) -> None:
    code, lines = unproved.nox("-s", "candidate", "--", "lamp==1.2", "--promote")
    assert code == 0, lines
    # Each line of progress says whose it is: the row's own run or the trial.
    for run in ("engines/verified", "engines/verified with lamp==1.2"):
        assert any(line.startswith(f"{run}: suite ") for line in lines), lines
    found = trial(unproved, "lamp-1.2")
    assert (found["resolvable"], found["comparison"]["regressions"]) == (True, [])
    assert set(found["comparison"]["still_passing"]) >= {"import:lamp", "version:lamp", "import:*"}
    assert found["moved"] == {}
    file = unproved.bench.root / "matrices" / "engines.toml"
    text = file.read_text(encoding="utf-8")
    assert text.startswith(MATRIX)
    row = load_matrix(file).rows["verified-lamp-1-2"]
    assert [(item.pin, item.version) for item in row.overrides] == [("lamp", "1.2")]
    assert row.base == "verified"
    assert "wrote row 'verified-lamp-1-2' into matrices/engines.toml" in lines
    code, lines = unproved.nox("-s", "verify-optional(engines/verified-lamp-1-2)")
    assert code == 0, lines
    # Told at once, not after the trial.
    code, lines = unproved.run("candidate", "lamp==1.2", "--promote")
    assert any(
        "exit 2" in line and "has a row 'verified-lamp-1-2' already" in line for line in lines
    )
    assert not any("suite" in line for line in lines)


def test_a_regression_is_named_by_its_check_and_not_promoted(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "lamp==1.3", "--promote")
    assert code == 1, lines
    assert any("aborted: exit 1" in line for line in lines), lines
    found = trial(checkout, "lamp-1.3")
    assert found["comparison"]["regressions"] == ["import:*", "import:lamp"]
    assert any("the bulb is out" in line for line in lines)
    file = checkout.bench.root / "matrices" / "engines.toml"
    assert file.read_text(encoding="utf-8") == MATRIX


def test_a_refusal_says_what_is_required_and_what_would_go(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "lamp==1.4")
    assert code == 1, lines
    found = trial(checkout, "lamp-1.4")
    assert (found["resolvable"], found["comparison"]) == (False, None)
    assert_refused(found, "lamp 1.4 requires wire<1", nearest="lamp 1.3")


@pytest.mark.parametrize("answer", [None, b"log in first"], ids=["no-such-file", "no-answer"])
def test_a_version_without_a_constraint_file_takes_nothing_from_a_refusal(
    checkout: Checkout, index: Index, answer: bytes | None
) -> None:
    constrain(checkout, index, {"1.0": KEPT, "1.2": KEPT, "1.3": answer, "1.4": KEPT})
    code, lines = checkout.run("candidate", "lamp==1.4")
    assert code == 1
    assert any("aborted: exit 1" in line for line in lines), lines
    found = trial(checkout, "lamp-1.4")
    assert_refused(found, "lamp 1.4 requires wire<1", nearest="lamp 1.2")


def test_an_index_that_fails_in_the_search_takes_nothing_from_a_refusal(
    checkout: Checkout, index: Index
) -> None:
    index.add(Release("lamp", "1.3.1", requires=["fuse"], uploaded=released(12)))
    index.fail(Fault.SERVER_ERROR, "fuse")
    code, lines = checkout.run("candidate", "lamp==1.4")
    assert code == 1
    assert any("aborted: exit 1" in line for line in lines), lines
    # What is not known of one version is not known of the nearest one.
    assert_refused(trial(checkout, "lamp-1.4"), "lamp 1.4 requires wire<1")


def test_a_pin_that_a_later_stage_moves_back_is_traced_to_a_requirement(
    checkout: Checkout, index: Index
) -> None:
    others = [Release("plug", version) for version in ("0.9", "1.1")]
    index.add(Release("plug", "1.0", requires=["wire<2"]), *others)
    checkout.write_matrix(MATRIX + PLUGGED, name="engines")
    code, lines = checkout.run("candidate", "wire==2.0")
    assert code == 1, lines
    found = trial(checkout, "wire-2.0")
    assert found["comparison"]["regressions"] == ["version:wire"]
    assert "plug 1.0 requires wire<2" in found["conflict"]


def test_companions_are_tried_beside_what_was_asked_and_promoted_into_the_row(
    checkout: Checkout,
) -> None:
    code, lines = checkout.run("candidate", "engine==2.0", "--promote", "pins")
    assert code == 0, lines
    assert trial(checkout, "engine-2.0")["resolvable"] is False
    found = trial(checkout, "engine-2.0+vision-1.5")
    assert (found["companions"], found["comparison"]["regressions"]) == (["vision==1.5"], [])
    file = checkout.bench.root / "matrices" / "engines.toml"
    assert 'version = "1.0"  # what moves the rest' in file.read_text(encoding="utf-8")
    row = load_matrix(file).rows["verified"]
    assert {item.pin: item.version for item in row.overrides} == {"engine": "2.0", "vision": "1.5"}


def test_what_the_one_asked_for_requires_is_tried_as_a_companion(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "vision==1.5")
    assert code == 0, lines
    assert trial(checkout, "vision-1.5")["resolvable"] is False
    assert trial(checkout, "engine-2.0+vision-1.5")["companions"] == ["engine==2.0"]


def test_what_several_requests_come_to_is_tried_once(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "engine==2.0", "vision==1.5", "--promote")
    assert code == 0, lines
    answers = [line.partition(":")[0] for line in lines if ": safe" in line]
    assert answers == [
        "engine==2.0 with vision==1.5",
        "vision==1.5 with engine==2.0",
        "engine==2.0 vision==1.5",
    ]
    assert made(checkout, "engine-2.0+vision-1.5") == 1
    # What was written about a trial stays.
    assert trial(checkout, "engine-2.0+vision-1.5")["companions"] == ["vision==1.5"]
    assert "wrote row 'verified-engine-2-0-vision-1-5' into matrices/engines.toml" in lines


def test_what_several_requests_come_to_is_refused_once(checkout: Checkout, index: Index) -> None:
    index.add(
        Release("vision", "2.0", requires=["engine==2.0", "wire<1"], uploaded=released(12)),
        Release("vision", "0.5", requires=["engine==1.0"]),
    )
    checkout.write_matrix(
        MATRIX.replace('pins = ["engine", "vision"]', 'pins = ["engine", "vision", "wire"]'),
        name="engines",
    )
    code, lines = checkout.run("candidate", "engine==2.0", "vision==2.0")
    assert code == 1
    found = trial(checkout, "engine-2.0+vision-2.0")
    assert made(checkout, "engine-2.0+vision-2.0") == 1
    assert found["companions"] == ["vision==2.0"]
    assert found["guilty"] == ["engine", "vision"]
    assert_refused(found, "vision 2.0 requires wire<1", nearest="resolved")
    # Each answer is its request's own; that of vision as it was asked stands second.
    reported = [line for line in lines if "vision 2.0 requires wire<1" in line]
    assert [";" in line for line in reported] == [True, False, True, False], lines
    assert reported[2].endswith("vision 1.5 with engine 2.0")


def test_a_trial_that_cannot_be_judged_says_why_and_blocks_nothing(checkout: Checkout) -> None:
    checkout.bench.write("tests/stack/workloads/test_shine.py", SHINE)
    code, lines = checkout.run("candidate", "lamp==1.2")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    assert any("smoke:shine" in line and "no socket for it" in line for line in lines), lines
    code, lines = checkout.run("frontier", "lamp")
    assert code == 1
    assert any("exit 2" in line and "lamp 1.2" in line for line in lines), lines
    found = named_frontier(checkout)
    (lamp,) = found["pins"]
    assert (lamp["newest_passing"], lamp["blocked"]["version"]) == ("1.1", "1.3")
    assert [step["version"] for step in lamp["unjudged"]] == ["1.2"]
    assert "no socket for it" in lamp["unjudged"][0]["because"]


def test_a_trial_that_cannot_be_judged_is_not_promoted(checkout: Checkout) -> None:
    # Left out of the baseline, and skipped once alpha is there.
    shine = SHINE.replace('("lamp",)', '("alpha",)').replace('"1.2"', '"1.0"')
    checkout.bench.write("tests/stack/workloads/test_shine.py", shine)
    code, lines = checkout.run("candidate", "--with", "alpha==1.0", "--promote")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    file = checkout.bench.root / "matrices" / "engines.toml"
    assert file.read_text(encoding="utf-8") == MATRIX


def test_two_that_fail_only_together_are_both_to_blame(unproved: Checkout) -> None:
    requests = ("lamp==1.2", "wire==2.0")
    code, lines = unproved.run("candidate", *requests, "--baseline-age", "0")
    assert code == 1, lines
    assert trial(unproved, "lamp-1.2")["comparison"]["regressions"] == []
    assert trial(unproved, "wire-2.0")["comparison"]["regressions"] == []
    assert trial(unproved, "lamp-1.2+wire-2.0")["guilty"] == ["lamp", "wire"]
    # The baseline of this session is new enough for all its trials.
    assert len(list((unproved.bench.root / "reports/engines/verified").glob("[0-9]*"))) == 1


def test_of_three_the_one_that_fails_alone_is_to_blame(checkout: Checkout) -> None:
    requests = ("lamp==1.3", "wire==2.0")
    code, lines = checkout.run("candidate", *requests)
    assert code == 1, lines
    assert trial(checkout, "lamp-1.3+wire-2.0")["guilty"] == ["lamp"]


def test_a_request_that_cannot_be_judged_ends_no_other(checkout: Checkout, index: Index) -> None:
    constrain(checkout, index, {"1.0": KEPT})
    file = checkout.bench.root / "matrices" / "engines.toml"
    apart = 'pins = ["wire"]\n\n[[stages]]\nname = "lighting"\nstep = "Three."\npins = ["lamp"]\n'
    text = file.read_text(encoding="utf-8").replace('pins = ["lamp", "wire"]\n', apart)
    checkout.write_matrix(text, name="engines")
    code, lines = checkout.run("candidate", "lamp==1.2", "wire==2.0")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    assert any(line.startswith("wire==2.0: safe") for line in lines), lines
    for asked in ("lamp-1.2", "lamp-1.2+wire-2.0"):
        found = trial(checkout, asked)
        assert (found["verdict"], found["reason"]) == ("unjudged", None)
        assert "lamp 1.2" in found["trouble"], lines
        assert found["guilty"] == []
        assert f"    {found['trouble']}" in lines, lines


def assert_not_judged(checkout: Checkout, trial: str) -> None:
    """Assert that a trial came to no answer; on a busy machine it may have begun."""
    folder = checkout.bench.root / "reports" / "candidates" / trial
    verdicts = [json.loads(file.read_text("utf-8")) for file in folder.glob("*/verdict.json")]
    assert {verdict["verdict"] for verdict in verdicts} <= {"unjudged"}


def test_an_index_that_is_gone_ends_all(checkout: Checkout, index: Index) -> None:
    running = checkout.start("-s", "candidate", "--", "lamp==1.3", "wire==2.0")
    assert running.stdout is not None
    next(line for line in running.stdout if line.startswith("lamp==1.3: "))
    index.stop()
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "aborted: exit 2" in output
    assert_not_judged(checkout, "engines-verified-lamp-1.3+wire-2.0")


def test_where_the_rest_cannot_be_judged_nobody_is_blamed(checkout: Checkout, index: Index) -> None:
    """Though the rest without the other one of two is safe."""
    index.add(Release("vision", "1.0.1", requires=["engine==1.0"], uploaded=released(12)))
    shine = SHINE.replace("import lamp", "import lamp, vision, wire").replace(
        'lamp.__version__ == "1.2"',
        '(lamp.__version__, vision.__version__, wire.__version__) == ("1.0", "1.0.1", "2.0")',
    )
    checkout.bench.write("tests/stack/workloads/test_shine.py", shine)
    code, lines = checkout.run("candidate", "wire==2.0", "lamp==1.2", "vision==1.0.1")
    assert code == 1
    assert any("aborted: exit 1" in line for line in lines), lines
    assert trial(checkout, "vision-1.0.1+wire-2.0")["verdict"] == "unjudged"
    assert trial(checkout, "lamp-1.2+vision-1.0.1")["verdict"] == "ok"
    assert trial(checkout, "lamp-1.2+vision-1.0.1+wire-2.0")["guilty"] == []


def test_a_trial_is_told_as_soon_as_it_is_known(checkout: Checkout) -> None:
    running = checkout.start("-s", "candidate", "--", "lamp==1.3", "wire==2.0")
    assert running.stdout is not None
    told = next(line for line in running.stdout if line.startswith("lamp==1.3: "))
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert told
    candidates = checkout.bench.root / "reports" / "candidates"
    assert (candidates / "engines-verified-lamp-1.3").exists()
    assert_not_judged(checkout, "engines-verified-lamp-1.3+wire-2.0")


def test_what_cannot_be_built_is_never_safe(checkout: Checkout, index: Index) -> None:
    """Not even where the row cannot be built either, so that nothing gets worse."""
    index.add(Release("plug", "1.0", requires=["wire<0.5"]))
    checkout.write_matrix(MATRIX + PLUGGED, name="engines")
    code, lines = checkout.run("candidate", "lamp==1.2", "--promote")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    assert any("plug 1.0 requires wire<0.5" in line for line in lines), lines
    code, lines = checkout.run("frontier", "lamp")
    assert any("exit 2" in line and "lamp 1.3, lamp 1.2" in line for line in lines), lines
    (lamp,) = named_frontier(checkout)["pins"]
    assert lamp["newest_passing"] == "1.0"


def test_a_refusal_that_the_row_shares_is_not_judged(checkout: Checkout) -> None:
    checkout.write_matrix(DIM, name="engines")
    code, lines = checkout.run("candidate", "wire==2.0")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    found = trial(checkout, "wire-2.0")
    assert (found["verdict"], found["resolvable"]) == ("unjudged", False)
    assert_refused(found, "lamp 1.4 requires wire<1")
    # That of the row itself.
    assert "lamp 1.4 requires wire<1 and wire 1.0" in found["trouble"]
    assert f"    {found['trouble']}" in lines, lines


def test_a_refusal_of_the_upgrade_counts_beside_one_that_the_row_shares(
    checkout: Checkout,
) -> None:
    stages = DIM.index("[[stages]]"), DIM.index('[[stages]]\nname = "shining"'), DIM.index("[rows")
    moving, shining = DIM[stages[0] : stages[1]], DIM[stages[1] : stages[2]]
    text = f"{DIM[: stages[0]]}{shining}{moving}{DIM[stages[2] :]}"
    checkout.write_matrix(text, name="engines")
    code, lines = checkout.run("candidate", "engine==2.0", "wire==2.0")
    assert code == 1
    assert trial(checkout, "engine-2.0")["verdict"] == "broken"
    found = trial(checkout, "engine-2.0+wire-2.0")
    assert found["verdict"] == "broken", lines
    assert_refused(found, "vision 1.0 requires engine==1.0")


def test_a_refusal_is_not_judged_where_the_row_could_not_be_asked(
    checkout: Checkout, index: Index
) -> None:
    constrain(checkout, index, {"1.4": KEPT})
    code, lines = checkout.run("candidate", "lamp==1.4")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    found = trial(checkout, "lamp-1.4")
    assert "lamp 1.4 requires wire<1" in found["reason"]
    assert "constraint file for lamp 1.0" in found["trouble"], lines


def test_what_is_added_is_refused_though_the_row_is_not(checkout: Checkout, index: Index) -> None:
    index.add(Release("plug", "1.0", requires=["socket"]))
    code, lines = checkout.run("candidate", "--with", "plug==1.0")
    assert code == 1
    assert any("aborted: exit 1" in line for line in lines), lines
    assert trial(checkout, "plug-1.0")["verdict"] == "broken"


def test_a_pin_that_the_row_leaves_out_is_a_pin_all_the_same(checkout: Checkout) -> None:
    old = pin("alpha", more="marker = \"python_version < '3.8'\"\n")
    text = MATRIX.replace("[[stages]]", f"{old}\n[[stages]]", 1)
    checkout.write_matrix(text.replace('["lamp", "wire"]', '["lamp", "wire", "alpha"]'), "engines")
    code, lines = checkout.run("candidate", "alpha==2.0")
    assert code == 1
    assert lines[-1] == (
        "nox > Session candidate aborted: exit 2, could not judge: the row leaves its pin 'alpha' "
        "out: its marker python_version < '3.8' does not hold."
    )


def test_what_is_not_installed_is_not_safe(checkout: Checkout, index: Index) -> None:
    """A version check that failed before as well hides nothing."""
    index.add(Release("plug", "1.0", requires=["wire<1"]), Release("wire", "0.9"))
    nowhere = MATRIX.replace('name = "lamp"', 'name = "alpha"').partition("[[pins]]")[2]
    nowhere = f"[[pins]]{nowhere.split('[[pins]]')[2]}"
    text = MATRIX.replace("[[stages]]", f"{nowhere}[[stages]]", 1) + PLUGGED
    checkout.write_matrix(text, name="engines")
    code, lines = checkout.run("candidate", "wire==2.0")
    assert code == 1
    assert trial(checkout, "wire-2.0")["unmet"] == {"wire": "0.9"}
    code, lines = checkout.run("candidate", "alpha==2.0")
    assert code == 1
    assert trial(checkout, "alpha-2.0")["unmet"] == {"alpha": None}
    # A trial that is safe on a row with failures names them.
    code, lines = checkout.run("candidate", "lamp==1.2")
    assert code == 0, lines
    assert "version:wire" in trial(checkout, "lamp-1.2")["comparison"]["still_failing"]


def test_a_stage_that_fails_is_told_by_what_the_installer_said(
    checkout: Checkout, index: Index
) -> None:
    index.add(Release("lamp", "1.6", uploaded=released(12), form="broken-sdist"))
    one, other = 'pins = ["lamp"]\n', '[[stages]]\nname = "wiring"\nstep = "3"\npins = ["wire"]'
    checkout.write_matrix(
        MATRIX.replace('pins = ["lamp", "wire"]', f"{one}\n{other}"), name="engines"
    )
    code, lines = checkout.run("candidate", "lamp==1.6")
    assert code == 1
    (told,) = [line for line in lines if line.startswith("    stage:shining: ")]
    assert "lamp 1.6 cannot be built" in told
    # Its stage did not have its turn.
    assert trial(checkout, "lamp-1.6")["moved"] == {}


def test_a_group_that_is_safe_together_ends_with_0(checkout: Checkout, index: Index) -> None:
    index.add(Release("lamp", "2.1", requires=["wire>=2"], uploaded=released(12)))
    code, lines = checkout.run("candidate", "lamp==2.1", "wire==2.0")
    assert code == 0, lines
    assert any(line.startswith("lamp==2.1 wire==2.0: safe") for line in lines), lines
    assert trial(checkout, "lamp-2.1")["resolvable"] is False


def test_who_only_lacks_another_is_not_to_blame(checkout: Checkout, index: Index) -> None:
    index.add(
        Release("engine", "2.5", uploaded=released(12)),
        Release("vision", "2.5", requires=["engine==2.5", "lamp>=1.2"], uploaded=released(12)),
    )
    requests = ("lamp==1.2", "wire==2.0", "engine==2.5", "vision==2.5")
    code, lines = checkout.run("candidate", *requests)
    assert code == 1
    guilty = trial(checkout, "engine-2.5+lamp-1.2+vision-2.5+wire-2.0")["guilty"]
    assert guilty == ["wire"], lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lamb==1.2"], "the row has no pin 'lamb'; did you mean 'lamp'?"),
        (["lamp==1.9"], "there is no release 1.9 of lamp; the nearest are 1.2, 1.3, 1.4"),
        (["lamp==1.5"], "release 1.5 of lamp was yanked; the nearest are 1.2, 1.3, 1.4"),
        (["--index-url=x"], "unrecognized arguments: --index-url=x; usage: nox -s candidate --"),
        (["lamp==1.2; echo hi"], "'lamp==1.2; echo hi' is no upgrade to try"),
        (["--with", "lamp==1.2"], "lamp is a pin of the row; ask for lamp==1.2 without --with"),
        (
            ["--with", "lump==1.2"],
            "there is no distribution 'lump' on the index; did you mean lamp",
        ),
        (["--with", "alpha==9"], "there is no release 9 of alpha; the nearest are 1.0, 2.0"),
        (["lamp", "--as-of", "2019-01-01T00:00:00Z"], "lamp has no release before 2019-01-01"),
        (["lamp", "--as-of", "2999-01-01T00:00:00Z"], "lies in the future, so it fixes nothing"),
        (["--with", "alpha==1.0", "--promote", "pins"], "alpha==1.0 is no changed pin"),
        (["lamp", "--promote=rows"], "argument --promote: invalid choice: 'rows'"),
        (["lamp", "--baseline-age", "x"], "'x' is not a number of days up to 36500"),
        (["lamp", "--baseline-age", "nan"], "'nan' is not a number of days up to 36500"),
        (["lamp", "--baseline-age=-1"], "'-1' is not a number of days up to 36500"),
    ],
)
def test_what_cannot_be_tried_ends_with_2_and_the_reason(
    checkout: Checkout, arguments: list[str], words: str
) -> None:
    code, lines = checkout.run("candidate", *arguments)
    assert code == 1  # nox knows no other code for a session that fails
    assert any("exit 2, could not judge: " in line and words in line for line in lines), lines
    assert not (checkout.bench.root / "reports" / "candidates").exists()


def test_options_may_stand_before_between_and_behind_requests(checkout: Checkout) -> None:
    between = ("lamp==1.1", "--python", PYTHON, "wire==2.0")
    code, lines = checkout.run("candidate", "--promote", *between)
    assert code == 0, lines
    assert any(f"lamp==1.1 wire==2.0 python=={PYTHON}: safe" in line for line in lines), lines
    assert any(line.startswith("wrote row 'verified-lamp-1-1-wire-2-0-") for line in lines), lines


def test_a_row_is_changed_however_it_is_laid_out(checkout: Checkout) -> None:
    file = checkout.bench.root / "matrices" / "engines.toml"
    rows = (
        'verified = { summary = "Works." }  # in line',
        'verified.summary = "Works."  # dotted',
    )
    for row, ends in product(rows, ("\n", "\r\n")):
        text = MATRIX.replace('[rows.verified]\nsummary = "Works."', f"[rows]\n{row}")
        file.write_bytes(text.replace("\n", ends).encode())
        if not (checkout.bench.root / "reports" / "candidates").exists():
            code, lines = checkout.run("candidate", "lamp==1.2", "--promote", "pins")
            assert code == 0, lines
        else:  # the same trial, written as the session writes it
            evidence, verdict = latest(checkout, "lamp-1.2")
            assert promote_into_row(file, verdict, evidence.plan, TODAY) == "verified"
        written = file.read_bytes().decode()
        assert row.partition("#")[2] in written
        assert written.count("\n") == written.count(ends)
        overrides = load_matrix(file).rows["verified"].overrides
        assert [(item.pin, item.version) for item in overrides] == [("lamp", "1.2")]


def test_a_row_with_a_least_age_keeps_it_when_a_trial_is_promoted(checkout: Checkout) -> None:
    aged = 'summary = "Works."\nmin-age = "30d"\nmin-age-exempt = ["lamp"]'
    checkout.write_matrix(MATRIX.replace('summary = "Works."', aged), name="engines")
    file = checkout.bench.root / "matrices" / "engines.toml"
    for promote in ("row", "pins"):
        code, lines = checkout.run("candidate", "lamp==1.2", f"--promote={promote}")
        assert code == 0, lines
    rows = load_matrix(file).rows
    assert {row.min_age for row in rows.values()} == {"30d"}
    assert {row.min_age_exempt for row in rows.values()} == {("lamp",)}
    assert rows.keys() == {"verified", "verified-lamp-1-2"}
    assert [item.version for item in rows["verified"].overrides] == ["1.2"]


def test_a_release_that_is_too_young_for_its_row_is_promoted_with_the_cut_off_of_its_trial(
    checkout: Checkout,
) -> None:
    """With the row's least age it could not be installed."""
    days = (datetime.now(timezone.utc) - datetime(2025, 4, 20, tzinfo=timezone.utc)).days
    aged = f'summary = "Works."\nmin-age = "{days}d"'
    text = MATRIX.replace('summary = "Works."', aged)
    checkout.write_matrix(text, name="engines")
    _, lines = checkout.run("candidate", "lamp==1.2", "--promote=pins")
    assert any("exit 2" in line and "as a row of its own" in line for line in lines), lines
    file = checkout.bench.root / "matrices" / "engines.toml"
    assert file.read_text(encoding="utf-8") == text
    exempt = text.replace("min-age", 'min-age-exempt = ["wire"]\nmin-age', 1)
    checkout.write_matrix(exempt, name="engines")
    _, lines = checkout.run("candidate", "lamp==1.2", "--promote")
    assert any("exit 2" in line and "exempt from it (wire)" in line for line in lines), lines
    assert file.read_text(encoding="utf-8") == exempt
    checkout.write_matrix(text, name="engines")
    code, lines = checkout.run("candidate", "lamp==1.2", "--promote")
    assert code == 0, lines
    row = load_matrix(file).rows["verified-lamp-1-2"]
    assert (row.min_age, row.as_of) == (None, datetime(2025, 5, 2, 0, 0, 1, tzinfo=timezone.utc))
    code, lines = checkout.nox("-s", "verify-optional(engines/verified-lamp-1-2)")
    assert code == 0, lines


def test_a_promoted_row_chooses_and_fails_as_its_base_does(
    checkout: Checkout, index: Index
) -> None:
    index.add(Release("lamp", "0.9", modules=BROKEN))
    text = DARK.replace('summary = "Works."', 'summary = "Works."\nprereleases = {}')
    expected = expected_dark("until = 2099-12-31")
    for prereleases, written in (('["wire"]', ("wire",)), ('"all"', ("all",))):
        checkout.write_matrix(text.format(prereleases) + expected, name="engines")
        code, lines = checkout.run("candidate", "--with", "alpha==1.0", "--promote")
        assert code == 0, lines
        rows = load_matrix(checkout.bench.root / "matrices" / "engines.toml").rows
        row = rows["verified-alpha-1-0"]
        assert row.prereleases == written
        assert {failure.until for failure in row.known_failures} == {date(2099, 12, 31)}


def test_nothing_else_is_promoted_than_what_was_asked_for(checkout: Checkout, index: Index) -> None:
    blind = {"vision/__init__.py": "raise ImportError('blind')\n"}
    index.add(
        Release("vision", "1.4", requires=["engine==2.0"], modules=blind, uploaded=released(9))
    )
    code, _ = checkout.run("candidate", "engine==2.0", "vision==1.4", "--promote")
    assert code == 1
    file = checkout.bench.root / "matrices" / "engines.toml"
    assert file.read_text(encoding="utf-8") == MATRIX


def test_with_a_python_that_a_pin_is_not_for_nothing_breaks(checkout: Checkout) -> None:
    """The row goes without the pin there, and without its checks."""
    others = [item for item in interpreters(checkout.bench.environ) if item != PYTHON]
    if not others:
        pytest.skip("this machine has no other Python")
    marked = pin("wire", area="2", role="connects")
    assert marked in MATRIX
    wanted = f"{marked}marker = \"python_version == '{PYTHON}'\"\n"
    checkout.write_matrix(MATRIX.replace(marked, wanted), name="engines")
    code, lines = checkout.run("candidate", "--python", others[0])
    assert code == 0, lines
    found = trial(checkout, f"python-{others[0]}")
    assert (found["pins_moved"], found["comparison"]["lost"]) == ([], [])
    assert set(found["comparison"]["not_comparable"]) == {"import:wire", "version:wire"}


def test_a_known_failure_that_a_promoted_pin_mends_goes(checkout: Checkout, index: Index) -> None:
    index.add(Release("lamp", "0.9", modules=BROKEN))
    checkout.write_matrix(DARK + expected_dark(), name="engines")
    code, lines = checkout.run("candidate", "lamp==1.2", "--promote", "pins")
    assert code == 0, lines
    file = checkout.bench.root / "matrices" / "engines.toml"
    assert load_matrix(file).rows["verified"].known_failures == ()


def test_what_is_remembered_is_judged_by_what_is_expected_now(
    checkout: Checkout, index: Index
) -> None:
    """A trial that fails by other words than the matrix expects is no regression without them."""
    index.add(Release("lamp", "0.9", modules=BROKEN))
    sooty = {"lamp/__init__.py": "raise ImportError('the glass is black')\n"}
    index.add(Release("lamp", "0.8", modules=sooty))
    expecting = DARK + expected_dark('says = "the bulb is out"')
    for text, code in ((DARK, 0), (expecting, 1), (DARK, 0), (expecting, 1)):
        checkout.write_matrix(text, name="engines")
        assert checkout.run("candidate", "lamp==0.8")[0] == code
    # Runs that are judged alike are remembered: the last two baselines were not built again.
    home = checkout.bench.root / "reports" / "engines" / "verified"
    baselines = [Evidence(folder).plan for folder in home.glob("[0-9]*")]
    assert sum(plan.versions["lamp"] == "0.9" for plan in baselines) == 2


def test_what_a_promoted_row_adds_can_be_added_to(checkout: Checkout) -> None:
    code, lines = checkout.run("candidate", "--with", "alpha==1.0", "--promote")
    assert code == 0, lines
    more = ("--row", "verified-alpha-1-0", "--with", "gamma==1.0", "--promote")
    code, lines = checkout.run("candidate", *more)
    assert code == 0, lines
    rows = load_matrix(checkout.bench.root / "matrices" / "engines.toml").rows
    (stage,) = rows["verified-alpha-1-0-gamma-1-0"].stages
    assert (stage.name, stage.requirements) == ("asked-for-2", ("gamma==1.0",))


def assert_told(lines: Sequence[str]) -> None:
    """Assert that a frontier tells each trial and each pin in a line, and no resolution."""
    parts = [line.rsplit(maxsplit=2)[0] for line in lines if line.startswith("engines/verified")]
    assert parts == [
        "engines/verified: every check",
        "engines/verified with engine==2.0, vision==1.5: every check",
        "engines/verified with engine==2.0, vision==1.5: every check",
        "engines/verified with lamp==1.3: every check",
        "engines/verified: with lamp 1.2, 1 check",
        "engines/verified with lamp==1.2: every check",
        "engines/verified with wire==2.0: every check",
        # All together, and who it is that keeps them from passing.
        "engines/verified with engine==2.0, lamp==1.2, vision==1.5 and 1 more: every check",
        "engines/verified with engine==2.0, vision==1.5: every check",
        "engines/verified with engine==2.0, vision==1.5, wire==2.0: every check",
        "engines/verified with engine==2.0, vision==1.5, wire==2.0: every check",
    ]
    pins = [line for line in lines if " of 4, " in line]
    assert pins[0] == "1 of 4, engine 1.0: passes 2.0 with vision 1.5; is the newest"
    assert pins[2].startswith("3 of 4, lamp 1.0: passes 1.2; 1.3: import:")
    assert len(pins) == 4


def test_the_frontier_goes_as_far_as_the_stack_lets_it(unproved: Checkout) -> None:
    code, lines = unproved.run("frontier")
    assert code == 0, "\n".join(lines)
    file = unproved.bench.root / "reports" / "engines" / "verified" / "frontier.json"
    assert "frontier: reports/engines/verified/frontier.md" in lines
    assert_told(lines)
    found = json.loads(file.read_text(encoding="utf-8"))
    pins = {pin["name"]: pin for pin in found["pins"]}
    assert {name: pin["newest_passing"] for name, pin in pins.items()} == {
        "engine": "2.0",
        "vision": "1.5",
        "lamp": "1.2",
        "wire": "2.0",
    }
    lamp = pins["lamp"]
    assert (lamp["newest"], lamp["newest_resolvable"]) == ("1.4", "1.3")
    assert lamp["blocked"]["version"] == "1.3"
    assert "the bulb is out" in lamp["blocked"]["because"]
    assert pins["engine"]["companions"] == {"vision": "1.5"}
    assert pins["vision"]["companions"] == {"engine": "2.0"}
    # Of two that exclude each other the one that gains more days stays.
    assert found["joint"]["versions"] == {"engine": "2.0", "vision": "1.5", "wire": "2.0"}
    assert [item["name"] for item in found["joint"]["left_out"]] == ["lamp"]
    before = sorted((unproved.bench.root / "reports").rglob("verdict.json"))
    code, lines = unproved.run("frontier")
    assert code == 0, lines
    # Nothing is tried twice.
    assert sorted((unproved.bench.root / "reports").rglob("verdict.json")) == before
    assert json.loads(file.read_text(encoding="utf-8")) == found


@pytest.mark.parametrize("names", [("engine", "vision"), ("vision", "engine")])
def test_what_passes_for_one_pin_is_proved_for_its_companions_too(
    checkout: Checkout, index: Index, names: tuple[str, str]
) -> None:
    seized = {"engine/__init__.py": "raise ImportError('the engine has seized')\n"}
    index.add(
        Release("engine", "2.5", uploaded=released(12)),
        Release("engine", "3.0", modules=seized, uploaded=released(12)),
        # With the newest that it admits it fails.
        Release("vision", "2.0", requires=["engine>=2"], uploaded=released(13)),
    )
    code, lines = checkout.run("frontier", *names)
    assert code == 0, "\n".join(lines)
    found = named_frontier(checkout)
    pins = {pin["name"]: pin for pin in found["pins"]}
    assert list(pins) == list(names)
    engine, vision = pins["engine"], pins["vision"]
    assert (engine["newest_passing"], engine["companions"]) == ("2.5", {"vision": "2.0"})
    assert engine["blocked"]["version"] == "3.0"
    assert "the engine has seized" in engine["blocked"]["because"]
    assert (vision["newest_passing"], vision["companions"]) == ("2.0", {"engine": "2.5"})
    assert (vision["newest_resolvable"], vision["blocked"]) == ("2.0", None)
    assert vision["gained_days"] > 0
    assert found["joint"]["versions"] == {"engine": "2.5", "vision": "2.0"}
    assert found["joint"]["left_out"] == []


def test_a_frontier_takes_nothing_from_a_trial_that_was_made_before(checkout: Checkout) -> None:
    as_of = ("--as-of", "2025-06-01T00:00:00Z")
    checkout.run("candidate", "engine==2.0", *as_of)
    before = trial(checkout, "engine-2.0+vision-1.5")
    assert before["companions"] == ["vision==1.5"]
    code, lines = checkout.run("frontier", "vision", *as_of)
    assert code == 0, lines
    assert trial(checkout, "engine-2.0+vision-1.5") == before


def test_upgrades_that_cannot_be_judged_together_are_told_as_that(
    checkout: Checkout, index: Index
) -> None:
    index.add(Release("wire", "3.0", uploaded=released(7)))
    shine = SHINE.replace("import lamp", "import lamp, wire").replace(
        '== "1.2"', '== "1.2" and wire.__version__ == "3.0"'
    )
    checkout.bench.write("tests/stack/workloads/test_shine.py", shine)
    code, lines = checkout.run("frontier", "lamp", "wire")
    assert code == 1
    assert any("aborted: exit 2" in line for line in lines), lines
    found = named_frontier(checkout)
    assert found["complete"] is True
    assert "no socket for it" in found["joint"]["unjudged"]


def test_a_pin_of_another_index_is_looked_for_there(checkout: Checkout) -> None:
    # The newer one comes from there alone, and a newer one of the default index is no step up.
    checkout.bench.index.add(Release("probe", "3.0"))
    with Index(Release("probe", "1.0"), Release("probe", "2.0", uploaded=released(3))) as own:
        checkout.write_matrix(MATRIX + PROBED.format(url=own.url), name="engines")
        code, lines = checkout.run("candidate", "probe==2.0")
        assert code == 0, lines
        code, lines = checkout.run("frontier", "probe")
        assert code == 0, lines
    (probe,) = named_frontier(checkout)["pins"]
    assert (probe["newest"], probe["newest_passing"], probe["blocked"]) == ("2.0", "2.0", None)


def test_of_a_pin_without_releases_nothing_is_claimed(checkout: Checkout) -> None:
    with Index() as own:
        checkout.write_matrix(MATRIX + PROBED.format(url=own.url), name="engines")
        code, lines = checkout.run("candidate", "probe==2.0")
        assert code == 1
        assert any("exit 2" in line and "'probe'" in line for line in lines), lines
        code, lines = checkout.run("frontier", "probe")
    assert code == 1
    assert any("exit 2" in line and "probe >1.0" in line for line in lines), lines
    (probe,) = named_frontier(checkout)["pins"]
    assert [item["version"] for item in probe["unjudged"]] == [">1.0"]


def test_each_row_has_a_table_of_its_own(checkout: Checkout) -> None:
    checkout.write_matrix(f'{MATRIX}\n[rows.other]\nsummary = "Works too."\n', name="engines")
    for row in ("verified", "other"):
        code, lines = checkout.run("frontier", "lamp", "--row", row)
        assert code == 0, lines
    for row in ("verified", "other"):
        home = checkout.bench.root / "reports" / "engines" / row
        assert json_of(home / "frontier-named.json")["row"] == f"engines/{row}"
        assert f"# Frontier of engines/{row}" in (home / "frontier-named.md").read_text("utf-8")


def test_an_interrupted_frontier_goes_on_where_it_was(checkout: Checkout) -> None:
    reports = checkout.bench.root / "reports"
    candidates, home = reports / "candidates", reports / "engines" / "verified"
    code, lines = checkout.run("frontier", "lamp", "--as-of", "2025-05-02T00:00:00Z")
    assert code == 0, lines
    before = named_frontier(checkout)
    running = checkout.start("-s", "frontier", "--", "wire", "lamp")
    wait_for((home / "frontier-named-unfinished.json").exists, 60)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode != 0
    assert "frontier: reports/engines/verified/frontier-named-unfinished.md" in output
    # What is not finished takes nothing from what is.
    assert named_frontier(checkout) == before
    unfinished = json_of(home / "frontier-named-unfinished.json")
    assert (unfinished["complete"], unfinished["pins"][0]["name"]) == (False, "wire")
    done = set(candidates.glob("*/[0-9]*/verdict.json"))
    code, lines = checkout.run("frontier", "wire", "lamp")
    assert code == 0, lines
    # What was finished was taken as it was; every trial that was judged was made once.
    assert done <= set(candidates.glob("*/[0-9]*/verdict.json"))
    for tried in candidates.iterdir():
        files = tried.glob("[0-9]*/verdict.json")
        verdicts = [item for item in map(json_of, files) if item["as_of"] != before["as_of"]]
        assert [item["verdict"] != "unjudged" for item in verdicts].count(True) <= 1, tried
    assert not list(home.glob("frontier-named-unfinished.*"))
    found = named_frontier(checkout)
    assert {pin["name"]: pin["newest_passing"] for pin in found["pins"]} == {
        "wire": "2.0",
        "lamp": "1.2",
    }
