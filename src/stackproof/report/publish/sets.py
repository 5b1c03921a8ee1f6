"""The published sets of a row: folders that any web server can serve, and that never change."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.errors import StackproofError
from stackproof.evidence.reports import InPublished, InSet
from stackproof.evidence.verdict import Verdict
from stackproof.report.publish.pages import row_page, rows_page
from stackproof.report.publish.record import PublishedSet

__all__ = ["PublishedSets"]

#: What begins the names of folders that are not there yet, or no longer.
_ASIDE = ".stackproof-"


@dataclass(frozen=True)
class PublishedSets:
    """The sets in `home`, the folder published/<matrix>/<row>, for one writer at a time."""

    home: Path

    def all(self) -> list[PublishedSet]:
        """Return the sets in the order in which they were published.

        Raises StackproofError for a set whose record is damaged.
        """
        files = self.home.glob(f"[!.]*/{InSet.RECORD}")
        remedy = "published sets never change: have it again from where it is served"
        found = [
            PublishedSet.load(file, remedy)
            for file in sorted(files)
            if file.parent.name != InPublished.LATEST
        ]
        return sorted(found, key=lambda published: published.published)

    def last(self) -> PublishedSet | None:
        """Return the set that was published last, if it is what was published.

        Raises StackproofError if a file of it has been changed since.
        """
        found = self.all()
        if not found:
            return None
        for name, sha256 in found[-1].files.items():
            file = self.home / found[-1].name / name
            if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                raise StackproofError(
                    f"{file} is not what was published, and published sets never change: have it "
                    "again from where it is served"
                )
        return found[-1]

    def verdict(self, published: PublishedSet) -> Verdict:
        """Return the verdict of a set."""
        file = self.home / published.name / InSet.VERDICT
        return Verdict.load(file, "have it again from where it is served")

    def require_free(self, name: str) -> None:
        """Raise StackproofError if there is a set, or anything else, of this name."""
        if (self.home / name).exists():
            raise StackproofError(
                f"{name} is published already, and published sets never change; give this one "
                "another name by --as NAME"
            )

    def add(self, published: PublishedSet, files: Mapping[str, bytes]) -> None:
        """Publish a set whole or not at all, and show it: `latest` and the pages.

        Raises OSError if that cannot be done.
        """
        self._clear()
        record = to_json(published.to_data()).encode()
        aside = self.home / f"{_ASIDE}{secrets.token_hex(8)}"
        aside.mkdir(parents=True)
        for name, content in {**files, InSet.RECORD: record}.items():
            (aside / name).write_bytes(content)
        aside.rename(self.home / published.name)
        self.show()

    def show(self) -> None:
        """Bring up to date what lies beside the sets: `latest`, and the pages that list them."""
        found = self.all()
        self._copy_to_latest(found[-1])
        write_atomically(self.home / InPublished.INDEX, row_page(found[::-1]))
        top = self.home.parents[1]
        homes = {record.parents[1] for record in top.glob(f"*/*/*/{InSet.RECORD}")}
        rows = {
            home.relative_to(top).as_posix(): PublishedSets(home).all()[-1]
            for home in sorted(homes)
        }
        write_atomically(top / InPublished.INDEX, rows_page(rows))

    def _copy_to_latest(self, published: PublishedSet) -> None:
        """Have `latest` hold the same: a link would be no folder to some that serve files."""
        token = secrets.token_hex(8)
        latest = self.home / InPublished.LATEST
        new, old = (self.home / f"{_ASIDE}{word}-{token}" for word in ("new", "old"))
        shutil.copytree(self.home / published.name, new)
        if latest.exists():
            latest.rename(old)
        new.rename(latest)
        shutil.rmtree(old, ignore_errors=True)

    def _clear(self) -> None:
        """Remove what was killed half done."""
        for path in self.home.glob(f"{_ASIDE}*"):
            shutil.rmtree(path, ignore_errors=True)
