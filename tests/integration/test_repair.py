"""Repairs of made-up stacks, built for real: pins, why none can be left out, and the proof."""

from __future__ import annotations

from datetime import date, datetime, timezone
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.index import Index
from support.matrices import PYTHON, matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench, toml, torn_once

from stackproof.base.progress import Progress
from stackproof.cli.links_beside import look_command
from stackproof.errors import CannotJudgeError, MatrixError, StackproofError
from stackproof.evidence.folder import Evidence
from stackproof.experiments.planner import Planner
from stackproof.experiments.prober import Prober
from stackproof.experiments.repair.record import RemedyTrial, Removal, Repair, RepairedPin, Tried
from stackproof.experiments.repair.repairing import Repairer
from stackproof.experiments.repair.writing import write_repair
from stackproof.experiments.runner import Runner
from stackproof.index.client import IndexClient
from stackproof.index.history import Releases
from stackproof.installers.interpreters import find_target
from stackproof.installers.planning import make_plan
from stackproof.installers.resolver import Resolver
from stackproof.matrix.load import load_matrix, parse_matrix
from stackproof.reasons.reason import reason
from stackproof.report.files import conclude
from stackproof.report.repair import print_repair, repair_markdown

MOMENT = datetime(2025, 6, 1, tzinfo=timezone.utc)
TODAY = date(2025, 6, 2)

PHONE = "# The phone, and what goes with it.\n" + matrix(
    "Phone",
    pin("phone", role="calls"),
    pin("numbers", "2.9", imports="numbers_", area="second", role="digits"),
    pin("radio", area="third", role="music"),
    stage("lamps", step="Install old lamps.", more='requirements = ["lamps<2"]\n'),
    stage("phone", "phone", step="Install the phone."),
    stage("numbers", "numbers", step="Install the numbers."),
).replace('says."', 'says."  # word for word')

RADIO = """\

[[stages]]
name = "radio"
step = "Install the radio."
pins = ["radio"]

[rows.plain]"""

#: The same with the radio installed, as the document forgot to say.
TUNED = PHONE.replace("[rows.plain]", RADIO.lstrip())

WORKLOAD = """\
import pytest


@pytest.mark.workload("light", needs=("phone",), seconds=0.1, timeout=60)
def test_light() -> None:
    import lamps

    assert lamps.shine() == "bright"
"""

DARK = 'def shine():\n    raise RuntimeError("too old to shine")\n'
BRIGHT = 'def shine():\n    return "bright"\n'

RELEASES = (
    Release("phone", "1.0", requires=["contacts", "lamps", "bells"]),
    Release("numbers", "2.9", modules={"numbers_.py": '__version__ = "2.9"\n'}),
    Release("numbers", "3.0", modules={"numbers_.py": '__version__ = "3.0"\n'}),
    Release("contacts", "2.0", requires=["numbers>=2"]),
    Release("contacts", "2.1", requires=["numbers>=3"]),
    Release("radio", "1.0", requires=["bells"]),
    Release("bells", "1.0"),
    Release("lamps", "1.0", modules={"lamps/__init__.py": DARK}),
    Release("lamps", "2.0", modules={"lamps/__init__.py": BRIGHT}),
)

CONTACTS = RepairedPin(
    name="contacts",
    version="2.0",
    mends=("pip-check:*", "pip-check:contacts"),
    because=("contacts 2.1 requires numbers>=3; the row pins numbers 2.9"),
    why=reason(
        "does",
        release="contacts 2.1",
        did=reason("needs-not-pinned", requirement="numbers>=3", has="numbers 2.9"),
    ),
    documented=None,
)
LAMPS = RepairedPin(
    name="lamps",
    version="2.0",
    mends=("smoke:light",),
    because="with lamps 1.0, smoke:light says: RuntimeError: too old to shine",
    why=reason(
        "check-says",
        release="lamps 1.0",
        check="smoke:light",
        said="RuntimeError: too old to shine",
    ),
    documented=None,
)


