"""Judge whether the parts of a matrix agree with one another.

Each check yields the place (a path of keys and positions, as pydantic reports them) and what
would be right. What one value may look like is judged in `values`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import TypeAlias

from stackproof.base.text import nearest
from stackproof.base.versions import name_of
from stackproof.matrix.checks import ALL, KINDS, RUN_KINDS, CheckId
from stackproof.matrix.derivation import base_problem, stages_of_rows
from stackproof.matrix.model import Claim, ExtraStage, Matrix, Override, Pin, Row, Stage

__all__ = ["Disagreement", "disagreements"]

#: The kinds of checks that have processes of their own, so that it is known what they take.
_MEASURED = ("stage", "import", "smoke", "command")

Place = tuple[str | int, ...]
Disagreement = tuple[Place, str]

#: What a matrix has of that which the subject of a check may name.
_Known: TypeAlias = Mapping[str, Collection[str]]


def disagreements(matrix: Matrix) -> Iterator[Disagreement]:
    """Yield every place at which a matrix contradicts itself."""
    pins = {pin.name for pin in matrix.pins}
    yield from _duplicates(("pins",), "name", [pin.name for pin in matrix.pins])
    for number, pin in enumerate(matrix.pins):
        yield from _asked_twice(pin, ("pins", number))
    yield from _sources(matrix, pins)
    yield from _groups(matrix, pins)
    yield from _allowed_skips(matrix)
    yield from _duplicates(("stages",), "name", [stage.name for stage in matrix.stages])
    for number, stage in enumerate(matrix.stages):
        yield from _stage(matrix, stage, ("stages", number), pins)
    yield from _remedies(matrix, pins)
    yield from _duplicates(("commands",), "name", [command.name for command in matrix.commands])
    yield from _claims(matrix, pins)
    stages = stages_of_rows(matrix)
    yield from _budgets(matrix, pins, {name for names in stages.values() for name in names or ()})
    for name, row in matrix.rows.items():
        yield from _row(matrix, name, row, pins, stages[name])


def _duplicates(place: Place, key: str, names: list[str]) -> Iterator[Disagreement]:
    for number, name in enumerate(names):
        first = names.index(name)
        if first != number:
            yield (
                (*place, number, key),
                f"{name!r} stands here a second time, first as number {first + 1}; keep one",
            )


def _unknown(place: Place, what: str, name: str, known: Iterable[str]) -> Iterator[Disagreement]:
    if name not in known:
        yield place, f"there is no {what} {name!r}; {nearest(name, known)}"


def _sources(matrix: Matrix, pins: set[str]) -> Iterator[Disagreement]:
    for name, source in matrix.constraints.items():
        place = ("constraints", name)
        yield from _unknown((*place, "pin"), "pin", source.pin, pins)
        try:
            fields = {_placeholder(*parts) for parts in Formatter().parse(source.url)}
        except ValueError as error:
            yield (*place, "url"), f"its braces do not pair up ({error})"
            continue
        for field in sorted(fields - {"", "{version}", "{python}"}):
            yield (*place, "url"), f"{field} is not filled in; use {{version}} and {{python}}"
        if source.pin in pins and matrix.pin(source.pin).version is None:
            yield (
                (*place, "pin"),
                f"{source.pin!r} has no exact version to name a constraint file by; give it one",
            )


def _asked_twice(asked: Pin | Override, place: Place) -> Iterator[Disagreement]:
    if asked.version is not None and asked.range is not None:
        yield (*place, "range"), "stands beside 'version'; keep one of the two"


def _placeholder(_: str, field: str | None, layout: str | None, conversion: str | None) -> str:
    """Return a placeholder as it stands in the text, or nothing where there is none."""
    if field is None:
        return ""
    return f"{{{field}{f'!{conversion}' if conversion else ''}{f':{layout}' if layout else ''}}}"


def _allowed_skips(matrix: Matrix) -> Iterator[Disagreement]:
    checks = [skip.check for skip in matrix.allowed_skips]
    yield from _duplicates(("allowed-skips",), "check", checks)
    for number, check in enumerate(checks):
        if CheckId.parse(check).kind != "smoke":
            yield ("allowed-skips", number, "check"), "only a workload (smoke:NAME) may be skipped"


def _budgets(matrix: Matrix, pins: set[str], stages: Collection[str]) -> Iterator[Disagreement]:
    checks = [budget.check for budget in matrix.budgets]
    yield from _duplicates(("budgets",), "check", checks)
    known = _known(matrix, pins, stages)
    for number, budget in enumerate(matrix.budgets):
        place = ("budgets", number)
        yield from _check((*place, "check"), budget.check, known, _MEASURED)
        if budget.seconds is None and budget.memory is None:
            yield (*place, "seconds"), "is missing; say 'seconds', 'memory' or both"


def _groups(matrix: Matrix, pins: set[str]) -> Iterator[Disagreement]:
    for name, members in matrix.groups.items():
        for number, member in enumerate(members):
            yield from _unknown(("groups", name, number), "pin", member, pins)


def _stage(matrix: Matrix, stage: Stage, place: Place, pins: set[str]) -> Iterator[Disagreement]:
    if not stage.pins and not stage.requirements:
        yield (*place, "pins"), "the stage installs nothing; name the pins that it installs"
    for number, pin in enumerate(stage.pins):
        yield from _unknown((*place, "pins", number), "pin", pin, pins)
    for number, text in enumerate(stage.requirements):
        yield from _no_pin(
            text, (*place, "requirements", number), pins, "name it in 'pins', and change"
        )
    if stage.constraints is not None:
        yield from _unknown(
            (*place, "constraints"), "constraint source", stage.constraints, matrix.constraints
        )
    if stage.index is not None:
        yield from _unknown((*place, "index"), "index", stage.index, matrix.indexes)


def _no_pin(text: str, place: Place, pins: set[str], remedy: str) -> Iterator[Disagreement]:
    name = name_of(text)
    if name in pins:
        yield place, f"{name!r} is a pin: {remedy} its version by an override"


def _remedies(matrix: Matrix, pins: set[str]) -> Iterator[Disagreement]:
    yield from _duplicates(("remedies",), "name", [remedy.name for remedy in matrix.remedies])
    for number, remedy in enumerate(matrix.remedies):
        yield from _stage(matrix, remedy, ("remedies", number), pins)


def _claims(matrix: Matrix, pins: set[str]) -> Iterator[Disagreement]:
    stages = {stage.name for stage in matrix.stages}
    known = _known(matrix, pins, stages)
    places: list[tuple[Place, tuple[Claim, ...]]] = [(("claims",), matrix.claims)]
    places += [(("pins", number, "claims"), pin.claims) for number, pin in enumerate(matrix.pins)]
    for place, claims in places:
        for number, claim in enumerate(claims):
            for position, check in enumerate(claim.checks):
                at = (*place, number, "checks", position)
                yield from _check(at, check, known, tuple(KINDS))
                if CheckId.parse(check).kind == "link" and not matrix.links.strict:
                    yield at, "suspect links are only told here; set 'strict' in [links] to true"


def _known(matrix: Matrix, pins: set[str], stages: Collection[str]) -> _Known:
    commands = [command.name for command in matrix.commands]
    return {"pin": pins, "stage": stages, "group": matrix.groups, "command": commands}


def _check(
    place: Place, check: str, known: _Known, kinds: tuple[str, ...]
) -> Iterator[Disagreement]:
    asked = CheckId.parse(check)
    if asked.kind not in kinds:
        yield place, f"there is no kind of check {asked.kind!r}; {nearest(asked.kind, kinds)}"
        return
    kind = KINDS[asked.kind]
    if asked.subject == ALL and kind.asks_all:
        return
    names = asked.subject.split(":") if kind.subject == "pair" else [asked.subject]
    if kind.subject == "command":
        names = [asked.subject.partition("::")[0]]
    what = "pin" if kind.subject == "pair" else kind.subject
    for name in names:
        if what in known:
            yield from _unknown(place, what, name, known[what])
    if kind.subject == "pair" and len(set(names)) != 2:  # noqa: PLR2004 - a pair
        yield place, "a pair is of two pins; write 'pairwise:<one>:<other>'"


def _row(
    matrix: Matrix, name: str, row: Row, pins: set[str], stages: Sequence[str] | None
) -> Iterator[Disagreement]:
    place = ("rows", name)
    if stages is None:
        problem = base_problem(matrix, name)
        if problem:
            yield (*place, "base"), problem
        return
    overridden = [override.pin for override in row.overrides]
    yield from _duplicates((*place, "overrides"), "pin", overridden)
    for number, pin in enumerate(overridden):
        at = (*place, "overrides", number, "pin")
        if pin not in pins:
            yield at, f"overrides a pin that is not there: {pin!r}; {nearest(pin, pins)}"
    for number, pin in enumerate(row.without):
        yield from _unknown((*place, "without", number), "pin", pin, pins)
    for number, override in enumerate(row.overrides):
        yield from _override(matrix, override, (*place, "overrides", number))
    for number, addition in enumerate(row.additions):
        at = (*place, "additions", number, "requirement")
        yield from _no_pin(addition.requirement, at, pins, "change")
    for stage, index in row.indexes.items():
        where = (*place, "indexes", stage)
        yield from _unknown(where, "stage", stage, stages)
        yield from _unknown(where, "index", index, matrix.indexes)
    yield from _origin(row, place, stages)
    yield from _row_stages(matrix, name, row, pins, stages)
    known = _known(matrix, pins, stages)
    checks = [failure.check for failure in row.known_failures]
    yield from _duplicates((*place, "known-failures"), "check", checks)
    for number, check in enumerate(checks):
        at = (*place, "known-failures", number, "check")
        yield from _check(at, check, known, RUN_KINDS)
    yield from _wordless((*place, "known-failures"), row)


def _origin(row: Row, place: Place, stages: Sequence[str]) -> Iterator[Disagreement]:
    """Yield what leaves open where a row's environment comes from."""
    if row.interpreter is None and not stages:
        yield (
            (*place, "interpreter"),
            "is missing, and there are no [[stages]] that the row could install; add either",
        )
    if row.interpreter is not None:
        why = "nothing is installed into an environment that exists; remove it, or 'interpreter'"
        for key, entries in (("stages", row.stages), ("additions", row.additions)):
            if entries:
                yield (*place, key), why
        for key in ("as-of", "min-age", "prereleases"):
            if getattr(row, key.replace("-", "_")):
                yield (*place, key), why
    if row.as_of is not None and row.min_age is not None:
        yield (*place, "min-age"), "stands beside 'as-of'; keep one of the two"
    if row.min_age_exempt and row.min_age is None:
        yield (*place, "min-age-exempt"), "there is no min-age to be exempt from; add one"


