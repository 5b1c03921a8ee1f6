"""The form of everything that is written to be read again: JSON, stable enough to diff."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from stackproof.base.json_text import to_json
from stackproof.base.text import bounded
from stackproof.errors import StackproofError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["UNREADABLE", "Record", "Said", "write_atomically"]

#: What comes of reading a record that another version left, or that is damaged.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)

#: What a command or a check said, in a record: however long it was, the record has a bound.
Said = Annotated[str, AfterValidator(bounded)]

SomeRecord = TypeVar("SomeRecord", bound="Record")


class Record(BaseModel):
    """A value that is written as JSON and read back; keys of a later version are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    def to_data(self) -> dict[str, Any]:
        """Return the record as JSON types."""
        return self.model_dump(mode="json")

    @classmethod
    def load(cls, path: Path, remedy: str) -> Self:
        """Return the record of a file; raise StackproofError, with a `remedy`, where it is none."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            wrong = f"{where}: {first['msg']}" if where else first["msg"]
            raise StackproofError(f"{path} is damaged ({wrong}); {remedy}") from error

    @classmethod
    def load_or_none(cls, path: Path) -> Self | None:
        """Return the record of a file, None where the file cannot be read or is none."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, path: Path) -> None:
        """Write the record to a file, whole or not at all."""
        write_atomically(path, to_json(self.to_data()))


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by one of the given text, so that a reader sees the old or the new one.

    So does one after a power cut. A file keeps its mode, and one that is a link is written where
    the link leads. Raises OSError if that cannot be done, and the old file stands.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".stackproof-{secrets.token_hex(8)}")
    try:
        with aside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            aside.chmod(stat.S_IMODE(target.stat().st_mode))
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _keep_name(target.parent)


def _keep_name(folder: Path) -> None:
    """Have the disk hold the names in a folder too, on file systems that can be told so."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
