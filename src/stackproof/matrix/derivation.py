"""How rows derive from one another: where that comes to no end, and which stages each comes to."""

from __future__ import annotations

from collections.abc import Sequence

from stackproof.base.text import nearest
from stackproof.matrix.model import Matrix, Row

__all__ = ["base_problem", "stages_of_rows"]


def base_problem(matrix: Matrix, name: str) -> str | None:
    """Say why a row's bases come to no end, or to a row that is not there; None where they do."""
    base = matrix.rows[name].base
    if base is not None and base not in matrix.rows:
        return f"there is no row {base!r}; {nearest(base, matrix.rows)}"
    line = _bases(matrix, name)
    if line[-1] == name and len(line) > 1:
        return f"the row derives from itself: {' -> '.join(line)}; break the circle"
    return None


def _bases(matrix: Matrix, name: str) -> list[str]:
    """Return the row and its bases, up to the first that is not there or stands here already."""
    line, seen = [name], {name}
    while (row := matrix.rows.get(line[-1])) and row.base is not None:
        line.append(row.base)
        if row.base in seen:
            break
        seen.add(row.base)
    return line


def stages_of_rows(matrix: Matrix) -> dict[str, Sequence[str] | None]:
    """Return the names of every row's stages, its own last, each resolved once from its base's.

    None for a row whose bases come to no end: what is in a circle cannot be judged further.
    """
    found: dict[str, Sequence[str] | None] = {}
    for name in matrix.rows:
        line: dict[str, Row] = {}
        base: str | None = name
        while base in matrix.rows and base not in found and base not in line:
            line[base] = matrix.rows[base]
            base = line[base].base
        stages = [stage.name for stage in matrix.stages] if base is None else found.get(base)
        for below, row in reversed(line.items()):
            if stages is not None and row.stages:
                stages = [*stages, *(stage.name for stage in row.stages)]
            found[below] = stages
    return found