def pinning(text: str, **versions: str) -> str:
    """Return a matrix with other versions of pins that are at 1.0 in it."""
    for name, version in versions.items():
        pinned = f'name = "{name}"\nversion = '
        text = text.replace(f'{pinned}"1.0"', f'{pinned}"{version}"')
    return text


class Phone:
    """The made-up phone in a project, with an index of what it brings along."""

    def __init__(self, bench: Bench, index: Index, cache: Path) -> None:
        self.bench, self.index, self.cache = bench, index, cache
        (bench.root / "tests/stack/workloads/test_sum.py").unlink()
        bench.write("tests/stack/workloads/test_light.py", WORKLOAD)
        self.probes = bench.root / "reports" / "phone" / "plain" / "probes"
        self.moment = MOMENT
        index.add(*RELEASES)

    def repair(self, text: str = PHONE, *, remedies: bool = False) -> Repair:
        """Repair the row `plain` of a matrix, as a new run of the session would."""
        matrix = load_matrix(self.bench.write("matrices/phone.toml", text))
        environ = self.bench.environ
        with IndexClient(self.cache) as client:
            repairer = Repairer(
                planner=Planner(matrix=matrix, name="phone", row="plain"),
                moment=self.moment,
                prober=Prober(
                    runner=Runner(
                        project=self.bench.project,
                        progress=Progress(Console(quiet=True)),
                        conclude=conclude,
                        look=look_command,
                    ),
                    home=self.probes,
                    progress=Progress(Console(file=self.bench.output)),
                ),
                releases=Releases(
                    client=client, index=self.index.url, target=find_target(PYTHON, environ)
                ),
                resolver=Resolver(client=client, index=self.index.url, environ=environ),
                like=None,
                today=TODAY,
            )
            return repairer.repair(remedies=remedies)


@pytest.fixture
def phone(bench: Bench, index: Index, tmp_path: Path) -> Phone:
    return Phone(bench, index, tmp_path / "index-cache")


def test_the_pins_that_are_needed_are_found_proved_and_written(phone: Phone) -> None:
    found = phone.repair()
    assert found.failing == (
        "import:*",
        "import:radio",
        "version:radio",
        "pip-check:*",
        "pip-check:contacts",
        "smoke:light",
    )
    radio = RepairedPin(
        name="radio",
        version="1.0",
        mends=("version:radio",),
        because="stands among the pins, but no stage installs it",
        why=reason("no-stage-installs"),
        documented=None,
    )
    assert sorted(found.pins, key=lambda pin: pin.name) == [CONTACTS, LAMPS, radio]
    assert (found.found, found.confirmed, found.minimal) == (True, True, True)
    assert sorted(found.removals, key=lambda item: item.without) == [
        Removal(without=pin.name, failed=pin.mends) for pin in (CONTACTS, LAMPS, radio)
    ]
    assert (found.unmended, found.remedies) == ((), ())

    file = phone.bench.root / "matrices" / "phone.toml"
    assert write_repair(found, file, TODAY, in_place=False) == "plain-repaired"
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# The phone, and what goes with it.\n")
    assert 'summary = "As the document says."  # word for word\n' in text
    assert text.endswith(found.toml)
    assert 'reason = "none of these can be left out, found by `nox -s repair`"\n' in text
    plan = make_plan(load_matrix(file), name="phone", row="plain-repaired")
    assert plan.as_of == MOMENT
    assert plan.stages[-1].requirements == ("radio==1.0", "contacts==2.0", "lamps==2.0")
    assert phone.bench.verify(plan)[0].verdict == "ok"
    with pytest.raises(StackproofError) as caught:
        write_repair(found, file, TODAY, in_place=False)
    assert str(caught.value) == "phone.toml has a row 'plain-repaired' already; nothing written"


