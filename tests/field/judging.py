"""Compare a diagnosis with what is right to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from field.cases import Case, ExpectedCause, KnownFix
from stackproof.experiments.diagnose.record import Cause, Diagnosis, Fix

__all__ = ["Grade", "Judgement", "judge", "mended", "shown_culprit"]

#: `wrong` is an answer that misleads, `partly` one that lacks something, `none` one of no use.
Grade = Literal["right", "partly", "none", "wrong"]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A grade, and what keeps it from being `right`."""

    grade: Grade
    reasons: tuple[str, ...]


def judge(case: Case, found: Diagnosis | None, refused: str | None) -> Judgement:
    """Return how good an answer is; `refused` is why its fix does not hold, None if it does."""
    if found is None:
        return Judgement(grade="none", reasons=("there is no answer",))
    false = [*_false(case, found), *([f"the fix does not hold: {refused}"] if refused else [])]
    named = [cause for cause in case.causes if any(_is(cause, item) for item in found.causes)]
    lacking = [f"not named: {_shown(cause)}" for cause in case.causes if cause not in named]
    matching = [fix for fix in case.fixes if _matches(fix, case, found)]
    if _has_answer(found) and not matching:
        false.append(f"no fix that is known to be right: {mended(found)}")
    elif not matching:
        lacking.append("no fix was found")
    lacking += [f"not the form of a fix: {line}" for line in _needlessly_exact(matching, found)]
    if found.trouble:
        lacking.append(f"cut short: {found.trouble}")
    grade: Grade = "right"
    if false:
        grade = "wrong"
    elif lacking:
        grade = "partly" if named or matching else "none"
    return Judgement(grade=grade, reasons=(*false, *lacking))


def mended(found: Diagnosis) -> str:
    """Return what a diagnosis says to do, in short."""
    fix = found.mend
    parts = [
        *fix.requirements,
        *(f"build with {line}" for line in fix.build_constraints),
        *(f"without {name}" for name in fix.removed),
        *([f"on Python {fix.python}"] if fix.python else []),
        *(f"{item.pin} to {item.version}" for item in found.instead),
    ]
    return ", ".join(parts)


def shown_culprit(cause: Cause) -> str:
    """Return the release that a cause blames, such as `werkzeug 3.0.0`, or nothing."""
    blamed = cause.culprit
    return f"{canonicalize_name(blamed.name)} {blamed.version}" if blamed else ""


def _has_answer(found: Diagnosis) -> bool:
    return found.mend.found or any(item.confirmed for item in found.instead)


def _is(expected: ExpectedCause, cause: Cause) -> bool:
    named = not expected.culprits or shown_culprit(cause) in expected.culprits
    return named and cause.kind in expected.kinds


def _shown(expected: ExpectedCause) -> str:
    return " ".join([" or ".join(expected.kinds), " or ".join(expected.culprits)]).strip()


def _false(case: Case, found: Diagnosis) -> Iterator[str]:
    """Yield what a diagnosis says that is not so."""
    if found.verdict == "ok":
        yield "the stack is called well"
    kinds = {"unknown"}.union(*(cause.kinds for cause in case.causes))
    for cause in found.causes:
        culprit = shown_culprit(cause)
        if culprit not in case.culprits if culprit else cause.kind not in kinds:
            yield f"not to blame: {cause.kind}{culprit and f' {culprit}'}"


def _matches(known: KnownFix, case: Case, found: Diagnosis) -> bool:
    """Tell whether a diagnosis found a known fix: as its mend, as what to change, or as both."""
    nothing = Fix()
    changes = {str(canonicalize_name(it.pin)): it.version for it in found.instead if it.confirmed}
    offers = [(found.mend, changes), *((nothing, {pin: changes[pin]}) for pin in changes)]
    if found.mend.found:
        offers.append((found.mend, {}))
    return any(_is_known(known, case, fix, changed) for fix, changed in offers)


def _is_known(known: KnownFix, case: Case, fix: Fix, changed: Mapping[str, str]) -> bool:
    added, built = _specifiers(fix.requirements), _specifiers(fix.build_constraints)
    return (
        added.keys() == _specifiers(known.add).keys()
        and built.keys() == _specifiers(known.build).keys()
        and {*fix.removed} == {*known.drop}
        and fix.python == known.python
        and changed.keys() == known.change.keys()
        and all(version in SpecifierSet(known.change[pin]) for pin, version in changed.items())
        and all(_proved(known, fix, name) for name in added)
        and not any(_lets_in(case, name, asked) for name, asked in (*added.items(), *built.items()))
    )


def _proved(known: KnownFix, fix: Fix, name: str) -> bool:
    """Tell whether the version that was proved is one that works, and the newest of them."""
    version = fix.versions.get(name)
    asked = _specifiers(known.add)[name] & SpecifierSet(known.proved.get(name, ""))
    return version is not None and version in asked


def _lets_in(case: Case, name: str, asked: SpecifierSet) -> bool:
    """Tell whether a line still allows a release that is to blame; a yanked one is wanted back."""
    culprits = {
        item for cause in case.causes if "yank" not in cause.kinds for item in cause.culprits
    }
    blamed = (item.split() for item in culprits)
    return any(whose == name and version in asked for whose, version in blamed)


def _needlessly_exact(matching: Sequence[KnownFix], found: Diagnosis) -> Iterator[str]:
    """Yield lines that name one version where a bound is known to do."""
    known = {name: str(asked) for fix in matching for name, asked in _specifiers(fix.add).items()}
    for line in found.mend.requirements:
        requirement = Requirement(line)
        bound = known.get(canonicalize_name(requirement.name), "==")
        if "==" in str(requirement.specifier) and "==" not in bound:
            yield line


def _specifiers(lines: Sequence[str]) -> dict[str, SpecifierSet]:
    requirements = map(Requirement, lines)
    return {canonicalize_name(item.name): item.specifier for item in requirements}
