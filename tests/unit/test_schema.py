"""The JSON Schemas: they say what the validator says, and are the ones that are published."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from packaging.version import InvalidVersion, Version
from support.matrix_cases import CASES, changed
from support.workbench import ROOT

from stackproof.cli.schemas import schemas
from stackproof.matrix.schema import json_schema

_FORMATS = FormatChecker(formats=["date"])
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or _RFC_3339.fullmatch(value) is not None


def accepts(data: dict[str, Any]) -> bool:
    """Ask the schema of a matrix, as an editor does that checks formats too."""
    validator = Draft202012Validator(json_schema(), format_checker=_FORMATS)
    return bool(validator.is_valid(_as_json(data)))


def _as_json(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return TOML as the tools hand it to a JSON Schema: dates become text."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def test_the_schema_accepts_what_the_validator_accepts() -> None:
    assert accepts(changed())


@pytest.mark.parametrize("name", CASES)
def test_the_schema_refuses_what_it_can_express(name: str) -> None:
    case = CASES[name]
    assert accepts(changed(**case.changes)) is not case.in_schema


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "v1.0",
        "1.0.0.0.1",
        "2!1.0",
        "1.0a1",
        "1.0.beta-2",
        "1.0rc",
        "1.0-1",
        "1.0.post3",
        "1.0rev4",
        "1.0.dev5",
        "1.0a2.post3.dev4",
        "2.5.1+cpu",
        "2.5.1+cu124.x-y_z",
        "",
        "1.",
        "1..0",
        "1.0-",
        "1.0-cpu",
        "1.0+",
        "1.0+cpu+gpu",
        "1.0.dev5a1",
        "one",
        "==1.0",
        "1.*",
        "1 0",
    ],
)
def test_a_version_is_one_to_the_schema_as_it_is_to_packaging(text: str) -> None:
    try:
        Version(text)
    except InvalidVersion:
        is_version = False
    else:
        is_version = True
    assert accepts(changed(pins__0__version=text)) is is_version


@pytest.mark.parametrize(
    "text",
    ["delta<1", "delta >= 1, < 2", "Delta[x,y]~=1.0", "delta==1.*; python_version<'4'", "d (>1)"],
)
def test_the_schema_accepts_every_form_of_a_requirement(text: str) -> None:
    assert accepts(changed(stages__1__requirements=[text]))


def _without_echo(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Drop the `enum` that pydantic before 2.10 puts beside a `const` of the same meaning."""
    if isinstance(schema, list):
        return [_without_echo(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    echo = {"enum"} if "const" in schema else set()
    return {key: _without_echo(item) for key, item in schema.items() if key not in echo}


@pytest.mark.parametrize("name", schemas())
def test_the_published_schema_is_the_one_of_the_models(name: str) -> None:
    published = ROOT / "docs" / "schema" / f"{name}.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == _without_echo(schemas()[name])


def test_only_the_schemas_of_the_models_are_published() -> None:
    published = {file.name for file in (ROOT / "docs" / "schema").iterdir()}
    assert published == {f"{name}.schema.json" for name in schemas()}


@pytest.mark.parametrize("name", schemas())
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schemas()[name])
    assert schemas()[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_matrix_schema_is_the_one_of_the_validator() -> None:
    assert schemas()["matrix"] == json_schema()


def test_the_matrices_of_this_project_name_their_schema() -> None:
    for file in (ROOT / "matrices").glob("*.toml"):
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        assert first == "#:schema ../docs/schema/matrix.schema.json"
    assert (ROOT / "docs" / "schema" / "matrix.schema.json").is_file()
