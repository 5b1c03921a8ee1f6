"""Read matrix files and report everything that is wrong with one at once."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stackproof.base.text import nearest
from stackproof.errors import MatrixError, Problem
from stackproof.matrix.model import Matrix
from stackproof.matrix.references import Disagreement, disagreements

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Place", "load_matrix", "mend", "parse_matrix"]


def load_matrix(path: Path) -> Matrix:
    """Read one matrix file.

    Raises MatrixError with every problem of the file, or the one that keeps it from being read.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MatrixError([_whole(path, f"cannot be read ({error.strerror})")]) from error
    except UnicodeDecodeError as error:
        raise MatrixError([_whole(path, f"is not UTF-8 text ({error})")]) from error
    except RecursionError as error:
        raise MatrixError([_whole(path, "is nested too deep; write it flat")]) from error
    except ValueError as error:  # not TOML, or a number of more digits than Python reads
        raise MatrixError([_whole(path, f"is not TOML ({error})")]) from error
    return parse_matrix(data, file=path.name)


def parse_matrix(data: dict[str, Any], *, file: str) -> Matrix:
    """Judge the parsed content of a matrix file; `file` names it in problems.

    Raises MatrixError with every problem found.
    """
    try:
        matrix = Matrix.model_validate(data)
    except ValidationError as error:
        found = list(_structural(error))
        wrong = {place for place, _ in found}
        unknown = {item["loc"] for item in error.errors() if item["type"] == "extra_forbidden"}
        mended = mend(data, wrong, unknown=unknown)
        if mended is not None:
            found += [item for item in disagreements(mended) if not _within(item[0], wrong)]
        raise _refusal(data, file, found) from error
    found = list(disagreements(matrix))
    if found:
        raise _refusal(data, file, found)
    return matrix


def _refusal(data: dict[str, Any], file: str, found: list[Disagreement]) -> MatrixError:
    return MatrixError(
        [Problem(file=file, where=_where(data, place), message=message) for place, message in found]
    )


def _within(place: Place, places: AbstractSet[Place]) -> bool:
    """Tell whether a place is one of `places`, or lies inside one."""
    return any(place[:length] in places for length in range(1, len(place) + 1))


def _whole(path: Path, message: str) -> Problem:
    return Problem(file=path.name, where="the file", message=message)