def test_a_version_that_never_was_is_replaced_by_the_nearest(phone: Phone) -> None:
    found = phone.repair(pinning(TUNED, radio="1.3"))
    assert found.failing[0] == "stage:radio"
    (radio,) = (pin for pin in found.pins if pin.name == "radio")
    assert (radio.version, radio.documented) == ("1.0", "1.3")
    assert radio.because == "1.3 was never released; 1.0 is the nearest to it"
    assert found.found
    assert [pin.name for pin in found.pins] == ["contacts", "lamps", "radio"]
    # What the row never came to was heard of a build with the radio that there is.
    assert [pin.because for pin in found.pins[:2]] == [CONTACTS.because, LAMPS.because]
    file = phone.bench.root / "matrices" / "phone.toml"
    write_repair(found, file, TODAY, in_place=True)
    plan = make_plan(load_matrix(file), name="phone", row="plain", as_of=MOMENT)
    assert plan.stages[-2].requirements == ("radio==1.0",)
    assert plan.stages[-1].requirements == ("contacts==2.0", "lamps==2.0")
    with pytest.raises(StackproofError):
        write_repair(found, file, TODAY, in_place=True)


def test_a_pin_whose_release_was_yanked_stays(phone: Phone) -> None:
    phone.index.add(Release("radio", "2.0", requires=["bells"], yanked="too loud"))
    found = phone.repair(pinning(TUNED, radio="2.0"))
    assert found.pins == (CONTACTS, LAMPS)
    assert [removal.without for removal in found.removals] == ["contacts", "lamps"]
    assert (found.found, found.minimal) == (True, True)


CHOIR = """\

[[pins]]
name = "bells"
version = "1.0"
imports = ["bells"]
area = "fourth"
role = "rings"

[[pins]]
name = "numbers"
"""
HORN = """\
[[pins]]
name = "horn"
version = "1.0"
imports = ["horn"]
area = "fifth"
role = "blows"

[[stages]]
name = "rings"
step = "Install what rings."
pins = ["bells", "horn"]

[[stages]]
name = "numbers"
"""


@pytest.mark.parametrize(
    "radio", ["1.1", pytest.param("1.1.0", marks=[pytest.mark.fault("R8.1"), pytest.mark.slow])]
)
def test_a_pin_that_was_changed_for_nothing_is_put_back(phone: Phone, radio: str) -> None:
    phone.index.add(
        Release("phone", "1.1", requires=["numbers>=3"]),
        Release("radio", "1.1", requires=["numbers>=3"]),
        Release("radio", "1.2"),
        Release("bells", "2.0"),
        Release("horn", "1.0", requires=["bells>=2"]),
        Release("horn", "1.1"),
    )
    text = pinning(TUNED, phone="1.1", radio=radio).replace('["lamps<2"]', '["lamps>=2"]')
    text = text.replace('\n[[pins]]\nname = "numbers"\n', CHOIR)
    text = text.replace('[[stages]]\nname = "numbers"\n', HORN)
    found = phone.repair(text)
    # The radio clashes with old numbers, of which it is told first, and not with new ones.
    assert [(pin.name, pin.version, pin.documented) for pin in found.pins] == [
        ("horn", "1.1", "1.0"),
        ("numbers", "3.0", "2.9"),
    ]
    assert (found.found, found.minimal) == (True, True)
    assert [removal.without for removal in found.removals] == ["horn", "numbers"]
    # Whether the document's radio will do is asked of what it can have changed alone.
    asked = {evidence.plan.only for evidence in Evidence.runs(phone.probes)}
    assert ("import:radio", "import:*", "version:radio") in asked


def test_a_pin_is_changed_where_nothing_else_helps(phone: Phone) -> None:
    phone.index.add(
        Release("phone", "1.1", requires=["contacts", "lamps>=2", "bells", "numbers>=3"])
    )
    found = phone.repair(pinning(TUNED, phone="1.1"))
    assert found.found
    assert [(pin.name, pin.version, pin.documented) for pin in found.pins] == [
        ("numbers", "3.0", "2.9")
    ]
    assert found.pins[0].mends == ("pip-check:*", "pip-check:contacts", "pip-check:phone")
    because = "phone 1.1 requires numbers>=3 and numbers 2.9 is asked for"
    assert found.pins[0].because == because
    # The row as it is was seen to fail, so the change cannot be left out either.
    assert found.removals == (Removal(without="numbers", failed=found.pins[0].mends),)
    assert found.minimal