def _override(matrix: Matrix, override: Override, place: Place) -> Iterator[Disagreement]:
    yield from _asked_twice(override, place)
    if not override.asked:
        yield (*place, "version"), "is missing; add it, or 'range'"
    if override.version is None and override.pin in {i.pin for i in matrix.constraints.values()}:
        yield (
            (*place, "range"),
            f"a constraint file is named by the version of {override.pin!r}; write 'version'",
        )


#: What a failure of a distribution may be of many, and what tells one of them from the others.
_ONE_OF_MANY = {
    "pip-check": ("conflict", "a word of its complaint, such as what it requires"),
    "link": ("suspect link", "a word of its sentence, such as what is used"),
}


def _wordless(place: Place, row: Row) -> Iterator[Disagreement]:
    """Yield known failures without words that would hide each that a distribution comes to."""
    for number, failure in enumerate(row.known_failures):
        asked = CheckId.parse(failure.check)
        if asked.kind in _ONE_OF_MANY and asked.subject != ALL and failure.says is None:
            what, words = _ONE_OF_MANY[asked.kind]
            yield (
                (*place, number, "says"),
                (
                    f"is missing, and every {what} that {asked.subject!r} ever comes to would "
                    f"count as the known one; add {words}"
                ),
            )


def _row_stages(
    matrix: Matrix, name: str, row: Row, pins: set[str], names: Sequence[str]
) -> Iterator[Disagreement]:
    own = len(row.stages)
    for number, stage in enumerate(row.stages):
        place = ("rows", name, "stages", number)
        before = names[: len(names) - own + number]
        yield from _stage(matrix, stage, place, pins)
        if stage.name in before:
            yield (*place, "name"), f"there is a stage {stage.name!r} already; choose another name"
        yield from _after(stage, place, before)
        for key in stage.reasons:
            yield from _unknown(
                (*place, "reasons", key), "requirement of this stage", key, stage.installs
            )


def _after(stage: ExtraStage, place: Place, before: Sequence[str]) -> Iterator[Disagreement]:
    if stage.after is not None:
        yield from _unknown((*place, "after"), "stage before it", stage.after, before)
