"""Judge what a checker sees in one distribution's code: a link or none, guarded, old or new.

The answer hangs on the code, on all that it leads to, and on the day that it was released. So it is
remembered by those, and holds whatever else moves in a stack.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pydantic import ValidationError

from stackproof.base.json_text import fingerprint
from stackproof.base.memory import Memory
from stackproof.base.records import Record
from stackproof.errors import CannotJudgeError
from stackproof.evidence.links import Baseline, State
from stackproof.metadata.links.birth import Asked, Birth, Births, UntoldError
from stackproof.metadata.links.checker import Checked, Checker, CheckerError, Seen
from stackproof.metadata.links.guards import in_function, is_guarded
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.missing import answer, owner
from stackproof.metadata.links.served import Served
from stackproof.metadata.links.sources import Answer

__all__ = ["Judge", "Judged", "Judgement"]


class Judged(Record):
    """A link that is broken, or may be; `function` tells whether it lies in one."""

    seen: Seen
    state: State
    target: str
    function: bool
    baseline: Baseline | None = None


class Judgement(Record):
    """What was judged of a distribution's code, and what could not be told.

    Files that are `unread` are no code of Python 3. `seconds` are 0 where it was remembered. Where
    it was not `checked`, the notes say why.
    """

    links: tuple[Judged, ...] = ()
    untold: int = 0
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    checked: bool = True
    seconds: float = 0


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Judges code in a library, for a Python such as 3.11."""

    library: Library
    python: str
    checker: Checker
    births: Births
    memory: Memory

    def judge(self, name: str, files: Sequence[str], key: str) -> Judgement:
        """Return the judgement of some files of a distribution, or what was remembered by a key."""
        judged = [key, _judges()]
        known = self.memory.recall("judged-links", judged)
        if known is not None:
            try:
                return Judgement.model_validate(known.value)
            except ValidationError:
                pass  # another version of ours kept it
        begin, title = time.monotonic(), f"{name} {self.library.versions[name]}"
        try:
            checked = self._checked(files, key)
            seen = [*checked.seen, *self._served.unserved(files)]
            found = self._judged(name, list(dict.fromkeys(seen)))
        except CheckerError as error:
            return Judgement(checked=False, notes=(f"{title} was not checked: {error}",))
        except CannotJudgeError as error:
            return Judgement(checked=False, notes=(f"the day of {title}: {error}",))
        found = found.model_copy(update={"unread": tuple(checked.unread)})
        self.memory.keep("judged-links", judged, found.to_data())
        return found.model_copy(update={"seconds": round(time.monotonic() - begin, 3)})

    @cached_property
    def _served(self) -> Served:
        return Served(self.library)

    def _checked(self, files: Sequence[str], key: str) -> Checked:
        """Return what the checker says, remembered apart: the index may fail on the rest."""
        known = self.memory.recall("checked-links", key)
        if known is not None:
            seen, unread = known.value
            return Checked(seen=[Seen(**item) for item in seen], unread=unread)
        checked = self.checker.check(self.library.folder, files, self.python)
        kept = [[vars(item) for item in checked.seen], checked.unread]
        self.memory.keep("checked-links", key, kept)
        return checked

    def _judged(self, name: str, seen: list[Seen]) -> Judgement:
        answers = [(item, answer(self.library, item)) for item in self._of_others(name, seen)]
        untold = sum(said == "unknown" for _, said in answers)
        gone = [item for item, said in answers if said == "gone"]
        trapped = [item for item in gone if self._is_guarded(item)]
        links = [
            self._link(item, "guarded", target)
            for item in trapped
            if (target := owner(self.library, item)) is not None
        ]
        left = [item for item in gone if item not in trapped]
        if not left:
            return Judgement(links=tuple(links), untold=untold)
        try:
            birth = self.births.of(self._asked(name, left))
        except UntoldError as error:
            return Judgement(links=tuple(links), untold=untold + len(left), notes=(str(error),))
        then = [(item, answer(birth.library, item)) for item in left]
        links += self._compared(then, birth)
        return Judgement(
            links=tuple(links), untold=untold + sum(said == "unknown" for _, said in then)
        )

    def _of_others(self, name: str, seen: list[Seen]) -> Iterator[Seen]:
        return (item for item in seen if owner(self.library, item) != name)

    def _is_guarded(self, item: Seen) -> bool:
        return is_guarded(self.library.folder / item.file, item.line, item.kind, item.name)

    def _asked(self, name: str, seen: list[Seen]) -> Asked:
        """Return what to ask of the day of a release, in whose code some things were seen."""
        beside = {owner(self.library, item) for item in seen} - {None, name}
        modules = frozenset(item.target for item in seen if item.kind == "module")
        # Whose a module was that nobody has is not known; what builds wheels had many.
        if modules and "setuptools" in self.library.versions:
            beside.add("setuptools")
        return Asked(
            name=name,
            version=self.library.versions[name],
            beside=tuple(sorted(item for item in beside if item)),
            modules=modules,
        )

    def _compared(self, then: list[tuple[Seen, Answer]], birth: Birth) -> Iterator[Judged]:
        for item, said in then:
            if said == "there" and (had := owner(birth.library, item)) is not None:
                baseline = Baseline(version=birth.versions[had], as_of=birth.as_of)
                yield self._link(item, "new", had, baseline)
            elif said == "gone" and (target := owner(self.library, item)) is not None:
                yield self._link(item, "old", target)

    def _link(
        self, item: Seen, state: State, target: str, baseline: Baseline | None = None
    ) -> Judged:
        file = self.library.folder / item.file
        return Judged(
            seen=item,
            state=state,
            target=target,
            function=in_function(file, item.line),
            baseline=baseline,
        )


@cache
def _judges() -> str:
    """Return a digest of the code that judges: what another version of it kept is not taken."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return fingerprint([file.read_text(encoding="utf-8") for file in files])
