"""Render the pages of a simple index, in HTML (PEP 503) and JSON (PEP 691, PEP 700)."""

from __future__ import annotations

__all__ = ["HTML", "JSON", "Offers", "negotiate", "project_page", "root_page"]

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timezone
from typing import Any

from support.artifacts import Artifact

HTML = "text/html"
JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, kw_only=True)
class Offers:
    """What an index offers beyond the files themselves.

    Indexes without upload times, without `.metadata` files, or with HTML alone do exist; HTML
    has no place for an upload time.
    """

    upload_times: bool = True
    metadata_files: bool = True
    json: bool = True


def negotiate(accept: str, offers: Offers) -> str:
    """Return the content type to answer with."""
    return JSON if offers.json and JSON in accept else HTML


def root_page(projects: Iterable[str], content_type: str) -> bytes:
    """Render the list of projects."""
    if content_type == JSON:
        return _json({"projects": [{"name": name} for name in projects]})
    return _html(f'<a href="{name}/">{name}</a>' for name in projects)


def project_page(
    project: str, files: Sequence[Artifact], base: str, offers: Offers, content_type: str
) -> bytes:
    """Render the files of one project; `base` is where the files lie."""
    if content_type == HTML:
        return _html(_anchor(file, base, offers) for file in files)
    versions = [str(version) for version in sorted({file.version for file in files})]
    entries = [_entry(file, base, offers) for file in files]
    return _json({"name": project, "versions": versions, "files": entries})


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps({"meta": {"api-version": "1.1"}, **body}, indent=1).encode()


def _entry(file: Artifact, base: str, offers: Offers) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "filename": file.filename,
        "url": base + file.filename,
        "hashes": {"sha256": file.sha256},
        "size": len(file.content),
        "yanked": False if file.yanked is None else file.yanked or True,
    }
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if offers.upload_times and file.uploaded is not None:
        moment = file.uploaded.astimezone(timezone.utc)
        entry["upload-time"] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if offers.metadata_files and file.metadata_sha256 is not None:
        entry["core-metadata"] = {"sha256": file.metadata_sha256}
    return entry


def _html(anchors: Iterable[str]) -> bytes:
    head = '<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"></head>'
    return "\n".join([f"{head}<body>", *anchors, "</body></html>"]).encode()


def _anchor(file: Artifact, base: str, offers: Offers) -> str:
    attributes = {"href": f"{base}{file.filename}#sha256={file.sha256}"}
    if file.requires_python is not None:
        attributes["data-requires-python"] = file.requires_python
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    if offers.metadata_files and file.metadata_sha256 is not None:
        attributes["data-core-metadata"] = f"sha256={file.metadata_sha256}"
    text = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<a {text}>{file.filename}</a><br>"
