"""A matrix file is changed in its rows alone: comments, layout and line ends stay."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from support.workbench import TINY

from stackproof.errors import StackproofError
from stackproof.experiments.repair.record import Repair, RepairedPin
from stackproof.experiments.repair.writing import write_repair
from stackproof.matrix.editing import RowEdit, change_row
from stackproof.matrix.load import load_matrix

pytestmark = pytest.mark.fault("R8.2")

ROW = '[rows.plain]\nsummary = "As the document says."\n'
KNOWN = '{ check = "import:alpha", reason = "old", date = 2025-01-01 }'
LAYOUTS = {
    "header": f"{ROW}known-failures = [{KNOWN}]  # a list in line\n",
    "in-line": f'[rows]\nplain = {{ summary = "Plain.", known-failures = [{KNOWN}] }}  # in line\n',
    "all-in-line": f'rows = {{ plain = {{ summary = "P.", known-failures = [{KNOWN}] }} }}\n',
    "dotted": f'[rows]\nplain.summary = "Plain."  # dotted\nplain.known-failures = [{KNOWN}]\n',
}
#: What stands before a table that the top level has in line.
TOP = "python = "


def _pin(name: str, documented: str | None) -> RepairedPin:
    return RepairedPin(
        name=name,
        version="2.0",
        documented=documented,
        mends=("import:alpha",),
        because=f"{name} says\n\"so\" \\ 'too'",
        installed=documented is None,
    )


TODAY = date(2025, 5, 2)


def _repair(*pins: RepairedPin) -> Repair:
    return Repair(
        matrix="tiny",
        row="plain",
        as_of="2025-05-01T00:00:00Z",
        found=True,
        failing=("import:alpha",),
        unmended=(),
        pins=pins or (_pin("alpha", "1.0"), _pin("gamma", None)),
        confirmed=True,
        minimal=True,
        removals=(),
        remedies=(),
        builds=1,
        built=1,
        notes=(),
        toml="",
    )


def _file(folder: Path, layout: str, ends: str) -> Path:
    text = f"# about the stack\n{TINY}"
    if layout == "all-in-line":
        text = text.replace(ROW, "").replace(TOP, LAYOUTS[layout] + TOP, 1)
    else:
        text = text.replace(ROW, LAYOUTS[layout])
    file = folder / "tiny.toml"
    file.write_bytes(text.replace("\n", ends).encode())
    load_matrix(file)
    return file


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_row_does_without_more_pins_than_it_did(tmp_path: Path, layout: str) -> None:
    file = _file(tmp_path, layout, "\n")
    for pin in ("beta", "alpha"):
        change_row(file, "plain", RowEdit(without=(pin,)))
    assert load_matrix(file).rows["plain"].without == ("beta", "alpha")


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("in_place", [False, True], ids=["write", "in-place"])
def test_a_repair_is_written_however_the_rows_are_laid_out(
    tmp_path: Path, layout: str, ends: str, *, in_place: bool
) -> None:
    file = _file(tmp_path, layout, ends)
    before = file.read_bytes().decode()
    found = _repair()
    name = write_repair(found, file, TODAY, in_place=in_place)
    assert name == ("plain" if in_place else "plain-repaired")
    after = file.read_bytes().decode()
    assert after.count("\n") == after.count(ends)
    assert after.startswith(before.partition("rows")[0])
    rows = load_matrix(file).rows
    assert [(item.pin, item.version) for item in rows[name].overrides] == [("alpha", "2.0")]
    assert rows[name].overrides[0].reason == found.pins[0].because
    (stage,) = rows[name].stages
    assert (stage.requirements, list(stage.reasons)) == (("gamma==2.0",), ["gamma"])
    assert [item.check for item in rows["plain"].known_failures] == (
        [] if in_place else ["import:alpha"]
    )
    assert rows[name].as_of == (None if in_place else datetime(2025, 5, 1, tzinfo=timezone.utc))


def test_every_line_keeps_the_end_that_it_has(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    ends = ["\n", "\r\n", "\r\n"]
    lines = TINY.splitlines()
    mixed = "".join(f"{line}{ends[number % 3]}" for number, line in enumerate(lines))
    file.write_bytes(mixed.encode())
    write_repair(_repair(), file, TODAY, in_place=False)
    after = file.read_bytes().decode()
    assert after.startswith(mixed)
    assert "\r\n" in after.removeprefix(mixed)


def test_a_repair_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    file = _file(tmp_path, "in-line", "\n")
    before = file.read_bytes()
    wrong = _pin("alpha", "1.0").model_copy(update={"version": "no version"})
    with pytest.raises(StackproofError, match="nothing was written"):
        write_repair(_repair(wrong), file, TODAY, in_place=True)
    assert file.read_bytes() == before


@pytest.mark.parametrize("asked", ['version = "1.1"', 'range = ">=1,<2"'])
def test_an_override_takes_the_place_of_one_of_the_same_pin(tmp_path: Path, asked: str) -> None:
    file = tmp_path / "tiny.toml"
    before = f'[[rows.plain.overrides]]\npin = "alpha"\n{asked}  # quieter\n'
    before += 'reason = "they asked for it"\ndate = 2025-01-01\n'
    file.write_text(f"{TINY}\n{before}", encoding="utf-8")
    values = {"version": "3.0", "reason": "said so", "date": TODAY}
    change_row(file, "plain", RowEdit(overrides={"alpha": values}))
    (override,) = load_matrix(file).rows["plain"].overrides
    assert (override.pin, override.version, override.date) == ("alpha", "3.0", TODAY)
    assert (override.range, override.reason) == (None, "said so")
