"""The text of a made-up matrix, table by table."""

from __future__ import annotations

__all__ = ["PYTHON", "matrix", "pin", "row_stage", "stage"]

import json
import sys

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def matrix(
    title: str,
    *tables: str,
    python: str = PYTHON,
    more: str = "",
    row: str = "plain",
    summary: str = "As the document says.",
) -> str:
    """Return a matrix with one row; `more` are further lines before its tables."""
    head = f'format = 1\ntitle = "{title}"\ndocument = "{title.lower()}.md"\npython = "{python}"\n'
    return "\n".join([head + more, *tables, f'[rows.{row}]\nsummary = "{summary}"\n'])


def pin(
    name: str,
    version: str = "1.0",
    *,
    among: str | None = None,
    imports: str = "",
    area: str = "first",
    role: str = "letters",
    more: str = "",
) -> str:
    """Return the table of a pin, whose module has its name if no other is given.

    One `among` some versions has that range in place of its version, if not "".
    """
    asked = f'version = "{version}"\n' if among is None else ""
    asked += f'range = "{among}"\n' if among else ""
    return (
        f'[[pins]]\nname = "{name}"\n{asked}imports = ["{imports or name}"]\n'
        f'area = "{area}"\nrole = "{role}"\n{more}'
    )


def stage(name: str, *pins: str, step: str, more: str = "") -> str:
    """Return the table of a stage."""
    listed = f"pins = {json.dumps(pins)}\n" if pins else ""
    return f'[[stages]]\nname = "{name}"\nstep = "{step}"\n{listed}{more}'


def row_stage(name: str, requirement: str) -> str:
    """Return the table of a stage of the row `plain`, which installs what no pin is."""
    return (
        f'\n[[rows.plain.stages]]\nname = "{name}"\nstep = "none"\n'
        f'requirements = ["{requirement}"]\nreason = "why"\ndate = 2025-01-02\n'
    )
