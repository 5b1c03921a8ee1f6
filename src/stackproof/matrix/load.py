"""Read matrix files, and report all that is wrong with one: its values, then its references."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stackproof.base.text import nearest, plain
from stackproof.errors import MatrixError, Problem
from stackproof.matrix.model import Matrix
from stackproof.matrix.references import Disagreement, disagreements

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["load_matrix", "parse_matrix"]


def load_matrix(path: Path) -> Matrix:
    """Read one matrix file.

    Raises MatrixError with every problem of the file, or the one that keeps it from being read.
    """
    if not path.name.isprintable():  # sessions and folders are called by it
        message = "its name has characters that act on a terminal; rename the file"
        raise MatrixError([_whole(path, message)])
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

    Raises MatrixError with every value that is wrong in itself; where none is, with everything that
    does not agree with the rest of the file.
    """
    try:
        matrix = Matrix.model_validate(data)
    except ValidationError as error:
        found = list(_structural(error))
        raise _refusal(data, file, found) from error
    found = list(disagreements(matrix))
    if found:
        raise _refusal(data, file, found)
    return matrix


def _refusal(data: dict[str, Any], file: str, found: list[Disagreement]) -> MatrixError:
    return MatrixError(
        [Problem(file=file, where=_where(data, place), message=message) for place, message in found]
    )


def _whole(path: Path, message: str) -> Problem:
    return Problem(file=plain(path.name), where="the file", message=message)


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
