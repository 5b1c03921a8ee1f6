"""Read an ImageStream of OpenShift: each tag a stack, its packages JSON among its annotations.

The form is that of the workbench images of Open Data Hub: `notebook-python-dependencies` lists
packages, `notebook-software` what else there is, Python among it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stackproof.errors import Problem
from stackproof.matrix.document.names import distribution, label_of
from stackproof.matrix.document.problems import DocumentError, problem
from stackproof.matrix.document.requirement import read_install
from stackproof.matrix.document.stack import Command, Install, Note, Stack, Variant, passed_over
from stackproof.matrix.document.text import line_of
from stackproof.matrix.document.words import specifier_of
from stackproof.matrix.document.yaml_text import Words
from stackproof.reasons.reason import reason

__all__ = ["read_image_streams"]

_PACKAGES = "python-dependencies"


def read_image_streams(streams: Sequence[Mapping[str, Any]], path: Path, *, name: str) -> Stack:
    """Return the stacks of all tags. Raises DocumentError with whatever is no version."""
    specs = [stream["spec"] for stream in streams if isinstance(stream.get("spec"), dict)]
    tags = [tag for spec in specs for tag in spec.get("tags") or [] if isinstance(tag, dict)]
    variants, notes, problems = list[Variant](), list[Note](), list[Problem]()
    for tag in tags:
        python, installs = None, list[Install]()
        annotations = tag.get("annotations")
        for key, entry, line in _entries(annotations if isinstance(annotations, dict) else {}):
            label, version = str(entry["name"]), str(entry["version"])
            try:
                if label.lower() == "python":
                    python = re.sub(r"^v?(3\.\d+).*$", r"\1", version)
                elif key.endswith(_PACKAGES):
                    called = distribution(label, ())
                    installs.append(read_install(f"{called}{specifier_of(version)}", line))
                else:
                    notes.append(passed_over(label, reason("no-python-packages", key=key), line))
            except ValueError as error:
                problems.append(problem(path.name, line, f"{label}: {error}"))
        if installs:
            label = str(tag.get("name", len(variants) + 1))
            variants.append(
                Variant(
                    name=label_of(label, [variant.name for variant in variants]),
                    summary=f"Tag {label}.",
                    line=installs[0].line,
                    python=python,
                    installs=tuple(installs),
                )
            )
    if not variants and not problems:
        problems.append(problem(path.name, 1, f"no tag has an annotation '…{_PACKAGES}'"))
    if problems:
        raise DocumentError(problems)
    installs = [item for variant in variants for item in variant.installs]
    command = Command(line=1, section="", step=path.name, installs=tuple(installs), is_list=True)
    metadata = streams[0].get("metadata") or {}
    return Stack(
        name=name,
        file=path.name,
        title=str(metadata.get("name") or name),
        python=variants[0].python,
        commands=(command,),
        notes=tuple(notes),
        variants=tuple(variants),
    )


def _entries(annotations: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    """Yield (key, entry, line) of each annotation that is a JSON list of names and versions."""
    for key, words in annotations.items():
        try:
            entries = json.loads(words)
        except (TypeError, ValueError):
            continue
        if not isinstance(words, Words) or not isinstance(entries, list):
            continue
        for entry in entries:
            if isinstance(entry, dict) and {"name", "version"} <= entry.keys():
                offset = line_of(words, json.dumps(entry["name"], ensure_ascii=False)) or 1
                yield key, entry, words.line + offset - 1