def test_what_a_repair_breaks_in_its_turn_is_mended_too(phone: Phone) -> None:
    phone.index.add(
        Release("phone", "1.1", requires=["contacts", "lamps>=2", "bells>=2", "numbers>=3"]),
        Release("bells", "2.0"),
        Release("radio", "1.1", requires=["bells<2"]),
    )
    found = phone.repair(pinning(TUNED, phone="1.1", radio="1.1"))
    # With phone 1.0, which clashes with neither of the others, nothing asks for bright lamps.
    assert [(pin.name, pin.version, pin.documented) for pin in found.pins] == [
        ("contacts", "2.0", None),
        ("lamps", "2.0", None),
        ("phone", "1.0", "1.1"),
    ]
    assert "smoke:light" not in found.failing
    assert found.pins[1].mends == ("smoke:light",)
    assert (found.unmended, found.confirmed, found.minimal) == ((), True, True)
    assert 'summary = "The row plain, repaired: every check passed."' in found.toml


def test_pins_that_clash_in_pairs_are_changed_in_pairs(phone: Phone) -> None:
    phone.index.add(
        Release("phone", "1.1", requires=["contacts", "lamps>=2", "numbers>=3"]),
        Release("bells", "2.0"),
        Release("radio", "1.1", requires=["bells>=2"]),
    )
    bells = '[[pins]]\nname = "bells"\nversion = "1.0"\nimports = ["bells"]\n'
    bells += 'area = "fourth"\nrole = "rings"\n\n[[stages]]'
    text = pinning(PHONE, phone="1.1", radio="1.1").replace("[[stages]]", bells, 1)
    both = RADIO.replace('pins = ["radio"]', 'pins = ["radio", "bells"]')
    found = phone.repair(text.replace("[rows.plain]", both.lstrip()))
    assert found.failing[0] == "stage:radio"
    assert sorted((pin.name, pin.version, pin.documented) for pin in found.pins) == [
        ("bells", "2.0", "1.0"),
        ("numbers", "3.0", "2.9"),
    ]
    assert (found.unmended, found.confirmed, found.minimal) == ((), True, True)
    assert found.removals == (
        Removal(without="numbers", failed=("pip-check:*",)),
        Removal(without="bells", failed=("stage:radio",)),
    )


def test_where_there_is_no_repair_the_nearest_thing_is_told(phone: Phone) -> None:
    phone.bench.write("tests/stack/workloads/test_light.py", WORKLOAD.replace("bright", "blue"))
    found = phone.repair(TUNED, remedies=True)
    assert (found.found, found.confirmed, found.minimal) == (False, False, False)
    assert found.unmended == ("smoke:light",)
    assert found.pins == (CONTACTS,)
    assert 'summary = "The row plain, repaired but for smoke:light."' in found.toml
    assert found.tried == (
        Tried(
            check="smoke:light",
            sources=(
                "all pins resolved in one go",
                "the newest versions that agree with all pins",
            ),
            message="RuntimeError: too old to shine",
        ),
    )
    assert found.notes == (NO_DATE, PINS_KEPT)
    output = StringIO()
    print_repair(found, Console(file=output, width=160))
    assert output.getvalue().splitlines()[-4:-1] == [
        (
            "smoke:light still fails: RuntimeError: too old to shine; tried: all pins resolved in "
            "one go, the newest versions that agree with all pins"
        ),
        NO_DATE,
        PINS_KEPT,
    ]
    page = repair_markdown(found)
    assert (
        "| `smoke:light` | RuntimeError: too old to shine | all pins resolved in one go, "
        "the newest versions that agree with all pins |\n"
    ) in page
    assert "| pin | version | in the document | first seen to fail without it | because |" in page


