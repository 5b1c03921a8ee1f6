"""Read YAML as plain data whose texts know their lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stackproof.matrix.document.problems import DocumentError, problem
from stackproof.matrix.document.text import read_text

__all__ = ["Words", "read_yaml"]


class Words(str):
    """A text of a YAML file, and the line that it begins at."""

    __slots__ = ("line",)
    line: int


def read_yaml(path: Path) -> list[Any]:
    """Return each document of a YAML file: dicts, lists, and every scalar and key as `Words`.

    Raises DocumentError for what is no YAML.
    """
    try:
        nodes = yaml.compose_all(read_text(path), Loader=yaml.SafeLoader)
        return [_value(node) for node in nodes]
    except yaml.YAMLError as error:
        raise DocumentError([problem(path.name, 1, f"is not YAML ({error})")]) from error


def _value(node: yaml.Node) -> dict[Words, Any] | list[Any] | Words:
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    words = Words(node.value)
    # The text of a block scalar begins below its mark.
    words.line = node.start_mark.line + (2 if getattr(node, "style", None) in ("|", ">") else 1)
    return words


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[Words, Any]]:
    for key, value in node.value:
        words = Words(key.value)
        words.line = key.start_mark.line + 1
        yield words, _value(value)