def _structural(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    errors = error.errors(include_url=False)
    places = [item["loc"] for item in errors]
    for item in errors:
        place = item["loc"]
        deeper = any(other[: len(place)] == place != other for other in places)
        if item["type"] == "too_short" and deeper:
            continue  # pydantic counts only the valid members: the others are reported themselves
        yield place, _message(item)


_EXPECTED = {
    "tuple_type": 'a list, such as ["a", "b"]',
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _message(error: ErrorDetails) -> str:
    """Say what is wrong and what would be right, for the errors that a matrix file can have."""
    kind, value, place = error["type"], _shown(error["input"]), error["loc"]
    context = error.get("ctx", {})
    if kind in _EXPECTED:
        return f"{value} is of the wrong type; write {_EXPECTED[kind]}"
    messages: dict[str, Callable[[], str]] = {
        "extra_forbidden": lambda: (
            f"unknown key {place[-1]!r}; {nearest(str(place[-1]), _known_keys(place))}"
        ),
        "missing": lambda: "is missing; add it",
        "too_short": lambda: "must not be empty",
        "string_too_short": lambda: "must not be empty",
        "value_error": lambda: f"{value}: {context['error']}",
        "string_pattern_mismatch": lambda: (
            f"{value} does not fit; it must match {context['pattern']}"
        ),
    }
    otherwise = f"{value}: {error['msg'][0].lower()}{error['msg'][1:]}"
    return messages.get(kind, lambda: otherwise)()


def _shown(value: object) -> str:
    """Show a value as Python does, but a date as it stands in the file."""
    return value.isoformat() if isinstance(value, date) else repr(value)


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table around an unknown key may have, by walking the model."""
    annotation: Any = Matrix
    for part in place[:-1]:
        annotation = _member(annotation, part)
    return sorted(field.alias or name for name, field in annotation.model_fields.items())


def _member(model: Any, part: str | int) -> Any:  # noqa: ANN401 - an annotation is any object
    """Step from a model (or a container's item model, reached as is) to what `part` names."""
    fields = getattr(model, "model_fields", None)
    if fields is None:  # inside a tuple or dict: the item model stands last in its arguments
        arguments = [item for item in model.__args__ if item is not Ellipsis]
        return arguments[-1]
    (field,) = [field for name, field in fields.items() if part in (field.alias, name)]
    return field.annotation


def _where(data: object, place: tuple[str | int, ...]) -> str:
    """Name a place as a reader of the file finds it: table, number and name, key."""
    steps: list[str] = []
    node: object = data
    for part in place:
        node = _descend(node, part)
        if isinstance(part, int):
            steps[-1] += f" number {part + 1}{_label(node)}"
        elif part != "[key]":
            steps.append(str(part))
    if len(steps) <= 1 and not isinstance(place[-1], int):
        return f"top level, key {steps[0]}"
    if isinstance(place[-1], int) and isinstance(node, dict):
        return f"[[{'.'.join(steps)}]]"
    return f"[{'.'.join(steps[:-1]) or 'top level'}], key {steps[-1]}"


def _descend(node: object, part: str | int) -> object:
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None


def _label(node: object) -> str:
    if isinstance(node, dict):
        for key in ("name", "pin", "check"):
            if isinstance(node.get(key), str):
                return f" ({node[key]})"
    return ""


Place = tuple[str | int, ...]

#: What stands in for a required value, by key. References rest on none of these.
_NEUTRAL: dict[str, Any] = {
    "area": "-",
    "check": "smoke:-",
    "date": date(2000, 1, 1),
    "document": "-",
    "format": 1,
    "imports": ["_"],
    "pin": "x",
    "python": "3.0",
    "reason": "-",
    "requirements": ["x==0"],
    "role": "-",
    "step": "-",
    "summary": "-",
    "text": "-",
    "title": "-",
    "upload-times": True,
    "url": "file:///",
    "version": "0",
}
#: What stands in for a wrong item of a list, by the list's key; a distribution in all others.
_NEUTRAL_ITEM = {"checks": "smoke:-", "imports": "_", "requirements": "x==0", "servers": "redis"}
#: The length of a place such as constraints.NAME.url.
_INSIDE_A_TABLE = 3


def mend(
    data: dict[str, Any], wrong: Iterable[Place], *, unknown: AbstractSet[Place]
) -> Matrix | None:
    """Return the matrix without its structural errors, or None where names hang on them.

    `wrong` holds the places (paths of keys and positions) of the structural errors, `unknown`
    those of them that are unknown keys. What the references then say of a wrong place itself means
    nothing.
    """
    mended = copy.deepcopy(data)
    for place in wrong:
        if not _drop(mended, place, required=place not in unknown):
            return None
    try:
        return Matrix.model_validate(mended)
    except ValidationError:
        return None


def _drop(data: dict[str, Any], place: Place, *, required: bool) -> bool:
    """Replace or remove the value at a place; return False if other parts refer to it by name."""
    table: Any = data
    for part in place[:-1]:
        table = table[part]
    key = place[-1]
    if isinstance(table, list):
        table[int(key)] = _NEUTRAL_ITEM.get(str(place[-2]), "x")
        return True
    if required and key in _NEUTRAL:
        table[key] = _NEUTRAL[str(key)]
        return True
    return not _holds_names(place) and table.pop(key, None) is not None


def _holds_names(place: Place) -> bool:
    named_tables = place[0] in ("constraints", "indexes", "rows") and len(place) < _INSIDE_A_TABLE
    return named_tables or place[-1] in ("base", "name", "pins", "stages")