def test_a_run_that_could_not_be_judged_is_not_taken_for_a_whole_row(phone: Phone) -> None:
    torn = torn_once(phone.bench.root)
    phone.bench.write("tests/stack/workloads/test_light.py", torn + WORKLOAD)
    with pytest.raises(CannotJudgeError):
        phone.repair(TUNED)
    first = phone.repair(TUNED)
    assert first.failing == ("pip-check:*", "pip-check:contacts", "smoke:light")
    assert [pin.name for pin in first.pins] == ["contacts", "lamps"]
    # What was judged is known: another repair costs nothing.
    phone.bench.output.truncate(0)
    second = phone.repair(TUNED)
    assert second == first.model_copy(update={"built": 0})
    assert "checks" not in phone.bench.output.getvalue()


NO_DATE = (
    "no earlier date was asked of smoke:light; `nox -s timeline -- phone/plain` may find one to "
    "start from"
)
PINS_KEPT = (
    "exact pins of the matrix are kept; `nox -s diagnose -- phone/plain` looks for what to change "
    "in them"
)
HOLD = """
[[remedies]]
name = "hold"
step = "Hold the lamps."
requirements = ["lamps==2.0"]

[rows.plain]"""


def dimmed(phone: Phone) -> str:
    """Return a matrix whose newest lamps are dark since May, without a word in metadata."""
    phone.index.add(
        Release(
            "lamps",
            "2.1",
            modules={"lamps/__init__.py": DARK},
            uploaded=datetime(2025, 5, 1, tzinfo=timezone.utc),
        ),
        Release("contacts", "2.1.1", requires=["numbers>=2"]),
    )
    return TUNED.replace('["lamps<2"]', '["lamps>=2"]')


def test_what_broke_without_a_word_in_metadata_is_mended_from_a_better_day(phone: Phone) -> None:
    text = dimmed(phone)
    before = phone.repair(text)
    assert (before.unmended, before.notes) == (("smoke:light",), (NO_DATE, PINS_KEPT))
    # What a timeline leaves behind.
    phone.moment = datetime(2025, 4, 1, tzinfo=timezone.utc)
    assert phone.repair(text).failing == ()
    phone.moment = MOMENT
    found = phone.repair(text)
    assert [(pin.name, pin.version, pin.mends) for pin in found.pins] == [
        ("lamps", "2.0", ("smoke:light",))
    ]
    assert found.found
    assert found.notes == ("smoke:light is fixed by the versions as of 2025-04-01T00:00:00Z",)


def test_a_repair_starts_from_a_remedy_that_mends_whatever_was_built_before(phone: Phone) -> None:
    text = dimmed(phone).replace("[rows.plain]", HOLD.lstrip())
    found = phone.repair(text, remedies=True)
    assert [trial.mends for trial in found.remedies] == [("smoke:light",)]
    assert [(pin.name, pin.version) for pin in found.pins] == [("lamps", "2.0")]
    assert found.found
    assert found.notes == ("smoke:light is fixed by the remedy hold",)
    again = phone.repair(text, remedies=True)
    assert again == found.model_copy(update={"built": 0})
    # What remedies and trials of other runs left behind is no day to start from.
    without = phone.repair(text)
    assert (without.unmended, without.notes) == (("smoke:light",), (NO_DATE, PINS_KEPT))


REMEDIES = """
[[remedies]]
name = "numbers"
step = "Pin the numbers."
pins = ["numbers"]

[[remedies]]
name = "contacts"
step = "Hold the contacts."
requirements = ["contacts==2.0", "bells==0.9"]

[[remedies]]
name = "again"
step = "Once more, by force."
pins = ["phone"]
reinstall = true
alone = true

[[remedies]]
name = "nothing"
step = "Take what is not there."
requirements = ["bells==7"]

[rows.plain]"""


