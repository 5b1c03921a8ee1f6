"""What a published set is made of, as a CycloneDX document (https://cyclonedx.org, 1.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from stackproof.base.text import without_credentials
from stackproof.evidence.depth import Depth
from stackproof.index.licences import spdx
from stackproof.metadata.inventory import Part
from stackproof.report.publish.record import PublishedSet

__all__ = ["sbom"]


def sbom(
    published: PublishedSet,
    depth: Mapping[str, Depth],
    parts: Iterable[Part],
    tree: Mapping[str, Iterable[str]],
) -> str:
    """Return the document as JSON; `tree` says which parts each one requires.

    `depth` says of each pin how deep it was checked. The same set gives the same text.
    """
    row = Component(
        name=f"{published.matrix}/{published.row}",
        version=published.name,
        type=ComponentType.APPLICATION,
        bom_ref=published.label,
    )
    made = {part.name: _component(part, published, depth) for part in parts}
    bom = Bom(
        components=made.values(),
        serial_number=uuid5(NAMESPACE_URL, f"{published.label} {published.run}"),
    )
    bom.metadata.timestamp = published.published
    bom.metadata.component = row
    bom.metadata.tools.components.add(_tool())
    bom.metadata.properties.update(_properties(_said(published)))
    for name, required in tree.items():
        bom.register_dependency(made[name], [made[other] for other in required])
    bom.register_dependency(row, [made[name] for name in published.direct if name in made])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _said(published: PublishedSet) -> dict[str, str | None]:
    return {
        "verdict": "ok",  # nothing else is published
        "run": published.run,
        "proof": published.proof,
        "python": published.python,
        "index": without_credentials(published.index) if published.index else None,
        "as-of": published.as_of,
    }


def _component(part: Part, published: PublishedSet, depth: Mapping[str, Depth]) -> Component:
    purl = PackageURL(type="pypi", name=part.name, version=part.version)
    said = {
        "pin": str(part.name in published.direct).lower(),
        "depth": depth.get(part.name),
    }
    return Component(
        name=part.name,
        version=part.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        hashes=[_hash(part.sha256)] if part.sha256 else (),
        licenses=list(_licences(part.licences)),
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION, url=XsUri(url), hashes=[_hash(sha256)]
            )
            for url, sha256 in part.files.items()
        ],
        properties=list(_properties(said)),
    )


def _hash(sha256: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=sha256)


def _licences(stated: tuple[str, ...]) -> Iterator[LicenseExpression | DisjunctiveLicense]:
    """Yield one expression, or any number of names: the form allows no mixture."""
    (first, *others) = stated or ("",)
    if first and not others and spdx(first):
        yield LicenseExpression(first)
        return
    for name in stated:
        yield DisjunctiveLicense(name=name)


def _properties(said: Mapping[str, str | None]) -> Iterator[Property]:
    """Yield what is known, under names of ours."""
    for name, value in said.items():
        if value is not None:
            yield Property(name=f"stackproof:{name}", value=value)


def _tool() -> Component:
    return Component(
        name="stackproof", version=version("stackproof"), type=ComponentType.APPLICATION
    )
