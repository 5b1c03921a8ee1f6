"""A matrix file is changed in its rows alone: comments, layout and line ends stay."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

import pytest
from support.workbench import TINY

from stackproof.errors import StackproofError
from stackproof.experiments.repair.record import Change
from stackproof.experiments.repair.writing import RepairedRow
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


def _change(name: str, documented: str | None) -> Change:
    return Change(
        name=name,
        version="2.0",
        documented=documented,
        mends=("import:alpha",),
        because=f"{name} says\n\"so\" \\ 'too'",
    )


def _repair() -> RepairedRow:
    return RepairedRow(
        row="plain",
        changes=(_change("alpha", "1.0"), _change("gamma", None)),
        pins=["alpha", "beta"],
        installed=["gamma"],
        moment=datetime(2025, 5, 1, tzinfo=timezone.utc),
        today=date(2025, 5, 2),
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


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("in_place", [False, True], ids=["write", "in-place"])
def test_a_repair_is_written_however_the_rows_are_laid_out(
    tmp_path: Path, layout: str, ends: str, *, in_place: bool
) -> None:
    file = _file(tmp_path, layout, ends)
    before = file.read_bytes().decode()
    found = _repair()
    name = found.put_into(file, ["import:alpha"]) if in_place else found.add_to(file)
    assert name == ("plain" if in_place else "plain-repaired")
    after = file.read_bytes().decode()
    assert after.count("\n") == after.count(ends)
    assert after.startswith(before.partition("rows")[0])
    rows = load_matrix(file).rows
    assert [(item.pin, item.version) for item in rows[name].overrides] == [("alpha", "2.0")]
    assert rows[name].overrides[0].reason == found.changes[0].because
    (stage,) = rows[name].stages
    assert (stage.requirements, list(stage.reasons)) == (("gamma==2.0",), ["gamma"])
    assert [item.check for item in rows["plain"].known_failures] == (
        [] if in_place else ["import:alpha"]
    )
    assert rows[name].as_of == (None if in_place else found.moment)


def test_every_line_keeps_the_end_that_it_has(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    ends = ["\n", "\r\n", "\r\n"]
    lines = TINY.splitlines()
    mixed = "".join(f"{line}{ends[number % 3]}" for number, line in enumerate(lines))
    file.write_bytes(mixed.encode())
    _repair().add_to(file)
    after = file.read_bytes().decode()
    assert after.startswith(mixed)
    assert "\r\n" in after.removeprefix(mixed)


def test_a_repair_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    file = _file(tmp_path, "in-line", "\n")
    before = file.read_bytes()
    wrong = _repair()
    wrong.changes[0].__dict__["version"] = "no version"
    with pytest.raises(StackproofError, match="nothing was written"):
        wrong.put_into(file, [])
    assert file.read_bytes() == before