def test_the_remedies_of_the_document_are_tried(phone: Phone) -> None:
    bells = 'def test_ring() -> None:\n    import bells\n\n    assert bells.__version__ == "1.0"\n'
    marker = '\n\n@pytest.mark.workload("ring", needs=("phone",), seconds=0.1, timeout=60)\n'
    workloads = WORKLOAD.replace("RuntimeError", "OSError") + marker + bells
    phone.bench.write("tests/stack/workloads/test_light.py", workloads)
    phone.index.add(Release("bells", "0.9"))
    text = TUNED.replace("[rows.plain]", REMEDIES)
    found = phone.repair(text, remedies=True)
    assert found.remedies == (
        RemedyTrial(
            name="numbers",
            text="Pin the numbers.",
            installs=True,
            moved=False,
            mends=(),
            breaks=(),
            message="",
        ),
        RemedyTrial(
            name="contacts",
            text="Hold the contacts.",
            installs=True,
            moved=True,
            mends=("pip-check:*", "pip-check:contacts"),
            breaks=("smoke:ring",),
            message="",
        ),
        RemedyTrial(
            name="again",
            text="Once more, by force.",
            installs=True,
            moved=False,
            mends=(),
            breaks=(),
            message="",
        ),
        RemedyTrial(
            name="nothing",
            text="Take what is not there.",
            installs=False,
            moved=False,
            mends=(),
            breaks=(),
            message="there is no bells 7",
            why=reason("refused", facts=(reason("no-version", release="bells 7"),)),
        ),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('pins = ["numbers"]\n\n[[rem', 'pins = ["numbres"]\n\n[[rem'),
            (
                "[remedies number 1 (numbers)], key pins number 1: there is no pin 'numbres'; "
                "did you mean 'numbers'?"
            ),
        ),
        (
            ('requirements = ["bells==7"]', ""),
            (
                "[remedies number 4 (nothing)], key pins: the stage installs nothing; "
                "name the pins that it installs"
            ),
        ),
        (
            ("reinstall = true", "reinstall = 1"),
            (
                "[remedies number 3 (again)], key reinstall: 1 is of the wrong type; "
                "write true or false"
            ),
        ),
        (
            ('name = "again"', 'name = "contacts"'),
            (
                "[remedies number 3 (contacts)], key name: 'contacts' stands here a second time, "
                "first as number 2; keep one"
            ),
        ),
    ],
)
def test_remedies_are_validated(change: tuple[str, str], message: str) -> None:
    text = PHONE.replace("[rows.plain]", REMEDIES).replace(*change)
    with pytest.raises(MatrixError) as caught:
        parse_matrix(toml(text), file="phone.toml")
    assert str(caught.value) == f"phone.toml: {message}"


def repair_of(**changes: object) -> Repair:
    found = Repair(
        matrix="phone",
        row="plain",
        as_of="2025-06-01T00:00:00Z",
        found=True,
        failing=("smoke:light",),
        unmended=(),
        tried=(),
        pins=(LAMPS,),
        confirmed=True,
        minimal=True,
        removals=(),
        remedies=(),
        builds=9,
        built=2,
        notes=(),
        toml="[rows.plain-repaired]\n",
    )
    return found.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        (
            {},
            (
                "phone/plain REPAIRED by 1 pin, confirmed by the whole suite, no pin can be "
                "left out; 9 builds, 2 now"
            ),
        ),
        (
            {"found": False, "confirmed": False, "unmended": ("smoke:light",)},
            "phone/plain NOT REPAIRED, these still fail: smoke:light; 9 builds, 2 now",
        ),
        (
            {"failing": (), "pins": ()},
            (
                "phone/plain: every check passes as of 2025-06-01T00:00:00Z, there is nothing to "
                "repair"
            ),
        ),
    ],
)
def test_the_last_line_says_how_it_stands(changes: dict[str, object], last: str) -> None:
    output = StringIO()
    found = repair_of(**changes)
    print_repair(found, Console(file=output, width=160))
    assert output.getvalue().splitlines()[-1] == last
    assert repair_markdown(found).splitlines()[0] == f"# {last}"
