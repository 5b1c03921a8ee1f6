"""Look at the links of a stack: unpack it, follow its imports, and have its code judged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from stackproof.base.json_text import fingerprint
from stackproof.base.memory import Memory
from stackproof.base.text import count, first_of
from stackproof.errors import CannotJudgeError
from stackproof.evidence.links import CheckedDistribution, Finding, Links, Used
from stackproof.index.target import Target
from stackproof.metadata.links.birth import Births
from stackproof.metadata.links.checker import Checker
from stackproof.metadata.links.imports import MOST_BYTES
from stackproof.metadata.links.judging import Judge, Judged, Judgement
from stackproof.metadata.links.library import Library
from stackproof.metadata.links.missing import target_name
from stackproof.metadata.links.reach import Reach, Reached
from stackproof.metadata.links.sentences import why_suspect
from stackproof.metadata.links.unpacking import Unpacker
from stackproof.reasons.words import in_words

__all__ = ["Look", "Stack"]

#: One checks while the other waits for the index.
_AT_ONCE = 3


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What is looked at: all `versions`, and the pins among them with the modules to import.

    A pin that names no modules is imported by those that it installs.
    """

    matrix: str
    row: str
    as_of: datetime | None
    target: Target
    versions: Mapping[str, str]
    pins: Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Look:
    """Looks at stacks. `tick` is called with a word on what is done, as it is done.

    What is not done after so many `seconds` is given up; what was judged by then is remembered.
    """

    unpacker: Unpacker
    births: Callable[[Target], Births]
    memory: Memory
    checker: Checker
    tick: Callable[[str], None] = lambda _: None
    seconds: float = math.inf

    def at(self, stack: Stack) -> Links:
        """Return the links of a stack.

        Raises CannotJudgeError if it cannot be unpacked, or takes too long.
        """
        begin = time.monotonic()
        self.tick("unpacking wheels")
        return self.within(stack, self.unpacker.unpacked(stack.versions, stack.target), begin)

    def within(self, stack: Stack, library: Library, begin: float | None = None) -> Links:
        """Return the links of a stack whose files lie in a folder.

        `begin` is when the look began, by the monotonic clock, now if None. Raises CannotJudgeError
        if it takes too long.
        """
        begin = time.monotonic() if begin is None else begin
        view = _View(self, stack, library)
        judged = view.judged(begin + self.seconds)
        return Links(
            matrix=stack.matrix,
            row=stack.row,
            python=stack.target.python,
            as_of=stack.as_of,
            checker=self.checker.title,
            seconds=round(time.monotonic() - begin, 3),
            read=dict(sorted(view.library.versions.items())),
            checked=tuple(view.checked(judged)),
            findings=tuple(view.findings(judged)),
            unchecked=tuple(name for name, found in judged.items() if not found.checked),
            notes=tuple(view.notes(judged)),
        )


