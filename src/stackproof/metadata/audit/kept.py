"""What audits found of a matrix, row by row: one of some rows leaves the answers on others.

The last audit stands in `audit.json`, whatever it was asked for. Each matrix has a file of its own
beside that, with what was last found of each of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stackproof.metadata.audit.record import Audit
from stackproof.reasons.common import quoted

__all__ = ["matrices_of", "of_matrix", "with_earlier"]


def matrices_of(audit: Audit) -> tuple[str, ...]:
    """Return the matrices that an audit has an answer on."""
    found = [pin.matrix for pin in audit.pins] + [item.matrix for item in audit.findings]
    return tuple(dict.fromkeys([*found, *(name.partition("/")[0] for name in audit.pairs)]))


def of_matrix(audit: Audit, matrix: str) -> Audit:
    """Return what an audit says of one matrix, and what concerns no matrix alone."""
    others = tuple(f"{name}/" for name in matrices_of(audit) if name != matrix)
    return _only(
        audit,
        lambda name, _: name == matrix,
        lambda text: not text.startswith(others),
    )


def with_earlier(audit: Audit, matrix: str, earlier: Audit | None, order: Sequence[str]) -> Audit:
    """Return what an audit says of a matrix, and what an earlier one had on rows that it has not.

    `order` are the rows of the matrix: of one that it has no more nothing is kept. What concerns no
    single row is the newer audit's.
    """
    new = of_matrix(audit, matrix)
    if earlier is None:
        return new
    since = {
        row: earlier.kept.get(row, earlier.started)
        for row in order
        if (name := f"{matrix}/{row}") in earlier.pairs and name not in new.pairs
    }
    names = tuple(f"{matrix}/{row}:" for row in since)
    old = _only(
        earlier,
        lambda name, row: name == matrix and row in since,
        lambda text: text.startswith(names),
    )
    pairs = {**new.pairs, **old.pairs}
    return new.model_copy(
        update={
            "kept": since,
            "notes": (*new.notes, *old.notes),
            "trouble": (*new.trouble, *old.trouble),
            "whys": (*new.whys, *old.whys),
            "findings": (*new.findings, *old.findings),
            "pins": (*new.pins, *old.pins),
            "joint": (*new.joint, *old.joint),
            "platforms": (*new.platforms, *old.platforms),
            "claims": (*new.claims, *old.claims),
            "pairs": {name: pairs[name] for row in order if (name := f"{matrix}/{row}") in pairs},
        }
    )


def _only(
    audit: Audit, concerns: Callable[[str, str | None], bool], says: Callable[[str], bool]
) -> Audit:
    """Return of an audit what is about matrices and rows that count, and lines that do."""
    older = len(audit.whys) != len(audit.trouble)
    whys = map(quoted, audit.trouble) if older else audit.whys
    trouble = list(zip(audit.trouble, whys, strict=True))
    return audit.model_copy(
        update={
            "notes": tuple(filter(says, audit.notes)),
            "trouble": tuple(words for words, _ in trouble if says(words)),
            "whys": tuple(why for words, why in trouble if says(words)),
            "findings": tuple(item for item in audit.findings if concerns(item.matrix, item.row)),
            "pins": tuple(item for item in audit.pins if concerns(item.matrix, item.row)),
            "joint": tuple(item for item in audit.joint if concerns(item.matrix, item.row)),
            "platforms": tuple(i for i in audit.platforms if concerns(i.matrix, i.row)),
            "claims": tuple(item for item in audit.claims if concerns(item.matrix, item.row)),
            "pairs": {
                name: table
                for name, table in audit.pairs.items()
                if concerns(*name.split("/", maxsplit=1))
            },
        }
    )
