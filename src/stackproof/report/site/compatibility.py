"""The audit's grid of pairs, the rows that have the same one together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from stackproof.metadata.audit.record import Audit, PairAnswer
from stackproof.reasons.words import said
from stackproof.report.audit import symbol
from stackproof.report.texts import Language

__all__ = ["PairGrid", "pair_grids"]

#: A table with more columns than this cannot be read; the cells stand in `audit.json` all the same.
_WIDEST = 40

_Table = dict[str, dict[str, PairAnswer]]


@dataclass(frozen=True, kw_only=True)
class PairGrid:
    """The grid of one or more rows: (state, sign) of each cell by line.

    `conflicts` and `ties` map a reason to the number of pairs that it holds for.
    """

    rows: tuple[str, ...]
    names: tuple[str, ...]
    signs: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    conflicts: Mapping[str, int]
    ties: Mapping[str, int]

    @property
    def is_wide(self) -> bool:
        """Whether it has more columns than a reader can take in."""
        return len(self.names) > _WIDEST


def pair_grids(audit: Audit, lang: Language = "en") -> list[PairGrid]:
    """Return the grids of an audit, in its order, with reasons in a language."""
    rows: dict[str, list[str]] = defaultdict(list)
    tables: dict[str, _Table] = {}
    for row, table in audit.pairs.items():
        key = repr(table)
        rows[key].append(row)
        tables[key] = table
    return [_grid(tuple(rows[key]), table, lang) for key, table in tables.items()]


def _grid(rows: tuple[str, ...], table: _Table, lang: Language) -> PairGrid:
    names = tuple(table)
    signs = tuple(
        (name, tuple((cells[other].state, symbol(cells[other].state)) for other in names))
        for name, cells in table.items()
    )
    return PairGrid(
        rows=rows,
        names=names,
        signs=signs,
        conflicts=_reasons(table, lang, "conflict", "unknown"),
        ties=_reasons(table, lang, "satisfied", "common range"),
    )


def _reasons(table: _Table, lang: Language, *states: str) -> Mapping[str, int]:
    """Count the pairs in these states by reason."""
    cells = (table[one][other] for one, other in combinations(table, 2))
    return Counter(said(cell.why, cell.reason, lang) for cell in cells if cell.state in states)