@dataclass(frozen=True)
class _View:
    """One stack as it is looked at."""

    look: Look
    stack: Stack
    library: Library

    @cached_property
    def _reach(self) -> Reach:
        return Reach(library=self.library, memory=self.look.memory)

    @cached_property
    def _reached(self) -> Reached:
        return self._reach.of({name: self._entries(name) for name in self.stack.pins})

    def judged(self, until: float) -> dict[str, Judgement]:
        """Judge the code of each distribution that the pins reach, and that uses any other.

        Raises CannotJudgeError where `until` has come by the monotonic clock.
        """
        self.look.tick("following imports")
        judge = Judge(
            library=self.library,
            python=self.stack.target.python,
            checker=self.look.checker,
            births=self.look.births(self.stack.target),
            memory=self.look.memory,
        )
        keys = _Keys(self.library, self._reach, [self.look.checker.title, judge.python])

        def ask(name: str) -> Judgement:
            if time.monotonic() >= until:
                raise CannotJudgeError(f"it takes longer than {self.look.seconds:.0f} s")
            self.look.tick(f"checking {name}")
            files = self._files[name]
            return judge.judge(name, files, keys.of(name, files))

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(self._files, pool.map(ask, self._files), strict=True))

    def checked(self, judged: Mapping[str, Judgement]) -> list[CheckedDistribution]:
        """Return the distributions whose code was checked."""
        return [
            CheckedDistribution(
                name=name,
                version=self.library.versions[name],
                seconds=found.seconds,
                files=len(self._files[name]),
            )
            for name, found in judged.items()
            if found.checked
        ]

    def findings(self, judged: Mapping[str, Judgement]) -> list[Finding]:
        """Return what was judged, as it is told of this stack."""
        found = [
            self._finding(name, item)
            for name, judgement in judged.items()
            for item in judgement.links
            if not self._may_have(item)
        ]
        return sorted(found, key=lambda item: (item.file, item.line, item.target.name))

    def _may_have(self, item: Judged) -> bool:
        """Tell whether a target was not read, or not whole, and so may have what is missed."""
        library, target = self.library, item.target
        made = target in library.from_source and item.seen.kind == "module"
        return made or target in library.lacking

    def notes(self, judged: Mapping[str, Judgement]) -> list[str]:
        """Return what kept links from being told."""
        notes = [note for found in judged.values() for note in found.notes]
        if self.library.lacking:
            lacking = [f"{name} {version}" for name, version in self.library.lacking.items()]
            notes.append(f"not read, for want of a wheel, or plain sources: {first_of(lacking, 9)}")
        if unread := sorted(path for path in self._reached.by if self._is_unread(path)):
            notes.append(f"not read, for their size: {first_of(unread, 3)}")
        if unread := sorted(path for found in judged.values() for path in found.unread):
            notes.append(f"not read, for their syntax: {first_of(unread, 3)}")
        if untold := sum(found.untold for found in judged.values()):
            notes.append(f"{count(untold, 'use')} could not be told: made at run time, or compiled")
        return list(dict.fromkeys(notes))

    def _is_unread(self, path: str) -> bool:
        return (self.library.folder / path).stat().st_size > MOST_BYTES

    def _entries(self, pin: str) -> list[str]:
        named = list(self.stack.pins[pin])
        top = (module for module in self.library.packages if "." not in module)
        return named or [module for module in top if pin in self.library.packages[module]]

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        """The files to judge, by distribution: those that pins reach, and where links can begin."""
        names = sorted({self.library.owners[path] for path in self._reached.by})
        reached = {name: self._reached.of(self.library.files[name]) for name in names}
        found = {name: self._reach.leaving(files) for name, files in reached.items()}
        return {name: files for name, files in found.items() if files}

    def _finding(self, name: str, item: Judged) -> Finding:
        seen, version = item.seen, self.library.versions[name]
        used = Used(
            distribution=item.target,
            version=self.library.versions.get(item.target),
            name=target_name(seen),
        )
        why = why_suspect(name, version, seen, used, item.baseline)
        always = seen.file in self._reached.on_import and not item.function
        return Finding(
            file=seen.file,
            line=seen.line,
            distribution=name,
            version=version,
            target=used,
            kind=seen.kind,
            sentence=in_words(why),
            why=why,
            state=item.state,
            runs="import" if always else "call",
            pins=tuple(sorted(self._reached.by.get(seen.file, ()))),
            baseline=item.baseline,
        )


@dataclass(frozen=True)
class _Keys:
    """By what a judgement is remembered: the code, all that it may lead to, and who judges."""

    library: Library
    reach: Reach
    circumstances: list[str]
    _uses: dict[str, set[str]] = field(default_factory=dict)

    def of(self, name: str, files: list[str]) -> str:
        """Return the key of a judgement of some files of a distribution."""
        seen, waiting = {name}, [name]
        while waiting:
            current = waiting.pop()
            if current not in self._uses:
                self._uses[current] = self.reach.uses(current)
            waiting += self._uses[current] - seen
            seen |= self._uses[current]
        beside = {item: self.library.contents[item] for item in sorted(seen)}
        return fingerprint([*self.circumstances, beside, files])
