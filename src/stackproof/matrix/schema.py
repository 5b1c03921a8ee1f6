"""The JSON Schema of a matrix file, for editors."""

from __future__ import annotations

from typing import Any

from stackproof.matrix.model import Matrix

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a matrix file, for editors."""
    schema = Matrix.model_json_schema(by_alias=True)
    _close(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _close(schema: object) -> None:
    """Refuse, in place, the keys that pydantic lets by: those that fit no pattern for names."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    elif isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        for item in schema.values():
            _close(item)
