"""The session `diagnose` on a row of a matrix: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from support.checkout import Checkout
from support.index import Fault, Index
from support.matrices import matrix, pin, stage
from support.processes import wait_for
from support.records import DIAGNOSIS
from support.wheels import Release
from support.workbench import Bench

from stackproof.base.times import from_timestamp, timestamp
from stackproof.evidence.folder import Evidence
from stackproof.evidence.verdict import judge
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix

BAD_DAY = datetime(2025, 3, 2, 10, tzinfo=timezone.utc)
OLD = {"lamps/__init__.py": "def shine():\n    return 'bright'\n"}
NEW = {"lamps/__init__.py": "def glow():\n    return 'bright'\n"}
USES = {"phone/__init__.py": "from lamps import shine\n"}
#: One pin, which works with lamps below 2 alone.
PHONE = matrix("Phone", pin("phone"), stage("one", "phone", step="Install phone."))
UNTIL = "2025-06-01T00:00:00Z"


@pytest.fixture
def checkout(bench: Bench, index: Index) -> Checkout:
    """Return a checkout whose one row broke in March."""
    index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "1.4", modules=OLD),
        Release("lamps", "2.0.0", modules=NEW, uploaded=BAD_DAY),
    )
    made = Checkout(bench)
    made.write_matrix(PHONE)
    return made


def diagnose(checkout: Checkout) -> tuple[list[str], dict[str, Any]]:
    """Return what the session printed, and what it wrote."""
    _, lines = checkout.run("diagnose", "tiny/plain", "--as-of", UNTIL)
    file = checkout.bench.root / "reports/tiny/plain/diagnosis.json"
    return lines, json.loads(file.read_text(encoding="utf-8"))


def test_a_fix_is_a_patch_of_the_matrix(checkout: Checkout) -> None:
    known = 'check = "import:phone"\nreason = "lamps"\ndate = 2025-03-03\n'
    checkout.write_matrix(f"{PHONE}\n[[rows.plain.known-failures]]\n{known}")
    file = checkout.bench.root / "matrices" / "tiny.toml"
    patch = diagnose(checkout)[1]["patch"]
    assert patch.startswith("--- a/matrices/tiny.toml\n+++ b/matrices/tiny.toml\n")
    command = ["git", "apply", "-"]
    subprocess.run(command, input=patch, cwd=checkout.bench.root, text=True, check=True)
    row = load_matrix(file).rows["plain"]
    assert [item.requirement for item in row.additions] == ["lamps<2"]
    # An expected failure that passes would be unexpected.
    assert row.known_failures == ()
    plan = make_plan(load_matrix(file), name="tiny", row="plain")
    verdict, evidence = checkout.bench.verify(plan)
    assert (verdict.verdict, evidence.freeze["lamps"]) == ("ok", "1.4")


def test_what_to_add_is_a_row_of_the_matrix_that_passes(checkout: Checkout) -> None:
    lines, found = diagnose(checkout)
    assert found["mend"]["requirements"] == ["lamps<2"]
    text = found["toml"]
    assert [f"    {line}".rstrip() for line in text.splitlines()] == (
        lines[(begin := lines.index("    [rows.plain-diagnosed]")) : begin + text.count("\n")]
    )
    page = checkout.bench.root / "reports/tiny/plain/diagnosis.md"
    assert text.strip() in page.read_text(encoding="utf-8")
    file = checkout.bench.root / "matrices" / "tiny.toml"
    file.write_text(f"{PHONE}\n{text}", encoding="utf-8")
    written = load_matrix(file)
    (addition,) = written.rows["plain-diagnosed"].additions
    assert (addition.requirement, "shine" in addition.reason) == ("lamps<2", True)
    bench = checkout.bench
    before, after = (make_plan(written, name="tiny", row=row) for row in written.rows)
    verdict, evidence = bench.verify(after)
    assert (verdict.verdict, evidence.freeze["lamps"]) == ("ok", "1.4")
    assert bench.verify(before.model_copy(update={"as_of": after.as_of}))[0].verdict == "broken"


def exempting(checkout: Checkout, index: Index) -> None:
    """Have a row take nothing younger than a week but its own pin, which came since."""
    new = datetime.now(timezone.utc) - timedelta(days=2)
    index.add(Release("phone", "1.1", requires=["lamps"], modules=USES, uploaded=new))
    exempt = 'min-age = "7d"\nmin-age-exempt = ["phone"]\nsummary = "'
    checkout.write_matrix(PHONE.replace('"1.0"', '"1.1"').replace('summary = "', exempt, 1))


@pytest.mark.parametrize("session", ["diagnose", "repair", "timeline"])
def test_who_is_exempt_from_a_rows_least_age_stays_so_in_searches(
    checkout: Checkout, index: Index, session: str
) -> None:
    exempting(checkout, index)
    month = timestamp(datetime.now(timezone.utc) - timedelta(days=30))
    index.add(Release("lamps", "1.5", modules=OLD, uploaded=from_timestamp(month)))
    index.add(Release("lamps", "2.1", modules=NEW, uploaded=from_timestamp(month)))
    code, lines = checkout.run(session, "tiny/plain")
    name = f"reports/tiny/plain/{'diagnosis' if session == 'diagnose' else session}.json"
    found = json.loads((checkout.bench.root / name).read_text(encoding="utf-8"))
    if session == "diagnose":
        assert found["mend"]["requirements"] == ["lamps<2"]
    elif session == "repair":
        assert (code, found["found"], found["pins"][0]["name"]) == (0, True, "lamps")
    else:
        states = {item["id"]: item["state"] for item in found["checks"]}
        assert states == dict.fromkeys(["import:*", "import:phone"], "never-worked"), lines
        assert found["buildable_since"] == found["since"]


def test_from_a_cut_off_that_a_user_states_nobody_is_exempt(
    checkout: Checkout, index: Index
) -> None:
    exempting(checkout, index)
    _, lines = checkout.run("diagnose", "tiny/plain", "--as-of", UNTIL)
    assert "phone 1.1 was uploaded " in lines[-1]


# --- cut short -------------------------------------------------------------------------------


class Slow:
    """A row with two faults, one behind the other, as of a moment at which both are there.

    What cures the second one waits in its import for as long as there is a file `waiting`.
    """

    def __init__(self, checkout: Checkout, index: Index) -> None:
        self.checkout = checkout
        self.home = checkout.bench.root / "reports" / "tiny" / "plain"
        self.reached, self.waiting = (checkout.bench.root / name for name in ("reached", "wait"))
        waits = (
            "import time\nfrom pathlib import Path\n"
            f"Path({str(self.reached)!r}).touch()\n"
            f"while Path({str(self.waiting)!r}).exists():\n    time.sleep(0.05)\n"
        )
        both = {"phone/__init__.py": "from bells import ring\nfrom lights import shine\n"}
        ring = {"bells/__init__.py": "def ring():\n    return 1\n"}
        old = {"lights/__init__.py": f"{waits}def shine():\n    return 'bright'\n"}
        index.add(
            Release("phone", "1.1", requires=["lights", "bells"], modules=both),
            Release("bells", "1.0", modules=ring),
            Release("bells", "3.0", uploaded=BAD_DAY.replace(month=5)),
            Release("lights", "1.0", requires=["wick"], modules=old),
            Release("lights", "2.0", uploaded=BAD_DAY),
            Release("wick", "1.0"),
        )
        checkout.write_matrix(PHONE.replace('"1.0"', '"1.1"'))

    def diagnose(self, *more: str) -> list[str]:
        """Run the session to its end; return what it printed."""
        return self.checkout.run("diagnose", "tiny/plain", *more)[1]

    @property
    def diagnosis(self) -> Diagnosis:
        """What the last session wrote."""
        return Diagnosis.load(self.home / "diagnosis.json", "run it again")

    @property
    def told(self) -> list[str]:
        """The releases that are blamed."""
        blamed = [cause.culprit for cause in self.diagnosis.causes]
        return [f"{item.name} {item.version}" for item in blamed if item]

    def judged(self) -> set[str]:
        """Return what was built and asked by each probe that was judged; none was made twice."""
        runs = [Evidence(file.parent) for file in self.home.glob("probes/[0-9]*/verdict.json")]
        made = [run.plan.fingerprint for run in runs if judge(run).settled]
        assert len(made) == len(set(made))
        return set(made)


def test_an_interrupted_diagnosis_goes_on_where_it_was(checkout: Checkout, index: Index) -> None:
    slow = Slow(checkout, index)
    slow.waiting.touch()
    running = checkout.start("-s", "diagnose", "--", "tiny/plain", "--as-of", UNTIL)
    wait_for(slow.reached.exists, 120)
    running.send_signal(signal.SIGTERM)
    output, _ = running.communicate(timeout=60)
    assert "aborted: exit 2, interrupted; the next call goes on from there" in output
    short, before = slow.diagnosis, slow.judged()
    assert (short.verdict, short.trouble) == ("broken", "interrupted")
    assert slow.told == ["bells 3.0"]
    assert (short.mend.requirements, short.mend.found) == (("bells<3",), False)
    lines = output.splitlines()
    assert "release: bells 3.0, uploaded 2025-05-02T10:00:00Z, replaces 1.0; " in output
    assert lines[(said := lines.index("    bells<3")) - 2] == "This was not seen to be enough:"
    assert lines[said + 1].startswith("tiny/plain BROKEN, cut short: interrupted; as of 2025-06-01")
    assert (short.builds, short.built) == (3, 3)
    # Once more by Ctrl-C, on a terminal, which shows what is known so far.
    shown = interrupted_on_a_terminal(checkout)
    assert "exit 2, interrupted" in shown
    again = slow.diagnosis
    assert again == short.model_copy(update={"built": 0, "seconds": again.seconds})
    assert slow.judged() == before
    slow.waiting.unlink()
    slow.diagnose("--as-of", UNTIL)
    whole = slow.diagnosis
    assert (whole.trouble, whole.mend.found) == (None, True)
    assert sorted(slow.told) == ["bells 3.0", "lights 2.0"]
    # All that was built before stands.
    assert whole.built == whole.builds - short.builds
    assert before < slow.judged()


def interrupted_on_a_terminal(checkout: Checkout) -> str:
    """Interrupt a diagnosis where it waits, once it tells what it found; return what was shown."""
    environ = {name: text for name, text in checkout.environ.items() if name != "NO_COLOR"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "nox", "-s", "diagnose", "--", "tiny/plain", "--as-of", UNTIL],
        cwd=checkout.bench.root,
        env=environ | {"TERM": "xterm", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        shown = ""
        while "lights 1.0, 2 checks" not in shown or "(found: release bells 3.0)" not in shown:
            shown += os.read(ours, 4096).decode(errors="replace")
        running.send_signal(signal.SIGINT)
        with suppress(OSError):  # what a terminal says whose other end is closed
            while read := os.read(ours, 4096):
                shown += read.decode(errors="replace")
    os.close(ours)
    return shown


@pytest.mark.fault("index")
def test_a_diagnosis_goes_on_once_the_index_answers_again(checkout: Checkout, index: Index) -> None:
    slow = Slow(checkout, index)
    index.fail(Fault.SERVER_ERROR, "wick")  # which older releases alone require
    lines = slow.diagnose()
    assert "aborted: exit 2, could not judge: " in lines[-1]
    short, before = slow.diagnosis, slow.judged()
    assert (short.verdict, short.mend.requirements) == ("broken", ("bells<3",))
    assert "wick" in (short.trouble or "")
    assert slow.told == ["bells 3.0"]
    assert "cut short: " in slow.home.joinpath("diagnosis.md").read_text(encoding="utf-8")
    index.mend()
    slow.diagnose()
    whole = slow.diagnosis
    assert (whole.as_of, whole.trouble) == (short.as_of, None)
    assert whole.mend.requirements == ("bells<3", "lights<2")
    assert whole.built == whole.builds - short.builds
    assert before < slow.judged()


@pytest.mark.parametrize(
    ("hours", "trouble", "goes_on"),
    [(5, "interrupted", "yes"), (30, "interrupted", "no"), (5, None, "no")],
)
def test_what_was_cut_short_today_is_gone_on_with_as_of_its_moment(
    bench: Bench, hours: int, trouble: str | None, goes_on: str
) -> None:
    checkout = Checkout(bench)
    moment = timestamp(datetime.now(timezone.utc) - timedelta(hours=hours))
    file = bench.root / "reports/tiny/plain/diagnosis.json"
    DIAGNOSIS.model_copy(update={"as_of": moment, "trouble": trouble}).write(file)
    assert checkout.run("diagnose", "tiny/plain")[0] == 0
    found = Diagnosis.load(file, "run it again")
    assert (found.verdict, found.as_of == moment) == ("ok", goes_on == "yes")


def staged(*names: str) -> str:
    """Return a matrix with a stage a pin: it may go past what an earlier one wants."""
    stages = [stage(name, name, step=f"Install {name}.") for name in names]
    return matrix("Staged", *map(pin, names), *stages)


def test_what_a_later_stage_went_past_is_bounded_by_what_is_wanted(
    checkout: Checkout, index: Index
) -> None:
    index.add(
        Release("desk", "1.0", requires=["core==1.0"]),
        Release("tool", "1.0", requires=["web[fast]"]),
        Release("web", "1.0", extras={"fast": ["core>=2"]}),
        *(Release("core", version) for version in ("1.0", "1.5", "2.0", "2.1", "3.0")),
    )
    checkout.write_matrix(staged("desk", "tool"))
    _, found = diagnose(checkout)
    assert found["mend"]["requirements"] == ["core<1.5"]
    assert found["mend"]["confirmed"] is True
    # Not one release of core after the other.
    assert found["builds"] == 3


def test_no_release_is_well_that_moves_a_pin(checkout: Checkout, index: Index) -> None:
    index.add(
        Release("tool", "1.0", requires=["plot"]),
        *(Release("plot", version, requires=["num"]) for version in ("1.0", "1.5")),
        *(
            Release("plot", version, requires=["num>=2"], uploaded=BAD_DAY)
            for version in ("2.0", "2.1")
        ),
        *(Release("num", version) for version in ("1.0", "2.0")),
    )
    checkout.write_matrix(staged("tool", "num"))
    _, found = diagnose(checkout)
    assert found["mend"]["requirements"] == ["plot<2"]
    assert found["mend"]["versions"] == {"plot": "1.5"}


def test_pins_that_no_stage_installs_are_installed_by_one(checkout: Checkout, index: Index) -> None:
    index.add(
        Release("desk", "1.0", requires=["core==1.0"]),
        Release("tool", "1.0", requires=["web[fast]"]),
        Release("web", "0.9", extras={"fast": ["core"]}),
        Release("web", "1.0", extras={"fast": ["core>=2"]}),
        *(Release("core", version) for version in ("1.0", "1.5", "2.0")),
        *(Release(name, "1.0", requires=["core"]) for name in ("lost", "shade")),
    )
    stages = [stage(name, name, step=f"Install {name}.") for name in ("desk", "tool")]
    pins = [pin("desk"), pin("tool"), pin("lost"), pin("shade", "1.1")]
    checkout.write_matrix(matrix("Staged", *pins, *stages))
    _, found = diagnose(checkout)
    assert (found["mend"]["requirements"], found["mend"]["confirmed"]) == (
        ["core<1.5", "lost==1.0", "shade==1.0"],
        True,
    )
    assert [(item["pin"], item["version"]) for item in found["instead"]] == [("shade", "1.0")]
    assert {(it["kind"], it["sentence"]) for it in found["causes"] if it["kind"] == "floor"} == {
        ("floor", "lost: stands among the pins, but no stage installs it"),
        ("floor", "shade: 1.1 was never released; 1.0 is the nearest to it"),
    }
    file = checkout.bench.root / "matrices" / "tiny.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{found['toml']}", encoding="utf-8")
    plan = make_plan(load_matrix(file), name="tiny", row="plain-diagnosed")
    verdict, evidence = checkout.bench.verify(plan)
    assert (verdict.verdict, evidence.freeze["shade"]) == ("ok", "1.0")


def test_a_pin_that_floats_gets_a_range_and_no_version(checkout: Checkout, index: Index) -> None:
    index.add(
        Release("phone", "1.1", requires=["lamps"], modules=USES),
        Release("lamps", "1.4.post1", modules=OLD),
        Release("lamps", "2.0.0.post1", modules=NEW, uploaded=BAD_DAY),
    )
    text = matrix(
        "Floating",
        pin("phone", among=">=1"),
        pin("lamps", among=">=1"),
        stage("one", "phone", "lamps", step="Install both."),
    )
    checkout.write_matrix(text)
    _, found = diagnose(checkout)
    assert found["mend"]["requirements"] == ["lamps<2"]
    file = checkout.bench.root / "matrices" / "tiny.toml"
    file.write_text(f"{text}\n{found['toml']}", encoding="utf-8")
    (override,) = load_matrix(file).rows["plain-diagnosed"].overrides
    assert (override.version, override.range) == (None, ">=1,<2")
    verdict, evidence = checkout.bench.verify(
        make_plan(load_matrix(file), name="tiny", row="plain-diagnosed")
    )
    assert (verdict.verdict, evidence.freeze["lamps"]) == ("ok", "1.4.post1")


def test_a_release_after_a_release_is_left_out(checkout: Checkout, index: Index) -> None:
    index.add(
        Release("phone", "1.1", requires=["lamps<2"], modules=USES),
        Release("lamps", "1.4.post1", modules=NEW, uploaded=BAD_DAY),
        Release("lamps", "1.5", modules=NEW, uploaded=BAD_DAY.replace(day=20)),
    )
    checkout.write_matrix(PHONE.replace('version = "1.0"', 'version = "1.1"'))
    _, found = diagnose(checkout)
    assert found["mend"]["requirements"] == ["lamps<1.4.post1"]
    assert found["mend"]["versions"] == {"lamps": "1.4"}
